//! The scenario value: topology, timeline, faults, what is left to chance and what is expected.
//! Every value of this type that the reader makes is valid: names resolve, times are in order and in bounds.

use std::collections::BTreeMap;

use crate::ids::{DeviceId, MessageId, RoomId, ServerId, Sym, UserId};
use crate::protocol::room::{HistoryVisibility, Membership, Rotation};
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::rule::Rule;
use crate::scenario::expect::Expectations;
use crate::scenario::fault::Fault;
use crate::scenario::habits::{Habits, ServerHabits};
use crate::scenario::heal::Heal;
use crate::scenario::policy::Policy;
use crate::scenario::step::TimedStep;
use crate::time::{SimDuration, SimTime};

/// A room's story before it is told.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scenario {
    /// What it shows, in a sentence.
    pub about: String,
    /// The rules that it is about.
    pub rules: Vec<Rule>,
    /// The seed of whatever the scenario leaves to chance.
    pub seed: u64,
    /// The run is cut here if it has not come to rest.
    pub horizon: SimTime,
    /// Homeservers, by [`ServerId`].
    pub servers: Vec<Server>,
    /// Users, by [`UserId`].
    pub users: Vec<User>,
    /// Device identities, by [`DeviceId`].
    pub devices: Vec<Device>,
    /// Rooms, by [`RoomId`].
    pub rooms: Vec<Room>,
    /// Names of messages, by [`MessageId`]; a message is one `send` step.
    pub messages: Vec<String>,
    /// Texts that occur in notices, by [`Sym`].
    pub strings: Strings,
    /// How long things travel.
    pub network: Network,
    /// What users do, in the order of time, then of the file.
    pub timeline: Vec<TimedStep>,
    /// What breaks, by [`crate::ids::FaultId`].
    pub faults: Vec<Fault>,
    /// Whether and when everything is made good again, and probed.
    pub heal: Option<Heal>,
    /// What must come out.
    pub expect: Expectations,
}

/// A homeserver.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Server {
    /// Its server name.
    pub name: String,
    /// How many to-device messages one sync answer holds at the most (100 is recommended, T-05).
    pub batch_limit: u32,
    /// How many timeline events of one room a sync answer holds before it is `limited`.
    pub timeline_limit: u32,
    /// How many EDUs one federation transaction holds at the most (100 in the specification).
    pub edu_limit: u32,
    /// How it is written.
    pub habits: ServerHabits,
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct User {
    /// The name in the file; the Matrix id is `@name:server` in lower case.
    pub name: String,
    /// The homeserver.
    pub server: ServerId,
    /// Whether the user has cross-signing keys at the start.
    pub cross_signing: bool,
}

/// A device identity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Device {
    /// The name in the file.
    pub name: String,
    /// `device_id` on the wire; another device of the same user may have had it before.
    pub device_id: String,
    /// The user.
    pub user: UserId,
    /// Whether it is logged in when the run starts; if not, a `login` step may bring it up.
    pub present: bool,
    /// What keys it publishes.
    pub keys: PublishedKeys,
    /// Whether it is signed by its user's self-signing key when it comes up.
    pub cross_signed: bool,
    /// How many one-time keys it keeps on its server; 0 for a device that uploads none.
    pub one_time_keys: u32,
    /// Whether it keeps a fallback key on its server.
    pub fallback_key: bool,
    /// What its user chose.
    pub policy: Policy,
    /// How its client is written.
    pub habits: Habits,
}

/// What keys a device publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PublishedKeys {
    /// Identity keys, with Olm and Megolm among its algorithms.
    Full,
    /// Identity keys, but only algorithms that nobody knows.
    UnknownAlgorithms,
    /// No identity keys: a client without encryption.
    None,
}

/// A room.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Room {
    /// The name in the file; the room id is `!name:server` of its first member's server.
    pub name: String,
    /// Members when the run starts, by user, ascending.
    pub members: Vec<(UserId, Membership)>,
    /// `m.room.history_visibility`; `None` if no event set it.
    pub history_visibility: Option<HistoryVisibility>,
    /// `m.room.encryption`
    pub rotation: Rotation,
}

/// How long things travel. What lies between `min` and `max` is left to chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    /// Between a client and its homeserver, one way.
    pub client: Delay,
    /// Between two homeservers, one way.
    pub federation: Delay,
    /// How long a client waits for an answer before it takes the request for failed.
    pub request_timeout: SimDuration,
}

/// A delay: fixed if both ends are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Delay {
    /// At least this.
    pub min: SimDuration,
    /// At the most this.
    pub max: SimDuration,
}

/// Interned strings. The spellings of codes are there from the start, because clients may write them as reasons.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Strings {
    texts: Vec<String>,
    known: BTreeMap<String, Sym>,
}

impl Strings {
    /// The id of `text`, the same for equal texts.
    pub fn intern(&mut self, text: &str) -> Sym {
        if let Some(code) = WithheldCode::from_wire(text) {
            return code.as_reason();
        }
        if let Some(found) = self.known.get(text) {
            return *found;
        }
        let sym = Sym::at(self.texts.len());
        self.texts.push(text.to_owned());
        self.known.insert(text.to_owned(), sym);
        sym
    }

    /// The text with this id, if there is one.
    #[must_use]
    pub fn get(&self, sym: Sym) -> Option<&str> {
        match WithheldCode::of_reason(sym) {
            Some(code) => Some(code.as_str()),
            None => self.texts.get(sym.index()).map(String::as_str),
        }
    }

    /// How many texts there are besides the spellings of codes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is no text besides the spellings of codes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Takes in what `other`, which these were a part of, has besides them.
    pub fn take_new(&mut self, other: &Self) {
        for text in &other.texts[self.texts.len()..] {
            self.intern(text);
        }
    }

    /// The text with this id; empty if there is none.
    #[must_use]
    pub fn text(&self, sym: Sym) -> &str {
        self.get(sym).unwrap_or_default()
    }
}

impl Scenario {
    /// A scenario without anybody, in which nothing happens: to be filled.
    #[must_use]
    pub fn empty(network: Network) -> Self {
        Self {
            about: String::new(),
            rules: Vec::new(),
            seed: 0,
            horizon: SimTime::ZERO,
            servers: Vec::new(),
            users: Vec::new(),
            devices: Vec::new(),
            rooms: Vec::new(),
            messages: Vec::new(),
            strings: Strings::default(),
            network,
            timeline: Vec::new(),
            faults: Vec::new(),
            heal: None,
            expect: Expectations::default(),
        }
    }

    /// A copy without what is there for people and for the comparison at the end: texts, names, expectations. It runs alike, where
    /// nobody asks which device has whose `device_id`.
    #[must_use]
    pub fn without_words(&self) -> Self {
        let server = |server: &Server| Server { name: String::new(), ..*server };
        let user = |user: &User| User { name: String::new(), ..*user };
        let device = |device: &Device| Device {
            name: String::new(),
            device_id: String::new(),
            policy: device.policy.clone(),
            ..*device
        };
        let room = |room: &Room| Room {
            name: String::new(),
            members: room.members.clone(),
            history_visibility: room.history_visibility,
            rotation: room.rotation,
        };
        Self {
            about: String::new(),
            rules: Vec::new(),
            seed: self.seed,
            horizon: self.horizon,
            servers: self.servers.iter().map(server).collect(),
            users: self.users.iter().map(user).collect(),
            devices: self.devices.iter().map(device).collect(),
            rooms: self.rooms.iter().map(room).collect(),
            messages: vec![String::new(); self.messages.len()],
            strings: Strings::default(),
            network: self.network,
            timeline: self.timeline.clone(),
            faults: self.faults.clone(),
            heal: self.heal,
            expect: Expectations::default(),
        }
    }

    /// The server of a device.
    #[must_use]
    pub fn server_of(&self, device: DeviceId) -> ServerId {
        self.users[self.devices[device.index()].user.index()].server
    }

    /// The user of a device.
    #[must_use]
    pub fn user_of(&self, device: DeviceId) -> UserId {
        self.devices[device.index()].user
    }

    /// The devices of a user, present or not, ascending.
    pub fn devices_of(&self, user: UserId) -> impl Iterator<Item = DeviceId> + '_ {
        self.devices
            .iter()
            .enumerate()
            .filter(move |(_, device)| device.user == user)
            .map(|(index, _)| DeviceId::at(index))
    }

    /// The server name of a homeserver.
    #[must_use]
    pub fn server_name(&self, server: ServerId) -> &str {
        &self.servers[server.index()].name
    }

    /// The name of a device in the file.
    #[must_use]
    pub fn device_name(&self, device: DeviceId) -> &str {
        &self.devices[device.index()].name
    }

    /// The name of a user in the file.
    #[must_use]
    pub fn user_name(&self, user: UserId) -> &str {
        &self.users[user.index()].name
    }

    /// The name of a room in the file.
    #[must_use]
    pub fn room_name(&self, room: RoomId) -> &str {
        &self.rooms[room.index()].name
    }

    /// The name of a message in the file.
    #[must_use]
    pub fn message_name(&self, message: MessageId) -> &str {
        &self.messages[message.index()]
    }
}
