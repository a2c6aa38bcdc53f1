//! What logs were judged to be, as data; `docs/report-format.md` describes it.
//! It does not know which program reads it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::check::outcome::{Verdict, Violation};
use crate::check::undecided::Undecided;
use crate::ids::FactId;
use crate::rulebook::reading::Severity;
use crate::run::logs::LogSummary;
use crate::run::status::Status;
use crate::trace::fact::{FACTS_VERSION, RunEnd};

use super::counted::{Notices, counts, notices};
use super::json::FORMAT_VERSION;
use super::log::{LogTold, missing, whose};
use super::names::{Names, verdict};
use super::narrate;

/// The whole output.
#[derive(Debug, Serialize)]
pub struct LogDocument<'a> {
    format_version: u32,
    facts_version: u32,
    reading: &'static str,
    logs: Vec<File<'a>>,
    status: &'static str,
    exit_code: u8,
    end: &'static str,
    ended_at_ms: u64,
    counts: BTreeMap<String, u64>,
    notices: Vec<Notices<'a>>,
    violations: Vec<Broken<'a>>,
    verdicts: Vec<Cell<'a>>,
    undecided: Vec<Open>,
}

#[derive(Debug, Serialize)]
struct File<'a> {
    file: &'a str,
    about: &'a str,
    facts: u64,
    cut: bool,
    says_what: bool,
    unannounced: BTreeMap<String, u64>,
    back: Option<u64>,
    unknown: &'a BTreeMap<String, u64>,
}

#[derive(Debug, Serialize)]
struct Broken<'a> {
    rule: &'static str,
    party: String,
    severity: &'static str,
    injected_by: Option<usize>,
    message: Option<&'a str>,
    device: Option<&'a str>,
    witnesses: Vec<Witness<'a>>,
}

#[derive(Debug, Serialize)]
struct Cell<'a> {
    message: &'a str,
    device: &'a str,
    verdict: String,
    leaf: &'static str,
    code: Option<&'static str>,
    party: Option<String>,
    why: Option<String>,
    witnesses: Vec<Witness<'a>>,
}

#[derive(Debug, Serialize)]
struct Witness<'a> {
    file: &'a str,
    line: u64,
    fact: u32,
    at_ms: u64,
    text: String,
}

#[derive(Debug, Serialize)]
struct Open {
    rule: &'static str,
    parties: Vec<String>,
    why: String,
}

/// The document for these logs.
#[must_use]
pub fn log_document<'a>(told: &LogTold<'a>) -> LogDocument<'a> {
    let judged = told.judged;
    let (names, outcome) = (Names::of(&judged.names).with_ids(&judged.ids), &judged.outcome);
    let status: Status = told.status();
    LogDocument {
        format_version: FORMAT_VERSION,
        facts_version: FACTS_VERSION,
        reading: outcome.reading.name.as_str(),
        logs: files(told, &names),
        status: status.as_str(),
        exit_code: status.exit().code(),
        end: match outcome.end {
            RunEnd::Quiescent => "quiescent",
            RunEnd::Horizon => "horizon",
            RunEnd::ActionLimit => "action_limit",
        },
        ended_at_ms: judged.ended_at.as_ms(),
        counts: counts(outcome),
        notices: notices(&names, outcome),
        violations: outcome.violations.iter().map(|one| broken(told, &names, one)).collect(),
        verdicts: outcome.verdicts.iter().map(|one| cell(told, &names, one)).collect(),
        undecided: outcome.gaps.rules.iter().map(|one| open(told, &names, one)).collect(),
    }
}

fn files<'a>(told: &LogTold<'a>, names: &Names<'_>) -> Vec<File<'a>> {
    let unannounced = |log: &LogSummary| {
        log.unannounced.iter().map(|(observer, facts)| (whose(names, *observer), *facts)).collect()
    };
    let rows = told.files.iter().zip(&told.judged.logs);
    rows.map(|(file, log)| File {
        file,
        about: &log.about,
        facts: log.facts,
        cut: log.cut,
        says_what: log.says_what,
        unannounced: unannounced(log),
        back: log.back,
        unknown: &log.unknown,
    })
    .collect()
}

fn witnesses<'a>(
    told: &LogTold<'a>,
    names: &Names<'_>,
    ids: [Option<FactId>; 3],
) -> Vec<Witness<'a>> {
    let witness = |id: FactId| {
        let (line, fact) = told.judged.witnesses.get(&id)?;
        Some(Witness {
            file: &told.files[line.log],
            line: line.line,
            fact: id.raw(),
            at_ms: fact.at.as_ms(),
            text: narrate::clause(names, fact),
        })
    };
    ids.into_iter().flatten().filter_map(witness).collect()
}

fn broken<'a>(told: &LogTold<'a>, names: &Names<'a>, one: &Violation) -> Broken<'a> {
    Broken {
        rule: one.rule.id(),
        party: names.party(one.party),
        severity: match one.severity {
            Severity::Warning => "warning",
            Severity::Violation => "violation",
        },
        injected_by: one.injected.map(|fault| fault.index() + 1),
        message: one.cell.map(|(message, _)| names.scenario.message_name(message)),
        device: one.cell.map(|(_, device)| names.scenario.device_name(device)),
        witnesses: witnesses(told, names, one.witnesses),
    }
}

fn cell<'a>(told: &LogTold<'a>, names: &Names<'a>, one: &Verdict) -> Cell<'a> {
    let cells = &told.judged.outcome.gaps.cells;
    let open = cells
        .binary_search_by_key(&(one.message, one.device), |cell| (cell.message, cell.device))
        .ok()
        .map(|position| missing(names, told.reason(cells[position].why)));
    Cell {
        message: names.scenario.message_name(one.message),
        device: names.scenario.device_name(one.device),
        verdict: verdict(one.leaf, one.code),
        leaf: one.leaf.number(),
        code: one.code.map(|code| code.as_str()),
        party: one.party.map(|party| names.party(party)),
        why: open,
        witnesses: witnesses(told, names, one.witnesses),
    }
}

fn open(told: &LogTold<'_>, names: &Names<'_>, one: &Undecided) -> Open {
    Open {
        rule: one.rule.id(),
        parties: one.parties.iter().map(|party| names.party(*party)).collect(),
        why: missing(names, told.reason(one.why)),
    }
}
