//! Devices that may have forgotten what they chose or learnt of others last: a crash came before it was written down, or
//! their store became an older one.
//! It does not know what they chose or learnt.

use crate::check::view::life::Moment;
use crate::check::view::pairs::row;
use crate::ids::{DeviceId, FactId};
use crate::time::SimTime;

/// What one device came to know last, and whether that may be lost.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    last: Option<SimTime>,
    /// When something of it was lost last, maybe.
    lost: Option<FactId>,
}

impl Known {
    /// Nothing is known to be there that came at `from` or later, by the loss at `fact`.
    fn doubt(&mut self, from: SimTime, fact: FactId) {
        if self.last >= Some(from) {
            self.lost = Some(fact);
        }
    }
}

/// All doubts, by device: about all that it chose or learnt, and about whom it chose to serve.
#[derive(Debug, Clone, Default)]
pub(crate) struct Doubts {
    all: Vec<Known>,
    choices: Vec<Known>,
}

impl Doubts {
    /// The device's user chose something, or it learnt what others are worth.
    pub(crate) fn learnt(&mut self, device: DeviceId, now: Moment) {
        row(&mut self.all, device.index()).last = Some(now.at);
    }

    /// The device's user chose whom to serve.
    pub(crate) fn chose(&mut self, device: DeviceId, now: Moment) {
        self.learnt(device, now);
        row(&mut self.choices, device.index()).last = Some(now.at);
    }

    /// The client stopped: what it learnt at this very instant may not have been written down.
    pub(crate) fn crashed(&mut self, device: DeviceId, now: Moment) {
        self.lost(device, now.at, now.fact);
    }

    /// The client's store is the one of `snapshot` again.
    pub(crate) fn restored(&mut self, device: DeviceId, snapshot: SimTime, now: Moment) {
        self.lost(device, snapshot, now.fact);
    }

    fn lost(&mut self, device: DeviceId, from: SimTime, fact: FactId) {
        row(&mut self.all, device.index()).doubt(from, fact);
        row(&mut self.choices, device.index()).doubt(from, fact);
    }

    /// Whether the device may know less than the facts tell.
    pub(crate) fn of(&self, device: DeviceId) -> bool {
        self.all.get(device.index()).is_some_and(|known| known.lost.is_some())
    }

    /// Whether the device may have forgotten a block that was made at `block`. One that came after the last loss is not forgotten.
    pub(crate) fn of_block(&self, device: DeviceId, block: FactId) -> bool {
        self.all.get(device.index()).is_some_and(|known| known.lost > Some(block))
    }

    /// Whether the device may have forgotten whom its user chose to serve.
    pub(crate) fn of_choices(&self, device: DeviceId) -> bool {
        self.choices.get(device.index()).is_some_and(|known| known.lost.is_some())
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
        doubts.restored(device, SimTime::from_ms(1), at(9));
        doubts.learnt(device, at(5));
        doubts.crashed(device, at(6));
        doubts.restored(device, SimTime::from_ms(6), at(9));
        assert!(!doubts.of(device));
        let mut older = doubts.clone();
        doubts.crashed(device, at(5));
        older.restored(device, SimTime::from_ms(5), at(9));
        assert!(doubts.of(device) && older.of(device));
        older.restored(device, SimTime::from_ms(5), at(9));
        assert!(older.of(device), "a second loss brings nothing back");
        assert!(!older.of(DeviceId::new(0)));
    }

    #[test]
    fn what_was_learnt_of_others_is_no_choice() {
        let device = DeviceId::new(1);
        let at = |ms| Moment { fact: FactId::new(0), at: SimTime::from_ms(ms) };
        let mut doubts = Doubts::default();
        doubts.chose(device, at(5));
        doubts.learnt(device, at(9));
        doubts.restored(device, SimTime::from_ms(7), at(9));
        assert!(doubts.of(device) && !doubts.of_choices(device));
        doubts.restored(device, SimTime::from_ms(5), at(9));
        assert!(doubts.of_choices(device));
    }

    #[test]
    fn a_block_after_the_last_loss_is_not_forgotten() {
        let device = DeviceId::new(1);
        let now = |fact, ms| Moment { fact: FactId::new(fact), at: SimTime::from_ms(ms) };
        let mut doubts = Doubts::default();
        assert!(!doubts.of_block(device, FactId::new(0)));
        doubts.learnt(device, now(1, 5));
        doubts.crashed(device, now(2, 5));
        let of = |doubts: &Doubts| [1, 3].map(|block| doubts.of_block(device, FactId::new(block)));
        assert_eq!(of(&doubts), [true, false]);
        doubts.chose(device, now(3, 8));
        doubts.restored(device, SimTime::from_ms(7), now(4, 9));
        assert_eq!(of(&doubts), [true, true]);
    }
}
