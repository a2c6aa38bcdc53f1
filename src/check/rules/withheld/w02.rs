//! W-02 (sender, MUST; specification, `m.room_key.withheld`; MSC2399): a notice is sent under exactly that type. The
//! draft takes both unstable spellings for it (A-10, A-11, W-23). It does not know an encrypted notice, which W-18
//! judges.

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::check::view::View;
use crate::check::view::notices::Notice;
use crate::rulebook::rule::Rule;

/// The judge of W-02.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct EventType;

/// Whether the notice went out under a type that recipients do not know for a notice's.
pub(crate) fn is_broken(_: &View, notice: &Notice) -> bool {
    !notice.recognised
}

impl NoticeJudge for EventType {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        findings.met(Rule::W02);
        if is_broken(accepted.view, accepted.notice) {
            accepted.raise(Rule::W02, findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::sending::Sent;
    use crate::check::testing::{A1, B1, Story, about, device, rules, s};
    use crate::ids::Sym;
    use crate::protocol::to_device::{OlmEvent, ToDeviceType};
    use crate::protocol::withheld::SessionCode;
    use crate::rulebook::reading::ReadingName;
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::SentContent;

    fn under(event_type: ToDeviceType) -> (Story, Sent) {
        let mut story = Story::blocked();
        let content = SentContent::Withheld(about(A1, s(0), SessionCode::Blacklisted));
        let sent = story.send((A1, B1), event_type, content);
        (story, sent)
    }

    #[test]
    fn the_one_type_is_right() {
        let (story, _) = under(ToDeviceType::Withheld);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::W02), 1);
    }

    #[test]
    fn every_other_type_is_a_breach_for_each_notice() {
        let other = ToDeviceType::Other(Sym::new(0));
        for wrong in [ToDeviceType::WithheldUnstable, ToDeviceType::WithheldMisspelt, other] {
            let (mut story, first) = under(wrong);
            assert_eq!(story.rules(), [(Rule::W02, device(A1))]);
            story.send((A1, B1), wrong, first.content);
            assert_eq!(story.rules(), [(Rule::W02, device(A1)); 2]);
        }
    }

    #[test]
    fn the_draft_takes_both_unstable_spellings_and_no_other() {
        for (event_type, broken) in [
            (ToDeviceType::WithheldUnstable, false),
            (ToDeviceType::WithheldMisspelt, false),
            (ToDeviceType::Other(Sym::new(0)), true),
        ] {
            let draft = under(event_type).0.judge_as(ReadingName::Draft);
            assert_eq!(rules(&draft).contains(&(Rule::W02, device(A1))), broken);
        }
    }

    #[test]
    fn an_encrypted_notice_or_one_that_was_never_accepted_is_not_judged_here() {
        let mut story = Story::blocked();
        let content = about(A1, s(0), SessionCode::Blacklisted);
        let sealed = SentContent::Olm(OlmEvent::Withheld(content));
        story.send((A1, B1), ToDeviceType::Encrypted, sealed);
        let clear = SentContent::Withheld(content);
        story.put((A1, B1), ToDeviceType::WithheldUnstable, clear);
        assert!(!story.rules().contains(&(Rule::W02, device(A1))));
    }
}
