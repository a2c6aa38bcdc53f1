//! `conform`: scenario files and generated rooms with real devices, judged by every rule, and what is broken made small.
//! It does not know how a rule is judged.

pub mod page;
pub mod report;
pub mod survey;

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Parser;
use withheld::report::shrunk::titled;
use withheld::run::status::Exit;
use withheld::scenario::file::{read_bytes, write_brief};
use withheld::scenario::limits::Limits;
use withheld::scenario::model::Scenario;

use withheld::rulebook::reading::{ReadingName, Severity};

use crate::known::Known;
use crate::needed::{Breach, needed};
use crate::role::Role;
use crate::simulator::SdkRooms;
use crate::store::StoreKind;

use self::report::{Finding, Told};
use self::survey::{Case, Room, Survey, generated, made_small, survey};

/// Runs scenario files and generated rooms with matrix-sdk-crypto on every device, and reports what came of each rule.
#[derive(Debug, Parser)]
#[command(name = "conform", bin_name = "withheld-matrix-sdk conform")]
pub struct Arguments {
    /// Scenario files, or folders with such; `scenarios` if it is there.
    pub paths: Vec<PathBuf>,
    /// How many rooms are generated.
    #[arg(long, default_value_t = 1_000)]
    pub rooms: u64,
    /// The seed of the first of them; the others follow.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// On how many threads rooms are run; on all processors if nothing is said.
    #[arg(long)]
    pub threads: Option<usize>,
    /// In which role matrix-sdk-crypto is: on the devices of who sends the first message (sender), on all others (recipient), or on all
    /// (both). If nothing is said, each file is run in all three, and generated rooms take turns.
    #[arg(long, value_parser = Role::read)]
    pub role: Option<Role>,
    /// In what matrix-sdk-crypto keeps its keys: pickles in memory, or sqlite.
    #[arg(long, default_value = "pickles", value_parser = StoreKind::read)]
    pub store: StoreKind,
    /// A folder with findings that are known: their rooms are run, and what is broken in the same way is told and does not count.
    #[arg(long)]
    pub known: Option<PathBuf>,
    /// How many smaller rooms are tried for each thing that is broken; with 0 the smallest room is shown as it is.
    #[arg(long, default_value_t = 300)]
    pub limit: usize,
    /// Writes the smallest rooms into this folder, as scenario files.
    #[arg(long)]
    pub save: Option<PathBuf>,
    /// Writes a page with everything and a picture of each finding to this file.
    #[arg(long)]
    pub html: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long, conflicts_with = "markdown")]
    pub json: bool,
    /// Prints Markdown, to be pasted into an issue.
    #[arg(long)]
    pub markdown: bool,
}

/// Carries `conform` out; `args` begins with the name of the command. Returns the exit code.
pub fn main(
    args: impl IntoIterator<Item = OsString>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    let arguments = match Arguments::try_parse_from(args) {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => {
            let _ = write!(err, "{error}");
            return Exit::BadInput.code();
        }
        Err(error) => {
            let _ = write!(out, "{error}");
            return Exit::Holds.code();
        }
    };
    match conform(&arguments, out, err) {
        Ok(exit) => exit.code(),
        Err(problem) => {
            let _ = writeln!(err, "{problem}");
            Exit::BadInput.code()
        }
    }
}

fn conform(
    arguments: &Arguments,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Exit, String> {
    let known = arguments.known.as_deref().map(Known::read).transpose()?.unwrap_or_default();
    let rooms = files(&arguments.paths)?;
    let files = rooms.len();
    let cases = cases(rooms, arguments);
    let threads = threads_or_all(arguments.threads);
    let began = Instant::now();
    let survey = survey(cases, &known, threads, &|_| {});
    let surveyed = began.elapsed();
    let findings = findings(&survey, &known, arguments.limit);
    if let Some(folder) = &arguments.save {
        for finding in &findings {
            save(folder, &finding.slug(), &finding.scenario)?;
        }
        // What others broke is a bug of this program: its rooms are kept as they are.
        for (whose, all) in [("reference", &survey.by_reference), ("server", &survey.by_servers)] {
            for (breach, rooms) in all {
                if let Some((_, case)) = &rooms.smallest {
                    let name = format!("{whose}-{}", breach.rule.id().to_lowercase());
                    save(folder, &name, &case.room.scenario)?;
                }
            }
        }
    }
    let told =
        Told { survey: &survey, findings: &findings, known: &known, files, threads, surveyed };
    let printed = if arguments.json {
        writeln!(out, "{:#}", report::json(&told))
    } else if arguments.markdown {
        write!(out, "{}", report::markdown(&told))
    } else {
        write!(out, "{}", report::text(&told))
    };
    printed.map_err(|error| error.to_string())?;
    if let Some(path) = &arguments.html {
        page::write(path, &told).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    for (name, reason) in &survey.skipped {
        let _ = writeln!(err, "{name}: skipped: {reason}");
    }
    Ok(exit(&survey))
}

/// The rooms in their roles.
fn cases(files: Vec<Room>, arguments: &Arguments) -> Vec<Case> {
    let roles = arguments.role.map_or(Role::ALL.to_vec(), |role| vec![role]);
    let store = arguments.store;
    let in_all =
        |room: Room| roles.iter().map(move |role| Case { room: room.clone(), role: *role, store });
    let mut cases: Vec<Case> = files.into_iter().flat_map(in_all).collect();
    let turns = Role::ALL.iter().cycle();
    let seeds = (0..arguments.rooms).map(|nth| arguments.seed.wrapping_add(nth));
    cases.extend(seeds.zip(turns).map(|(seed, turn)| Case {
        room: generated(seed),
        role: arguments.role.unwrap_or(*turn),
        store,
    }));
    cases
}

/// The exit code, as that of the other commands: not deterministic before broken before inconclusive.
fn exit(survey: &Survey) -> Exit {
    let broken = survey.new.keys().any(|breach| {
        breach.severity == Severity::Violation
            && survey.standing(breach.rule) == survey::Standing::Broken
    });
    if !survey.diverging.is_empty() {
        Exit::NotDeterministic
    } else if broken || !survey.broken_down.is_empty() {
        Exit::Broken
    } else if survey.inconclusive > 0 {
        Exit::Inconclusive
    } else {
        Exit::Holds
    }
}

/// So many threads, or as many as there are processors.
pub(crate) fn threads_or_all(threads: Option<usize>) -> usize {
    let all = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    threads.unwrap_or_else(all)
}

/// The scenario files at these paths, in the order of their names.
pub(crate) fn files(paths: &[PathBuf]) -> Result<Vec<Room>, String> {
    let usual = PathBuf::from("scenarios");
    let mut found = Vec::new();
    if paths.is_empty() && usual.is_dir() {
        below(&usual, &mut found).map_err(|error| error.to_string())?;
    }
    for path in paths {
        below(path, &mut found).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    found.sort();
    found.into_iter().map(|path| room(&path)).collect()
}

fn below(path: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_dir() {
            below(&path, found)?;
        } else if path.extension().is_some_and(|ending| ending == "json") {
            found.push(path);
        }
    }
    Ok(())
}

/// Reads a scenario file.
fn room(path: &Path) -> Result<Room, String> {
    let name = path.display().to_string();
    let bytes = fs::read(path).map_err(|error| format!("{name}: {error}"))?;
    let scenario = read_bytes(&bytes, &Limits::FILES).map_err(|problems| {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        format!("{name}: {first}")
    })?;
    Ok(Room { name, scenario })
}

/// The smallest room for each thing that devices have broken in a way that is not known.
fn findings(survey: &Survey, known: &Known, limit: usize) -> Vec<Finding> {
    let judged = |standing| matches!(standing, survey::Standing::Broken | survey::Standing::Warned);
    let broken = survey.new.iter();
    let broken = broken.filter(|(breach, _)| judged(survey.standing(breach.rule)));
    let small = |(breach, rooms): (&Breach, &survey::Rooms)| {
        let (_, case) = rooms.smallest.clone()?;
        let shrunk = (limit > 0).then(|| made_small(breach, &case, known, limit)).flatten();
        let (first, casting) = (case.name(), case.casting());
        let scenario = shrunk.as_ref().map_or(case.room.scenario, titled);
        let careful = |casting| SdkRooms::careful().cast(casting);
        let devices = needed(careful, (&scenario, ReadingName::Strict), &casting, *breach);
        let (count, roles) = (rooms.count, rooms.roles.clone());
        let (breach, role, store) = (*breach, case.role, case.store);
        Some(Finding { breach, count, roles, first, scenario, role, store, devices })
    };
    broken.filter_map(small).collect()
}

fn save(folder: &Path, name: &str, scenario: &Scenario) -> Result<(), String> {
    let path = folder.join(format!("{name}.json"));
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, write_brief(scenario)));
    written.map_err(|error| format!("{}: {error}", path.display()))
}
