//! N-06 (sender, implied; specification, `m.room_key.withheld`): there is no `m.no_olm` while the sender has an Olm
//! session with the device when it puts the report together. It does not know which side made the session.

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::check::view::View;
use crate::check::view::notices::Notice;
use crate::rulebook::rule::Rule;

/// The judge of N-06.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NoSession;

/// Whether the sender had a session.
pub(crate) fn is_broken(_: &View, notice: &Notice) -> bool {
    notice.circumstances.has_olm
}

impl NoticeJudge for NoSession {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        findings.met(Rule::N06);
        let (view, put) = (accepted.view, accepted.message.put);
        let ends @ (sender, _) = (accepted.message.sender, accepted.message.recipient);
        let knows = view.life.unsettled_by(sender, put).is_none()
            || view.life.forgiven(sender, put).is_none()
                && view.olm.surely_has(ends, put.fact, &view.life);
        if is_broken(view, accepted.notice) && knows {
            accepted.raise(Rule::N06, findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device, rules};
    use crate::protocol::to_device::ToDeviceType;
    use crate::protocol::withheld::WithheldNotice;
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::{FactKind, LossCause, SentContent};

    #[test]
    fn without_a_session_it_is_right_also_after_one_was_lost() {
        let mut story = Story::begin();
        let session = story.olm(A1, B1);
        let (device, peer, why) = (A1, B1, LossCause::Wiped);
        story.by(A1, FactKind::OlmDropped { device, peer, session, why });
        story.claim_fails(A1, B1);
        story.no_olm(A1, B1);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::N06), 1);
    }

    #[test]
    fn with_a_session_it_is_a_breach_and_a_warning_in_the_lenient_reading() {
        let mut story = Story::begin();
        story.claim_fails(A1, B1);
        story.olm(A1, B1);
        story.no_olm(A1, B1);
        assert_eq!(story.rules(), [(Rule::N06, device(A1))]);
        let lenient = story.judge_as(ReadingName::Lenient);
        assert_eq!(rules(&lenient), [(Rule::N06, device(A1))]);
        assert_eq!(lenient.violations[0].severity, Severity::Warning);
    }

    #[test]
    fn a_session_that_comes_while_the_report_is_under_way_is_none_yet() {
        let mut story = Story::begin();
        story.claim_fails(A1, B1);
        let content = SentContent::Withheld(WithheldNotice::NoOlm.content(A1));
        let sent = story.put((A1, B1), ToDeviceType::Withheld, content);
        story.olm(A1, B1);
        story.accepted(sent);
        story.stored(sent);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn a_session_that_a_rolled_back_store_lost_is_not_held_against_its_device() {
        let mut story = Story::begin();
        story.olm(A1, B1);
        let snapshot = SimTime::from_ms(1);
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        story.claim_fails(A1, B1);
        story.no_olm(A1, B1);
        assert_eq!(story.rules(), []);
    }
}
