//! What policies cost: the same rooms, faults and choices under each of them, measured and compared pair by pair.
//! It does not know how a comparison is shown.

pub mod bytes;
pub mod comparison;
pub mod contender;
pub mod mailboxes;
pub mod measure;
pub mod meter;
mod reads;
pub mod stats;
pub mod sweep;
mod trust;
pub mod wire;
pub mod world;

#[cfg(test)]
mod tests;
