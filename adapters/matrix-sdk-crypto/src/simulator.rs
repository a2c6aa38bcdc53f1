//! The simulator with devices that run matrix-sdk-crypto, alone or with others that run the reference client: each run on a thread of
//! its own, with the run's time and randomness. It does not know what comes of a run.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use withheld::check::outcome::{Outcome, Violation};
use withheld::client::reference::{Reference, Store as ReferenceStore};
use withheld::client::{Client, Context, Input, Out};
use withheld::ids::DeviceId;
use withheld::rulebook::reading::ReadingName;
use withheld::rulebook::rule::Rule;
use withheld::run::RunReport;
use withheld::run::clients::{Clients, References};
use withheld::run::judged::{Judging, run_one};
use withheld::run::simulator::{Remark, Simulated, Simulator};
use withheld::scenario::fault::Party;
use withheld::scenario::model::{PublishedKeys, Scenario};
use withheld::sim::world::World;
use withheld::time::SimTime;
use withheld::trace::fact::Fact;
use withheld::trace::sink::{FactSink, Trace};

use crate::casting::{Casting, ClientKind};
use crate::chance::Luck;
use crate::device::{Directory, Durable, SdkDevice, Surroundings};
use crate::glue::{NotTheCrate, not_the_crate};
use crate::known::Known;
use crate::lockstep;
use crate::needed::{self, Breach, breaches_of, needed};
use crate::prepare;
use crate::shadow::{self, Shadow};
use crate::ways::{ways, words};
use crate::wire::{Opened, Wire};

/// How long a run may be silent in real time before its client is taken to hang.
const PATIENCE: Duration = Duration::from_secs(120);

/// After so many actions a run is cut: its clients have not come to rest, and do not look as if they would. It is the same number on
/// every machine, so that such a run ends where it ended before.
/// A room with many devices is given more: [`ACTIONS_EACH`].
pub const ACTIONS_MAX: u64 = 10_000;

/// So many actions a run may take for each device, if that is more than [`ACTIONS_MAX`].
pub const ACTIONS_EACH: u64 = 500;

/// How often a room is run at the most until all that was read in it is told where it was written. What is told of one message may
/// change what the next is taken for.
const READINGS_MAX: usize = 4;

/// How many facts are handed over at once.
const BATCH: usize = 256;

/// A device of a room.
#[derive(Debug)]
pub enum Member {
    /// matrix-sdk-crypto.
    Sdk(Box<SdkDevice>),
    /// The reference client, with real keys behind its symbols.
    Shadow(Box<Shadow>),
    /// The reference client without encryption.
    Plain(Box<Reference>),
}

/// What survives a restart of a [`Member`].
#[derive(Debug, Clone)]
pub enum Kept {
    /// Of a device that runs matrix-sdk-crypto.
    Sdk(Box<Durable>),
    /// Of a reference client with real keys behind its symbols.
    Shadow(Box<shadow::Kept>),
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
            Self::Shadow(device) => out.of_inner(
                |kept| Kept::Shadow(Box::new(kept)),
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
            Self::Shadow(device) => Kept::Shadow(Box::new(device.snapshot())),
            Self::Plain(client) => Kept::Plain(Box::new(client.snapshot())),
        }
    }

    fn restore(&mut self, durable: Kept) {
        match (self, durable) {
            (Self::Sdk(device), Kept::Sdk(store)) => device.restore(*store),
            (Self::Shadow(device), Kept::Shadow(store)) => device.restore(*store),
            (Self::Plain(client), Kept::Plain(store)) => client.restore(*store),
            (Self::Sdk(_), Kept::Shadow(_) | Kept::Plain(_))
            | (Self::Shadow(_), Kept::Sdk(_) | Kept::Plain(_))
            | (Self::Plain(_), Kept::Sdk(_) | Kept::Shadow(_)) => {
                unreachable!("a device gets its own store back")
            }
        }
    }
}

/// What makes the devices of a run.
#[derive(Debug, Clone, Default)]
struct Members {
    careful: bool,
    casting: Casting,
    luck: Luck,
    /// What was read in a run before of messages that had been taken for something else.
    told: Opened,
}

impl Members {
    fn surroundings(&self, scenario: &Scenario, worked: Rc<Cell<u64>>) -> Surroundings {
        // The machine waits up to five seconds for a device list that is asked for. No time passes while it works, so that this wait
        // is over at once.
        // What databases do is done on one other thread, in the order in which it is asked for.
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).max_blocking_threads(1).build();
        Surroundings {
            directory: Arc::new(Directory::of(scenario)),
            wire: Rc::new(RefCell::new(Wire::new(scenario).knowing(self.told.clone()))),
            runtime: Rc::new(runtime.expect("a runtime without drivers needs nothing")),
            store: self.casting.store(),
            careful: self.careful,
            worked,
        }
    }
}

/// What makes the device of each place.
fn members(
    around: Surroundings,
    casting: &Casting,
    scenario: &Scenario,
    reading: ReadingName,
) -> impl FnMut(DeviceId) -> Member {
    let mut reference = References.of_run(scenario, reading);
    move |device| {
        let described = &scenario.devices[device.index()];
        match casting.of(scenario, device) {
            ClientKind::MatrixSdkCrypto => {
                let policy = described.policy.clone();
                Member::Sdk(Box::new(SdkDevice::new(device, policy, around.clone())))
            }
            ClientKind::Reference if described.keys == PublishedKeys::None => {
                Member::Plain(Box::new(reference(device)))
            }
            ClientKind::Reference => {
                Member::Shadow(Box::new(Shadow::new(device, reference(device), around.clone())))
            }
        }
    }
}

/// Runs a scenario and gives everything that real devices have written in it: keys, ciphertexts, notices, requests.
///
/// # Panics
/// If the client does.
#[must_use]
pub fn transcript(scenario: &Scenario, casting: &Casting) -> Vec<String> {
    let (scenario, casting) = (scenario.clone(), casting.clone());
    let work = move || {
        lockstep::enter(scenario.seed);
        let made = Members { casting: casting.clone(), ..Members::default() };
        let around = made.surroundings(&scenario, Rc::default());
        let wire = Rc::clone(&around.wire);
        let clients = members(around, &casting, &scenario, ReadingName::Strict);
        World::new(&scenario, clients).run(&mut ());
        let transcript = wire.borrow().transcript();
        lockstep::leave();
        transcript
    };
    let thread = Builder::new().stack_size(16 << 20).spawn(work).expect("a thread can be started");
    thread.join().expect("the client does not panic")
}

/// Where the time of runs went, in time of a processor. What runs beside each other is added up; a database has threads of its own, which
/// are not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// In matrix-sdk-crypto.
    pub client: Duration,
    /// In the simulator and in what stands between it and the client.
    pub harness: Duration,
    /// In the rules, and in whatever else looks at the facts.
    pub rules: Duration,
}

impl Spent {
    /// Adds what others took.
    pub fn add(&mut self, other: Self) {
        self.client += other.client;
        self.harness += other.harness;
        self.rules += other.rules;
    }
}

/// Why a run did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Breakdown {
    /// The client panicked, with this message.
    Panic(String),
    /// The client did nothing for a long time.
    Hang,
    /// The clients went on and on, and were cut.
    Endless,
}

/// The simulator with matrix-sdk-crypto on every device that has encryption and is not cast otherwise.
#[derive(Debug, Default)]
pub struct SdkRooms {
    members: Members,
    known: Known,
    /// After how many actions a run is cut, whatever its room.
    cut_after: Option<u64>,
    breakdowns: Mutex<Vec<Breakdown>>,
    spent: Mutex<Spent>,
    read_again: AtomicU64,
}

impl SdkRooms {
    /// The same with glue that does what `matrix-sdk` leaves undone: what goes wrong all the same is the crate's doing.
    #[must_use]
    pub fn careful() -> Self {
        Self { members: Members { careful: true, ..Members::default() }, ..Self::default() }
    }

    /// The same with these clients.
    #[must_use]
    pub fn cast(mut self, casting: Casting) -> Self {
        self.members.casting = casting;
        self
    }

    /// The same where chance is decided in this way.
    #[must_use]
    pub const fn with_luck(mut self, luck: Luck) -> Self {
        self.members.luck = luck;
        self
    }

    /// The same where a run is cut earlier, or later.
    #[must_use]
    pub const fn cut_after(mut self, actions: u64) -> Self {
        self.cut_after = Some(actions);
        self
    }

    /// After how many actions a run of this scenario is cut.
    fn actions_max(&self, scenario: &Scenario) -> u64 {
        let devices = u64::try_from(scenario.devices.len()).unwrap_or(u64::MAX);
        self.cut_after.unwrap_or_else(|| ACTIONS_MAX.max(ACTIONS_EACH.saturating_mul(devices)))
    }

    /// The same where what is broken as these findings show it is told and does not count.
    #[must_use]
    pub fn knowing(mut self, known: Known) -> Self {
        self.known = known;
        self
    }

    /// Which clients there are.
    #[must_use]
    pub const fn casting(&self) -> &Casting {
        &self.members.casting
    }

    /// What has gone wrong since this was last asked, in the order in which runs ended.
    #[must_use]
    pub fn take_breakdowns(&self) -> Vec<Breakdown> {
        std::mem::take(&mut *self.breakdowns.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many runs had to be made again, because a message in them held something else than it was taken for.
    #[must_use]
    pub fn read_again(&self) -> u64 {
        self.read_again.load(Ordering::Relaxed)
    }

    /// Where the time of all runs so far went.
    #[must_use]
    pub fn spent(&self) -> Spent {
        *self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spend(&self, spent: Spent) {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner).add(spent);
    }

    /// What of a judgement is broken as a finding shows it that is known. A judgement has no facts: the run is made again, and is the same.
    fn known_in(&self, scenario: &Scenario, outcome: &Outcome) -> Vec<Violation> {
        let real = self.members.casting.real(scenario);
        if !breaches_of(outcome, &real).any(|breach| self.known.has(breach.rule)) {
            return Vec::new();
        }
        let mut trace = Trace::default();
        self.simulate(scenario, outcome.reading.name, &mut trace);
        let ways = ways(scenario, (outcome, trace.facts()), &real).into_iter();
        ways.filter(|(_, way)| self.known.knows(way)).map(|(violation, _)| violation).collect()
    }

    /// One run: its end with what was misread in it, if it came to one, and its facts.
    fn once(
        &self,
        (members, actions): (&Members, u64),
        scenario: &Scenario,
        reading: ReadingName,
    ) -> (Option<(Simulated, Opened)>, Vec<Fact>) {
        let most = actions.min(self.actions_max(scenario));
        let (from, thread) = begin((members.clone(), most), scenario, reading);
        let mut all = Vec::new();
        loop {
            match from.recv_timeout(PATIENCE) {
                Ok(News::Facts(facts)) => {
                    all.extend(facts);
                    continue;
                }
                Ok(News::End(end, [took, worked])) => {
                    let _ = thread.join();
                    let client = Duration::from_nanos(worked);
                    let harness = Duration::from_nanos(took.saturating_sub(worked));
                    self.spend(Spent { client, harness, ..Spent::default() });
                    let end = end.map_err(|message| self.broke_down(Breakdown::Panic(message)));
                    if end.as_ref().is_ok_and(|(end, _)| most < actions && end.actions >= most) {
                        self.broke_down(Breakdown::Endless);
                    }
                    return (end.ok(), all);
                }
                // A thread that hangs cannot be ended; it is left behind.
                Err(RecvTimeoutError::Timeout) => self.broke_down(Breakdown::Hang),
                Err(RecvTimeoutError::Disconnected) => {
                    self.broke_down(Breakdown::Panic("the thread ended".to_owned()));
                }
            }
            return (None, all);
        }
    }

    /// Gives the facts of a run away.
    fn hand_out(&self, end: Simulated, facts: &[Fact], sink: &mut dyn FactSink) -> Simulated {
        let began = lockstep::cpu_ns();
        facts.iter().for_each(|fact| sink.record(fact));
        let rules = Duration::from_nanos(lockstep::cpu_ns().saturating_sub(began));
        self.spend(Spent { rules, ..Spent::default() });
        end
    }

    fn broke_down(&self, breakdown: Breakdown) {
        self.breakdowns.lock().unwrap_or_else(PoisonError::into_inner).push(breakdown);
    }
}

/// What comes from the thread of a run.
enum News {
    Facts(Vec<Fact>),
    /// The end with what was misread in the run, and how many nanoseconds the run took, and the machines in it.
    End(Result<(Simulated, Opened), String>, [u64; 2]),
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

/// Runs a scenario on this thread; `worked` counts the nanoseconds of the machines.
fn run(
    (members, actions): (Members, u64),
    (scenario, reading): (&Scenario, ReadingName),
    worked: &Rc<Cell<u64>>,
    sink: &mut Batches,
) -> (Simulated, Opened) {
    let around = members.surroundings(scenario, Rc::clone(worked));
    let wire = Rc::clone(&around.wire);
    let clients = self::members(around, &members.casting, scenario, reading);
    let world = World::with_choices(scenario, clients, members.luck.of(scenario.seed));
    let mut world = world.with_action_limit(actions);
    world.run(sink);
    let misread = wire.borrow().misread().clone();
    (Simulated { actions: world.actions(), ended_at: world.now() }, misread)
}

/// The end of a run that did not come to one.
fn cut_after(facts: &[Fact]) -> Simulated {
    Simulated { actions: 0, ended_at: facts.last().map_or(SimTime::ZERO, |fact| fact.at) }
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
        let (worked, began) = (Rc::default(), lockstep::cpu_ns());
        let run = AssertUnwindSafe(|| run(how, (&scenario, reading), &worked, &mut sink));
        let end = catch_unwind(run).map_err(|panic| message_of(&*panic));
        lockstep::leave();
        let _ = to.send(News::Facts(std::mem::take(&mut sink.batch)));
        let took = lockstep::cpu_ns().saturating_sub(began);
        let _ = to.send(News::End(end, [took, worked.get()]));
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
        let (mut members, most) = (self.members.clone(), actions.min(self.actions_max(scenario)));
        for _ in 1..READINGS_MAX {
            let (run, facts) = self.once((&members, actions), scenario, reading);
            match run {
                // What was read later is told where it was written. The clients do not see it, and do the same again.
                // A run that was cut is not judged: it is not made again for it.
                Some((run, misread)) if !misread.is_empty() && run.actions < most => {
                    self.read_again.fetch_add(1, Ordering::Relaxed);
                    members.told.extend(misread);
                }
                Some((simulated, _)) => return self.hand_out(simulated, &facts, sink),
                None => return self.hand_out(cut_after(&facts), &facts, sink),
            }
        }
        let (run, facts) = self.once((&members, actions), scenario, reading);
        let simulated = run.map_or_else(|| cut_after(&facts), |(simulated, _)| simulated);
        self.hand_out(simulated, &facts, sink)
    }

    fn accepts(&self, scenario: &Scenario) -> Result<(), String> {
        let is_there = |name: &str| scenario.devices.iter().any(|device| device.name == name);
        match self.members.casting.named().find(|(name, _)| !is_there(name)) {
            Some((name, _)) => Err(format!("--device: there is no device {name}")),
            None => Ok(()),
        }
    }

    fn leave_undecided(&self, scenario: &Scenario, outcome: &mut Outcome) {
        let real = self.members.casting.real(scenario);
        let hidden = |one: &Violation| {
            matches!(one.party, Party::Device(device) if real.contains(&device))
                && matches!(not_the_crate(one.rule), Some(NotTheCrate::Hidden(_)))
        };
        let known = self.known_in(scenario, outcome);
        outcome.violations.retain(|one| !hidden(one) && !known.contains(one));
    }

    fn remarks(&self, scenario: &Scenario, report: &RunReport) -> Vec<Remark> {
        remarks((&self.members, &self.known), scenario, report)
    }
}

/// What a reader of a report should know of these clients: what they left out, what they are not judged by, and which of them is needed
/// for what was broken.
fn remarks(
    (members, known): (&Members, &Known),
    scenario: &Scenario,
    report: &RunReport,
) -> Vec<Remark> {
    let casting = &members.casting;
    let omitted = prepare::omitted(scenario, casting).into_iter();
    let left_out = omitted.map(|(why, count)| format!("{count} of the file: {why}")).collect();
    let real = casting.real(scenario);
    let reading = report.outcome.reading.name;
    let made = |casting| SdkRooms {
        members: Members { careful: members.careful, casting, ..Members::default() },
        ..SdkRooms::default()
    };
    let breaches: BTreeSet<Breach> = breaches_of(&report.outcome, &real).collect();
    let (mut whose, mut glue) = (Vec::new(), Vec::new());
    for breach in breaches {
        let id = breach.rule.id();
        if let Some(NotTheCrate::Glue(why)) = not_the_crate(breach.rule) {
            glue.push(format!("{id}: {why}"));
        } else if let Some(devices) = needed(made, (scenario, reading), casting, breach) {
            whose.push(format!("{id}: {}", needed::sentence(scenario, &devices)));
        }
    }
    let [met, other] = known_here(&made(casting.clone()), known, (scenario, reading), &real);
    let hidden = if real.is_empty() { Vec::new() } else { not_judged(&report.outcome) };
    let all = [
        ("left out", left_out),
        ("known findings, which do not count", met),
        ("broken in a way that no finding of this rule shows", other),
        ("not judged, because it does not show", hidden),
        ("decided by the glue around the crate", glue),
        ("which client is needed", whose),
    ];
    let said = all.into_iter().filter(|(_, lines): &(_, Vec<String>)| !lines.is_empty());
    said.map(|(about, lines)| Remark { about, lines }).collect()
}

/// What real devices break as a finding shows it, and what they break in another way though there is a finding of the rule: a run that
/// counts everything is made for it.
fn known_here(
    simulator: &SdkRooms,
    known: &Known,
    (scenario, reading): (&Scenario, ReadingName),
    real: &[DeviceId],
) -> [Vec<String>; 2] {
    if known.is_empty() {
        return [const { Vec::new() }; 2];
    }
    let mut trace = Trace::default();
    let outcome = run_one(simulator, scenario, Judging::of(reading), &mut trace).outcome;
    let (mut met, mut other) = (BTreeSet::new(), BTreeSet::new());
    for (violation, way) in ways(scenario, (&outcome, trace.facts()), real) {
        if known.knows(&way) {
            met.insert(known.line(&way));
        } else if known.has(violation.rule) {
            other.insert(words(&way));
        }
    }
    [met, other].map(|lines| lines.into_iter().collect())
}

/// The rules that had an occasion and that a device with matrix-sdk-crypto cannot be judged by.
fn not_judged(outcome: &Outcome) -> Vec<String> {
    let met = Rule::ALL.iter().filter(|rule| outcome.marks.of(**rule) > 0);
    let hidden = met.filter_map(|rule| match not_the_crate(*rule) {
        Some(NotTheCrate::Hidden(why)) => Some(format!("{}: {why}", rule.id())),
        Some(NotTheCrate::Glue(_)) | None => None,
    });
    hidden.collect()
}
