//! What is counted in the JSON of a run and of logs alike: the verdicts of each kind, and the notices between two devices.
//! It does not know what else stands in the document.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::check::outcome::Outcome;

use super::names::{Names, verdict};

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
