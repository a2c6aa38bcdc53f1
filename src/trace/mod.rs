//! Facts: what can be observed of a run, as it happens, and who takes them.
//! It does not know what any fact means for a rule.

pub mod announced;
pub mod fact;
pub mod fact_set;
pub mod jsonl;
pub mod kind;
#[cfg(test)]
pub(crate) mod sample;
pub mod sink;
