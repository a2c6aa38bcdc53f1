//! A scenario without some of its parts, or with two of them as one; whatever rests on what is gone goes too.
//! It does not know which parts are worth a try.

use std::collections::BTreeMap;

use crate::ids::{DeviceId, MessageId, RoomId, ServerId, UserId};
use crate::protocol::room::Membership;
use crate::scenario::model::{Device, Room, Scenario};
use crate::scenario::step::TimedStep;

use super::renumber::{Renumber, faults, ranks};
use super::repair::repaired;

/// What becomes of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Stays,
    Goes,
    /// It becomes one with another part of its kind, which stays.
    Into(usize),
}

/// What becomes of every part of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    servers: Vec<Fate>,
    users: Vec<Fate>,
    devices: Vec<bool>,
    rooms: Vec<Fate>,
    steps: Vec<bool>,
    faults: Vec<bool>,
}

/// The scenario without its probes, which come anew with the heal phase when it is read.
pub(super) fn told(scenario: &Scenario) -> Scenario {
    let mut told = scenario.clone();
    if let Some(heal) = told.heal {
        told.timeline.retain(|step| step.at < heal.from);
        told.messages.truncate(heal.first_probe.index());
    }
    told
}

impl Cut {
    /// Everything stays.
    pub(super) fn nothing(scenario: &Scenario) -> Self {
        Self {
            servers: vec![Fate::Stays; scenario.servers.len()],
            users: vec![Fate::Stays; scenario.users.len()],
            devices: vec![true; scenario.devices.len()],
            rooms: vec![Fate::Stays; scenario.rooms.len()],
            steps: vec![true; scenario.timeline.len()],
            faults: vec![true; scenario.faults.len()],
        }
    }

    pub(super) fn user(&mut self, user: UserId) {
        self.users[user.index()] = Fate::Goes;
    }

    pub(super) fn device(&mut self, device: DeviceId) {
        self.devices[device.index()] = false;
    }

    pub(super) fn room(&mut self, room: RoomId) {
        self.rooms[room.index()] = Fate::Goes;
    }

    pub(super) fn step(&mut self, step: usize) {
        self.steps[step] = false;
    }

    pub(super) fn fault(&mut self, fault: usize) {
        self.faults[fault] = false;
    }

    pub(super) fn merge_users(&mut self, from: UserId, into: UserId) {
        self.users[from.index()] = Fate::Into(into.index());
    }

    pub(super) fn merge_servers(&mut self, from: ServerId, into: ServerId) {
        self.servers[from.index()] = Fate::Into(into.index());
    }

    pub(super) fn merge_rooms(&mut self, from: RoomId, into: RoomId) {
        self.rooms[from.index()] = Fate::Into(into.index());
    }

    /// What is left. `None` if there is nobody left.
    pub(super) fn apply(&self, scenario: &Scenario) -> Option<Scenario> {
        let mut rest = told(scenario);
        let renumber = self.renumber(&rest);
        if renumber.devices.iter().all(Option::is_none) {
            return None;
        }
        rest.servers = staying(&rest.servers, &self.used_servers(&rest));
        rest.users = staying(&rest.users, &stays(&self.users));
        for (user, old) in rest.users.iter_mut().zip(kept_positions(&stays(&self.users))) {
            user.server = renumber.server(scenario.users[old].server)?;
        }
        rest.devices = devices(scenario, &renumber);
        rest.rooms = rooms(scenario, &self.used_rooms(scenario, &renumber), &renumber);
        let timeline = rest.timeline.iter().zip(&self.steps).filter(|(_, stays)| **stays);
        rest.timeline = timeline
            .filter_map(|(timed, _)| {
                Some(TimedStep { at: timed.at, step: renumber.step(&timed.step)? })
            })
            .collect();
        rest.faults = faults(&rest.faults, &self.faults, &renumber);
        rest.expect = renumber.expectations(&rest.expect);
        Some(repaired(rest))
    }

    /// The new ids of everything but messages, which keep theirs until it is known which of them are still sent.
    fn renumber(&self, scenario: &Scenario) -> Renumber {
        let users = resolved(&self.users, UserId::at);
        let mut devices: Vec<(UserId, usize)> = Vec::new();
        for (index, device) in scenario.devices.iter().enumerate() {
            if let (true, Some(user)) = (self.devices[index], users[device.user.index()]) {
                devices.push((user, index));
            }
        }
        devices.sort_unstable();
        let mut new_devices = vec![None; scenario.devices.len()];
        for (rank, (_, index)) in devices.into_iter().enumerate() {
            new_devices[index] = Some(DeviceId::at(rank));
        }
        let used = ranks(&self.used_servers(scenario), ServerId::at);
        let home = |index: usize| match self.servers[index] {
            Fate::Stays | Fate::Goes => used[index],
            Fate::Into(other) => used[other],
        };
        let mut renumber = Renumber {
            servers: (0..scenario.servers.len()).map(home).collect(),
            users,
            devices: new_devices,
            rooms: vec![None; scenario.rooms.len()],
            messages: (0..scenario.messages.len())
                .map(|index| Some(MessageId::at(index)))
                .collect(),
        };
        let rooms = ranks(&self.used_rooms(scenario, &renumber), RoomId::at);
        renumber.rooms = (0..rooms.len())
            .map(|index| match self.rooms[index] {
                Fate::Stays | Fate::Goes => rooms[index],
                Fate::Into(other) => rooms[other],
            })
            .collect();
        renumber
    }

    /// Servers that somebody is at home on; the first if nobody is on any.
    fn used_servers(&self, scenario: &Scenario) -> Vec<bool> {
        let mut used = vec![false; scenario.servers.len()];
        for (user, fate) in scenario.users.iter().zip(&self.users) {
            if *fate == Fate::Stays {
                let home = user.server.index();
                used[match self.servers[home] {
                    Fate::Stays | Fate::Goes => home,
                    Fate::Into(other) => other,
                }] = true;
            }
        }
        if !used.contains(&true) {
            used[0] = true;
        }
        used
    }

    /// Rooms that have a member.
    fn used_rooms(&self, scenario: &Scenario, renumber: &Renumber) -> Vec<bool> {
        let has_member =
            |room: &Room| room.members.iter().any(|(user, _)| renumber.user(*user).is_some());
        let kept = scenario.rooms.iter().zip(&self.rooms);
        kept.map(|(room, fate)| *fate == Fate::Stays && has_member(room)).collect()
    }
}

fn stays(fates: &[Fate]) -> Vec<bool> {
    fates.iter().map(|fate| *fate == Fate::Stays).collect()
}

fn resolved<I: Copy>(fates: &[Fate], at: impl Fn(usize) -> I) -> Vec<Option<I>> {
    let ranks = ranks(&stays(fates), at);
    let new = |(index, fate): (usize, &Fate)| match fate {
        Fate::Stays | Fate::Goes => ranks[index],
        Fate::Into(other) => ranks[*other],
    };
    fates.iter().enumerate().map(new).collect()
}

fn staying<T: Clone>(all: &[T], stays: &[bool]) -> Vec<T> {
    all.iter().zip(stays).filter(|(_, stays)| **stays).map(|(one, _)| one.clone()).collect()
}

fn kept_positions(stays: &[bool]) -> Vec<usize> {
    (0..stays.len()).filter(|index| stays[*index]).collect()
}

/// Devices, user by user.
fn devices(scenario: &Scenario, renumber: &Renumber) -> Vec<Device> {
    let mut placed: BTreeMap<DeviceId, Device> = BTreeMap::new();
    for (index, device) in scenario.devices.iter().enumerate() {
        let new = renumber.device(DeviceId::at(index)).zip(renumber.user(device.user));
        if let Some((id, user)) = new {
            let mut device = Device { user, ..device.clone() };
            device.policy.report = renumber.reporting(&device.policy.report);
            placed.insert(id, device);
        }
    }
    placed.into_values().collect()
}

fn rooms(scenario: &Scenario, stays: &[bool], renumber: &Renumber) -> Vec<Room> {
    let mut rooms = staying(&scenario.rooms, stays);
    let mut members: Vec<BTreeMap<UserId, Membership>> = vec![BTreeMap::new(); rooms.len()];
    for (index, room) in scenario.rooms.iter().enumerate() {
        let Some(new) = renumber.room(RoomId::at(index)) else { continue };
        for (user, membership) in &room.members {
            let Some(user) = renumber.user(*user) else { continue };
            // Of two who become one, who was in the room is in it.
            let joined = members[new.index()].get(&user) == Some(&Membership::Join);
            if !joined {
                members[new.index()].insert(user, *membership);
            }
        }
    }
    for (room, members) in rooms.iter_mut().zip(members) {
        room.members = members.into_iter().collect();
    }
    rooms
}
