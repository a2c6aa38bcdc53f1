//! Rooms as their events tell them: membership, history visibility, encryption settings, messages.
//! It does not know who has seen which event.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ids::{DeviceId, MessageId, UserId};
use crate::protocol::to_device::MegolmCiphertext;
use crate::time::{SimDuration, SimTime};

/// `membership` of `m.room.member`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Membership {
    /// Was never there, or left, or was removed without a ban.
    Leave,
    /// Invited and not yet joined.
    Invite,
    /// In the room.
    Join,
    /// Banned.
    Ban,
}

/// `history_visibility` of `m.room.history_visibility`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HistoryVisibility {
    /// From the invite on.
    Invited,
    /// From the join on.
    Joined,
    /// All of the past, for members.
    Shared,
    /// All of the past, for everyone.
    WorldReadable,
}

impl HistoryVisibility {
    /// Whether keys of this time may be given to later joiners (specification, "Shareable encryption sessions").
    #[must_use]
    pub const fn is_shareable(self) -> bool {
        matches!(self, Self::Shared | Self::WorldReadable)
    }
}

/// `m.room.encryption`: when a Megolm session must be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rotation {
    /// `rotation_period_ms`, 7 days where the event does not say.
    pub period: SimDuration,
    /// `rotation_period_msgs`, 100 where the event does not say.
    pub messages: u32,
}

/// An event of a room's timeline or state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RoomEvent {
    /// An encrypted message.
    Message {
        /// Which of the run's messages.
        message: MessageId,
        /// The device that sent it. A recipient may use no more than its user.
        sender: DeviceId,
        /// `origin_server_ts`: when the sender's server accepted it.
        sent_at: SimTime,
        /// The ciphertext.
        body: MegolmCiphertext,
    },
    /// `m.room.member`
    Member {
        /// The user that it is about.
        user: UserId,
        /// The new membership.
        membership: Membership,
        /// `sender`: the user who wrote the event; `None` where only the state that it led to is known.
        by: Option<UserId>,
    },
    /// `m.room.history_visibility`
    HistoryVisibility(HistoryVisibility),
    /// `m.room.encryption`
    Encryption(Rotation),
}

/// The state of a room at one point of one server's order of events.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoomState {
    /// Users with a membership other than [`Membership::Leave`].
    pub members: BTreeMap<UserId, Membership>,
    /// Who invited each member that was invited.
    pub inviters: BTreeMap<UserId, UserId>,
    /// History visibility; `None` if no event set it.
    pub history_visibility: Option<HistoryVisibility>,
    /// Encryption settings.
    pub rotation: Rotation,
}

impl RoomState {
    /// The membership of `user`.
    #[must_use]
    pub fn membership(&self, user: UserId) -> Membership {
        self.members.get(&user).copied().unwrap_or(Membership::Leave)
    }

    /// Applies a state event; messages change nothing.
    pub fn apply(&mut self, event: &RoomEvent) {
        match *event {
            RoomEvent::Member { user, membership, by } => {
                match (membership, by) {
                    (Membership::Invite, Some(by)) => {
                        self.inviters.insert(user, by);
                    }
                    (Membership::Join, _) => {}
                    (Membership::Invite | Membership::Leave | Membership::Ban, _) => {
                        self.inviters.remove(&user);
                    }
                }
                if membership == Membership::Leave {
                    self.members.remove(&user);
                } else {
                    self.members.insert(user, membership);
                }
            }
            RoomEvent::HistoryVisibility(visibility) => self.history_visibility = Some(visibility),
            RoomEvent::Encryption(rotation) => self.rotation = rotation,
            RoomEvent::Message { .. } => {}
        }
    }
}

/// A room's state shared by all who were told the same.
pub type SharedRoomState = Arc<RoomState>;
