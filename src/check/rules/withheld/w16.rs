//! W-16 (sender, MUST; specification, `sender_key` of `m.room_key.withheld`): it is the Curve25519 key of the notice's
//! sender; a reply may name the creator of the session instead (A-01, as the MSC has it). It does not know a field that
//! is missing (W-03).

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::protocol::withheld::Field;
use crate::rulebook::rule::Rule;

/// The judge of W-16.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OwnKey;

impl NoticeJudge for OwnKey {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        let (notice, sender) = (accepted.notice, accepted.message.sender);
        let named = match notice.content.sender_key {
            Field::Absent | Field::NotAString => return,
            Field::Other(_) => None,
            Field::Is(device) => Some(device),
        };
        findings.met(Rule::W16);
        let creator = notice
            .session
            .filter(|_| !accepted.is_proactive())
            .map(|session| accepted.view.messages.session(session).map(|made| made.creator));
        let is_creator = match creator {
            // Of a session whose making nobody saw, any device may be the creator.
            Some(None) => named.is_some(),
            Some(Some(creator)) => named == Some(creator),
            None => false,
        };
        if named != Some(sender) && !is_creator {
            accepted.raise(Rule::W16, findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, A2, B1, B2, R, Story, about, device, rules, s};
    use crate::ids::DeviceId;
    use crate::protocol::to_device::KeyRequestAction;
    use crate::protocol::withheld::{Field, SessionCode, WithheldContent, WithheldNotice};
    use crate::rulebook::reading::ReadingName;
    use crate::rulebook::rule::Rule;

    fn naming(key: Field<DeviceId>) -> WithheldContent {
        WithheldContent { sender_key: key, ..about(A1, s(0), SessionCode::Blacklisted) }
    }

    #[test]
    fn a_notice_names_its_senders_key() {
        let mut story = Story::blocked();
        story.tell((A1, B1), naming(Field::Is(A1)));
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::W16), 1);
    }

    #[test]
    fn another_key_is_a_breach_in_every_reading() {
        let mut other = Story::blocked();
        let text = other.text("not a key");
        for key in [Field::Is(A2), Field::Other(text)] {
            let mut story = other.clone();
            story.tell((A1, B1), naming(key));
            for reading in ReadingName::ALL {
                assert_eq!(rules(&story.judge_as(reading)), [(Rule::W16, device(A1))]);
            }
        }
        let mut no_olm = Story::begin();
        no_olm.claim_fails(A1, B1);
        let content = WithheldNotice::NoOlm.content(A2);
        no_olm.tell((A1, B1), content);
        assert_eq!(no_olm.rules(), [(Rule::W16, device(A1))]);
    }

    #[test]
    fn a_reply_may_name_the_creator_and_nobody_else() {
        for (named, broken) in [(A1, false), (B2, false), (A2, true)] {
            let mut story = Story::with_olm();
            story.up(B2);
            story.request((B1, B2), 1, KeyRequestAction::Request { room: R, session: s(0) });
            let content = about(named, s(0), SessionCode::Unavailable);
            story.tell((B2, B1), content);
            assert_eq!(story.rules().contains(&(Rule::W16, device(B2))), broken, "{named:?}");
        }
    }

    #[test]
    fn of_a_session_whose_making_was_not_seen_the_creator_is_not_known() {
        let mut story = Story::begin();
        story.request((B1, A1), 1, KeyRequestAction::Request { room: R, session: s(9) });
        story.tell((A1, B1), about(A2, s(9), SessionCode::Unavailable));
        assert_eq!(story.rules(), []);
    }
}
