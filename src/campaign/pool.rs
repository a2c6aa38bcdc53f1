//! Threads that run lanes: whichever has done least is next, a few cases at a time, until there is enough or no time left.
//! It does not know what a lane does; what comes out does not depend on how many threads there are.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::LANES;
use super::feature::FEATURES;
use super::finding::Findings;
use super::folder::{Folder, FolderError};
use super::lane::{Bench, Lane};
use super::speed::{Sample, Session};
use super::state::LaneState;
use super::watch::Watch;

/// How many cases a thread does of a lane before it looks for the next one.
const SLICE: u64 = 16;
/// A lane is saved when this long has passed since it was.
const SAVE_EVERY_US: u64 = 1_000_000;

/// When a campaign ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stop {
    /// After so many cases, over all lanes.
    pub cases: Option<u64>,
    /// At this time of the clock, in microseconds.
    pub at_us: Option<u64>,
    /// When every lane stands on a plateau.
    pub on_plateau: bool,
}

/// Why a campaign has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All cases were done.
    Cases,
    /// The time was over.
    Time,
    /// Nothing new came for long.
    Plateau,
    /// Somebody wished it.
    Interrupted,
}

/// How far a campaign is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Since the start of the session.
    pub micros: u64,
    /// Cases, those of earlier sessions included.
    pub cases: u64,
    /// Cases of this session.
    pub done: u64,
    /// Features seen.
    pub features: u64,
    /// Findings of all lanes, where several may be the same.
    pub findings: u64,
}

/// What threads need to run lanes.
#[derive(Clone, Copy)]
pub struct Pool<'a> {
    /// What lanes work with.
    pub bench: Bench<'a>,
    /// When they end.
    pub stop: Stop,
    /// How many threads.
    pub jobs: usize,
    /// Microseconds since the start of the session.
    pub clock: &'a (dyn Fn() -> u64 + Sync),
    /// Where their states are saved.
    pub folder: Option<&'a Folder>,
    /// Who is given the findings of a lane whenever there are more of them, while others are still looked for.
    pub keeper: &'a (dyn Fn(&Findings) -> Result<(), FolderError> + Sync),
    /// Whether somebody wishes it to end now: each thread then ends after the case at which it is.
    pub interrupted: &'a (dyn Fn() -> bool + Sync),
    /// Who is told how far it is.
    pub watcher: &'a (dyn Fn(&Progress) + Sync),
}

impl std::fmt::Debug for Pool<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool")
            .field("stop", &self.stop)
            .field("jobs", &self.jobs)
            .finish_non_exhaustive()
    }
}

/// What a session came to.
#[derive(Debug)]
pub struct Ended {
    /// The lanes, ascending.
    pub lanes: Vec<Lane>,
    /// Why.
    pub why: Ending,
    /// How fast it was.
    pub session: Session,
}

/// A lane with what the threads must know of it.
struct Job {
    lane: Lane,
    /// How many cases it had when it was last saved, and when.
    saved: (u64, u64),
    /// How many of its findings the keeper was given.
    kept: usize,
    /// How many of its features are counted as seen by all.
    told: usize,
    /// How many of its findings and actions are counted.
    findings: usize,
    actions: u64,
}

/// What the threads share.
struct Shared {
    ready: Vec<Job>,
    done: Vec<Lane>,
    progress: Progress,
    session: Session,
    seen: Box<[u64]>,
    error: Option<FolderError>,
}

impl Pool<'_> {
    /// Runs these lanes.
    ///
    /// # Errors
    /// If a state cannot be saved.
    pub fn run(&self, lanes: Vec<Lane>) -> Result<Ended, FolderError> {
        let cases: u64 = lanes.iter().map(Lane::cases).sum();
        let mut shared = Shared {
            ready: Vec::new(),
            done: Vec::new(),
            progress: Progress { cases, ..Progress::default() },
            session: Session::new(self.jobs as u64, cases),
            seen: vec![0; FEATURES.div_ceil(64) as usize].into_boxed_slice(),
            error: None,
        };
        for lane in lanes {
            let saved = (lane.cases(), 0);
            let actions = lane.tally().actions;
            let mut job = Job { lane, saved, kept: 0, told: 0, findings: 0, actions };
            shared.count(&mut job, 0);
            shared.ready.push(job);
        }
        let shared = Mutex::new(shared);
        std::thread::scope(|scope| {
            for _ in 1..self.jobs {
                scope.spawn(|| self.work(&shared));
            }
            self.work(&shared);
        });
        let Shared { mut done, mut session, error, progress, .. } =
            shared.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = error {
            return Err(error);
        }
        done.sort_by_key(|lane| lane.number);
        session.micros = (self.clock)();
        session.cases = progress.done;
        let why = self.why(&done);
        Ok(Ended { lanes: done, why, session })
    }

    /// What one thread does.
    fn work(&self, shared: &Mutex<Shared>) {
        let mut watch = Watch::default();
        loop {
            // The lock must not be held while a lane runs.
            let next = locked(shared).next();
            let Some(mut job) = next else { return };
            job.lane.replay(self.bench);
            let before = job.lane.cases();
            while job.lane.cases() < before + SLICE && self.goes_on(&job.lane) {
                job.lane.next_case(self.bench, &mut watch);
            }
            let cases = job.lane.cases() - before;
            let is_over = !self.goes_on(&job.lane);
            let saved = self.save(&mut job, is_over);
            let mut shared = locked(shared);
            shared.count(&mut job, cases);
            shared.progress.micros = (self.clock)();
            let Progress { micros, cases, features, findings, .. } = shared.progress;
            shared.session.sample(Sample { micros, cases, features, findings });
            (self.watcher)(&shared.progress);
            match saved {
                Err(error) => shared.error = Some(error),
                Ok(()) if is_over => shared.done.push(job.lane),
                Ok(()) => shared.ready.push(job),
            }
        }
    }

    /// Whether a lane has something left to do.
    fn goes_on(&self, lane: &Lane) -> bool {
        let Stop { cases, at_us, on_plateau } = self.stop;
        let is_due = cases.is_none_or(|all| lane.cases() < share(all, lane.number));
        let is_time = at_us.is_none_or(|at| (self.clock)() < at);
        is_due && is_time && !(on_plateau && lane.is_on_plateau()) && !(self.interrupted)()
    }

    fn why(&self, lanes: &[Lane]) -> Ending {
        let is_done = |lane: &Lane| {
            self.stop.cases.is_some_and(|all| lane.cases() >= share(all, lane.number))
        };
        if self.stop.on_plateau && lanes.iter().all(Lane::is_on_plateau) {
            Ending::Plateau
        } else if lanes.iter().all(is_done) {
            Ending::Cases
        } else if (self.interrupted)() {
            Ending::Interrupted
        } else {
            Ending::Time
        }
    }

    fn save(&self, job: &mut Job, is_over: bool) -> Result<(), FolderError> {
        let found = job.lane.findings().len();
        let is_found = found > job.kept;
        if is_found {
            (self.keeper)(job.lane.findings())?;
            job.kept = found;
        }
        let Some(folder) = self.folder else { return Ok(()) };
        let (cases, now) = (job.lane.cases(), (self.clock)());
        if is_over || is_found || now >= job.saved.1 + SAVE_EVERY_US {
            folder.save_lane(&LaneState::of(&job.lane))?;
            job.saved = (cases, now);
        }
        Ok(())
    }
}

/// How many of so many cases a lane has to do.
#[must_use]
pub fn share(cases: u64, lane: u32) -> u64 {
    let lanes = u64::from(LANES);
    cases / lanes + u64::from(u64::from(lane) < cases % lanes)
}

fn locked(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    // What a thread left that panicked is given up with it: the panic goes on when the scope ends.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// The lane that has done least, if there is one that no thread has. Each thread gives back what it takes, so that one that finds
    /// nothing is not needed any more.
    fn next(&mut self) -> Option<Job> {
        if self.error.is_some() {
            return None;
        }
        let least = self
            .ready
            .iter()
            .enumerate()
            .min_by_key(|(_, job)| (job.lane.cases(), job.lane.number));
        let place = least.map(|(place, _)| place)?;
        Some(self.ready.swap_remove(place))
    }

    /// Counts what a lane has come to since it was last counted.
    fn count(&mut self, job: &mut Job, cases: u64) {
        self.progress.cases += cases;
        self.progress.done += cases;
        let sightings = job.lane.novelty().sightings();
        for one in &sightings[job.told..] {
            let (word, bit) = (one.feature as usize / 64, one.feature % 64);
            self.progress.features += u64::from(self.seen[word] >> bit & 1 == 0);
            self.seen[word] |= 1 << bit;
        }
        job.told = sightings.len();
        let findings = job.lane.findings().len();
        self.progress.findings += (findings - job.findings) as u64;
        job.findings = findings;
        let actions = job.lane.tally().actions;
        self.session.actions += actions - job.actions;
        job.actions = actions;
    }
}

#[cfg(test)]
mod tests {
    use super::share;
    use crate::campaign::LANES;

    #[test]
    fn cases_are_split_evenly() {
        for cases in [0, 1, 15, 16, 17, 1_000] {
            let shares: Vec<u64> = (0..LANES).map(|lane| share(cases, lane)).collect();
            assert_eq!(shares.iter().sum::<u64>(), cases);
            assert!(shares.iter().max().unwrap() - shares.iter().min().unwrap() <= 1);
        }
    }
}
