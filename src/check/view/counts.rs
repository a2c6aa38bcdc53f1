//! What devices were last told of their keys: how many one-time keys are left, whether the fallback key is unused.
//! It does not know how many there really are.

use crate::check::view::pairs::row;
use crate::ids::{DeviceId, FactId};

/// The counts that one sync answer told; `None` for what it left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Unclaimed one-time keys.
    pub(crate) one_time: Option<u32>,
    /// Whether the fallback key is unused.
    pub(crate) unused_fallback: Option<bool>,
    /// The fact that the device was told.
    pub(crate) fact: FactId,
    /// The last fact that the counts take in, if that is known.
    pub(crate) as_of: Option<FactId>,
}

/// The last counts of all devices, and those before them.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyCounts {
    devices: Vec<[Option<Counts>; 2]>,
}

impl KeyCounts {
    /// The device was told something else than before.
    pub(crate) fn told(&mut self, device: DeviceId, counts: Counts) {
        let known = row(&mut self.devices, device.index());
        *known = [known[1], Some(counts)];
    }

    /// What the device was told last.
    pub(crate) fn now(&self, device: DeviceId) -> Option<Counts> {
        self.devices.get(device.index())?[1]
    }

    /// What the device had been told before that.
    pub(crate) fn before(&self, device: DeviceId) -> Option<Counts> {
        self.devices.get(device.index())?[0]
    }

    /// The devices that were told anything, with the last of it.
    pub(crate) fn all(&self) -> impl Iterator<Item = (DeviceId, Counts)> + '_ {
        let devices = self.devices.iter().enumerate();
        devices.filter_map(|(device, known)| Some((DeviceId::at(device), known[1]?)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, KeyCounts};
    use crate::ids::{DeviceId, FactId};

    #[test]
    fn the_last_counts_and_those_before_are_kept() {
        let mut counts = KeyCounts::default();
        let device = DeviceId::new(1);
        let told = |fact| Counts {
            one_time: Some(fact),
            unused_fallback: None,
            fact: FactId::new(fact),
            as_of: None,
        };
        assert_eq!(counts.before(device), None);
        (1..4).for_each(|fact| counts.told(device, told(fact)));
        assert_eq!(counts.before(device), Some(told(2)));
        assert_eq!(counts.all().collect::<Vec<_>>(), [(device, told(3))]);
    }
}
