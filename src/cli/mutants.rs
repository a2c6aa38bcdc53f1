//! `withheld mutants`: mutants in generated rooms until they are caught, as a table, as JSON and as files.
//! It does not know how a mutant is caught.

use std::fs;
use std::io::Write;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use crate::report::mutants::{Timed, Told, kill_matrix, mutants_document, mutants_view};
use crate::report::text::safe;
use crate::run::mutants::Written;
use crate::run::mutants::hunt::{ACTIONS, Budget, Hunt};
use crate::run::mutants::lanes::work_through;
use crate::run::mutants::small::small;
use crate::run::mutants::summary::{Entry, Summary};
use crate::run::simulator::{Bounded, Simulator};
use crate::run::status::Exit;
use crate::scenario::file;
use crate::scenario::mutant::Mutant;
use crate::store::atomic::AtomicFile;

use super::failure::Failure;
use super::mutants_args::MutantsArgs;
use super::progress;
use super::stopwatch::Stopwatch;
use super::streams::{Streams, write_json};

/// Carries the command out.
pub(super) fn run(
    simulator: &dyn Simulator,
    args: &MutantsArgs,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let wanted = wanted(&args.mutants)?;
    if let Some(folder) = &args.out {
        make_folder(folder, &wanted)?;
    }
    let budget = Budget { cases: args.cases, seed: args.seed };
    let bar = progress::bar(streams.terminal, wanted.len());
    let bounded = Bounded { simulator, actions: ACTIONS };
    let mutants = work_through(&wanted, jobs(args), |written| {
        let timed = try_one(&bounded, *written, budget);
        bar.inc(1);
        timed
    });
    bar.finish_and_clear();
    if let Some(folder) = &args.out {
        save(folder, &mutants)?;
    }
    let entries: Vec<Entry> = mutants.iter().map(|timed| timed.entry.clone()).collect();
    let summary = Summary::of(&entries);
    print(&Told { mutants: &mutants, summary: &summary, budget }, args, streams)?;
    Ok(if summary.survivors.is_empty() { Exit::Holds } else { Exit::Broken })
}

/// One mutant, with the time until it was caught.
fn try_one(simulator: &dyn Simulator, written: Written, budget: Budget) -> Timed {
    let mut hunt = Hunt::new(written, budget);
    let mut stopwatch = Stopwatch::default();
    stopwatch.time(|| hunt.until_caught(simulator));
    hunt.to_the_end(simulator);
    let small = small(simulator, &hunt);
    Timed { entry: Entry::new(hunt, small), micros: stopwatch.micros() }
}

fn jobs(args: &MutantsArgs) -> usize {
    let cores = || thread::available_parallelism().map_or(1, NonZero::get);
    args.jobs.map_or_else(cores, usize::from)
}

/// The mutants that were named, in all their ways and in that order; all if none is.
fn wanted(names: &[String]) -> Result<Vec<Written>, Failure> {
    if names.is_empty() {
        return Ok(Written::all());
    }
    let mut wanted: Vec<Written> = Vec::new();
    for name in names {
        let mutant = Mutant::named(&name.to_uppercase()).ok_or_else(|| {
            let (first, last) = (Mutant::ALL[0].id(), Mutant::ALL[Mutant::ALL.len() - 1].id());
            Failure::usage(format!(
                "found the mutant {}, expected one of {first} to {last}",
                safe(name)
            ))
        })?;
        wanted.extend(Written::of(mutant));
    }
    wanted.sort_unstable();
    wanted.dedup();
    Ok(wanted)
}

/// Makes the folder if it is not there, and sees that no file there would be overwritten, before anything is run.
fn make_folder(folder: &Path, wanted: &[Written]) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| Failure::File(folder.to_owned(), error))?;
    let mut paths = wanted.iter().map(|written| folder.join(written.file_name()));
    if let Some(path) = paths.find(|path| path.exists()) {
        return Err(Failure::usage(format!(
            "--out: found {}, which would be overwritten; expected a folder without files of these mutants",
            safe(&path.display().to_string())
        )));
    }
    Ok(())
}

fn save(folder: &Path, mutants: &[Timed]) -> Result<(), Failure> {
    for timed in mutants {
        let Some(small) = &timed.entry.small else { continue };
        let path = folder.join(timed.entry.written.file_name());
        write_file(&path, &file::write_brief(&small.room))
            .map_err(|error| Failure::File(PathBuf::from(&path), error))?;
    }
    Ok(())
}

fn write_file(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(text.as_bytes())?;
    file.commit()
}

fn print(told: &Told<'_>, args: &MutantsArgs, streams: &mut Streams<'_>) -> Result<(), Failure> {
    let (out, paint) = (&mut streams.out, streams.terminal.out);
    let printed = if args.printed.is_json() {
        write_json(out, &mutants_document(told))
    } else if args.matrix {
        write!(out, "{}\n{}", kill_matrix(told.mutants, paint), mutants_view(told, paint))
    } else {
        write!(out, "{}", mutants_view(told, paint))
    };
    printed.map_err(Failure::Output)
}
