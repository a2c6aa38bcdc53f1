//! A scenario that is worth a run: valid, and none that was tried before under whatever names.
//! It does not know how it was made.

use std::collections::BTreeSet;
use std::hash::Hash;

use crate::engine::digest::Digest;
use crate::scenario::file;
use crate::scenario::limits::Limits;
use crate::scenario::model::Scenario;

use super::cut::told;
use super::names::renamed;

/// What was tried, by what it is and not by what it is called.
#[derive(Debug, Clone, Default)]
pub(super) struct Tried {
    seen: BTreeSet<u64>,
}

/// What became of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Checked {
    /// It is worth a run.
    New(Box<Scenario>),
    /// It was tried before.
    Known,
    /// No file can say it.
    Invalid,
}

impl Tried {
    /// Notes a scenario; false if it was noted before.
    pub(super) fn note(&mut self, scenario: &Scenario) -> bool {
        self.seen.insert(content(scenario))
    }

    /// A draft as the reader of files makes it, if it is new. What is exactly a scenario is what is written and read
    /// again as the same.
    pub(super) fn check(&mut self, draft: &Scenario) -> Checked {
        if !self.note(draft) {
            return Checked::Known;
        }
        let Some(read) = as_read(draft) else { return Checked::Invalid };
        // Texts may have other ids now, and probes are there again.
        let is_other = content(&read) != content(draft);
        if is_other && !self.note(&read) {
            return Checked::Known;
        }
        Checked::New(Box::new(read))
    }
}

/// What the reader makes of a scenario that is written; `None` if it finds something wrong with it. What the reader returns
/// is written and read as the same.
pub(super) fn as_read(draft: &Scenario) -> Option<Scenario> {
    file::read(&file::write(draft), &Limits::FILES).ok()
}

/// A digest of everything but names.
fn content(scenario: &Scenario) -> u64 {
    let mut digest = Digest::default();
    let mut plain = renamed(told(scenario));
    plain.rules.clear();
    plain.hash(&mut digest);
    digest.value()
}
