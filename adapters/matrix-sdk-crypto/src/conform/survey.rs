//! Many rooms with real devices, run and judged on all cores, and what each rule came to.
//! It does not know how that is shown.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use withheld::check::needs;
use withheld::check::outcome::{Outcome, Violation};
use withheld::engine::choices::Seeded;
use withheld::generate;
use withheld::generate::plan::{Plan, Sizes, Subject};
use withheld::minimise::size::Size;
use withheld::rulebook::leaf::Leaf;
use withheld::rulebook::reading::{ReadingName, Severity};
use withheld::rulebook::rule::{Actor, Level, Rule};
use withheld::run::RunReport;
use withheld::run::failure::{Failure, Trial, try_out};
use withheld::run::judged::{DigestCheck, Judging, run_one};
use withheld::run::shrunk::{Shrunk, shrink};
use withheld::run::twice::{Divergence, run_again};
use withheld::scenario::fault::Party;
use withheld::scenario::model::Scenario;
use withheld::scenario::profile::ProfileName;
use withheld::trace::sink::Trace;

use crate::prepare::prepare;
use crate::simulator::{Breakdown, SdkRooms};

use super::glue::{NotTheCrate, not_the_crate};

/// A room that is to be run.
#[derive(Debug, Clone)]
pub struct Room {
    /// The file, or the seed that it was generated from.
    pub name: String,
    /// The scenario.
    pub scenario: Scenario,
}

/// The generated room of a seed.
#[must_use]
pub fn generated(seed: u64) -> Room {
    let sizes = Sizes { servers: 3, users: 4, devices_per_user: 3, rooms: 2, steps: 24, faults: 4 };
    let subject = Subject::Program(ProfileName::MatrixRustSdk);
    let plan = Plan { sizes, subject, neighbours: false };
    let mut scenario = generate::scenario(&plan, &mut Seeded::new(seed));
    scenario.seed = seed;
    Room { name: format!("generated, seed {seed}"), scenario }
}

/// How a device broke a rule in some rooms.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Breach {
    /// The rule.
    pub rule: Rule,
    /// Whether it is a violation in the strict reading, or worth a warning.
    pub severity: Severity,
}

/// The rooms in which a rule was broken in one way.
#[derive(Debug, Clone, Default)]
pub struct Rooms {
    /// How many.
    pub count: u64,
    /// The smallest.
    pub smallest: Option<(usize, Room)>,
}

/// What many rooms came to.
#[derive(Debug, Default)]
pub struct Survey {
    /// How many were run.
    pub runs: u64,
    /// How many facts there were.
    pub facts: u64,
    /// How often the condition of each rule was met, by its place among all.
    pub met: BTreeMap<Rule, u64>,
    /// Breaches by devices that no fault excuses.
    pub breaches: BTreeMap<Breach, Rooms>,
    /// Breaches that careful glue avoids: they are its own, not the crate's.
    pub by_glue: BTreeMap<Breach, Rooms>,
    /// How many breaches were excused by a fault of the room, by rule.
    pub excused: BTreeMap<Rule, u64>,
    /// Messages by what became of them at each device.
    pub verdicts: BTreeMap<Leaf, u64>,
    /// Devices that were owed a key after everything was good again, and did not get it.
    pub unhealed: u64,
    /// What was left out of rooms, and of how many.
    pub left_out: BTreeMap<&'static str, u64>,
    /// Rooms that could not be run, with the reason.
    pub skipped: Vec<(String, String)>,
    /// Rooms in which the client broke down.
    pub broken_down: BTreeMap<Breakdown, Rooms>,
    /// Rooms that did not run the same way twice.
    pub diverging: Vec<(String, Option<Divergence>)>,
    /// Rooms that were cut.
    pub inconclusive: u64,
    /// Time of a processor that runs took.
    pub running: Duration,
}

/// What is said of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// A device broke it.
    Broken,
    /// A device did what is worth a warning.
    Warned,
    /// It applied, and no device broke it.
    Held,
    /// The glue decides it, or glue that is more careful keeps it.
    Glue,
    /// What would decide it does not show.
    NotDecidable,
    /// It binds servers, or whoever judges.
    OfOthers,
    /// Its condition was never met.
    NotReached,
}

impl Standing {
    /// All, in the order of a report.
    pub const ALL: [Self; 7] = [
        Self::Broken,
        Self::Warned,
        Self::Held,
        Self::Glue,
        Self::NotDecidable,
        Self::OfOthers,
        Self::NotReached,
    ];

    /// The word in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Warned => "warned",
            Self::Held => "held",
            Self::Glue => "glue",
            Self::NotDecidable => "not decidable",
            Self::OfOthers => "of others",
            Self::NotReached => "not reached",
        }
    }
}

impl Survey {
    /// What is said of a rule.
    #[must_use]
    pub fn standing(&self, rule: Rule) -> Standing {
        if matches!(rule.actor(), Actor::Server | Actor::Checker) {
            return Standing::OfOthers;
        }
        match not_the_crate(rule) {
            Some(NotTheCrate::Glue(_)) => return Standing::Glue,
            Some(NotTheCrate::Hidden(_)) => return Standing::NotDecidable,
            None => {}
        }
        if needs::of(rule).is_none() && !matches!(rule.level(), Level::May | Level::Permitted) {
            return Standing::NotDecidable;
        }
        let broken = |severity| self.breaches.contains_key(&Breach { rule, severity });
        if broken(Severity::Violation) {
            Standing::Broken
        } else if broken(Severity::Warning) {
            Standing::Warned
        } else if self.by_glue.keys().any(|breach| breach.rule == rule) {
            Standing::Glue
        } else if self.met.get(&rule).is_some_and(|met| *met > 0) {
            Standing::Held
        } else {
            Standing::NotReached
        }
    }

    fn merge(&mut self, other: Self) {
        self.runs += other.runs;
        self.facts += other.facts;
        self.unhealed += other.unhealed;
        self.inconclusive += other.inconclusive;
        self.running += other.running;
        self.skipped.extend(other.skipped);
        self.diverging.extend(other.diverging);
        add(&mut self.met, other.met);
        add(&mut self.excused, other.excused);
        add(&mut self.verdicts, other.verdicts);
        add(&mut self.left_out, other.left_out);
        for (breach, rooms) in other.breaches {
            self.breaches.entry(breach).or_default().merge(rooms);
        }
        for (breach, rooms) in other.by_glue {
            self.by_glue.entry(breach).or_default().merge(rooms);
        }
        for (breakdown, rooms) in other.broken_down {
            self.broken_down.entry(breakdown).or_default().merge(rooms);
        }
    }

    fn add(&mut self, report: &RunReport) {
        self.runs += 1;
        self.facts += report.facts;
        let outcome = &report.outcome;
        self.inconclusive += u64::from(outcome.is_inconclusive());
        for rule in Rule::ALL {
            *self.met.entry(*rule).or_default() += outcome.marks.of(*rule);
        }
        for verdict in &outcome.verdicts {
            *self.verdicts.entry(verdict.leaf).or_default() += 1;
        }
        self.unhealed += u64::try_from(outcome.unhealed.len()).unwrap_or(u64::MAX);
        for violation in &outcome.violations {
            if violation.injected.is_some() {
                *self.excused.entry(violation.rule).or_default() += 1;
            }
        }
    }
}

fn add<K: Ord>(sums: &mut BTreeMap<K, u64>, more: BTreeMap<K, u64>) {
    for (key, count) in more {
        *sums.entry(key).or_default() += count;
    }
}

/// How devices broke rules in a run, each way once.
#[must_use]
pub fn breaches(outcome: &Outcome) -> BTreeSet<Breach> {
    let counts = |violation: &&Violation| {
        violation.injected.is_none() && matches!(violation.party, Party::Device(_))
    };
    let all = outcome.violations.iter().filter(counts);
    all.map(|one| Breach { rule: one.rule, severity: one.severity }).collect()
}

impl Rooms {
    fn add(&mut self, room: &Room) {
        self.merge(Self {
            count: 1,
            smallest: Some((Size::of(&room.scenario).total(), room.clone())),
        });
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        let key = |(size, room): &(usize, Room)| (*size, room.name.clone());
        if let Some(found) = other.smallest
            && self.smallest.as_ref().is_none_or(|known| key(&found) < key(known))
        {
            self.smallest = Some(found);
        }
    }
}

/// How rooms are judged here: strictly, without what their files expect of other clients.
const JUDGING: Judging = Judging { reading: ReadingName::Strict, digest: DigestCheck::Free };

/// Runs rooms on so many threads and adds them up; the sum does not depend on how many these are. Every room is run twice.
#[must_use]
pub fn survey(rooms: Vec<Room>, threads: usize, told: &(dyn Fn(u64) + Sync)) -> Survey {
    let queue = Mutex::new(VecDeque::from(rooms));
    let sum = Mutex::new(Survey::default());
    let work = || {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some(room) = next else { return };
            let one = run_room(room);
            let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
            sum.merge(one);
            told(sum.runs);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(work);
        }
    });
    let mut sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    sum.skipped.sort();
    sum.diverging.sort_by(|one, other| one.0.cmp(&other.0));
    sum
}

fn run_room(room: Room) -> Survey {
    let mut one = Survey::default();
    let prepared = match prepare(&room.scenario) {
        Ok(prepared) => prepared,
        Err(reason) => {
            one.skipped.push((room.name, reason));
            return one;
        }
    };
    one.left_out = prepared.left_out.iter().map(|what| (*what, 1)).collect();
    let room = Room { name: room.name, scenario: prepared.scenario };
    let (simulator, began) = (SdkRooms::default(), Instant::now());
    let mut report = run_one(&simulator, &room.scenario, JUDGING, &mut None::<Trace>);
    one.running = began.elapsed();
    if let Some(breakdown) = simulator.take_breakdowns().into_iter().next() {
        one.broken_down.entry(breakdown).or_default().add(&room);
        one.runs += 1;
        return one;
    }
    run_again(&simulator, &room.scenario, JUDGING.reading, &mut report);
    if report.divergence.is_some() {
        one.diverging.push((room.name.clone(), report.divergence));
    }
    one.add(&report);
    let broken = breaches(&report.outcome);
    if !broken.is_empty() {
        let careful = run_one(&SdkRooms::careful(), &room.scenario, JUDGING, &mut None::<Trace>);
        let still = breaches(&careful.outcome);
        for breach in broken {
            let sums = if still.contains(&breach) { &mut one.breaches } else { &mut one.by_glue };
            sums.entry(breach).or_default().add(&room);
        }
    }
    one
}

/// Makes the smallest room known for a breach as small as it can be; `None` if it is not broken there again.
#[must_use]
pub fn made_small(breach: &Breach, room: &Room, limit: usize) -> Option<Shrunk> {
    let is_device = |_: &Scenario, party: Party| matches!(party, Party::Device(_));
    let trial = Trial {
        reading: JUDGING.reading,
        warnings: breach.severity == Severity::Warning,
        expected: true,
        repeat: false,
        is_on_trial: &is_device,
    };
    let simulator = SdkRooms::careful();
    let tried = try_out(&simulator, &room.scenario, &trial);
    let is_it = |failure: &Failure| {
        let signature = failure.signature();
        signature.is_some_and(|one| (one.rule, one.severity) == (breach.rule, breach.severity))
    };
    let found = tried.found.iter().find(|found| is_it(&found.failure))?;
    Some(shrink(&simulator, &room.scenario, &trial, (&tried, found), limit))
}
