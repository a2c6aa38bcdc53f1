//! H-01 (sender, SHOULD; specification, "Shareable encryption sessions"; MSC4268): `shared_history` of a room key is true if
//! history is shared by the visibility that the sender has seen, and only then. What holds where none was ever set is read
//! in two ways. It does not know whether the session should have been replaced since.

use std::collections::BTreeSet;

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::bundles::MadeUnder;
use crate::ids::MegolmSessionId;
use crate::protocol::to_device::OlmEvent;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of H-01: a session whose keys say something else than was so when it was made is a breach, once.
#[derive(Debug, Clone, Default)]
pub(crate) struct FlagSaysWhatIsSo {
    said: BTreeSet<MegolmSessionId>,
}

impl Judge for FlagSaysWhatIsSo {
    const HEARS: Kinds = Kinds::of(&[Kind::OlmEncrypted]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::OlmEncrypted { device, event: OlmEvent::RoomKey(key), .. } = case.fact.kind
        else {
            return;
        };
        let view = case.view;
        let Some(made) = view.messages.session(key.session) else { return };
        let MadeUnder::Seen(value) = view.made_under(key.session) else { return };
        if made.creator != device {
            return;
        }
        findings.met(Rule::H01);
        let flag = key.shared_history.is_shared();
        // Where the visibility has changed since, the present one is as good: whether the session may still be used is for
        // R-06 to say.
        let present = view.rooms.visibility_seen(view.cast.server_of(device), device, made.room);
        let fits = |value| view.is_shareable(value).is_none_or(|shareable| shareable == flag);
        if !fits(value) && !fits(present) && self.said.insert(key.session) {
            let witnesses = [Some(made.new), Some(case.fact.id)];
            findings.raise(Rule::H01, Party::Device(device), witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::bundles::{give, shared, visibility};
    use crate::check::testing::{A1, B1, Story, device, rules, s};
    use crate::protocol::room::HistoryVisibility;
    use crate::protocol::to_device::SharedHistory;
    use crate::rulebook::reading::ReadingName;
    use crate::rulebook::rule::Rule;

    #[test]
    fn a_flag_that_follows_the_visibility_is_right() {
        for (value, flag) in [
            (HistoryVisibility::Shared, SharedHistory::Yes),
            (HistoryVisibility::WorldReadable, SharedHistory::Yes),
            (HistoryVisibility::Joined, SharedHistory::No),
            (HistoryVisibility::Invited, SharedHistory::No),
            (HistoryVisibility::Invited, SharedHistory::Absent),
        ] {
            let mut story = shared(value);
            story.session(A1, s(0));
            give(&mut story, (A1, B1), s(0), flag);
            assert_eq!(story.rules(), [], "{value:?} {flag:?}");
            assert_eq!(story.judge().marks.of(Rule::H01), 1);
        }
    }

    #[test]
    fn a_flag_that_does_not_is_a_breach_once_for_the_session() {
        for (value, flag) in [
            (HistoryVisibility::Joined, SharedHistory::Yes),
            (HistoryVisibility::Shared, SharedHistory::No),
            (HistoryVisibility::Shared, SharedHistory::Absent),
            (HistoryVisibility::Shared, SharedHistory::NotABoolean),
        ] {
            let mut story = shared(value);
            let made = story.session(A1, s(0));
            give(&mut story, (A1, B1), s(0), flag);
            give(&mut story, (A1, B1), s(0), flag);
            assert_eq!(story.rules(), [(Rule::H01, device(A1))], "{value:?} {flag:?}");
            assert_eq!(story.judge().violations[0].witnesses[0], Some(made));
        }
    }

    #[test]
    fn after_a_change_the_flag_may_say_what_was_so_or_what_is_so() {
        for flag in [SharedHistory::Yes, SharedHistory::No] {
            let mut story = shared(HistoryVisibility::Shared);
            story.session(A1, s(0));
            visibility(&mut story, HistoryVisibility::Joined, 4);
            give(&mut story, (A1, B1), s(0), flag);
            assert_eq!(story.rules(), []);
        }
    }

    #[test]
    fn what_no_event_has_set_is_private_by_the_letter_and_open_to_a_lenient_reader() {
        let mut story = Story::begin();
        story.session(A1, s(0));
        give(&mut story, (A1, B1), s(0), SharedHistory::Yes);
        assert_eq!(story.rules(), [(Rule::H01, device(A1))]);
        assert_eq!(rules(&story.judge_as(ReadingName::Lenient)), []);
    }

    #[test]
    fn without_knowing_what_the_maker_saw_there_is_nothing_to_decide() {
        let mut story = Story::empty();
        story.session(A1, s(0));
        give(&mut story, (A1, B1), s(0), SharedHistory::Yes);
        give(&mut story, (A1, B1), s(1), SharedHistory::Yes);
        assert_eq!(story.judge().marks.of(Rule::H01), 0);
        assert_eq!(story.rules(), []);
    }
}
