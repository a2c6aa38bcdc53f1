//! Rooms that failed once, kept as scenario files and run again.
//! It does not know how they were found.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::check::outcome::Marks;
use crate::engine::digest::Digest;
use crate::report::lines::line;
use crate::report::paint::Paint;
use crate::report::room::Told;
use crate::report::shrunk::{clause, titled};
use crate::rulebook::reading::ReadingName;
use crate::rulebook::rule::Rule;
use crate::run::failure::Failure;
use crate::run::judged::{Judging, run_one};
use crate::run::kept::Kept;
use crate::run::panic::caught;
use crate::run::shrunk::Shrunk;
use crate::run::simulator::Simulator;
use crate::run::status::Status;
use crate::run::twice::run_again;
use crate::scenario::file;
use crate::scenario::limits::Limits;
use crate::scenario::model::Scenario;
use crate::store::atomic::AtomicFile;
use crate::trace::fact::RunEnd;

/// The small room as it is kept: it holds when nothing is broken any more and the rule is still put to the test.
pub(super) fn kept(simulator: &dyn Simulator, reading: ReadingName, shrunk: &Shrunk) -> Scenario {
    let mut scenario = titled(shrunk);
    let judging = Judging::of(reading);
    let run = caught(|| run_one(simulator, &scenario, judging, &mut Kept::default()));
    let marks = run.map_or_else(|_| Marks::default(), |report| report.outcome.marks);
    let reached = |rule: &Rule| marks.of(*rule) > 0;
    scenario.expect.reaches = shrunk.failure.rule().into_iter().filter(reached).collect();
    scenario
}

/// Saves the room and says where, or why not. The path is the one to run it by in either case.
pub(super) fn save(folder: &Path, shrunk: &Shrunk, small: &Scenario) -> (String, String) {
    let text = file::write_brief(small);
    let path = folder.join(name(shrunk, &text));
    let shown = path.to_string_lossy().into_owned();
    let told = match write(&path, &text) {
        Ok(()) => "the room is saved, and run first from now on".to_owned(),
        Err(error) => format!("the room could not be saved: {error}"),
    };
    (shown, told)
}

/// A name by rule and content: the same room has the same name.
fn name(shrunk: &Shrunk, text: &str) -> String {
    let mut digest = Digest::default();
    std::hash::Hasher::write(&mut digest, text.as_bytes());
    let number = digest.value() >> 32;
    let rule = shrunk.failure.rule().map(|rule| rule.id().to_lowercase().replace('-', ""));
    match (rule, &shrunk.failure) {
        (Some(rule), Failure::Broken(signature)) => {
            format!("a_{}_breaks_{rule}_{number:08x}.json", signature.party.as_str())
        }
        (_, Failure::Panicked(_)) => format!("a_client_panics_{number:08x}.json"),
        (_, Failure::Endless) => format!("clients_write_without_end_{number:08x}.json"),
        (_, _) => format!("two_runs_are_not_the_same_{number:08x}.json"),
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = AtomicFile::create(path)?;
    file.write_all(text.as_bytes())?;
    file.commit()
}

/// Runs every file of the folder; a folder that is not there has none.
pub(super) fn replay(
    name: &str,
    simulator: &dyn Simulator,
    reading: ReadingName,
    folder: &Path,
) -> Result<(), String> {
    let mut wrong = Vec::new();
    for path in files(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        if let Err(told) = replay_one(simulator, reading, &path) {
            wrong.push(told);
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("{name}: rooms that failed before\n{}", wrong.concat()))
}

fn replay_one(simulator: &dyn Simulator, reading: ReadingName, path: &Path) -> Result<(), String> {
    let shown = path.to_string_lossy().into_owned();
    let bytes = fs::read(path).map_err(|error| format!("{shown}: {error}\n"))?;
    let scenario = file::read_bytes(&bytes, &Limits::FILES)
        .map_err(|problems| file::render(&problems, &shown, &String::from_utf8_lossy(&bytes)))?;
    let judging = Judging::of(reading);
    let run = caught(|| {
        let mut report = run_one(simulator, &scenario, judging, &mut Kept::default());
        let kept = run_again(simulator, &scenario, reading, &mut report);
        (report, kept)
    });
    let (report, kept) =
        run.map_err(|panic| format!("{shown}: a client panics {}\n", panic.told()))?;
    match report.status {
        Status::Inconclusive if report.outcome.end == RunEnd::ActionLimit => {
            Err(format!("{shown}: {}\n", clause(&scenario, &Failure::Endless, None)))
        }
        Status::Holds | Status::Inconclusive => Ok(()),
        Status::Differs | Status::Violated | Status::NotDeterministic => {
            let replay = format!("withheld run {shown}");
            let told = Told {
                path: &shown,
                scenario: &scenario,
                report: &report,
                kept: &kept,
                replay: &replay,
                why: None,
            };
            Err(line(&told, Paint::Plain))
        }
    }
}

/// The scenario files of a folder, by name.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
