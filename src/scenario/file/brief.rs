//! A scenario as a file that says only what the reader would not take for granted: for people to read and to edit.
//! It does not know how the scenario came about.

use super::cast::Template;
use super::codec::{Changes, Slot};
use super::container::{At, Entry};
use super::declare::{DEFAULT_ROOM, DEFAULT_SERVER};
use super::document::{
    DEFAULT_HORIZON, DeviceFile, Devices, RoomFile, ScenarioFile, ServerFile, UserFile,
};
use super::expect::ExpectFile;
use super::fault::FaultEntry;
use super::habits::HabitsChanges;
use super::network::default_network;
use super::policy::PolicyChanges;
use super::timeline::TimelineEntry;
use super::write::{expect, many, placed, printed, unless};
use crate::ids::{ServerId, UserId};
use crate::protocol::room::{HistoryVisibility, Membership, Rotation};
use crate::scenario::expect::Expectations;
use crate::scenario::habits::ServerHabits;
use crate::scenario::model::{Device, Room, Scenario, Server, User};
use crate::scenario::step::TimedStep;

/// The scenario as a file without defaults. It reads back as an equal scenario wherever [`super::write`] does.
#[must_use]
pub fn write_brief(scenario: &Scenario) -> String {
    let told = |step: &&TimedStep| scenario.heal.is_none_or(|heal| step.at < heal.from);
    let steps: Vec<&TimedStep> = scenario.timeline.iter().filter(told).collect();
    // What a heal phase needs is added when it is read.
    let least = scenario.heal.map_or(DEFAULT_HORIZON, |heal| heal.horizon().max(DEFAULT_HORIZON));
    let horizon = if scenario.horizon == least { Slot::Missing } else { placed(scenario.horizon) };
    let file = ScenarioFile {
        format: Slot::Is(1),
        about: placed(scenario.about.clone()),
        schema: Slot::Missing,
        rules: some(many(scenario.rules.iter().copied())),
        seed: unless(scenario.seed, &0),
        horizon,
        each_device: Slot::Missing,
        servers: servers(scenario),
        users: Slot::Is(users(scenario)),
        rooms: rooms(scenario),
        network: unless(scenario.network, &default_network()),
        timeline: some(many(steps.into_iter().map(TimelineEntry::new))),
        faults: some(many(scenario.faults.iter().map(FaultEntry::new))),
        heal: match scenario.heal {
            Some(heal) => Slot::Is(Some(At { value: heal.from, span: Default::default() })),
            None => Slot::Missing,
        },
        expect: expectations(scenario),
    };
    printed(&file, scenario)
}

/// A list that is written if there is something in it.
fn some<T>(list: Vec<T>) -> Slot<Vec<T>> {
    if list.is_empty() { Slot::Missing } else { Slot::Is(list) }
}

fn servers(scenario: &Scenario) -> Slot<Vec<Entry<ServerFile>>> {
    let plain = |server: &Server| {
        let usual = (server.batch_limit, server.timeline_limit, server.edu_limit) == (100, 20, 100);
        usual && server.habits == ServerHabits::specification() && server.name == DEFAULT_SERVER
    };
    if let [only] = &scenario.servers[..]
        && plain(only)
    {
        return Slot::Missing;
    }
    let entry = |server: &Server| {
        let file = ServerFile {
            batch_limit: unless(server.batch_limit, &100),
            timeline_limit: unless(server.timeline_limit, &20),
            edu_limit: unless(server.edu_limit, &100),
            habits: unless(server.habits, &ServerHabits::specification()),
        };
        Entry::new(&server.name, file)
    };
    Slot::Is(scenario.servers.iter().map(entry).collect())
}

fn users(scenario: &Scenario) -> Vec<Entry<UserFile>> {
    let template = Template::standard();
    let entry = |(index, user): (usize, &User)| {
        let own = scenario.devices.iter().filter(|device| device.user == UserId::at(index));
        let devices = own.map(|one| Entry::new(&one.name, device(one, user, &template))).collect();
        let file = UserFile {
            count: Slot::Missing,
            server: unless(user.server, &ServerId::new(0)),
            cross_signing: unless(user.cross_signing, &true),
            devices: placed(Devices::Named(devices)),
            each_device: Slot::Missing,
        };
        Entry::new(&user.name, file)
    };
    scenario.users.iter().enumerate().map(entry).collect()
}

fn device(device: &Device, user: &User, template: &Template) -> DeviceFile {
    let mut file = DeviceFile {
        device_id: Slot::Missing,
        present: unless(device.present, &true),
        cross_signed: Slot::Missing,
        keys: unless(device.keys, &template.keys),
        one_time_keys: unless(device.one_time_keys, &template.one_time_keys),
        fallback_key: unless(device.fallback_key, &template.fallback_key),
        profile: Slot::Missing,
        policy: Slot::Missing,
        habits: Slot::Missing,
    };
    if device.device_id != device.name {
        file.device_id = placed(device.device_id.clone());
    }
    if device.cross_signed != user.cross_signing {
        file.cross_signed = placed(device.cross_signed);
    }
    if device.policy != template.policy {
        file.policy = Slot::Is(PolicyChanges::between(&template.policy, &device.policy));
    }
    if device.habits != template.habits {
        file.habits = Slot::Is(HabitsChanges::between(&template.habits, &device.habits));
    }
    file
}

fn rooms(scenario: &Scenario) -> Slot<Vec<Entry<RoomFile>>> {
    let everyone: Vec<(UserId, Membership)> =
        (0..scenario.users.len()).map(|index| (UserId::at(index), Membership::Join)).collect();
    let entry = |room: &Room| {
        let members = room.members.iter().map(|(user, membership)| ((*user, 1), *membership));
        let file = RoomFile {
            members: if room.members == everyone { Slot::Missing } else { Slot::Is(many(members)) },
            history_visibility: unless(room.history_visibility, &Some(HistoryVisibility::Shared)),
            rotation: unless(room.rotation, &Rotation::DEFAULT),
        };
        Entry::new(&room.name, file)
    };
    if let [only] = &scenario.rooms[..]
        && only.name == DEFAULT_ROOM
        && only.members == everyone
        && only.history_visibility == Some(HistoryVisibility::Shared)
        && only.rotation == Rotation::DEFAULT
    {
        return Slot::Missing;
    }
    Slot::Is(scenario.rooms.iter().map(entry).collect())
}

fn expectations(scenario: &Scenario) -> Slot<ExpectFile> {
    let is = &scenario.expect;
    if *is == Expectations::default() {
        return Slot::Missing;
    }
    let mut file = expect(scenario);
    if is.cells.is_empty() {
        file.verdicts = Slot::Missing;
    }
    if is.others.is_none() {
        file.others = Slot::Missing;
    }
    if is.violations.is_empty() {
        file.violations = Slot::Missing;
    }
    if is.notices.is_empty() && !is.only_these_notices {
        (file.notices, file.only_these_notices) = (Slot::Missing, Slot::Missing);
    }
    if is.reaches.is_empty() {
        file.reaches = Slot::Missing;
    }
    if is.digest.is_none() {
        file.digest = Slot::Missing;
    }
    Slot::Is(file)
}
