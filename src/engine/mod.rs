//! A kernel for discrete-event simulation: a queue in virtual time, choices, digests.
//! It has never heard of Matrix.

pub mod choices;
pub mod digest;
pub mod hash;
pub mod queue;
