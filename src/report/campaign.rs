//! What a campaign came to, for people and as data: what was reached, what is broken, how fast it was, and what is likely missing.
//! It does not run anything and reads no folder.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::campaign::document::{Document, Entry, Sum};
use crate::campaign::finding::{Bound, Finding, Problem, Size, Weight};
use crate::campaign::pool::Ending;
use crate::campaign::speed::{Session, Speed};
use crate::rulebook::leaf::Leaf;
use crate::rulebook::rule::Rule;
use crate::scenario::file;
use crate::scenario::kinds::{FaultName, StepKind};
use crate::scenario::limits::Limits;

use super::names::Names;
use super::paint::{Paint, Tone};
use super::steps;
use super::text::{count, fill, grouped, safe, wrap};

/// Of so many findings the room is shown.
const SHOWN: usize = 3;
/// A room is shown if it has no more steps than this.
const STEPS: usize = 12;
/// Where a paragraph goes on.
const INDENT: usize = 12;

/// Where the rooms of findings are saved, as a shell reads it, by the ids of the findings.
pub type Saved = BTreeMap<String, String>;

/// What there is to tell of a campaign.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// What it came to.
    pub document: &'a Document,
    /// The same, with the rooms of the findings.
    pub sum: &'a Sum,
    /// How fast it was.
    pub speed: &'a Speed,
    /// Where the rooms are saved.
    pub saved: &'a Saved,
    /// Why it ended, if it has just been run.
    pub why: Option<Ending>,
}

/// A campaign as data: what it came to, and how fast.
#[derive(Debug, Serialize)]
pub struct CampaignDocument<'a> {
    #[serde(flatten)]
    document: &'a Document,
    saved: &'a Saved,
    speed: &'a Speed,
}

/// A campaign as data, for a JSON writer.
#[must_use]
pub const fn campaign_document<'a>(told: &Told<'a>) -> CampaignDocument<'a> {
    CampaignDocument { document: told.document, saved: told.saved, speed: told.speed }
}

/// A campaign for people.
#[must_use]
pub fn campaign_view(told: &Told<'_>, columns: usize, paint: Paint) -> String {
    let mut view = View { text: String::new(), columns, paint };
    view.head(told);
    view.reached(told.document);
    view.broken(told);
    view.missed(told.document);
    view.speed(told.speed);
    view.text
}

struct View {
    text: String,
    columns: usize,
    paint: Paint,
}

impl View {
    fn heading(&mut self, text: &str) {
        self.text.push('\n');
        self.paint.push(Tone::Heading, text, &mut self.text);
        self.text.push('\n');
    }

    /// A line with a name in front.
    fn line(&mut self, name: &str, rest: &str) {
        self.text.push_str(&format!("  {name}{}", fill(name, INDENT - 2)));
        self.text.push_str(&wrap(rest, self.columns.saturating_sub(INDENT), INDENT));
        self.text.push('\n');
    }

    fn head(&mut self, told: &Told<'_>) {
        let Document { cases, campaign, .. } = told.document;
        let about = campaign.about();
        self.paint.push(Tone::Heading, &about, &mut self.text);
        self.text.push('\n');
        let rooms = format!(
            "{}: {} generated afresh, {} made of earlier ones{}, {} run twice and compared, {} inconclusive{}; {} replayed",
            count(cases.all, "generated room"),
            grouped(cases.fresh),
            grouped(cases.mutated),
            match cases.of_files {
                0 => String::new(),
                of_files => format!(", {} made of scenario files", grouped(of_files)),
            },
            grouped(cases.twice),
            grouped(cases.inconclusive),
            match cases.panicked {
                0 => String::new(),
                panicked => format!(", {} in which a client panicked", grouped(panicked)),
            },
            count(campaign.files(), "scenario file"),
        );
        self.line("rooms", &rooms);
        let ended = match told.why {
            None => return,
            Some(Ending::Cases) => "all rooms that were asked for are done",
            Some(Ending::Time) => "the time was over",
            Some(Ending::Plateau) => "hardly anything new comes any more, in any lane",
            Some(Ending::Interrupted) => {
                "interrupted; with --out, the same command goes on from here"
            }
        };
        self.line("ended", ended);
    }

    fn reached(&mut self, document: &Document) {
        let reached = &document.reached;
        self.heading("reached");
        let judged = Rule::ALL.iter().filter(|rule| rule.judgement().is_judged()).count();
        self.share("rules", judged, &reached.rules_never);
        self.share("steps", StepKind::ALL.len(), &reached.steps_never);
        self.share("faults", FaultName::ALL.len(), &reached.faults_never);
        self.share("verdicts", Leaf::ALL.len(), &reached.verdicts_never);
        let habits = reached.habits.len() as u64;
        self.line(
            "habits",
            &format!("{} that the specification does not have", count(habits, "setting")),
        );
    }

    /// How many of so many were reached, and the names of the others.
    fn share(&mut self, name: &str, all: usize, never: &[&str]) {
        let mut rest = format!("{} of {all}", all - never.len());
        if !never.is_empty() {
            rest.push_str(&format!("; never: {}", never.join(", ")));
        }
        self.line(name, &rest);
    }

    fn broken(&mut self, told: &Told<'_>) {
        self.heading("broken");
        if told.document.findings.is_empty() {
            self.text.push_str("  nothing\n");
        }
        let ranked = told.sum.findings.ranked();
        for (place, (entry, finding)) in told.document.findings.iter().zip(ranked).enumerate() {
            self.finding(told, entry);
            if place < SHOWN {
                self.room(finding);
            }
        }
    }

    fn finding(&mut self, told: &Told<'_>, entry: &Entry) {
        let headline = headline(&entry.problem);
        let is_warning = matches!(entry.problem, Problem::Rule { severity: Weight::Warning, .. });
        self.text.push_str("  ");
        self.paint.push(
            if is_warning { Tone::Noted } else { Tone::Bad },
            &headline,
            &mut self.text,
        );
        self.text.push('\n');
        if let Problem::Rule { rule, .. } = entry.problem {
            self.text.push_str("    ");
            self.text.push_str(&wrap(rule.text(), self.columns.saturating_sub(4), 4));
            self.text.push('\n');
        }
        let reading = told.document.campaign.reading();
        if let Problem::File { path, details, .. } = &entry.problem {
            if !details.is_empty() {
                self.text.push_str(&format!("    {}\n", details.join(", ")));
            }
            self.text.push_str(&format!("    again: withheld run {}{reading}\n", safe(path)));
            return;
        }
        self.text.push_str(&format!(
            "    {} (it was found in one of {}; {} brought it here); {} came down to it\n",
            size(&entry.size),
            size(&entry.size_before),
            count(entry.candidates, "candidate"),
            count(entry.rooms, "room"),
        ));
        let Some(path) = told.saved.get(&entry.id) else { return };
        self.text.push_str(&format!("    again: withheld run {path}{reading}\n"));
        if let Problem::Rule { rule, .. } = entry.problem {
            let rule = rule.id();
            self.text
                .push_str(&format!("    why: withheld explain {path} --rule {rule}{reading}\n"));
        }
    }

    /// What happens in a small room.
    fn room(&mut self, finding: &Finding) {
        let room = finding.room.as_deref().and_then(|room| file::read(room, &Limits::FILES).ok());
        let Some(scenario) = room.filter(|room| room.timeline.len() <= STEPS) else { return };
        let names = Names::of(&scenario);
        let mut told: Vec<(u64, String)> = Vec::new();
        for timed in &scenario.timeline {
            let line = format!("{}  {}", timed.at, steps::step(&names, &timed.step));
            told.push((timed.at.as_ms(), line));
        }
        for fault in &scenario.faults {
            let name = FaultName::of(&fault.kind).as_str();
            told.push((fault.from.as_ms(), format!("{}  fault: {name}", fault.from)));
        }
        told.sort();
        for (_, line) in told {
            self.text.push_str("      ");
            self.paint.push(Tone::Dim, &line, &mut self.text);
            self.text.push('\n');
        }
    }

    fn missed(&mut self, document: &Document) {
        let estimate = &document.novelty.estimate;
        self.heading("missed");
        let ppm = estimate.next_is_new_ppm;
        self.line(
            "features",
            &format!(
                "{} seen, {} of them in one room only; the next room shows a new one with a probability of about {}.{:02} %, and at least {} more are to be expected in all",
                grouped(estimate.seen),
                grouped(estimate.once),
                ppm / 10_000,
                ppm / 100 % 100,
                grouped(estimate.unseen),
            ),
        );
    }

    fn speed(&mut self, speed: &Speed) {
        let Some(last) = speed.sessions.last() else { return };
        self.heading("speed");
        let (rooms, actions) = (last.per_second(last.cases), last.per_second(last.actions));
        let per_core = |rate: u64| grouped(rate.checked_div(last.jobs).unwrap_or(rate));
        self.line(
            "rate",
            &format!(
                "{} rooms/s, {} actions/s on {}: {} and {} on each; all of it counted, making rooms small too",
                grouped(rooms),
                grouped(actions),
                count(last.jobs, "thread"),
                per_core(rooms),
                per_core(actions),
            ),
        );
        if speed.sessions.len() > 1 {
            let sum = |of: fn(&Session) -> u64| speed.sessions.iter().map(of).sum::<u64>();
            let seconds = sum(|one| one.micros) / 1_000_000;
            let sessions = count(speed.sessions.len() as u64, "session");
            self.line("in all", &format!("{} s in {sessions}", grouped(seconds)));
        }
    }
}

/// What is wrong, in a sentence.
#[must_use]
pub fn headline(problem: &Problem) -> String {
    match problem {
        Problem::Rule { rule, severity, party, party_kind, verdict, .. } => {
            let is = match severity {
                Weight::Violation => "is broken",
                Weight::Warning => "is not kept, which is a warning",
            };
            let by = match party_kind {
                Bound::Device => format!("by {}", safe(party)),
                Bound::Server => format!("by the server {}", safe(party)),
                Bound::World => "by nobody in particular".to_owned(),
            };
            let verdict =
                verdict.map_or_else(String::new, |verdict| format!(" ({})", verdict.0.name()));
            format!("{} {is} {by}{verdict}", rule.id())
        }
        Problem::Panicked { place: Some(place), message } => {
            format!("a client panics at {}: {}", safe(place), safe(message))
        }
        Problem::Panicked { place: None, message } => {
            format!("a client panics: {}", safe(message))
        }
        Problem::NotDeterministic { first_fact: Some(fact) } => {
            format!("a client is not deterministic: two runs differ from fact #{fact} on")
        }
        Problem::NotDeterministic { first_fact: None } => {
            "a client is not deterministic: two runs differed once".to_owned()
        }
        Problem::File { path, status, .. } => format!("{}: {status}", safe(path)),
    }
}

fn size(size: &Size) -> String {
    let counts = [
        count(size.devices as u64, "device"),
        count(size.steps as u64, "step"),
        count(size.faults as u64, "fault"),
    ];
    counts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::headline;
    use crate::campaign::finding::{Bound, Problem, Weight};
    use crate::rulebook::rule::Rule;

    #[test]
    fn a_finding_says_what_by_whom_and_how_bad() {
        let problem = |severity, party_kind| Problem::Rule {
            rule: Rule::W09,
            severity,
            party: "s\u{1b}1".to_owned(),
            party_kind,
            verdict: None,
            kinds: Vec::new(),
        };
        let server = problem(Weight::Violation, Bound::Server);
        assert_eq!(headline(&server), "W-09 is broken by the server s\\u{1b}1");
        let warning = problem(Weight::Warning, Bound::World);
        assert_eq!(
            headline(&warning),
            "W-09 is not kept, which is a warning by nobody in particular"
        );
    }
}
