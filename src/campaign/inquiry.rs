//! A look into one breach of one room: the smallest room that shows it, as a finding.
//! It does not know which breaches are looked into.

use crate::check::outcome::{Outcome, Violation};
use crate::minimise::history::Fate;
use crate::rulebook::leaf::Leaf;
use crate::rulebook::reading::Severity;
use crate::run::failure::{Failure, Found, Trial, Tried, try_out};
use crate::run::panic::Panic;
use crate::run::shrunk::{Shrunk, shrink};
use crate::run::signature::{PartyKind, Signature};
use crate::run::why::Subject;
use crate::scenario::fault::Party;
use crate::scenario::file;
use crate::scenario::model::Scenario;

use super::finding::{Bound, Finding, Problem, Size, Verdict, Weight};
use super::lane::Bench;

/// How many candidates are run at the most to make a room small; a median of less than fifty is enough.
const CANDIDATES: usize = 600;

/// What a breach is at first sight: the rule, how much it counts, who is bound, and what became of the message.
pub(super) fn coarse(outcome: &Outcome, violation: &Violation) -> String {
    let outline = Signature::outline(outcome, violation);
    let verdict = outline.leaf.map_or("-", Leaf::name);
    let weight = weight(outline.severity);
    format!("{} {weight:?} {} {verdict}", outline.rule.id(), outline.party.as_str())
}

/// Makes the room of a breach small and says what is left of it; `None` if a run with the same room does not show it again.
pub(super) fn look_into(
    bench: Bench<'_>,
    scenario: &Scenario,
    wanted: &str,
    found: (u32, u64),
) -> Option<Finding> {
    let subject = bench.setup.plan.subject;
    let trial = Trial {
        reading: bench.setup.reading,
        warnings: true,
        expected: true,
        repeat: false,
        is_on_trial: &|scenario, party| subject.is_on_trial(scenario, party),
    };
    let tried = try_out(bench.simulator, scenario, &trial);
    let one = tried.found.iter().find(|one| is_it(&tried, one, wanted))?;
    let shrunk = shrink(bench.simulator, scenario, &trial, (&tried, one), CANDIDATES);
    let left = try_out(bench.simulator, &shrunk.scenario, &trial);
    let one = left.found.iter().find(|one| one.failure == shrunk.failure)?;
    let problem = problem(&shrunk.scenario, one)?;
    let told = file::write_brief(&titled(&shrunk.scenario, &problem));
    Some(Finding {
        problem,
        rooms: 1,
        found,
        before: Size::of(scenario),
        after: Size::of(&shrunk.scenario),
        candidates: shrunk.simulated as u64,
        history: history(&shrunk),
        room: Some(told),
    })
}

/// Makes the room of a panic small. Of a client that panics only now and then the room is kept as it is.
pub(super) fn look_into_panic(
    bench: Bench<'_>,
    scenario: &Scenario,
    panic: &Panic,
    found: (u32, u64),
) -> Finding {
    let trial = Trial::of_everybody(bench.setup.reading);
    let tried = try_out(bench.simulator, scenario, &trial);
    let wanted = Failure::Panicked(panic.clone());
    let again = tried.found.iter().find(|one| one.failure.is_same(&wanted));
    let shrunk =
        again.map(|one| shrink(bench.simulator, scenario, &trial, (&tried, one), CANDIDATES));
    let smallest = shrunk.as_ref().map_or(scenario, |shrunk| &shrunk.scenario);
    let panic = match shrunk.as_ref().map(|shrunk| &shrunk.failure) {
        Some(Failure::Panicked(panic)) => panic,
        Some(_) | None => panic,
    };
    let problem = Problem::Panicked { place: panic.place.clone(), message: panic.message.clone() };
    let told = file::write_brief(&titled(smallest, &problem));
    Finding {
        problem,
        rooms: 1,
        found,
        before: Size::of(scenario),
        after: Size::of(smallest),
        candidates: shrunk.as_ref().map_or(0, |shrunk| shrunk.simulated as u64),
        history: shrunk.as_ref().map(history).unwrap_or_default(),
        room: Some(told),
    }
}

/// The small room with a sentence that says what is wrong, and the rule that it is about.
fn titled(scenario: &Scenario, problem: &Problem) -> Scenario {
    let (about, rule) = match problem {
        Problem::Rule { rule, party, party_kind, .. } => {
            let whom = match party_kind {
                Bound::Device | Bound::Server => party,
                Bound::World => "the network",
            };
            (format!("{whom} breaks {}: {}.", rule.id(), rule.text()), Some(*rule))
        }
        Problem::Panicked { place, message } => {
            let panic = Panic { place: place.clone(), message: message.clone() };
            (format!("A client panics {}.", panic.told()), None)
        }
        Problem::NotDeterministic { .. } | Problem::File { .. } => return scenario.clone(),
    };
    Scenario { about, rules: rule.into_iter().collect(), ..scenario.clone() }
}

fn is_it(tried: &Tried, found: &Found, wanted: &str) -> bool {
    match &found.subject {
        Some(Subject::Broken(violation)) => coarse(&tried.report.outcome, violation) == wanted,
        Some(Subject::Cell(_) | Subject::Unsent(_)) | None => false,
    }
}

fn problem(scenario: &Scenario, found: &Found) -> Option<Problem> {
    let (Failure::Broken(signature), Some(Subject::Broken(violation))) =
        (&found.failure, &found.subject)
    else {
        return None;
    };
    Some(Problem::Rule {
        rule: signature.rule,
        severity: weight(signature.severity),
        party: match violation.party {
            Party::Device(device) => scenario.device_name(device).to_owned(),
            Party::Server(server) => scenario.server_name(server).to_owned(),
            Party::World => String::new(),
        },
        party_kind: match signature.party {
            PartyKind::Device => Bound::Device,
            PartyKind::Server => Bound::Server,
            PartyKind::World => Bound::World,
        },
        verdict: signature.leaf.map(Verdict),
        kinds: signature.kinds.iter().cloned().collect(),
    })
}

/// What was left out and stayed out, in order.
fn history(shrunk: &Shrunk) -> Vec<String> {
    let kept = shrunk.history.iter().filter(|attempt| attempt.fate == Fate::Kept);
    kept.map(|attempt| attempt.what.clone()).collect()
}

const fn weight(severity: Severity) -> Weight {
    match severity {
        Severity::Violation => Weight::Violation,
        Severity::Warning => Weight::Warning,
    }
}
