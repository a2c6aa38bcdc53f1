//! When a failure to set up Olm is to be reported, and whether there is anything to tell by then: once it is known for good and the sender
//! knows that the message is there.
//! It does not know what was reported.

use crate::check::view::View;
use crate::check::view::duties::Duty;
use crate::check::view::life::Moment;
use crate::check::view::messages::Encrypted;
use crate::check::view::olm::Failed;
use crate::ids::{DeviceId, FactId, MessageId, RoomId};
use crate::protocol::withheld::WithheldCode;
use crate::trace::fact::{ClaimFailed, ClaimOutcome};

impl View {
    /// The claim of `device` for a key of `target` ended.
    pub(crate) fn claim_ended(
        &mut self,
        device: DeviceId,
        target: DeviceId,
        outcome: ClaimOutcome,
        now: Moment,
    ) {
        let epoch = self.epoch(device, target);
        let failed = match outcome {
            ClaimOutcome::Key { fallback: true, .. } => {
                self.olm.got_fallback(device, target, epoch, now.fact);
                None
            }
            ClaimOutcome::Key { fallback: false, .. } => None,
            ClaimOutcome::NoKey | ClaimOutcome::Failed(ClaimFailed::BadSignature) => {
                Some(Failed { epoch, for_good: true })
            }
            ClaimOutcome::Failed(_) => Some(Failed { epoch, for_good: false }),
        };
        let is_settled = self.olm.claim_ended(device, target, failed, (now, &self.life));
        self.olm.wrote(device, target, now, &self.life);
        if is_settled && self.tells_nothing_of_olm(device, target) {
            self.olm.leave_untold((device, target), epoch, None);
        }
    }

    /// The device was told of a message in its room. Of one of its own it knows by then that it is there.
    pub(crate) fn message_came(&mut self, message: MessageId, device: DeviceId, fact: FactId) {
        if let Some(sent) = self.messages.came(message, device, fact) {
            self.message_is_known(sent, fact);
        }
    }

    /// The device was told of the room by a sync that leaves events out: its own messages may be among those.
    pub(crate) fn messages_left_out(&mut self, device: DeviceId, room: RoomId, fact: FactId) {
        if let Some(sent) = self.messages.left_out(device, room, fact) {
            self.message_is_known(sent, fact);
        }
    }

    /// The message's sender knows by now that it was sent.
    fn message_is_known(&mut self, sent: Encrypted, fact: FactId) {
        let sender = sent.sender;
        let roster = self.rooms.roster(sent.room).iter();
        for (other, duty) in roster.zip(self.duties.table(sent.snapshot)) {
            if let Duty::Owed { olm: false, epoch, .. } = duty
                && self.olm.settled(sender, *other, *epoch).is_some()
                && self.tells_nothing_of_olm(sender, *other)
            {
                self.olm.leave_untold((sender, *other), *epoch, Some(fact));
            }
        }
    }

    /// Whether the device's user wants nothing told of a failure with the other one now: no such reports, or none of why it is barred
    /// (W-21).
    fn tells_nothing_of_olm(&self, device: DeviceId, other: DeviceId) -> bool {
        let reason = self.bar(device, other).map_or(WithheldCode::NoOlm, |bar| bar.code);
        self.reports(device, other)
            .is_some_and(|codes| !codes.contains(WithheldCode::NoOlm) || !codes.contains(reason))
    }
}
