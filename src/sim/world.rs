//! A run as a value: everything that is under way, and everybody who takes part.
//! It does not know what a step does; the modules beside it carry the actions out.

use std::sync::Arc;

use crate::client::{Client, Out};
use crate::engine::choices::{Choices, Seeded};
use crate::engine::queue::Queue;
use crate::homeserver::Homeserver;
use crate::homeserver::foreseen::Foreseen;
use crate::homeserver::residents::Residents;
use crate::homeserver::room::Stamp;
use crate::ids::{BitSet, DeviceId, MegolmSessionId, ServerId};
use crate::protocol::api::CrossSigningKeys;
use crate::protocol::bundle::Media;
use crate::protocol::entropy::Entropy;
use crate::scenario::limits::Limits;
use crate::scenario::model::Scenario;
use crate::sim::action::{Action, Queued};
use crate::sim::clients::Terminal;
use crate::sim::faults::FaultSet;
use crate::sim::gather::{Call, Gather};
use crate::sim::recorder::Recorder;
use crate::sim::requests::{Incoming, Outgoing};
use crate::sim::rooms::LateEvent;
use crate::sim::slab::Slab;
use crate::sim::transport::Delivery;
use crate::sim::upsets::Copies;
use crate::time::SimTime;
use crate::trace::fact::{Causes, FactKind, Observer, RunEnd};
use crate::trace::sink::FactSink;

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing has happened.
    Fresh,
    /// Devices log in: without delay, without anyone being told, and with syncs held back.
    LoggingIn,
    /// First syncs and what follows from them: without delay.
    Settling,
    /// Time passes.
    Running,
    /// It is over.
    Ended(RunEnd),
}

/// Memory that is used again from one input to the next; a copy of a world starts with none.
#[derive(Debug)]
pub(super) struct Scratch<T>(pub(super) T);

impl<T: Default> Clone for Scratch<T> {
    fn clone(&self) -> Self {
        Self(T::default())
    }
}

/// What is under way or held back, by the places that actions name.
#[derive(Debug, Clone)]
pub(super) struct UnderWay<D> {
    pub(super) requests: Slab<Outgoing>,
    pub(super) answers: Slab<Incoming>,
    pub(super) deliveries: Slab<Delivery>,
    pub(super) late_events: Slab<LateEvent>,
    pub(super) calls: Slab<Call>,
    pub(super) gathers: Slab<Gather>,
    pub(super) held_syncs: Vec<Outgoing>,
    pub(super) copies: Copies<D>,
}

/// A run: a scenario, its clients and servers, and all that is under way between them.
///
/// The same scenario, clients and choices give the same facts. A clone goes on independently of its original.
#[derive(Debug, Clone)]
pub struct World<C: Client, K = Seeded> {
    pub(super) scenario: Arc<Scenario>,
    pub(super) residents: Arc<Residents>,
    pub(super) choices: K,
    pub(super) queue: Queue<Queued>,
    pub(super) live_entries: u64,
    pub(super) phase: Phase,
    pub(super) recorder: Recorder,
    pub(super) faults: FaultSet,
    pub(super) servers: Vec<Homeserver>,
    pub(super) terminals: Vec<Terminal<C>>,
    pub(super) identities: Vec<Option<CrossSigningKeys>>,
    pub(super) published: BitSet,
    pub(super) entropy: Entropy,
    pub(super) media: Media,
    pub(super) under_way: UnderWay<C::Durable>,
    pub(super) session_of: Vec<Option<MegolmSessionId>>,
    pub(super) next_row: u32,
    pub(super) next_stamp: u64,
    pub(super) out: Scratch<Out<C::Durable>>,
    pub(super) touched: Scratch<Vec<DeviceId>>,
    actions: u64,
    action_limit: u64,
}

/// Runs a scenario to its end with the choices of its seed.
pub fn run<C: Client>(
    scenario: &Scenario,
    make_client: impl FnMut(DeviceId) -> C,
    sink: &mut impl FactSink,
) -> RunEnd {
    World::new(scenario, make_client).run(sink)
}

impl<C: Client> World<C> {
    /// The start of a run in which chance is decided by the seed of the scenario.
    pub fn new(scenario: &Scenario, make_client: impl FnMut(DeviceId) -> C) -> Self {
        Self::with_choices(scenario, make_client, Seeded::new(scenario.seed))
    }
}

impl<C: Client, K: Choices> World<C, K> {
    /// The start of a run in which chance is decided by `choices`.
    pub fn with_choices(
        scenario: &Scenario,
        make_client: impl FnMut(DeviceId) -> C,
        choices: K,
    ) -> Self {
        let residents = Arc::new(Residents::new(scenario));
        let scenario = Arc::new(scenario.without_words());
        let mut world = Self {
            servers: make_servers(&scenario, &residents),
            terminals: (0..scenario.devices.len())
                .map(DeviceId::at)
                .map(make_client)
                .map(Terminal::new)
                .collect(),
            residents,
            choices,
            queue: Queue::default(),
            live_entries: 0,
            phase: Phase::Fresh,
            recorder: Recorder::default(),
            faults: FaultSet::new(Arc::clone(&scenario)),
            identities: vec![None; scenario.users.len()],
            published: BitSet::default(),
            entropy: Entropy::default(),
            media: Media::default(),
            under_way: UnderWay {
                requests: Slab::default(),
                answers: Slab::default(),
                deliveries: Slab::default(),
                late_events: Slab::default(),
                calls: Slab::default(),
                gathers: Slab::default(),
                held_syncs: Vec::new(),
                copies: Copies::new(scenario.faults.len()),
            },
            session_of: vec![None; scenario.messages.len()],
            next_row: 0,
            next_stamp: 0,
            out: Scratch(Out::default()),
            touched: Scratch(Vec::new()),
            actions: 0,
            action_limit: Limits::FILES.actions_of(&scenario),
            scenario,
        };
        world.push(SimTime::ZERO, Action::SetUp);
        world
    }

    /// The same run, with an end after so many actions.
    #[must_use]
    pub fn with_action_limit(mut self, limit: u64) -> Self {
        self.action_limit = limit;
        self
    }

    /// What the next step does, and when; `None` if the run is over.
    #[cfg(test)]
    pub(crate) fn enabled(&self) -> Option<(SimTime, Action)> {
        match self.phase {
            Phase::Ended(_) => None,
            Phase::Fresh | Phase::LoggingIn | Phase::Settling | Phase::Running => {
                let (at, next) = self.queue.peek()?;
                (self.live_entries > 0 && at <= self.scenario.horizon).then_some((at, next.action))
            }
        }
    }

    /// Carries out the next action, and tells if the run is over. Its end is a fact like others, the last one.
    pub fn step(&mut self, sink: &mut impl FactSink) -> Option<RunEnd> {
        if let Phase::Ended(end) = self.phase {
            return Some(end);
        }
        if self.live_entries == 0 {
            return Some(self.finish(RunEnd::Quiescent, sink));
        }
        if self.queue.next_time().is_none_or(|next| next > self.scenario.horizon) {
            self.recorder.advance(self.scenario.horizon);
            return Some(self.finish(RunEnd::Horizon, sink));
        }
        if self.actions >= self.action_limit {
            return Some(self.finish(RunEnd::ActionLimit, sink));
        }
        self.carry_out_next(sink);
        None
    }

    /// Steps until the run is over.
    pub fn run(&mut self, sink: &mut impl FactSink) -> RunEnd {
        loop {
            if let Some(end) = self.step(sink) {
                return end;
            }
        }
    }

    /// Virtual time.
    #[must_use]
    pub const fn now(&self) -> SimTime {
        self.recorder.now()
    }

    /// How many actions are in the queue.
    #[must_use]
    pub const fn pending(&self) -> usize {
        self.queue.len()
    }

    /// How many actions were carried out.
    #[must_use]
    pub const fn actions(&self) -> u64 {
        self.actions
    }

    /// The client of a device.
    #[must_use]
    pub fn client(&self, device: DeviceId) -> &C {
        &self.terminals[device.index()].client
    }

    /// A homeserver.
    #[must_use]
    pub fn server(&self, server: ServerId) -> &Homeserver {
        &self.servers[server.index()]
    }

    /// Takes the next entry off the queue and carries it out; false once the limit of actions is reached.
    pub(super) fn carry_out_next(&mut self, sink: &mut impl FactSink) -> bool {
        let Some((at, next)) = self.queue.pop() else { return false };
        self.recorder.advance(at);
        self.live_entries -= u64::from(next.live);
        self.actions += 1;
        self.carry_out(next.action, sink);
        self.actions < self.action_limit
    }

    fn carry_out(&mut self, action: Action, sink: &mut impl FactSink) {
        match action {
            Action::SetUp => self.set_up(sink),
            Action::Step(step) => self.on_step(step, sink),
            Action::FaultStart(fault) => self.on_fault_start(fault, sink),
            Action::FaultEnd(fault) => self.on_fault_end(fault, sink),
            Action::Heal => self.on_heal(sink),
            Action::Copy(fault) => self.on_copy(fault),
            Action::Request(place) => self.on_request(place, sink),
            Action::Answer(place) => self.on_answer(place, sink),
            Action::Wake(device, generation) => self.on_wake(device, generation, sink),
            Action::Deliver(place) => self.on_delivery(place, sink),
            Action::LateEvent(place) => self.on_late_event(place, sink),
            Action::Call(place) => self.on_call(place, sink),
            Action::CallAnswer(place) => self.on_call_answer(place, sink),
            Action::CallLost(place) => self.on_call_lost(place),
            Action::Transaction { from, to } => self.on_transaction(from, to, sink),
            Action::Confirmation { from, to } => self.on_confirmation(from, to),
            Action::Retry { from, to } => self.on_retry(from, to),
        }
    }

    fn finish(&mut self, end: RunEnd, sink: &mut impl FactSink) -> RunEnd {
        self.recorder.record(sink, Observer::World, FactKind::RunEnd(end), Causes::NONE);
        self.phase = Phase::Ended(end);
        end
    }

    /// Puts an action into the queue that something may come of.
    pub(super) fn push(&mut self, at: SimTime, action: Action) {
        self.push_if_live(at, action, true);
    }

    /// Puts an action into the queue; if it is not `live`, the run may come to rest before it.
    pub(super) fn push_if_live(&mut self, at: SimTime, action: Action, live: bool) {
        self.live_entries += u64::from(live);
        self.queue.push(at, Queued { action, live });
    }

    /// The place of an event that a server accepts now among all that any server accepts.
    pub(super) const fn take_stamp(&mut self) -> Stamp {
        self.next_stamp += 1;
        Stamp(self.next_stamp)
    }
}

fn make_servers(scenario: &Scenario, residents: &Arc<Residents>) -> Vec<Homeserver> {
    let foreseen = Arc::new(Foreseen::new(scenario, residents));
    let servers = scenario.servers.len();
    (0..servers)
        .map(|index| Homeserver::new(ServerId::at(index), residents, servers, &foreseen))
        .collect()
}
