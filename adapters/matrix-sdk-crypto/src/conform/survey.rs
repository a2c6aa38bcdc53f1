//! Many rooms with real devices, run and judged on all cores, and what each rule came to.
//! It does not know how that is shown.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use withheld::check::needs;
use withheld::check::outcome::{Outcome, Violation};
use withheld::minimise::size::Size;
use withheld::rulebook::leaf::Leaf;
use withheld::rulebook::reading::{ReadingName, Severity};
use withheld::rulebook::rule::{Actor, Level, Rule};
use withheld::run::RunReport;
use withheld::run::clients::{InWorld, References};
use withheld::run::judged::{Judging, run_one};
use withheld::run::twice::{Divergence, run_again};
use withheld::scenario::fault::Party;
use withheld::trace::sink::Trace;

use crate::casting::Casting;
use crate::command::Room;
use crate::glue::{NotTheCrate, not_the_crate};
use crate::known::Known;
use crate::needed::Breach;
use crate::prepare::prepare;
use crate::role::Role;
use crate::simulator::{Breakdown, SdkRooms, Spent};
use crate::store::StoreKind;
use crate::ways::{outline, ways};

/// The rooms in which a rule was broken in one way.
#[derive(Debug, Clone, Default)]
pub struct Rooms {
    /// How many.
    pub count: u64,
    /// The smallest.
    pub smallest: Option<(usize, Case)>,
    /// In which roles.
    pub roles: BTreeSet<Role>,
}

/// A room with the role that it is run in.
#[derive(Debug, Clone)]
pub struct Case {
    /// The room.
    pub room: Room,
    /// The role.
    pub role: Role,
    /// In what the client keeps its keys.
    pub store: StoreKind,
}

impl Case {
    /// Which clients there are.
    #[must_use]
    pub const fn casting(&self) -> Casting {
        Casting::in_role(self.role).stored_in(self.store)
    }

    /// What it is called in reports.
    #[must_use]
    pub fn name(&self) -> String {
        match self.role {
            Role::Both => self.room.name.clone(),
            Role::Sender | Role::Recipient => {
                format!("{} (as {})", self.room.name, self.role.as_str())
            }
        }
    }
}

/// What many rooms came to.
#[derive(Debug, Default)]
pub struct Survey {
    /// How many were run.
    pub runs: u64,
    /// How many facts there were.
    pub facts: u64,
    /// How often the condition of each rule was met, by role.
    pub met: BTreeMap<(Role, Rule), u64>,
    /// Breaches by devices that no fault excuses.
    pub breaches: BTreeMap<Breach, Rooms>,
    /// Those of them that no finding shows which is known: another rule, or another way.
    pub new: BTreeMap<Breach, Rooms>,
    /// Those of a rule of which a finding is known, by what shows them.
    pub other_ways: BTreeMap<String, Rooms>,
    /// Breaches that careful glue avoids: they are its own, not the crate's.
    pub by_glue: BTreeMap<Breach, Rooms>,
    /// Breaches by devices that run the reference client: it or the rule is wrong, or what stands between the two kinds of client.
    pub by_reference: BTreeMap<Breach, Rooms>,
    /// Breaches by servers, which are the simulator's own.
    pub by_servers: BTreeMap<Breach, Rooms>,
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
    /// Rooms in which a message held something else than the adapter took it for, until it was read.
    pub read_again: u64,
    /// Where the time went.
    pub spent: Spent,
    /// The rooms that took longest, the first of them most.
    pub slowest: Vec<(Duration, String)>,
}

/// How many of the slowest rooms are told.
const SLOWEST: usize = 8;

/// What is said of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// A device broke it.
    Broken,
    /// A device did what is worth a warning.
    Warned,
    /// The glue decides it, or glue that is more careful keeps it.
    Glue,
    /// It applied, and no device broke it.
    Held,
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
        Self::Glue,
        Self::Held,
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
        let in_roles = Role::ALL.map(|role| self.standing_in(rule, role));
        in_roles.into_iter().min().unwrap_or(Standing::NotReached)
    }

    /// How often the condition of a rule was met.
    #[must_use]
    pub fn met(&self, rule: Rule) -> u64 {
        Role::ALL.iter().filter_map(|role| self.met.get(&(*role, rule))).sum()
    }

    /// What came of a rule in a role.
    #[must_use]
    pub fn standing_in(&self, rule: Rule, role: Role) -> Standing {
        let is_in = |all: &BTreeMap<Breach, Rooms>, severity| {
            let rooms = all.get(&Breach { rule, severity });
            rooms.is_some_and(|rooms| rooms.roles.contains(&role))
        };
        let glue = |severity| is_in(&self.by_glue, severity);
        if is_in(&self.breaches, Severity::Violation) {
            Standing::Broken
        } else if is_in(&self.breaches, Severity::Warning) {
            Standing::Warned
        } else if glue(Severity::Violation) || glue(Severity::Warning) {
            Standing::Glue
        } else if self.met.get(&(role, rule)).is_some_and(|met| *met > 0) {
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
        self.read_again += other.read_again;
        self.spent.add(other.spent);
        self.slowest.extend(other.slowest);
        self.slowest.sort_by(|one, other| other.cmp(one));
        self.slowest.truncate(SLOWEST);
        self.skipped.extend(other.skipped);
        self.diverging.extend(other.diverging);
        add(&mut self.met, other.met);
        add(&mut self.excused, other.excused);
        add(&mut self.verdicts, other.verdicts);
        add(&mut self.left_out, other.left_out);
        for (sums, more) in [
            (&mut self.breaches, other.breaches),
            (&mut self.new, other.new),
            (&mut self.by_glue, other.by_glue),
            (&mut self.by_reference, other.by_reference),
            (&mut self.by_servers, other.by_servers),
        ] {
            for (breach, rooms) in more {
                sums.entry(breach).or_default().merge(rooms);
            }
        }
        for (way, rooms) in other.other_ways {
            self.other_ways.entry(way).or_default().merge(rooms);
        }
        for (breakdown, rooms) in other.broken_down {
            self.broken_down.entry(breakdown).or_default().merge(rooms);
        }
    }

    fn add(&mut self, role: Role, report: &RunReport) {
        self.runs += 1;
        self.facts += report.facts;
        let outcome = &report.outcome;
        self.inconclusive += u64::from(outcome.is_inconclusive());
        for rule in Rule::ALL {
            *self.met.entry((role, *rule)).or_default() += outcome.marks.of(*rule);
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

/// How these parties broke rules in a run without an excuse, each way once.
fn breaches(outcome: &Outcome, is_meant: impl Fn(Party) -> bool) -> BTreeSet<Breach> {
    let counts = |violation: &&Violation| violation.injected.is_none() && is_meant(violation.party);
    let all = outcome.violations.iter().filter(counts);
    all.map(Breach::of).collect()
}

impl Rooms {
    fn add(&mut self, case: &Case) {
        self.merge(Self {
            count: 1,
            smallest: Some((Size::of(&case.room.scenario).total(), case.clone())),
            roles: BTreeSet::from([case.role]),
        });
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.roles.extend(other.roles);
        // Where all devices are real, nothing but them can have done it.
        let key = |(size, case): &(usize, Case)| {
            (std::cmp::Reverse(case.role), *size, case.room.name.clone())
        };
        if let Some(found) = other.smallest
            && self.smallest.as_ref().is_none_or(|known| key(&found) < key(known))
        {
            self.smallest = Some(found);
        }
    }
}

/// Runs rooms on so many threads and adds them up; the sum does not depend on how many these are. Every room is run twice. `told` sees the sum
/// after each.
#[must_use]
pub fn survey(
    cases: Vec<Case>,
    known: &Known,
    threads: usize,
    told: &(dyn Fn(&Survey) + Sync),
) -> Survey {
    let queue = Mutex::new(VecDeque::from(cases));
    let sum = Mutex::new(Survey::default());
    let work = || {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some(case) = next else { return };
            let one = run_case(case, known);
            let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
            sum.merge(one);
            told(&sum);
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

fn run_case(case: Case, known: &Known) -> Survey {
    let mut one = Survey::default();
    let casting = case.casting();
    if !is_of_its_own(&casting, &case) {
        return one;
    }
    let prepared = match prepare(&case.room.scenario, &casting) {
        Ok(prepared) => prepared,
        Err(reason) => {
            one.skipped.push((case.name(), reason));
            return one;
        }
    };
    one.left_out = prepared.left_out.iter().map(|what| (*what, 1)).collect();
    let (name, scenario) = (case.room.name.clone(), prepared.scenario);
    let case = Case { room: Room { name, scenario }, ..case };
    let began = Instant::now();
    let simulator = SdkRooms::default().cast(casting);
    judge(&case, (&simulator, known), &mut one);
    one.spent.add(simulator.spent());
    one.read_again = u64::from(simulator.read_again() > 0);
    one.slowest = vec![(began.elapsed(), case.name())];
    one
}

/// Whether anybody runs matrix-sdk-crypto, and not everybody unless that is the role.
fn is_of_its_own(casting: &Casting, case: &Case) -> bool {
    let scenario = &case.room.scenario;
    let (real, all) = (casting.real(scenario).len(), Casting::default().real(scenario).len());
    real > 0 && (case.role == Role::Both || real < all)
}

fn judge(case: &Case, (simulator, known): (&SdkRooms, &Known), one: &mut Survey) {
    let scenario = &case.room.scenario;
    let mut report = run_one(simulator, scenario, Judging::STRICT, &mut ());
    if let Some(breakdown) = simulator.take_breakdowns().into_iter().next() {
        one.broken_down.entry(breakdown).or_default().add(case);
        one.runs += 1;
        return;
    }
    run_again(simulator, scenario, ReadingName::Strict, &mut report);
    if report.divergence.is_some() {
        one.diverging.push((case.name(), report.divergence));
    }
    one.add(case.role, &report);
    let real = simulator.casting().real(scenario);
    let is_real = |party: Party| matches!(party, Party::Device(device) if real.contains(&device));
    let is_server = |party: Party| matches!(party, Party::Server(_));
    let others = |party: Party| matches!(party, Party::Device(_)) && !is_real(party);
    for breach in breaches(&report.outcome, is_server) {
        one.by_servers.entry(breach).or_default().add(case);
    }
    // What the reference client does among its own kind as well is what the file has its user do.
    let alone = run_one(&InWorld(References), scenario, Judging::STRICT, &mut ()).outcome;
    let alone = breaches(&alone, |party| matches!(party, Party::Device(_)));
    for breach in breaches(&report.outcome, others) {
        if !alone.contains(&breach) {
            one.by_reference.entry(breach).or_default().add(case);
        }
    }
    let broken = breaches(&report.outcome, is_real);
    if broken.is_empty() {
        return;
    }
    let careful = SdkRooms::careful().cast(simulator.casting().clone());
    let mut trace = Trace::default();
    let still = run_one(&careful, scenario, Judging::STRICT, &mut trace).outcome;
    one.spent.add(careful.spent());
    let new = ways(scenario, (&still, trace.facts()), &real).into_iter();
    let new: Vec<_> = new.filter(|(_, way)| !known.knows(way)).collect();
    let others = new.iter().filter(|(one, _)| known.has(one.rule));
    for way in others.map(|(_, way)| outline(way)).collect::<BTreeSet<_>>() {
        one.other_ways.entry(way).or_default().add(case);
    }
    let new: BTreeSet<Breach> = new.iter().map(|(one, _)| Breach::of(one)).collect();
    let still = breaches(&still, is_real);
    for breach in broken {
        let sums = if still.contains(&breach) { &mut one.breaches } else { &mut one.by_glue };
        sums.entry(breach).or_default().add(case);
        if new.contains(&breach) {
            one.new.entry(breach).or_default().add(case);
        }
    }
}
