//! Generated rooms in the tests of other crates: a proptest strategy, and a check that a client of one's own stands them.
//! It does not know the client; it is given a simulator that runs it.
//!
//! In the tests of a crate with a client of its own:
//!
//! ```
//! use withheld::client::reference::Reference;
//! use withheld::ids::DeviceId;
//! use withheld::property::{Config, check};
//! use withheld::rulebook::reading::ReadingName;
//! use withheld::run::clients::{Clients, InWorld, References};
//! use withheld::scenario::model::Scenario;
//!
//! /// Makes the client that is tested; here it is the reference client.
//! struct Mine;
//!
//! impl Clients for Mine {
//!     type Client = Reference;
//!
//!     fn of_run(
//!         &self,
//!         scenario: &Scenario,
//!         reading: ReadingName,
//!     ) -> impl FnMut(DeviceId) -> Reference {
//!         References.of_run(scenario, reading)
//!     }
//! }
//!
//! // In a test: `#[test] fn rooms() { ... }`, or `withheld::rooms_hold!(rooms, InWorld(Mine));`.
//! check("rooms", &InWorld(Mine), &Config::in_crate(env!("CARGO_MANIFEST_DIR")).with_cases(8).with_seed(1));
//! ```
//!
//! A room in which a rule is broken, a client panics, or a run never ends, is made small and saved below `scenarios/regressions` of the crate, and the
//! test fails with the room, the rule and the facts that led there. From then on the file is run before new rooms are made.
//! With [`scenarios`] rooms can be used in `proptest!` like any other value.

mod regression;
mod strategy;

pub use self::strategy::{Room, Scenarios, scenarios};

use std::path::{Path, PathBuf};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use crate::generate::plan::Plan;
use crate::report::explanation::{Explained, text};
use crate::report::paint::Paint;
use crate::report::room::Layout;
use crate::report::shrunk::{ShrunkTold, summary};
use crate::rulebook::reading::ReadingName;
use crate::run::failure::{Failure, Found, Trial, Tried, try_out};
use crate::run::judged::Judging;
use crate::run::panic::caught;
use crate::run::shrunk::{LIMIT, shrink};
use crate::run::simulator::Simulator;
use crate::run::why::{Wanted, explained};
use crate::scenario::fault::Party;
use crate::scenario::file;
use crate::scenario::model::Scenario;

/// Where regressions are kept below the folder of a crate.
const REGRESSIONS: &str = "scenarios/regressions";
/// How wide what is told is.
const COLUMNS: usize = 100;

/// How a client is checked.
#[derive(Debug, Clone)]
pub struct Config {
    plan: Plan,
    cases: u32,
    seed: Option<u64>,
    reading: ReadingName,
    warnings: bool,
    folder: PathBuf,
    is_on_trial: fn(&Plan, &Scenario, Party) -> bool,
}

impl Config {
    /// The check of a crate whose manifest is in this folder: as many rooms as proptest makes cases (256, or as the
    /// environment variable `PROPTEST_CASES` says), judged by all rules in the strict reading.
    ///
    /// The clients of all devices are on trial. Servers are those of the simulator, and are not.
    #[must_use]
    pub fn in_crate(folder: &str) -> Self {
        Self {
            plan: Plan { neighbours: false, ..Plan::default() },
            cases: proptest::test_runner::Config::default().cases,
            seed: None,
            reading: ReadingName::Strict,
            warnings: false,
            folder: Path::new(folder).join(REGRESSIONS),
            is_on_trial: |plan, scenario, party| {
                matches!(party, Party::Device(_)) && plan.subject.is_on_trial(scenario, party)
            },
        }
    }

    /// So many rooms.
    #[must_use]
    pub fn with_cases(self, cases: u32) -> Self {
        Self { cases, ..self }
    }

    /// The same rooms every time.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    /// Rooms of this kind. Where they have neighbours, the simulator must run other clients for devices whose habits are not those
    /// of the plan's subject.
    #[must_use]
    pub fn with_plan(self, plan: Plan) -> Self {
        Self { plan, ..self }
    }

    /// Warnings count as well.
    #[must_use]
    pub fn with_warnings(self) -> Self {
        Self { warnings: true, ..self }
    }

    /// Judged in this reading.
    #[must_use]
    pub fn with_reading(self, reading: ReadingName) -> Self {
        Self { reading, ..self }
    }

    /// Regressions are kept in this folder.
    #[must_use]
    pub fn with_folder(self, folder: &Path) -> Self {
        Self { folder: folder.to_owned(), ..self }
    }

    /// Only what these parties do counts.
    #[must_use]
    pub fn with_trial(self, is_on_trial: fn(&Plan, &Scenario, Party) -> bool) -> Self {
        Self { is_on_trial, ..self }
    }

    fn runner(&self) -> TestRunner {
        let config = proptest::test_runner::Config {
            failure_persistence: None,
            ..proptest::test_runner::Config::default()
        };
        match self.seed {
            None => TestRunner::new(config),
            Some(seed) => {
                let mut bytes = [0; 32];
                bytes[..8].copy_from_slice(&seed.to_le_bytes());
                let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
                TestRunner::new_with_rng(config, rng)
            }
        }
    }
}

/// Runs the saved regressions, then generated rooms, and fails with the first that goes wrong: made small, saved, explained.
///
/// # Panics
/// If a rule is broken, a client panics, a run has no end or cannot be repeated, or a saved file does not hold or is stale.
pub fn check(name: &str, simulator: &dyn Simulator, config: &Config) {
    if let Err(told) = checked(name, simulator, config) {
        panic!("{told}");
    }
}

/// The same without a panic: what went wrong is the error, in words.
///
/// # Errors
/// If a rule is broken, a client panics, a run has no end or cannot be repeated, or a saved file does not hold or is stale.
pub fn checked(name: &str, simulator: &dyn Simulator, config: &Config) -> Result<(), String> {
    regression::replay(name, simulator, config.reading, &config.folder)?;
    let is_on_trial =
        |scenario: &Scenario, party| (config.is_on_trial)(&config.plan, scenario, party);
    let trial = Trial {
        warnings: config.warnings,
        repeat: true,
        is_on_trial: &is_on_trial,
        ..Trial::of_everybody(config.reading)
    };
    let mut runner = config.runner();
    let rooms = scenarios(config.plan.clone());
    for case in 0..config.cases {
        let room = rooms.new_tree(&mut runner).map_err(|reason| reason.to_string())?;
        let scenario = room.current();
        let tried = try_out(simulator, &scenario, &trial);
        if let Some(found) = tried.found.iter().find(|one| counts(one, &config.plan)) {
            let failed = Failed { name, simulator, trial, case, config };
            return Err(failed.told(&scenario, &tried, found));
        }
    }
    Ok(())
}

/// What of a generated room is a failure, here as in a campaign: nothing is expected there that could differ, and what has not
/// healed or has no reason is the matter of whoever writes the rules.
fn counts(found: &Found, plan: &Plan) -> bool {
    match found.failure {
        Failure::Broken(_) | Failure::NotDeterministic | Failure::Panicked(_) => true,
        // Nothing says who of several kinds of clients goes on without end.
        Failure::Endless => !plan.neighbours,
        Failure::NotBroken { .. }
        | Failure::Verdict { .. }
        | Failure::Notices { .. }
        | Failure::NotSent(_)
        | Failure::Sent
        | Failure::NotHealed { .. }
        | Failure::NoReason => false,
    }
}

/// A generated room that failed.
struct Failed<'a> {
    name: &'a str,
    simulator: &'a dyn Simulator,
    trial: Trial<'a>,
    case: u32,
    config: &'a Config,
}

impl Failed<'_> {
    /// Makes the room small, saves it, and says everything about it.
    fn told(&self, scenario: &Scenario, tried: &Tried, found: &Found) -> String {
        let shrunk = shrink(self.simulator, scenario, &self.trial, (tried, found), LIMIT);
        let small = regression::kept(self.simulator, self.config.reading, &shrunk);
        let (path, saved) = regression::save(&self.config.folder, &shrunk, &small);
        let rule =
            shrunk.failure.rule().map_or_else(String::new, |rule| format!(" --rule {}", rule.id()));
        let commands = [
            ("again", format!("withheld run {path}")),
            ("why", format!("withheld explain {path}{rule}")),
        ];
        let told = ShrunkTold {
            path: &path,
            shrunk: &shrunk,
            others: &[],
            commands: &commands,
            history: false,
        };
        let judging = Judging::of(self.config.reading);
        let wanted = Wanted { rule: shrunk.failure.rule(), ..Wanted::default() };
        let layout = Layout { columns: COLUMNS, paint: Paint::Plain };
        // A run that panics leaves nothing to explain but that.
        let explained = caught(|| {
            let why = explained(self.simulator, &small, judging, wanted);
            let explained =
                Explained { path: &path, scenario: &small, why: &why, more: &commands[1].1 };
            text(&explained, layout)
        });
        format!(
            "{}: generated room {} fails\n{}{saved}\n\n{}\n{}",
            self.name,
            self.case + 1,
            summary(&told),
            file::write_brief(&small),
            explained.unwrap_or_default(),
        )
    }
}

/// A test that a client of one's own stands generated rooms: `rooms_hold!(name, simulator)`, where what comes after the simulator
/// is made of a [`Config`]: `rooms_hold!(name, simulator, |config| config.with_cases(1_000))`.
#[macro_export]
macro_rules! rooms_hold {
    ($name:ident, $simulator:expr) => {
        $crate::rooms_hold!($name, $simulator, |config| config);
    };
    ($name:ident, $simulator:expr, $config:expr) => {
        #[test]
        fn $name() {
            let config = $crate::property::Config::in_crate(env!("CARGO_MANIFEST_DIR"));
            let change: fn($crate::property::Config) -> $crate::property::Config = $config;
            $crate::property::check(stringify!($name), &$simulator, &change(config));
        }
    };
}
