//! The records of a scenario file: what stands where, and what it is if it is left out.
//! They do not know what makes sense together; the modules that build the scenario of them do.

use serde_json::{Value as Json, json};

use super::codec::{Codec, Definitions, Reader, Slot};
use super::container::{At, Entry, List, Many, Map, Placed};
use super::expect::ExpectFile;
use super::fault::FaultEntry;
use super::habits::HabitsChanges;
use super::healing::Healing;
use super::json::{self, Node};
use super::network::default_network;
use super::policy::PolicyChanges;
use super::record::record;
use super::timeline::TimelineEntry;
use super::values::{Int, Seed, Text, Version, WireDeviceId};
use crate::ids::{ServerId, UserId};
use crate::protocol::room::{HistoryVisibility, Membership, Rotation};
use crate::rulebook::rule::Rule;
use crate::scenario::file::reference::Users;
use crate::scenario::habits::ServerHabits;
use crate::scenario::model::{Network, PublishedKeys, Scenario};
use crate::scenario::profile::ProfileName;
use crate::time::{SimDuration, SimTime};

record! {
    /// A room's story before it is told: who is there, what they do and when, what breaks, and what must come out.
    ScenarioFile in "scenario" {
        /// The version of the format.
        format: Version [],
        /// What the scenario shows, in a sentence.
        about: Placed<Text> [],
        /// The JSON Schema of this file, for editors; it is not read.
        schema ("$schema"): Text [or absent],
        /// The rules that the scenario is about, by their ids.
        rules: Many<Rule> [= Vec::new()],
        /// The seed of whatever the scenario leaves to chance.
        seed: Seed [= 0],
        /// When the run is cut if it has not come to rest by itself.
        horizon: Placed<SimTime> [= At { value: DEFAULT_HORIZON, span: Default::default() }],
        /// What every device is like that does not say otherwise.
        each_device: EachDevice [or absent],
        /// The homeservers by their names. If it is left out there are those that users name, or else one, `s1`.
        servers: Map<ServerFile> [or absent],
        /// The users by their names, each with devices.
        users: Map<UserFile> [],
        /// The rooms by their names. If it is left out there is one, `room`, and all users are in it.
        rooms: Map<RoomFile> [or absent],
        /// How long things travel.
        network: Network [= default_network()],
        /// What users do, in the order of time.
        timeline: Many<TimelineEntry> [= Vec::new()],
        /// What breaks.
        faults: Many<FaultEntry> [= Vec::new()],
        /// When everything is made good again: faults stop, everybody comes back, and after two hours every sender sends two
        /// probes to each of its rooms, of which the second must reach every device that is owed its key. `never` for no such phase.
        heal: Healing [= None],
        /// What must come out.
        expect: ExpectFile [or absent],
    }
}

/// When a run is cut whose file does not say.
pub const DEFAULT_HORIZON: SimTime = SimTime::from_ms(SimDuration::from_hours(24).as_ms());

record! {
    /// A homeserver.
    ServerFile in "server" {
        /// How many to-device messages one sync answer holds at the most.
        batch_limit: Int<1, 1_000_000> [= 100],
        /// How many timeline events of one room a sync answer holds before it is limited.
        timeline_limit: Int<1, 1_000_000> [= 20],
        /// How many EDUs one federation transaction holds at the most.
        edu_limit: Int<1, 1_000_000> [= 100],
        /// How it is written, as far as that differs from what the specification wants.
        habits: ServerHabits [= ServerHabits::specification()],
    }
}

record! {
    /// A user, or with `count` a group of users who are alike.
    UserFile in "user" {
        /// How many users there are: `crowd` with a count of 3 is `crowd1`, `crowd2` and `crowd3`. If it is left out
        /// there is one, who is called by the name itself.
        count: Placed<Int<1, 1_000_000>> [or absent],
        /// The homeserver; the first one if it is left out.
        server: ServerId [or absent],
        /// Whether the user has cross-signing keys at the start.
        cross_signing: bool [= true],
        /// The devices: how many (those of `alice` are `alice.1`, `alice.2`, ...), a list of their names, or an
        /// object with the settings of each by name. One if it is left out.
        devices: Placed<Devices> [or absent],
        /// What every device of this user is like that does not say otherwise.
        each_device: EachDevice [or absent],
    }
}

record! {
    /// Settings that devices share unless they say otherwise.
    EachDevice in "each_device" {
        /// What keys a device publishes; `full` if it is left out everywhere.
        keys: PublishedKeys [or absent],
        /// How many one-time keys it keeps on its server; 10 if it is left out everywhere.
        one_time_keys: Int<0, 1_000> [or absent],
        /// Whether it keeps a fallback key on its server; true if it is left out everywhere.
        fallback_key: bool [or absent],
        /// The program that a device's client is like. Its settings come before all that is said of policy and habits.
        profile: ProfileName [or absent],
        /// What its user chose.
        policy: PolicyChanges [or absent],
        /// How its client is written.
        habits: HabitsChanges [or absent],
    }
}

record! {
    /// A device.
    DeviceFile in "device" {
        /// The device id on the wire; the name if it is left out. Two devices of one user may have one device id if
        /// they are not logged in at the same time.
        device_id: Placed<WireDeviceId> [or absent],
        /// Whether it is logged in when the run starts; if not, a `login` step may bring it up.
        present: bool [= true],
        /// Whether it is signed by its user's self-signing key when it comes up; if it is left out, whether the user
        /// has one.
        cross_signed: Placed<bool> [or absent],
        /// What keys it publishes, if not what its user's devices do.
        keys: PublishedKeys [or absent],
        /// How many one-time keys it keeps on its server, if not as many as its user's devices.
        one_time_keys: Int<0, 1_000> [or absent],
        /// Whether it keeps a fallback key on its server, if not as its user's devices.
        fallback_key: bool [or absent],
        /// The program that its client is like, if not that of its user's devices.
        profile: ProfileName [or absent],
        /// What its user chose, as far as it differs from the user's devices.
        policy: PolicyChanges [or absent],
        /// How its client is written, as far as it differs from the user's devices.
        habits: HabitsChanges [or absent],
    }
}

record! {
    /// A room.
    RoomFile in "room" {
        /// The members at the start, users or groups of users; all users if it is left out.
        members: Many<Member> [or absent],
        /// The history visibility.
        history_visibility: Option<HistoryVisibility> [= Some(HistoryVisibility::Shared)],
        /// When a Megolm session must be replaced.
        rotation: Rotation [= Rotation::DEFAULT],
    }
}

/// A user's place in a room: a name, which stands for a joined member, or an object.
#[derive(Debug)]
pub(super) enum Member {}

record! {
    /// A user, or a group of users, with a membership.
    MemberFile in "member" {
        /// The user or the group.
        user: Users [],
        /// The membership.
        membership: Membership [= Membership::Join],
    }
}

impl Codec for Member {
    type Value = ((UserId, u32), Membership);

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self::Value> {
        if json::properties(node).is_none() {
            return Users::decode(node, reader).map(|users| (users, Membership::Join));
        }
        let member = MemberFile::decode(node, reader)?;
        Some((member.user.into_option()?, member.membership.into_option()?))
    }

    fn encode((users, membership): &Self::Value, scenario: &Scenario) -> Json {
        if *membership == Membership::Join {
            return Users::encode(users, scenario);
        }
        let member = MemberFile { user: Slot::Is(*users), membership: Slot::Is(*membership) };
        MemberFile::encode(&member, scenario)
    }

    fn schema(definitions: &mut Definitions) -> Json {
        json!({ "anyOf": [Users::schema(definitions), MemberFile::schema(definitions)] })
    }
}

/// The devices of a user.
#[derive(Debug, Clone)]
pub(super) enum Devices {
    /// So many, which are alike.
    Count(u32),
    /// These.
    Named(Vec<Entry<DeviceFile>>),
}

/// How many devices a user may have, in files; the limit of a scenario's devices binds as well.
type DeviceCount = Int<0, 100_000>;

impl Codec for Devices {
    type Value = Self;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if json::number(node).is_some() {
            return DeviceCount::decode(node, reader).map(Self::Count);
        }
        if json::elements(node).is_some() {
            let names = List::<Placed<Text>>::decode(node, reader)?;
            let entry = |name| Entry { name, value: Slot::Is(DeviceFile::plain()) };
            return Some(Self::Named(names.into_iter().map(entry).collect()));
        }
        if json::properties(node).is_some() {
            return Map::<DeviceFile>::decode(node, reader).map(Self::Named);
        }
        reader.unexpected(node, "a number of devices, a list of their names, or an object");
        None
    }

    fn encode(value: &Self, scenario: &Scenario) -> Json {
        match value {
            Self::Count(count) => (*count).into(),
            Self::Named(devices) => Map::<DeviceFile>::encode(devices, scenario),
        }
    }

    fn schema(definitions: &mut Definitions) -> Json {
        json!({ "anyOf": [
            DeviceCount::schema(definitions),
            { "type": "array", "items": ServerId::schema(definitions) },
            Map::<DeviceFile>::schema(definitions),
        ] })
    }
}

impl DeviceFile {
    /// A device of which nothing is said.
    pub(super) fn plain() -> Self {
        Self { present: Slot::Is(true), ..Self::default() }
    }
}
