//! Runs of the simulator with a client that does what a test tells it.
//! They do not know any rule of room keys: they show what servers, network and faults do.

mod clients;
mod keys;
mod lists;
mod membership;
mod probe;
mod requests;
mod runs;
mod setup;
mod stage;
mod transport;
