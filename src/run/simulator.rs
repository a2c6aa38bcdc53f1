//! Whatever turns a scenario into facts: the simulator with the clients that are put into it.
//! It does not know what the facts are judged to be.

use crate::rulebook::reading::ReadingName;
use crate::scenario::model::Scenario;
use crate::time::SimTime;
use crate::trace::sink::FactSink;

/// Turns a scenario into facts. The same scenario gives the same facts every time, if all clients are deterministic.
pub trait Simulator: Sync {
    /// Runs `scenario` to its end and gives every fact to `sink`, as it happens. Clients show what they show as
    /// `reading` has it.
    fn simulate(
        &self,
        scenario: &Scenario,
        reading: ReadingName,
        sink: &mut dyn FactSink,
    ) -> Simulated;
}

/// What a simulator says of a run besides its facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Simulated {
    /// How many actions were carried out.
    pub actions: u64,
    /// The virtual time at the end.
    pub ended_at: SimTime,
}
