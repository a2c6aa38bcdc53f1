//! The clients of a run: each gets its inputs one by one, and what it does goes out in its order.
//! It does not know what an input means.

use crate::client::{Client, Context, Effect, Input, Observation, WakeAt};
use crate::engine::choices::Choices;
use crate::ids::{DeviceId, FactId};
use crate::protocol::api::SyncToken;
use crate::sim::action::Action;
use crate::sim::crash::Cut;
use crate::sim::network::Ticket;
use crate::sim::world::World;
use crate::time::SimTime;
use crate::trace::fact::{Causes, FactKind, Observer};
use crate::trace::sink::FactSink;

/// Whether a client runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// It has not been logged in yet.
    Absent,
    /// It runs.
    Up,
    /// It has crashed and may start again.
    Down,
    /// It is logged out for good.
    Gone,
}

/// When a client will be woken.
#[derive(Debug, Clone, Copy)]
pub(super) struct PendingWake {
    /// What it asked for, on its own clock.
    clock: SimTime,
    /// When that is in virtual time.
    at: SimTime,
    /// Whether the run waits for it.
    live: bool,
}

/// A client with what belongs to its machine and to its connection. What every action looks at comes first, also in memory.
#[derive(Debug, Clone)]
#[repr(C)]
pub(super) struct Terminal<C: Client> {
    pub(super) life: Life,
    /// Grows when the client starts anew: what was under way for it before reaches nobody.
    pub(super) incarnation: u32,
    /// Whether a crash may need the store.
    pub(super) is_watched: bool,
    wake_generation: u32,
    wake: Option<PendingWake>,
    /// A sync request that waits at the server for something new.
    pub(super) parked: Option<(Ticket, SyncToken)>,
    pub(super) client: C,
    /// The store as it was last written; kept while a crash may need it.
    pub(super) durable: Option<Box<C::Durable>>,
    /// The fact that the client stopped.
    pub(super) stopped: Option<FactId>,
}

impl<C: Client> Terminal<C> {
    /// A client that is not logged in.
    pub(super) const fn new(client: C) -> Self {
        Self {
            client,
            life: Life::Absent,
            incarnation: 0,
            parked: None,
            durable: None,
            is_watched: false,
            stopped: None,
            wake: None,
            wake_generation: 0,
        }
    }
}

impl<C: Client, K: Choices> World<C, K> {
    /// Gives a running client an input and carries its effects out, up to where it crashes if it does.
    pub(super) fn feed(
        &mut self,
        device: DeviceId,
        input: Input<'_>,
        cause: Option<FactId>,
        sink: &mut impl FactSink,
    ) {
        let cut = Cut::new(self.faults.crash(device));
        if cut.is_before_step() {
            self.crash(device, &cut, cause, sink);
            return;
        }
        let mut out = std::mem::take(&mut self.out.0);
        let clock = self.recorder.clock(device);
        let terminal = &mut self.terminals[device.index()];
        let (first, at) = (self.recorder.next_id(), self.recorder.now());
        out.begin(Observation { first, at, clock, device }, terminal.is_watched);
        let clock_set = self.recorder.clock_set(device);
        let (entropy, media) = (&mut self.entropy, &mut self.media);
        let mut context = Context { clock, clock_set, entropy, media, cause };
        terminal.client.handle(&input, &mut context, &mut out);
        let wake = out.wake_at();
        let is_cut = cut.is_set() && {
            let whole = out.drain().collect();
            let done = cut.before_cut(whole);
            let is_cut = done.is_cut;
            for effect in done.effects {
                self.enact(device, effect, sink);
            }
            is_cut
        };
        let mut effects = out.take_first();
        for effect in &mut effects {
            // Facts are most of them: they are passed on where they lie.
            if let Effect::Fact(fact) = effect {
                self.recorder.pass_on(sink, fact);
            } else {
                self.enact(device, std::mem::replace(effect, Effect::Persist(None)), sink);
            }
        }
        out.give_back(effects);
        for (number, request, because) in out.drain_last() {
            self.leave(device, number, request, because);
        }
        self.out.0 = out;
        if is_cut {
            self.crash(device, &cut, cause, sink);
        } else {
            self.set_wake(device, wake);
        }
    }

    #[inline]
    fn enact(&mut self, device: DeviceId, effect: Effect<C::Durable>, sink: &mut impl FactSink) {
        match effect {
            Effect::Persist(copy) => {
                let terminal = &mut self.terminals[device.index()];
                if let Some(copy) = copy {
                    terminal.durable = Some(copy);
                }
            }
            Effect::Request(number, request, because) => {
                self.leave(device, number, request, because);
            }
            Effect::Fact(fact) => self.recorder.pass_on(sink, &fact),
        }
    }

    /// The client is woken then and at no other time.
    pub(super) fn set_wake(&mut self, device: DeviceId, wake: WakeAt) {
        let terminal = &self.terminals[device.index()];
        let WakeAt::At(clock) = wake else {
            if terminal.wake.is_some() {
                self.drop_wake(device);
            }
            return;
        };
        let at = self.recorder.when(device, clock);
        if let Some(pending) = &mut self.terminals[device.index()].wake
            && pending.at == at
        {
            pending.clock = clock;
            return;
        }
        self.drop_wake(device);
        let live = !self.is_cut_off_for_good(device);
        let terminal = &mut self.terminals[device.index()];
        terminal.wake = Some(PendingWake { clock, at, live });
        let generation = terminal.wake_generation;
        self.live_entries += u64::from(live);
        self.push_if_live(at, Action::Wake(device, generation), false);
    }

    /// The client's clock jumps: what it waits for comes sooner or later than it would have.
    pub(super) fn move_wake(&mut self, device: DeviceId) {
        if let Some(pending) = self.terminals[device.index()].wake {
            self.set_wake(device, WakeAt::At(pending.clock));
        }
    }

    /// The run waits no longer for a client that will not reach its server again.
    pub(super) fn release_wake(&mut self, device: DeviceId) {
        if self.is_cut_off_for_good(device)
            && let Some(pending) = &mut self.terminals[device.index()].wake
        {
            self.live_entries -= u64::from(pending.live);
            pending.live = false;
        }
    }

    /// Nothing wakes the client any more. The entry in the queue stays and wakes nobody.
    pub(super) fn drop_wake(&mut self, device: DeviceId) {
        let terminal = &mut self.terminals[device.index()];
        terminal.wake_generation = terminal.wake_generation.wrapping_add(1);
        if let Some(pending) = terminal.wake.take() {
            self.live_entries -= u64::from(pending.live);
        }
    }

    /// A time that a client may have asked for has come.
    pub(super) fn on_wake(&mut self, device: DeviceId, generation: u32, sink: &mut impl FactSink) {
        let terminal = &self.terminals[device.index()];
        if terminal.wake_generation == generation && terminal.wake.is_some() {
            self.drop_wake(device);
            self.feed(device, Input::Wake, None, sink);
        }
    }

    /// A running client is logged out for good: nothing reaches it any more.
    pub(super) fn log_out(
        &mut self,
        device: DeviceId,
        cause: Option<FactId>,
        sink: &mut impl FactSink,
    ) {
        self.drop_wake(device);
        let terminal = &mut self.terminals[device.index()];
        terminal.life = Life::Gone;
        terminal.parked = None;
        let kind = FactKind::LoggedOut { device };
        self.recorder.record(sink, Observer::Device(device), kind, Causes::of([cause]));
    }

    /// Everything that is under way for the client reaches nobody.
    pub(super) fn cut_loose(&mut self, device: DeviceId) {
        self.drop_wake(device);
        let terminal = &mut self.terminals[device.index()];
        terminal.incarnation += 1;
        terminal.parked = None;
    }
}
