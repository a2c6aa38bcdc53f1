//! Clients that stop without warning, start again, or find an older store.
//! It does not know what is in a store.
//!
//! While a client is down its user can do nothing with it: a message is refused, other steps are lost.

use crate::client::{Client, Effect, Input};
use crate::engine::choices::Choices;
use crate::ids::{DeviceId, FaultId};
use crate::scenario::fault::CrashPoint;
use crate::sim::clients::Life;
use crate::sim::world::World;
use crate::time::SimTime;
use crate::trace::fact::{Causes, FactKind, Observer};
use crate::trace::sink::FactSink;

/// Where the effects of one input are cut, if they are.
#[derive(Debug)]
pub(super) struct Cut {
    crash: Option<(FaultId, CrashPoint)>,
    persists: u32,
    requests: u32,
}

impl Cut {
    /// The cut of a crash that waits for this input.
    pub(super) const fn new(crash: Option<(FaultId, CrashPoint)>) -> Self {
        Self { crash, persists: 0, requests: 0 }
    }

    /// Whether nothing of the input is done.
    pub(super) fn is_before_step(&self) -> bool {
        self.point() == Some(CrashPoint::BeforeStep)
    }

    /// Whether the cut falls before this effect, which is the next one.
    pub(super) fn falls_before<D>(&mut self, next: &Effect<D>) -> bool {
        match next {
            Effect::Persist(_) => {
                self.persists += 1;
                self.point() == Some(CrashPoint::BeforePersist(self.persists))
            }
            Effect::Request(..) => {
                self.requests += 1;
                false
            }
            Effect::Fact(..) => false,
        }
    }

    /// Whether the cut falls after this effect, for which [`Cut::falls_before`] was asked.
    pub(super) fn falls_after<D>(&self, next: &Effect<D>) -> bool {
        match next {
            Effect::Persist(_) => self.point() == Some(CrashPoint::AfterPersist(self.persists)),
            Effect::Request(..) => self.point() == Some(CrashPoint::AfterRequest(self.requests)),
            Effect::Fact(..) => false,
        }
    }

    fn point(&self) -> Option<CrashPoint> {
        self.crash.map(|(_, point)| point)
    }
}

impl<C: Client, K: Choices> World<C, K> {
    /// The client stops. What it had not stored is gone; its requests that have left are on their way.
    ///
    /// The crash strikes at the first input, from its start on, that reaches its point.
    pub(super) fn crash(&mut self, device: DeviceId, cut: &Cut, sink: &mut impl FactSink) {
        let fault = cut.crash.map(|(fault, _)| fault);
        if let Some(fault) = fault {
            self.faults.note_hit(fault);
        }
        self.cut_loose(device);
        let causes = Causes::of([fault.and_then(|fault| self.faults.cause(fault))]);
        let kind = FactKind::Crashed { device };
        let crashed = self.recorder.record(sink, Observer::Device(device), kind, causes);
        let terminal = &mut self.terminals[device.index()];
        terminal.life = Life::Down;
        terminal.stopped = Some(crashed);
        if let Some(store) = terminal.durable.clone() {
            terminal.client.restore(store);
        }
    }

    /// The window of a crash is over: if it struck, the client starts again.
    pub(super) fn recover(&mut self, device: DeviceId, sink: &mut impl FactSink) {
        if self.terminals[device.index()].life == Life::Down {
            self.terminals[device.index()].life = Life::Up;
            self.start_again(device, sink);
        }
    }

    /// Puts an older store in the place of the client's. If it runs, it starts again with that.
    pub(super) fn roll_back(
        &mut self,
        device: DeviceId,
        store: C::Durable,
        taken: (SimTime, FaultId),
        sink: &mut impl FactSink,
    ) {
        let terminal = &mut self.terminals[device.index()];
        if !matches!(terminal.life, Life::Up | Life::Down) {
            return;
        }
        if terminal.is_watched {
            terminal.durable = Some(store.clone());
        }
        terminal.client.restore(store);
        self.cut_loose(device);
        let (snapshot, fault) = taken;
        let kind = FactKind::StoreRestored { device, snapshot };
        let causes = Causes::of([self.faults.cause(fault)]);
        let restored = self.recorder.record(sink, Observer::Device(device), kind, causes);
        let terminal = &mut self.terminals[device.index()];
        terminal.stopped = Some(restored);
        if terminal.life == Life::Up {
            self.start_again(device, sink);
        }
    }

    fn start_again(&mut self, device: DeviceId, sink: &mut impl FactSink) {
        let stopped = self.terminals[device.index()].stopped;
        let kind = FactKind::Restarted { device };
        let causes = Causes::of([stopped]);
        let started = self.recorder.record(sink, Observer::Device(device), kind, causes);
        self.feed(device, Input::Restarted, Some(started), sink);
    }
}
