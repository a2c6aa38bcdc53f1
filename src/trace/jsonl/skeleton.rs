//! The cast of logs in the shape of a scenario, which everything that prints names takes.
//! It does not know a story: the scenario has no timeline, and nobody in it has chosen anything.

use crate::protocol::room::Rotation;
use crate::scenario::habits::Habits;
use crate::scenario::habits::ServerHabits;
use crate::scenario::model::{Delay, Device, Network, PublishedKeys, Room, Scenario, Server, User};
use crate::scenario::policy::Policy;
use crate::time::{SimDuration, SimTime};

use super::reader::LogNames;

/// A scenario with the names that were read so far.
#[must_use]
pub fn skeleton(names: &LogNames) -> Scenario {
    let none = Delay { min: SimDuration::ZERO, max: SimDuration::ZERO };
    let network = Network { client: none, federation: none, request_timeout: SimDuration::ZERO };
    Scenario {
        horizon: SimTime::MAX,
        servers: names.servers().iter().map(|name| server(name)).collect(),
        users: names
            .users()
            .map(|(name, server)| User { name: name.to_owned(), server, cross_signing: false })
            .collect(),
        devices: names
            .devices()
            .map(|(name, user)| Device {
                name: name.to_owned(),
                device_id: name.to_owned(),
                user,
                present: false,
                keys: PublishedKeys::Full,
                cross_signed: false,
                one_time_keys: 0,
                fallback_key: false,
                policy: Policy::standard(),
                habits: Habits::specification(),
            })
            .collect(),
        rooms: names.rooms().iter().map(|name| room(name)).collect(),
        messages: names.messages().to_vec(),
        strings: names.strings().clone(),
        ..Scenario::empty(network)
    }
}

fn server(name: &str) -> Server {
    Server {
        name: name.to_owned(),
        batch_limit: 0,
        timeline_limit: 0,
        edu_limit: 0,
        habits: ServerHabits::specification(),
    }
}

fn room(name: &str) -> Room {
    Room {
        name: name.to_owned(),
        members: Vec::new(),
        history_visibility: None,
        rotation: Rotation::megolm(SimDuration::ZERO, 0),
    }
}
