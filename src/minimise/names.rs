//! Names as people give them to the parts of a small room: alice and bob, A1, m1, s1, room.
//! It does not know what the parts do.

use std::collections::BTreeMap;

use crate::ids::{DeviceId, UserId};
use crate::scenario::model::Scenario;

const PEOPLE: [&str; 12] = [
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "mallory",
    "niaj",
];

/// What is said of a scenario whose story nobody has told yet.
const ABOUT: &str = "A room made small.";

fn person(user: usize) -> String {
    PEOPLE.get(user).map_or_else(|| format!("user{}", user + 1), |name| (*name).to_owned())
}

/// What the names of a user's devices begin with.
fn initial(user: usize) -> String {
    let first = PEOPLE.get(user).and_then(|name| name.chars().next());
    first
        .map_or_else(|| format!("U{}.", user + 1), |letter| letter.to_ascii_uppercase().to_string())
}

/// Something that has another name in the small room than in the larger one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// What kind of thing it is, in a word.
    pub kind: &'static str,
    /// What it is called now.
    pub name: String,
    /// What it was called.
    pub was: String,
}

/// What has another name in `after` than in `before`, which are the same but for names.
pub(super) fn changed(before: &Scenario, after: &Scenario) -> Vec<Renamed> {
    let names = |scenario: &Scenario| -> Vec<(&'static str, String)> {
        let servers = scenario.servers.iter().map(|server| ("server", &server.name));
        let users = scenario.users.iter().map(|user| ("user", &user.name));
        let devices = scenario.devices.iter().map(|device| ("device", &device.name));
        let rooms = scenario.rooms.iter().map(|room| ("room", &room.name));
        // Probes are named by their senders and rooms.
        let told = scenario.heal.map_or(scenario.messages.len(), |heal| heal.first_probe.index());
        let messages = scenario.messages.iter().take(told).map(|message| ("message", message));
        let all = devices.chain(messages).chain(users).chain(rooms).chain(servers);
        all.map(|(kind, name)| (kind, name.clone())).collect()
    };
    names(before)
        .into_iter()
        .zip(names(after))
        .filter(|((_, was), (_, name))| was != name)
        .map(|((kind, was), (_, name))| Renamed { kind, name, was })
        .collect()
}

/// The scenario with such names, which mean nothing to a run. Probes are named when the heal phase is added.
pub(super) fn renamed(mut scenario: Scenario) -> Scenario {
    ABOUT.clone_into(&mut scenario.about);
    for (index, server) in scenario.servers.iter_mut().enumerate() {
        server.name = format!("s{}", index + 1);
    }
    for (index, user) in scenario.users.iter_mut().enumerate() {
        user.name = person(index);
    }
    let mut of_user = vec![0; scenario.users.len()];
    let mut first_with: BTreeMap<(UserId, String), DeviceId> = BTreeMap::new();
    for index in 0..scenario.devices.len() {
        let user = scenario.devices[index].user;
        of_user[user.index()] += 1;
        let name = format!("{}{}", initial(user.index()), of_user[user.index()]);
        let key = (user, scenario.devices[index].device_id.clone());
        let first = *first_with.entry(key).or_insert(DeviceId::at(index));
        scenario.devices[index].name = name;
        // A device id that two devices have one after the other stays one.
        scenario.devices[index].device_id = scenario.devices[first.index()].name.clone();
    }
    let only = scenario.rooms.len() == 1;
    for (index, room) in scenario.rooms.iter_mut().enumerate() {
        room.name = if only { "room".to_owned() } else { format!("room{}", index + 1) };
    }
    let told = scenario.heal.map_or(scenario.messages.len(), |heal| heal.first_probe.index());
    for (index, message) in scenario.messages.iter_mut().take(told).enumerate() {
        *message = format!("m{}", index + 1);
    }
    scenario
}
