//! `withheld overhead`: policies against each other in the same rooms.
//! It does not know what is measured; it knows where rooms and policies come from and where results go.

use std::io::Write;
use std::num::NonZero;
use std::path::Path;
use std::thread;

use indicatif::ProgressBar;

use crate::overhead::comparison::{
    Comparison, Progress, Setup, Source, Unplayable, World, compare,
};
use crate::overhead::contender::Contender;
use crate::overhead::sweep::sweep;
use crate::overhead::world::Plan;
use crate::report::overhead::data::{overhead_csv, overhead_document};
use crate::report::overhead::pareto::standings;
use crate::report::overhead::plots::{mailbox_plot, sweep_plot, traffic_plot};
use crate::report::overhead::svg::{Pictures, overhead_svg};
use crate::report::overhead::text::{overhead_view, unplayable};
use crate::report::page::Plot;
use crate::report::text::{count, safe};
use crate::run::simulator::Simulator;
use crate::run::status::Exit;
use crate::store::atomic::AtomicFile;

use super::args::TableFormat;
use super::failure::Failure;
use super::inputs;
use super::named::unknown;
use super::overhead_args::OverheadArgs;
use super::progress;
use super::stopwatch::Clock;
use super::streams::{Streams, write_json};

/// With how many seeds the room of a file is played if nothing is said.
const SEEDS_OF_FILES: u32 = 10;

/// With fewer seeds an interval says next to nothing.
const FEW_SEEDS: u32 = 5;

/// Carries the command out.
pub(super) fn run(
    simulator: &dyn Simulator,
    args: &OverheadArgs,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let setup = setup(args, streams)?;
    warn_of_few_seeds(args.seeds, streams);
    let paper = args.plot.as_deref().map(open).transpose()?;
    let clock = Clock::start();
    let of = |worlds: &[World]| worlds.iter().map(|world| world.seeds as usize).sum::<usize>();
    let bar = progress::bar(streams.terminal, of(&setup.worlds) * setup.contenders.len());
    let comparison = compare(simulator, &setup, &|progress| show(&bar, progress));
    let comparison = comparison.map_err(|error| refused(&error))?;
    let is_drawn = paper.is_some() || args.form() == TableFormat::Json;
    let lines = if is_drawn {
        bar.set_message("the sweep");
        sweep(simulator, &setup, &|progress| show(&bar, progress))
            .map_err(|error| refused(&error))?
    } else {
        Vec::new()
    };
    bar.finish_and_clear();
    let micros = clock.micros();
    let sweep = sweep_plot(&lines);
    let mailboxes = mailbox_plot(&comparison);
    if let Some((path, file)) = paper {
        let svg = picture(&comparison, &sweep, mailboxes.as_ref());
        finish(file, &svg).map_err(|error| Failure::File(path.to_owned(), error))?;
    }
    let traffic =
        traffic_plot(&standings(&comparison), &comparison.contenders[comparison.baseline].0);
    let plots: Vec<Plot> = [Some(sweep), mailboxes, traffic].into_iter().flatten().collect();
    print(&comparison, &plots, args.form(), streams)?;
    tell_time(&comparison, micros, streams);
    Ok(Exit::Holds)
}

/// An interval of few seeds is wider than what it is about: who asks for so few is told, and gets them.
fn warn_of_few_seeds(seeds: Option<u32>, streams: &mut Streams<'_>) {
    if let Some(seeds) = seeds.filter(|seeds| *seeds < FEW_SEEDS) {
        // A remark that cannot be made changes nothing.
        let _ = writeln!(
            streams.err,
            "warning: intervals of {} say little; with --seeds {FEW_SEEDS} or more they do",
            count(u64::from(seeds), "seed")
        );
    }
}

fn refused(error: &Unplayable) -> Failure {
    Failure::usage(unplayable(error))
}

fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_length(progress.of);
    bar.set_position(progress.done);
}

/// How long it took is told beside the results, which are the same every time.
fn tell_time(comparison: &Comparison, micros: u64, streams: &mut Streams<'_>) {
    let runs = || comparison.worlds.iter().flat_map(|world| world.runs.iter().flatten());
    let actions: u64 = runs().map(|run| run.actions).sum();
    let line = format!(
        "{}, {} in {}.{} s\n",
        count(runs().count() as u64, "run"),
        count(actions, "action"),
        micros / 1_000_000,
        micros % 1_000_000 / 100_000
    );
    // Results are out: a remark that cannot be made changes nothing.
    let _ = streams.out.flush();
    let _ = write!(streams.err, "{line}");
}

fn print(
    comparison: &Comparison,
    plots: &[Plot],
    format: TableFormat,
    streams: &mut Streams<'_>,
) -> Result<(), Failure> {
    let (columns, paint) = (streams.terminal.columns, streams.terminal.out);
    let out = &mut streams.out;
    let printed = match format {
        TableFormat::Text => write!(out, "{}", overhead_view(comparison, columns, paint)),
        TableFormat::Csv => overhead_csv(comparison, out),
        TableFormat::Json => write_json(out, &overhead_document(comparison, plots)),
    };
    printed.map_err(Failure::Output)
}

fn picture(comparison: &Comparison, sweep: &Plot, mailboxes: Option<&Plot>) -> String {
    let policies: Vec<String> = comparison.contenders.iter().map(|(name, _)| safe(name)).collect();
    let standings = standings(comparison);
    overhead_svg(&Pictures { sweep, mailboxes, standings: &standings, policies: &policies })
}

/// A file that cannot be written is told before anything is run.
fn open(path: &Path) -> Result<(&Path, AtomicFile), Failure> {
    let file = AtomicFile::create(path).map_err(|error| Failure::File(path.to_owned(), error))?;
    Ok((path, file))
}

fn finish(mut file: AtomicFile, svg: &str) -> std::io::Result<()> {
    file.write_all(svg.as_bytes())?;
    file.commit()
}

/// What the flags ask for.
fn setup(args: &OverheadArgs, streams: &Streams<'_>) -> Result<Setup, Failure> {
    let known = Contender::known();
    let find = |name: &str| find(name, &known, streams);
    let baseline = find(&args.baseline)?;
    let named: Vec<Contender> = if args.policies.is_empty() {
        known.clone()
    } else {
        args.policies.iter().map(|name| find(name)).collect::<Result<_, _>>()?
    };
    let mut contenders = named;
    if !contenders.iter().any(|one| one.name() == baseline.name()) {
        contenders.insert(0, baseline.clone());
    }
    let place = contenders.iter().position(|one| one.name() == baseline.name()).unwrap_or(0);
    for (index, one) in contenders.iter().enumerate() {
        if contenders[..index].iter().any(|other| other.name() == one.name()) {
            let name = one.name();
            return Err(Failure::usage(format!(
                "--policies: found {name} twice, expected it once"
            )));
        }
    }
    let cores = || thread::available_parallelism().map_or(1, NonZero::get);
    Ok(Setup {
        worlds: worlds(args, streams)?,
        contenders,
        baseline: place,
        reading: args.rules.reading(),
        seed: args.seed,
        jobs: args.jobs.map_or_else(cores, |jobs| jobs as usize),
    })
}

/// A known policy, or that of a file. What looks like a file is one.
fn find(name: &str, known: &[Contender], streams: &Streams<'_>) -> Result<Contender, Failure> {
    if let Some(one) = known.iter().find(|one| one.name() == name) {
        return Ok(one.clone());
    }
    let path = Path::new(name);
    if path.extension().is_some() || path.components().count() > 1 || path.exists() {
        let read = inputs::read_policy(path, streams.terminal.err).map(Contender::new);
        return read.map_err(|problem| Failure::Input {
            problems: vec![problem],
            therefore: "nothing was run".to_owned(),
        });
    }
    let names: Vec<&str> = known.iter().map(Contender::name).collect();
    Err(unknown(&format!("found the policy {}", safe(name)), "policies", name, &names))
}

/// The rooms of files, or the worlds that are named, or all.
fn worlds(args: &OverheadArgs, streams: &Streams<'_>) -> Result<Vec<World>, Failure> {
    if args.rooms.is_empty() {
        return made(args);
    }
    let bad = |problems| Failure::Input { problems, therefore: "nothing was run".to_owned() };
    let paths = inputs::find(&args.rooms).map_err(bad)?;
    let files = inputs::read_all(paths, streams.terminal.err).map_err(bad)?;
    let world = |input: inputs::Input| World {
        name: input.name.replace('\\', "/"),
        seeds: args.seeds.unwrap_or(SEEDS_OF_FILES),
        source: Source::File(Box::new(input.scenario)),
    };
    Ok(files.into_iter().map(world).collect())
}

fn made(args: &OverheadArgs) -> Result<Vec<World>, Failure> {
    let plans = Plan::all();
    let fits = |plan: &Plan, name: &str| plan.size.as_str() == name || plan.name() == name;
    for name in &args.worlds {
        if !plans.iter().any(|plan| fits(plan, name)) {
            let mut known: Vec<String> =
                plans.iter().map(|plan| plan.size.as_str().to_owned()).collect();
            known.dedup();
            known.extend(plans.iter().map(|plan| plan.name()));
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let found = format!("found the world {}", safe(name));
            return Err(unknown(&found, "worlds", name, &known));
        }
    }
    let wanted = plans
        .into_iter()
        .filter(|plan| args.worlds.is_empty() || args.worlds.iter().any(|name| fits(plan, name)));
    let world = |plan| {
        let made = World::made(plan);
        World { seeds: args.seeds.unwrap_or(made.seeds), ..made }
    };
    Ok(wanted.map(world).collect())
}
