//! A scenario run once and judged while it runs: simulator, checker and digest meet here.
//! It does not know what else wants to see the facts; that is handed in as a sink.

use crate::check::Checker;
use crate::check::cast::Cast;
use crate::check::outcome::Outcome;
use crate::rulebook::reading::{Reading, ReadingName};
use crate::scenario::model::Scenario;
use crate::time::SimTime;
use crate::trace::fact::{Fact, RunEnd};
use crate::trace::sink::{FactDigest, FactSink};

use super::RunReport;
use super::expectation::compare;
use super::restless::Latest;
use super::simulator::{RequestTap, Simulated, Simulator};
use super::status::Status;
use super::unsent::Sends;

/// How a run is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judging {
    /// How ambiguous points are read.
    pub reading: ReadingName,
    /// Whether the digest in the scenario counts.
    pub digest: DigestCheck,
}

impl Judging {
    /// To the letter of the specification, whatever the digest: how rooms are judged if nothing else is asked for.
    pub const STRICT: Self = Self::of(ReadingName::Strict);

    /// Under a reading, whatever the digest.
    #[must_use]
    pub const fn of(reading: ReadingName) -> Self {
        Self { reading, digest: DigestCheck::Free }
    }
}

/// Whether the digest in a scenario counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestCheck {
    /// A run with another digest differs from what is expected.
    Locked,
    /// The digest is not looked at.
    Free,
}

/// What is told of a scenario whose run did not come to an end: nothing happened.
pub(super) fn no_run(scenario: &Scenario, judging: Judging) -> RunReport {
    let nobody = Unstarted;
    run_one(&nobody, scenario, judging, &mut ())
}

/// Runs nothing.
struct Unstarted;

impl Simulator for Unstarted {
    fn simulate_at_most(
        &self,
        _: u64,
        _: &Scenario,
        _: ReadingName,
        _: &mut dyn FactSink,
    ) -> Simulated {
        Simulated { actions: 0, ended_at: SimTime::ZERO }
    }
}

/// Runs `scenario` with its seed and judges the facts as they come; `sink` sees them too.
pub fn run_one(
    simulator: &dyn Simulator,
    scenario: &Scenario,
    judging: Judging,
    sink: &mut dyn FactSink,
) -> RunReport {
    let mut bench = Bench::new(scenario, judging);
    let simulated = simulator.simulate(scenario, judging.reading, &mut (&mut bench, sink));
    bench.report(simulator, scenario, simulated)
}

/// The same, where `tap` is shown every request that leaves a client; `None` if this simulator cannot show them.
pub fn run_tapped(
    simulator: &dyn Simulator,
    scenario: &Scenario,
    judging: Judging,
    sink: &mut dyn FactSink,
    tap: &mut dyn RequestTap,
) -> Option<RunReport> {
    let mut bench = Bench::new(scenario, judging);
    let sinks = &mut (&mut bench, sink);
    let simulated = simulator.simulate_tapped(scenario, judging.reading, sinks, tap)?;
    Some(bench.report(simulator, scenario, simulated))
}

/// Those who watch every run that is judged.
struct Bench {
    checker: Checker,
    sends: Sends,
    digest: FactDigest,
    latest: Latest,
    lock: DigestCheck,
}

impl Bench {
    fn new(scenario: &Scenario, judging: Judging) -> Self {
        Self {
            checker: Checker::new(Cast::of(scenario), Reading::named(judging.reading)),
            sends: Sends::default(),
            digest: FactDigest::default(),
            latest: Latest::default(),
            lock: judging.digest,
        }
    }

    fn report(
        self,
        simulator: &dyn Simulator,
        scenario: &Scenario,
        simulated: Simulated,
    ) -> RunReport {
        let Self { checker, sends, digest, latest, lock } = self;
        let mut outcome = Outcome { unsent: sends.unsent(scenario), ..checker.finish() };
        simulator.leave_undecided(scenario, &mut outcome);
        let locked = match lock {
            DigestCheck::Locked => Some(digest.value()),
            DigestCheck::Free => None,
        };
        let mismatches = compare(&scenario.expect, &outcome, locked);
        let is_cut = outcome.end == RunEnd::ActionLimit;
        RunReport {
            status: Status::of(&scenario.expect, &outcome, &mismatches),
            outcome,
            mismatches,
            divergence: None,
            seed: scenario.seed,
            digest: digest.value(),
            facts: digest.count(),
            actions: simulated.actions,
            ended_at: simulated.ended_at,
            restless: is_cut.then(|| latest.restless(simulated.ended_at)),
            remarks: Vec::new(),
        }
    }
}

impl FactSink for Bench {
    fn record(&mut self, fact: &Fact) {
        self.checker.record(fact);
        self.sends.record(fact);
        self.digest.record(fact);
        self.latest.record(fact);
    }
}
