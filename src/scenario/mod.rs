//! A scenario: everything that is decided before a run starts.
//! It does not know what happens when it is run.

pub mod expect;
pub mod fault;
pub mod file;
pub mod habits;
pub mod heal;
pub mod kinds;
pub mod limits;
pub mod model;
pub mod mutant;
pub(crate) mod nearest;
pub mod policy;
pub mod profile;
#[cfg(test)]
pub(crate) mod sample;
pub mod spelled;
pub mod step;
pub mod whom;
