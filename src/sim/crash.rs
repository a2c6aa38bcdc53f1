//! Clients that stop without warning, start again, or find an older store.
//! It does not know what is in a store.
//!
//! While a client is down its user can do nothing with it: a message is refused, other steps are lost.

use crate::client::{Client, Effect, Input};
use crate::engine::choices::Choices;
use crate::ids::{DeviceId, FactId, FaultId};
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
}

/// What is done of the effects of one input.
#[derive(Debug)]
pub(super) struct Done<D> {
    pub(super) effects: Vec<Effect<D>>,
    /// Whether the client stops after them.
    pub(super) is_cut: bool,
}

impl Cut {
    /// The cut of a crash that waits for this input.
    pub(super) const fn new(crash: Option<(FaultId, CrashPoint)>) -> Self {
        Self { crash }
    }

    /// Whether a crash waits.
    pub(super) const fn is_set(&self) -> bool {
        self.crash.is_some()
    }

    /// Whether nothing of the input is done.
    pub(super) fn is_before_step(&self) -> bool {
        self.point() == Some(CrashPoint::BeforeStep)
    }

    /// The effects that are done. Facts that stand between the last write or request and the cut are not: neither
    /// the store nor anybody outside would ever know of them.
    pub(super) fn before_cut<D>(&self, mut effects: Vec<Effect<D>>) -> Done<D> {
        let is_persist = |effect: &Effect<D>| matches!(effect, Effect::Persist(_));
        let is_request = |effect: &Effect<D>| matches!(effect, Effect::Request(..));
        let end = match self.point() {
            None | Some(CrashPoint::BeforeStep) => None,
            Some(CrashPoint::BeforePersist(n)) => nth(&effects, n, is_persist),
            Some(CrashPoint::AfterPersist(n)) => nth(&effects, n, is_persist).map(|at| at + 1),
            Some(CrashPoint::AfterRequest(n)) => nth(&effects, n, is_request).map(|at| at + 1),
        };
        let Some(end) = end else { return Done { effects, is_cut: false } };
        effects.truncate(end);
        while matches!(effects.last(), Some(Effect::Fact(..))) {
            effects.pop();
        }
        Done { effects, is_cut: true }
    }

    fn point(&self) -> Option<CrashPoint> {
        self.crash.map(|(_, point)| point)
    }
}

/// The place of the nth effect of a kind, counted from 1.
fn nth<D>(effects: &[Effect<D>], n: u32, is: impl Fn(&Effect<D>) -> bool) -> Option<usize> {
    let mut places = effects.iter().enumerate().filter(|(_, effect)| is(effect));
    places.nth(n.saturating_sub(1) as usize).map(|(place, _)| place)
}

impl<C: Client, K: Choices> World<C, K> {
    /// The client stops. What it had not stored is gone; its requests that have left are on their way.
    ///
    /// The crash strikes at the first input, from its start on, that reaches its point.
    pub(super) fn crash(
        &mut self,
        device: DeviceId,
        cut: &Cut,
        input: Option<FactId>,
        sink: &mut impl FactSink,
    ) {
        let fault = cut.crash.map(|(fault, _)| fault);
        if let Some(fault) = fault {
            self.faults.note_hit(fault);
        }
        self.cut_loose(device);
        let causes = Causes::of([fault.and_then(|fault| self.faults.cause(fault)), input]);
        let kind = FactKind::Crashed { device };
        let crashed = self.recorder.record(sink, Observer::Device(device), kind, causes);
        let terminal = &mut self.terminals[device.index()];
        terminal.life = Life::Down;
        terminal.stopped = Some(crashed);
        if let Some(store) = terminal.durable.clone() {
            terminal.client.restore(*store);
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
            terminal.durable = Some(Box::new(store.clone()));
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
