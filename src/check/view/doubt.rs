//! Devices that may have forgotten what they chose or learnt of others last: a crash came before it was written down, or
//! their store became an older one.
//! It does not know what they chose or learnt.

use crate::check::view::life::{Life, Moment};
use crate::check::view::pairs::row;
use crate::ids::{DeviceId, FactId};
use crate::time::SimTime;

/// What a device wrote down of one thing: when it did so last, and whether an older store took anything of it away. A store that goes back
/// takes what was written after its copy was made, and nothing else: what it took nothing of is known as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    last: Moment,
    has_lost: bool,
}

impl Written {
    /// The device wrote something of it for the first time.
    pub(crate) const fn first(now: Moment) -> Self {
        Self { last: now, has_lost: false }
    }

    /// It wrote something of it again.
    pub(crate) fn again(&mut self, device: DeviceId, now: Moment, life: &Life) {
        *self = Self { last: now, has_lost: self.may_be_lost(device, life) };
    }

    /// Whether an older store may have taken anything of it away.
    pub(crate) fn may_be_lost(self, device: DeviceId, life: &Life) -> bool {
        self.has_lost || life.forgiven(device, self.last).is_some()
    }
}

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
    use super::{Doubts, Written};
    use crate::check::view::life::{Life, Moment};
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
    fn what_was_written_after_the_copy_is_lost_for_ever_and_nothing_else() {
        let device = DeviceId::new(1);
        let now = |fact, ms| Moment { fact: FactId::new(fact), at: SimTime::from_ms(ms) };
        let mut life = Life::default();
        let mut kept = Written::first(now(1, 5));
        let lost = Written::first(now(2, 8));
        life.restored(device, FactId::new(3), SimTime::from_ms(8));
        assert!(!kept.may_be_lost(device, &life) && lost.may_be_lost(device, &life));
        kept.again(device, now(4, 9), &life);
        assert!(!kept.may_be_lost(device, &life), "it was written after the restore");
        life.restored(device, FactId::new(5), SimTime::from_ms(6));
        assert!(kept.may_be_lost(device, &life));
        kept.again(device, now(6, 10), &life);
        assert!(kept.may_be_lost(device, &life), "nothing brings back what was lost");
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
