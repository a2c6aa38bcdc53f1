//! The keys that each device has on its server, as its uploads and what is handed out add up: one-time keys by upload, and the
//! fallback key. It does not know who asked for a key, nor whether the right one went out.

use crate::check::view::life::Moment;
use crate::check::view::pairs::row;
use crate::ids::{DeviceId, FactId, KeyValue};
use crate::time::SimTime;

/// The one-time keys of one upload.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Batch {
    /// When the server took it.
    pub(crate) up: Moment,
    /// The last fact of the upload, if the server wrote it down in pieces.
    last: FactId,
    /// How many of its keys nobody was given yet.
    pub(crate) unclaimed: u32,
    /// How many of its keys have a private half that did not go, as far as facts tell.
    pub(crate) kept: u32,
}

/// The fallback key of a device.
#[derive(Debug, Clone, Copy)]
struct Fallback {
    /// Since when there has been one without a gap, as far as is known; and when the first came.
    since: FactId,
    begun: SimTime,
    /// The first time that it was handed out since it was uploaded.
    used: Option<FactId>,
}

/// What one device has published.
#[derive(Debug, Clone, Default)]
struct Device {
    batches: Vec<Batch>,
    unclaimed: u32,
    some_since: Option<FactId>,
    fallback: Option<Fallback>,
    /// The last uploads that the server took: of one-time keys, and of a fallback key.
    last_up: [Option<FactId>; 2],
    refused: Option<FactId>,
}

/// Where a one-time key comes from.
#[derive(Debug, Clone, Copy)]
struct Place {
    device: DeviceId,
    batch: u32,
    claimed: bool,
    gone: bool,
}

/// The published keys of all devices.
#[derive(Debug, Clone, Default)]
pub(crate) struct Supply {
    devices: Vec<Device>,
    places: Vec<Option<Place>>,
}

impl Supply {
    fn of(&self, device: DeviceId) -> Option<&Device> {
        self.devices.get(device.index())
    }

    fn place(&self, key: KeyValue) -> Option<Place> {
        self.places.get(key.index()).copied().flatten()
    }

    /// The device's server took one-time keys. What it writes down in one go belongs to one upload.
    pub(crate) fn one_time_up(&mut self, owner: DeviceId, keys: (KeyValue, u32), now: Moment) {
        let device = row(&mut self.devices, owner.index());
        device.last_up[0] = Some(now.fact);
        let continues =
            |batch: &Batch| batch.last.raw() + 1 == now.fact.raw() && batch.up.at == now.at;
        if !device.batches.last().is_some_and(continues) {
            device.batches.push(Batch { up: now, last: now.fact, unclaimed: 0, kept: 0 });
        }
        let number = device.batches.len() - 1;
        let batch_number = u32::try_from(number).expect("facts are fewer than 2^32");
        for value in (keys.0.raw()..).take(keys.1 as usize) {
            let place = row(&mut self.places, KeyValue::new(value).index());
            // A key that comes a second time is no other key.
            if place.is_none() {
                *place =
                    Some(Place { device: owner, batch: batch_number, claimed: false, gone: false });
                let batch = &mut device.batches[number];
                (batch.unclaimed, batch.kept) = (batch.unclaimed + 1, batch.kept + 1);
                device.unclaimed += 1;
            }
        }
        device.batches[number].last = now.fact;
        if device.unclaimed > 0 {
            device.some_since.get_or_insert(now.fact);
        }
    }

    /// The device's server took a fallback key.
    pub(crate) fn fallback_up(&mut self, device: DeviceId, now: Moment) {
        let device = row(&mut self.devices, device.index());
        device.last_up[1] = Some(now.fact);
        let (since, begun) =
            device.fallback.map_or((now.fact, now.at), |before| (before.since, before.begun));
        device.fallback = Some(Fallback { since, begun, used: None });
    }

    /// The device's server refused an upload.
    pub(crate) fn refused(&mut self, device: DeviceId, fact: FactId) {
        row(&mut self.devices, device.index()).refused = Some(fact);
    }

    /// A server handed a key of the device out.
    pub(crate) fn handed_out(
        &mut self,
        target: DeviceId,
        key: KeyValue,
        fallback: bool,
        fact: FactId,
    ) {
        if fallback {
            if let Some(known) = &mut row(&mut self.devices, target.index()).fallback {
                known.used.get_or_insert(fact);
            }
            return;
        }
        let Some(Some(place)) = self.places.get_mut(key.index()) else { return };
        if std::mem::replace(&mut place.claimed, true) {
            return;
        }
        let device = row(&mut self.devices, place.device.index());
        let batch = &mut device.batches[place.batch as usize];
        batch.unclaimed = batch.unclaimed.saturating_sub(1);
        device.unclaimed = device.unclaimed.saturating_sub(1);
        if device.unclaimed == 0 {
            device.some_since = None;
        }
    }

    /// The device no longer has the private half of a key.
    pub(crate) fn gone(&mut self, key: KeyValue) {
        if let Some(Some(place)) = self.places.get_mut(key.index())
            && !std::mem::replace(&mut place.gone, true)
            && let Some(device) = self.devices.get_mut(place.device.index())
            && let Some(batch) = device.batches.get_mut(place.batch as usize)
        {
            batch.kept = batch.kept.saturating_sub(1);
        }
    }

    /// The server forgot all keys of the device.
    pub(crate) fn forgotten(&mut self, device: DeviceId) {
        let device = row(&mut self.devices, device.index());
        (device.unclaimed, device.some_since, device.fallback) = (0, None, None);
        device.batches.iter_mut().for_each(|batch| batch.unclaimed = 0);
    }

    /// The keys of these devices on their server became again what they were at `snapshot`: it has nothing of later uploads, and
    /// what else it has it has as of `since` anew. What was claimed meanwhile and is there again is left out, which at worst
    /// leaves something unsaid.
    pub(crate) fn restored(
        &mut self,
        is_of_server: impl Fn(DeviceId) -> bool,
        (snapshot, since): (SimTime, FactId),
    ) {
        let devices = self.devices.iter_mut().enumerate();
        for (_, device) in devices.filter(|(index, _)| is_of_server(DeviceId::at(*index))) {
            for batch in device.batches.iter_mut().filter(|batch| batch.up.at >= snapshot) {
                device.unclaimed = device.unclaimed.saturating_sub(batch.unclaimed);
                batch.unclaimed = 0;
            }
            device.some_since = (device.unclaimed > 0).then_some(since);
            // Which one it was then, and whether that had been used, is left open.
            let kept = device.fallback.filter(|fallback| fallback.begun < snapshot);
            device.fallback = kept.map(|fallback| Fallback { since, used: None, ..fallback });
        }
    }

    /// The upload that a key came with.
    pub(crate) fn batch_of(&self, key: KeyValue) -> Option<Batch> {
        let place = self.place(key)?;
        self.of(place.device)?.batches.get(place.batch as usize).copied()
    }

    /// The uploads of the key's device before the one that the key came with, the first one first.
    pub(crate) fn batches_before(&self, key: KeyValue) -> &[Batch] {
        let place = self.place(key);
        let found =
            place.and_then(|place| Some(&self.of(place.device)?.batches[..place.batch as usize]));
        found.unwrap_or(&[])
    }

    /// Since when the server has had an unclaimed one-time key of the device without a gap, if it has one now.
    pub(crate) fn one_time_since(&self, device: DeviceId) -> Option<FactId> {
        self.of(device)?.some_since
    }

    /// Since when the server has had a fallback key of the device without a gap, if it has one now.
    pub(crate) fn fallback_since(&self, device: DeviceId) -> Option<FactId> {
        Some(self.of(device)?.fallback?.since)
    }

    /// When the fallback key that the server has was first handed out.
    pub(crate) fn fallback_used(&self, device: DeviceId) -> Option<FactId> {
        self.of(device)?.fallback?.used
    }

    /// The last upload of one-time keys, and of a fallback key, that the server took from the device.
    pub(crate) fn last_up(&self, device: DeviceId) -> [Option<FactId>; 2] {
        self.of(device).map_or([None; 2], |device| device.last_up)
    }

    /// The last upload that the server refused.
    pub(crate) fn last_refused(&self, device: DeviceId) -> Option<FactId> {
        self.of(device)?.refused
    }
}

#[cfg(test)]
mod tests {
    use super::Supply;
    use crate::check::view::life::Moment;
    use crate::ids::{DeviceId, FactId, KeyValue};
    use crate::time::SimTime;

    const D: DeviceId = DeviceId::new(1);

    fn moment(fact: u32, ms: u64) -> Moment {
        Moment { fact: FactId::new(fact), at: SimTime::from_ms(ms) }
    }

    fn up(supply: &mut Supply, first: u32, count: u32, fact: u32) {
        let now = Moment { fact: FactId::new(fact), at: SimTime::from_ms(u64::from(fact / 10)) };
        supply.one_time_up(D, (KeyValue::new(first), count), now);
    }

    #[test]
    fn keys_are_counted_by_upload_and_pieces_of_one_upload_belong_together() {
        let mut supply = Supply::default();
        up(&mut supply, 0, 2, 10);
        up(&mut supply, 5, 1, 11);
        up(&mut supply, 7, 2, 20);
        assert_eq!(supply.batches_before(KeyValue::new(7)).len(), 1);
        assert_eq!(supply.batches_before(KeyValue::new(7))[0].unclaimed, 3);
        let batch = supply.batch_of(KeyValue::new(5)).unwrap();
        assert_eq!((batch.up.fact, batch.last), (FactId::new(10), FactId::new(11)));
        assert!(supply.batch_of(KeyValue::new(9)).is_none());
        for key in [0, 1, 5, 5, 7] {
            assert_eq!(supply.one_time_since(D), Some(FactId::new(10)));
            supply.handed_out(D, KeyValue::new(key), false, FactId::new(30));
        }
        assert_eq!(supply.one_time_since(D), Some(FactId::new(10)), "5 went twice, and 8 is left");
        supply.gone(KeyValue::new(0));
        supply.gone(KeyValue::new(0));
        let first = supply.batches_before(KeyValue::new(7))[0];
        assert_eq!((first.unclaimed, first.kept), (0, 2));
        supply.handed_out(D, KeyValue::new(8), false, FactId::new(31));
        assert_eq!(supply.one_time_since(D), None);
        up(&mut supply, 0, 2, 40);
        assert_eq!(supply.one_time_since(D), None, "a key that was claimed is not there again");
    }

    #[test]
    fn a_server_that_was_restored_has_nothing_of_later_uploads() {
        let mut supply = Supply::default();
        up(&mut supply, 0, 2, 10);
        up(&mut supply, 5, 2, 30);
        supply.fallback_up(D, moment(31, 31));
        let (snapshot, since) = (SimTime::from_ms(2), FactId::new(40));
        supply.restored(|device| device != D, (snapshot, since));
        assert_eq!(supply.one_time_since(D), Some(FactId::new(10)), "another server");
        supply.restored(|device| device == D, (snapshot, since));
        let unclaimed: Vec<u32> =
            [0, 5].map(|key| supply.batch_of(KeyValue::new(key)).unwrap().unclaimed).to_vec();
        assert_eq!(unclaimed, [2, 0]);
        assert_eq!((supply.one_time_since(D), supply.fallback_since(D)), (Some(since), None));
        for key in [0, 1, 5] {
            supply.handed_out(D, KeyValue::new(key), false, FactId::new(50));
        }
        assert_eq!(supply.one_time_since(D), None);
    }

    #[test]
    fn a_fallback_key_from_before_the_snapshot_is_there_again_and_whether_it_was_used_is_open() {
        let mut supply = Supply::default();
        supply.fallback_up(D, moment(2, 20));
        supply.handed_out(D, KeyValue::new(3), true, FactId::new(3));
        supply.fallback_up(D, moment(4, 40));
        let restored = |supply: &Supply, snapshot, since| {
            let mut supply = supply.clone();
            supply.restored(|_| true, (SimTime::from_ms(snapshot), FactId::new(since)));
            (supply.fallback_since(D), supply.fallback_used(D), supply)
        };
        let (since, used, once) = restored(&supply, 21, 9);
        assert_eq!((since, used), (Some(FactId::new(9)), None));
        assert_eq!(
            restored(&once, 30, 10).0,
            Some(FactId::new(10)),
            "a copy from before has it too"
        );
        assert_eq!(
            restored(&supply, 20, 9).0,
            None,
            "at the same instant it may not be in the copy"
        );
    }

    #[test]
    fn an_upload_at_the_instant_of_the_snapshot_is_lost_and_with_nothing_left_there_is_none() {
        let mut supply = Supply::default();
        up(&mut supply, 0, 2, 20);
        supply.restored(|_| true, (SimTime::from_ms(2), FactId::new(40)));
        assert_eq!(supply.batch_of(KeyValue::new(0)).unwrap().unclaimed, 0);
        assert_eq!(supply.one_time_since(D), None);
    }

    #[test]
    fn a_server_that_forgot_a_device_has_none_of_its_keys() {
        let mut supply = Supply::default();
        up(&mut supply, 0, 2, 20);
        supply.forgotten(D);
        assert_eq!(supply.batch_of(KeyValue::new(0)).unwrap().unclaimed, 0);
        assert_eq!(supply.one_time_since(D), None);
    }

    #[test]
    fn a_fallback_key_is_there_until_it_is_dropped_and_used_until_it_is_replaced() {
        let mut supply = Supply::default();
        let key = KeyValue::new(3);
        supply.handed_out(D, key, true, FactId::new(1));
        assert_eq!(supply.fallback_used(D), None);
        supply.fallback_up(D, moment(2, 2));
        supply.handed_out(D, key, true, FactId::new(3));
        supply.handed_out(D, key, true, FactId::new(4));
        assert_eq!(supply.fallback_used(D), Some(FactId::new(3)));
        supply.fallback_up(D, moment(5, 5));
        assert_eq!(supply.fallback_used(D), None);
        assert_eq!(supply.fallback_since(D), Some(FactId::new(2)));
        assert_eq!(supply.last_up(D), [None, Some(FactId::new(5))]);
        supply.refused(D, FactId::new(6));
        assert_eq!(supply.last_refused(D), Some(FactId::new(6)));
        up(&mut supply, 0, 1, 70);
        supply.forgotten(D);
        assert_eq!((supply.one_time_since(D), supply.fallback_since(D)), (None, None));
    }
}
