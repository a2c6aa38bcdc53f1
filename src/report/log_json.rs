//! What logs were judged to be, as data; `docs/report-format.md` describes it.
//! It does not know which program reads it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::check::outcome::{Verdict, Violation};
use crate::check::undecided::Undecided;
use crate::ids::FactId;
use crate::run::logs::LogSummary;
use crate::run::status::Status;
use crate::trace::fact::FACTS_VERSION;

use super::json::FORMAT_VERSION;
use super::log::{LogTold, missing, whose};
use super::names::Names;
use super::narrate;
use super::rows::{Broken, Cell, Notices, counts, end, notices};

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
    violations: Vec<Broken<'a, Witness<'a>>>,
    verdicts: Vec<MaybeOpen<'a>>,
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

/// A cell with what would have to be known to decide it, if it could not be.
#[derive(Debug, Serialize)]
struct MaybeOpen<'a> {
    #[serde(flatten)]
    cell: Cell<'a, Witness<'a>>,
    why: Option<String>,
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
    let broken = |one: &Violation| Broken::of(&names, one, witnesses(told, &names, one.witnesses));
    LogDocument {
        format_version: FORMAT_VERSION,
        facts_version: FACTS_VERSION,
        reading: outcome.reading.name.as_str(),
        logs: files(told, &names),
        status: status.as_str(),
        exit_code: status.exit().code(),
        end: end(outcome.end),
        ended_at_ms: judged.ended_at.as_ms(),
        counts: counts(outcome),
        notices: notices(&names, outcome),
        violations: outcome.violations.iter().map(broken).collect(),
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

fn cell<'a>(told: &LogTold<'a>, names: &Names<'a>, one: &Verdict) -> MaybeOpen<'a> {
    let cells = &told.judged.outcome.gaps.cells;
    let open = cells
        .binary_search_by_key(&(one.message, one.device), |cell| (cell.message, cell.device))
        .ok()
        .map(|position| missing(names, told.reason(cells[position].why)));
    MaybeOpen { cell: Cell::of(names, one, witnesses(told, names, one.witnesses)), why: open }
}

fn open(told: &LogTold<'_>, names: &Names<'_>, one: &Undecided) -> Open {
    Open {
        rule: one.rule.id(),
        parties: one.parties.iter().map(|party| names.party(*party)).collect(),
        why: missing(names, told.reason(one.why)),
    }
}
