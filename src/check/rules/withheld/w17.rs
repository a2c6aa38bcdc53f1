//! W-17 (sender, implied; specification, reporting that decryption keys are withheld): of its own accord a sender
//! reports only to devices of users who, by what it has seen, could see messages of the session. It does not know
//! `m.no_olm`, which has no room.

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::rulebook::rule::Rule;

/// The judge of W-17.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct InSight;

impl NoticeJudge for InSight {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        let Some(in_sight) = accepted.notice.circumstances.in_sight else { return };
        if !accepted.is_proactive() {
            return;
        }
        findings.met(Rule::W17);
        let (sender, put) = (accepted.message.sender, accepted.message.put);
        // Who never was in the room on any server is so in no older store.
        let view = accepted.view;
        let made = accepted.notice.session.and_then(|session| view.messages.session(session));
        let is_stranger = made
            .is_some_and(|made| view.rooms.place(made.room, accepted.message.recipient).is_none());
        // And what no older store took anything of is as it was.
        let is_known = made.is_some_and(|made| {
            !view.rooms.may_be_lost(sender, made.room)
                && view.life.unsettled_since(sender, made.new, put).is_none()
                && !view.doubts.of(sender)
        });
        let is_sure = is_stranger || is_known || view.life.unsettled_by(sender, put).is_none();
        if !in_sight && is_sure {
            accepted.raise(Rule::W17, findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, BOB, C1, Story, about, device, rules, s};
    use crate::protocol::room::Membership;
    use crate::protocol::withheld::SessionCode;
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::scenario::policy::Target;

    #[test]
    fn a_member_may_be_told() {
        let mut story = Story::blocked();
        story.withhold(s(0), SessionCode::Blacklisted);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::W17), 1);
    }

    #[test]
    fn who_was_never_there_or_had_left_before_the_session_may_not() {
        let mut story = Story::blocked();
        story.block(A1, Target::Device(C1));
        story.tell((A1, C1), about(A1, s(0), SessionCode::Blacklisted));
        assert_eq!(story.rules(), [(Rule::W17, device(A1))]);
        let lenient = story.judge_as(ReadingName::Lenient);
        assert_eq!(rules(&lenient), [(Rule::W17, device(A1))]);
        assert_eq!(lenient.violations[0].severity, Severity::Warning);
        let mut left = Story::begin();
        left.block(A1, Target::Device(B1));
        left.member(BOB, Membership::Leave, 3);
        left.seen(A1, 3);
        left.session(A1, s(0));
        left.withhold(s(0), SessionCode::Blacklisted);
        assert_eq!(left.rules(), [(Rule::W17, device(A1))]);
    }

    #[test]
    fn who_left_while_the_session_was_in_use_or_without_the_senders_knowledge_may() {
        for seen in [true, false] {
            let mut story = Story::begin();
            story.block(A1, Target::Device(B1));
            if seen {
                story.session(A1, s(0));
            }
            story.member(BOB, Membership::Leave, 3);
            if seen {
                story.seen(A1, 3);
            } else {
                story.session(A1, s(0));
            }
            story.withhold(s(0), SessionCode::Blacklisted);
            assert_eq!(story.rules(), [], "seen: {seen}");
        }
    }
}
