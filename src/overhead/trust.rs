//! Which devices a sender had verified when it sent a message (V-01), as the servers' records have it.
//! It does not know who was given a key.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{BitSet, DeviceId, UserId};
use crate::scenario::model::Scenario;
use crate::scenario::policy::Target;

/// Who is signed, and who has verified whom.
#[derive(Debug, Clone)]
pub(super) struct Trust {
    owners: Vec<UserId>,
    devices: Vec<Vec<DeviceId>>,
    /// Devices that their owner has signed with the current key.
    signed: BitSet,
    /// Users whose identity each user has verified.
    users: BTreeMap<UserId, BTreeSet<UserId>>,
    /// Devices that each device has verified by themselves.
    singly: BTreeMap<DeviceId, BTreeSet<DeviceId>>,
}

impl Trust {
    /// Nobody is signed and nobody verified.
    pub(super) fn new(scenario: &Scenario) -> Self {
        let owners: Vec<UserId> = scenario.devices.iter().map(|device| device.user).collect();
        let mut devices = vec![Vec::new(); scenario.users.len()];
        for (index, owner) in owners.iter().enumerate() {
            devices[owner.index()].push(DeviceId::at(index));
        }
        Self {
            owners,
            devices,
            signed: BitSet::default(),
            users: BTreeMap::new(),
            singly: BTreeMap::new(),
        }
    }

    /// A device is signed by its owner.
    pub(super) fn sign(&mut self, device: DeviceId) {
        self.signed.insert(device.index());
    }

    /// A user has new keys: signatures by the old ones no longer count, nor do verifications of them.
    pub(super) fn reset(&mut self, user: UserId) {
        for device in &self.devices[user.index()] {
            self.signed.remove(device.index());
        }
        for verified in self.users.values_mut() {
            verified.remove(&user);
        }
    }

    /// A device's user verifies somebody, or takes that back.
    pub(super) fn verify(&mut self, device: DeviceId, target: Target, verified: bool) {
        match target {
            Target::User(user) => {
                let by = self.owners[device.index()];
                set(self.users.entry(by).or_default(), user, verified);
            }
            Target::Device(other) => {
                set(self.singly.entry(device).or_default(), other, verified);
            }
        }
    }

    /// The devices that are verified for a device now.
    pub(super) fn verified_by(&self, device: DeviceId) -> BitSet {
        let own = self.owners[device.index()];
        let users = self.users.get(&own).into_iter().flatten().copied();
        let signed = users
            .chain([own])
            .flat_map(|user| &self.devices[user.index()])
            .filter(|device| self.signed.contains(device.index()));
        let singly = self.singly.get(&device).into_iter().flatten();
        let mut verified = BitSet::default();
        for device in signed.chain(singly) {
            verified.insert(device.index());
        }
        verified
    }
}

fn set<T: Ord>(set: &mut BTreeSet<T>, of: T, is_in: bool) {
    if is_in {
        set.insert(of);
    } else {
        set.remove(&of);
    }
}

#[cfg(test)]
mod tests {
    use super::Trust;
    use crate::ids::{DeviceId, UserId};
    use crate::scenario::policy::Target;
    use crate::scenario::sample::{device, room_of};

    const BOB: UserId = UserId::new(1);

    #[test]
    fn a_device_is_verified_by_its_signature_and_its_user_or_by_itself() {
        let mut scenario = room_of(2, 0);
        scenario.devices.push(device("A2", UserId::new(0)));
        let mut trust = Trust::new(&scenario);
        let [a1, b1, b2, a2] = [0, 1, 2, 3].map(DeviceId::new);
        let seen = |trust: &Trust, by| trust.verified_by(by).iter().collect::<Vec<_>>();
        trust.sign(a2);
        trust.sign(b1);
        assert_eq!(seen(&trust, a1), [3], "an own device that is signed");
        trust.verify(a1, Target::User(BOB), true);
        assert_eq!(seen(&trust, a2), [1, 3], "on all devices of the user");
        trust.verify(a1, Target::Device(b2), true);
        assert_eq!(seen(&trust, a1), [1, 2, 3]);
        assert_eq!(seen(&trust, a2), [1, 3], "on this device alone");
        trust.reset(BOB);
        trust.sign(b1);
        assert_eq!(seen(&trust, a1), [2, 3], "another identity was verified");
        trust.verify(a1, Target::Device(b2), false);
        assert_eq!(seen(&trust, a1), [3]);
    }
}
