//! Who is logged in, who is or was a member and what was sent, while the steps of a draft are put in order.
//! It does not know why a step was planned; it says whether it can be taken at its time.

use crate::ids::{DeviceId, RoomId, UserId};
use crate::protocol::room::Membership;
use crate::scenario::model::Scenario;
use crate::scenario::policy::Target;
use crate::scenario::step::Step;

/// Whether a device is logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    NotYet,
    In,
    Out,
}

/// What is so at one time of the story, as far as the reader of files looks at it.
pub(super) struct Stage<'s> {
    scenario: &'s Scenario,
    presence: Vec<Presence>,
    has_identity: Vec<bool>,
    /// Whether a user has ever been joined to a room, by room, then user.
    was_joined: Vec<bool>,
    /// Whether a message of the draft was sent.
    sent: Vec<bool>,
}

impl<'s> Stage<'s> {
    /// How it is at the start of a scenario with so many messages.
    pub(super) fn new(scenario: &'s Scenario, messages: usize) -> Self {
        let presence = scenario.devices.iter().map(|device| match device.present {
            true => Presence::In,
            false => Presence::NotYet,
        });
        let mut stage = Self {
            scenario,
            presence: presence.collect(),
            has_identity: scenario.users.iter().map(|user| user.cross_signing).collect(),
            was_joined: vec![false; scenario.rooms.len() * scenario.users.len()],
            sent: vec![false; messages],
        };
        for (index, room) in scenario.rooms.iter().enumerate() {
            for (user, membership) in &room.members {
                stage.member(RoomId::at(index), *user, *membership);
            }
        }
        stage
    }

    /// Takes the step if it can be taken; false if not.
    pub(super) fn take(&mut self, step: &Step) -> bool {
        let can = self.can_take(step);
        if can {
            self.apply(step);
        }
        can
    }

    fn can_take(&self, step: &Step) -> bool {
        match *step {
            Step::Login(device) => self.can_log_in(device),
            Step::Logout(device) | Step::ResetIdentity(device) | Step::RestoreBackup(device) => {
                self.is_in(device)
            }
            Step::CrossSign(device) => {
                self.is_in(device) && self.has_identity[self.user(device).index()]
            }
            Step::Send { device, room, .. }
            | Step::HistoryVisibility { device, room, .. }
            | Step::Encryption { device, room, .. }
            | Step::DiscardSession { device, room } => {
                self.is_in(device) && self.was_joined(room, self.user(device))
            }
            Step::Member { device, room, user, .. } => {
                let own = self.user(device);
                self.is_in(device) && (user == own || self.was_joined(room, own))
            }
            Step::Verify { device, target }
            | Step::Unverify { device, target }
            | Step::Block { device, target }
            | Step::Unblock { device, target } => {
                self.is_in(device) && target != Target::Device(device)
            }
            Step::RequestKey { device, message, ref of } => {
                self.is_in(device) && self.sent[message.index()] && !of.contains(&device)
            }
            Step::CancelRequest { device, message } => {
                self.is_in(device) && self.sent[message.index()]
            }
            Step::AcknowledgeIdentity { device, .. }
            | Step::SetSharing { device, .. }
            | Step::SetReporting { device, .. } => self.is_in(device),
        }
    }

    fn apply(&mut self, step: &Step) {
        if let Step::Login(device) = *step {
            self.presence[device.index()] = Presence::In;
        } else if let Step::Logout(device) = *step {
            self.presence[device.index()] = Presence::Out;
        } else if let Step::ResetIdentity(device) = *step {
            let user = self.user(device);
            self.has_identity[user.index()] = true;
        } else if let Step::Member { room, user, membership, .. } = *step {
            self.member(room, user, membership);
        } else if let Step::Send { message, .. } = *step {
            self.sent[message.index()] = true;
        }
    }

    fn user(&self, device: DeviceId) -> UserId {
        self.scenario.user_of(device)
    }

    fn is_in(&self, device: DeviceId) -> bool {
        self.presence[device.index()] == Presence::In
    }

    /// A device that never was may log in if no other one has its device id at this time.
    fn can_log_in(&self, device: DeviceId) -> bool {
        let made = &self.scenario.devices[device.index()];
        let has_its_id = |other: DeviceId| {
            self.is_in(other) && self.scenario.devices[other.index()].device_id == made.device_id
        };
        self.presence[device.index()] == Presence::NotYet
            && !self.scenario.devices_of(made.user).any(has_its_id)
    }

    fn was_joined(&self, room: RoomId, user: UserId) -> bool {
        self.was_joined[room.index() * self.scenario.users.len() + user.index()]
    }

    fn member(&mut self, room: RoomId, user: UserId, membership: Membership) {
        if membership == Membership::Join {
            self.was_joined[room.index() * self.scenario.users.len() + user.index()] = true;
        }
    }
}
