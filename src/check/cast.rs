//! The cast of a run: what a judge may know that is not a fact, which is whose device is whose, who is at home on
//! which server, which texts were interned, and which faults were announced. It does not know policies, habits or the
//! timeline.

use std::sync::Arc;

use crate::ids::{DeviceId, FaultId, ServerId, Sym, UserId};
use crate::scenario::fault::Fault;
use crate::scenario::model::{Scenario, Strings};
use crate::trace::announced::Announced;

/// Who is who, and what was announced to break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cast {
    users: Vec<UserId>,
    servers: Vec<ServerId>,
    /// Devices in the order of their users; those of user `u` stand from `starts[u]` to `starts[u + 1]`.
    by_user: Vec<DeviceId>,
    starts: Vec<usize>,
    faults: Vec<Announced>,
    strings: Arc<Strings>,
}

impl Cast {
    /// The cast in which device `i` belongs to `users[i]` and user `j` is at home on `servers[j]`.
    ///
    /// # Panics
    /// If a device belongs to a user that has no server.
    #[must_use]
    pub fn new(users: Vec<UserId>, servers: Vec<ServerId>, faults: Vec<Fault>) -> Self {
        let homes: Vec<ServerId> = users.iter().map(|user| servers[user.index()]).collect();
        let count = servers.iter().map(|server| server.index() + 1).max().unwrap_or(0);
        let announced = faults.iter().map(|fault| Announced::of(fault, &homes, count)).collect();
        Self::announced(users, servers, announced)
    }

    /// The same, where of faults only that is known which was announced.
    ///
    /// # Panics
    /// If a device belongs to a user that has no server.
    #[must_use]
    pub fn announced(users: Vec<UserId>, servers: Vec<ServerId>, faults: Vec<Announced>) -> Self {
        let mut by_user: Vec<DeviceId> = (0..users.len()).map(DeviceId::at).collect();
        by_user.sort_by_key(|device| (users[device.index()], *device));
        let mut starts = vec![0; servers.len() + 1];
        for user in &users {
            assert!(user.index() < servers.len(), "every user of a cast has a server");
            starts[user.index() + 1] += 1;
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        Self { users, servers, by_user, starts, faults, strings: Arc::default() }
    }

    /// This cast, in whose facts a [`Sym`] stands for its text in `strings`.
    #[must_use]
    pub fn with_strings(self, strings: Arc<Strings>) -> Self {
        Self { strings, ..self }
    }

    /// Takes in texts that came up since: those of a log are known line by line.
    pub(crate) fn learn_texts(&mut self, strings: &Strings) {
        if strings.len() > self.strings.len() {
            Arc::make_mut(&mut self.strings).take_new(strings);
        }
    }

    /// The text that a [`Sym`] in a fact stands for; `None` if nobody told.
    #[must_use]
    pub fn text(&self, sym: Sym) -> Option<&str> {
        self.strings.get(sym)
    }

    /// How many servers there are.
    #[must_use]
    pub fn server_count(&self) -> usize {
        self.servers.iter().map(|server| server.index() + 1).max().unwrap_or(0)
    }

    /// The cast of a scenario.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        Self::announced(
            scenario.devices.iter().map(|device| device.user).collect(),
            scenario.users.iter().map(|user| user.server).collect(),
            Announced::all(scenario),
        )
        .with_strings(Arc::new(scenario.strings.clone()))
    }

    /// The user of a device.
    #[must_use]
    pub fn user(&self, device: DeviceId) -> UserId {
        self.users[device.index()]
    }

    /// The server of a user.
    #[must_use]
    pub fn server(&self, user: UserId) -> ServerId {
        self.servers[user.index()]
    }

    /// The server of a device's user.
    #[must_use]
    pub fn server_of(&self, device: DeviceId) -> ServerId {
        self.server(self.user(device))
    }

    /// All users, ascending.
    pub fn users(&self) -> impl Iterator<Item = UserId> + use<> {
        (0..self.servers.len()).map(UserId::at)
    }

    /// The devices of a user, ascending, whether they ever came up or not.
    #[must_use]
    pub fn devices(&self, user: UserId) -> &[DeviceId] {
        &self.by_user[self.starts[user.index()]..self.starts[user.index() + 1]]
    }

    /// How many devices there are.
    #[must_use]
    pub const fn device_count(&self) -> usize {
        self.users.len()
    }

    /// The announced faults with their ids.
    pub fn faults(&self) -> impl Iterator<Item = (FaultId, &Announced)> {
        self.faults.iter().enumerate().map(|(index, fault)| (FaultId::at(index), fault))
    }

    /// Whether the fault excuses any breach at all.
    #[must_use]
    pub fn may_excuse(&self, fault: FaultId) -> bool {
        self.faults.get(fault.index()).is_some_and(|fault| !fault.excuses.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::Cast;
    use crate::ids::{DeviceId, ServerId, UserId};

    fn cast() -> Cast {
        Cast::new(
            [1, 0, 1, 2].map(UserId::new).to_vec(),
            [0, 1, 1].map(ServerId::new).to_vec(),
            Vec::new(),
        )
    }

    #[test]
    fn devices_are_found_by_user_and_servers_by_device() {
        let cast = cast();
        assert_eq!(cast.devices(UserId::new(1)), [DeviceId::new(0), DeviceId::new(2)]);
        assert_eq!(cast.devices(UserId::new(0)), [DeviceId::new(1)]);
        assert_eq!(cast.server_of(DeviceId::new(1)), ServerId::new(0));
        assert_eq!(cast.device_count(), 4);
    }
}
