//! `withheld run`: finds files, reads them all, runs each, prints what came of them.
//! It does not know what a verdict means; it knows which view was asked for.

use std::io::Write;
use std::path::Path;

use crate::report::json::{Detail, document};
use crate::report::lines::{Summary, line};
use crate::report::room::{Layout, Told, room_view};
use crate::rulebook::reading::ReadingName;
use crate::run::RunReport;
use crate::run::judged::{DigestCheck, Judging, run_one};
use crate::run::kept::Kept;
use crate::run::panic::caught;
use crate::run::simulator::Simulator;
use crate::run::status::Exit;
use crate::run::twice::run_again;
use crate::run::why::{Pressing, most_pressing};
use crate::store::atomic::AtomicFile;
use crate::trace::jsonl::JsonLines;
use crate::trace::sink::{FactSink, Trace};

use super::args::RunArgs;
use super::bless::bless;
use super::explain;
use super::failure::Failure;
use super::inputs::{self, Input};
use super::pictures::{self, Drawn};
use super::progress;
use super::quote::quoted;
use super::stopwatch::Stopwatch;
use super::streams::{Streams, write_json};

/// A file with what came of it.
struct Done {
    input: Input,
    report: RunReport,
    kept: Kept,
    replay: String,
    why: Option<String>,
}

impl Done {
    fn told(&self) -> Told<'_> {
        Told {
            path: &self.input.name,
            scenario: &self.input.scenario,
            report: &self.report,
            kept: &self.kept,
            replay: &self.replay,
            why: self.why.as_deref(),
        }
    }
}

/// Carries the command out. Nothing is printed before everything has been read and run.
pub(super) fn run(
    simulator: &dyn Simulator,
    args: &RunArgs,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    check(args)?;
    let detail = detail_of(args);
    let mut inputs = read(args, streams)?;
    let problems: Vec<String> =
        inputs.iter().filter_map(|input| refused(simulator, input)).collect();
    if !problems.is_empty() {
        return Err(Failure::Input { problems, therefore: "nothing was run".to_owned() });
    }
    if let Some(seed) = args.seed {
        inputs.iter_mut().for_each(|input| input.scenario.seed = seed);
    }
    let mut stopwatch = Stopwatch::default();
    let bar = progress::bar(streams.terminal, inputs.len());
    let (mut all, mut panicked) = (Vec::new(), Vec::new());
    for input in inputs {
        let name = input.name.clone();
        bar.set_message(name.clone());
        match caught(|| run_file(simulator, args, input, &mut stopwatch)) {
            Ok(done) => all.push(done?),
            Err(panic) => panicked.push((name, panic)),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if all.is_empty() && !panicked.is_empty() {
        return Err(Failure::Panicked(panicked));
    }
    let mut summary = Summary::default();
    for done in &all {
        summary.add(&done.report);
        if args.locked && done.input.scenario.expect.digest.is_none() {
            summary.add_unlocked();
        }
    }
    print(args, &all, (&summary, stopwatch.micros()), detail, streams)?;
    if args.bless {
        for done in &all {
            bless(&done.input, &done.report, &mut streams.err)?;
        }
    }
    if !panicked.is_empty() {
        return Err(Failure::Panicked(panicked));
    }
    Ok(summary.exit())
}

/// What the flags ask for must make sense together.
fn check(args: &RunArgs) -> Result<(), Failure> {
    let reading = args.rules.reading();
    if (args.locked || args.bless) && reading != ReadingName::Strict {
        let flag = if args.locked { "--locked" } else { "--bless" };
        return Err(Failure::usage(format!(
            "{flag}: found --rules {}, expected strict, which digests in files are of",
            reading.as_str()
        )));
    }
    let written = pictures::files(args).into_iter().find(|(_, path)| path.is_some());
    if let Some((flag, _)) = written.filter(|_| detail_of(args) == Detail::Counts) {
        return Err(Failure::usage(format!(
            "{flag}: found more than one file to run, expected one scenario file"
        )));
    }
    let given: Vec<(&str, &Path)> =
        pictures::files(args).into_iter().filter_map(|(flag, path)| Some((flag, path?))).collect();
    for (place, (flag, path)) in given.iter().enumerate() {
        if let Some((other, _)) = given[..place].iter().find(|(_, other)| is_one_file(path, other))
        {
            return Err(Failure::usage(format!(
                "{flag}: found {}, which {other} writes, expected another file",
                super::failure::shown(path)
            )));
        }
    }
    if args.bless && args.paths.iter().any(|path| inputs::is_standard(path)) {
        return Err(Failure::usage("--bless: found the standard input, expected files"));
    }
    Ok(())
}

/// Whether two paths name one file, which need not be there yet.
fn is_one_file(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| {
        let name = path.file_name()?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        Some(folder.unwrap_or(Path::new(".")).canonicalize().ok()?.join(name))
    };
    one == other || same_file(one, other) || whole(one).is_some_and(|one| whole(other) == Some(one))
}

/// One file is shown in full; a folder is a list, however many files are in it.
fn detail_of(args: &RunArgs) -> Detail {
    match &args.paths[..] {
        [one] if !one.is_dir() => Detail::Cells,
        _ => Detail::Counts,
    }
}

fn read(args: &RunArgs, streams: &Streams<'_>) -> Result<Vec<Input>, Failure> {
    let bad = |problems: Vec<String>| Failure::Input {
        problems,
        therefore: "nothing was run".to_owned(),
    };
    let paths = inputs::find(&args.paths).map_err(bad)?;
    let number = paths.len();
    let inputs = inputs::read_all(paths, streams.terminal.err).map_err(|problems| {
        let files = if number == 1 { "the file is" } else { "not all files are" };
        let broken = problems.len();
        let of =
            if number == 1 { String::new() } else { format!(" ({broken} of {number} are bad)") };
        Failure::Input {
            problems,
            therefore: match number {
                1 => "the file is not a valid scenario; nothing was run".to_owned(),
                _ => format!("{files} valid scenarios{of}; nothing was run"),
            },
        }
    })?;
    for (flag, path) in pictures::files(args) {
        if let (Some(path), [input]) = (path, &inputs[..])
            && same_file(path, &input.path)
        {
            return Err(Failure::usage(format!(
                "{flag}: found {}, which is the scenario itself, expected another file",
                super::failure::shown(path)
            )));
        }
    }
    Ok(inputs)
}

/// Why the simulator cannot run a file.
fn refused(simulator: &dyn Simulator, input: &Input) -> Option<String> {
    let problem = simulator.accepts(&input.scenario).err()?;
    Some(format!("{}: {problem}", input.name))
}

fn same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        (Err(_), _) | (_, Err(_)) => false,
    }
}

fn run_file(
    simulator: &dyn Simulator,
    args: &RunArgs,
    input: Input,
    stopwatch: &mut Stopwatch,
) -> Result<Done, Failure> {
    let reading = args.rules.reading();
    let digest = if args.locked { DigestCheck::Locked } else { DigestCheck::Free };
    let judging = Judging { reading, digest };
    let scenario = &input.scenario;
    let mut trace = pictures::is_drawn(args).then(Trace::default);
    let mut once = |sink: &mut dyn FactSink| {
        stopwatch.time(|| run_one(simulator, scenario, judging, &mut (sink, trace.as_mut())))
    };
    let mut report = match &args.trace {
        None => once(&mut Kept::default()),
        Some(path) => traced(path, |file| {
            let mut lines = JsonLines::begin(file, scenario, reading);
            let report = once(&mut lines);
            lines.finish().map(|file| (file, report))
        })?,
    };
    // In a list nobody reads what a verdict rests on, and each file is run once.
    let kept = match detail_of(args) {
        Detail::Cells => run_again(simulator, scenario, reading, &mut report),
        Detail::Counts => Kept::default(),
    };
    report.remarks = simulator.remarks(scenario, &report);
    let replay = replay(args, &input);
    let why = why(args, &input, &report);
    if let Some(trace) = trace {
        let explain = explain::command(&input.name, args.seed, reading);
        let drawn = Drawn {
            name: &input.name,
            scenario,
            report: &report,
            trace,
            replay: &replay,
            explain: &explain,
        };
        pictures::draw(args, drawn)?;
    }
    Ok(Done { input, report, kept, replay, why })
}

/// Writes the file at `path` by `write`; it appears when everything is in it.
fn traced<T>(
    path: &Path,
    write: impl FnOnce(AtomicFile) -> std::io::Result<(AtomicFile, T)>,
) -> Result<T, Failure> {
    let written = AtomicFile::create(path).and_then(write);
    let committed = written.and_then(|(file, result)| file.commit().map(|()| result));
    committed.map_err(|error| Failure::File(path.to_path_buf(), error))
}

/// The command that runs this file again in the same way and shows it in full.
fn replay(args: &RunArgs, input: &Input) -> String {
    let mut command = format!("withheld run {}", quoted(&input.name));
    if let Some(seed) = args.seed {
        command.push_str(&format!(" --seed {seed}"));
    }
    let reading = args.rules.reading();
    if reading != ReadingName::Strict {
        command.push_str(&format!(" --rules {}", reading.as_str()));
    }
    if args.locked {
        command.push_str(" --locked");
    }
    command
}

/// The command that explains what most wants it.
fn why(args: &RunArgs, input: &Input, report: &RunReport) -> Option<String> {
    let command = explain::command(&input.name, args.seed, args.rules.reading());
    Some(match most_pressing(&report.outcome)? {
        Pressing::Broken(violation) => format!("{command} --rule {}", violation.rule.id()),
        Pressing::Cell(cell) => {
            let message = quoted(input.scenario.message_name(cell.message));
            let device = quoted(input.scenario.device_name(cell.device));
            format!("{command} --message {message} --device {device}")
        }
    })
}

fn print(
    args: &RunArgs,
    all: &[Done],
    (summary, real_us): (&Summary, u64),
    detail: Detail,
    streams: &mut Streams<'_>,
) -> Result<(), Failure> {
    let runs: Vec<Told<'_>> = all.iter().map(Done::told).collect();
    let out = &mut streams.out;
    let printed = if args.printed.is_json() {
        let document = document(&runs, args.rules.reading(), summary, real_us, detail);
        write_json(out, &document)
    } else {
        let layout = Layout { columns: streams.terminal.columns, paint: streams.terminal.out };
        let views = runs.iter().map(|told| match detail {
            Detail::Cells => room_view(told, layout),
            Detail::Counts => line(told, layout.paint),
        });
        views.chain([summary.line(real_us)]).try_for_each(|text| out.write_all(text.as_bytes()))
    };
    printed.map_err(Failure::Output)
}
