//! Integration tests, one file a behaviour.
//! They see the crate as its users do: through its public items only.

mod cli;
mod olm_against_vodozemac;
mod tidy;
mod wire;
