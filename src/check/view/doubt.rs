//! Devices that may have forgotten what they chose or learnt of others last: a crash came before it was written down, or
//! their store became an older one.
//! It does not know what they chose or learnt.

use crate::check::view::life::Moment;
use crate::check::view::pairs::row;
use crate::ids::{BitSet, DeviceId};
use crate::time::SimTime;

/// All doubts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Doubts {
    last: Vec<Option<SimTime>>,
    doubtful: BitSet,
}

impl Doubts {
    /// The device's user chose something, or it learnt what others are worth.
    pub(crate) fn learnt(&mut self, device: DeviceId, now: Moment) {
        *row(&mut self.last, device.index()) = Some(now.at);
    }

    /// The client stopped: what it learnt at this very instant may not have been written down.
    pub(crate) fn crashed(&mut self, device: DeviceId, now: Moment) {
        if self.last(device) == Some(now.at) {
            self.doubtful.insert(device.index());
        }
    }

    /// The client's store is the one of `snapshot` again.
    pub(crate) fn restored(&mut self, device: DeviceId, snapshot: SimTime) {
        if self.last(device) >= Some(snapshot) {
            self.doubtful.insert(device.index());
        }
    }

    fn last(&self, device: DeviceId) -> Option<SimTime> {
        self.last.get(device.index()).copied().flatten()
    }

    /// Whether the device may know less than the facts tell.
    pub(crate) fn of(&self, device: DeviceId) -> bool {
        self.doubtful.contains(device.index())
    }
}

#[cfg(test)]
mod tests {
    use super::Doubts;
    use crate::check::view::life::Moment;
    use crate::ids::{DeviceId, FactId};
    use crate::time::SimTime;

    #[test]
    fn a_crash_at_the_same_instant_and_an_older_store_make_doubtful_what_was_learnt() {
        let device = DeviceId::new(1);
        let at = |ms| Moment { fact: FactId::new(0), at: SimTime::from_ms(ms) };
        let mut doubts = Doubts::default();
        doubts.crashed(device, at(5));
        doubts.restored(device, SimTime::from_ms(1));
        doubts.learnt(device, at(5));
        doubts.crashed(device, at(6));
        doubts.restored(device, SimTime::from_ms(6));
        assert!(!doubts.of(device));
        let mut older = doubts.clone();
        doubts.crashed(device, at(5));
        older.restored(device, SimTime::from_ms(5));
        assert!(doubts.of(device) && older.of(device));
        assert!(!older.of(DeviceId::new(0)));
    }
}
