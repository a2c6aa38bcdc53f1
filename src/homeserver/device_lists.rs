//! What one homeserver publishes of its users: device keys, cross-signing keys, signatures; and the stream of changes,
//! of its own users and of others, that its clients must be told of.
//! It does not know who shares a room with whom, nor who has been told what.
//!
//! Source: client-server API, tracking the device list for a user; rule D-07.

use std::collections::BTreeSet;

use crate::ids::{DeviceId, RoomId, SigningKey, UserId};
use crate::protocol::api::{CrossSigningKeys, DeviceKeys};
use crate::protocol::provenance::Provenance;

/// What a server publishes of one of its users.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct DeviceList {
    identity: Option<CrossSigningKeys>,
    devices: Vec<DeviceKeys>,
    signed: BTreeSet<(DeviceId, SigningKey)>,
    cause: Provenance,
}

impl DeviceList {
    /// The user's cross-signing keys.
    #[must_use]
    pub const fn identity(&self) -> Option<CrossSigningKeys> {
        self.identity
    }

    /// The devices with device keys, ascending, each with the current self-signing key's signature if it has one.
    #[must_use]
    pub fn devices(&self) -> &[DeviceKeys] {
        &self.devices
    }

    /// The fact that changed the list last.
    #[must_use]
    pub const fn cause(&self) -> Provenance {
        self.cause
    }

    /// Whether the current self-signing key has signed the device.
    #[must_use]
    pub fn is_cross_signed(&self, device: DeviceId) -> bool {
        self.identity.is_some_and(|keys| {
            self.devices
                .iter()
                .any(|known| known.device == device && known.signed_by == Some(keys.self_signing))
        })
    }

    /// Remembers which fact changed the list.
    pub fn changed_by(&mut self, cause: Provenance) {
        self.cause = cause;
    }

    /// Publishes device keys; true if the device had none.
    pub fn publish(&mut self, keys: DeviceKeys) -> bool {
        if let Some(signer) = keys.signed_by {
            self.signed.insert((keys.device, signer));
        }
        let place = self.devices.binary_search_by_key(&keys.device, |known| known.device);
        match place {
            Ok(index) => self.devices[index] = keys,
            Err(index) => self.devices.insert(index, keys),
        }
        self.refresh();
        place.is_err()
    }

    /// Publishes cross-signing keys in the place of older ones, whose signatures no longer count.
    pub fn set_identity(&mut self, keys: CrossSigningKeys) {
        self.identity = Some(keys);
        self.refresh();
    }

    /// Adds a self-signing key's signature of a device. It counts while that key is the user's, whichever of key,
    /// device and signature came first.
    pub fn sign(&mut self, signer: SigningKey, device: DeviceId) {
        self.signed.insert((device, signer));
        self.refresh();
    }

    /// Forgets a device; true if it had device keys.
    pub fn remove(&mut self, device: DeviceId) -> bool {
        let before = self.devices.len();
        self.devices.retain(|known| known.device != device);
        self.devices.len() < before
    }

    /// Shows for each device the signature that counts, or else the last one that it has.
    fn refresh(&mut self) {
        for known in &mut self.devices {
            let current = self.identity.map(|keys| (known.device, keys.self_signing));
            let shown = current.filter(|signature| self.signed.contains(signature));
            let range =
                (known.device, SigningKey::new(0))..=(known.device, SigningKey::new(u32::MAX));
            let shown = shown.or_else(|| self.signed.range(range).next_back().copied());
            known.signed_by = shown.map(|(_, signer)| signer);
        }
    }
}

/// What the stream says of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// Devices or cross-signing keys changed: for everyone who shares a room with the user, and for its own devices.
    Changed,
    /// The given user signed this one's master key: only that user's devices see the difference.
    SignedBy(UserId),
    /// The user joined a room: users may share a room now that did not.
    Joined(RoomId),
    /// The user left a room: users may share none any more.
    Left(RoomId),
}

/// One entry of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Change {
    /// The user.
    pub user: UserId,
    /// What happened.
    pub kind: ChangeKind,
    /// The fact behind it.
    pub cause: Provenance,
}

/// The lists of a server's users by their seat, and its change stream. A position in the stream is the number of
/// entries up to there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct DeviceLists {
    lists: Vec<DeviceList>,
    masters: BTreeSet<(SigningKey, SigningKey)>,
    stream: Vec<Change>,
}

impl DeviceLists {
    /// Empty lists for `users` users.
    #[must_use]
    pub fn new(users: usize) -> Self {
        Self { lists: vec![DeviceList::default(); users], ..Self::default() }
    }

    /// The list of the user at `seat`.
    #[must_use]
    pub fn list(&self, seat: usize) -> &DeviceList {
        &self.lists[seat]
    }

    /// The list of the user at `seat`, to change it.
    pub fn list_mut(&mut self, seat: usize) -> &mut DeviceList {
        &mut self.lists[seat]
    }

    /// A copy of all lists, for a server that will answer with old ones.
    #[must_use]
    pub fn copy_lists(&self) -> Vec<DeviceList> {
        self.lists.clone()
    }

    /// Adds a user-signing key's signature of another user's master key.
    pub fn sign_master(&mut self, signer: SigningKey, master: SigningKey) {
        self.masters.insert((signer, master));
    }

    /// Whether the user-signing key has signed the master key.
    #[must_use]
    pub fn has_signed_master(&self, signer: SigningKey, master: SigningKey) -> bool {
        self.masters.contains(&(signer, master))
    }

    /// Appends to the stream.
    pub fn push(&mut self, change: Change) {
        self.stream.push(change);
    }

    /// The position of the end of the stream.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.stream.len() as u64
    }

    /// The entries after a position.
    #[must_use]
    pub fn since(&self, position: u64) -> &[Change] {
        let start = usize::try_from(position).unwrap_or(usize::MAX).min(self.stream.len());
        &self.stream[start..]
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, ChangeKind, DeviceList, DeviceLists};
    use crate::ids::{DeviceId, SigningKey, UserId};
    use crate::protocol::api::{CrossSigningKeys, DeviceKeys};
    use crate::protocol::provenance::Provenance;

    fn identity(first: u32) -> CrossSigningKeys {
        CrossSigningKeys {
            master: SigningKey::new(first),
            self_signing: SigningKey::new(first + 1),
            user_signing: SigningKey::new(first + 2),
        }
    }

    fn keys(device: u32) -> DeviceKeys {
        DeviceKeys { device: DeviceId::new(device), lists_algorithms: true, signed_by: None }
    }

    #[test]
    fn devices_are_listed_in_order_and_publishing_again_replaces() {
        let mut list = DeviceList::default();
        assert!(list.publish(keys(5)));
        assert!(list.publish(keys(2)));
        assert!(!list.publish(DeviceKeys { lists_algorithms: false, ..keys(5) }));
        let listed: Vec<_> = list
            .devices()
            .iter()
            .map(|known| (known.device.raw(), known.lists_algorithms))
            .collect();
        assert_eq!(listed, [(2, true), (5, false)]);
        assert!(list.remove(DeviceId::new(2)));
        assert!(!list.remove(DeviceId::new(2)));
        assert_eq!(list.devices().len(), 1);
    }

    #[test]
    fn a_signature_counts_while_its_key_is_current_whatever_came_first() {
        let device = DeviceId::new(1);
        let mut list = DeviceList::default();
        list.sign(identity(0).self_signing, device);
        list.publish(keys(1));
        assert!(!list.is_cross_signed(device));
        list.set_identity(identity(0));
        assert!(list.is_cross_signed(device));
        list.publish(keys(1));
        assert!(list.is_cross_signed(device), "device keys sent again lost their signature");
        list.set_identity(identity(10));
        assert!(!list.is_cross_signed(device));
        assert_eq!(list.devices()[0].signed_by, Some(identity(0).self_signing));
        list.sign(identity(10).self_signing, device);
        assert!(list.is_cross_signed(device));
        assert!(!list.is_cross_signed(DeviceId::new(2)));
    }

    #[test]
    fn the_stream_gives_what_came_after_a_position() {
        let mut lists = DeviceLists::new(1);
        let change = |user| Change {
            user: UserId::new(user),
            kind: ChangeKind::Changed,
            cause: Provenance::UNKNOWN,
        };
        lists.push(change(4));
        let seen = lists.position();
        lists.push(change(5));
        assert_eq!(lists.since(seen), [change(5)]);
        assert_eq!(lists.since(0).len(), 2);
        assert!(lists.since(99).is_empty());
        lists.sign_master(SigningKey::new(1), SigningKey::new(2));
        assert!(lists.has_signed_master(SigningKey::new(1), SigningKey::new(2)));
        assert!(!lists.has_signed_master(SigningKey::new(2), SigningKey::new(1)));
    }
}
