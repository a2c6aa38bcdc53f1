//! What is known so far, while `conform` runs: rooms of findings are saved as soon as there is one, and whoever watches is told how far it is.
//! An interruption loses nothing of what was found. It does not run anything.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use withheld::scenario::file::write_brief;
use withheld::scenario::model::Scenario;
use withheld::store::atomic::AtomicFile;

use crate::needed::Breach;

use super::report::{Finding, slug};
use super::small::new_breaches;
use super::survey::{Rooms, Survey};

/// Where there is no terminal, a line is written as often as this, and none before.
const LINES: Duration = Duration::from_secs(30);

/// How often the line on a terminal moves.
const TICKS: Duration = Duration::from_millis(250);

/// As often as this the report so far is written.
const REPORTS: Duration = Duration::from_secs(10);

/// Where the report is.
const REPORT: &str = "report.json";

/// Saves and tells what is known.
#[derive(Debug)]
pub struct Watch {
    folder: PathBuf,
    began: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    bar: ProgressBar,
    /// When a line was written last, where there is no terminal.
    line: Option<Instant>,
    report: Instant,
    /// What the files of rooms hold: the size of the room and its name.
    saved: BTreeMap<String, (usize, String)>,
    problem: Option<String>,
    done: usize,
}

impl Watch {
    /// Makes ready to save into this folder.
    ///
    /// # Errors
    /// If nothing can be written there, with the reason.
    pub fn begin(folder: &Path) -> Result<Self, String> {
        let told = |error: io::Error| format!("--save: {}: {error}", folder.display());
        fs::create_dir_all(folder).map_err(told)?;
        let watched = io::stderr().is_terminal();
        let target =
            if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template("{spinner} {wide_msg}")
            .expect("the template of the line is well formed");
        let (began, bar) =
            (Instant::now(), ProgressBar::with_draw_target(None, target).with_style(style));
        if watched {
            // A room may take long: whoever watches sees that it is still run.
            bar.enable_steady_tick(TICKS);
        }
        let line = (!watched).then_some(began);
        let state =
            State { bar, line, report: began, saved: BTreeMap::new(), problem: None, done: 0 };
        Ok(Self { folder: folder.to_owned(), began, state: Mutex::new(state) })
    }

    /// One more room was run: `report` writes what is known of all.
    pub fn surveyed(&self, survey: &Survey, of: usize, report: impl FnOnce() -> String) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for (breach, rooms) in new_breaches(survey) {
            self.save_smallest(&mut state, &slug(breach), rooms);
        }
        for (whose, all) in [("reference", &survey.by_reference), ("server", &survey.by_servers)] {
            for (breach, rooms) in all {
                self.save_smallest(&mut state, &format!("{whose}-{}", slug(*breach)), rooms);
            }
        }
        for (number, (_, rooms)) in survey.broken_down.iter().enumerate() {
            self.save_smallest(&mut state, &format!("breakdown-{}", number + 1), rooms);
        }
        state.done += 1;
        let broken = rules(survey.breaches.keys().copied());
        let new = rules(new_breaches(survey).map(|(breach, _)| breach));
        let line = format!(
            "{} of {of} rooms, {broken} rules broken, {new} of them in a way that no finding shows",
            state.done
        );
        self.tell(&mut state, &line);
        self.keep_report(&mut state, report);
    }

    /// A room was made small.
    pub fn made_small(
        &self,
        finding: &Finding,
        (done, of): (usize, usize),
        [simulated, remembered]: [usize; 2],
        report: impl FnOnce() -> String,
    ) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.save(&mut state, &finding.slug(), &finding.scenario);
        let line = format!(
            "{done} of {of} findings made small, in {simulated} runs ({remembered} more were known)"
        );
        self.tell(&mut state, &line);
        self.keep_report(&mut state, report);
    }

    /// The end: the whole report is saved.
    ///
    /// # Errors
    /// If anything could not be saved, with the first reason.
    pub fn end(self, report: &str) -> Result<(), String> {
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.bar.finish_and_clear();
        let path = self.folder.join(REPORT);
        let written = write_whole(&path, report);
        state.problem.take().map_or(Ok(()), Err)?;
        written.map_err(|error| format!("--save: {}: {error}", path.display()))
    }

    fn save_smallest(&self, state: &mut State, name: &str, rooms: &Rooms) {
        let Some((size, case)) = &rooms.smallest else { return };
        let what = (*size, case.name());
        if state.saved.get(name) != Some(&what) {
            state.saved.insert(name.to_owned(), what);
            self.save(state, name, &case.room.scenario);
        }
    }

    fn save(&self, state: &mut State, name: &str, scenario: &Scenario) {
        let path = self.folder.join(format!("{name}.json"));
        self.written(state, &path, &write_brief(scenario));
    }

    fn keep_report(&self, state: &mut State, report: impl FnOnce() -> String) {
        if state.report.elapsed() >= REPORTS {
            state.report = Instant::now();
            self.written(state, &self.folder.join(REPORT), &report());
        }
    }

    fn written(&self, state: &mut State, path: &Path, text: &str) {
        if let Err(error) = write_whole(path, text) {
            state.problem.get_or_insert_with(|| format!("--save: {}: {error}", path.display()));
        }
    }

    fn tell(&self, state: &mut State, line: &str) {
        let seconds = self.began.elapsed().as_secs();
        match &mut state.line {
            None => {
                state.bar.set_message(format!("{line}, {seconds} s"));
                state.bar.tick();
            }
            Some(last) if last.elapsed() >= LINES => {
                *last = Instant::now();
                // Who does not read this does not want it.
                let _ = writeln!(io::stderr(), "{line}, {seconds} s");
            }
            Some(_) => {}
        }
    }
}

fn rules(breaches: impl Iterator<Item = Breach>) -> usize {
    let mut rules: Vec<_> = breaches.map(|breach| breach.rule).collect();
    rules.dedup();
    rules.len()
}

fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(text.as_bytes())?;
    file.commit()
}
