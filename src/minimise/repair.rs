//! A scenario made valid again after something was taken out: what makes no sense any more goes as well.
//! It does not know what was taken out.
//!
//! It goes through the story as the reader of files does, and leaves out what the reader would complain about.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{DeviceId, MessageId, RoomId, ServerId, UserId};
use crate::protocol::room::Membership;
use crate::scenario::fault::{FaultKind, ToDeviceFilter};
use crate::scenario::heal::Heal;
use crate::scenario::model::{Device, Scenario};
use crate::scenario::policy::Target;
use crate::scenario::step::Step;

use super::renumber::{Renumber, ranks};

/// The scenario, which has no probes, with only such steps and faults as make sense, and with messages numbered in the
/// order of their sends.
pub(super) fn repaired(mut scenario: Scenario) -> Scenario {
    let mut timeline = std::mem::take(&mut scenario.timeline);
    let mut stage = Stage::of(&scenario);
    timeline.retain(|timed| stage.takes(&timed.step));
    let sent = stage.sent;
    scenario.timeline = timeline;
    let mut faults = std::mem::take(&mut scenario.faults);
    faults.retain(|fault| makes_sense(&fault.kind, &scenario));
    scenario.faults = faults;
    let stays: Vec<bool> =
        (0..scenario.messages.len()).map(|index| sent.contains(&MessageId::at(index))).collect();
    with_messages(scenario, &stays)
}

/// The scenario with only these of its messages.
fn with_messages(mut scenario: Scenario, stays: &[bool]) -> Scenario {
    let renumber = Renumber {
        servers: (0..scenario.servers.len()).map(|index| Some(ServerId::at(index))).collect(),
        users: (0..scenario.users.len()).map(|index| Some(UserId::at(index))).collect(),
        devices: (0..scenario.devices.len()).map(|index| Some(DeviceId::at(index))).collect(),
        rooms: (0..scenario.rooms.len()).map(|index| Some(RoomId::at(index))).collect(),
        messages: ranks(stays, MessageId::at),
    };
    let names = scenario.messages.iter().zip(stays).filter(|(_, stays)| **stays);
    let messages: Vec<String> = names.map(|(name, _)| name.clone()).collect();
    scenario.timeline.retain_mut(|timed| {
        let new = renumber.step(&timed.step);
        let stays = new.is_some();
        if let Some(step) = new {
            timed.step = step;
        }
        stays
    });
    scenario.faults = scenario.faults.iter().filter_map(|fault| renumber.fault(fault)).collect();
    scenario.expect = renumber.expectations(&scenario.expect);
    if let Some(heal) = &mut scenario.heal {
        *heal = Heal { first_probe: MessageId::at(messages.len()), ..*heal };
    }
    scenario.messages = messages;
    scenario
}

/// Whether a device is logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    NotYet,
    In,
    Out,
}

/// Who is there, who is a member, what was sent, at one time of the story.
struct Stage<'s> {
    devices: &'s [Device],
    presence: Vec<Presence>,
    device_ids: BTreeMap<(UserId, &'s str), DeviceId>,
    identities: BTreeSet<UserId>,
    joined: BTreeSet<(RoomId, UserId)>,
    sent: BTreeSet<MessageId>,
}

impl<'s> Stage<'s> {
    fn of(scenario: &'s Scenario) -> Self {
        let devices = &scenario.devices[..];
        let presence =
            |device: &Device| if device.present { Presence::In } else { Presence::NotYet };
        let with_keys = scenario.users.iter().enumerate().filter(|(_, user)| user.cross_signing);
        let mut stage = Self {
            devices,
            presence: devices.iter().map(presence).collect(),
            device_ids: BTreeMap::new(),
            identities: with_keys.map(|(index, _)| UserId::at(index)).collect(),
            joined: BTreeSet::new(),
            sent: BTreeSet::new(),
        };
        for (index, device) in devices.iter().enumerate().filter(|(_, device)| device.present) {
            stage.device_ids.insert((device.user, &device.device_id), DeviceId::at(index));
        }
        for (index, room) in scenario.rooms.iter().enumerate() {
            for (user, membership) in &room.members {
                stage.member(RoomId::at(index), *user, *membership);
            }
        }
        stage
    }

    fn user(&self, device: DeviceId) -> UserId {
        self.devices[device.index()].user
    }

    /// Whoever was once in a room may try something there.
    fn member(&mut self, room: RoomId, user: UserId, membership: Membership) {
        match membership {
            Membership::Join => {
                self.joined.insert((room, user));
            }
            Membership::Invite | Membership::Leave | Membership::Ban => {}
        }
    }

    fn is_in(&self, device: DeviceId) -> bool {
        self.presence[device.index()] == Presence::In
    }

    fn was_in(&self, device: DeviceId, room: RoomId) -> bool {
        self.is_in(device) && self.joined.contains(&(room, self.user(device)))
    }

    /// Whether the step makes sense now; then it happens.
    fn takes(&mut self, step: &Step) -> bool {
        match *step {
            Step::Login(device) => self.login(device),
            Step::Logout(device) => {
                let there = self.is_in(device);
                if there {
                    self.presence[device.index()] = Presence::Out;
                    let made = &self.devices[device.index()];
                    self.device_ids.remove(&(made.user, made.device_id.as_str()));
                }
                there
            }
            Step::Send { device, room, message } => {
                let may = self.was_in(device, room);
                if may {
                    self.sent.insert(message);
                }
                may
            }
            Step::Member { device, room, user, membership } => {
                let own = user == self.user(device);
                let may = self.is_in(device) && (own || self.was_in(device, room));
                if may {
                    self.member(room, user, membership);
                }
                may
            }
            Step::HistoryVisibility { device, room, .. }
            | Step::Encryption { device, room, .. }
            | Step::DiscardSession { device, room } => self.was_in(device, room),
            Step::CrossSign(device) => {
                self.is_in(device) && self.identities.contains(&self.user(device))
            }
            Step::ResetIdentity(device) => {
                let there = self.is_in(device);
                if there {
                    self.identities.insert(self.user(device));
                }
                there
            }
            Step::Verify { device, target }
            | Step::Unverify { device, target }
            | Step::Block { device, target }
            | Step::Unblock { device, target } => {
                self.is_in(device) && target != Target::Device(device)
            }
            Step::RequestKey { device, message, .. } | Step::CancelRequest { device, message } => {
                self.is_in(device) && self.sent.contains(&message)
            }
            Step::AcknowledgeIdentity { device, .. }
            | Step::SetSharing { device, .. }
            | Step::SetReporting { device, .. }
            | Step::RestoreBackup(device) => self.is_in(device),
        }
    }

    fn login(&mut self, device: DeviceId) -> bool {
        let made = &self.devices[device.index()];
        let id = (made.user, made.device_id.as_str());
        let taken = self.device_ids.get(&id).is_some_and(|other| *other != device);
        let may = self.presence[device.index()] == Presence::NotYet && !taken;
        if may {
            self.presence[device.index()] = Presence::In;
            self.device_ids.insert(id, device);
        }
        may
    }
}

/// Whether a fault strikes what it says, after two parts may have become one.
fn makes_sense(kind: &FaultKind, scenario: &Scenario) -> bool {
    let fits = |which: ToDeviceFilter| which.sender.is_none() || which.sender != which.recipient;
    match *kind {
        FaultKind::FederationDown { between, and } => between != and,
        FaultKind::OlmSessionsLost { device, peer } => device != peer,
        FaultKind::ForgedWithheld { sender, recipient, .. } => sender != recipient,
        FaultKind::PoisonedEdu { device, at } => scenario.server_of(device) != at,
        FaultKind::ToDeviceDelayed { which, .. }
        | FaultKind::ToDeviceDuplicated { which }
        | FaultKind::ToDeviceDropped { which }
        | FaultKind::OlmCorrupted { which } => fits(which),
        FaultKind::OneTimeKeysRunOut { .. }
        | FaultKind::NoFallbackKey { .. }
        | FaultKind::KeysClaimedByStranger { .. }
        | FaultKind::ClaimFails { .. }
        | FaultKind::KeyHandedOutTwice { .. }
        | FaultKind::KeysOutOfOrder { .. }
        | FaultKind::CountsOmitted { .. }
        | FaultKind::UploadRejected { .. }
        | FaultKind::ServerRestored { .. }
        | FaultKind::ServerUnreachable { .. }
        | FaultKind::ToDeviceReordered { .. }
        | FaultKind::BatchLimit { .. }
        | FaultKind::EduLimit { .. }
        | FaultKind::ListNoticeLost { .. }
        | FaultKind::StaleQueryAnswer { .. }
        | FaultKind::QuerySlow { .. }
        | FaultKind::IncompleteMembers { .. }
        | FaultKind::ResponseLost { .. }
        | FaultKind::RateLimited { .. }
        | FaultKind::ClientOffline { .. }
        | FaultKind::Crash { .. }
        | FaultKind::StoreRolledBack { .. }
        | FaultKind::OneTimeKeysForgotten { .. }
        | FaultKind::SecondReader { .. }
        | FaultKind::SecondProcess { .. }
        | FaultKind::ClockAhead { .. }
        | FaultKind::ClockBehind { .. }
        | FaultKind::MembershipLate { .. }
        | FaultKind::LimitedSync { .. } => true,
    }
}
