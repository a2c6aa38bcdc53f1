//! W-10 (sender, implied; MSC2399): a device that was given a session is not told afterwards that the session is
//! withheld from it; what is queued counts as given. A notice first and a key later is an unblock. It does not
//! know replies.

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::rulebook::rule::Rule;

/// The judge of W-10.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NotGiven;

impl NoticeJudge for NotGiven {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        if !accepted.is_proactive() || accepted.notice.session.is_none() {
            return;
        }
        findings.met(Rule::W10);
        if let Some(given) = accepted.notice.circumstances.given {
            accepted.raise_after(given, Rule::W10, findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, R, Story, device, rules, s};
    use crate::protocol::to_device::{KeyRequestAction, ToDeviceType};
    use crate::protocol::withheld::SessionCode;
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::scenario::policy::Target;
    use crate::time::SimTime;
    use crate::trace::fact::FactKind;

    /// B1 was given session 0 and is then blocked.
    fn given() -> Story {
        let mut story = Story::with_olm();
        story.give((A1, B1), s(0), 0);
        story.block(A1, Target::Device(B1));
        story
    }

    #[test]
    fn another_session_or_a_key_after_the_notice_is_right() {
        let mut story = given();
        story.session(A1, s(1));
        story.withhold(s(1), SessionCode::Blacklisted);
        story.unblock(A1, Target::Device(B1));
        story.give((A1, B1), s(1), 0);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::W10), 1);
    }

    #[test]
    fn a_notice_about_a_session_that_was_given_is_a_breach_and_a_warning_in_the_lenient_reading() {
        let mut story = given();
        story.withhold(s(0), SessionCode::Blacklisted);
        assert_eq!(story.rules(), [(Rule::W10, device(A1))]);
        let lenient = story.judge_as(ReadingName::Lenient);
        assert_eq!(rules(&lenient), [(Rule::W10, device(A1))]);
        assert_eq!(lenient.violations[0].severity, Severity::Warning);
    }

    #[test]
    fn a_key_in_the_queue_counts_and_one_that_a_crash_swept_away_does_not() {
        for crashes in [false, true] {
            let mut story = Story::with_olm();
            story.put((A1, B1), ToDeviceType::Encrypted, Story::key(s(0), 0));
            if crashes {
                // The key was put together a millisecond before the last fact.
                story.at_the_same_time();
                story.crash(A1);
                story.by(A1, FactKind::Restarted { device: A1 });
            }
            story.block(A1, Target::Device(B1));
            story.withhold(s(0), SessionCode::Blacklisted);
            assert_eq!(story.rules().contains(&(Rule::W10, device(A1))), !crashes);
        }
    }

    #[test]
    fn an_answer_may_say_so() {
        let mut story = given();
        story.request((B1, A1), 1, KeyRequestAction::Request { room: R, session: s(0) });
        story.withhold(s(0), SessionCode::Blacklisted);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn a_key_that_the_store_forgot_is_not_held_against_its_device() {
        let mut story = given();
        let snapshot = SimTime::from_ms(5);
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        story.withhold(s(0), SessionCode::Blacklisted);
        assert_eq!(story.rules(), []);
    }
}
