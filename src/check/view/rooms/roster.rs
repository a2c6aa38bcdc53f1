//! The devices of a room in the order in which they came, and the place of each.
//! It does not know whose they are, nor whether their users are still there.

use crate::check::view::pairs::row;
use crate::ids::DeviceId;

/// Devices that are only ever added, each once.
#[derive(Debug, Clone, Default)]
pub(super) struct Roster {
    devices: Vec<DeviceId>,
    /// By device, counted from 1; 0 for none.
    places: Vec<u32>,
}

impl Roster {
    /// Adds devices that are not on it.
    pub(super) fn extend(&mut self, devices: &[DeviceId]) {
        for device in devices {
            self.devices.push(*device);
            let place = u32::try_from(self.devices.len()).expect("devices have numbers of 32 bits");
            *row(&mut self.places, device.index()) = place;
        }
    }

    /// All devices, in the order in which they came.
    pub(super) fn devices(&self) -> &[DeviceId] {
        &self.devices
    }

    /// The place of a device in that order.
    pub(super) fn place(&self, device: DeviceId) -> Option<usize> {
        (*self.places.get(device.index())? as usize).checked_sub(1)
    }
}
