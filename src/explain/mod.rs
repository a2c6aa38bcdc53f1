//! Explains what came of a run: the facts that led to a verdict or to a broken rule, and how they hang together.
//! It sees facts and nothing else; it neither judges nor guesses, and adds no cause that was not recorded.

pub mod question;
pub mod slice;
pub mod unsent;
mod weight;
