//! P-17 (recipient, implied; specification, `m.megolm.v1.aes-sha2`, on the sender of a session): the word of a user who
//! neither made the session nor was asked for the key explains nothing. A warning, and in the lenient reading nothing.
//! It does not know `m.no_olm` (P-05).

use crate::check::findings::Findings;
use crate::check::rules::unread::Unread;
use crate::check::rules::{Case, Judge};
use crate::rulebook::reading::Severity;
use crate::rulebook::rule::Rule;
use crate::trace::kind::{Kind, Kinds};

/// The judge of P-17.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Concerned;

impl Judge for Concerned {
    const HEARS: Kinds = Kinds::of(&[Kind::Try]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let Some(unread) = Unread::of(case) else { return };
        let Some((notice, message)) = unread.notice(case) else { return };
        let view = case.view;
        if notice.is_no_olm() || view.reading.implied == Severity::Warning {
            return;
        }
        findings.met(Rule::P17);
        let session = unread.encrypted.session;
        let of_creator = view.cast.user(message.sender) == view.cast.user(unread.encrypted.sender);
        let asked = view.askings.was_asked(unread.device, session, message.sender);
        if !of_creator && !asked && view.has_heard(unread.device) {
            unread.raise(Rule::P17, Some(message.put.fact), findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, C1, R, Story, about, device, rules, s};
    use crate::ids::DeviceId;
    use crate::protocol::to_device::KeyRequestAction;
    use crate::protocol::withheld::{SessionCode, WithheldCode};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;

    fn told_by(sender: DeviceId, asked: bool) -> Story {
        let mut story = Story::blocked();
        story.up(C1);
        if asked {
            story.request((B1, sender), 1, KeyRequestAction::Request { room: R, session: s(0) });
        }
        let sent = story.tell((sender, B1), about(sender, s(0), SessionCode::Blacklisted));
        story.hear(sent);
        story.message(s(0), 0, 0);
        story.shows_from(B1, 0, (WithheldCode::Blacklisted, sent));
        story
    }

    fn severities(story: &Story, reading: ReadingName) -> Vec<Severity> {
        let found = story.judge_as(reading).violations.into_iter();
        let found = found.filter(|found| (found.rule, found.party) == (Rule::P17, device(B1)));
        found.map(|found| found.severity).collect()
    }

    #[test]
    fn the_creator_and_whoever_was_asked_may_explain() {
        for story in [told_by(A1, false), told_by(C1, true)] {
            assert_eq!(severities(&story, ReadingName::Strict), []);
            assert_eq!(story.judge().marks.of(Rule::P17), 1);
        }
    }

    #[test]
    fn a_stranger_to_the_session_may_not_though_the_lenient_reading_lets_it_pass() {
        let story = told_by(C1, false);
        assert_eq!(severities(&story, ReadingName::Strict), [Severity::Warning]);
        assert!(!rules(&story.judge_as(ReadingName::Lenient)).contains(&(Rule::P17, device(B1))));
    }
}
