//! A device that runs matrix-sdk-crypto: the machine, and around it what an application does as `matrix-sdk` does it.
//! It does not know other devices; what travels is in the [`Wire`], and the simulator only sees the values that stand for it.

mod answers;
mod commands;
mod http;
mod identity;
mod keys;
mod messages;
mod outgoing;
mod queue;
mod rooms;
mod sync;

use std::cell::{Cell, RefCell, RefMut};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;

use matrix_sdk_crypto::OlmMachine;
use tokio::runtime::Runtime;
use withheld::client::{Because, Client, Context, Input, Out, RequestNo};
use withheld::ids::{
    DeviceId, FactId, MegolmSessionId, MessageId, OlmSessionId, RequestId, RoomId, ServerId,
    ToDeviceId, TxnId, UserId,
};
use withheld::protocol::api::{CrossSigningKeys, Request, SyncToken, ToDevicePut};
use withheld::scenario::model::Scenario;
use withheld::scenario::policy::{Policy, Target};
use withheld::time::{SimDuration, SimTime};
use withheld::trace::fact::{Causes, FactKind};

use crate::lockstep;
use crate::store::{Store, StoreKind, Stored};
use crate::wire::Wire;

use self::http::{Backoff, Exchange};
use self::messages::Received;
use self::queue::{Stage, Waiting};
use self::rooms::SeenRoom;

/// What is the same for all devices of a run.
#[derive(Debug)]
pub struct Directory {
    users: Vec<UserId>,
    servers: Vec<ServerId>,
}

impl Directory {
    /// The directory of a scenario.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        Self {
            users: scenario.devices.iter().map(|device| device.user).collect(),
            servers: scenario.users.iter().map(|user| user.server).collect(),
        }
    }

    fn user(&self, device: DeviceId) -> UserId {
        self.users[device.index()]
    }

    fn server(&self, user: UserId) -> ServerId {
        self.servers[user.index()]
    }
}

/// What all devices of a run use.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Who is whose.
    pub directory: Arc<Directory>,
    /// What travels.
    pub wire: Rc<RefCell<Wire>>,
    /// What the machine's work runs on: this thread.
    pub runtime: Rc<Runtime>,
    /// Where machines keep what must survive a restart.
    pub store: StoreKind,
    /// Whether the glue around the machine does what `matrix-sdk` leaves undone, as far as the machine lets it: what goes wrong
    /// all the same is the machine's doing.
    pub careful: bool,
    /// How many nanoseconds machines have worked.
    pub worked: Rc<Cell<u64>>,
}

/// What an application keeps beside the machine, in its own store.
#[derive(Debug, Clone)]
struct App {
    is_logged_in: bool,
    policy: Policy,
    token: SyncToken,
    rooms: BTreeMap<RoomId, SeenRoom>,
    /// Messages that are to be sent, by room: the send queue.
    queue: BTreeMap<RoomId, VecDeque<Waiting>>,
    /// Requests of the user that must be done, whatever happens to the client, by their numbers.
    errands: BTreeMap<u32, (Request, Option<FactId>)>,
    /// How many there were.
    errands_made: u32,
    /// To-device requests that were put together, by the machine's id for them.
    puts: BTreeMap<String, ToDevicePut>,
    /// The cross-signing keys whose private parts the device has.
    identity: Option<CrossSigningKeys>,
    /// Keys that it takes over as soon as it knows the public ones.
    takes_over: Option<CrossSigningKeys>,
    verify_later: BTreeSet<Target>,
    /// Devices that were verified by hand. The machine has one word for a device: the block that hides this is taken back.
    by_hand: BTreeSet<DeviceId>,
    blocked: BTreeMap<Target, FactId>,
    unread: Vec<Received>,
    known: Known,
}

/// Which facts made things what they are.
#[derive(Debug, Clone, Default)]
struct Known {
    sharing: Option<FactId>,
    lists: BTreeMap<UserId, FactId>,
    allowed: BTreeMap<Target, FactId>,
    olm: BTreeMap<OlmSessionId, FactId>,
    keys: BTreeMap<MegolmSessionId, FactId>,
    sessions: BTreeMap<MegolmSessionId, FactId>,
    notices: BTreeMap<MegolmSessionId, (ToDeviceId, FactId)>,
    discarded: BTreeMap<RoomId, FactId>,
    requests: BTreeMap<RequestId, FactId>,
    /// Sessions that other devices asked for.
    asked: Vec<(DeviceId, RoomId, MegolmSessionId, FactId)>,
    counts: Option<(Option<u32>, Option<bool>)>,
}

/// What is forgotten when the client stops.
#[derive(Debug, Default)]
struct Live {
    next_request: u32,
    running: BTreeMap<RequestNo, Exchange>,
    /// Exchanges that failed and are tried again.
    waiting: Vec<Exchange>,
    syncing: bool,
    sync_backoff: Backoff,
    stages: BTreeMap<RoomId, Stage>,
    /// How many requests of the last look at what the machine wants are not answered.
    batch: u32,
    /// Whether the machine is to be asked once more as soon as they are.
    look_again: bool,
    /// Whether the claim that comes first then has been made already.
    has_claimed: bool,
    claiming: bool,
    /// Machine ids of to-device requests that are on their way.
    putting: BTreeSet<String>,
    /// Errands that are on their way.
    errands_begun: BTreeSet<u32>,
    /// Whether a sync has come since the client started.
    has_synced: bool,
    /// Grows with everything that decisions rest on.
    changes: u64,
    /// What it was when the last share of each room was put together.
    shared_at: BTreeMap<RoomId, u64>,
    /// Queries under way for each user.
    querying: BTreeMap<UserId, u32>,
    poll: Poll,
    /// When keys were uploaded, of late.
    uploads: VecDeque<SimTime>,
    /// When keys may be uploaded again.
    upload_at: Option<SimTime>,
}

/// When the machine is asked again though nothing has happened. `matrix-sdk` does so after every sync, and a sync without news ends
/// after half a minute; here that is done only while a device list is out of date, and more seldom each time.
#[derive(Debug, Clone, Copy, Default)]
struct Poll {
    count: u32,
    at: Option<SimTime>,
}

const FIRST_POLL: SimDuration = SimDuration::from_secs(30);
const LONGEST_POLL: SimDuration = SimDuration::from_secs(15 * 60);
const POLLS_MAX: u32 = 12;

/// What survives a restart.
#[derive(Debug, Clone)]
pub struct Durable {
    app: App,
    /// `None` if the device is not logged in.
    store: Option<Stored>,
}

/// The machine with its store.
#[derive(Debug, Clone)]
struct Machine {
    olm: OlmMachine,
    store: Store,
}

/// A device that runs matrix-sdk-crypto.
#[derive(Debug)]
pub struct SdkDevice {
    me: DeviceId,
    around: Surroundings,
    machine: Option<Machine>,
    app: App,
    live: Live,
}

/// What a handler has in its hands.
struct Hands<'a, 'c> {
    given: &'a mut Context<'c>,
    out: &'a mut Out<Durable>,
    requests: Vec<(RequestNo, Request, Because)>,
}

impl Hands<'_, '_> {
    fn fact(&mut self, kind: FactKind, causes: Causes) -> FactId {
        self.out.fact(kind, causes)
    }

    /// Records a fact that the input itself made happen.
    fn fact_of_input(&mut self, kind: FactKind) -> FactId {
        let causes = Causes::of([self.given.cause]);
        self.out.fact(kind, causes)
    }
}

impl SdkDevice {
    /// A device that is not logged in yet.
    #[must_use]
    pub fn new(me: DeviceId, policy: Policy, around: Surroundings) -> Self {
        let app = App::new(policy);
        Self { me, around, machine: None, app, live: Live::default() }
    }

    fn my_user(&self) -> UserId {
        self.around.directory.user(self.me)
    }

    fn user_of(&self, device: DeviceId) -> UserId {
        self.around.directory.user(device)
    }

    fn wire(&self) -> RefMut<'_, Wire> {
        self.around.wire.borrow_mut()
    }

    fn user_id(&self, user: UserId) -> ruma::OwnedUserId {
        self.wire().names().user(user).clone()
    }

    fn room_id(&self, room: RoomId) -> ruma::OwnedRoomId {
        self.wire().names().room(room).clone()
    }

    fn device_id(&self, device: DeviceId) -> ruma::OwnedDeviceId {
        self.wire().names().device(device).clone()
    }

    /// Waits for work of the machine. Time does not pass meanwhile.
    fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        let began = lockstep::cpu_ns();
        let result = self.around.runtime.block_on(work);
        let took = lockstep::cpu_ns().saturating_sub(began);
        self.around.worked.set(self.around.worked.get() + took);
        result
    }

    fn machine(&self) -> Option<Machine> {
        self.machine.clone()
    }

    /// Makes the machine anew, from what the store holds.
    fn start_machine(&mut self, stored: &Stored) {
        let store = self.wait(Store::open(stored, self.around.runtime.handle()));
        let store = store.expect("a store that this device wrote can be opened by it");
        let (user, device) = (self.user_id(self.my_user()), self.device_id(self.me));
        let made = self.wait(OlmMachine::with_store(&user, &device, store.clone(), None));
        let olm = made.expect("a store that this device wrote can be read by it");
        let _ = store.take_noted();
        self.machine = Some(Machine { olm, store });
    }

    fn durable(&self) -> Durable {
        let store = self.machine.as_ref().map(|machine| machine.store.stored());
        Durable { app: self.app.clone(), store }
    }

    /// The device that this one knows under a `device_id`.
    fn resolve(&self, user: UserId, id: &ruma::DeviceId) -> Option<DeviceId> {
        let mut named: Vec<DeviceId> = self.wire().names().devices_named(user, id).collect();
        if let [one] = named[..] {
            return Some(one);
        }
        let machine = self.machine.as_ref()?;
        let user_id = self.user_id(user);
        let found = self.wait(machine.olm.get_device(&user_id, id, None)).ok()??;
        let key = found.curve25519_key()?.to_base64();
        let known = self.wire().device_of_key(&key);
        known.or_else(|| named.pop())
    }

    fn take_input(&mut self, input: &Input<'_>, hands: &mut Hands<'_, '_>) {
        match *input {
            Input::Command(command) => self.command(command, hands),
            Input::Answer(number, answer) => self.answered(number, answer, hands),
            Input::Wake => {}
            Input::NetworkBack => self.network_back(),
            Input::Restarted => self.live.look_again = true,
        }
    }

    /// Has the machine asked again when it is time.
    fn poll(&mut self, clock: SimTime) {
        let outdated = self.machine.as_ref().is_some_and(|machine| machine.store.has_outdated());
        if !outdated || self.live.batch > 0 || !self.live.querying.is_empty() {
            self.live.poll.at = None;
            if !outdated {
                self.live.poll.count = 0;
            }
            return;
        }
        let Poll { count, at } = self.live.poll;
        match at {
            Some(at) if at <= clock => {
                self.live.poll = Poll { count, at: None };
                self.live.look_again = true;
            }
            Some(_) => {}
            None if count < POLLS_MAX => {
                let wait = FIRST_POLL.times(1 << count).min(LONGEST_POLL);
                self.live.poll = Poll { count: count + 1, at: Some(clock + wait) };
            }
            None => {}
        }
    }

    /// Does whatever can be done now.
    fn pump(&mut self, hands: &mut Hands<'_, '_>) {
        self.retry(hands);
        if self.app.is_logged_in {
            let may_upload = |at: &mut SimTime| *at <= hands.given.clock;
            self.live.look_again |= self.live.upload_at.take_if(may_upload).is_some();
            self.poll(hands.given.clock);
            self.look(hands);
            // Where the machine wanted nothing, because it waits for a server that has failed, it is asked again later.
            self.poll(hands.given.clock);
            self.advance_queues(hands);
        }
        self.run_errands(hands);
        if self.app.is_logged_in {
            self.sync_on(hands);
        }
    }
}

impl App {
    const fn new(policy: Policy) -> Self {
        Self {
            is_logged_in: false,
            policy,
            token: SyncToken { to_device: 0, device_lists: 0, rooms: 0 },
            rooms: BTreeMap::new(),
            queue: BTreeMap::new(),
            errands: BTreeMap::new(),
            errands_made: 0,
            puts: BTreeMap::new(),
            identity: None,
            takes_over: None,
            verify_later: BTreeSet::new(),
            by_hand: BTreeSet::new(),
            blocked: BTreeMap::new(),
            unread: Vec::new(),
            known: Known {
                sharing: None,
                lists: BTreeMap::new(),
                allowed: BTreeMap::new(),
                olm: BTreeMap::new(),
                keys: BTreeMap::new(),
                sessions: BTreeMap::new(),
                notices: BTreeMap::new(),
                discarded: BTreeMap::new(),
                requests: BTreeMap::new(),
                asked: Vec::new(),
                counts: None,
            },
        }
    }
}

impl Client for SdkDevice {
    type Durable = Durable;

    fn handle(&mut self, input: &Input<'_>, context: &mut Context<'_>, out: &mut Out<Durable>) {
        lockstep::set_clock(context.clock);
        let clock = context.clock;
        let mut hands = Hands { given: context, out, requests: Vec::new() };
        self.take_input(input, &mut hands);
        self.pump(&mut hands);
        let requests = std::mem::take(&mut hands.requests);
        out.persist(|| self.durable());
        for (number, request, because) in requests {
            out.request(number, request, because);
        }
        out.wake(self.wake_at(clock));
    }

    fn snapshot(&self) -> Durable {
        self.durable()
    }

    fn restore(&mut self, durable: Durable) {
        let next_request = self.live.next_request;
        self.live = Live { next_request, ..Live::default() };
        self.machine = None;
        self.app = durable.app;
        if let Some(stored) = durable.store {
            self.start_machine(&stored);
        }
    }
}

/// The names that the modules of a device share.
type Txn = TxnId;
type Message = MessageId;
