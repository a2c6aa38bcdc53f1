//! Counts that a device was told in a sync answer, when it is known how far that answer reached.
//! It does not know what the counts should have been.

use crate::check::rules::{AtRest, Case};
use crate::check::view::View;
use crate::check::view::counts::Counts;
use crate::ids::{DeviceId, FactId};
use crate::time::SimTime;
use crate::trace::fact::FactKind;

/// What a device was told from one time on to another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    /// The device.
    pub(super) device: DeviceId,
    /// What it was told.
    pub(super) counts: Counts,
    until: SimTime,
}

impl Told {
    /// What the device of a fact of new counts is told with it.
    pub(super) fn now(case: Case<'_>) -> Option<Self> {
        let FactKind::KeyCounts { device, .. } = case.fact.kind else { return None };
        let counts = case.view.counts.now(device)?;
        Some(Self { device, counts, until: case.fact.at })
    }

    /// What the device of a fact of new counts was told until then.
    pub(super) fn before(case: Case<'_>) -> Option<Self> {
        let FactKind::KeyCounts { device, .. } = case.fact.kind else { return None };
        let counts = case.view.counts.before(device)?;
        Some(Self { device, counts, until: case.fact.at })
    }

    /// What each device was told last.
    pub(super) fn last(at_rest: AtRest<'_>) -> impl Iterator<Item = Self> {
        let all = at_rest.view.counts.all();
        all.map(|(device, counts)| Self { device, counts, until: SimTime::MAX })
    }

    /// A fact of the device's server that an answer with these counts takes in, if that shows that it takes in `since`, too.
    pub(super) fn takes_in(&self, view: &View, since: FactId) -> Option<FactId> {
        let named = self.counts.as_of.filter(|named| *named >= since);
        // Of an answer is known only that it was put together after what it tells.
        let told = view.answers.newest(self.device, self.until).filter(|told| *told > since);
        named.max(told)
    }

    /// The facts that show what is wrong with them, ascending: what should be in them, that the device was told, and `answer`.
    pub(super) fn witnesses(&self, since: FactId, answer: FactId) -> [Option<FactId>; 3] {
        let mut witnesses = [since, self.counts.fact, answer];
        witnesses.sort_unstable();
        witnesses.map(Some)
    }
}
