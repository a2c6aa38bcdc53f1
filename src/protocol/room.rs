//! Rooms as their events tell them: membership, history visibility, encryption settings, messages.
//! It does not know who has seen which event.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
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

/// `algorithm` of `m.room.encryption`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoomAlgorithm {
    /// `m.megolm.v1.aes-sha2`, the only one that the specification knows for rooms.
    MegolmV1,
    /// Any other: no client here can encrypt with it.
    Other,
}

/// `m.room.encryption`: how a room's messages are encrypted, and when a Megolm session must be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// `rotation_period_ms`, 7 days where the event does not say.
    pub period: SimDuration,
    /// `rotation_period_msgs`, 100 where the event does not say.
    pub messages: u32,
    /// `algorithm`
    pub algorithm: RoomAlgorithm,
}

impl Rotation {
    /// The settings that the specification gives to a room which says nothing.
    pub const DEFAULT: Self = Self::megolm(SimDuration::from_hours(7 * 24), 100);

    /// Megolm sessions that are replaced after this time or so many messages.
    #[must_use]
    pub const fn megolm(period: SimDuration, messages: u32) -> Self {
        Self { period, messages, algorithm: RoomAlgorithm::MegolmV1 }
    }
}

/// The usual algorithm is left out, so that digests of rooms that never heard of another stay what they were.
impl Hash for Rotation {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.period.hash(state);
        self.messages.hash(state);
        match self.algorithm {
            RoomAlgorithm::MegolmV1 => {}
            RoomAlgorithm::Other => self.algorithm.hash(state),
        }
    }
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
    /// The number, in its server's order, of the event that made each user's membership what it is, users who are out of
    /// the room included; who is not here has had no event since the room was made. It stands for the id of that event,
    /// by which a client tells one join from another.
    pub changed_by: BTreeMap<UserId, u32>,
}

impl RoomState {
    /// The membership of `user`.
    #[must_use]
    pub fn membership(&self, user: UserId) -> Membership {
        self.members.get(&user).copied().unwrap_or(Membership::Leave)
    }

    /// Applies the state event with this number; messages change nothing.
    pub fn apply(&mut self, event: &RoomEvent, seq: u32) {
        if let RoomEvent::Member { user, .. } = *event {
            self.changed_by.insert(user, seq);
        }
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
