//! Whatever turns a scenario into facts: the simulator with the clients that are put into it.
//! It does not know what the facts are judged to be.

use crate::check::outcome::Outcome;
use crate::ids::DeviceId;
use crate::protocol::api::Request;
use crate::rulebook::reading::ReadingName;
use crate::scenario::limits::Limits;
use crate::scenario::model::Scenario;
use crate::time::SimTime;
use crate::trace::sink::FactSink;

use super::RunReport;

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
        self.simulate_at_most(Limits::FILES.actions_of(scenario), scenario, reading, sink)
    }

    /// Whether this simulator has what it needs for a scenario.
    ///
    /// # Errors
    /// If it has not, with what is missing.
    fn accepts(&self, scenario: &Scenario) -> Result<(), String> {
        let _ = scenario;
        Ok(())
    }

    /// Takes out of a judgement what these clients cannot be judged by: what would decide it does not show.
    fn leave_undecided(&self, scenario: &Scenario, outcome: &mut Outcome) {
        let _ = (scenario, outcome);
    }

    /// What a reader of a report should know of these clients.
    fn remarks(&self, scenario: &Scenario, report: &RunReport) -> Vec<Remark> {
        let _ = (scenario, report);
        Vec::new()
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

/// What a simulator says of its clients in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// What it is about, for a heading.
    pub about: &'static str,
    /// What there is to say.
    pub lines: Vec<String>,
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

    fn accepts(&self, scenario: &Scenario) -> Result<(), String> {
        self.simulator.accepts(scenario)
    }

    fn leave_undecided(&self, scenario: &Scenario, outcome: &mut Outcome) {
        self.simulator.leave_undecided(scenario, outcome);
    }

    fn remarks(&self, scenario: &Scenario, report: &RunReport) -> Vec<Remark> {
        self.simulator.remarks(scenario, report)
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
