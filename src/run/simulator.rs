//! Whatever turns a scenario into facts: the simulator with the clients that are put into it.
//! It does not know what the facts are judged to be.

use crate::ids::DeviceId;
use crate::protocol::api::Request;
use crate::rulebook::reading::ReadingName;
use crate::scenario::limits::Limits;
use crate::scenario::model::Scenario;
use crate::time::SimTime;
use crate::trace::sink::FactSink;

/// Turns a scenario into facts. The same scenario gives the same facts every time, if all clients are deterministic.
pub trait Simulator: Sync {
    /// Runs `scenario` to its end, but no further than so many actions if this simulator can be cut, and gives every fact to
    /// `sink`, as it happens. Clients show what they show as `reading` has it.
    fn simulate_at_most(
        &self,
        actions: u64,
        scenario: &Scenario,
        reading: ReadingName,
        sink: &mut dyn FactSink,
    ) -> Simulated;

    /// The same, as far as a run may last.
    fn simulate(
        &self,
        scenario: &Scenario,
        reading: ReadingName,
        sink: &mut dyn FactSink,
    ) -> Simulated {
        self.simulate_at_most(Limits::FILES.actions, scenario, reading, sink)
    }

    /// The same to its end, where `tap` is shown every request that leaves a client. `None`, and nothing was run, if this
    /// simulator cannot show them.
    fn simulate_tapped(
        &self,
        scenario: &Scenario,
        reading: ReadingName,
        sink: &mut dyn FactSink,
        tap: &mut dyn RequestTap,
    ) -> Option<Simulated> {
        let _ = (scenario, reading, sink, tap);
        None
    }
}

/// A simulator whose runs are all cut after so many actions: clients that are wrong on purpose may write to each other
/// for as long as a run lasts.
#[derive(Clone, Copy)]
pub struct Bounded<'s> {
    /// The simulator.
    pub simulator: &'s dyn Simulator,
    /// The most actions of a run.
    pub actions: u64,
}

impl std::fmt::Debug for Bounded<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bounded").field("actions", &self.actions).finish_non_exhaustive()
    }
}

impl Simulator for Bounded<'_> {
    fn simulate_at_most(
        &self,
        actions: u64,
        scenario: &Scenario,
        reading: ReadingName,
        sink: &mut dyn FactSink,
    ) -> Simulated {
        self.simulator.simulate_at_most(actions.min(self.actions), scenario, reading, sink)
    }
}

/// What a simulator says of a run besides its facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Simulated {
    /// How many actions were carried out.
    pub actions: u64,
    /// The virtual time at the end.
    pub ended_at: SimTime,
}

/// Is shown every request that leaves a client.
pub trait RequestTap {
    /// The device puts a request on its way; one that is made again after a failure is shown again.
    fn request(&mut self, device: DeviceId, request: &Request);
}
