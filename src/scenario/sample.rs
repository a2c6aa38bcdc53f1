//! A small scenario for the tests of modules that print names; names in it are as awkward as names may be.
//! It does not run to any end: there is no story in it but two messages.

use crate::ids::{DeviceId, MessageId, RoomId, ServerId, UserId};
use crate::protocol::room::{Membership, Rotation};
use crate::scenario::expect::Expectations;
use crate::scenario::habits::{Habits, ServerHabits};
use crate::scenario::model::{
    Delay, Device, Network, PublishedKeys, Room, Scenario, Server, Strings, User,
};
use crate::scenario::policy::Policy;
use crate::scenario::step::{Step, TimedStep};
use crate::time::{SimDuration, SimTime};

/// Alice with A1 and Bob with so many devices, B1 and on, in a room; A1 sends so many messages, m1 and on.
pub(crate) fn room_of(bobs: usize, messages: usize) -> Scenario {
    let mut devices = vec![device("A1", UserId::new(0))];
    devices.extend((1..=bobs).map(|number| device(&format!("B{number}"), UserId::new(1))));
    let fixed = |ms| Delay { min: SimDuration::from_ms(ms), max: SimDuration::from_ms(ms) };
    Scenario {
        about: "a room for tests".to_owned(),
        rules: Vec::new(),
        seed: 7,
        horizon: SimTime::from_ms(7_200_000),
        servers: vec![Server {
            name: "s1".to_owned(),
            batch_limit: 100,
            timeline_limit: 20,
            edu_limit: 100,
            habits: ServerHabits::specification(),
        }],
        users: vec![user("alice"), user("bob")],
        devices,
        rooms: vec![Room {
            name: "room".to_owned(),
            members: vec![(UserId::new(0), Membership::Join), (UserId::new(1), Membership::Join)],
            history_visibility: None,
            rotation: Rotation::megolm(SimDuration::from_hours(168), 100),
        }],
        messages: (1..=messages).map(|number| format!("m{number}")).collect(),
        strings: Strings::default(),
        network: Network {
            client: fixed(10),
            federation: fixed(50),
            request_timeout: SimDuration::from_secs(10),
        },
        timeline: (0..messages).map(send).collect(),
        faults: Vec::new(),
        heal: None,
        expect: Expectations::default(),
    }
}

/// A device that was there from the start, with everything at its default.
pub(crate) fn device(name: &str, user: UserId) -> Device {
    Device {
        name: name.to_owned(),
        device_id: name.to_owned(),
        user,
        present: true,
        keys: PublishedKeys::Full,
        cross_signed: true,
        one_time_keys: 10,
        fallback_key: true,
        policy: Policy::standard(),
        habits: Habits::specification(),
    }
}

fn user(name: &str) -> User {
    User { name: name.to_owned(), server: ServerId::new(0), cross_signing: true }
}

fn send(position: usize) -> TimedStep {
    TimedStep {
        at: SimTime::from_ms(10_000 * (position as u64 + 1)),
        step: Step::Send {
            device: DeviceId::new(0),
            room: RoomId::new(0),
            message: MessageId::at(position),
        },
    }
}
