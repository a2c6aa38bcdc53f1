//! The names of a scenario as Matrix identifiers, and back.
//! It does not know keys.

use std::collections::BTreeMap;

use ruma::{OwnedDeviceId, OwnedRoomId, OwnedServerName, OwnedUserId};
use withheld::ids::{DeviceId, RoomId, ServerId, UserId};
use withheld::scenario::model::Scenario;

/// The identifiers of a scenario.
#[derive(Debug)]
pub struct Names {
    servers: Vec<OwnedServerName>,
    users: Vec<OwnedUserId>,
    rooms: Vec<OwnedRoomId>,
    devices: Vec<(UserId, OwnedDeviceId)>,
    user_named: BTreeMap<OwnedUserId, UserId>,
    room_named: BTreeMap<OwnedRoomId, RoomId>,
}

/// The characters of a name that may stand in an identifier, in lower case; its number, if that leaves nothing.
fn plain(name: &str, number: usize) -> String {
    let kept: String = name
        .to_lowercase()
        .chars()
        .filter(|one| one.is_ascii_alphanumeric() || "._-".contains(*one))
        .collect();
    if kept.is_empty() { format!("n{number}") } else { kept }
}

impl Names {
    /// The identifiers of a scenario.
    ///
    /// # Panics
    /// Never: what is parsed here was made to be parsed.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        let mut server_names: Vec<String> = Vec::new();
        for (index, server) in scenario.servers.iter().enumerate() {
            server_names.push(unique(plain(&server.name, index), index, &server_names));
        }
        let mut locals: Vec<String> = Vec::new();
        for (index, user) in scenario.users.iter().enumerate() {
            locals.push(unique(plain(&user.name, index), index, &locals));
        }
        let server_of = |user: UserId| &server_names[scenario.users[user.index()].server.index()];
        let user_id = |(index, local): (usize, &String)| {
            let id = format!("@{local}:{}", server_of(UserId::at(index)));
            OwnedUserId::try_from(id).expect("made of plain characters")
        };
        let users: Vec<OwnedUserId> = locals.iter().enumerate().map(user_id).collect();
        let mut room_locals: Vec<String> = Vec::new();
        for (index, room) in scenario.rooms.iter().enumerate() {
            room_locals.push(unique(plain(&room.name, index), index, &room_locals));
        }
        let room_id = |(index, local): (usize, &String)| {
            let first = scenario.rooms[index].members.first();
            let server = first.map_or("nowhere", |(user, _)| server_of(*user));
            OwnedRoomId::try_from(format!("!{local}:{server}")).expect("made of plain characters")
        };
        let rooms: Vec<OwnedRoomId> = room_locals.iter().enumerate().map(room_id).collect();
        let device = |device: &withheld::scenario::model::Device| {
            (device.user, OwnedDeviceId::from(device.device_id.as_str()))
        };
        Self {
            servers: server_names
                .iter()
                .map(|name| name.as_str().try_into().expect("made of plain characters"))
                .collect(),
            devices: scenario.devices.iter().map(device).collect(),
            user_named: users.iter().cloned().zip((0..).map(UserId::new)).collect(),
            room_named: rooms.iter().cloned().zip((0..).map(RoomId::new)).collect(),
            users,
            rooms,
        }
    }

    /// A server's name.
    #[must_use]
    pub fn server(&self, server: ServerId) -> &OwnedServerName {
        &self.servers[server.index()]
    }

    /// A user's id.
    #[must_use]
    pub fn user(&self, user: UserId) -> &OwnedUserId {
        &self.users[user.index()]
    }

    /// A room's id.
    #[must_use]
    pub fn room(&self, room: RoomId) -> &OwnedRoomId {
        &self.rooms[room.index()]
    }

    /// A device's `device_id`.
    #[must_use]
    pub fn device(&self, device: DeviceId) -> &OwnedDeviceId {
        &self.devices[device.index()].1
    }

    /// The user of a device.
    #[must_use]
    pub fn owner(&self, device: DeviceId) -> UserId {
        self.devices[device.index()].0
    }

    /// The user with this id.
    #[must_use]
    pub fn user_named(&self, id: &ruma::UserId) -> Option<UserId> {
        self.user_named.get(id).copied()
    }

    /// The room with this id.
    #[must_use]
    pub fn room_named(&self, id: &ruma::RoomId) -> Option<RoomId> {
        self.room_named.get(id).copied()
    }

    /// The devices of a user that have this `device_id`, one after the other.
    pub fn devices_named(
        &self,
        user: UserId,
        id: &ruma::DeviceId,
    ) -> impl DoubleEndedIterator<Item = DeviceId> {
        let fits = move |(owner, device): &(UserId, OwnedDeviceId)| *owner == user && device == id;
        let all = self.devices.iter().enumerate();
        all.filter(move |(_, one)| fits(one)).map(|(index, _)| DeviceId::at(index))
    }

    /// How many devices there are.
    #[must_use]
    pub fn device_count(&self) -> usize {
        self.devices.len()
    }
}

/// A name that is not among those taken.
fn unique(name: String, number: usize, taken: &[String]) -> String {
    if taken.contains(&name) { format!("{name}-{number}") } else { name }
}
