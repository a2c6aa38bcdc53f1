//! What a homeserver keeps for one device: its mailbox, its published keys, and what it was last told of them.
//! It does not know the device's user, nor whether the device is online.

use crate::homeserver::mailbox::Mailbox;
use crate::homeserver::one_time_keys::OneTimeKeys;
use crate::ids::DeviceId;
use crate::protocol::provenance::Provenance;

/// The account of one device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Account {
    /// The identity that has this device id now; kept at the first identity of each id.
    pub holder: Option<DeviceId>,
    /// Messages that wait for the device.
    pub mailbox: Mailbox,
    /// Its published keys.
    pub keys: OneTimeKeys,
    /// The fact that changed the published keys last.
    pub keys_cause: Provenance,
    /// The fact that keeps a fallback key of the device from being published.
    pub no_fallback: Provenance,
    /// The fact that made the published keys what they had been before.
    pub restored: Provenance,
    /// The fact that the device was deleted.
    pub deleted: Provenance,
    told_one_time: u32,
    told_fallback: bool,
}

impl Account {
    /// Whether there are fewer keys than the device was told of.
    #[must_use]
    pub fn owes_counts(&self) -> bool {
        self.keys.count() < self.told_one_time
            || (self.told_fallback && !self.keys.has_unused_fallback())
    }

    /// The device is told how many one-time keys there are.
    pub fn tell_one_time(&mut self) -> u32 {
        self.told_one_time = self.keys.count();
        self.told_one_time
    }

    /// The device is told whether its fallback key is unused.
    pub fn tell_fallback(&mut self) -> bool {
        self.told_fallback = self.keys.has_unused_fallback();
        self.told_fallback
    }
}
