//! One explanation as a page carries it: its sentences, and its facts by their numbers only, as the page has all facts anyway.
//! It does not know how the page shows it.

use serde::Serialize;

use crate::ids::FactId;
use crate::run::why::{Answer, Subject};

use super::Teller;

/// An explanation.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Telling {
    title: String,
    summary: String,
    /// What the user of the device is told.
    shown: Option<String>,
    rules: Vec<(&'static str, &'static str, Option<String>)>,
    message: Option<usize>,
    device: Option<usize>,
    party: Option<String>,
    /// The facts, each with whether the judgement rests on it and with those of the others that it came from.
    facts: Vec<(u32, u8, Vec<u32>)>,
    left_out: usize,
}

impl Teller<'_> {
    /// The explanation.
    pub(in crate::report) fn telling(&self, answer: &Answer) -> Telling {
        let head = self.head(answer);
        let told = [head.summary].into_iter().chain(head.asides).map(|said| said.text);
        let summary = told.collect::<Vec<String>>().join(" ");
        let (message, device) = match &answer.subject {
            Subject::Cell(cell) => (Some(cell.message), Some(cell.device)),
            Subject::Broken(one) => one.cell.unzip(),
            Subject::Unsent(one) => (Some(one.message), Some(one.device)),
        };
        let party = match &answer.subject {
            Subject::Cell(cell) => cell.party,
            Subject::Broken(one) => Some(one.party),
            Subject::Unsent(_) => None,
        };
        let rules = self.rules(answer).into_iter();
        let named = rules
            .map(|(rule, by)| (rule.id(), rule.text(), by.map(|by| self.names.party(by.party))));
        let links = answer.slice.links.iter().map(|link| {
            let causes = link.causes.iter().copied().map(FactId::raw).collect();
            (link.fact.id.raw(), u8::from(link.is_witness), causes)
        });
        Telling {
            title: head.title,
            summary,
            shown: head.shown.map(|shown| shown.text),
            rules: named.collect(),
            message: message.map(|message| message.index()),
            device: device.map(|device| device.index()),
            party: party.map(|party| self.names.party(party)),
            facts: links.collect(),
            left_out: answer.slice.left_out,
        }
    }
}
