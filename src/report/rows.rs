//! The rows that the JSON of a run and of logs have in common: broken rules, verdicts, and what is counted of both and of notices.
//! It does not know what else stands in the document, nor how a witness is told.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::check::outcome::{Outcome, Verdict, Violation};
use crate::rulebook::reading::Severity;
use crate::trace::fact::RunEnd;

use super::names::{Names, verdict};

/// A broken rule.
#[derive(Debug, Serialize)]
pub(super) struct Broken<'a, W> {
    rule: &'static str,
    party: String,
    severity: &'static str,
    injected_by: Option<usize>,
    message: Option<&'a str>,
    device: Option<&'a str>,
    witnesses: Vec<W>,
}

impl<'a, W> Broken<'a, W> {
    pub(super) fn of(names: &Names<'a>, one: &Violation, witnesses: Vec<W>) -> Self {
        Self {
            rule: one.rule.id(),
            party: names.party(one.party),
            severity: match one.severity {
                Severity::Warning => "warning",
                Severity::Violation => "violation",
            },
            injected_by: one.injected.map(|fault| fault.index() + 1),
            message: one.cell.map(|(message, _)| names.scenario.message_name(message)),
            device: one.cell.map(|(_, device)| names.scenario.device_name(device)),
            witnesses,
        }
    }
}

/// What became of a message at a device.
#[derive(Debug, Serialize)]
pub(super) struct Cell<'a, W> {
    message: &'a str,
    device: &'a str,
    verdict: String,
    leaf: &'static str,
    code: Option<&'static str>,
    party: Option<String>,
    witnesses: Vec<W>,
}

impl<'a, W> Cell<'a, W> {
    pub(super) fn of(names: &Names<'a>, one: &Verdict, witnesses: Vec<W>) -> Self {
        Self {
            message: names.scenario.message_name(one.message),
            device: names.scenario.device_name(one.device),
            verdict: verdict(one.leaf, one.code),
            leaf: one.leaf.number(),
            code: one.code.map(|code| code.as_str()),
            party: one.party.map(|party| names.party(party)),
            witnesses,
        }
    }
}

/// How a run ended.
pub(super) const fn end(end: RunEnd) -> &'static str {
    match end {
        RunEnd::Quiescent => "quiescent",
        RunEnd::Horizon => "horizon",
        RunEnd::ActionLimit => "action_limit",
    }
}

/// So many notices with this code went from one device to another.
#[derive(Debug, Serialize)]
pub(super) struct Notices<'a> {
    from: &'a str,
    to: &'a str,
    code: &'static str,
    count: u32,
}

/// How many cells have each verdict.
pub(super) fn counts(outcome: &Outcome) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for one in &outcome.verdicts {
        *counts.entry(verdict(one.leaf, one.code)).or_default() += 1;
    }
    counts
}

/// The notices of a run, in the order of the outcome.
pub(super) fn notices<'a>(names: &Names<'a>, outcome: &Outcome) -> Vec<Notices<'a>> {
    let rows = outcome.notices.iter().map(|one| Notices {
        from: names.scenario.device_name(one.sender),
        to: names.scenario.device_name(one.recipient),
        code: one.code.as_str(),
        count: one.count,
    });
    rows.collect()
}
