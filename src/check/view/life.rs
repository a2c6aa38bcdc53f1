//! The life of each device: when its server learnt of it, whether its client runs, and what a restore undid.
//! It does not know what a device knows or owes.

use crate::check::view::pairs::row;
use crate::ids::{DeviceId, FactId};
use crate::time::SimTime;

/// A fact with its virtual time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    /// The fact.
    pub(crate) fact: FactId,
    /// When it was.
    pub(crate) at: SimTime,
}

/// A store that became an older one.
#[derive(Debug, Clone, Copy)]
struct Restore {
    fact: FactId,
    snapshot: SimTime,
}

/// One device.
#[derive(Debug, Clone, Default)]
struct Device {
    up: Option<Moment>,
    crypto: Option<Moment>,
    gone: Option<FactId>,
    down: Option<FactId>,
    crashes: Vec<Moment>,
    starts: Vec<FactId>,
    restores: Vec<Restore>,
}

/// The lives of all devices that had one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Life {
    devices: Vec<Device>,
    /// The first fact of each instant.
    instants: Vec<Moment>,
}

impl Life {
    fn of(&self, device: DeviceId) -> Option<&Device> {
        self.devices.get(device.index())
    }

    fn entry(&mut self, device: DeviceId) -> &mut Device {
        row(&mut self.devices, device.index())
    }

    /// A fact came.
    pub(crate) fn passes(&mut self, now: Moment) {
        if self.instants.last().is_none_or(|last| last.at != now.at) {
            self.instants.push(now);
        }
    }

    /// The fact with its virtual time.
    pub(crate) fn moment(&self, fact: FactId) -> Moment {
        let later = self.instants.partition_point(|instant| instant.fact <= fact);
        let begun = self.instants[..later].last();
        Moment { fact, at: begun.map_or(SimTime::ZERO, |begun| begun.at) }
    }

    /// The device's server learnt of it; `crypto` if with keys and algorithms.
    pub(crate) fn came_up(&mut self, device: DeviceId, crypto: bool, moment: Moment) {
        let device = self.entry(device);
        device.up.get_or_insert(moment);
        if crypto {
            device.crypto.get_or_insert(moment);
        }
    }

    /// The device was deleted or logged out: it does not come back.
    pub(crate) fn went(&mut self, device: DeviceId, fact: FactId) {
        self.entry(device).gone.get_or_insert(fact);
    }

    /// The client stopped.
    pub(crate) fn crashed(&mut self, device: DeviceId, moment: Moment) {
        let device = self.entry(device);
        device.down = Some(moment.fact);
        device.crashes.push(moment);
    }

    /// The client runs again.
    pub(crate) fn restarted(&mut self, device: DeviceId, fact: FactId) {
        let device = self.entry(device);
        device.down = None;
        device.starts.push(fact);
    }

    /// Whether the client did not run at `fact`: what its server answered then was lost.
    pub(crate) fn was_down(&self, device: DeviceId, fact: FactId) -> bool {
        self.of(device).is_some_and(|device| {
            let crash = device.crashes.iter().rfind(|crash| crash.fact < fact);
            let runs =
                |crash: FactId| device.starts.iter().any(|start| *start > crash && *start < fact);
            crash.is_some_and(|crash| !runs(crash.fact))
        })
    }

    /// The client's store is the one of `snapshot` again.
    pub(crate) fn restored(&mut self, device: DeviceId, fact: FactId, snapshot: SimTime) {
        self.entry(device).restores.push(Restore { fact, snapshot });
    }

    /// When the device's server learnt of it.
    pub(crate) fn up(&self, device: DeviceId) -> Option<Moment> {
        self.of(device)?.up
    }

    /// `crypto(d)`: when the device first had identity keys with the algorithms.
    pub(crate) fn crypto(&self, device: DeviceId) -> Option<Moment> {
        self.of(device)?.crypto
    }

    /// Whether the device came up and never had identity keys with the algorithms: nothing encrypted goes to it (K-09).
    pub(crate) fn is_plain(&self, device: DeviceId) -> bool {
        self.up(device).is_some() && self.crypto(device).is_none()
    }

    /// The fact that deleted the device or logged it out.
    pub(crate) fn gone(&self, device: DeviceId) -> Option<FactId> {
        self.of(device)?.gone
    }

    /// The fact after which the device does nothing any more, as far as is known: it is deleted, or its client
    /// stopped and did not start again.
    pub(crate) fn ended(&self, device: DeviceId) -> Option<FactId> {
        let device = self.of(device)?;
        device.gone.or(device.down)
    }

    /// The first crash of the device after `fact`.
    pub(crate) fn crash_after(&self, device: DeviceId, fact: FactId) -> Option<FactId> {
        let crashes = &self.of(device)?.crashes;
        crashes.iter().map(|crash| crash.fact).find(|crash| *crash > fact)
    }

    /// Whether the client stopped after `fact`, by a crash or for another store.
    pub(crate) fn stopped_since(&self, device: DeviceId, fact: FactId) -> bool {
        self.crash_after(device, fact).or_else(|| self.restored_since(device, fact)).is_some()
    }

    /// Whether the client ever stopped.
    pub(crate) fn has_crashed(&self, device: DeviceId) -> bool {
        self.of(device).is_some_and(|life| !life.crashes.is_empty())
    }

    /// The crash that may have cut off what the device did at `moment` before it was written down: one at the same
    /// instant, because handling one input takes no time.
    pub(crate) fn cut_off(&self, device: DeviceId, moment: Moment) -> Option<FactId> {
        let crashes = &self.of(device)?.crashes;
        let cut = crashes.iter().find(|crash| crash.fact > moment.fact && crash.at == moment.at);
        cut.map(|crash| crash.fact)
    }

    /// The restore that undid what the device did at `moment`.
    pub(crate) fn undone(&self, device: DeviceId, moment: Moment) -> Option<FactId> {
        self.restore(device, moment.fact, |snapshot| snapshot < moment.at)
    }

    /// Whether the store that the device has now surely lacks what it wrote down at `moment`: the last restore was to a copy from before.
    /// An earlier one says nothing, because a later copy may have what it took away.
    pub(crate) fn surely_lacks(&self, device: DeviceId, moment: Moment) -> bool {
        let last = self.of(device).and_then(|device| device.restores.last());
        last.is_some_and(|last| last.fact > moment.fact && last.snapshot < moment.at)
    }

    /// Whether what the device no longer had at `fact` has not come back since, with an older store or because a crash cut the loss off.
    pub(crate) fn is_still_gone(&self, device: DeviceId, fact: FactId) -> bool {
        self.restored_since(device, fact).is_none()
            && self.cut_off(device, self.moment(fact)).is_none()
    }

    /// *Rolled back*: the restore for which what the device did at `moment` is not held against it. At the very
    /// instant of the snapshot it is not known which came first, so that instant is forgiven.
    pub(crate) fn forgiven(&self, device: DeviceId, moment: Moment) -> Option<FactId> {
        self.restore(device, moment.fact, |snapshot| snapshot <= moment.at)
    }

    /// The restore that leaves open what the device still knew of what it had to do at `moment`: one from before, or
    /// one to a snapshot from before.
    pub(crate) fn unsettled_by(&self, device: DeviceId, moment: Moment) -> Option<FactId> {
        let restores = &self.of(device)?.restores;
        let found = restores
            .iter()
            .find(|restore| restore.fact < moment.fact || restore.snapshot <= moment.at);
        found.map(|restore| restore.fact)
    }

    /// As [`Life::unsettled_by`], of what rests on nothing but what the device wrote down by `since`: a restore from before that leaves
    /// nothing open, nor does one whose snapshot has it.
    pub(crate) fn unsettled_since(
        &self,
        device: DeviceId,
        since: FactId,
        moment: Moment,
    ) -> Option<FactId> {
        self.lost_since(device, since).or_else(|| self.forgiven(device, moment))
    }

    /// The restore that may have taken away what the device wrote down by `fact`.
    pub(crate) fn lost_since(&self, device: DeviceId, fact: FactId) -> Option<FactId> {
        self.forgiven(device, self.moment(fact))
    }

    /// The first restore of the device's store after `fact`.
    pub(crate) fn restored_since(&self, device: DeviceId, fact: FactId) -> Option<FactId> {
        self.restore(device, fact, |_| true)
    }

    fn restore(
        &self,
        device: DeviceId,
        after: FactId,
        fits: impl Fn(SimTime) -> bool,
    ) -> Option<FactId> {
        let restores = &self.of(device)?.restores;
        let found = restores.iter().find(|restore| restore.fact > after && fits(restore.snapshot));
        found.map(|restore| restore.fact)
    }
}

#[cfg(test)]
mod tests {
    use super::{Life, Moment};
    use crate::ids::{DeviceId, FactId};
    use crate::time::SimTime;

    const D: DeviceId = DeviceId::new(3);

    fn moment(fact: u32, ms: u64) -> Moment {
        Moment { fact: FactId::new(fact), at: SimTime::from_ms(ms) }
    }

    #[test]
    fn a_restore_undoes_what_came_after_its_snapshot_and_before_itself() {
        let mut life = Life::default();
        for (fact, ms) in [(3, 40), (5, 49), (7, 50), (8, 60), (10, 65), (12, 70)] {
            life.passes(moment(fact, ms));
        }
        life.restored(D, FactId::new(10), SimTime::from_ms(50));
        assert_eq!(life.undone(D, moment(5, 60)), Some(FactId::new(10)));
        assert_eq!(life.restored_since(D, FactId::new(9)), Some(FactId::new(10)));
        assert_eq!(life.restored_since(D, FactId::new(10)), None);
        assert_eq!(life.undone(D, moment(5, 50)), None);
        assert_eq!(life.forgiven(D, moment(5, 50)), Some(FactId::new(10)));
        assert_eq!(life.forgiven(D, moment(5, 49)), None);
        assert_eq!(life.undone(D, moment(11, 60)), None);
        assert_eq!(life.unsettled_by(D, moment(5, 49)), None);
        assert_eq!(life.unsettled_by(D, moment(5, 50)), Some(FactId::new(10)));
        assert_eq!(life.unsettled_by(D, moment(11, 49)), Some(FactId::new(10)));
        let since = |since, moment| life.unsettled_since(D, FactId::new(since), moment);
        let restore = Some(FactId::new(10));
        let later = [4, 6, 7, 9, 11].map(|fact| since(fact, moment(12, 70)));
        assert_eq!(later, [None, None, restore, restore, None], "only what is not in the copy");
        assert_eq!([since(4, moment(5, 49)), since(4, moment(5, 50))], [None, restore]);
        assert_eq!(
            [1, 6, 9].map(|fact| life.lost_since(D, FactId::new(fact))),
            [None, None, restore]
        );
    }

    #[test]
    fn a_later_copy_may_have_what_an_earlier_restore_took_away() {
        let mut life = Life::default();
        for (fact, ms) in [(5, 60), (10, 70), (15, 80)] {
            life.passes(moment(fact, ms));
        }
        life.restored(D, FactId::new(10), SimTime::from_ms(50));
        assert!(life.surely_lacks(D, moment(5, 60)));
        assert_eq!([49, 50].map(|ms| life.surely_lacks(D, moment(4, ms))), [false, false]);
        assert!(!life.surely_lacks(D, moment(12, 75)), "it was written down after that");
        assert_eq!([9, 12].map(|gone| life.is_still_gone(D, FactId::new(gone))), [false, true]);
        life.restored(D, FactId::new(15), SimTime::from_ms(65));
        assert!(!life.surely_lacks(D, moment(5, 60)), "the copy is from before the first restore");
        life.crashed(D, moment(17, 80));
        assert_eq!([16, 17].map(|gone| life.is_still_gone(D, FactId::new(gone))), [false, true]);
    }

    #[test]
    fn a_crash_ends_a_device_until_it_runs_again() {
        let mut life = Life::default();
        assert_eq!(life.ended(D), None);
        life.crashed(D, moment(4, 9));
        assert_eq!(life.ended(D), Some(FactId::new(4)));
        assert_eq!(life.cut_off(D, moment(3, 9)), Some(FactId::new(4)));
        assert_eq!(life.cut_off(D, moment(3, 8)), None);
        assert_eq!(life.crash_after(D, FactId::new(4)), None);
        life.restarted(D, FactId::new(6));
        let down = [3, 5, 7].map(|fact| life.was_down(D, FactId::new(fact)));
        assert_eq!(down, [false, true, false]);
        assert_eq!(life.ended(D), None);
        life.went(D, FactId::new(8));
        life.restarted(D, FactId::new(9));
        assert_eq!(life.ended(D), Some(FactId::new(8)));
    }

    #[test]
    fn a_device_may_come_up_first_and_get_its_keys_later() {
        let mut life = Life::default();
        life.came_up(D, false, moment(1, 1));
        assert_eq!(life.crypto(D), None);
        life.came_up(D, true, moment(2, 2));
        assert_eq!(life.up(D), Some(moment(1, 1)));
        assert_eq!(life.crypto(D), Some(moment(2, 2)));
    }
}
