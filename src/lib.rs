//! A deterministic simulator of multi-device encrypted Matrix rooms that says what became of every room key.
//!
//! See the README for what it is for, and ARCHITECTURE.md for its floors: a module imports only from lower ones.

pub mod campaign;
pub mod check;
pub mod cli;
pub mod client;
pub mod engine;
pub mod explain;
pub mod generate;
pub mod homeserver;
pub mod ids;
pub mod minimise;
pub mod overhead;
pub mod property;
pub mod protocol;
pub mod report;
pub mod rulebook;
pub mod run;
pub mod scenario;
pub mod sim;
pub mod store;
pub mod time;
pub mod trace;
