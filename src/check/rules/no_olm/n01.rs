//! N-01 (sender, MAY; specification, `m.room_key.withheld`): `m.no_olm` is reported when an attempt to set up an Olm
//! session has failed; a report without one in its epoch is not true. It does not know reports that are missing, which
//! the decision tree finds.

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::check::view::View;
use crate::check::view::notices::Notice;
use crate::rulebook::reading::Severity;
use crate::rulebook::rule::Rule;

/// The judge of N-01 at reports.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AttemptFailed;

/// Whether no attempt of the epoch had failed.
pub(crate) fn is_broken(view: &View, notice: &Notice) -> bool {
    let sender = view.transport.get(notice.number).sender;
    notice.circumstances.failure.is_none() && view.has_heard(sender)
}

impl NoticeJudge for AttemptFailed {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        findings.met(Rule::N01);
        let (sender, put) = (accepted.message.sender, accepted.message.put);
        let (view, notice) = (accepted.view, accepted.notice);
        // A session, or a key for one, is a breach of its own.
        if notice.circumstances.has_olm || notice.circumstances.fallback.is_some() {
            return;
        }
        // Whatever store it has, there is no failure in it where there never was one, and all that there were where none was lost.
        let recipient = accepted.message.recipient;
        let knows = view.life.unsettled_by(sender, put).is_none()
            || view.olm.failed_in(sender, recipient).next().is_none()
            || !view.olm.may_be_lost(sender, recipient, &view.life);
        if is_broken(view, notice) && knows {
            findings.raise_as(
                Severity::Violation,
                Rule::N01,
                accepted.party(),
                accepted.witnesses(None),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device};
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::{FactKind, LossCause};

    #[test]
    fn a_failed_attempt_may_be_reported_whatever_failed() {
        for unreachable in [true, false] {
            let mut story = Story::begin();
            if unreachable {
                story.claim_unreachable(A1, B1);
                story.claim_unreachable(A1, B1);
            } else {
                story.claim_fails(A1, B1);
            }
            story.no_olm(A1, B1);
            assert_eq!(story.rules(), []);
            assert_eq!(story.judge().marks.of(Rule::N01), 1);
        }
    }

    #[test]
    fn a_report_without_an_attempt_is_not_true() {
        let mut story = Story::begin();
        story.no_olm(A1, B1);
        assert_eq!(story.rules(), [(Rule::N01, device(A1))]);
    }

    #[test]
    fn an_attempt_of_an_earlier_epoch_does_not_count() {
        let mut story = Story::begin();
        story.claim_fails(A1, B1);
        let session = story.olm(A1, B1);
        let (device, peer, why) = (A1, B1, LossCause::Wiped);
        story.by(A1, FactKind::OlmDropped { device, peer, session, why });
        story.no_olm(A1, B1);
        assert_eq!(story.rules(), [(Rule::N01, crate::check::testing::device(A1))]);
    }

    #[test]
    fn an_attempt_that_a_rolled_back_store_forgot_is_not_asked_for() {
        let restored = FactKind::StoreRestored { device: A1, snapshot: SimTime::from_ms(1) };
        let mut story = Story::begin();
        let mut never = story.clone();
        story.claim_fails(A1, B1);
        let session = story.olm(A1, B1);
        let (device, peer, why) = (A1, B1, LossCause::Wiped);
        story.by(A1, FactKind::OlmDropped { device, peer, session, why });
        story.by(A1, restored);
        story.no_olm(A1, B1);
        assert_eq!(story.rules(), []);
        never.by(A1, restored);
        never.no_olm(A1, B1);
        let told = [(Rule::N01, crate::check::testing::device(A1))];
        assert_eq!(never.rules(), told, "no store ever held one");
    }

    #[test]
    fn of_a_sender_that_nobody_listened_to_it_is_not_known() {
        use crate::check::testing::{A2, sending::Sent};
        use crate::protocol::{to_device::ToDeviceType, withheld::WithheldNotice};
        let mut story = Story::begin();
        let content = crate::trace::fact::SentContent::Withheld(WithheldNotice::NoOlm.content(A2));
        let (txn, row) = (crate::ids::TxnId::new(90), crate::ids::ToDeviceId::new(90));
        let event_type = ToDeviceType::Withheld;
        story.stored(Sent { sender: A2, recipient: B1, txn, event_type, content, row });
        assert_eq!(story.rules(), []);
    }
}
