//! `withheld fuzz` and `withheld merge`: campaigns, with progress while they run and in the end what they came to.
//! It does not know how a campaign is run; it knows how long, on how many threads and where its results go.

use std::io::Write;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::{fs, thread};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::campaign::LANES;
use crate::campaign::document::{Document, Sum};
use crate::campaign::folder::{Folder, FolderError};
use crate::campaign::lane::{Bench, Lane};
use crate::campaign::merge::merge as put_together;
use crate::campaign::pool::{Ended, Pool, Progress, Stop, share};
use crate::campaign::setup::{Replay, Setup, Shard, Steering};
use crate::campaign::speed::Speed;
use crate::campaign::state::LaneState;
use crate::report::campaign::{Saved, Told, campaign_document, campaign_view};
use crate::run::simulator::Simulator;
use crate::run::status::Exit;

use super::args::RunArgs;
use super::failure::Failure;
use super::fuzz_args::{FuzzArgs, MergeArgs, SECONDS};
use super::fuzz_page::{Beside, Runner, save_pages};
use super::inputs;
use super::quote::quoted;
use super::stopwatch::Clock;
use super::streams::{Streams, Terminal};

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
    let clock = Clock::start();
    let bar = bar(streams.terminal, args);
    let pool = Pool {
        bench: Bench { simulator, setup: &setup },
        stop: stop(args),
        jobs: jobs(args),
        clock: &|| clock.micros(),
        folder: folder.as_ref(),
        watcher: &|progress| show(&bar, args, progress),
    };
    let ended = pool.run(lanes).map_err(refused)?;
    bar.finish_and_clear();
    let Ended { lanes, why, session } = ended;
    let states: Vec<LaneState> = lanes.iter().map(LaneState::of).collect();
    let sum = Sum::of(&states).map_err(|(_, error)| Failure::usage(error))?;
    let document = Document::of(identity, &sum);
    speed.sessions.push(session);
    if let Some(folder) = &folder {
        folder.save_findings(&sum.findings).map_err(refused)?;
        folder.save_speed(&speed).map_err(refused)?;
        folder.save_result(&document).map_err(refused)?;
    }
    let saved = saved(folder.as_ref(), &sum)?;
    let told =
        Told { document: &document, sum: &sum, speed: &speed, saved: &saved, why: Some(why) };
    if let (Some(folder), Some(beside)) = (&folder, &beside) {
        let runner = Runner { simulator, reading: args.rules.reading() };
        save_pages(folder, told, beside, runner)?;
    }
    print(&told, args.json, streams)?;
    Ok(exit(&sum))
}

/// Puts shards together.
pub(super) fn merge(
    simulator: &dyn Simulator,
    args: &MergeArgs,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let merged = put_together(&args.shards, &args.out).map_err(Failure::usage)?;
    let speed = merged.folder.speed().map_err(refused)?;
    let saved = saved(Some(&merged.folder), &merged.sum)?;
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
    print(&told, args.json, streams)?;
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
    Ok(Setup {
        plan,
        reading: args.rules.reading(),
        seed: args.seed,
        steering,
        shard: args.shard.unwrap_or(Shard::WHOLE),
        files: files.into_iter().map(replay).collect(),
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
        if let Some(cases) = args.cases
            && state.cases > share(cases, number)
        {
            return Err(Failure::usage(format!(
                "--cases: found {cases}, expected more: lane {number} of the campaign has done {} already",
                state.cases
            )));
        }
        let lane = state.lane(setup);
        let folder = folder.ok_or_else(|| Failure::usage("--out: found no folder"))?;
        lanes.push(lane.map_err(|error| refused(folder.bad_lane(number, &error)))?);
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
    let target = if terminal.watched && !args.json {
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

/// Where the room of each finding is saved, by the id of the finding.
fn saved(folder: Option<&Folder>, sum: &Sum) -> Result<Saved, Failure> {
    let mut saved = Saved::new();
    for finding in sum.findings.ranked() {
        let Some(room) = &finding.room else { continue };
        let id = finding.problem.id();
        let path = match folder {
            Some(folder) => folder.finding_file(&id),
            None => keep(Path::new(FINDINGS), &id, room.as_bytes())?,
        };
        saved.insert(id, quoted(&path.to_string_lossy()));
    }
    Ok(saved)
}

/// Writes a room under a name that no other file has, unless it is there already.
fn keep(folder: &Path, id: &str, room: &[u8]) -> Result<PathBuf, Failure> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| Failure::File(path, error)
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    for attempt in 1.. {
        let name = if attempt == 1 { format!("{id}.json") } else { format!("{id}-{attempt}.json") };
        let path = folder.join(name);
        match fs::File::create_new(&path) {
            Ok(mut file) => {
                file.write_all(room).map_err(failed(&path))?;
                return Ok(path);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                if fs::read(&path).is_ok_and(|there| there == room) {
                    return Ok(path);
                }
            }
            Err(error) => return Err(failed(&path)(error)),
        }
    }
    Err(Failure::usage("there is no name left for a finding"))
}

fn print(told: &Told<'_>, json: bool, streams: &mut Streams<'_>) -> Result<(), Failure> {
    let out = &mut streams.out;
    let printed = if json {
        serde_json::to_writer_pretty(&mut *out, &campaign_document(told))
            .map_err(std::io::Error::from)
            .and_then(|()| writeln!(out))
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
