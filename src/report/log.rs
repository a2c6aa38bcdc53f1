//! What logs were judged to be, as text: broken rules with the lines that show it, verdicts, and what cannot be decided.
//! It does not know where the text goes.

use std::collections::BTreeMap;

use crate::check::outcome::{Verdict, Violation};
use crate::check::undecided::{Missing, Undecided};
use crate::ids::{FactId, FaultId};
use crate::rulebook::leaf::Leaf;
use crate::rulebook::reading::Severity;
use crate::run::logs::JudgedLogs;
use crate::run::status::Status;
use crate::scenario::fault::Party;
use crate::trace::fact::{Observer, RunEnd};

use super::names::{Names, verdict};
use super::narrate;
use super::paint::{Paint, Tone};
use super::text::{grouped, list, safe};

/// How many verdicts of one kind are told one by one.
const SHOWN_OF_ONE_VERDICT: usize = 20;

/// Logs with what they were judged to be.
#[derive(Debug, Clone, Copy)]
pub struct LogTold<'a> {
    /// The names of the files, in the order of the logs.
    pub files: &'a [String],
    /// The judgement.
    pub judged: &'a JudgedLogs,
}

impl LogTold<'_> {
    /// How it stands.
    #[must_use]
    pub fn status(&self) -> Status {
        let outcome = &self.judged.outcome;
        if outcome.counted().next().is_some() {
            Status::Violated
        } else if outcome.is_inconclusive() || self.judged.logs.iter().any(|log| log.cut) {
            Status::Inconclusive
        } else {
            Status::Holds
        }
    }

    /// The place of a fact: file and line.
    fn place(&self, id: FactId) -> Option<String> {
        let (line, _) = self.judged.witnesses.get(&id)?;
        Some(format!("{}:{}", safe(&self.files[line.log]), line.line))
    }

    /// An announced fault by its number, counted from 1, and its name.
    fn fault(&self, fault: FaultId) -> String {
        let number = fault.index() + 1;
        match self.judged.faults.get(fault.index()) {
            Some(fault) => format!("fault {number} ({})", safe(&fault.name)),
            None => format!("fault {number}"),
        }
    }

    /// The facts that show something, a line each.
    fn shown(&self, names: &Names<'_>, ids: [Option<FactId>; 3]) -> Vec<String> {
        let told = |id: FactId| {
            let (_, fact) = self.judged.witnesses.get(&id)?;
            let place = self.place(id)?;
            Some(format!("    {place}: at {}: {}", fact.at, narrate::clause(names, fact)))
        };
        ids.into_iter().flatten().filter_map(told).collect()
    }
}

/// Everything about judged logs as text.
#[must_use]
pub fn log_view(told: &LogTold<'_>, paint: Paint) -> String {
    let names = Names::of(&told.judged.names);
    let mut lines = logs(told);
    section(&mut lines, paint, "Rules that are broken", violations(told, &names));
    section(&mut lines, paint, "Verdicts", verdicts(told, &names));
    section(&mut lines, paint, "Rules that cannot be decided", undecided(told, &names));
    let status = told.status();
    lines.push(format!("{}{}", paint.text(tone(status), status.as_str()), ending(told)));
    lines.into_iter().map(|line| line + "\n").collect()
}

const fn tone(status: Status) -> Tone {
    match status {
        Status::Holds => Tone::Good,
        Status::Inconclusive => Tone::Open,
        Status::Differs | Status::Violated | Status::NotDeterministic => Tone::Bad,
    }
}

fn section(all: &mut Vec<String>, paint: Paint, title: &str, lines: Vec<String>) {
    if !lines.is_empty() {
        all.push(String::new());
        all.push(paint.text(Tone::Heading, title));
        all.extend(lines.into_iter().map(|line| format!("  {line}")));
    }
}

/// A line for each log, and one for what is odd about it.
fn logs(told: &LogTold<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for (file, log) in told.files.iter().zip(&told.judged.logs) {
        let file = safe(file);
        lines.push(format!("{file}: {} facts", grouped(log.facts)));
        if !log.unknown.is_empty() {
            let kinds: Vec<String> = log
                .unknown
                .iter()
                .map(|(kind, count)| format!("{} ({})", safe(kind), grouped(*count)))
                .collect();
            lines.push(format!(
                "{file}: not judged, of kinds that are not known here: {}",
                list(&kinds)
            ));
        }
        if log.cut {
            lines.push(format!(
                "{file}: the last line breaks off; the log is judged as one that was cut"
            ));
        }
    }
    lines
}

fn violations(told: &LogTold<'_>, names: &Names<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for one in &told.judged.outcome.violations {
        lines.push(headline(told, names, one));
        lines.extend(told.shown(names, one.witnesses));
    }
    lines
}

fn headline(told: &LogTold<'_>, names: &Names<'_>, one: &Violation) -> String {
    let mut text = format!("{} by {}", one.rule.id(), names.party(one.party));
    if let Some((message, device)) = one.cell {
        text.push_str(&format!(", {} at {}", names.message(message), names.device(device)));
    }
    let counts = match (one.injected, one.severity) {
        (Some(fault), Severity::Violation | Severity::Warning) => {
            format!("injected by {}, counts against nobody", told.fault(fault))
        }
        (None, Severity::Violation) => "violation".to_owned(),
        (None, Severity::Warning) => "warning".to_owned(),
    };
    format!("{text} ({counts})")
}

/// How many verdicts there are of each kind; those that are not simply delivered one by one, with the first fact that shows it.
fn verdicts(told: &LogTold<'_>, names: &Names<'_>) -> Vec<String> {
    let outcome = &told.judged.outcome;
    let mut kinds: BTreeMap<(Leaf, String), Vec<&Verdict>> = BTreeMap::new();
    for one in &outcome.verdicts {
        kinds.entry((one.leaf, verdict(one.leaf, one.code))).or_default().push(one);
    }
    let mut lines = Vec::new();
    for ((leaf, spelled), same) in kinds {
        lines.push(format!("{spelled}: {}", grouped(same.len() as u64)));
        if leaf == Leaf::Delivered {
            continue;
        }
        for one in same.iter().take(SHOWN_OF_ONE_VERDICT) {
            let cell = (one.message, one.device);
            let (message, device) = (names.message(one.message), names.device(one.device));
            let open = outcome.gaps.cells.iter().find(|open| (open.message, open.device) == cell);
            let why = open.map(|open| format!(", cannot be decided: {}", missing(names, open.why)));
            let party = one.party.map(|party| format!(", by {}", names.party(party)));
            let (party, why) = (party.unwrap_or_default(), why.unwrap_or_default());
            lines.push(format!("  {message} at {device}{party}{why}"));
            if open.is_none() {
                lines.extend(told.shown(names, one.witnesses));
            }
        }
        if same.len() > SHOWN_OF_ONE_VERDICT {
            let more = (same.len() - SHOWN_OF_ONE_VERDICT) as u64;
            lines.push(format!("  and {} more", grouped(more)));
        }
    }
    lines
}

/// Rules that cannot be decided, those with the same reason together.
fn undecided(told: &LogTold<'_>, names: &Names<'_>) -> Vec<String> {
    let mut reasons: BTreeMap<(Missing, &[Party]), Vec<&str>> = BTreeMap::new();
    for Undecided { rule, why, parties } in &told.judged.outcome.gaps.rules {
        reasons.entry((*why, parties)).or_default().push(rule.id());
    }
    let line = |((why, parties), rules): ((Missing, &[Party]), Vec<&str>)| {
        let parties: Vec<String> = parties.iter().map(|party| names.party(*party)).collect();
        format!("{}: {} for {}", missing(names, why), rules.join(", "), list(&parties))
    };
    reasons.into_iter().map(line).collect()
}

/// Why something cannot be decided, as a clause.
pub(super) fn missing(names: &Names<'_>, why: Missing) -> String {
    match why {
        Missing::Kind { observer: Observer::World, kind } => {
            format!("no log records `{}`", kind.as_str())
        }
        Missing::Kind { observer, kind } => {
            format!("the log of {} does not record `{}`", whose(names, observer), kind.as_str())
        }
        Missing::Order([one, other]) if one == other => {
            format!("the order of what {} saw is not known", whose(names, one))
        }
        Missing::Order([one, other]) => {
            let (one, other) = (whose(names, one), whose(names, other));
            format!("the order of what {one} and {other} saw is not known")
        }
    }
}

fn whose(names: &Names<'_>, observer: Observer) -> String {
    match observer {
        Observer::World => "the world".to_owned(),
        Observer::Server(server) => names.server(server),
        Observer::Device(device) => names.device(device),
    }
}

fn ending(told: &LogTold<'_>) -> String {
    let outcome = &told.judged.outcome;
    let end = match outcome.end {
        RunEnd::Quiescent => "everything came to rest",
        RunEnd::Horizon => "not known to have come to rest",
        RunEnd::ActionLimit => "cut at a limit of actions",
    };
    let warnings = outcome.violations.len() - outcome.counted().count();
    let (counted, open) = (outcome.counted().count(), outcome.gaps.rules.len());
    format!(
        ": {} broken rules, {} that do not count, {} reasons why rules cannot be decided; {end} ({} reading)",
        grouped(counted as u64),
        grouped(warnings as u64),
        grouped(open as u64),
        outcome.reading.name.as_str(),
    )
}
