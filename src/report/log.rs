//! What logs were judged to be, as text: broken rules with the lines that show it, verdicts, and what cannot be decided.
//! It does not know where the text goes.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::outcome::{Verdict, Violation};
use crate::check::undecided::{Missing, Undecided};
use crate::ids::{FactId, FaultId};
use crate::rulebook::leaf::Leaf;
use crate::rulebook::rule::Rule;
use crate::run::logs::JudgedLogs;
use crate::run::status::Status;
use crate::scenario::fault::Party;
use crate::time::SimTime;
use crate::trace::fact::{Observer, RunEnd};
use crate::trace::kind::{Kind, Kinds};

use super::names::{Names, verdict};
use super::narrate;
use super::paint::Tone;
use super::room::{Layout, indented};
use super::text::{count, grouped, list, safe};
use super::violation::told_by;

/// How many verdicts of one kind are told one by one.
const SHOWN_OF_ONE_VERDICT: usize = 20;

/// How many kinds of fact that are missing for one reason are named.
const KINDS_OF_ONE_REASON: usize = 12;

/// In milliseconds since 1970. No simulation lasts as long.
const YEAR_2000: SimTime = SimTime::from_ms(946_684_800_000);

/// Logs with what they were judged to be.
#[derive(Debug, Clone, Copy)]
pub struct LogTold<'a> {
    /// The names of the files, in the order of the logs.
    pub files: &'a [String],
    /// The judgement.
    pub judged: &'a JudgedLogs,
    /// Whether every rule that cannot be decided is told, not only how many there are.
    pub everything: bool,
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

    /// The reason as it is told: of whom nothing is recorded no kinds are named.
    pub(super) fn reason(&self, why: Missing) -> Missing {
        match why {
            Missing::Kinds { observer, .. }
                if observer != Observer::World && !self.is_heard(observer) =>
            {
                Missing::Kinds { observer, kinds: Kinds::NONE }
            }
            Missing::Kinds { .. } | Missing::Order(_) => why,
        }
    }

    fn is_heard(&self, observer: Observer) -> bool {
        self.judged.heard.as_ref().is_none_or(|heard| heard.contains(&observer))
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
            Some(format!("{place}: at {}: {}", moment(fact.at), narrate::clause(names, fact)))
        };
        ids.into_iter().flatten().filter_map(told).collect()
    }
}

/// Everything about judged logs as text.
#[must_use]
pub fn log_view(told: &LogTold<'_>, layout: Layout) -> String {
    let names = Names::of(&told.judged.names).with_ids(&told.judged.ids);
    let mut text: String = logs(told, &names).into_iter().map(|line| line + "\n").collect();
    section(&mut text, layout, "Rules that are broken", violations(told, &names));
    section(&mut text, layout, "Verdicts", verdicts(told, &names));
    if told.judged.outcome.verdicts.is_empty() {
        let none = "no log tells that a server accepted a message (`message_accepted`)".to_owned();
        section(&mut text, layout, "No verdicts", vec![none]);
    }
    let open = if told.everything { undecided(told, &names) } else { in_short(told, &names) };
    section(&mut text, layout, "Rules that cannot be decided", open);
    let status = told.status();
    layout.paint.push(tone(status), status.as_str(), &mut text);
    text.push_str(&format!("{}\n", ending(told)));
    text
}

/// A time as people read it: of a calendar, where it can only be meant to count from 1970.
fn moment(at: SimTime) -> String {
    let of_a_calendar = || jiff::Timestamp::from_millisecond(at.as_ms().try_into().ok()?).ok();
    match of_a_calendar().filter(|_| at >= YEAR_2000) {
        Some(date) => date.to_string(),
        None => at.to_string(),
    }
}

const fn tone(status: Status) -> Tone {
    match status {
        Status::Holds => Tone::Good,
        Status::Inconclusive => Tone::Open,
        Status::Differs | Status::Violated | Status::NotDeterministic => Tone::Bad,
    }
}

fn section(text: &mut String, layout: Layout, title: &str, lines: Vec<String>) {
    if !lines.is_empty() {
        text.push_str(&format!("\n{}\n", layout.paint.text(Tone::Heading, title)));
        text.extend(lines.iter().map(|line| indented(line, layout)));
    }
}

/// A line for each log, and one for what is odd about it.
fn logs(told: &LogTold<'_>, names: &Names<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for (file, log) in told.files.iter().zip(&told.judged.logs) {
        let file = safe(file);
        let whole = if log.says_what {
            ""
        } else {
            ", taken for all that anybody saw, as its header does not say what is recorded (`observes`)"
        };
        lines.push(format!("{file}: {} facts{whole}", grouped(log.facts)));
        for (observer, facts) in &log.unannounced {
            lines.push(format!(
                "{file}: `observes` does not name {}, of whom there are {} facts",
                whose(names, *observer),
                grouped(*facts)
            ));
        }
        if let Some(line) = log.back {
            lines.push(format!("{file}:{line}: the time is before that of the line above"));
        }
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
    let shown = |one: &Violation| told.shown(names, one.witnesses);
    told_by(names, &told.judged.outcome.violations, (&shown, &|fault| told.fault(fault)))
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
            let why = open.map(|open| missing(names, told.reason(open.why)));
            let why = why.map(|why| format!(", cannot be decided: {why}"));
            let party = one.party.map(|party| format!(", by {}", names.party(party)));
            let (party, why) = (party.unwrap_or_default(), why.unwrap_or_default());
            lines.push(format!("  {message} at {device}{party}{why}"));
            if open.is_none() {
                let facts = told.shown(names, one.witnesses).into_iter();
                lines.extend(facts.map(|fact| format!("    {fact}")));
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
        reasons.entry((told.reason(*why), parties)).or_default().push(rule.id());
    }
    let line = |((why, parties), rules): ((Missing, &[Party]), Vec<&str>)| {
        let parties: Vec<String> = parties.iter().map(|party| names.party(*party)).collect();
        let parties: Vec<&str> = parties.iter().map(String::as_str).collect();
        format!("{}: {} for {}", missing(names, why), rules.join(", "), parties.join(", "))
    };
    reasons.into_iter().map(line).collect()
}

/// How many rules cannot be decided for want of what: a line for each observer of whom nothing is known, one for what the
/// log of another one leaves out, one for orders that are not known.
fn in_short(told: &LogTold<'_>, names: &Names<'_>) -> Vec<String> {
    let gaps = &told.judged.outcome.gaps.rules;
    let mut of_observers: BTreeMap<Observer, (BTreeSet<Kind>, BTreeSet<Rule>)> = BTreeMap::new();
    let mut of_orders: BTreeMap<[Observer; 2], BTreeSet<Rule>> = BTreeMap::new();
    for Undecided { rule, why, .. } in gaps {
        match why {
            Missing::Kinds { observer, kinds } => {
                let (known, rules) = of_observers.entry(*observer).or_default();
                known.extend(kinds.iter());
                rules.insert(*rule);
            }
            Missing::Order(observers) => {
                of_orders.entry(*observers).or_default().insert(*rule);
            }
        }
    }
    let number = |rules: &BTreeSet<Rule>| count(rules.len() as u64, "rule");
    let mut lines = Vec::new();
    for (observer, (kinds, rules)) in of_observers {
        let whose = whose(names, observer);
        lines.push(if told.is_heard(observer) {
            let kinds = quoted(kinds.into_iter());
            format!("{whose} does not record {}: {}", list(&kinds), number(&rules))
        } else {
            format!("nothing is recorded of what {whose} saw: {}", number(&rules))
        });
    }
    for (observers, rules) in of_orders {
        let order = missing(names, Missing::Order(observers));
        lines.push(format!("{order}: {}", number(&rules)));
    }
    if !lines.is_empty() {
        lines.push("(--undecided lists each rule with the parties and the reason)".to_owned());
    }
    lines
}

/// Why something cannot be decided, as a clause.
pub(super) fn missing(names: &Names<'_>, why: Missing) -> String {
    match why {
        Missing::Kinds { observer, kinds: Kinds::NONE } => {
            format!("nothing is recorded of what {} saw", whose(names, observer))
        }
        Missing::Kinds { observer: Observer::World, kinds } => {
            format!("no log records {}", or(&quoted(kinds.iter())))
        }
        Missing::Kinds { observer, kinds } => {
            let kinds = or(&quoted(kinds.iter()));
            format!("the log of {} does not record {kinds}", whose(names, observer))
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

fn quoted(kinds: impl Iterator<Item = Kind>) -> Vec<String> {
    kinds.map(|kind| format!("`{}`", kind.as_str())).collect()
}

/// `a`, `a or b`, `a, b or c`; of many the first dozen and how many more.
fn or(kinds: &[String]) -> String {
    let shown = kinds.len().min(KINDS_OF_ONE_REASON);
    match &kinds[..shown] {
        shown if shown.len() < kinds.len() => {
            let more = (kinds.len() - shown.len()) as u64;
            format!("{} and {} more kinds", shown.join(", "), grouped(more))
        }
        [names @ .., last] if !names.is_empty() => format!("{} or {last}", names.join(", ")),
        names => names.join(", "),
    }
}

pub(super) fn whose(names: &Names<'_>, observer: Observer) -> String {
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
