//! W-09 (sender, SHOULD; MSC2399 only, A-02): a sender tells a device at most once, of its own accord, that it
//! withholds a session. Where a change of the code is let pass (A-04, lenient) only the same code counts as the same.
//! Answers to requests are not counted here. It does not know `m.no_olm`, which names no session.

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::check::view::life::Moment;
use crate::check::view::notices::NoticeCode;
use crate::check::view::pairs::Pairs;
use crate::ids::DeviceId;
use crate::rulebook::rule::Rule;

/// A notice that was counted.
#[derive(Debug, Clone, Copy)]
struct Counted {
    sender: DeviceId,
    code: NoticeCode,
    put: Moment,
}

/// The judge of W-09: the notices that were counted, by session and recipient.
#[derive(Debug, Clone, Default)]
pub(crate) struct OncePerSession {
    counted: Pairs<Vec<Counted>>,
}

impl NoticeJudge for OncePerSession {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        let reading = &accepted.view.reading;
        let (notice, message) = (accepted.notice, accepted.message);
        let Some(session) = notice.session else { return };
        if !accepted.is_proactive() {
            return;
        }
        findings.met(Rule::W09);
        let counted = self.counted.entry(session.raw(), message.recipient.raw());
        let earlier = counted.iter().find(|earlier| {
            earlier.sender == message.sender
                && (reading.code_change_counts || earlier.code == notice.code)
                && accepted.counts(earlier.put)
        });
        if let Some(earlier) = earlier {
            accepted.raise_after(earlier.put.fact, Rule::W09, findings);
        }
        counted.push(Counted { sender: message.sender, code: notice.code, put: message.put });
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::sending::Sent;
    use crate::check::testing::{A1, A2, B1, BOB, R, Story, about, device, odd, rules, s};
    use crate::ids::RequestId;
    use crate::protocol::to_device::{KeyRequest, KeyRequestAction, ToDeviceType};
    use crate::protocol::withheld::{Field, SessionCode, WithheldCode};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::scenario::policy::Target;
    use crate::trace::fact::{FactKind, SentContent};

    const BLOCKED: SessionCode = SessionCode::Blacklisted;
    const UNVERIFIED: SessionCode = SessionCode::Unverified;

    #[test]
    fn one_notice_a_session_is_right() {
        let mut story = Story::blocked();
        story.withhold(s(0), BLOCKED);
        story.replace(A1, s(1));
        story.withhold(s(1), BLOCKED);
        assert_eq!(story.rules(), []);
        let notices = story.judge().notices;
        assert_eq!(notices.len(), 1);
        assert_eq!((notices[0].sender, notices[0].recipient), (A1, B1));
        assert_eq!((notices[0].code, notices[0].count), (WithheldCode::Blacklisted, 2));
    }

    #[test]
    fn a_second_notice_about_the_session_is_a_breach_and_the_acceptance_shows_it() {
        let mut story = Story::blocked();
        story.withhold(s(0), BLOCKED);
        let sent = story.put(
            (A1, B1),
            ToDeviceType::Withheld,
            SentContent::Withheld(about(A1, s(0), BLOCKED)),
        );
        assert_eq!(story.rules(), [], "it counts when the server has accepted it");
        let accepted = story.accepted(sent);
        story.accepted(sent);
        story.stored(sent);
        let outcome = story.judge();
        assert_eq!(rules(&outcome), [(Rule::W09, device(A1))]);
        assert_eq!(outcome.violations[0].witnesses[2], Some(accepted));
        assert_eq!(outcome.violations[0].severity, Severity::Violation);
        assert_eq!(outcome.counted().count(), 1);
    }

    #[test]
    fn a_retry_under_the_same_transaction_id_is_no_second_notice() {
        let mut story = Story::blocked();
        let sent = story.withhold(s(0), BLOCKED);
        story.accepted(sent);
        story.stored(sent);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn a_restart_is_no_excuse() {
        let mut story = Story::blocked();
        story.withhold(s(0), BLOCKED);
        story.crash(A1);
        story.by(A1, FactKind::Restarted { device: A1 });
        story.withhold(s(0), BLOCKED);
        assert_eq!(story.rules(), [(Rule::W09, device(A1))]);
    }

    #[test]
    fn what_a_rolled_back_store_has_forgotten_is_not_held_against_its_device() {
        let mut story = Story::blocked();
        let snapshot = crate::time::SimTime::from_ms(10);
        story.wait(100);
        story.withhold(s(0), BLOCKED);
        let mut early = story.clone();
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        story.withhold(s(0), BLOCKED);
        assert_eq!(story.rules(), []);
        let late = crate::time::SimTime::from_ms(100_000);
        early.by(A1, FactKind::StoreRestored { device: A1, snapshot: late });
        early.withhold(s(0), BLOCKED);
        assert_eq!(early.rules(), [(Rule::W09, device(A1))], "the snapshot knew of the first");
    }

    #[test]
    fn another_code_is_a_second_notice_in_the_strict_reading_only() {
        let mut story = Story::blocked();
        story.unblock(A1, Target::Device(B1));
        story.share_with(A1, crate::scenario::policy::SharePolicy::Verified);
        story.withhold(s(0), UNVERIFIED);
        story.block(A1, Target::Device(B1));
        story.withhold(s(0), BLOCKED);
        assert_eq!(story.rules(), [(Rule::W09, device(A1))]);
        assert_eq!(rules(&story.judge_as(ReadingName::Lenient)), []);
        story.withhold(s(0), BLOCKED);
        let lenient = story.judge_as(ReadingName::Lenient);
        assert_eq!(rules(&lenient), [(Rule::W09, device(A1))]);
        assert_eq!(lenient.violations[0].severity, Severity::Warning);
        assert_eq!(lenient.counted().count(), 0);
    }

    #[test]
    fn unblocking_and_blocking_again_does_not_allow_a_second_notice() {
        let mut story = Story::blocked();
        story.withhold(s(0), BLOCKED);
        story.unblock(A1, Target::User(BOB));
        story.unblock(A1, Target::Device(B1));
        story.block(A1, Target::Device(B1));
        assert_eq!(story.rules(), []);
        story.withhold(s(0), BLOCKED);
        assert_eq!(story.rules(), [(Rule::W09, device(A1))]);
    }

    #[test]
    fn an_answer_to_a_request_does_not_count() {
        let mut story = Story::blocked();
        story.withhold(s(0), BLOCKED);
        let action = KeyRequestAction::Request { room: crate::check::testing::R, session: s(0) };
        story.request((B1, A1), 1, action);
        story.withhold(s(0), BLOCKED);
        assert_eq!(story.rules(), []);
        story.withhold(s(0), BLOCKED);
        assert_eq!(story.rules(), [(Rule::W09, device(A1))], "the request is answered");
    }

    #[test]
    fn an_event_of_the_unstable_type_is_a_notice_in_the_draft_reading_only() {
        let mut story = Story::blocked();
        story.withhold(s(0), BLOCKED);
        let content = SentContent::Withheld(about(A1, s(0), BLOCKED));
        story.send((A1, B1), ToDeviceType::WithheldUnstable, content);
        assert_eq!(story.rules(), [(Rule::W02, device(A1))]);
        assert_eq!(story.judge().notices[0].count, 1);
        assert_eq!(rules(&story.judge_as(ReadingName::Draft)), [(Rule::W09, device(A1))]);
    }

    #[test]
    fn a_notice_without_a_code_counts_too() {
        let mut story = Story::blocked();
        story.tell((A1, B1), odd(s(0), Field::Absent));
        story.tell((A1, B1), odd(s(0), Field::Absent));
        let expected = [Rule::W03, Rule::W03, Rule::W09].map(|rule| (rule, device(A1)));
        assert_eq!(story.rules(), expected);
        assert_eq!(story.judge().notices, []);
    }

    #[test]
    fn a_notice_of_which_only_the_arrival_was_observed_counts() {
        let mut story = Story::blocked();
        let first = story.withhold(s(0), BLOCKED);
        let smuggled = crate::check::testing::sending::Sent {
            txn: crate::ids::TxnId::new(900),
            row: crate::ids::ToDeviceId::new(900),
            ..first
        };
        story.stored(smuggled);
        assert_eq!(story.rules(), [(Rule::W09, device(A1))]);
    }

    #[test]
    fn a_forged_notice_is_excused_by_the_fault_that_forged_it() {
        use crate::scenario::fault::{Fault, FaultKind, ForgedContent};
        let mut story = Story::blocked();
        let first = story.withhold(s(0), BLOCKED);
        let fields = about(A1, s(0), BLOCKED);
        let kind = FaultKind::ForgedWithheld {
            sender: A1,
            recipient: B1,
            event_type: ToDeviceType::Withheld,
            content: ForgedContent { fields, session_of: None },
        };
        let [from, until] = [1, 2].map(crate::time::SimTime::from_ms);
        let fault = story.fault(Fault { from, until, kind });
        let smuggled = crate::check::testing::sending::Sent {
            txn: crate::ids::TxnId::new(900),
            row: crate::ids::ToDeviceId::new(900),
            ..first
        };
        story.stored(smuggled);
        assert_eq!(story.judge().counted().count(), 1, "what merely comes later counts");
        story.came_of(fault);
        let outcome = story.judge();
        assert_eq!(rules(&outcome), [(Rule::W09, device(A1))]);
        assert!(outcome.violations[0].injected.is_some());
        assert_eq!(outcome.counted().count(), 0);
    }

    #[test]
    fn an_answer_to_a_request_that_was_meant_for_an_earlier_device_of_that_id_is_an_answer() {
        for reaches in [false, true] {
            let mut story = Story::blocked();
            story.withhold(s(0), BLOCKED);
            let action = KeyRequestAction::Request { room: R, session: s(0) };
            let request = RequestId::new(1);
            let request = KeyRequest { request, requester: B1, action };
            let content = SentContent::KeyRequest(request);
            let sent = story.put((B1, A2), ToDeviceType::KeyRequest, content);
            story.accepted(sent);
            if reaches {
                let got = Sent { recipient: A1, ..sent };
                story.stored(got);
                story.hear(got);
            }
            story.withhold(s(0), BLOCKED);
            assert_eq!(story.rules().contains(&(Rule::W09, device(A1))), !reaches);
        }
    }

    #[test]
    fn a_forged_answer_leaves_the_request_open() {
        let mut story = Story::blocked();
        let first = story.withhold(s(0), BLOCKED);
        let action = KeyRequestAction::Request { room: R, session: s(0) };
        let request = KeyRequest { request: RequestId::new(1), requester: B1, action };
        let content = SentContent::KeyRequest(request);
        let sent = story.put((B1, A1), ToDeviceType::KeyRequest, content);
        story.accepted(sent);
        story.stored(sent);
        story.hear(sent);
        let (txn, row) = (crate::ids::TxnId::new(900), crate::ids::ToDeviceId::new(900));
        story.stored(Sent { txn, row, ..first });
        story.withhold(s(0), BLOCKED);
        assert_eq!(story.broken_of(&[Rule::W09]), []);
        story.withhold(s(0), BLOCKED);
        assert_eq!(story.broken_of(&[Rule::W09]), [(Rule::W09, device(A1))]);
    }
}
