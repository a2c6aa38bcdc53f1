//! The marks that `m.no_olm` was sent: one for a device, until an Olm session with it is made (N-02, N-03).
//! It does not know why no session could be made.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{DeviceId, MegolmSessionId, RoomId};
use crate::scenario::habits::NoOlmDedup;

/// For whom `m.no_olm` was sent. Where a habit counts by room or session, that is remembered too.
#[derive(Debug, Clone, Default)]
pub(super) struct NoOlmMarks {
    devices: BTreeMap<DeviceId, BTreeSet<(RoomId, MegolmSessionId)>>,
}

impl NoOlmMarks {
    /// Whether the device was told at all.
    pub(super) fn was_told(&self, device: DeviceId) -> bool {
        self.devices.contains_key(&device)
    }

    /// Whether a notice on the occasion of this room and session would be a repetition.
    pub(super) fn is_repetition(
        &self,
        device: DeviceId,
        (room, session): (RoomId, MegolmSessionId),
        dedup: NoOlmDedup,
    ) -> bool {
        let told = self.devices.get(&device);
        match dedup {
            NoOlmDedup::Device => told.is_some(),
            NoOlmDedup::RoomDevice => {
                told.is_some_and(|told| told.iter().any(|(other, _)| *other == room))
            }
            NoOlmDedup::SessionDevice => told.is_some_and(|told| told.contains(&(room, session))),
            NoOlmDedup::None => false,
            NoOlmDedup::NeverSent => true,
        }
    }

    /// The device is told, on the occasion of this room and session.
    pub(super) fn mark(&mut self, device: DeviceId, occasion: (RoomId, MegolmSessionId)) {
        self.devices.entry(device).or_default().insert(occasion);
    }

    /// The device may be told again.
    pub(super) fn clear(&mut self, device: DeviceId) {
        self.devices.remove(&device);
    }

    /// Every device may be told again.
    pub(super) fn clear_all(&mut self) {
        self.devices.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::NoOlmMarks;
    use crate::ids::{DeviceId, MegolmSessionId, RoomId};
    use crate::scenario::habits::NoOlmDedup;

    #[test]
    fn one_notice_stands_for_all_rooms_and_sessions_until_it_is_cleared() {
        let (mut marks, device) = (NoOlmMarks::default(), DeviceId::new(0));
        let occasion = |room, session| (RoomId::new(room), MegolmSessionId::new(session));
        marks.mark(device, occasion(0, 0));
        let repeated = |dedup| {
            [occasion(0, 0), occasion(0, 1), occasion(1, 2)]
                .map(|occasion| marks.is_repetition(device, occasion, dedup))
        };
        assert_eq!(repeated(NoOlmDedup::Device), [true, true, true]);
        assert_eq!(repeated(NoOlmDedup::RoomDevice), [true, true, false]);
        assert_eq!(repeated(NoOlmDedup::SessionDevice), [true, false, false]);
        assert_eq!(repeated(NoOlmDedup::None), [false, false, false]);
        assert_eq!(repeated(NoOlmDedup::NeverSent), [true, true, true]);
        assert!(!marks.is_repetition(DeviceId::new(1), occasion(0, 0), NoOlmDedup::Device));
        marks.clear(device);
        assert!(!marks.is_repetition(device, occasion(0, 0), NoOlmDedup::Device));
    }
}
