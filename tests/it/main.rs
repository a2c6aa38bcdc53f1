//! Integration tests, one file a behaviour.
//! They see the crate as its users do: through its public items only.

mod cli;
mod faults;
mod olm_against_vodozemac;
mod random_networks;
mod room;
mod tidy;
mod wire;
