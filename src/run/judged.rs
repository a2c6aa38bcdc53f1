//! A scenario run once and judged while it runs: simulator, checker and digest meet here.
//! It does not know what else wants to see the facts; that is handed in as a sink.

use crate::check::Checker;
use crate::check::cast::Cast;
use crate::check::outcome::Outcome;
use crate::rulebook::reading::{Reading, ReadingName};
use crate::scenario::model::Scenario;
use crate::trace::sink::{FactDigest, FactSink};

use super::RunReport;
use super::expectation::compare;
use super::simulator::Simulator;
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

/// Whether the digest in a scenario counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestCheck {
    /// A run with another digest differs from what is expected.
    Locked,
    /// The digest is not looked at.
    Free,
}

/// Runs `scenario` with its seed and judges the facts as they come; `sink` sees them too.
pub fn run_one(
    simulator: &dyn Simulator,
    scenario: &Scenario,
    judging: Judging,
    sink: &mut dyn FactSink,
) -> RunReport {
    let mut checker = Checker::new(Cast::of(scenario), Reading::named(judging.reading));
    let mut sends = Sends::default();
    let mut digest = FactDigest::default();
    let simulated = simulator.simulate(
        scenario,
        judging.reading,
        &mut (((&mut checker, &mut sends), &mut digest), sink),
    );
    let mut outcome = Outcome { unsent: sends.unsent(scenario), ..checker.finish() };
    simulator.leave_undecided(scenario, &mut outcome);
    let locked = match judging.digest {
        DigestCheck::Locked => Some(digest.value()),
        DigestCheck::Free => None,
    };
    let mismatches = compare(&scenario.expect, &outcome, locked);
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
        remarks: Vec::new(),
    }
}
