//! The verdicts, broken rules and explanations of a page.
//! It does not explain anything itself; it tells what explanations there are.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::check::outcome::{Outcome, Verdict};
use crate::ids::{DeviceId, MessageId};
use crate::report::explanation::{Explained, Teller, Telling};
use crate::report::names::{Names, verdict};
use crate::rulebook::leaf::LeafClass;
use crate::rulebook::reading::Severity;
use crate::run::why::{Answer, Subject};

/// A verdict that occurs, as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    name: String,
    leaf: &'static str,
    class: &'static str,
    meaning: &'static str,
}

/// What became of a message at a device: message, device, the verdict by its place, and the explanation by its place or -1.
#[derive(Debug, Serialize)]
pub(super) struct Cell(usize, usize, usize, i64);

/// A rule that was broken.
#[derive(Debug, Serialize)]
pub(super) struct Broken {
    rule: &'static str,
    text: &'static str,
    party: String,
    severity: &'static str,
    injected_by: Option<String>,
    message: Option<usize>,
    device: Option<usize>,
    explanation: i64,
}

/// A message that was never sent.
#[derive(Debug, Serialize)]
pub(super) struct NeverSent {
    message: usize,
    device: usize,
    explanation: i64,
}

/// Verdicts and what explains them.
#[derive(Debug, Serialize)]
pub(super) struct Verdicts {
    verdicts: Vec<Shown>,
    cells: Vec<Cell>,
    cells_left_out: usize,
    broken: Vec<Broken>,
    broken_left_out: usize,
    unsent: Vec<NeverSent>,
    explanations: Vec<Telling>,
    /// How many more there would be.
    explanations_left_out: usize,
}

/// How many cells are shown at the most.
const CELLS: usize = 20_000;
/// How many broken rules and messages that were not sent are shown at the most.
const LINES: usize = 500;

/// Which explanation is of what.
#[derive(Debug, Default)]
struct Places {
    cells: BTreeMap<(MessageId, DeviceId), usize>,
    unsent: BTreeMap<MessageId, usize>,
}

impl Places {
    fn of(answers: &[Answer]) -> Self {
        let mut places = Self::default();
        for (place, answer) in answers.iter().enumerate() {
            match &answer.subject {
                Subject::Cell(cell) => {
                    places.cells.insert((cell.message, cell.device), place);
                }
                Subject::Unsent(one) => {
                    places.unsent.insert(one.message, place);
                }
                Subject::Broken(_) => {}
            }
        }
        places
    }
}

fn place(found: Option<usize>) -> i64 {
    found.and_then(|place| i64::try_from(place).ok()).unwrap_or(-1)
}

impl Verdicts {
    pub(super) fn of(explained: &Explained<'_>) -> Self {
        let teller = Teller::new(explained);
        let names = Names::of(explained.scenario);
        let why = explained.why;
        let outcome = &why.report.outcome;
        let places = Places::of(&why.answers);
        let (verdicts, cells) = cells(outcome, &places);
        let broken = outcome.violations.iter().take(LINES).map(|one| {
            let is_it = |answer: &Answer| answer.subject == Subject::Broken(*one);
            Broken {
                rule: one.rule.id(),
                text: one.rule.text(),
                party: names.party(one.party),
                severity: match one.severity {
                    Severity::Violation => "violation",
                    Severity::Warning => "warning",
                },
                injected_by: one.injected.map(|fault| names.fault(fault)),
                message: one.cell.map(|(message, _)| message.index()),
                device: one.cell.map(|(_, device)| device.index()),
                explanation: place(why.answers.iter().position(is_it)),
            }
        });
        let unsent = outcome.unsent.iter().take(LINES).map(|one| NeverSent {
            message: one.message.index(),
            device: one.device.index(),
            explanation: place(places.unsent.get(&one.message).copied()),
        });
        Self {
            verdicts,
            cells_left_out: outcome.verdicts.len() - cells.len(),
            cells,
            broken: broken.collect(),
            broken_left_out: outcome.violations.len().saturating_sub(LINES),
            unsent: unsent.collect(),
            explanations: why.answers.iter().map(|answer| teller.telling(answer)).collect(),
            explanations_left_out: why.others,
        }
    }
}

fn cells(outcome: &Outcome, places: &Places) -> (Vec<Shown>, Vec<Cell>) {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut verdicts = Vec::new();
    let mut cells = Vec::new();
    for one in outcome.verdicts.iter().take(CELLS) {
        let Verdict { message, device, leaf, code, .. } = *one;
        let name = verdict(leaf, code);
        let shown = *known.entry(name.clone()).or_insert_with(|| {
            verdicts.push(Shown {
                name,
                leaf: leaf.number(),
                class: class(one.class(&outcome.reading)),
                meaning: leaf.meaning(),
            });
            verdicts.len() - 1
        });
        let explanation = place(places.cells.get(&(message, device)).copied());
        cells.push(Cell(message.index(), device.index(), shown, explanation));
    }
    (verdicts, cells)
}

const fn class(class: LeafClass) -> &'static str {
    match class {
        LeafClass::Ok => "ok",
        LeafClass::Explained => "explained",
        LeafClass::Excused => "excused",
        LeafClass::Pending => "pending",
        LeafClass::SpecGap => "gap",
        LeafClass::Fault => "fault",
    }
}
