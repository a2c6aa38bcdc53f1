//! Counts that a device was told in a sync answer, judged once it is known how far that answer reached.
//! It does not know what the counts should have been; the rules do.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use crate::check::findings::Findings;
use crate::check::rules::{AtRest, Case, Judge};
use crate::check::view::View;
use crate::check::view::counts::Counts;
use crate::ids::{DeviceId, FactId};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::time::SimTime;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// A rule on what counts say of something that has been so for a while.
pub(crate) trait OfCounts {
    /// The rule.
    const RULE: Rule;

    /// Since when it has been so.
    fn since(view: &View, device: DeviceId) -> Option<FactId>;

    /// Whether counts that take this in deny it.
    fn is_wrong(counts: &Counts) -> bool;
}

/// The judge of such a rule: an answer that was written since and denies it is a breach of the server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counted<R> {
    rule: PhantomData<R>,
    /// The counts that were found to be wrong.
    wrong: BTreeSet<FactId>,
}

impl<R: OfCounts> Counted<R> {
    fn judge(&mut self, view: &View, told: Told, findings: &mut Findings) {
        let Some(since) = R::since(view, told.device) else { return };
        let Some(answer) = told.takes_in(view, since) else { return };
        findings.met(R::RULE);
        if R::is_wrong(&told.counts) && self.wrong.insert(told.counts.fact) {
            let server = Party::Server(view.cast.server_of(told.device));
            findings.raise(R::RULE, server, told.witnesses(since, answer));
        }
    }
}

impl<R: OfCounts> Judge for Counted<R> {
    const HEARS: Kinds = Kinds::of(&[Kind::KeyCounts]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        // What the device was told until now is known to be over; and what it is told now is no older.
        for told in [Told::before(case), Told::now(case)].into_iter().flatten() {
            self.judge(case.view, told, findings);
        }
    }

    fn rest(&mut self, at_rest: AtRest<'_>, findings: &mut Findings) {
        Told::last(at_rest).for_each(|told| self.judge(at_rest.view, told, findings));
    }
}

/// What a device was told from one time on to another.
#[derive(Debug, Clone, Copy)]
struct Told {
    /// The device.
    device: DeviceId,
    /// What it was told.
    counts: Counts,
    until: SimTime,
}

impl Told {
    /// What the device of a fact of new counts is told with it.
    fn now(case: Case<'_>) -> Option<Self> {
        let FactKind::KeyCounts { device, .. } = case.fact.kind else { return None };
        let counts = case.view.counts.now(device)?;
        Some(Self { device, counts, until: case.fact.at })
    }

    /// What the device of a fact of new counts was told until then.
    fn before(case: Case<'_>) -> Option<Self> {
        let FactKind::KeyCounts { device, .. } = case.fact.kind else { return None };
        let counts = case.view.counts.before(device)?;
        Some(Self { device, counts, until: case.fact.at })
    }

    /// What each device was told last.
    fn last(at_rest: AtRest<'_>) -> impl Iterator<Item = Self> {
        let all = at_rest.view.counts.all();
        all.map(|(device, counts)| Self { device, counts, until: SimTime::MAX })
    }

    /// A fact of the device's server that an answer with these counts takes in, if that shows that it takes in `since`, too.
    fn takes_in(&self, view: &View, since: FactId) -> Option<FactId> {
        let named = self.counts.as_of.filter(|named| *named >= since);
        // Of an answer is known only that it was put together after what it tells.
        let told = view.answers.newest(self.device, self.until).filter(|told| *told > since);
        named.max(told)
    }

    /// The facts that show what is wrong with them, ascending: what should be in them, that the device was told, and `answer`.
    fn witnesses(&self, since: FactId, answer: FactId) -> [Option<FactId>; 3] {
        let mut witnesses = [since, self.counts.fact, answer];
        witnesses.sort_unstable();
        witnesses.map(Some)
    }
}
