//! Files that are written whole or not at all, and the one edit that is made to a file of a user.
//! It does not know what the contents mean.

pub mod atomic;
pub mod digest_edit;
