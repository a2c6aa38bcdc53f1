//! Integration tests, one file a behaviour.
//! They see the crate as its users do: through its public items only.

mod olm_against_vodozemac;
mod wire;
