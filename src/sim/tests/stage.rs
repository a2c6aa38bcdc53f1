//! Scenarios for tests, put together in a few words, and what became of them.
//! They do not know what is expected.

use std::sync::Arc;

use crate::ids::{
    DeviceId, FactId, KeyValue, MessageId, OlmSessionId, RequestId, RoomId, ServerId, TxnId, UserId,
};
use crate::protocol::api::{Request, ToDevicePut};
use crate::protocol::room::{HistoryVisibility, Membership, Rotation};
use crate::protocol::to_device::{
    KeyRequest, KeyRequestAction, OlmCiphertext, OlmEvent, OlmPayload, SenderKeys, ToDeviceBody,
    ToDeviceType,
};
use crate::scenario::fault::{Fault, FaultKind};
use crate::scenario::habits::{Habits, ServerHabits};
use crate::scenario::model::{Delay, Device, Network, PublishedKeys, Room, Scenario, Server, User};
use crate::scenario::policy::Policy;
use crate::scenario::step::{Step, TimedStep};
use crate::sim::tests::probe::{Probe, Scripts};
use crate::sim::world::World;
use crate::time::{SimDuration, SimTime};
use crate::trace::fact::{Fact, FactKind, RunEnd};
use crate::trace::sink::Trace;

/// The one room of most tests.
pub(super) const ROOM: RoomId = RoomId::new(0);
/// One way between a client and its server, in milliseconds.
pub(super) const CLIENT_MS: u64 = 50;
/// One way between two servers, in milliseconds.
pub(super) const FEDERATION_MS: u64 = 100;
/// How many one-time keys each device keeps at its server.
pub(super) const KEYS: u32 = 5;

pub(super) const fn device(index: u32) -> DeviceId {
    DeviceId::new(index)
}

pub(super) const fn user(index: u32) -> UserId {
    UserId::new(index)
}

pub(super) const fn server(index: u32) -> ServerId {
    ServerId::new(index)
}

pub(super) const fn ms(ms: u64) -> SimTime {
    SimTime::from_ms(ms)
}

const fn fixed(ms: u64) -> Delay {
    Delay { min: SimDuration::from_ms(ms), max: SimDuration::from_ms(ms) }
}

/// A scenario in the making.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    pub(super) scenario: Scenario,
    scripts: Scripts,
}

/// A scenario with one room in which everybody is: for each server the numbers of devices of its users.
pub(super) fn stage(servers: &[&[usize]]) -> Stage {
    let mut users = Vec::new();
    let mut devices = Vec::new();
    for (server, counts) in servers.iter().enumerate() {
        for count in *counts {
            let user = UserId::at(users.len());
            users.push(User {
                name: format!("u{}", user.raw()),
                server: ServerId::at(server),
                cross_signing: false,
            });
            for index in 0..*count {
                devices.push(make_device(user, index));
            }
        }
    }
    let members = (0..users.len()).map(|user| (UserId::at(user), Membership::Join)).collect();
    let rotation = Rotation::megolm(SimDuration::from_hours(168), 100);
    let make_server = |index| Server {
        name: format!("s{index}"),
        batch_limit: 100,
        timeline_limit: 10,
        edu_limit: 100,
        habits: ServerHabits::specification(),
    };
    let network = Network {
        client: fixed(CLIENT_MS),
        federation: fixed(FEDERATION_MS),
        request_timeout: SimDuration::from_secs(30),
    };
    let scenario = Scenario {
        seed: 1,
        horizon: ms(3_600_000),
        servers: (0..servers.len()).map(make_server).collect(),
        users,
        devices,
        rooms: vec![Room {
            name: "room".to_owned(),
            members,
            history_visibility: Some(HistoryVisibility::Shared),
            rotation,
        }],
        ..Scenario::empty(network)
    };
    Stage { scenario, scripts: Scripts::new() }
}

fn make_device(user: UserId, index: usize) -> Device {
    Device {
        name: format!("u{}d{index}", user.raw()),
        device_id: format!("D{index}"),
        user,
        present: true,
        keys: PublishedKeys::Full,
        cross_signed: false,
        one_time_keys: KEYS,
        fallback_key: true,
        policy: Policy::standard(),
        habits: Habits::specification(),
    }
}

impl Stage {
    /// A step of a user.
    pub(super) fn at(mut self, at: u64, step: Step) -> Self {
        self.scenario.timeline.push(TimedStep { at: ms(at), step });
        self.scenario.timeline.sort_by_key(|step| step.at);
        self
    }

    /// Requests that a device makes.
    pub(super) fn ask(self, at: u64, device: DeviceId, requests: Vec<Request>) -> Self {
        let script = u32::try_from(self.scripts.len()).unwrap() + 1_000;
        let mut stage =
            self.at(at, Step::CancelRequest { device, message: MessageId::new(script) });
        stage.scripts.insert((device, script), requests);
        stage
    }

    /// A message that a device sends.
    pub(super) fn send(mut self, at: u64, device: DeviceId) -> Self {
        let message = MessageId::at(self.scenario.messages.len());
        self.scenario.messages.push(format!("m{}", message.raw()));
        self.at(at, Step::Send { device, room: ROOM, message })
    }

    /// A change of a membership.
    pub(super) fn member(self, at: u64, by: DeviceId, user: UserId, to: Membership) -> Self {
        self.at(at, Step::Member { device: by, room: ROOM, user, membership: to })
    }

    /// A fault with its window.
    pub(super) fn fault(mut self, from: u64, until: u64, kind: FaultKind) -> Self {
        let until = if until == u64::MAX { SimTime::MAX } else { ms(until) };
        self.scenario.faults.push(Fault { from: ms(from), until, kind });
        self
    }

    /// Any other change of the scenario.
    pub(super) fn with(mut self, change: impl FnOnce(&mut Scenario)) -> Self {
        change(&mut self.scenario);
        self
    }

    /// The start of the run.
    pub(super) fn world(&self) -> World<Probe> {
        let scripts = Arc::new(self.scripts.clone());
        let make = |device: DeviceId| {
            Probe::new(device, &self.scenario.devices[device.index()], Arc::clone(&scripts))
        };
        World::new(&self.scenario, make)
    }

    /// The run.
    pub(super) fn play(&self) -> Played {
        let mut world = self.world();
        let mut trace = Trace::default();
        let end = world.run(&mut trace);
        Played { world, trace, end }
    }
}

/// A run that is over.
#[derive(Debug)]
pub(super) struct Played {
    pub(super) world: World<Probe>,
    pub(super) trace: Trace,
    pub(super) end: RunEnd,
}

impl Played {
    /// The client of a device.
    pub(super) fn probe(&self, device: DeviceId) -> &Probe {
        self.world.client(device)
    }

    /// The facts that fit, in order.
    pub(super) fn facts(&self, fits: impl Fn(&FactKind) -> bool) -> Vec<Fact> {
        self.trace.facts().iter().copied().filter(|fact| fits(&fact.kind)).collect()
    }

    /// How many facts fit.
    pub(super) fn count(&self, fits: impl Fn(&FactKind) -> bool) -> usize {
        self.facts(fits).len()
    }

    /// When a to-device message of this transaction was stored for the device, each time.
    pub(super) fn stored(&self, device: DeviceId, txn: u32) -> Vec<u64> {
        let fits = |kind: &FactKind| {
            matches!(kind, FactKind::Enqueued { recipient, txn: of, .. }
                if *recipient == device && *of == TxnId::new(txn))
        };
        self.facts(fits).iter().map(|fact| fact.at.as_ms()).collect()
    }

    /// When the device handled the messages of this transaction.
    pub(super) fn processed(&self, device: DeviceId, txn: u32) -> Vec<u64> {
        let rows: Vec<_> = self
            .trace
            .pick(|kind| {
                let FactKind::Enqueued { message, recipient, txn: of, .. } = kind else {
                    return None;
                };
                (*recipient == device && *of == TxnId::new(txn)).then_some(*message)
            })
            .collect();
        let fits = |kind: &FactKind| {
            matches!(kind, FactKind::Processed { device: by, message, .. }
                if *by == device && rows.contains(message))
        };
        self.facts(fits).iter().map(|fact| fact.at.as_ms()).collect()
    }

    /// Whether the fact has this start of a fault among its causes, directly or not.
    pub(super) fn comes_from_fault(&self, fact: FactId) -> bool {
        let facts = self.trace.facts();
        let fact = &facts[fact.index()];
        matches!(fact.kind, FactKind::FaultStart(_))
            || fact.causes.iter().any(|cause| self.comes_from_fault(cause))
    }
}

/// A to-device request with one key request to each of these devices.
pub(super) fn put(txn: u32, to: &[u32]) -> Request {
    let body = ToDeviceBody::KeyRequest(KeyRequest {
        request: RequestId::new(txn),
        requester: device(0),
        action: KeyRequestAction::Cancel,
    });
    put_body(txn, ToDeviceType::KeyRequest, to, body)
}

/// A to-device request with one Olm message to each of these devices.
pub(super) fn put_olm(txn: u32, to: &[u32]) -> Request {
    let body = ToDeviceBody::Olm(OlmCiphertext {
        sender_key: device(0),
        session: OlmSessionId::new(0),
        pre_key: Some(KeyValue::new(0)),
        ratchet_key: 0,
        index: 0,
        mac: 7,
        payload: OlmPayload {
            recipient: device(0),
            sender_keys: SenderKeys::Agree,
            event: OlmEvent::Dummy { empty: true },
        },
    });
    put_body(txn, ToDeviceType::Encrypted, to, body)
}

fn put_body(txn: u32, event_type: ToDeviceType, to: &[u32], body: ToDeviceBody) -> Request {
    let messages = to.iter().map(|target| (device(*target), body)).collect();
    // Numbers of their own: the probe takes others from the supply.
    Request::SendToDevice(ToDevicePut { txn: TxnId::new(txn), event_type, messages })
}
