//! The stage on which a story is told: who is logged in, who is a member, what was sent, at one time of the story.
//! It does not know what is a mistake; `story` does.

use std::collections::{BTreeMap, BTreeSet};

use super::cast::Cast;
use super::codec::Slot;
use super::container::At;
use super::timeline::TimelineEntry;
use crate::ids::{DeviceId, MessageId, RoomId, UserId};
use crate::protocol::room::Membership;

/// Whether a device is logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// It never was.
    NotYet,
    /// It is.
    In,
    /// It was, and is no more.
    Out,
}

/// What is so at one time of the story.
pub(super) struct Stage<'c> {
    pub(super) cast: &'c Cast,
    pub(super) presence: Vec<Presence>,
    pub(super) device_ids: BTreeMap<(UserId, &'c str), DeviceId>,
    pub(super) identities: BTreeSet<UserId>,
    pub(super) joined: BTreeSet<(RoomId, UserId)>,
    pub(super) ever_in: BTreeSet<(RoomId, UserId)>,
    pub(super) senders: BTreeMap<MessageId, (DeviceId, RoomId)>,
    pub(super) presence_known: bool,
    pub(super) members_known: bool,
    pub(super) messages_known: bool,
}

impl<'c> Stage<'c> {
    /// How it is at the start.
    pub(super) fn new(cast: &'c Cast, known: Known) -> Self {
        let present = |device: &crate::scenario::model::Device| match device.present {
            true => Presence::In,
            false => Presence::NotYet,
        };
        let mut stage = Self {
            cast,
            presence: cast.devices.iter().map(present).collect(),
            device_ids: BTreeMap::new(),
            identities: BTreeSet::new(),
            joined: BTreeSet::new(),
            ever_in: BTreeSet::new(),
            senders: BTreeMap::new(),
            presence_known: cast.presence_known && known.presence,
            members_known: cast.members_known && known.members,
            messages_known: known.messages,
        };
        for (index, device) in cast.devices.iter().enumerate().filter(|(_, device)| device.present)
        {
            stage.device_ids.insert((device.user, &device.device_id), DeviceId::at(index));
        }
        let with_keys = cast.users.iter().enumerate().filter(|(_, user)| user.cross_signing);
        stage.identities.extend(with_keys.map(|(index, _)| UserId::at(index)));
        for (index, room) in cast.rooms.iter().enumerate() {
            for (user, membership) in &room.members {
                stage.member(RoomId::at(index), *user, *membership);
            }
        }
        stage
    }

    pub(super) fn user(&self, device: DeviceId) -> UserId {
        self.cast.devices[device.index()].user
    }

    /// How many devices send probes to each room in a heal phase after all this.
    pub(super) fn probers(&self) -> BTreeMap<RoomId, usize> {
        let senders: BTreeSet<DeviceId> =
            self.senders.values().map(|(device, _)| *device).collect();
        let mut users = vec![0_usize; self.cast.users.len()];
        for device in senders {
            if self.presence[device.index()] != Presence::Out {
                users[self.user(device).index()] += 1;
            }
        }
        let mut probers = BTreeMap::new();
        for (room, user) in &self.joined {
            *probers.entry(*room).or_default() += users[user.index()];
        }
        probers
    }

    pub(super) fn out(&mut self, device: DeviceId) {
        self.presence[device.index()] = Presence::Out;
        let made = &self.cast.devices[device.index()];
        self.device_ids.remove(&(made.user, made.device_id.as_str()));
    }

    pub(super) fn member(&mut self, room: RoomId, user: UserId, membership: Membership) {
        match membership {
            Membership::Join => {
                self.joined.insert((room, user));
                self.ever_in.insert((room, user));
            }
            Membership::Invite => {
                self.ever_in.insert((room, user));
            }
            Membership::Leave | Membership::Ban => {}
        }
    }
}

/// What the timeline tells without gaps. A step that cannot be read must not make others look wrong.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub(super) presence: bool,
    pub(super) members: bool,
    pub(super) messages: bool,
}

/// What these entries tell without gaps.
pub(super) fn known_until(entries: &[At<Slot<TimelineEntry>>]) -> Known {
    let mut known = Known { presence: true, members: true, messages: true };
    for entry in entries {
        let entry = entry.value.get();
        let is_read = |entry: &TimelineEntry| entry.what.is_some() && !entry.at.is_bad();
        if entry.is_some_and(is_read) {
            continue;
        }
        match entry.and_then(|entry| entry.tag) {
            Some("login" | "logout" | "reset_identity") => known.presence = false,
            Some("member") => known.members = false,
            Some("send" | "send_many") => known.messages = false,
            Some(_) => {}
            None => known = Known { presence: false, members: false, messages: false },
        }
    }
    known
}
