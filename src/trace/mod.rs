//! Facts: what can be observed of a run, as it happens, and who takes them.
//! It does not know what any fact means for a rule.

pub mod announced;
pub mod fact;
pub mod jsonl;
pub mod kind;
pub mod merge;
pub mod recorded;
#[cfg(test)]
pub(crate) mod sample;
pub mod sink;
