//! Gives facts their numbers and times and hands them to the sink.
//! It does not know what they say.

use std::collections::BTreeMap;

use crate::homeserver::log::FactLog;
use crate::ids::{DeviceId, FactId, ServerId};
use crate::protocol::provenance::Provenance;
use crate::time::{SimDuration, SimTime};
use crate::trace::fact::{Causes, Fact, FactKind, Observer};
use crate::trace::sink::FactSink;

/// How wrong a clock is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Skew {
    pub(super) ahead: SimDuration,
    pub(super) behind: SimDuration,
    /// The fact that made it so.
    pub(super) by: Provenance,
}

/// The numbering of the facts of a run, and the clocks of all observers.
#[derive(Debug, Clone, Default)]
pub(super) struct Recorder {
    next: u32,
    now: SimTime,
    skews: BTreeMap<DeviceId, Skew>,
}

impl Recorder {
    /// Virtual time.
    pub(super) const fn now(&self) -> SimTime {
        self.now
    }

    /// Time passes.
    pub(super) fn advance(&mut self, now: SimTime) {
        debug_assert!(now >= self.now, "time does not run backwards");
        self.now = now;
    }

    /// The number of the next fact.
    pub(super) const fn next_id(&self) -> FactId {
        FactId::new(self.next)
    }

    /// Sets how wrong the clock of a device is.
    pub(super) fn set_skew(&mut self, device: DeviceId, skew: Skew) {
        if skew == Skew::default() {
            self.skews.remove(&device);
        } else {
            self.skews.insert(device, skew);
        }
    }

    /// What the clock of a device shows.
    pub(super) fn clock(&self, device: DeviceId) -> SimTime {
        match self.skews.get(&device) {
            Some(skew) => self.now + skew.ahead - skew.behind,
            None => self.now,
        }
    }

    /// The fact that made the clock of a device wrong, if it is.
    pub(super) fn clock_set(&self, device: DeviceId) -> Option<FactId> {
        self.skews.get(&device).and_then(|skew| skew.by.0)
    }

    /// When the clock of a device will show `clock`; now, if it is past that.
    pub(super) fn when(&self, device: DeviceId, clock: SimTime) -> SimTime {
        let at = match self.skews.get(&device) {
            Some(skew) => clock + skew.behind - skew.ahead,
            None => clock,
        };
        at.max(self.now)
    }

    /// Records a fact.
    ///
    /// # Panics
    /// If a cause does not come before its effect, or after 2^32 - 1 facts.
    #[inline]
    pub(super) fn record<S: FactSink>(
        &mut self,
        sink: &mut S,
        observer: Observer,
        kind: FactKind,
        causes: Causes,
    ) -> FactId {
        let id = self.next_id();
        let clock = match observer {
            Observer::Device(device) => self.clock(device),
            Observer::Server(_) | Observer::World => self.now,
        };
        self.pass_on(sink, &Fact { id, at: self.now, clock, observer, kind, causes });
        id
    }

    /// Hands the next fact to the sink, with the number that it has already.
    ///
    /// # Panics
    /// If a cause does not come before its effect, or after 2^32 - 1 facts.
    #[inline]
    pub(super) fn pass_on<S: FactSink>(&mut self, sink: &mut S, fact: &Fact) {
        debug_assert_eq!(fact.id, self.next_id(), "facts are numbered without gaps");
        assert!(fact.causes.iter().all(|cause| cause < fact.id), "a cause comes before its effect");
        sink.record(fact);
        self.next =
            self.next.checked_add(1).expect("the limit of actions keeps facts below u32::MAX");
    }

    /// The log of a server.
    pub(super) const fn log<'a, S>(
        &'a mut self,
        sink: &'a mut S,
        server: ServerId,
    ) -> ServerLog<'a, S> {
        ServerLog { recorder: self, sink, server }
    }
}

/// Records what one server writes down.
pub(super) struct ServerLog<'a, S> {
    recorder: &'a mut Recorder,
    sink: &'a mut S,
    server: ServerId,
}

impl<S: FactSink> FactLog for ServerLog<'_, S> {
    #[inline]
    fn record(&mut self, kind: FactKind, causes: Causes) -> FactId {
        self.recorder.record(self.sink, Observer::Server(self.server), kind, causes)
    }
}

#[cfg(test)]
mod tests {
    use super::{Recorder, Skew};
    use crate::ids::{DeviceId, FactId};
    use crate::time::{SimDuration, SimTime};
    use crate::trace::fact::{Causes, FactKind, Observer};
    use crate::trace::sink::Trace;

    const DEVICE: DeviceId = DeviceId::new(3);

    #[test]
    fn facts_carry_their_number_the_time_and_the_clock_of_their_observer() {
        let mut recorder = Recorder::default();
        let mut trace = Trace::default();
        recorder.advance(SimTime::from_ms(500));
        let ahead = SimDuration::from_ms(200);
        recorder.set_skew(DEVICE, Skew { ahead, ..Skew::default() });
        recorder.record(&mut trace, Observer::World, FactKind::UserStep(0), Causes::NONE);
        let kind = FactKind::LoggedOut { device: DEVICE };
        let cause = Causes::one(FactId::new(0));
        recorder.record(&mut trace, Observer::Device(DEVICE), kind, cause);
        let clocks: Vec<_> =
            trace.facts().iter().map(|fact| (fact.id.raw(), fact.at, fact.clock)).collect();
        let at = SimTime::from_ms(500);
        assert_eq!(clocks, [(0, at, at), (1, at, SimTime::from_ms(700))]);
    }

    #[test]
    fn a_wish_to_be_woken_is_read_on_the_clock_of_the_device() {
        let mut recorder = Recorder::default();
        recorder.advance(SimTime::from_ms(1_000));
        let behind = SimDuration::from_ms(300);
        recorder.set_skew(DEVICE, Skew { behind, ..Skew::default() });
        assert_eq!(recorder.clock(DEVICE), SimTime::from_ms(700));
        assert_eq!(recorder.when(DEVICE, SimTime::from_ms(900)), SimTime::from_ms(1_200));
        assert_eq!(recorder.when(DEVICE, SimTime::from_ms(100)), SimTime::from_ms(1_000));
        recorder.set_skew(DEVICE, Skew::default());
        assert_eq!(recorder.when(DEVICE, SimTime::from_ms(1_900)), SimTime::from_ms(1_900));
    }

    #[test]
    fn a_fact_cannot_be_its_own_cause() {
        let recorded = std::panic::catch_unwind(|| {
            let mut recorder = Recorder::default();
            let causes = Causes::one(recorder.next_id());
            recorder.record(&mut Trace::default(), Observer::World, FactKind::UserStep(0), causes);
        });
        let panic = recorded.expect_err("the recorder refuses it");
        assert_eq!(panic.downcast_ref(), Some(&"a cause comes before its effect"));
    }
}
