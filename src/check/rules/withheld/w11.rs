//! W-11 (sender, MAY; MSC2399; specification, key requests): a notice may answer a request for a key, at most once by
//! each device that was asked. Where each processing of a request may be answered (A-03, lenient), only an answer that
//! none waited for is a breach. It does not know whether the answer was right, nor notices that nobody asked for.

use std::collections::BTreeMap;

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::check::view::life::Moment;
use crate::check::view::requests::Class;
use crate::ids::{DeviceId, MegolmSessionId, RequestId};
use crate::rulebook::reading::{ReplyCount, Severity};
use crate::rulebook::rule::Rule;

/// The judge of W-11: the first answers, by who answers, who asked, the request, and the session, because an id may be used again
/// for another one.
#[derive(Debug, Clone, Default)]
pub(crate) struct OncePerRequest {
    answered: BTreeMap<(DeviceId, DeviceId, RequestId, Option<MegolmSessionId>), Moment>,
}

impl NoticeJudge for OncePerRequest {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        let Class::Reply { request, waited_for, .. } = accepted.notice.class else { return };
        findings.met(Rule::W11);
        let message = accepted.message;
        let key = (message.sender, message.recipient, request, accepted.notice.session);
        let earlier = self.answered.get(&key).copied().filter(|put| accepted.counts(*put));
        let Some(earlier) = earlier else {
            if accepted.counts(message.put) {
                self.answered.insert(key, message.put);
            }
            return;
        };
        let allowed = match accepted.view.reading.replies {
            ReplyCount::PerRequest => false,
            ReplyCount::PerProcessing => waited_for,
        };
        if !allowed {
            // The rule permits one answer: that there are no more is as good as stated.
            let witnesses = accepted.witnesses(Some(earlier.fact));
            findings.raise_as(Severity::Violation, Rule::W11, accepted.party(), witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::sending::Sent;
    use crate::check::testing::{A1, B1, R, Story, about, device, rules, s};
    use crate::ids::{ToDeviceId, TxnId};
    use crate::protocol::to_device::{KeyRequestAction, ToDeviceType};
    use crate::protocol::withheld::SessionCode;
    use crate::rulebook::reading::ReadingName;
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::{FactKind, SentContent};

    const UNAVAILABLE: SessionCode = SessionCode::Unavailable;

    fn ask(story: &mut Story, request: u32) {
        let action = KeyRequestAction::Request { room: R, session: s(0) };
        story.request((B1, A1), request, action);
    }

    #[test]
    fn each_request_may_be_answered_once() {
        let mut story = Story::begin();
        ask(&mut story, 1);
        story.withhold(s(0), UNAVAILABLE);
        ask(&mut story, 2);
        story.withhold(s(0), UNAVAILABLE);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().notices[0].count, 2);
    }

    #[test]
    fn a_second_answer_that_nobody_waits_for_is_a_breach_in_every_reading() {
        let mut story = Story::begin();
        ask(&mut story, 1);
        story.withhold(s(0), UNAVAILABLE);
        story.withhold(s(0), UNAVAILABLE);
        for reading in ReadingName::ALL {
            assert_eq!(rules(&story.judge_as(reading)), [(Rule::W11, device(A1))]);
        }
    }

    #[test]
    fn a_request_that_is_repeated_under_its_id_is_answered_again_in_the_lenient_reading_only() {
        let mut story = Story::begin();
        for _ in 0..3 {
            ask(&mut story, 1);
            story.withhold(s(0), UNAVAILABLE);
        }
        assert_eq!(rules(&story.judge()), [(Rule::W11, device(A1)); 2]);
        assert_eq!(rules(&story.judge_as(ReadingName::Lenient)), []);
    }

    #[test]
    fn a_notice_from_before_the_request_is_no_answer() {
        let mut story = Story::blocked();
        story.withhold(s(0), SessionCode::Blacklisted);
        ask(&mut story, 1);
        story.withhold(s(0), SessionCode::Blacklisted);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn a_notice_that_was_forged_does_not_take_the_place_of_the_one_that_is_due() {
        for is_forged in [true, false] {
            let mut story = Story::blocked();
            let content = SentContent::Withheld(about(A1, s(0), SessionCode::Blacklisted));
            if is_forged {
                let (txn, row) = (TxnId::new(900), ToDeviceId::new(900));
                let event_type = ToDeviceType::Withheld;
                story.stored(Sent { sender: A1, recipient: B1, txn, event_type, content, row });
            } else {
                story.withhold(s(0), SessionCode::Blacklisted);
            }
            for _ in 0..2 {
                ask(&mut story, 1);
                story.withhold(s(0), SessionCode::Blacklisted);
            }
            let is_second = story.rules().contains(&(Rule::W11, device(A1)));
            assert_eq!(is_second, !is_forged, "the last one may be the word that is due");
        }
    }

    #[test]
    fn an_answer_that_the_store_forgot_is_not_held_against_its_device() {
        let mut story = Story::begin();
        story.wait(100);
        ask(&mut story, 1);
        story.withhold(s(0), UNAVAILABLE);
        let snapshot = SimTime::from_ms(50);
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        ask(&mut story, 1);
        story.withhold(s(0), UNAVAILABLE);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn an_answer_that_its_sender_forgot_takes_no_earlier_one_out_of_its_memory() {
        let mut story = Story::begin();
        ask(&mut story, 1);
        story.withhold(s(0), UNAVAILABLE);
        story.wait(10_000);
        let snapshot = story.now();
        story.wait(10_000);
        let content = SentContent::Withheld(about(A1, s(0), UNAVAILABLE));
        let forgotten = story.put((A1, B1), ToDeviceType::Withheld, content);
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        story.accepted(forgotten);
        assert_eq!(story.broken_of(&[Rule::W11]), []);
        story.withhold(s(0), UNAVAILABLE);
        assert_eq!(story.broken_of(&[Rule::W11]), [(Rule::W11, device(A1))]);
    }
}
