//! W-08 (sender, implied by the codes' definitions; specification, `m.room_key.withheld`): the code is the sender's
//! real reason. It may have been so when the notice was put together or when it was accepted. While reasons were
//! changing nothing is said here; the decision tree compares such a notice with its message. It does not know the codes
//! that have rules of their own.

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::check::view::View;
use crate::check::view::notices::Notice;
use crate::check::view::requests::Class;
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::rule::Rule;

/// The judge of W-08.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TrueReason;

/// Whether the notice names a choice of its sender for a reason.
fn gives_a_reason(notice: &Notice) -> bool {
    match notice.code.known() {
        Some(WithheldCode::Blacklisted | WithheldCode::Unverified) => true,
        Some(WithheldCode::Unauthorised) => notice.class == Class::Proactive,
        Some(WithheldCode::Unavailable | WithheldCode::NoOlm | WithheldCode::HistoryNotShared)
        | None => false,
    }
}

/// Whether the reason that the notice gives was not the sender's.
pub(crate) fn is_broken(_: &View, notice: &Notice) -> bool {
    let so = &notice.circumstances;
    let bars = [so.bar, so.bar_accepted];
    let proactive = notice.class == Class::Proactive;
    match notice.code.known() {
        Some(WithheldCode::Unverified) if !proactive && !so.trusted => false,
        Some(code @ (WithheldCode::Blacklisted | WithheldCode::Unverified)) => {
            !bars.contains(&Some(code))
        }
        // A device that is barred is told that reason, and no other.
        Some(WithheldCode::Unauthorised) => proactive && !bars.contains(&None),
        Some(WithheldCode::Unavailable | WithheldCode::NoOlm | WithheldCode::HistoryNotShared)
        | None => false,
    }
}

impl NoticeJudge for TrueReason {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        if !gives_a_reason(accepted.notice) {
            return;
        }
        findings.met(Rule::W08);
        let settled = accepted.notice.circumstances.settled;
        if settled && is_broken(accepted.view, accepted.notice) {
            accepted.raise(Rule::W08, findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, B2, BOB, C1, R, Story, about, device, rules, s};
    use crate::protocol::to_device::KeyRequestAction;
    use crate::protocol::withheld::SessionCode;
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::scenario::policy::{SharePolicy, Target};
    use crate::time::SimTime;
    use crate::trace::fact::FactKind;

    #[test]
    fn the_reason_that_holds_is_right() {
        let mut blocked = Story::blocked();
        blocked.withhold(s(0), SessionCode::Blacklisted);
        assert_eq!(blocked.rules(), []);
        assert_eq!(blocked.judge().marks.of(Rule::W08), 1);
        let mut unverified = Story::begin();
        unverified.share_with(A1, SharePolicy::Verified);
        unverified.session(A1, s(0));
        unverified.withhold(s(0), SessionCode::Unverified);
        assert_eq!(unverified.rules(), []);
    }

    #[test]
    fn another_reason_is_a_breach_and_a_warning_in_the_lenient_reading() {
        for wrong in [SessionCode::Unverified, SessionCode::Unauthorised] {
            let mut story = Story::blocked();
            story.withhold(s(0), wrong);
            assert_eq!(story.rules(), [(Rule::W08, device(A1))]);
            let lenient = story.judge_as(ReadingName::Lenient);
            assert_eq!(rules(&lenient), [(Rule::W08, device(A1))]);
            assert_eq!(lenient.violations[0].severity, Severity::Warning);
        }
        let mut open = Story::with_olm();
        let sent = open.withhold(s(0), SessionCode::Blacklisted);
        assert_eq!(open.rules(), [(Rule::W08, device(A1))]);
        assert!(open.judge().violations[0].witnesses[1].is_some());
        open.hear(sent);
        open.message(s(0), 0, 0);
        assert_eq!(open.rules(), [(Rule::W08, device(A1))], "the verdict confirms it");
    }

    #[test]
    fn a_requester_whom_the_sender_does_not_trust_may_be_told_so() {
        let mut story = Story::begin();
        story.session(A1, s(0));
        story.request((B1, A1), 1, KeyRequestAction::Request { room: R, session: s(0) });
        story.withhold(s(0), SessionCode::Unverified);
        assert_eq!(story.rules(), []);
        story.request((B1, A1), 2, KeyRequestAction::Request { room: R, session: s(0) });
        story.withhold(s(0), SessionCode::Blacklisted);
        assert_eq!(story.rules(), [(Rule::W08, device(A1))]);
    }

    #[test]
    fn a_reason_that_changes_while_the_sender_is_at_it_is_not_judged_by_itself() {
        let mut story = Story::blocked();
        story.claim(A1, C1);
        story.unblock(A1, Target::Device(B1));
        story.withhold(s(0), SessionCode::Blacklisted);
        assert_eq!(story.rules(), []);
        let mut later = Story::blocked();
        later.unblock(A1, Target::Device(B1));
        later.claim(A1, C1);
        later.withhold(s(0), SessionCode::Blacklisted);
        assert_eq!(later.rules(), [(Rule::W08, device(A1))], "it was over before");
    }

    #[test]
    fn what_a_rolled_back_store_believes_is_not_held_against_its_device() {
        let mut story = Story::with_olm();
        let snapshot = SimTime::from_ms(10);
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        story.withhold(s(0), SessionCode::Blacklisted);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn an_answer_that_comes_while_the_message_is_prepared_leaves_it_open() {
        let mut story = Story::begin();
        story.session(A1, s(0));
        story.up(B2);
        story.learn(A1, BOB, &[B1, B2]);
        story.block(A1, Target::Device(B2));
        story.wait(10_000);
        story.tell((A1, B2), about(A1, s(0), SessionCode::Blacklisted));
        let mut learnt = story.clone();
        story.withhold(s(0), SessionCode::Blacklisted);
        assert_eq!(story.broken_of(&[Rule::W08]), [(Rule::W08, device(A1))]);
        learnt.learn(A1, BOB, &[B1, B2]);
        learnt.withhold(s(0), SessionCode::Blacklisted);
        assert_eq!(learnt.broken_of(&[Rule::W08]), []);
    }
}
