//! Sync answers that devices are known to have got, by the newest fact of a server that they tell of: an answer was put together
//! after everything that it tells. It does not know what else stood in an answer, nor what should have.

use crate::check::view::pairs::row;
use crate::ids::{DeviceId, FactId, ToDeviceId};
use crate::time::SimTime;

/// What is known of the answers to one device.
#[derive(Debug, Clone, Copy, Default)]
struct Got {
    newest: Option<FactId>,
    /// What the answer tells that the device is busy with: it has not come to the end of it before time goes on.
    busy: Option<(FactId, SimTime)>,
}

/// The answers to all devices.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answers {
    devices: Vec<Got>,
    listed: Vec<Option<FactId>>,
}

impl Answers {
    /// The server lists a to-device message in an answer.
    pub(crate) fn lists(&mut self, message: ToDeviceId, fact: FactId) {
        *row(&mut self.listed, message.index()) = Some(fact);
    }

    /// The device handles a to-device message, which comes first in an answer.
    pub(crate) fn handles(&mut self, device: DeviceId, message: ToDeviceId, at: SimTime) {
        if let Some(listed) = self.listed.get(message.index()).copied().flatten() {
            self.begins(device, listed, at);
        }
    }

    /// The device takes something from an answer that tells of `told`, a fact of its server, and goes on with the rest.
    pub(crate) fn begins(&mut self, device: DeviceId, told: FactId, at: SimTime) {
        let got = row(&mut self.devices, device.index());
        got.settle(at);
        let before = got.busy.map(|(told, _)| told);
        got.busy = Some((before.map_or(told, |before| before.max(told)), at));
    }

    /// The device takes something from the end of an answer that tells of `told`: key counts and lists came before.
    pub(crate) fn ends(&mut self, device: DeviceId, told: FactId, at: SimTime) {
        let got = row(&mut self.devices, device.index());
        got.settle(at);
        got.newest = got.newest.max(Some(told)).max(got.busy.take().map(|(told, _)| told));
    }

    /// The client stopped: it may not have come to the end of an answer.
    pub(crate) fn crashed(&mut self, device: DeviceId, at: SimTime) {
        let got = row(&mut self.devices, device.index());
        got.settle(at);
        got.busy = None;
    }

    /// The newest fact of its server before which no answer was put together that the device took in as a whole last.
    pub(crate) fn newest(&self, device: DeviceId, now: SimTime) -> Option<FactId> {
        let mut got = self.devices.get(device.index()).copied()?;
        got.settle(now);
        got.newest
    }
}

impl Got {
    fn settle(&mut self, now: SimTime) {
        if let Some((told, at)) = self.busy
            && at < now
        {
            self.newest = self.newest.max(Some(told));
            self.busy = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Answers;
    use crate::ids::{DeviceId, FactId, ToDeviceId};
    use crate::time::SimTime;

    const D: DeviceId = DeviceId::new(0);

    const fn ms(ms: u64) -> SimTime {
        SimTime::from_ms(ms)
    }

    #[test]
    fn an_answer_counts_once_it_is_taken_in_as_a_whole() {
        let mut answers = Answers::default();
        answers.handles(D, ToDeviceId::new(1), ms(1));
        assert_eq!(answers.newest(D, ms(9)), None, "no answer listed it");
        answers.lists(ToDeviceId::new(1), FactId::new(4));
        answers.handles(D, ToDeviceId::new(1), ms(10));
        assert_eq!(answers.newest(D, ms(10)), None);
        assert_eq!(answers.newest(D, ms(11)), Some(FactId::new(4)));
        answers.begins(D, FactId::new(7), ms(20));
        answers.crashed(D, ms(20));
        assert_eq!(answers.newest(D, ms(30)), Some(FactId::new(4)));
        answers.begins(D, FactId::new(7), ms(40));
        answers.ends(D, FactId::new(6), ms(40));
        assert_eq!(answers.newest(D, ms(40)), Some(FactId::new(7)));
    }
}
