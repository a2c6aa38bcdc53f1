//! Who lives where: the server of each user, the user of each device, and their places in their server's tables.
//! It does not know who is logged in, and nothing in it changes during a run.

use std::collections::BTreeMap;

use crate::ids::{DeviceId, ServerId, UserId};
use crate::scenario::model::Scenario;

/// The fixed register of users and devices, shared by all servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Residents {
    server_of: Vec<ServerId>,
    user_of: Vec<UserId>,
    user_seat: Vec<u32>,
    device_seat: Vec<u32>,
    address: Vec<DeviceId>,
    users_at: Vec<Vec<UserId>>,
    devices_at: Vec<Vec<DeviceId>>,
}

impl Residents {
    /// The register of a scenario.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        let mut residents = Self {
            server_of: scenario.users.iter().map(|user| user.server).collect(),
            user_of: scenario.devices.iter().map(|device| device.user).collect(),
            user_seat: Vec::with_capacity(scenario.users.len()),
            device_seat: Vec::with_capacity(scenario.devices.len()),
            address: Vec::with_capacity(scenario.devices.len()),
            users_at: vec![Vec::new(); scenario.servers.len()],
            devices_at: vec![Vec::new(); scenario.servers.len()],
        };
        for (index, user) in scenario.users.iter().enumerate() {
            let seats = &mut residents.users_at[user.server.index()];
            residents.user_seat.push(UserId::at(seats.len()).raw());
            seats.push(UserId::at(index));
        }
        let mut first_with: BTreeMap<(UserId, &str), DeviceId> = BTreeMap::new();
        for (index, device) in scenario.devices.iter().enumerate() {
            let id = DeviceId::at(index);
            let seats =
                &mut residents.devices_at[scenario.users[device.user.index()].server.index()];
            residents.device_seat.push(DeviceId::at(seats.len()).raw());
            seats.push(id);
            let address = first_with.entry((device.user, &device.device_id)).or_insert(id);
            residents.address.push(*address);
        }
        residents
    }

    /// The user of a device.
    #[must_use]
    pub fn user(&self, device: DeviceId) -> UserId {
        self.user_of[device.index()]
    }

    /// The server of a user.
    #[must_use]
    pub fn server(&self, user: UserId) -> ServerId {
        self.server_of[user.index()]
    }

    /// The server of a device.
    #[must_use]
    pub fn server_of_device(&self, device: DeviceId) -> ServerId {
        self.server(self.user(device))
    }

    /// The place of a user in its server's tables.
    #[must_use]
    pub fn user_seat(&self, user: UserId) -> usize {
        self.user_seat[user.index()] as usize
    }

    /// The place of a device in its server's tables.
    #[must_use]
    pub fn device_seat(&self, device: DeviceId) -> usize {
        self.device_seat[device.index()] as usize
    }

    /// The first identity with the same user and `device_id`: what all identities at one address have in common.
    #[must_use]
    pub fn address(&self, device: DeviceId) -> DeviceId {
        self.address[device.index()]
    }

    /// The users of a server, by seat.
    #[must_use]
    pub fn users_at(&self, server: ServerId) -> &[UserId] {
        &self.users_at[server.index()]
    }

    /// The devices of a server, by seat.
    #[must_use]
    pub fn devices_at(&self, server: ServerId) -> &[DeviceId] {
        &self.devices_at[server.index()]
    }
}

#[cfg(test)]
impl Residents {
    /// Users with one device each, so many on each server.
    pub(crate) fn alone(servers: &[usize]) -> Self {
        let server_of: Vec<ServerId> = servers
            .iter()
            .enumerate()
            .flat_map(|(server, count)| vec![ServerId::at(server); *count])
            .collect();
        let users = 0..server_of.len();
        let seats: Vec<u32> =
            servers.iter().flat_map(|count| 0..u32::try_from(*count).unwrap()).collect();
        let at = |server: usize| {
            users.clone().filter(|user| server_of[*user] == ServerId::at(server)).collect()
        };
        let by_server: Vec<Vec<usize>> = (0..servers.len()).map(at).collect();
        let named = |seats: &Vec<usize>| seats.iter().copied().map(UserId::at).collect();
        let owned = |seats: &Vec<usize>| seats.iter().copied().map(DeviceId::at).collect();
        Self {
            user_of: users.clone().map(UserId::at).collect(),
            user_seat: seats.clone(),
            device_seat: seats,
            address: users.map(DeviceId::at).collect(),
            users_at: by_server.iter().map(named).collect(),
            devices_at: by_server.iter().map(owned).collect(),
            server_of,
        }
    }
}
