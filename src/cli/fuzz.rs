//! `withheld fuzz` and `withheld merge`: campaigns, with progress while they run and in the end what they came to.
//! It does not know how a campaign is run; it knows how long, on how many threads and where its results go.

use std::collections::BTreeSet;
use std::io::Write;
use std::num::NonZero;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::campaign::LANES;
use crate::campaign::document::{Document, Sum};
use crate::campaign::finding::Findings;
use crate::campaign::folder::{Folder, FolderError};
use crate::campaign::lane::{Bench, Lane};
use crate::campaign::merge::merge as put_together;
use crate::campaign::pool::{Ended, Ending, Pool, Progress, Stop, share};
use crate::campaign::setup::{Replay, Setup, Shard, Steering};
use crate::campaign::speed::Speed;
use crate::campaign::state::LaneState;
use crate::report::campaign::{Saved, Told, campaign_document, campaign_view, headline};
use crate::run::simulator::Simulator;
use crate::run::status::Exit;

use super::args::RunArgs;
use super::failure::Failure;
use super::findings::FindingsFolder;
use super::fuzz_args::{FuzzArgs, MergeArgs, SECONDS};
use super::fuzz_page::{Beside, Runner, save_pages};
use super::quote::quoted;
use super::stopwatch::Clock;
use super::streams::{Streams, Terminal, write_json};
use super::{inputs, interrupt};

/// Where the rooms of findings go if no folder is named.
const FINDINGS: &str = "withheld-findings";

/// Carries the command out.
pub(super) fn fuzz(
    simulator: &dyn Simulator,
    args: &FuzzArgs,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let setup = setup(args, streams)?;
    let identity = setup.identity();
    let folder = args.out.as_deref().map(|out| Folder::open(out, &identity));
    let folder = folder.transpose().map_err(refused)?;
    let beside = folder.as_ref().map(Beside::read).transpose()?;
    let lanes = lanes(args, &setup, folder.as_ref())?;
    let mut speed = match &folder {
        Some(folder) => folder.speed().map_err(refused)?,
        None => Speed::default(),
    };
    let keep = match &folder {
        Some(folder) => Keep::Folder(folder),
        None => Keep::Loose(FindingsFolder::tried(Path::new(FINDINGS))?),
    };
    let clock = Clock::start();
    let bar = bar(streams.terminal, args);
    let news = News::after(&lanes);
    let pool = Pool {
        bench: Bench { simulator, setup: &setup },
        stop: stop(args),
        jobs: jobs(args),
        clock: &|| clock.micros(),
        folder: folder.as_ref(),
        keeper: &|findings| keep.so_far(findings).map(|()| news.tell(findings, &bar)),
        interrupted: &interrupt::is_wished,
        watcher: &|progress| show(&bar, args, progress),
    };
    interrupt::listen();
    let ended = pool.run(lanes).map_err(refused)?;
    bar.finish_and_clear();
    let Ended { lanes, why, session } = ended;
    let states: Vec<LaneState> = lanes.iter().map(LaneState::of).collect();
    let sum = Sum::of(&states).map_err(|(_, error)| Failure::usage(error))?;
    let document = Document::of(identity, &sum);
    speed.sessions.push(session);
    let (saved, kept) = keep.rooms(&sum);
    let told =
        Told { document: &document, sum: &sum, speed: &speed, saved: &saved, why: Some(why) };
    let runner = Runner { simulator, reading: args.rules.reading() };
    let kept = kept.and_then(|()| keep.in_the_end(told, beside.as_ref(), runner));
    // What was found is told, also if it cannot be kept.
    print(&told, args.printed.is_json(), streams)?;
    kept.map(|()| match (exit(&sum), why) {
        // Of what was not searched nobody can say that it holds.
        (Exit::Holds, Ending::Interrupted) => Exit::Inconclusive,
        (exit, _) => exit,
    })
}

/// Puts shards together.
pub(super) fn merge(
    simulator: &dyn Simulator,
    args: &MergeArgs,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let merged = put_together(&args.shards, &args.out).map_err(Failure::usage)?;
    let speed = merged.folder.speed().map_err(refused)?;
    let (saved, _) = Keep::Folder(&merged.folder).rooms(&merged.sum);
    let told = Told {
        document: &merged.document,
        sum: &merged.sum,
        speed: &speed,
        saved: &saved,
        why: None,
    };
    let reading = merged.document.campaign.reading_name();
    let beside = Beside::read(&merged.folder)?;
    save_pages(&merged.folder, told, &beside, Runner { simulator, reading })?;
    print(&told, args.printed.is_json(), streams)?;
    Ok(exit(&merged.sum))
}

/// What the flags ask for.
fn setup(args: &FuzzArgs, streams: &Streams<'_>) -> Result<Setup, Failure> {
    let plan = args.plan()?;
    let bad = |problems| Failure::Input { problems, therefore: "nothing was run".to_owned() };
    let paths = match &args.scenarios[..] {
        [] if !args.no_scenarios && RunArgs::default_folder_exists() => RunArgs::default().paths,
        named => named.to_vec(),
    };
    let paths = if paths.is_empty() { paths } else { inputs::find(&paths).map_err(bad)? };
    let files = inputs::read_all(paths, streams.terminal.err).map_err(bad)?;
    let replay = |input: inputs::Input| {
        Replay::new(input.name.replace('\\', "/"), input.text.as_bytes(), input.scenario)
    };
    let steering = if args.no_steering { Steering::None } else { Steering::Novelty };
    let files: Vec<Replay> = files.into_iter().map(replay).collect();
    Ok(Setup {
        parents: Setup::parents_of(&plan, steering, &files),
        plan,
        reading: args.rules.reading(),
        seed: args.seed,
        steering,
        shard: args.shard.unwrap_or(Shard::WHOLE),
        files,
    })
}

/// The lanes, as they were left or new.
fn lanes(args: &FuzzArgs, setup: &Setup, folder: Option<&Folder>) -> Result<Vec<Lane>, Failure> {
    let mut lanes = Vec::new();
    for number in setup.shard.lanes() {
        let state = match folder {
            Some(folder) => folder.lane(number).map_err(refused)?,
            None => None,
        };
        let Some(state) = state else {
            lanes.push(Lane::new(number));
            continue;
        };
        let lane = state.lane(setup);
        let folder = folder.ok_or_else(|| Failure::usage("--out: found no folder"))?;
        lanes.push(lane.map_err(|error| refused(folder.bad_lane(number, &error)))?);
    }
    if let Some(cases) = args.cases
        && lanes
            .iter()
            .zip(setup.shard.lanes())
            .any(|(lane, number)| lane.cases() > share(cases, number))
    {
        let done: u64 = lanes.iter().map(Lane::cases).sum();
        return Err(Failure::usage(format!(
            "--cases: found {cases}, expected more: this campaign has done {done} already"
        )));
    }
    Ok(lanes)
}

fn refused(error: FolderError) -> Failure {
    Failure::usage(format!("--out: {error}"))
}

fn stop(args: &FuzzArgs) -> Stop {
    let is_open = args.cases.is_none() && args.seconds.is_none();
    let seconds = args.seconds.or(is_open.then_some(SECONDS));
    let at_us = seconds.map(|seconds| seconds.saturating_mul(1_000_000));
    Stop { cases: args.cases, at_us, on_plateau: is_open }
}

fn jobs(args: &FuzzArgs) -> usize {
    let lanes = args.shard.unwrap_or(Shard::WHOLE).lanes().count();
    let cores = || thread::available_parallelism().map_or(1, NonZero::get);
    let wanted = args.jobs.map_or_else(cores, |jobs| jobs as usize);
    wanted.clamp(1, lanes.min(LANES as usize))
}

/// One line of progress, for whoever watches.
fn bar(terminal: Terminal, args: &FuzzArgs) -> ProgressBar {
    let target = if terminal.watched && !args.printed.is_json() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let style = ProgressStyle::with_template("{spinner} {wide_msg}")
        .expect("the template of the line is well formed");
    ProgressBar::with_draw_target(None, target).with_style(style)
}

fn show(bar: &ProgressBar, args: &FuzzArgs, progress: &Progress) {
    let Progress { micros, cases, done, features, findings } = *progress;
    let of = match (args.cases, args.seconds) {
        (Some(cases), _) => format!(" of {cases}"),
        (None, Some(seconds)) => format!(", {} of {seconds} s", micros / 1_000_000),
        (None, None) => format!(", {} of at most {SECONDS} s", micros / 1_000_000),
    };
    let rate = done.saturating_mul(1_000_000).checked_div(micros).unwrap_or(0);
    bar.set_message(format!(
        "{cases} rooms{of}, {rate} rooms/s, {features} features, {findings} findings"
    ));
    bar.tick();
}

/// Which kinds of findings whoever watches has heard of.
struct News(Mutex<BTreeSet<String>>);

impl News {
    /// What these lanes have found in earlier sessions is not new.
    fn after(lanes: &[Lane]) -> Self {
        let known = lanes.iter().flat_map(|lane| lane.findings().keys().map(str::to_owned));
        Self(Mutex::new(known.collect()))
    }

    /// A line for each that is new, above the line of progress.
    fn tell(&self, findings: &Findings, bar: &ProgressBar) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for finding in findings.ranked() {
            if known.insert(finding.problem.key()) {
                bar.println(format!("{}: {}", finding.problem.id(), headline(&finding.problem)));
            }
        }
    }
}

/// Where the findings of a campaign are kept.
enum Keep<'a> {
    Folder(&'a Folder),
    Loose(FindingsFolder),
}

impl Keep<'_> {
    /// Writes what a lane has found so far.
    fn so_far(&self, findings: &Findings) -> Result<(), FolderError> {
        match self {
            Keep::Folder(folder) => folder.keep_findings(findings),
            // If it fails, it will again in the end, when results can be told all the same.
            Keep::Loose(loose) => {
                let _ = loose.keep(findings);
                Ok(())
            }
        }
    }

    /// Writes everything that stays: rooms, speed, results, pages.
    fn in_the_end(
        &self,
        told: Told<'_>,
        beside: Option<&Beside>,
        runner: Runner<'_>,
    ) -> Result<(), Failure> {
        let (Keep::Folder(folder), Some(beside)) = (self, beside) else { return Ok(()) };
        folder.save_findings(&told.sum.findings).map_err(refused)?;
        folder.save_speed(told.speed).map_err(refused)?;
        folder.save_result(told.document).map_err(refused)?;
        save_pages(folder, told, beside, runner)
    }

    /// Where the smallest room of each finding is, by its id; those of no campaign are written for that.
    fn rooms(&self, sum: &Sum) -> (Saved, Result<(), Failure>) {
        let mut saved = Saved::new();
        for finding in sum.findings.ranked() {
            let Some(room) = &finding.room else { continue };
            let id = finding.problem.id();
            let path = match self {
                Keep::Folder(folder) => folder.finding_file(&id),
                Keep::Loose(loose) => match loose.put(&id, room.as_bytes()) {
                    Ok(path) => path,
                    Err(failure) => return (saved, Err(failure)),
                },
            };
            saved.insert(id, quoted(&path.to_string_lossy()));
        }
        (saved, Ok(()))
    }
}

fn print(told: &Told<'_>, json: bool, streams: &mut Streams<'_>) -> Result<(), Failure> {
    let out = &mut streams.out;
    let printed = if json {
        write_json(out, &campaign_document(told))
    } else {
        let (columns, paint) = (streams.terminal.columns, streams.terminal.out);
        write!(out, "{}", campaign_view(told, columns, paint))
    };
    printed.map_err(Failure::Output)
}

fn exit(sum: &Sum) -> Exit {
    if sum.findings.has_divergence() {
        Exit::NotDeterministic
    } else if sum.findings.is_empty() {
        Exit::Holds
    } else {
        Exit::Broken
    }
}
