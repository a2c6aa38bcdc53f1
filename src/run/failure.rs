//! What can be wrong with a run, told so that it can be found again in a run of another scenario.
//! It does not know how the scenarios differ.

use std::collections::BTreeMap;

use crate::check::outcome::{NotSent, Outcome, Unsent, Violation, WayBack};
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::leaf::Leaf;
use crate::rulebook::reading::{ReadingName, Severity};
use crate::rulebook::rule::Rule;
use crate::scenario::expect::{ExpectedVerdict, ExpectedViolation};
use crate::scenario::fault::Party;
use crate::scenario::model::Scenario;
use crate::trace::fact::{Refusal, RunEnd};
use crate::trace::sink::{FactDigest, FactSink, Trace};

use super::RunReport;
use super::expectation::Mismatch;
use super::judged::{Judging, no_run, run_one};
use super::panic::{Panic, caught};
use super::signature::{PartyKind, Signature};
use super::simulator::Simulator;
use super::why::Subject;

/// What is wrong with a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Two runs of the same scenario were not the same.
    NotDeterministic,
    /// A rule is broken.
    Broken(Signature),
    /// A violation that the scenario expects is not there.
    NotBroken {
        /// The rule.
        rule: Rule,
        /// By whom it should be broken.
        party: PartyKind,
    },
    /// A cell has another verdict than the scenario expects.
    Verdict {
        /// What is expected.
        expected: ExpectedVerdict,
        /// What it is; `None` if there is no such cell.
        found: Option<ExpectedVerdict>,
    },
    /// Another number of notices than expected went from one device to another.
    Notices {
        /// Their code.
        code: WithheldCode,
        /// How many are expected.
        expected: u32,
        /// How many went.
        found: u32,
    },
    /// A message was not sent that should have been.
    NotSent(NotSentKind),
    /// A message was sent that should not have been.
    Sent,
    /// A device cannot read the second probe after the heal phase, because somebody does not keep a rule.
    NotHealed {
        /// What becomes of the probe.
        leaf: Leaf,
        /// The rule.
        rule: Rule,
    },
    /// There is a cell for which the judge finds no reason.
    NoReason,
    /// The run was cut at its limit of actions: clients write to each other without end.
    Endless,
    /// The run did not come to an end, because a client panicked.
    Panicked(Panic),
}

impl Failure {
    /// Whether this failure of a smaller scenario is what `larger` is of a larger one.
    #[must_use]
    pub fn is_same(&self, larger: &Self) -> bool {
        if let (Self::Broken(one), Self::Broken(larger)) = (self, larger) {
            return larger.is_kept_by(one);
        }
        if let (Self::Panicked(one), Self::Panicked(larger)) = (self, larger) {
            return one.is_same(larger);
        }
        self == larger
    }

    /// What makes a broken rule the same in another room; `None` if something else is wrong.
    #[must_use]
    pub const fn signature(&self) -> Option<&Signature> {
        match self {
            Self::Broken(signature) => Some(signature),
            Self::NotDeterministic
            | Self::NotBroken { .. }
            | Self::Verdict { .. }
            | Self::Notices { .. }
            | Self::NotSent(_)
            | Self::Sent
            | Self::NotHealed { .. }
            | Self::NoReason
            | Self::Endless
            | Self::Panicked(_) => None,
        }
    }

    /// The rule that is broken, or is not and should be.
    #[must_use]
    pub const fn rule(&self) -> Option<Rule> {
        match self {
            Self::Broken(signature) => Some(signature.rule),
            Self::NotBroken { rule, .. } | Self::NotHealed { rule, .. } => Some(*rule),
            Self::NotDeterministic
            | Self::Verdict { .. }
            | Self::Notices { .. }
            | Self::NotSent(_)
            | Self::Sent
            | Self::NoReason
            | Self::Endless
            | Self::Panicked(_) => None,
        }
    }
}

/// Why a message was not sent, without names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotSentKind {
    /// A user's identity has changed.
    IdentityChanged,
    /// A device would have been left out.
    WouldWithhold,
    /// The sender is not in the room.
    NotInRoom,
    /// The sender is not logged in.
    NotLoggedIn,
    /// There is no encryption.
    NoEncryption,
    /// The sender stopped.
    SenderStopped,
    /// It waits.
    Waiting,
}

impl NotSentKind {
    const fn of(why: NotSent) -> Self {
        match why {
            NotSent::Refused(Refusal::IdentityChanged(_), _) => Self::IdentityChanged,
            NotSent::Refused(Refusal::WouldWithhold(_), _) => Self::WouldWithhold,
            NotSent::Refused(Refusal::NotInRoom, _) => Self::NotInRoom,
            NotSent::Refused(Refusal::NotLoggedIn, _) => Self::NotLoggedIn,
            NotSent::Refused(Refusal::NoEncryption, _) => Self::NoEncryption,
            NotSent::SenderStopped => Self::SenderStopped,
            NotSent::Waiting => Self::Waiting,
        }
    }
}

/// What counts as a failure, and whose.
#[derive(Clone, Copy)]
pub struct Trial<'a> {
    /// How ambiguous points of the specification are read.
    pub reading: ReadingName,
    /// Whether warnings count.
    pub warnings: bool,
    /// Whether violations count that the scenario expects.
    pub expected: bool,
    /// Whether a run is repeated, to see that it is the same.
    pub repeat: bool,
    /// Whether what a party does counts.
    pub is_on_trial: &'a dyn Fn(&Scenario, Party) -> bool,
}

impl std::fmt::Debug for Trial<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trial")
            .field("reading", &self.reading)
            .field("warnings", &self.warnings)
            .field("expected", &self.expected)
            .field("repeat", &self.repeat)
            .finish_non_exhaustive()
    }
}

impl Trial<'_> {
    /// Everybody is on trial; warnings and what a scenario expects do not count; nothing is repeated.
    #[must_use]
    pub fn of_everybody(reading: ReadingName) -> Self {
        Self { reading, warnings: false, expected: false, repeat: false, is_on_trial: &|_, _| true }
    }

    const fn judging(&self) -> Judging {
        Judging::of(self.reading)
    }

    /// Whether a violation counts.
    #[must_use]
    pub fn counts(&self, scenario: &Scenario, violation: &Violation) -> bool {
        let (rule, party) = (violation.rule, violation.party);
        let is_expected = scenario.expect.violations.contains(&ExpectedViolation { rule, party });
        violation.injected.is_none()
            && (self.warnings || violation.severity == Severity::Violation)
            && (self.expected || !is_expected)
            && (self.is_on_trial)(scenario, party)
    }
}

/// A failure of a run, with what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The failure.
    pub failure: Failure,
    /// What can be explained of it; `None` if it is about nothing in particular.
    pub subject: Option<Subject>,
}

/// A run with what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// What came of the run.
    pub report: RunReport,
    /// Its facts.
    pub trace: Trace,
    /// What is wrong, the most serious first, each once.
    pub found: Vec<Found>,
}

/// Of violations that differ in no more than what led to them, so many of a run are looked at, the first: a run without an end may have
/// thousands, and nearly all of its facts lead to each.
const ALIKE: u32 = 64;

/// Runs `scenario` and lists what is wrong.
#[must_use]
pub fn try_out(simulator: &dyn Simulator, scenario: &Scenario, trial: &Trial<'_>) -> Tried {
    let mut trace = Trace::default();
    let ran = caught(|| {
        let report = run_one(simulator, scenario, trial.judging(), &mut trace);
        let repeated = !trial.repeat || is_repeated(simulator, scenario, trial, &report);
        (report, repeated)
    });
    let (report, repeated) = match ran {
        Ok(ran) => ran,
        Err(panic) => {
            let found = vec![Found { failure: Failure::Panicked(panic), subject: None }];
            return Tried { report: no_run(scenario, trial.judging()), trace, found };
        }
    };
    let mut found = Vec::new();
    if !repeated {
        found.push(Found { failure: Failure::NotDeterministic, subject: None });
    }
    let outcome = &report.outcome;
    let mut violations: Vec<&Violation> =
        outcome.violations.iter().filter(|one| trial.counts(scenario, one)).collect();
    violations.sort_by_key(|violation| std::cmp::Reverse(violation.severity));
    let mut alike: BTreeMap<Signature, u32> = BTreeMap::new();
    for violation in violations {
        let known = alike.entry(Signature::outline(outcome, violation)).or_default();
        *known += 1;
        if *known > ALIKE {
            continue;
        }
        let signature = Signature::of(scenario, outcome, trace.facts(), violation);
        let subject = Some(Subject::Broken(*violation));
        found.push(Found { failure: Failure::Broken(signature), subject });
    }
    found.extend(report.mismatches.iter().filter_map(|one| of_mismatch(one, outcome)));
    found.extend(outcome.unhealed.iter().filter_map(|one| match one.way_back {
        WayBack::Due(rule) => {
            let failure = Failure::NotHealed { leaf: one.leaf, rule };
            Some(Found { failure, subject: cell(outcome, (one.message, one.device)) })
        }
        WayBack::NotInTheSpecification => None,
    }));
    if let Some(verdict) = outcome.verdicts.iter().find(|verdict| verdict.leaf == Leaf::Unknown) {
        found.push(Found { failure: Failure::NoReason, subject: Some(Subject::Cell(*verdict)) });
    }
    if outcome.end == RunEnd::ActionLimit {
        found.push(Found { failure: Failure::Endless, subject: None });
    }
    let mut seen: Vec<Failure> = Vec::new();
    found.retain(|one| {
        let is_new = !seen.contains(&one.failure);
        if is_new {
            seen.push(one.failure.clone());
        }
        is_new
    });
    Tried { report, trace, found }
}

/// Whether a run of `scenario` fails in the same way: as a larger one did that `failure` is of.
#[must_use]
pub fn fails(
    simulator: &dyn Simulator,
    scenario: &Scenario,
    trial: &Trial<'_>,
    failure: &Failure,
) -> bool {
    let Failure::Broken(signature) = failure else {
        return try_out(simulator, scenario, trial)
            .found
            .iter()
            .any(|one| one.failure.is_same(failure));
    };
    let mut trace = Trace::default();
    let ran = caught(|| run_one(simulator, scenario, trial.judging(), &mut trace));
    let Ok(report) = ran else { return false };
    let outcome = &report.outcome;
    let is_alike = |violation: &&Violation| {
        trial.counts(scenario, violation)
            && signature.has_outline_of(&Signature::outline(outcome, violation))
    };
    let mut alike = outcome.violations.iter().filter(is_alike).take(ALIKE as usize);
    alike.any(|one| signature.is_kept_by(&Signature::of(scenario, outcome, trace.facts(), one)))
}

fn is_repeated(
    simulator: &dyn Simulator,
    scenario: &Scenario,
    trial: &Trial<'_>,
    report: &RunReport,
) -> bool {
    let mut digest = FactDigest::default();
    let sink: &mut dyn FactSink = &mut digest;
    simulator.simulate(scenario, trial.reading, sink);
    (digest.value(), digest.count()) == (report.digest, report.facts)
}

fn cell(
    outcome: &Outcome,
    (message, device): (crate::ids::MessageId, crate::ids::DeviceId),
) -> Option<Subject> {
    let mut verdicts = outcome.verdicts.iter();
    let found = verdicts.find(|one| (one.message, one.device) == (message, device));
    found.map(|verdict| Subject::Cell(*verdict))
}

/// The failure that a difference from what is expected is; a violation that was not expected is one by itself, and neither a
/// digest nor an occasion that is missing can be made smaller.
fn of_mismatch(mismatch: &Mismatch, outcome: &Outcome) -> Option<Found> {
    let (failure, subject) = match *mismatch {
        Mismatch::UnexpectedViolation(_) | Mismatch::NotReached(_) | Mismatch::Digest { .. } => {
            return None;
        }
        Mismatch::Verdict { message, device, expected, found } => {
            (Failure::Verdict { expected, found }, cell(outcome, (message, device)))
        }
        Mismatch::MissingViolation(ExpectedViolation { rule, party }) => {
            (Failure::NotBroken { rule, party: PartyKind::of(party) }, None)
        }
        Mismatch::Notices { expected, found } => {
            let (code, expected) = (expected.code, expected.count);
            (Failure::Notices { code, expected, found }, None)
        }
        Mismatch::UnexpectedUnsent(unsent @ Unsent { why, .. }) => {
            (Failure::NotSent(NotSentKind::of(why)), Some(Subject::Unsent(unsent)))
        }
        Mismatch::MissingUnsent(_) => (Failure::Sent, None),
    };
    Some(Found { failure, subject })
}
