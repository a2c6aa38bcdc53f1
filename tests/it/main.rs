//! Integration tests, one file a behaviour.
//! They see the crate as its users do: through its public items only.

mod campaigns;
mod causes;
mod cli;
mod durable;
mod endless;
mod explain;
mod explained_around;
mod explained_words;
mod faults;
mod generated;
mod habits;
mod history;
#[cfg(unix)]
mod interrupted;
mod logs;
mod minimise;
mod mutant_hunt;
mod mutants;
mod occasions;
mod olm_against_vodozemac;
mod overhead;
mod panics;
mod pictures;
mod policies;
mod random_networks;
mod readings;
mod readme;
mod regressions;
mod room;
mod settings;
mod shrunk;
#[cfg(target_os = "linux")]
mod terminal;
mod tidy;
mod wire;
mod wrapped;
