//! W-20 (sender, implied; MSC2399): a report that nobody asked for is about a session that its sender made, in the room
//! of that session. It does not know what nobody saw: where nothing of the sender's own was seen, a session may exist
//! unseen.

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::check::rules::requests::q08;
use crate::check::view::View;
use crate::check::view::notices::Notice;
use crate::check::view::requests::Class;
use crate::protocol::withheld::Field;
use crate::rulebook::rule::Rule;

/// The judge of W-20.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RealSession;

/// Whether the notice, which nobody asked for, names no session that its sender made in that room.
pub(crate) fn is_broken(view: &View, notice: &Notice) -> bool {
    // The answer of another device to a request that was taken back is judged as that.
    if notice.class != Class::Proactive || q08::answered_after(view, notice).is_some() {
        return false;
    }
    let sender = view.transport.get(notice.number).sender;
    match notice.content.session_id {
        Field::Absent | Field::NotAString => false,
        Field::Other(_) => true,
        Field::Is(session) => match view.messages.session(session) {
            Some(made) => {
                let elsewhere = match notice.content.room_id {
                    Field::Absent | Field::NotAString => false,
                    Field::Other(_) => true,
                    Field::Is(room) => room != made.room,
                };
                made.creator != sender || elsewhere
            }
            None => view.has_heard(sender),
        },
    }
}

impl NoticeJudge for RealSession {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        if !accepted.is_proactive() || !accepted.notice.content.session_id.is_string() {
            return;
        }
        findings.met(Rule::W20);
        if is_broken(accepted.view, accepted.notice) {
            accepted.raise(Rule::W20, findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, A2, B1, R2, Story, about, device, rules, s};
    use crate::protocol::to_device::ToDeviceType;
    use crate::protocol::withheld::{Field, SessionCode, WithheldContent};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::SentContent;

    fn whole() -> WithheldContent {
        about(A1, s(0), SessionCode::Blacklisted)
    }

    #[test]
    fn a_session_of_the_sender_in_its_room_is_right() {
        let mut story = Story::blocked();
        story.withhold(s(0), SessionCode::Blacklisted);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::W20), 1);
    }

    #[test]
    fn a_session_that_is_not_there_or_not_the_senders_or_elsewhere_is_a_breach() {
        let mut blocked = Story::blocked();
        blocked.session(B1, s(9));
        let text = blocked.text("no session");
        for content in [
            WithheldContent { room_id: Field::Is(R2), ..whole() },
            WithheldContent { session_id: Field::Is(s(9)), ..whole() },
            WithheldContent { session_id: Field::Is(s(7)), ..whole() },
            WithheldContent { session_id: Field::Other(text), ..whole() },
        ] {
            let mut story = blocked.clone();
            story.tell((A1, B1), content);
            assert_eq!(story.rules(), [(Rule::W20, device(A1))], "{content:?}");
            let lenient = story.judge_as(ReadingName::Lenient);
            assert_eq!(rules(&lenient), [(Rule::W20, device(A1))]);
            assert_eq!(lenient.violations[0].severity, Severity::Warning);
        }
    }

    #[test]
    fn of_a_device_that_nobody_listened_to_a_session_may_exist_unseen() {
        let mut story = Story::blocked();
        let content = SentContent::Withheld(about(A2, s(7), SessionCode::Blacklisted));
        let sent = crate::check::testing::sending::Sent {
            sender: A2,
            recipient: B1,
            txn: crate::ids::TxnId::new(700),
            event_type: ToDeviceType::Withheld,
            content,
            row: crate::ids::ToDeviceId::new(700),
        };
        story.stored(sent);
        assert!(!story.rules().contains(&(Rule::W20, device(A2))));
    }
}
