//! Explanations of a run: what came of it, and the facts that led there, told one by one.
//! It does not choose what is explained, and tells nothing that no fact stands behind.

mod asides;
mod diagram;
mod dot;
mod json;
mod rules;
mod telling;
mod text;

pub use self::diagram::mermaid;
pub use self::dot::dot;
pub use self::json::{Explanations, document};
pub(super) use self::telling::Telling;
pub use self::text::text;

use crate::check::outcome::Verdict;
use crate::ids::{DeviceId, FactId, FaultId};
use crate::rulebook::rule::Rule;
use crate::run::kept::Kept;
use crate::run::why::{Answer, Subject, Why};
use crate::scenario::fault::Party;
use crate::scenario::model::Scenario;
use crate::time::SimTime;
use crate::trace::fact::{FactKind, KeySource, Shown, TryResult};
use crate::trace::sink::FactSink;

use super::names::{Names, verdict};
use super::sentence::sentence;
use super::violation;
use super::words::Word;

use self::asides::is_departed;
use self::rules::rules_of;

/// Explanations with everything that is needed to tell them.
#[derive(Debug, Clone, Copy)]
pub struct Explained<'a> {
    /// The file, as the user named it.
    pub path: &'a str,
    /// The scenario in it.
    pub scenario: &'a Scenario,
    /// The run and the explanations.
    pub why: &'a Why,
    /// The command that explains more of the same run, to which what is wanted is added.
    pub more: &'a str,
}

/// The sentences at the head of one explanation.
struct Head {
    /// What is explained: `m1 at B1: withheld(m.blacklisted)`.
    title: String,
    /// Why that is so, in a sentence, with the facts that it rests on.
    summary: Statement,
    /// What the user of the device is told, with the fact that shows it.
    shown: Option<Statement>,
    /// What was so around it and is no cause of it, each with the fact that shows it.
    asides: Vec<Statement>,
}

/// Who broke a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Culprit {
    party: Party,
    /// The announced fault that it is the doing of.
    injected: Option<FaultId>,
}

/// A sentence with the facts behind it.
struct Statement {
    text: String,
    facts: Vec<FactId>,
}

/// Tells the heads of explanations.
pub(super) struct Teller<'a> {
    names: Names<'a>,
    why: &'a Why,
    kept: Kept,
}

impl<'a> Teller<'a> {
    pub(super) fn new(explained: &Explained<'a>) -> Self {
        let mut kept = Kept::witnesses_of(&explained.why.report.outcome);
        explained.why.trace.facts().iter().for_each(|fact| kept.record(fact));
        Self { names: Names::of(explained.scenario), why: explained.why, kept }
    }

    fn head(&self, answer: &Answer) -> Head {
        let names = &self.names;
        let outcome = &self.why.report.outcome;
        let (title, text) = match &answer.subject {
            Subject::Broken(one) => (
                format!("{} broken by {}", one.rule.id(), names.party(one.party)),
                violation::one(names, one) + ".",
            ),
            Subject::Cell(cell) => {
                let (message, device) = (names.message(cell.message), names.device(cell.device));
                let told = sentence(names, outcome, &self.kept, cell);
                (
                    format!("{message} at {device}: {}", verdict(cell.leaf, cell.code)),
                    if answer.is_delivered() {
                        match answer.attempt {
                            Some(_) => format!("{device} can read {message}."),
                            None => format!(
                                "{device} has the key of {message}; {message} itself has not come to it."
                            ),
                        }
                    } else {
                        told.unwrap_or_default()
                    },
                )
            }
            Subject::Unsent(one) => (
                format!("{}: never sent", names.message(one.message)),
                format!("{}.", one.word(names)),
            ),
        };
        let facts = answer.slice.links.iter().filter(|link| link.is_witness || answer.is_unsent());
        let summary = Statement { text, facts: facts.map(|link| link.fact.id).collect() };
        Head { title, summary, shown: self.shown(answer), asides: self.asides(answer) }
    }

    /// The rules that bear on an answer, each with who broke it if somebody did.
    fn rules(&self, answer: &Answer) -> Vec<(Rule, Option<Culprit>)> {
        let broken = answer
            .broken
            .iter()
            .map(|one| (one.rule, Some(Culprit { party: one.party, injected: one.injected })));
        let mut rules: Vec<(Rule, Option<Culprit>)> = broken.collect();
        rules.dedup();
        // Where a rule was broken, the rules that usually decide about such a verdict are beside the point.
        if let Subject::Cell(cell) = &answer.subject
            && rules.is_empty()
            && (!answer.is_delivered() || is_shared(answer) && !is_departed(answer))
        {
            rules.extend(rules_of(cell.leaf).iter().map(|rule| (*rule, None)));
        }
        rules
    }

    /// The party at fault and the rules, a line each.
    fn rule_lines(&self, answer: &Answer) -> Vec<String> {
        let mut lines = Vec::new();
        if let Subject::Cell(Verdict { party: Some(party), .. }) = &answer.subject {
            lines.push(format!("party: {}", self.names.party(*party)));
        }
        // The sentence about a violation says which rule it is and who broke it.
        let is_broken = matches!(&answer.subject, Subject::Broken(_));
        for (rule, culprit) in self.rules(answer).into_iter().filter(|_| !is_broken) {
            let by = culprit.map(|culprit| {
                let party = self.names.party(culprit.party);
                let injected = culprit.injected.map(|fault| {
                    format!(" (injected by {}, counts against nobody)", self.names.fault(fault))
                });
                format!(", broken by {party}{}", injected.unwrap_or_default())
            });
            lines.push(format!("rule {}{}: {}", rule.id(), by.unwrap_or_default(), rule.text()));
        }
        lines
    }

    /// What the user of the device is told.
    fn shown(&self, answer: &Answer) -> Option<Statement> {
        let (fact, result) = answer.attempt.as_ref()?;
        let device = match &answer.subject {
            Subject::Cell(cell) => cell.device,
            Subject::Broken(violation) => violation.cell?.1,
            Subject::Unsent(_) => return None,
        };
        let setback = match result {
            TryResult::Undecryptable(Shown::Unexplained) => setback(answer, device, fact.id),
            TryResult::Undecryptable(Shown::Code { .. } | Shown::Reason { .. })
            | TryResult::Decrypted
            | TryResult::Hidden
            | TryResult::Invalid => None,
        };
        let device = self.names.device(device);
        let text = match result {
            TryResult::Undecryptable(shown) => {
                let shown = shown.word(&self.names);
                let since = setback.map_or_else(String::new, |(_, copied)| {
                    format!(" since the store of {device} became what it was at {copied}")
                });
                format!("The user of {device} is shown {shown}{since}.")
            }
            TryResult::Decrypted => format!("The user of {device} is shown the message."),
            TryResult::Hidden => {
                format!("The message was decrypted, and is not shown to the user of {device}.")
            }
            TryResult::Invalid => {
                format!("The user of {device} is shown that the message is not valid.")
            }
        };
        let setback = setback.map(|(restored, _)| restored);
        Some(Statement { text, facts: setback.into_iter().chain([fact.id]).collect() })
    }
}

/// Whether the key came from the sender itself: one that was forwarded, or is in a backup, nobody owed.
fn is_shared(answer: &Answer) -> bool {
    answer
        .slice
        .links
        .iter()
        .any(|link| matches!(link.fact.kind, FactKind::KeyIn { source: KeySource::RoomKey, .. }))
}

/// The last time before `attempt` that the device's store went back to before something that the explanation tells, with the time
/// of the copy.
fn setback(answer: &Answer, device: DeviceId, attempt: FactId) -> Option<(FactId, SimTime)> {
    let before = answer.slice.links.iter().rev().filter(|link| link.fact.id < attempt);
    before.map(|link| link.fact).find_map(|fact| {
        let FactKind::StoreRestored { device: of, snapshot } = fact.kind else { return None };
        (of == device).then_some((fact.id, snapshot))
    })
}

/// ` (#3, #17)`, or nothing.
fn references(facts: &[FactId]) -> String {
    if facts.is_empty() {
        return String::new();
    }
    let numbers: Vec<String> = facts.iter().map(|fact| format!("#{}", fact.raw())).collect();
    format!(" ({})", numbers.join(", "))
}
