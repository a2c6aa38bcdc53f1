//! How many messages wait in mailboxes: for each device at the most, all together over time.
//! It does not know what the messages are.

use crate::ids::{BitSet, DeviceId, ToDeviceId};
use crate::time::SimTime;

/// So many parts has the time of a run in a picture of it, at the most.
const PARTS: u64 = 240;

/// Mailboxes as far as they are filled.
#[derive(Debug, Clone)]
pub(super) struct Mailboxes {
    depths: Vec<u64>,
    peaks: Vec<u64>,
    waiting: BitSet,
    total: u64,
    now: SimTime,
    waited_ms: u64,
    course: Course,
}

/// How many messages waited in all mailboxes together, on average, in each of equal parts of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    part_ms: u64,
    /// By part: messages times milliseconds.
    waited: Vec<u64>,
    /// Where the last part ends early, because the run does.
    end_ms: u64,
}

impl Mailboxes {
    /// Empty mailboxes of so many devices.
    pub(super) fn new(devices: usize) -> Self {
        Self {
            depths: vec![0; devices],
            peaks: vec![0; devices],
            waiting: BitSet::default(),
            total: 0,
            now: SimTime::ZERO,
            waited_ms: 0,
            course: Course { part_ms: 1_000, waited: Vec::new(), end_ms: 0 },
        }
    }

    /// A message is stored.
    pub(super) fn put(&mut self, at: SimTime, device: DeviceId, message: ToDeviceId) {
        self.advance(at);
        if !self.waiting.insert(message.index()) {
            return;
        }
        let depth = &mut self.depths[device.index()];
        *depth += 1;
        let peak = &mut self.peaks[device.index()];
        *peak = (*peak).max(*depth);
        self.total += 1;
    }

    /// A message is deleted.
    pub(super) fn take(&mut self, at: SimTime, device: DeviceId, message: ToDeviceId) {
        self.advance(at);
        let depth = &mut self.depths[device.index()];
        if *depth > 0 && self.waiting.remove(message.index()) {
            *depth -= 1;
            self.total -= 1;
        }
    }

    /// The mailbox of a device is deleted with the device.
    pub(super) fn drop_all(&mut self, at: SimTime, device: DeviceId) {
        self.advance(at);
        self.total -= std::mem::take(&mut self.depths[device.index()]);
    }

    /// The run is over.
    pub(super) fn end(&mut self, at: SimTime) {
        self.advance(at);
    }

    /// The most messages that ever waited in each mailbox, ascending.
    pub(super) fn peaks(&self) -> Vec<u64> {
        let mut peaks = self.peaks.clone();
        peaks.sort_unstable();
        peaks
    }

    /// How long messages have waited, all together.
    pub(super) const fn waited_seconds(&self) -> u64 {
        self.waited_ms / 1_000
    }

    /// How many waited when.
    pub(super) fn into_course(self) -> Course {
        self.course
    }

    fn advance(&mut self, at: SimTime) {
        self.waited_ms += self.total * at.since(self.now).as_ms();
        self.course.pass(self.now, at, self.total);
        self.now = at;
    }
}

impl Course {
    /// The ends of the parts in milliseconds of virtual time, each with how many messages waited in it on average, in
    /// thousandths.
    pub fn points(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let mean = |(waited, part): (&u64, u64)| {
            let end = ((part + 1) * self.part_ms).min(self.end_ms);
            let length = end - part * self.part_ms;
            (end, (waited * 1_000 + length / 2) / length)
        };
        self.waited.iter().zip(0..).map(mean)
    }

    /// So many waited all the time between two times, the first of which is where this was called for last.
    fn pass(&mut self, from: SimTime, to: SimTime, total: u64) {
        let (mut from, to) = (from.as_ms(), to.as_ms());
        self.end_ms = to;
        // Parts are made longer until there are few enough.
        while to.div_ceil(self.part_ms) > PARTS {
            let pairs = self.waited.chunks(2);
            self.waited = pairs.map(|pair| pair.iter().sum()).collect();
            self.part_ms *= 2;
        }
        while from < to {
            let part = from / self.part_ms;
            let end = ((part + 1) * self.part_ms).min(to);
            let index = usize::try_from(part).unwrap_or(usize::MAX);
            if self.waited.len() <= index {
                self.waited.resize(index + 1, 0);
            }
            self.waited[index] += total * (end - from);
            from = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Mailboxes;
    use crate::ids::{DeviceId, ToDeviceId};
    use crate::time::SimTime;

    const A: DeviceId = DeviceId::new(0);
    const B: DeviceId = DeviceId::new(1);

    const fn at(ms: u64) -> SimTime {
        SimTime::from_ms(ms)
    }

    fn message(id: u32) -> ToDeviceId {
        ToDeviceId::new(id)
    }

    #[test]
    fn depths_peaks_and_waits_are_those_of_each_mailbox_and_of_all() {
        let mut boxes = Mailboxes::new(2);
        boxes.put(at(1_000), A, message(0));
        boxes.put(at(2_000), A, message(1));
        boxes.put(at(2_000), B, message(2));
        boxes.take(at(4_000), A, message(0));
        // What is deleted twice was deleted once.
        boxes.take(at(4_000), A, message(0));
        boxes.put(at(5_000), A, message(3));
        boxes.drop_all(at(6_000), A);
        boxes.take(at(6_500), A, message(1));
        boxes.end(at(10_000));
        assert_eq!(boxes.peaks(), [1, 2]);
        // 1 s of 1, 2 s of 3, 1 s of 2, 1 s of 3, 4 s of 1.
        assert_eq!(boxes.waited_seconds(), 1 + 6 + 2 + 3 + 4);
        let points: Vec<(u64, u64)> = boxes.into_course().points().collect();
        let mean = [0, 1, 3, 3, 2, 3, 1, 1, 1, 1].map(|messages| messages * 1_000);
        let ends = (1..=10).map(|second| second * 1_000);
        assert_eq!(points, ends.zip(mean).collect::<Vec<_>>());
    }

    #[test]
    fn a_long_run_has_longer_parts_and_what_is_over_soon_hardly_counts() {
        let mut boxes = Mailboxes::new(1);
        for second in 0..1_000 {
            boxes.put(at(second * 1_000), A, message(2));
            boxes.take(at(second * 1_000 + 1), A, message(2));
        }
        boxes.put(at(1_000_000), A, message(3));
        boxes.put(at(1_000_000), A, message(4));
        boxes.end(at(86_400_000));
        let course = boxes.into_course();
        let points: Vec<(u64, u64)> = course.points().collect();
        assert!(points.len() <= 240, "{}", points.len());
        let (end, last) = *points.last().unwrap();
        assert!(end == 86_400_000 && last == 2_000, "{end} {last}");
        assert_eq!([points[0], points[2]], [(512_000, 1), (1_536_000, 2_000)]);
    }
}
