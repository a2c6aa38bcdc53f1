//! Explanations as data; `docs/report-format.md` describes the document.
//! It does not know which program reads it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::explain::slice::Link;
use crate::ids::FactId;
use crate::report::json::FORMAT_VERSION;
use crate::report::names::verdict;
use crate::report::narrate;
use crate::report::restless::{StillDone, still_done};
use crate::run::why::{Answer, Subject};
use crate::trace::fact::FACTS_VERSION;
use crate::trace::jsonl::fact_as_json;

use super::{Explained, Statement, Teller};

/// The whole output.
#[derive(Debug, Serialize)]
pub struct Explanations<'a> {
    format_version: u32,
    facts_version: u32,
    reading: &'static str,
    file: &'a str,
    about: &'a str,
    seed: u64,
    digest: String,
    explanations: Vec<Explanation<'a>>,
    others: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    restless: Option<StillDone>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    remarks: BTreeMap<&'a str, &'a [String]>,
    more: &'a str,
}

#[derive(Debug, Serialize)]
struct Explanation<'a> {
    about: &'static str,
    message: Option<&'a str>,
    device: Option<&'a str>,
    verdict: Option<String>,
    leaf: Option<&'static str>,
    code: Option<&'static str>,
    party: Option<String>,
    rules: Vec<RuleOf>,
    summary: Said,
    shown: Option<Said>,
    asides: Vec<Said>,
    facts: Vec<Told>,
    left_out: usize,
}

#[derive(Debug, Serialize)]
struct RuleOf {
    id: &'static str,
    meaning: &'static str,
    broken_by: Option<String>,
    injected_by: Option<String>,
}

#[derive(Debug, Serialize)]
struct Said {
    text: String,
    facts: Vec<u32>,
}

#[derive(Debug, Serialize)]
struct Told {
    id: u32,
    at_ms: u64,
    sentence: String,
    because_of: Vec<u32>,
    witness: bool,
    fact: Box<RawValue>,
}

/// The explanations as data.
#[must_use]
pub fn document<'a>(explained: &Explained<'a>) -> Explanations<'a> {
    let teller = Teller::new(explained);
    let report = &explained.why.report;
    let answers = explained.why.answers.iter();
    Explanations {
        format_version: FORMAT_VERSION,
        facts_version: FACTS_VERSION,
        reading: report.outcome.reading.name.as_str(),
        file: explained.path,
        about: &explained.scenario.about,
        seed: report.seed,
        digest: format!("{:016x}", report.digest),
        explanations: answers.map(|answer| explanation(&teller, answer)).collect(),
        others: explained.why.others,
        restless: report.restless.as_ref().map(|one| still_done(&teller.names, one)),
        remarks: report.remarks.iter().map(|one| (one.about, &one.lines[..])).collect(),
        more: explained.more,
    }
}

fn explanation<'a>(teller: &Teller<'a>, answer: &Answer) -> Explanation<'a> {
    let scenario = teller.names.scenario;
    let head = teller.head(answer);
    let (message, device) = match &answer.subject {
        Subject::Cell(cell) => (Some(cell.message), Some(cell.device)),
        Subject::Broken(one) => one.cell.unzip(),
        Subject::Unsent(one) => (Some(one.message), Some(one.device)),
    };
    let cell = match &answer.subject {
        Subject::Cell(cell) => Some(cell),
        Subject::Broken(_) | Subject::Unsent(_) => None,
    };
    let party = match &answer.subject {
        Subject::Cell(cell) => cell.party,
        Subject::Broken(one) => Some(one.party),
        Subject::Unsent(_) => None,
    };
    Explanation {
        about: match &answer.subject {
            Subject::Cell(_) => "cell",
            Subject::Broken(_) => "violation",
            Subject::Unsent(_) => "unsent",
        },
        message: message.map(|message| scenario.message_name(message)),
        device: device.map(|device| scenario.device_name(device)),
        verdict: cell.map(|cell| verdict(cell.leaf, cell.code)),
        leaf: cell.map(|cell| cell.leaf.number()),
        code: cell.and_then(|cell| cell.code).map(|code| code.as_str()),
        party: party.map(|party| teller.names.party(party)),
        rules: teller
            .rules(answer)
            .into_iter()
            .map(|(rule, culprit)| RuleOf {
                id: rule.id(),
                meaning: rule.text(),
                broken_by: culprit.map(|culprit| teller.names.party(culprit.party)),
                injected_by: culprit
                    .and_then(|culprit| culprit.injected)
                    .map(|fault| teller.names.fault(fault)),
            })
            .collect(),
        summary: said(head.summary),
        shown: head.shown.map(said),
        asides: head.asides.into_iter().map(said).collect(),
        facts: answer.slice.links.iter().map(|link| told(teller, link)).collect(),
        left_out: answer.slice.left_out,
    }
}

fn said(statement: Statement) -> Said {
    Said { text: statement.text, facts: numbers(&statement.facts) }
}

fn numbers(facts: &[FactId]) -> Vec<u32> {
    facts.iter().map(|fact| fact.raw()).collect()
}

fn told(teller: &Teller<'_>, link: &Link) -> Told {
    let line = fact_as_json(&link.fact, teller.names.scenario);
    Told {
        id: link.fact.id.raw(),
        at_ms: link.fact.at.as_ms(),
        sentence: narrate::clause(&teller.names, &link.fact),
        because_of: numbers(&link.causes),
        witness: link.is_witness,
        fact: RawValue::from_string(line).expect("a line of a trace is JSON"),
    }
}
