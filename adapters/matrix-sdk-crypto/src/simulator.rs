//! The simulator with devices that run matrix-sdk-crypto: each run on a thread of its own, with the run's time and randomness.
//! It does not know what comes of a run.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use withheld::client::reference::{Reference, Store as ReferenceStore};
use withheld::client::{Client, Context, Input, Out};
use withheld::ids::DeviceId;
use withheld::rulebook::reading::ReadingName;
use withheld::run::clients::{Clients, References};
use withheld::run::simulator::{Simulated, Simulator};
use withheld::scenario::model::{PublishedKeys, Scenario};
use withheld::sim::world::World;
use withheld::time::SimTime;
use withheld::trace::fact::Fact;
use withheld::trace::sink::{FactSink, Trace};

use crate::device::{Directory, Durable, SdkDevice, Surroundings};
use crate::lockstep;
use crate::wire::Wire;

/// How long a run may be silent in real time before its client is taken to hang.
const PATIENCE: Duration = Duration::from_secs(120);

/// How many facts are handed over at once.
const BATCH: usize = 256;

/// A device of a room: one that runs matrix-sdk-crypto, or one without encryption, for which the reference client does.
#[derive(Debug)]
pub enum Member {
    /// matrix-sdk-crypto.
    Sdk(Box<SdkDevice>),
    /// A client without encryption.
    Plain(Box<Reference>),
}

/// What survives a restart of a [`Member`].
#[derive(Debug, Clone)]
pub enum Kept {
    /// Of a device that runs matrix-sdk-crypto.
    Sdk(Box<Durable>),
    /// Of a client without encryption.
    Plain(Box<ReferenceStore>),
}

impl Client for Member {
    type Durable = Kept;

    fn handle(&mut self, input: &Input<'_>, context: &mut Context<'_>, out: &mut Out<Kept>) {
        match self {
            Self::Sdk(device) => out.of_inner(
                |store| Kept::Sdk(Box::new(store)),
                |inner| device.handle(input, context, inner),
            ),
            Self::Plain(client) => out.of_inner(
                |store| Kept::Plain(Box::new(store)),
                |inner| client.handle(input, context, inner),
            ),
        }
    }

    fn snapshot(&self) -> Kept {
        match self {
            Self::Sdk(device) => Kept::Sdk(Box::new(device.snapshot())),
            Self::Plain(client) => Kept::Plain(Box::new(client.snapshot())),
        }
    }

    fn restore(&mut self, durable: Kept) {
        match (self, durable) {
            (Self::Sdk(device), Kept::Sdk(store)) => device.restore(*store),
            (Self::Plain(client), Kept::Plain(store)) => client.restore(*store),
            (Self::Sdk(_), Kept::Plain(_)) | (Self::Plain(_), Kept::Sdk(_)) => {
                unreachable!("a device gets its own store back")
            }
        }
    }
}

/// Makes the devices of a run.
#[derive(Debug, Clone, Copy, Default)]
struct Members {
    careful: bool,
}

impl Clients for Members {
    type Client = Member;

    fn of_run(&self, scenario: &Scenario, reading: ReadingName) -> impl FnMut(DeviceId) -> Member {
        members(self.surroundings(scenario), scenario, reading)
    }
}

impl Members {
    fn surroundings(self, scenario: &Scenario) -> Surroundings {
        // The machine waits up to five seconds for a device list that is asked for. No time passes while it works, so that this wait
        // is over at once.
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        Surroundings {
            directory: Arc::new(Directory::of(scenario)),
            wire: Rc::new(RefCell::new(Wire::new(scenario))),
            runtime: Rc::new(runtime.expect("a runtime without drivers needs nothing")),
            careful: self.careful,
        }
    }
}

/// What makes the device of each place.
fn members(
    around: Surroundings,
    scenario: &Scenario,
    reading: ReadingName,
) -> impl FnMut(DeviceId) -> Member {
    let mut plain = References.of_run(scenario, reading);
    move |device| {
        let described = &scenario.devices[device.index()];
        if described.keys == PublishedKeys::None {
            Member::Plain(Box::new(plain(device)))
        } else {
            let policy = described.policy.clone();
            Member::Sdk(Box::new(SdkDevice::new(device, policy, around.clone())))
        }
    }
}

/// Runs a scenario and gives everything that real devices have written in it: keys, ciphertexts, notices, requests.
///
/// # Panics
/// If the client does.
#[must_use]
pub fn transcript(scenario: &Scenario) -> Vec<String> {
    let scenario = scenario.clone();
    let work = move || {
        lockstep::enter(scenario.seed);
        let around = Members::default().surroundings(&scenario);
        let wire = Rc::clone(&around.wire);
        let clients = members(around, &scenario, ReadingName::Strict);
        World::new(&scenario, clients).run(&mut None::<Trace>);
        let transcript = wire.borrow().transcript();
        lockstep::leave();
        transcript
    };
    let thread = Builder::new().stack_size(16 << 20).spawn(work).expect("a thread can be started");
    thread.join().expect("the client does not panic")
}

/// Why a run did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Breakdown {
    /// The client panicked, with this message.
    Panic(String),
    /// The client did nothing for a long time.
    Hang,
}

/// The simulator with matrix-sdk-crypto on every device that has encryption.
#[derive(Debug, Default)]
pub struct SdkRooms {
    careful: bool,
    breakdowns: Mutex<Vec<Breakdown>>,
}

impl SdkRooms {
    /// The same with glue that does what `matrix-sdk` leaves undone: what goes wrong all the same is the crate's doing.
    #[must_use]
    pub fn careful() -> Self {
        Self { careful: true, ..Self::default() }
    }

    /// What has gone wrong since this was last asked, in the order in which runs ended.
    #[must_use]
    pub fn take_breakdowns(&self) -> Vec<Breakdown> {
        std::mem::take(&mut *self.breakdowns.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn broke_down(&self, breakdown: Breakdown) {
        self.breakdowns.lock().unwrap_or_else(PoisonError::into_inner).push(breakdown);
    }
}

/// What comes from the thread of a run.
enum News {
    Facts(Vec<Fact>),
    End(Result<Simulated, String>),
}

/// Hands facts over in batches.
struct Batches {
    to: Sender<News>,
    batch: Vec<Fact>,
}

impl FactSink for Batches {
    fn record(&mut self, fact: &Fact) {
        self.batch.push(*fact);
        if self.batch.len() == BATCH {
            // Whoever does not listen any more does not want the rest.
            let _ = self.to.send(News::Facts(std::mem::take(&mut self.batch)));
        }
    }
}

/// Runs a scenario on this thread.
fn run(
    (members, actions): (Members, u64),
    scenario: &Scenario,
    reading: ReadingName,
    sink: &mut Batches,
) -> Simulated {
    let world = World::new(scenario, members.of_run(scenario, reading));
    let mut world = world.with_action_limit(actions);
    world.run(sink);
    Simulated { actions: world.actions(), ended_at: world.now() }
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// Begins a run on a thread of its own. Whatever is kept by thread, like the keys of hash maps, begins anew with it.
fn begin(
    how: (Members, u64),
    scenario: &Scenario,
    reading: ReadingName,
) -> (Receiver<News>, JoinHandle<()>) {
    let (to, from) = channel();
    let scenario = scenario.clone();
    let work = move || {
        lockstep::enter(scenario.seed);
        let mut sink = Batches { to: to.clone(), batch: Vec::new() };
        let run = AssertUnwindSafe(|| run(how, &scenario, reading, &mut sink));
        let end = catch_unwind(run).map_err(|panic| message_of(&*panic));
        lockstep::leave();
        let _ = to.send(News::Facts(std::mem::take(&mut sink.batch)));
        let _ = to.send(News::End(end));
    };
    let thread = Builder::new().name("room".to_owned()).stack_size(16 << 20).spawn(work);
    (from, thread.expect("a thread can be started"))
}

impl Simulator for SdkRooms {
    fn simulate_at_most(
        &self,
        actions: u64,
        scenario: &Scenario,
        reading: ReadingName,
        sink: &mut dyn FactSink,
    ) -> Simulated {
        let members = Members { careful: self.careful };
        let (from, thread) = begin((members, actions), scenario, reading);
        let mut cut = Simulated { actions: 0, ended_at: SimTime::ZERO };
        loop {
            match from.recv_timeout(PATIENCE) {
                Ok(News::Facts(facts)) => {
                    for fact in &facts {
                        cut.ended_at = fact.at;
                        sink.record(fact);
                    }
                }
                Ok(News::End(end)) => {
                    let _ = thread.join();
                    return end.unwrap_or_else(|message| {
                        self.broke_down(Breakdown::Panic(message));
                        cut
                    });
                }
                // A thread that hangs cannot be ended; it is left behind.
                Err(RecvTimeoutError::Timeout) => {
                    self.broke_down(Breakdown::Hang);
                    return cut;
                }
                Err(RecvTimeoutError::Disconnected) => {
                    self.broke_down(Breakdown::Panic("the thread ended".to_owned()));
                    return cut;
                }
            }
        }
    }
}
