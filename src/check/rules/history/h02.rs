//! H-02 (sender and recipient, MUST; MSC4268; `m.room_key`): `shared_history` that is absent or no boolean counts as false.
//! Every reading agrees. It does not see the store of a client: what a client took it for shows when it makes a bundle.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::protocol::to_device::SharedHistory;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, KeySource};
use crate::trace::kind::{Kind, Kinds};

/// The judge of H-02: a bundle with the key of a session that the device knows only by such a room key is a breach.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AbsentIsFalse;

impl Judge for AbsentIsFalse {
    const HEARS: Kinds = Kinds::of(&[Kind::BundleKey, Kind::BundleWithheld]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let (device, session, with_key) =
            if let FactKind::BundleKey { device, session, .. } = case.fact.kind {
                (device, session, true)
            } else if let FactKind::BundleWithheld { device, content, .. } = case.fact.kind
                && let Some(session) = content.session_id.value()
            {
                (device, session, false)
            } else {
                return;
            };
        let (view, odd) = (case.view, [SharedHistory::Absent, SharedHistory::NotABoolean]);
        let flag = view.bundles.flag(device, session);
        let Some(held) = view.holdings.of(device, session) else { return };
        if held.source != KeySource::RoomKey || !flag.is_some_and(|flag| odd.contains(&flag)) {
            return;
        }
        findings.met(Rule::H02);
        if with_key {
            let witnesses = [Some(held.taken.fact), Some(case.fact.id)];
            findings.raise(Rule::H02, Party::Device(device), witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::bundles::{lists, made, not_shared, received, shared};
    use crate::check::testing::{B1, Story, device, s};
    use crate::protocol::room::HistoryVisibility;
    use crate::protocol::to_device::SharedHistory;
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::KeySource;

    /// B1 holds a session by a key with this flag.
    fn holder(flag: SharedHistory) -> Story {
        let mut story = shared(HistoryVisibility::Shared);
        received(&mut story, B1, s(0), flag);
        made(&mut story, B1);
        story
    }

    fn broken(story: &Story) -> bool {
        story.rules().contains(&(Rule::H02, device(B1)))
    }

    #[test]
    fn a_session_of_unknown_worth_is_withheld() {
        for flag in [SharedHistory::Absent, SharedHistory::NotABoolean] {
            let mut story = holder(flag);
            not_shared(&mut story, B1, s(0));
            assert_eq!(story.rules(), []);
            assert_eq!(story.judge().marks.of(Rule::H02), 1);
        }
    }

    #[test]
    fn one_that_is_given_away_was_taken_for_shared() {
        for flag in [SharedHistory::Absent, SharedHistory::NotABoolean] {
            let mut story = holder(flag);
            lists(&mut story, B1, s(0));
            assert!(broken(&story), "{flag:?}");
        }
    }

    #[test]
    fn a_plain_answer_is_no_matter_of_this_rule() {
        for flag in [SharedHistory::Yes, SharedHistory::No] {
            let mut story = holder(flag);
            lists(&mut story, B1, s(0));
            assert!(!broken(&story), "{flag:?}");
            assert_eq!(story.judge().marks.of(Rule::H02), 0);
        }
    }

    #[test]
    fn a_key_that_came_in_a_bundle_as_well_may_be_shared() {
        let mut story = shared(HistoryVisibility::Shared);
        received(&mut story, B1, s(0), SharedHistory::Absent);
        let from = Some(crate::check::testing::ALICE);
        story.key_in(B1, s(0), 0, KeySource::Bundle { from });
        made(&mut story, B1);
        lists(&mut story, B1, s(0));
        assert_eq!(story.broken_of(&[Rule::H02]), []);
    }

    #[test]
    fn a_key_that_nobody_saw_come_leaves_it_undecided() {
        let mut story = shared(HistoryVisibility::Shared);
        made(&mut story, B1);
        lists(&mut story, B1, s(0));
        assert!(!broken(&story));
    }
}
