//! `conform`: scenario files and generated rooms with real devices, judged by every rule, and what is broken made small.
//! It does not know how a rule is judged.

pub mod memo;
pub mod page;
pub mod report;
pub mod small;
pub mod survey;
pub mod watch;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::Parser;
use withheld::rulebook::reading::Severity;
use withheld::run::status::Exit;

use crate::command::{Room, Wanted, carry_out};
use crate::known::Known;
use crate::role::Role;

use self::report::{Finding, Told};
use self::small::Bounds;
use self::survey::{Case, Survey, survey};
use self::watch::Watch;

/// Runs scenario files and generated rooms with matrix-sdk-crypto on the devices of a sender, of recipients, or of all, and reports what
/// came of each rule.
#[derive(Debug, Parser)]
#[command(name = "conform", bin_name = "withheld-matrix-sdk conform")]
pub struct Arguments {
    /// Which rooms are run, and how.
    #[command(flatten)]
    pub wanted: Wanted,
    /// In which role matrix-sdk-crypto is: on the devices of who sends the first message (sender), on all others (recipient), or on all
    /// (both). If nothing is said, each file is run in all three, and generated rooms take turns.
    #[arg(long, value_parser = Role::read)]
    pub role: Option<Role>,
    /// A folder with findings that are known: their rooms are run, and what is broken in the same way is told and does not count.
    #[arg(long)]
    pub known: Option<PathBuf>,
    /// Makes small rooms for everything that is broken. If nothing is said, what the folder of `--known` shows, or else the findings of the
    /// repository (adapters/matrix-sdk-crypto/findings, if it is there), is told by the names of their files.
    #[arg(long, conflicts_with = "known")]
    pub all: bool,
    /// How many smaller rooms are tried for each thing that is broken; with 0 the smallest room is shown as it is.
    #[arg(long, default_value_t = 200)]
    pub limit: usize,
    /// Writes rooms into this folder as soon as they are known, as scenario files, and the report as report.json.
    #[arg(long, default_value = "withheld-conform")]
    pub save: PathBuf,
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

/// Where the findings of the repository are, from its root.
const FINDINGS: &str = "adapters/matrix-sdk-crypto/findings";

impl Arguments {
    /// What needs no small room, because a finding shows it.
    fn known(&self) -> Result<Known, String> {
        let usual = Path::new(FINDINGS);
        match &self.known {
            Some(folder) => Known::read(folder),
            None if !self.all && usual.is_dir() => Known::read(usual),
            None => Ok(Known::default()),
        }
    }
}

/// Carries `conform` out; `args` begins with the name of the command. Returns the exit code.
pub fn main(
    args: impl IntoIterator<Item = OsString>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    carry_out(args, (out, err), conform)
}

fn conform(
    arguments: &Arguments,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Exit, String> {
    let known = arguments.known()?;
    let rooms = arguments.wanted.files()?;
    let files = rooms.len();
    let cases = cases(rooms, arguments);
    let (all, threads) = (cases.len(), arguments.wanted.threads_or_all());
    let (watch, began) = (Watch::begin(&arguments.save)?, Instant::now());
    let run = Run { known: &known, files, threads };
    let so_far = |survey: &Survey| {
        let report =
            || format!("{:#}", report::json(&run.told(survey, &[], (began.elapsed(), false))));
        watch.surveyed(survey, all, report);
    };
    let survey = survey(cases, &known, threads, &so_far);
    let surveyed = began.elapsed();
    let (of, small) = (small::count(&survey), Mutex::new(Vec::new()));
    let made_small = |finding: &Finding, runs: [usize; 2]| {
        let mut small = small.lock().unwrap_or_else(PoisonError::into_inner);
        small.push(finding.clone());
        let report =
            || format!("{:#}", report::json(&run.told(&survey, &small, (surveyed, false))));
        watch.made_small(finding, (small.len(), of), runs, report);
    };
    let bounds = Bounds { candidates: arguments.limit, threads };
    let findings = small::findings(&survey, &known, bounds, &made_small);
    let told = run.told(&survey, &findings, (surveyed, true));
    watch.end(&format!("{:#}", report::json(&told)))?;
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
    Ok(exit(&survey, arguments.known.is_some()))
}

/// What a report says of the run as a whole.
struct Run<'a> {
    known: &'a Known,
    files: usize,
    threads: usize,
}

impl Run<'_> {
    fn told<'b>(
        &'b self,
        survey: &'b Survey,
        findings: &'b [Finding],
        (surveyed, is_complete): (Duration, bool),
    ) -> Told<'b> {
        let Self { known, files, threads } = *self;
        Told { survey, findings, known, files, threads, surveyed, is_complete }
    }
}

/// The rooms in their roles.
fn cases(files: Vec<Room>, arguments: &Arguments) -> Vec<Case> {
    let roles = arguments.role.map_or(Role::ALL.to_vec(), |role| vec![role]);
    let store = arguments.wanted.store;
    let in_all =
        |room: Room| roles.iter().map(move |role| Case { room: room.clone(), role: *role, store });
    let mut cases: Vec<Case> = files.into_iter().flat_map(in_all).collect();
    let turns = Role::ALL.iter().cycle();
    cases.extend(arguments.wanted.generated().zip(turns).map(|(room, turn)| Case {
        room,
        role: arguments.role.unwrap_or(*turn),
        store,
    }));
    cases
}

/// The exit code, as that of the other commands, for everything or for what is new only: not deterministic before broken before inconclusive.
fn exit(survey: &Survey, only_new: bool) -> Exit {
    let counts = if only_new { &survey.new } else { &survey.breaches };
    let broken = counts.keys().any(|breach| {
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
