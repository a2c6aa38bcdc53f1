//! Why a run came out as it did: what is worth an explanation, or was asked for, with the facts that led to it.
//! It does not put anything into words.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::check::outcome::{NotSent, Outcome, Unsent, Verdict, Violation};
use crate::explain::question::Question;
use crate::explain::slice::Slice;
use crate::explain::unsent::UnsentMessage;
use crate::ids::{DeviceId, MessageId};
use crate::rulebook::leaf::{Leaf, LeafClass};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::scenario::model::Scenario;
use crate::scenario::step::Step;
use crate::trace::fact::{Fact, FactKind, TryResult};
use crate::trace::sink::Trace;

use super::RunReport;
use super::around::{Aside, around};
use super::judged::{Judging, run_one};
use super::simulator::Simulator;

/// So many subjects are explained at once.
pub const HANDFUL: usize = 5;
/// A slice has so many facts at the most.
const LINKS: usize = 200;

/// What is to be explained; whatever is `None` is left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    /// A message.
    pub message: Option<MessageId>,
    /// A device: one that cannot read, or one that broke a rule.
    pub device: Option<DeviceId>,
    /// A rule that was broken.
    pub rule: Option<Rule>,
}

/// Something that can be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A rule that was broken.
    Broken(Violation),
    /// What became of a message at a device.
    Cell(Verdict),
    /// A message that was never sent.
    Unsent(Unsent),
}

/// A subject with what led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What is explained.
    pub subject: Subject,
    /// The facts behind it.
    pub slice: Slice,
    /// Of a cell, the fact of the last attempt to read the message, and how it ended.
    pub attempt: Option<(Fact, TryResult)>,
    /// What no cause leads to and was so all the same, in the order of the facts that show it.
    pub asides: Vec<Aside>,
    /// The violations that a cell is an example of, or that rest on the same facts; the violation itself.
    pub broken: Vec<Violation>,
}

/// A run and the explanations that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// What came of the run.
    pub report: RunReport,
    /// Every fact of it.
    pub trace: Trace,
    /// The explanations.
    pub answers: Vec<Answer>,
    /// How many subjects more fit what was asked for.
    pub others: usize,
}

/// Runs `scenario`, judges it, and explains of it what is `wanted`.
pub fn explained(
    simulator: &dyn Simulator,
    scenario: &Scenario,
    judging: Judging,
    wanted: Wanted,
) -> Why {
    let mut trace = Trace::default();
    let report = run_one(simulator, scenario, judging, &mut trace);
    let all = subjects(&report.outcome, wanted);
    let (chosen, others) = handful(&all, &report.outcome, wanted);
    let answer = |subject: &Subject| Answer::of(*subject, scenario, &report.outcome, trace.facts());
    let answers = chosen.iter().map(answer).collect();
    Why { report, trace, answers, others }
}

/// The explanations of as much of a run as `limit` allows, the most pressing first: what was broken, cells that are not
/// `delivered`, messages that were never sent, what was broken and excused, and then what was delivered. One of each kind comes before the others of its
/// kind.
#[must_use]
pub fn widely_explained(scenario: &Scenario, report: RunReport, trace: Trace, limit: usize) -> Why {
    let outcome = &report.outcome;
    let is_counted =
        |subject: &Subject| matches!(subject, Subject::Broken(one) if one.injected.is_none());
    let (mut all, excused): (Vec<Subject>, Vec<Subject>) =
        broken(outcome, Wanted::default()).into_iter().partition(is_counted);
    let mut cells: Vec<&Verdict> = outcome.verdicts.iter().collect();
    cells.sort_by_key(|cell| urgency(cell.class(&outcome.reading)));
    let (missed, delivered): (Vec<&Verdict>, Vec<&Verdict>) =
        cells.into_iter().partition(|cell| cell.leaf != Leaf::Delivered);
    all.extend(missed.into_iter().map(|cell| Subject::Cell(*cell)));
    all.extend(outcome.unsent.iter().map(|unsent| Subject::Unsent(*unsent)));
    all.extend(excused);
    all.extend(delivered.into_iter().map(|cell| Subject::Cell(*cell)));
    let mut seen = BTreeSet::new();
    let mut is_first = |subject: &Subject| match subject {
        Subject::Broken(one) => seen.insert((Some((one.rule, one.party)), None)),
        Subject::Cell(one) => seen.insert((None, Some((one.leaf, one.code, one.device)))),
        Subject::Unsent(_) => true,
    };
    let (mut chosen, others): (Vec<Subject>, Vec<Subject>) =
        all.iter().copied().partition(|subject| is_first(subject));
    chosen.extend(others);
    let left = chosen.len().saturating_sub(limit);
    chosen.truncate(limit);
    let answer = |subject: &Subject| Answer::of(*subject, scenario, outcome, trace.facts());
    let answers = chosen.iter().map(answer).collect();
    Why { report, trace, answers, others: left }
}

/// What most wants an explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pressing<'o> {
    /// A rule that was broken.
    Broken(&'o Violation),
    /// What became of a message at a device.
    Cell(&'o Verdict),
}

/// What most wants an explanation: a rule that counts as violated, or else the first cell at fault, the first that is not
/// `delivered`, a rule that was broken and does not count.
#[must_use]
pub fn most_pressing(outcome: &Outcome) -> Option<Pressing<'_>> {
    let is_fault = |cell: &&Verdict| cell.class(&outcome.reading) == LeafClass::Fault;
    let cells = || outcome.verdicts.iter();
    let fault = cells().find(is_fault).map(Pressing::Cell);
    let counted = || outcome.counted().next().map(Pressing::Broken);
    let missed = || cells().find(|cell| cell.leaf != Leaf::Delivered).map(Pressing::Cell);
    let broken = || outcome.violations.first().map(Pressing::Broken);
    counted().or(fault).or_else(missed).or_else(broken)
}

/// Everything that fits what is wanted, the most pressing first.
fn subjects(outcome: &Outcome, wanted: Wanted) -> Vec<Subject> {
    if wanted.rule.is_some() {
        return broken(outcome, wanted);
    }
    let fits = |message, device| {
        wanted.message.is_none_or(|wanted| wanted == message)
            && wanted.device.is_none_or(|wanted| wanted == device)
    };
    let mut cells: Vec<&Verdict> =
        outcome.verdicts.iter().filter(|cell| fits(cell.message, cell.device)).collect();
    let open = wanted == Wanted::default();
    if open || cells.iter().any(|cell| cell.leaf != Leaf::Delivered) {
        cells.retain(|cell| cell.leaf != Leaf::Delivered);
    }
    if open && cells.iter().any(|cell| cell.class(&outcome.reading) != LeafClass::Excused) {
        cells.retain(|cell| cell.class(&outcome.reading) != LeafClass::Excused);
    }
    cells.sort_by_key(|cell| urgency(cell.class(&outcome.reading)));
    let unsent = outcome.unsent.iter().filter(|one| fits(one.message, one.device));
    let mut all = if open { broken(outcome, wanted) } else { Vec::new() };
    all.extend(cells.into_iter().map(|cell| Subject::Cell(*cell)));
    all.extend(unsent.map(|one| Subject::Unsent(*one)));
    all
}

/// The violations that fit: those that count before those that do not.
fn broken(outcome: &Outcome, wanted: Wanted) -> Vec<Subject> {
    let fits = |violation: &&Violation| {
        let (message, device) = violation.cell.unzip();
        let of_device = |wanted| device == Some(wanted) || violation.party == Party::Device(wanted);
        wanted.rule.is_none_or(|rule| rule == violation.rule)
            && wanted.message.is_none_or(|wanted| message == Some(wanted))
            && wanted.device.is_none_or(of_device)
    };
    let mut found: Vec<&Violation> = outcome.violations.iter().filter(fits).collect();
    found.sort_by_key(|violation| (violation.injected.is_some(), Reverse(violation.severity)));
    found.into_iter().map(|violation| Subject::Broken(*violation)).collect()
}

const fn urgency(class: LeafClass) -> u8 {
    match class {
        LeafClass::Fault => 0,
        LeafClass::SpecGap => 1,
        LeafClass::Pending => 2,
        LeafClass::Explained => 3,
        LeafClass::Excused => 4,
        LeafClass::Ok => 5,
    }
}

/// A handful of them, and how many are left. Where nothing in particular is wanted, one of each kind.
fn handful(all: &[Subject], outcome: &Outcome, wanted: Wanted) -> (Vec<Subject>, usize) {
    let mut kinds = BTreeSet::new();
    let is_new = |subject: &&Subject| match subject {
        Subject::Broken(one) => kinds.insert((Some((one.rule, one.party)), None)),
        Subject::Cell(one) => {
            let told = outcome.violations.iter().any(|violation| is_example(violation, one));
            !told && kinds.insert((None, Some((one.leaf, one.code))))
        }
        Subject::Unsent(_) => true,
    };
    let chosen: Vec<Subject> = if wanted == Wanted::default() {
        all.iter().filter(is_new).take(HANDFUL).copied().collect()
    } else {
        all.iter().take(HANDFUL).copied().collect()
    };
    let others = all.len() - chosen.len();
    (chosen, others)
}

/// Whether the violation says of this cell that it shows it.
fn is_example(violation: &Violation, cell: &Verdict) -> bool {
    violation.cell == Some((cell.message, cell.device))
}

/// Whether the violation is the reason for this cell: it says so, the party at fault broke the rule by a fact that the verdict
/// rests on, or, where the verdict finds nobody at fault, somebody broke it by the fact that it rests on most.
fn is_behind(violation: &Violation, cell: &Verdict) -> bool {
    let rests_on = |fact| cell.witnesses.contains(&Some(fact));
    let is_first = |fact| cell.witnesses[0] == Some(fact);
    let mut shown_by = violation.witnesses.into_iter().flatten();
    is_example(violation, cell)
        || match cell.party {
            Some(party) => party == violation.party && shown_by.any(rests_on),
            None => cell.leaf != Leaf::Delivered && shown_by.any(is_first),
        }
}

impl Answer {
    /// Whether it is about a message that was read.
    #[must_use]
    pub const fn is_delivered(&self) -> bool {
        matches!(&self.subject, Subject::Cell(Verdict { leaf: Leaf::Delivered, .. }))
    }

    /// Whether it is about a message that was never sent.
    #[must_use]
    pub const fn is_unsent(&self) -> bool {
        matches!(&self.subject, Subject::Unsent(_))
    }

    /// The explanation of a subject by these facts.
    #[must_use]
    pub fn of(subject: Subject, scenario: &Scenario, outcome: &Outcome, facts: &[Fact]) -> Self {
        let broken = match subject {
            Subject::Broken(violation) => vec![violation],
            Subject::Cell(cell) => {
                let behind = outcome.violations.iter().filter(|one| is_behind(one, &cell));
                behind.copied().collect()
            }
            Subject::Unsent(_) => Vec::new(),
        };
        let asides = around(&subject, scenario, facts);
        let mut question = question(&subject, scenario);
        question.asides.extend(asides.iter().flat_map(Aside::facts));
        let attempt = question.message.zip(question.device).and_then(|cell| attempt(facts, cell));
        let slice = Slice::of(facts, &question, LINKS);
        Self { subject, slice, attempt, asides, broken }
    }
}

/// What is asked of the facts about a subject.
#[must_use]
pub fn question(subject: &Subject, scenario: &Scenario) -> Question {
    let (message, device, witnesses) = match subject {
        Subject::Broken(violation) => {
            let (message, device) = violation.cell.unzip();
            (message, device, violation.witnesses)
        }
        Subject::Cell(cell) => (Some(cell.message), Some(cell.device), cell.witnesses),
        Subject::Unsent(unsent) => (Some(unsent.message), None, [None; 3]),
    };
    let user = device.map(|device| scenario.devices[device.index()].user);
    let unsent = match subject {
        Subject::Unsent(one) => unsent(one, scenario),
        Subject::Broken(_) | Subject::Cell(_) => None,
    };
    let witnesses = witnesses.into_iter().flatten().collect();
    Question { message, device, user, unsent, witnesses, asides: Vec::new() }
}

/// The step of a message that was never sent, with what it was refused for.
fn unsent(unsent: &Unsent, scenario: &Scenario) -> Option<UnsentMessage> {
    let Unsent { message: unsent_message, device, room, why } = *unsent;
    let is_it =
        |step: &Step| matches!(step, Step::Send { message, .. } if *message == unsent_message);
    let mut steps = (0..).zip(&scenario.timeline);
    let step = steps.find_map(|(position, timed)| is_it(&timed.step).then_some(position))?;
    let why = match why {
        NotSent::Refused(why, _) => Some(why),
        NotSent::SenderStopped | NotSent::Waiting => None,
    };
    let user = scenario.devices[device.index()].user;
    Some(UnsentMessage { message: unsent_message, step, device, user, room, why })
}

fn attempt(facts: &[Fact], cell: (MessageId, DeviceId)) -> Option<(Fact, TryResult)> {
    facts.iter().rev().find_map(|fact| {
        if let FactKind::Try { device, message, result } = fact.kind
            && (message, device) == cell
        {
            return Some((*fact, result));
        }
        None
    })
}
