//! The names of the rule book: rules and what they ask for, leaves of the decision tree, parties, readings.
//! It does not know how any of them is decided.

pub mod groups;
pub mod leaf;
pub mod reading;
pub mod rule;
mod severity;
pub mod text;
