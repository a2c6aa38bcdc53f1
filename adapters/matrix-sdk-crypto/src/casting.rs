//! Which client runs on which device of a scenario, by the names of devices, and in what it keeps its keys.
//! It does not know what a client does.

use std::collections::BTreeMap;

use withheld::ids::DeviceId;
use withheld::scenario::model::{PublishedKeys, Scenario};

use crate::role::Role;
use crate::store::StoreKind;

/// A client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum ClientKind {
    /// matrix-sdk-crypto.
    #[default]
    MatrixSdkCrypto,
    /// The reference client of the simulator.
    Reference,
}

impl ClientKind {
    /// All clients with their names.
    pub const ALL: [(Self, &'static str); 2] =
        [(Self::MatrixSdkCrypto, "matrix-sdk-crypto"), (Self::Reference, "reference")];

    /// The name on the command line and in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }
}

/// Which client runs on which device: by its name, else by the role that matrix-sdk-crypto has; it has all if nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Casting {
    named: BTreeMap<String, ClientKind>,
    role: Option<Role>,
    store: StoreKind,
}

impl Casting {
    /// The same with this client on one device.
    #[must_use]
    pub fn with(mut self, device: &str, kind: ClientKind) -> Self {
        self.named.insert(device.to_owned(), kind);
        self
    }

    /// matrix-sdk-crypto in this role, whatever the devices of a scenario are called.
    #[must_use]
    pub const fn in_role(role: Role) -> Self {
        Self { named: BTreeMap::new(), role: Some(role), store: StoreKind::Pickles }
    }

    /// The same where matrix-sdk-crypto keeps its keys in such a store.
    #[must_use]
    pub const fn stored_in(mut self, store: StoreKind) -> Self {
        self.store = store;
        self
    }

    /// In what matrix-sdk-crypto keeps its keys.
    #[must_use]
    pub const fn store(&self) -> StoreKind {
        self.store
    }

    /// matrix-sdk-crypto on these devices of a scenario, and the reference client on all others.
    #[must_use]
    pub fn only(scenario: &Scenario, real: impl Fn(DeviceId) -> bool) -> Self {
        let kind = |(index, device): (usize, &withheld::scenario::model::Device)| {
            let real = real(DeviceId::at(index));
            let kind = if real { ClientKind::MatrixSdkCrypto } else { ClientKind::Reference };
            (device.name.clone(), kind)
        };
        let named = scenario.devices.iter().enumerate().map(kind).collect();
        Self { named, ..Self::default() }
    }

    /// The devices that are named, with their clients.
    pub fn named(&self) -> impl Iterator<Item = (&str, ClientKind)> {
        self.named.iter().map(|(name, kind)| (name.as_str(), *kind))
    }

    /// Reads `A1=reference` into this; tells what is wrong with it.
    ///
    /// # Errors
    /// If it is of another form, names an unknown client, or a device for the second time.
    pub fn read(&mut self, text: &str) -> Result<(), String> {
        let expected = || {
            let known: Vec<&str> = ClientKind::ALL.iter().map(|(_, name)| *name).collect();
            format!("`{text}`: expected DEVICE=CLIENT, where CLIENT is {}", known.join(" or "))
        };
        let (device, client) = text.split_once('=').ok_or_else(expected)?;
        let kind = ClientKind::ALL.iter().find(|(_, name)| *name == client);
        let (kind, _) = kind.ok_or_else(expected)?;
        if device.is_empty() {
            return Err(expected());
        }
        if self.named.contains_key(device) {
            return Err(format!("`{text}`: {device} has a client already"));
        }
        self.named.insert(device.to_owned(), *kind);
        Ok(())
    }

    /// The client of a device. One that publishes no keys that can be used has the reference client in any case.
    #[must_use]
    pub fn of(&self, scenario: &Scenario, device: DeviceId) -> ClientKind {
        let described = &scenario.devices[device.index()];
        match described.keys {
            PublishedKeys::Full => {}
            PublishedKeys::UnknownAlgorithms | PublishedKeys::None => return ClientKind::Reference,
        }
        let by_role = || match self.role {
            Some(role) if !role.is_real(scenario, device) => ClientKind::Reference,
            Some(_) | None => ClientKind::MatrixSdkCrypto,
        };
        self.named.get(&described.name).copied().unwrap_or_else(by_role)
    }

    /// The devices of a scenario with matrix-sdk-crypto.
    #[must_use]
    pub fn real(&self, scenario: &Scenario) -> Vec<DeviceId> {
        let all = (0..scenario.devices.len()).map(DeviceId::at);
        all.filter(|device| self.of(scenario, *device) == ClientKind::MatrixSdkCrypto).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Casting, ClientKind};

    #[test]
    fn what_is_not_a_device_with_a_client_is_told() {
        let mut casting = Casting::default();
        assert_eq!(casting.read("A1=reference"), Ok(()));
        for wrong in ["A1", "=reference", "B1=nobody", "B1=", "A1=matrix-sdk-crypto"] {
            assert!(casting.read(wrong).is_err(), "{wrong}");
        }
        assert_eq!(casting.read("B1=matrix-sdk-crypto"), Ok(()));
        let expected = Casting::default().with("A1", ClientKind::Reference);
        assert_ne!(casting, expected);
        assert_eq!(casting, expected.with("B1", ClientKind::MatrixSdkCrypto));
    }
}
