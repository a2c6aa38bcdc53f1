//! What the commands of this program's own have in common: which rooms are run, on how many threads and in what store.
//! It does not know what is made of the rooms.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Parser};
use withheld::cli::inputs::{self, Input};
use withheld::engine::choices::Seeded;
use withheld::generate;
use withheld::generate::plan::{Plan, Sizes, Subject};
use withheld::report::paint::Paint;
use withheld::run::status::Exit;
use withheld::scenario::model::Scenario;
use withheld::scenario::profile::ProfileName;

use crate::store::StoreKind;

/// Which rooms are run, and how.
#[derive(Debug, Args)]
pub struct Wanted {
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
    /// In what matrix-sdk-crypto keeps its keys: pickles in memory, or sqlite.
    #[arg(long, default_value = "pickles", value_parser = StoreKind::read)]
    pub store: StoreKind,
}

impl Wanted {
    /// The scenario files, in the order of their names.
    ///
    /// # Errors
    /// What is wrong with any of them, in lines that name the file.
    pub fn files(&self) -> Result<Vec<Room>, String> {
        let usual = [PathBuf::from("scenarios")];
        let paths = &self.paths;
        let paths = if paths.is_empty() && usual[0].is_dir() { &usual } else { &paths[..] };
        let mut found = inputs::find(paths).map_err(|problems| lines(&problems))?;
        found.sort();
        let read = inputs::read_all(found, Paint::Plain).map_err(|problems| lines(&problems))?;
        Ok(read.into_iter().map(|Input { name, scenario, .. }| Room { name, scenario }).collect())
    }

    /// The generated rooms, in the order of their seeds.
    pub fn generated(&self) -> impl Iterator<Item = Room> + '_ {
        (0..self.rooms).map(|nth| generated(self.seed.wrapping_add(nth)))
    }

    /// So many threads, or as many as there are processors.
    #[must_use]
    pub fn threads_or_all(&self) -> usize {
        let all = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.threads.unwrap_or_else(all)
    }
}

/// A room that is to be run.
#[derive(Debug, Clone)]
pub struct Room {
    /// The file, or the seed that it was generated from.
    pub name: String,
    /// The scenario.
    pub scenario: Scenario,
}

/// The generated room of a seed.
#[must_use]
pub fn generated(seed: u64) -> Room {
    let sizes = Sizes { servers: 3, users: 4, devices_per_user: 3, rooms: 2, steps: 24, faults: 4 };
    let subject = Subject::Program(ProfileName::MatrixRustSdk);
    let plan = Plan { sizes, subject, neighbours: false };
    let mut scenario = generate::scenario(&plan, &mut Seeded::new(seed));
    scenario.seed = seed;
    Room { name: format!("generated, seed {seed}"), scenario }
}

/// Problems of several files, each in lines of its own.
fn lines(problems: &[String]) -> String {
    problems.iter().map(|problem| problem.trim_end()).collect::<Vec<_>>().join("\n")
}

/// Reads the arguments of a command, whose name comes first, carries it out with them, and returns the exit code.
pub fn carry_out<A: Parser>(
    args: impl IntoIterator<Item = OsString>,
    (out, err): (&mut dyn Write, &mut dyn Write),
    command: impl FnOnce(&A, &mut dyn Write, &mut dyn Write) -> Result<Exit, String>,
) -> u8 {
    let arguments = match A::try_parse_from(args) {
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
    match command(&arguments, out, err) {
        Ok(exit) => exit.code(),
        Err(problem) => {
            let _ = writeln!(err, "{problem}");
            Exit::BadInput.code()
        }
    }
}
