//! D-06 (sender, SHOULD; tracking the device list, note): after `left` a list is no longer good; whoever needs it asks again. A
//! warning in every reading. It does not know what a device remembers that it does not use.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::ids::BitSet;
use crate::protocol::api::ListChange;
use crate::protocol::to_device::OlmEvent;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of D-06: a key that was begun with after `left`, for a device of that user, without a new query.
#[derive(Debug, Clone, Default)]
pub(crate) struct Followed {
    /// Who was ever told `left`.
    told: BitSet,
}

impl Judge for Followed {
    const HEARS: Kinds = Kinds::of(&[Kind::ListNote, Kind::OlmEncrypted]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let view = case.view;
        if let FactKind::ListNote { device, change: ListChange::Left, .. } = case.fact.kind {
            self.told.insert(device.index());
        } else if let FactKind::OlmEncrypted { device, peer, event: OlmEvent::RoomKey(key), .. } =
            case.fact.kind
            && self.told.contains(device.index())
        {
            findings.met(Rule::D06);
            let left = view.lists.left_since(device, view.cast.user(peer));
            // What was begun while the user was followed may be finished.
            let (prepared_from, _) = view.messages.prepared(device, key.room, case.now());
            let begun = view.olm.claiming_since(device, case.fact.at);
            let begun = begun.map_or(prepared_from, |since| since.min(prepared_from));
            let restored = left.and_then(|left| view.life.lost_since(device, left));
            if let (Some(left), None) = (left, restored)
                && begun > left
            {
                let witnesses = [Some(left), Some(case.fact.id)];
                findings.raise(Rule::D06, Party::Device(device), witnesses);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, BOB, Story, device, s};
    use crate::protocol::api::ListChange;
    use crate::rulebook::reading::Severity;
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::FactKind;

    fn left() -> Story {
        let mut story = Story::with_olm();
        let (device, user, change) = (A1, BOB, ListChange::Left);
        story.by(A1, FactKind::ListNote { device, user, change });
        story
    }

    fn found(story: &Story) -> Vec<Severity> {
        let violations = story.judge().violations.into_iter();
        let found = violations.filter(|one| (one.rule, one.party) == (Rule::D06, device(A1)));
        found.map(|one| one.severity).collect()
    }

    #[test]
    fn a_new_session_for_a_list_that_is_no_longer_followed_is_worth_a_warning() {
        let mut story = left();
        story.session(A1, s(1));
        let mut asked = story.clone();
        story.give((A1, B1), s(1), 0);
        assert_eq!(found(&story), [Severity::Warning]);
        asked.learn(A1, BOB, &[B1]);
        asked.give((A1, B1), s(1), 0);
        assert_eq!(found(&asked), []);
        assert_eq!(asked.judge().marks.of(Rule::D06), 1);
        let mut kept = left();
        let mut lost = kept.clone();
        kept.goes_back_a_little(A1);
        let snapshot = lost.now();
        lost.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        for (mut story, expected) in [(kept, &[Severity::Warning][..]), (lost, &[])] {
            story.session(A1, s(1));
            story.give((A1, B1), s(1), 0);
            assert_eq!(found(&story), expected);
        }
    }

    #[test]
    fn what_was_begun_before_may_still_be_given_and_what_was_only_owed_may_not() {
        let mut owed = left();
        owed.give((A1, B1), s(0), 0);
        assert_eq!(found(&owed), [Severity::Warning]);
        let mut begun = Story::with_olm();
        begun.claim(A1, B1);
        let (device, user, change) = (A1, BOB, ListChange::Left);
        begun.by(A1, FactKind::ListNote { device, user, change });
        begun.give((A1, B1), s(0), 0);
        assert_eq!(found(&begun), []);
    }
}
