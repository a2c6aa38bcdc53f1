//! P-11 (recipient, implied; MSC2399): a report about one session says nothing about another. It does not know
//! `m.no_olm`, which is about no session (P-05).

use crate::check::findings::Findings;
use crate::check::rules::unread::Unread;
use crate::check::rules::{Case, Judge};
use crate::rulebook::rule::Rule;
use crate::trace::kind::{Kind, Kinds};

/// The judge of P-11.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OwnSession;

impl Judge for OwnSession {
    const HEARS: Kinds = Kinds::of(&[Kind::Try]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let Some(unread) = Unread::of(case) else { return };
        let Some((notice, message)) = unread.notice(case) else { return };
        if notice.is_no_olm() {
            return;
        }
        findings.met(Rule::P11);
        if notice.session != Some(unread.encrypted.session) {
            unread.raise(Rule::P11, Some(message.put.fact), findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device, s};
    use crate::protocol::withheld::{SessionCode, WithheldCode};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;

    fn shown_for(session: u32) -> Story {
        let mut story = Story::blocked();
        let sent = story.withhold(s(0), SessionCode::Blacklisted);
        story.hear(sent);
        if session == 1 {
            story.session(A1, s(1));
            let second = story.withhold(s(1), SessionCode::Blacklisted);
            story.hear(second);
        }
        story.message(s(session), 0, 0);
        story.shows_from(B1, 0, (WithheldCode::Blacklisted, sent));
        story
    }

    #[test]
    fn a_report_is_shown_for_its_own_session() {
        let story = shown_for(0);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::P11), 1);
    }

    #[test]
    fn a_message_that_stands_in_the_room_twice_may_be_either_of_the_two() {
        let mut story = Story::blocked();
        story.message(s(0), 0, 0);
        story.session(A1, s(1));
        let second = story.withhold(s(1), SessionCode::Blacklisted);
        story.hear(second);
        let mut once = story.clone();
        story.encrypt(s(1), 0, 0);
        let broken = |mut story: Story| {
            story.shows_from(B1, 0, (WithheldCode::Blacklisted, second));
            story.rules().contains(&(Rule::P11, device(B1)))
        };
        assert!(!broken(story));
        once.encrypt(s(1), 0, 1);
        assert!(broken(once));
    }

    #[test]
    fn for_another_it_is_a_breach_and_a_warning_in_the_lenient_reading() {
        let story = shown_for(1);
        assert_eq!(story.broken_of(&[Rule::P11]), [(Rule::P11, device(B1))]);
        let lenient = story.judge_as(ReadingName::Lenient);
        let found = lenient.violations.iter().find(|found| found.rule == Rule::P11);
        assert_eq!(found.map(|found| found.severity), Some(Severity::Warning));
    }
}
