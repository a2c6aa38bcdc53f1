//! N-07 (sender, implied, as good as stated by K-01; specification, `m.dummy` and `m.megolm`): once there is an Olm
//! session with a device that was told `m.no_olm`, the device gets the key for the next message like any other, also in
//! a session that is in use. Here it is counted how often that is due; that a key is missing for this reason is found with the
//! verdict (`explained::sharing`). It does not know whether the device got the key.

use crate::check::findings::Findings;
use crate::check::rules::{AtRest, Case, Judge};
use crate::check::view::duties::Duty;
use crate::rulebook::rule::Rule;
use crate::trace::kind::Kinds;

/// What counts the occasions of N-07.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RecipientAgain;

impl Judge for RecipientAgain {
    const HEARS: Kinds = Kinds::NONE;

    fn hear(&mut self, _: Case<'_>, _: &mut Findings) {}

    fn rest(&mut self, at_rest: AtRest<'_>, findings: &mut Findings) {
        let view = at_rest.view;
        for verdict in at_rest.verdicts {
            let Some(encrypted) = view.messages.encryption(verdict.message) else { continue };
            let (sender, device) = (encrypted.sender, verdict.device);
            let place = view.rooms.place(encrypted.room, device);
            let duty = place.and_then(|place| view.duties.get(encrypted.snapshot, place));
            let Some(Duty::Owed { olm: true, epoch: Some(epoch), .. }) = duty else { continue };
            let was_told = view.notices.no_olm(sender, device).any(|notice| {
                notice.epoch != Some(epoch) && view.transport.get(notice.number).put.fact < epoch
            });
            if was_told {
                findings.met(Rule::N07);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device, rules, s};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;

    /// B1 was told for message 0; then there is a session.
    fn recovered() -> Story {
        let mut story = Story::begin();
        story.session(A1, s(0));
        story.claim_fails(A1, B1);
        let sent = story.no_olm(A1, B1);
        story.message(s(0), 0, 0);
        story.hear(sent);
        story.wait(60_000);
        story.olm(A1, B1);
        story
    }

    #[test]
    fn the_next_message_comes_with_its_key() {
        let mut story = recovered();
        story.deliver((A1, B1), s(0), 1);
        story.message(s(0), 1, 1);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::N07), 1);
    }

    #[test]
    fn a_device_that_is_taken_for_done_is_forgotten() {
        let mut story = recovered();
        story.message(s(0), 1, 1);
        story.message(s(0), 2, 2);
        let expected = [(Rule::N07, device(A1))];
        assert_eq!(story.rules(), expected);
        let lenient = story.judge_as(ReadingName::Lenient);
        assert!(lenient.violations.iter().all(|found| found.severity == Severity::Violation));
        assert_eq!(rules(&story.judge_cut()), [], "a key may still come");
    }

    #[test]
    fn a_key_that_starts_too_late_leaves_the_message_unread_as_well() {
        let mut story = recovered();
        story.message(s(0), 1, 1);
        story.deliver((A1, B1), s(0), 2);
        assert!(story.rules().contains(&(Rule::N07, device(A1))));
    }

    #[test]
    fn a_device_that_was_never_told_is_another_matter() {
        let mut story = Story::with_olm();
        story.message(s(0), 0, 0);
        assert_eq!(story.rules(), [(Rule::K01, device(A1))]);
    }

    #[test]
    fn a_report_that_came_after_a_later_session_is_no_occasion() {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        story.message(s(0), 0, 0);
        story.olm(A1, B1);
        story.no_olm(A1, B1);
        assert_eq!(story.judge().marks.of(Rule::N07), 0);
    }
}
