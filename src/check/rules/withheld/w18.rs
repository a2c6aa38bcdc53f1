//! W-18 (sender, implied; specification, `m.room_key.withheld` is a to-device event of its own): a notice is sent in
//! clear. Encrypted it is a warning, and a breach if it is `m.no_olm`, which says that nothing could be
//! encrypted. It does not know types.

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::protocol::to_device::ToDeviceType;
use crate::rulebook::reading::Severity;
use crate::rulebook::rule::Rule;

/// The judge of W-18.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct InClear;

impl NoticeJudge for InClear {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        findings.met(Rule::W18);
        if accepted.notice.event_type != Some(ToDeviceType::Encrypted) {
            return;
        }
        if accepted.notice.is_no_olm() {
            accepted.raise(Rule::W18, findings);
        } else {
            accepted.raise_as(Severity::Warning, Rule::W18, findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, about, device, s};
    use crate::protocol::to_device::{OlmEvent, ToDeviceType};
    use crate::protocol::withheld::{SessionCode, WithheldContent, WithheldNotice};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::SentContent;

    fn sealed(story: &mut Story, content: WithheldContent) -> Vec<Severity> {
        let content = SentContent::Olm(OlmEvent::Withheld(content));
        story.send((A1, B1), ToDeviceType::Encrypted, content);
        let found = story.judge().violations.into_iter();
        let found = found.filter(|found| (found.rule, found.party) == (Rule::W18, device(A1)));
        found.map(|found| found.severity).collect()
    }

    #[test]
    fn in_clear_it_is_right() {
        let mut story = Story::blocked();
        story.withhold(s(0), SessionCode::Blacklisted);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::W18), 1);
    }

    #[test]
    fn encrypted_it_is_a_warning_or_a_breach_if_it_says_no_olm() {
        let content = about(A1, s(0), SessionCode::Blacklisted);
        assert_eq!(sealed(&mut Story::blocked(), content), [Severity::Warning]);
        let mut story = Story::begin();
        story.claim_fails(A1, B1);
        assert_eq!(sealed(&mut story, WithheldNotice::NoOlm.content(A1)), [Severity::Violation]);
        let lenient = story.judge_as(ReadingName::Lenient);
        assert_eq!(lenient.violations[0].severity, Severity::Warning);
    }

    #[test]
    fn what_nobody_opened_is_not_known_to_be_a_notice() {
        let mut story = Story::blocked();
        let sent = story.put((A1, B1), ToDeviceType::Encrypted, SentContent::Sealed);
        story.accepted(sent);
        story.stored(sent);
        assert_eq!(story.rules(), []);
        let content = OlmEvent::Withheld(about(A1, s(0), SessionCode::Blacklisted));
        story.opened(crate::check::testing::sending::Sent {
            content: SentContent::Olm(content),
            ..sent
        });
        assert_eq!(story.rules(), [(Rule::W18, device(A1))], "the payload is known by now");
    }
}
