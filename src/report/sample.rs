//! Runs with a made-up outcome, for the tests of everything that shows one.
//! Nothing was run for them.

use crate::check::outcome::{Outcome, Verdict};
use crate::ids::{DeviceId, FactId, MessageId};
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::leaf::Leaf;
use crate::run::RunReport;
use crate::run::kept::Kept;
use crate::run::status::Status;
use crate::scenario::model::Scenario;
use crate::trace::fact::{FactKind, ProcessOutcome, RunEnd};
use crate::trace::sample::{B1, X, fact_of};
use crate::trace::sink::FactSink;

/// B1 was told `m.blacklisted`, everybody else can read.
pub(super) fn blocked(_: usize, device: usize) -> Leaf {
    if device == 1 { Leaf::Withheld } else { Leaf::Delivered }
}

/// The outcome in which `is` gives the verdicts of all messages and all devices but A1, both counted from 1. What is
/// not delivered is shown by fact 1.
pub(super) fn outcome_of(scenario: &Scenario, is: impl Fn(usize, usize) -> Leaf) -> Outcome {
    let mut verdicts = Vec::new();
    for message in 0..scenario.messages.len() {
        for device in 1..scenario.devices.len() {
            let leaf = is(message + 1, device);
            verdicts.push(Verdict {
                message: MessageId::at(message),
                device: DeviceId::at(device),
                leaf,
                code: (leaf == Leaf::Withheld).then_some(WithheldCode::Blacklisted),
                party: None,
                witnesses: [(leaf != Leaf::Delivered).then_some(FactId::new(1)), None, None],
            });
        }
    }
    Outcome { verdicts, ..Outcome::empty(RunEnd::Quiescent) }
}

/// A run with that outcome in which everything is as expected.
pub(super) fn run_of(scenario: &Scenario, is: impl Fn(usize, usize) -> Leaf) -> RunReport {
    RunReport {
        status: Status::Holds,
        outcome: outcome_of(scenario, is),
        mismatches: Vec::new(),
        divergence: None,
        seed: scenario.seed,
        digest: 0xab,
        facts: 12,
        actions: 34,
        ended_at: scenario.horizon,
        restless: None,
        remarks: Vec::new(),
    }
}

/// What is kept of a run whose fact 1 is that B1 handled a notice at 1 s.
pub(super) fn kept_of(outcome: &Outcome) -> Kept {
    let mut kept = Kept::witnesses_of(outcome);
    let outcome = ProcessOutcome::Handled;
    kept.record(&fact_of(1, 1_000, FactKind::Processed { device: B1, message: X, outcome }));
    kept
}
