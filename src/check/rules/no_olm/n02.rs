//! N-02 (sender, SHOULD; specification, `m.room_key.withheld`): a sender reports `m.no_olm` to a device at most once
//! until it has an Olm session with it (N-05, N-08; A-05), and restarts change nothing (N-11). Every reading agrees. It does not know whether an attempt
//! failed; a repetition for another room is told apart by `n03`.

use crate::check::findings::Findings;
use crate::check::rules::no_olm::n03;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::check::view::life::Moment;
use crate::check::view::olm::Epoch;
use crate::check::view::pairs::Pairs;
use crate::ids::RoomId;
use crate::rulebook::rule::Rule;

/// The report that stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    epoch: Epoch,
    put: Moment,
    /// The room that it was about, as far as can be told.
    pub(crate) room: Option<RoomId>,
}

/// The judge of N-02, N-03 and N-11: the reports that stand, by sender and recipient.
#[derive(Debug, Clone, Default)]
pub(crate) struct OncePerEpoch {
    standing: Pairs<Standing>,
}

impl NoticeJudge for OncePerEpoch {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        let Accepted { notice, message, .. } = *accepted;
        findings.met(Rule::N02);
        findings.met(Rule::N03);
        let (sender, recipient) = (message.sender.raw(), message.recipient.raw());
        let earlier = self
            .standing
            .get(sender, recipient)
            .copied()
            .filter(|earlier| earlier.epoch == notice.epoch && accepted.counts(earlier.put));
        let Some(earlier) = earlier else {
            let standing = Standing { epoch: notice.epoch, put: message.put, room: notice.room };
            if accepted.counts(message.put) {
                self.standing.insert(sender, recipient, standing);
            }
            return;
        };
        let rule = if n03::is_for_another_room(&earlier, notice) { Rule::N03 } else { Rule::N02 };
        accepted.raise_after(earlier.put.fact, rule, findings);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, A2, ALICE, B1, BOB, Story, device, s};
    use crate::ids::OlmSessionId;
    use crate::protocol::to_device::ToDeviceType;
    use crate::protocol::withheld::{WithheldCode, WithheldNotice};
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::{Direction, FactKind, LossCause, OlmCause, SentContent};

    /// Session 0 of A1, whose first claim for B1 failed.
    fn failing() -> Story {
        let mut story = Story::begin();
        story.session(A1, s(0));
        story.claim_fails(A1, B1);
        story
    }

    #[test]
    fn one_report_is_right_however_often_attempts_fail() {
        let mut story = failing();
        story.no_olm(A1, B1);
        story.claim_fails(A1, B1);
        story.claim_fails(A1, B1);
        assert_eq!(story.rules(), []);
        let notice = story.judge().notices[0];
        assert_eq!((notice.code, notice.count), (WithheldCode::NoOlm, 1));
    }

    #[test]
    fn a_second_report_after_a_further_failure_is_a_breach() {
        let mut story = failing();
        story.no_olm(A1, B1);
        story.claim_fails(A1, B1);
        story.no_olm(A1, B1);
        assert_eq!(story.rules(), [(Rule::N02, device(A1))]);
    }

    #[test]
    fn a_new_session_in_either_direction_allows_another_report() {
        for direction in [Direction::Outbound, Direction::Inbound] {
            let mut story = failing();
            story.no_olm(A1, B1);
            let (session, why) = (OlmSessionId::new(77), OlmCause::Received);
            let (device, peer) = (A1, B1);
            story.by(A1, FactKind::OlmNew { device, peer, session, direction, why, key: None });
            let why = LossCause::Wiped;
            story.by(A1, FactKind::OlmDropped { device, peer, session, why });
            story.claim_fails(A1, B1);
            story.no_olm(A1, B1);
            assert_eq!(story.rules(), []);
            story.no_olm(A1, B1);
            assert_eq!(story.rules(), [(Rule::N02, crate::check::testing::device(A1))]);
        }
    }

    #[test]
    fn a_report_belongs_to_the_epoch_in_which_it_was_put_together() {
        use crate::protocol::to_device::ToDeviceType;
        use crate::protocol::withheld::WithheldNotice;
        use crate::trace::fact::SentContent;
        let mut story = failing();
        let content = SentContent::Withheld(WithheldNotice::NoOlm.content(A1));
        let late = story.put((A1, B1), ToDeviceType::Withheld, content);
        let (session, why) = (story.olm(A1, B1), LossCause::Wiped);
        story.by(A1, FactKind::OlmDropped { device: A1, peer: B1, session, why });
        story.accepted(late);
        story.stored(late);
        story.claim_fails(A1, B1);
        story.no_olm(A1, B1);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn neither_a_new_megolm_session_nor_a_restart_allows_another_report() {
        let mut story = failing();
        story.no_olm(A1, B1);
        story.replace(A1, s(1));
        story.crash(A1);
        story.by(A1, FactKind::Restarted { device: A1 });
        story.claim_fails(A1, B1);
        story.no_olm(A1, B1);
        assert_eq!(story.rules(), [(Rule::N02, device(A1))]);
    }

    #[test]
    fn two_devices_of_one_user_report_each_for_itself() {
        let mut story = failing();
        story.up(A2);
        story.learn(A2, BOB, &[B1]);
        story.learn(B1, ALICE, &[A1, A2]);
        story.no_olm(A1, B1);
        story.claim_fails(A2, B1);
        story.no_olm(A2, B1);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn a_report_that_the_store_forgot_is_not_held_against_its_device() {
        let mut story = failing();
        let snapshot = SimTime::from_ms(10);
        story.wait(100);
        story.no_olm(A1, B1);
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        story.no_olm(A1, B1);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn a_report_that_its_sender_forgot_takes_no_earlier_one_out_of_its_memory() {
        let mut story = Story::begin();
        story.session(A1, s(0));
        story.claim_fails(A1, B1);
        story.no_olm(A1, B1);
        story.wait(10_000);
        let snapshot = story.now();
        story.wait(10_000);
        let report = SentContent::Withheld(WithheldNotice::NoOlm.content(A1));
        let forgotten = story.put((A1, B1), ToDeviceType::Withheld, report);
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        story.accepted(forgotten);
        assert_eq!(story.broken_of(&[Rule::N02]), []);
        story.no_olm(A1, B1);
        assert_eq!(story.broken_of(&[Rule::N02]), [(Rule::N02, device(A1))]);
    }
}
