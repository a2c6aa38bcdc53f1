//! Comparisons: every contender in every world with every seed, and what was measured of each run.
//! It does not know where worlds and contenders come from, nor how a difference is shown.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::check::outcome::NotSent;
use crate::overhead::contender::Contender;
use crate::overhead::mailboxes::Course;
use crate::overhead::measure::{Figures, Measure};
use crate::overhead::meter::Meter;
use crate::overhead::stats::{self, Estimate};
use crate::overhead::wire::Wire;
use crate::overhead::world::Plan;
use crate::rulebook::reading::ReadingName;
use crate::run::RunReport;
use crate::run::judged::{Judging, run_tapped};
use crate::run::mutants::lanes::work_through;
use crate::run::simulator::Simulator;
use crate::scenario::file;
use crate::scenario::limits::Limits;
use crate::scenario::model::Scenario;
use crate::trace::fact::{Refusal, RunEnd};

/// How many cells, that is messages at devices, a room may have: each costs memory in every run. It is what the reader of files allows of
/// those that have a verdict.
pub const MOST_CELLS: u64 = Limits::FILES.verdicts as u64;

/// A room in which contenders are compared.
#[derive(Debug, Clone)]
pub struct World {
    /// What it is called.
    pub name: String,
    /// With how many seeds it is played.
    pub seeds: u32,
    /// Where it comes from.
    pub source: Source,
}

/// Where a room comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// It is made from the seed.
    Made(Plan),
    /// It is that of a file, whose seed is replaced and whose expectations are passed over.
    File(Box<Scenario>),
}

impl World {
    /// A world that comes with the program.
    #[must_use]
    pub fn made(plan: Plan) -> Self {
        Self { name: plan.name(), seeds: plan.seeds(), source: Source::Made(plan) }
    }

    fn scenario(&self, seed: u64) -> Scenario {
        match &self.source {
            Source::Made(plan) => plan.scenario(seed),
            Source::File(scenario) => {
                let mut scenario = (**scenario).clone();
                scenario.seed = seed;
                scenario.expect = Default::default();
                scenario
            }
        }
    }
}

/// What is compared.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The rooms.
    pub worlds: Vec<World>,
    /// The contenders.
    pub contenders: Vec<Contender>,
    /// The position of the one that the others are compared with.
    pub baseline: usize,
    /// How ambiguous points of the specification are read, by the judge and by clients.
    pub reading: ReadingName,
    /// The first seed; the others follow.
    pub seed: u64,
    /// How many threads.
    pub jobs: usize,
}

/// A run of one contender in one world with one seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// What was measured.
    pub figures: Figures,
    /// How the mailboxes were filled.
    pub course: Course,
    /// Whether it came to rest.
    pub is_whole: bool,
    /// How many actions it took.
    pub actions: u64,
}

/// The runs of one world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// The world.
    pub world: String,
    /// The seeds, in the order of the runs of each contender.
    pub seeds: Vec<u64>,
    /// By contender, then by seed.
    pub runs: Vec<Vec<Run>>,
}

/// A difference between a contender and the baseline in one world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// The means of the contender and of the baseline, in thousandths, over the pairs.
    pub mean_milli: i64,
    /// The baseline's.
    pub baseline_milli: i64,
    /// The mean of the differences with its interval.
    pub by: Estimate,
}

/// All that came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The names of the contenders with what they stand for.
    pub contenders: Vec<(String, String)>,
    /// The position of the baseline.
    pub baseline: usize,
    /// The worlds, in their order.
    pub worlds: Vec<Played>,
}

/// A room that a contender cannot play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unplayable {
    /// The room.
    pub room: String,
    /// The contender.
    pub contender: String,
    /// Why not.
    pub why: Why,
}

/// Why a room cannot be played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The room with these settings is no valid one; what the reader says of it.
    Invalid(String),
    /// It has so many messages at so many devices.
    TooLarge {
        /// Messages.
        messages: usize,
        /// Devices.
        devices: usize,
    },
    /// It went on until it was cut.
    Endless,
    /// No message was sent; why the first was not, in words.
    NothingSent(String),
    /// The clients of this program do not show their requests.
    NoRequests,
}

/// How far a comparison has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Runs that are done.
    pub done: u64,
    /// All runs.
    pub of: u64,
}

/// Plays everything. `watcher` is told after every run, from any thread; what comes out does not depend on how many there are.
///
/// # Errors
/// The first room that a contender cannot play, in the order of worlds, contenders and seeds.
pub fn compare(
    simulator: &dyn Simulator,
    setup: &Setup,
    watcher: &(dyn Fn(Progress) + Sync),
) -> Result<Comparison, Unplayable> {
    check_rooms(setup)?;
    let mut matches = Vec::new();
    // The largest worlds come last, and would keep one thread busy while the others have nothing left.
    for (number, world) in setup.worlds.iter().enumerate().rev() {
        for seed in seeds(setup, world) {
            matches.extend((0..setup.contenders.len()).map(|one| (number, seed, one)));
        }
    }
    let (done, of) = (AtomicU64::new(0), matches.len() as u64);
    let ran = work_through(&matches, setup.jobs, |(world, seed, contender)| {
        let run = play(
            simulator,
            (&setup.worlds[*world], *seed),
            &setup.contenders[*contender],
            setup.reading,
        );
        watcher(Progress { done: done.fetch_add(1, Ordering::Relaxed) + 1, of });
        run
    });
    let mut worlds: Vec<Played> = setup.worlds.iter().map(|world| empty(setup, world)).collect();
    let mut broken = None;
    for ((world, _, contender), run) in matches.into_iter().zip(ran) {
        match run {
            Ok(run) => worlds[world].runs[contender].push(run),
            Err(error) => {
                let place = (world, contender);
                if broken.as_ref().is_none_or(|(first, _)| place < *first) {
                    broken = Some((place, error));
                }
            }
        }
    }
    match broken {
        Some((_, error)) => Err(error),
        None => Ok(Comparison {
            contenders: setup
                .contenders
                .iter()
                .map(|one| (one.name().to_owned(), one.about().to_owned()))
                .collect(),
            baseline: setup.baseline,
            worlds,
        }),
    }
}

fn seeds(setup: &Setup, world: &World) -> impl Iterator<Item = u64> {
    let first = setup.seed;
    (0..u64::from(world.seeds)).map(move |number| first.wrapping_add(number))
}

fn empty(setup: &Setup, world: &World) -> Played {
    Played {
        world: world.name.clone(),
        seeds: seeds(setup, world).collect(),
        runs: vec![Vec::new(); setup.contenders.len()],
    }
}

/// Rooms of files may be anything: they are looked at under every contender before any is played.
fn check_rooms(setup: &Setup) -> Result<(), Unplayable> {
    for world in &setup.worlds {
        let Source::File(room) = &world.source else { continue };
        for contender in &setup.contenders {
            let failed = |why| unplayable(world, contender, why);
            let (messages, devices) = (room.messages.len(), room.devices.len());
            if messages as u64 * devices as u64 > MOST_CELLS {
                return Err(failed(Why::TooLarge { messages, devices }));
            }
            let text = file::write(&contender.in_room(room));
            if let Err(problems) = file::read(&text, &Limits::FILES) {
                let first = problems
                    .first()
                    .map(|one| format!("found {}, expected {}", one.found, one.expected));
                return Err(failed(Why::Invalid(first.unwrap_or_default())));
            }
        }
    }
    Ok(())
}

fn unplayable(world: &World, contender: &Contender, why: Why) -> Unplayable {
    Unplayable { room: world.name.clone(), contender: contender.name().to_owned(), why }
}

fn play(
    simulator: &dyn Simulator,
    (world, seed): (&World, u64),
    contender: &Contender,
    reading: ReadingName,
) -> Result<Run, Unplayable> {
    let room = contender.in_room(&world.scenario(seed));
    measure(simulator, &room, reading).map_err(|why| unplayable(world, contender, why))
}

/// Runs a room once and measures it.
///
/// # Errors
/// If there is nothing to measure.
pub fn measure(
    simulator: &dyn Simulator,
    room: &Scenario,
    reading: ReadingName,
) -> Result<Run, Why> {
    let judging = Judging::of(reading);
    let (mut meter, mut wire) = (Meter::new(room), Wire::new(room));
    let report = run_tapped(simulator, room, judging, &mut meter, &mut wire);
    let RunReport { outcome, actions, .. } = report.ok_or(Why::NoRequests)?;
    if outcome.end == RunEnd::ActionLimit {
        return Err(Why::Endless);
    }
    if outcome.unsent.len() == room.messages.len() {
        let why = outcome.unsent.first().map_or_else(
            || "the room has none".to_owned(),
            |one| format!("{}: {}", room.message_name(one.message), reason(room, one.why)),
        );
        return Err(Why::NothingSent(why));
    }
    let (mut figures, course) = meter.finish(&outcome);
    wire.finish(&mut figures);
    Ok(Run { figures, course, is_whole: outcome.end == RunEnd::Quiescent, actions })
}

fn reason(room: &Scenario, why: NotSent) -> String {
    match why {
        NotSent::Refused(refusal, _) => match refusal {
            Refusal::IdentityChanged(user) => {
                format!("the identity of {} has changed and is not accepted", room.user_name(user))
            }
            Refusal::WouldWithhold(device) => {
                format!("it would be kept from {}, and is refused then", room.device_name(device))
            }
            Refusal::NotInRoom => "the sender is not in the room".to_owned(),
            Refusal::NotLoggedIn => "the sender is not logged in".to_owned(),
            Refusal::NoEncryption => "the sender cannot encrypt".to_owned(),
        },
        NotSent::SenderStopped => "the sender has stopped".to_owned(),
        NotSent::Waiting => "it still waited when the run ended".to_owned(),
    }
}

impl Comparison {
    /// How a contender compares with the baseline in a world, over all seeds in which both have a figure; `None` if
    /// there is no such seed.
    #[must_use]
    pub fn difference(
        &self,
        world: usize,
        contender: usize,
        measure: Measure,
    ) -> Option<Difference> {
        let pairs: Vec<(u64, u64)> = self.pairs(world, contender, measure).collect();
        let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let by: Vec<i64> = pairs.iter().map(|(base, one)| signed(*one) - signed(*base)).collect();
        Some(Difference {
            mean_milli: milli(pairs.iter().map(|(_, one)| *one))?,
            baseline_milli: milli(pairs.iter().map(|(base, _)| *base))?,
            by: stats::mean(&by)?,
        })
    }

    /// The mean of a measure over the seeds in which it has a figure, in thousandths.
    #[must_use]
    pub fn mean(&self, world: usize, contender: usize, measure: Measure) -> Option<i64> {
        let runs = self.worlds[world].runs[contender].iter();
        milli(runs.filter_map(|run| run.figures.get(measure)))
    }

    /// By how many per cent a contender is above the baseline, over all worlds, each of which counts the same.
    #[must_use]
    pub fn relative(&self, contender: usize, measure: Measure) -> Option<Estimate> {
        let worlds = 0..self.worlds.len();
        let groups: Vec<Vec<(u64, u64)>> =
            worlds.map(|world| self.pairs(world, contender, measure).collect()).collect();
        stats::relative(&groups)
    }

    /// The sum of a measure over all runs of a contender.
    #[must_use]
    pub fn sum(&self, contender: usize, measure: Measure) -> u64 {
        let runs = self.worlds.iter().flat_map(|world| &world.runs[contender]);
        runs.filter_map(|run| run.figures.get(measure)).sum()
    }

    /// The figures of the baseline and of a contender in the same world with the same seed.
    fn pairs(
        &self,
        world: usize,
        contender: usize,
        measure: Measure,
    ) -> impl Iterator<Item = (u64, u64)> + '_ {
        let runs = &self.worlds[world].runs;
        let pairs = runs[self.baseline].iter().zip(&runs[contender]);
        pairs.filter_map(move |(base, one)| {
            Some((base.figures.get(measure)?, one.figures.get(measure)?))
        })
    }
}

/// The mean of these in thousandths, rounded; `None` without any.
fn milli(values: impl Iterator<Item = u64>) -> Option<i64> {
    let (mut sum, mut count) = (0_u64, 0_u64);
    for value in values {
        sum += value;
        count += 1;
    }
    let doubled = (sum.saturating_mul(2_000)).checked_div(count)?;
    i64::try_from(doubled.div_ceil(2)).ok()
}
