//! P-05 (recipient, implied; specification, `m.room_key.withheld`): a `m.no_olm` covers messages of the user who
//! reported it, and of the device that did, as far as a client can tell (a warning, A-36; A-06 lets the lenient reading
//! take the user for all). It does not know from when on a report covers nothing more (P-04 is a permission).

use crate::check::findings::Findings;
use crate::check::rules::unread::Unread;
use crate::check::rules::{Case, Judge};
use crate::rulebook::reading::Severity;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::kind::{Kind, Kinds};

/// The judge of P-05.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ReportersMessages;

impl Judge for ReportersMessages {
    const HEARS: Kinds = Kinds::of(&[Kind::Try]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let Some(unread) = Unread::of(case) else { return };
        let Some((notice, message)) = unread.notice(case) else { return };
        if !notice.is_no_olm() {
            return;
        }
        findings.met(Rule::P05);
        let (view, sender) = (case.view, unread.encrypted.sender);
        let reporters = [Some(message.sender), notice.content.sender_key.value()];
        if view.cast.user(message.sender) != view.cast.user(sender) {
            unread.raise(Rule::P05, Some(message.put.fact), findings);
        } else if view.reading.no_olm_by_device && !reporters.contains(&Some(sender)) {
            let witnesses = [Some(message.put.fact), Some(unread.attempt)];
            let party = Party::Device(unread.device);
            findings.raise_as(Severity::Warning, Rule::P05, party, witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, A2, B1, C1, Story, device, s};
    use crate::ids::DeviceId;
    use crate::protocol::withheld::WithheldCode;
    use crate::rulebook::reading::{Reading, ReadingName, Severity};
    use crate::rulebook::rule::Rule;

    /// B1 shows for a message of A1 what this device reported.
    fn reported_by(reporter: DeviceId) -> Story {
        let mut story = Story::begin();
        story.session(A1, s(0));
        story.up(reporter);
        story.claim_fails(reporter, B1);
        let sent = story.no_olm(reporter, B1);
        story.message(s(0), 0, 0);
        story.hear(sent);
        story.shows_from(B1, 0, (WithheldCode::NoOlm, sent));
        story
    }

    fn severities(story: &Story, reading: Reading) -> Vec<Severity> {
        let found = story.judge_by(reading).violations.into_iter();
        let found = found.filter(|found| (found.rule, found.party) == (Rule::P05, device(B1)));
        found.map(|found| found.severity).collect()
    }

    #[test]
    fn the_reporters_own_messages_are_covered() {
        let story = reported_by(A1);
        assert_eq!(severities(&story, Reading::named(ReadingName::Strict)), []);
        assert_eq!(story.judge().marks.of(Rule::P05), 1);
    }

    #[test]
    fn those_of_another_user_are_not() {
        let story = reported_by(C1);
        let in_reading = |name| severities(&story, Reading::named(name));
        assert_eq!(in_reading(ReadingName::Strict), [Severity::Violation]);
        assert_eq!(in_reading(ReadingName::Lenient), [Severity::Warning]);
    }

    #[test]
    fn those_of_another_device_of_the_user_are_worth_a_warning_unless_the_reading_covers_them() {
        let story = reported_by(A2);
        let strict = Reading::named(ReadingName::Strict);
        assert_eq!(severities(&story, strict), [Severity::Warning]);
        let by_user = Reading { no_olm_by_device: false, ..strict };
        assert_eq!(severities(&story, by_user), []);
    }

    #[test]
    fn what_was_shown_without_a_notice_that_anybody_saw_is_not_judged() {
        let mut story = Story::begin();
        story.session(A1, s(0));
        story.message(s(0), 0, 0);
        story.shows(B1, 0, WithheldCode::NoOlm);
        assert_eq!(story.judge().marks.of(Rule::P05), 0);
    }
}
