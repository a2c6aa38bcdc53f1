//! One run: the queue, the network, the homeservers, the clients, the faults and the sink for facts meet here only.
//! It does not know what any fact means for a rule.

pub mod action;
pub mod world;

mod claims;
mod clients;
mod crash;
mod faults;
mod federation;
mod gather;
mod labels;
mod network;
mod queries;
mod recorder;
mod requests;
mod rooms;
mod setup;
mod slab;
mod sync;
mod timeline;
mod transport;
mod upsets;

pub use crate::sim::action::Action;
pub use crate::sim::world::{World, run};

#[cfg(test)]
mod tests;
