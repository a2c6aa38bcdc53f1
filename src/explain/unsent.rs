//! What led to it that a message was never sent: the step, how its device stopped, or what it refused it for.
//! It does not know whether that was right.

use crate::ids::{DeviceId, FactId, MessageId, RoomId, UserId};
use crate::trace::fact::{Fact, FactKind, Refusal};

/// A message that was never sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnsentMessage {
    /// The message.
    pub message: MessageId,
    /// The position of its step in the timeline.
    pub step: u32,
    /// The device that was to send it.
    pub device: DeviceId,
    /// The user of that device.
    pub user: UserId,
    /// The room that it was for.
    pub room: RoomId,
    /// What the device refused it for, if it did.
    pub why: Option<Refusal>,
}

impl UnsentMessage {
    /// The facts that are about that, ascending: the step, what became of the device later, and of what it refused the message for
    /// the last that was so before.
    pub(super) fn seeds(&self, facts: &[Fact]) -> Vec<FactId> {
        let is_step =
            |fact: &&Fact| matches!(fact.kind, FactKind::UserStep(step) if step == self.step);
        let Some(step) = facts.iter().find(is_step).map(|fact| fact.id) else { return Vec::new() };
        let refused = facts.iter().find(|fact| {
            matches!(fact.kind, FactKind::SendRefused { message, .. } if message == self.message)
        });
        let end = refused.map_or(FactId::new(u32::MAX), |fact| fact.id);
        let reason = facts.iter().rfind(|fact| fact.id < end && self.is_reason(&fact.kind));
        let stops = facts.iter().filter(|fact| fact.id > step && self.stops(&fact.kind));
        let mut found: Vec<FactId> = stops.chain(reason).map(|fact| fact.id).collect();
        found.push(step);
        found.sort_unstable();
        found
    }

    /// Whether the device stops or starts again.
    fn stops(&self, kind: &FactKind) -> bool {
        if let FactKind::Crashed { device }
        | FactKind::Restarted { device }
        | FactKind::LoggedOut { device }
        | FactKind::DeviceDeleted { device } = *kind
        {
            return device == self.device;
        }
        false
    }

    /// Whether it is of the kind that the device refused the message for.
    fn is_reason(&self, kind: &FactKind) -> bool {
        match self.why {
            None => false,
            Some(Refusal::IdentityChanged(of)) => {
                matches!(*kind, FactKind::IdentitySet { user, .. } if user == of)
            }
            Some(Refusal::WouldWithhold(_)) => {
                if let FactKind::BlockedSet { device, .. }
                | FactKind::VerifiedSet { device, .. }
                | FactKind::SharingSet { device, .. } = *kind
                {
                    return device == self.device;
                }
                false
            }
            Some(Refusal::NotInRoom) => {
                matches!(*kind, FactKind::Member { room, user, .. } if (room, user) == (self.room, self.user))
            }
            Some(Refusal::NotLoggedIn) => {
                matches!(*kind, FactKind::LoggedOut { device } if device == self.device)
            }
            Some(Refusal::NoEncryption) => {
                matches!(*kind, FactKind::Encryption { room, .. } if room == self.room)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::UnsentMessage;
    use crate::ids::{DeviceId, FactId, MessageId, UserId};
    use crate::trace::fact::{FactKind, Refusal};
    use crate::trace::sample::{A1, ROOM, fact_of};

    #[test]
    fn the_step_the_crash_and_the_last_reason_before_a_refusal_are_told() {
        let other = DeviceId::new(7);
        let [alice, bob] = [0, 1].map(UserId::new);
        let message = MessageId::new(0);
        let why = Refusal::NotInRoom;
        let leave = |user| FactKind::Member {
            room: ROOM,
            user,
            membership: crate::protocol::room::Membership::Leave,
            seq: 3,
        };
        let kinds = [
            FactKind::Crashed { device: A1 },
            leave(alice),
            leave(alice),
            leave(bob),
            FactKind::UserStep(4),
            FactKind::Crashed { device: other },
            FactKind::SendRefused { device: A1, room: ROOM, message: MessageId::new(1), why },
            leave(alice),
            FactKind::SendRefused { device: A1, room: ROOM, message, why },
            FactKind::Crashed { device: A1 },
            leave(alice),
        ];
        let facts: Vec<_> =
            (0..).zip(kinds).map(|(id, kind)| fact_of(id, u64::from(id), kind)).collect();
        let unsent =
            |why| UnsentMessage { message, step: 4, device: A1, user: alice, room: ROOM, why };
        let seeds = |why| unsent(why).seeds(&facts);
        assert_eq!(seeds(Some(why)), [4, 7, 9].map(FactId::new));
        assert_eq!(seeds(None), [4, 9].map(FactId::new));
        let later = UnsentMessage { step: 5, ..unsent(None) };
        assert_eq!(later.seeds(&facts), []);
    }
}
