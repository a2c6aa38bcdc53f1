//! Logs of facts judged from outside: the same judgement as in memory, and never a wrong one where facts are missing.
//! What lines may look like is tested beside the code that reads them.

#![expect(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests may")]

mod command;
mod docs;
mod judged;
mod missing;
mod separate;

use std::fs;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use withheld::check::Checker;
use withheld::check::cast::Cast;
use withheld::check::coverage::Coverage;
use withheld::check::outcome::Outcome;
use withheld::rulebook::reading::{Reading, ReadingName};
use withheld::run::clients::{InWorld, References};
use withheld::run::logs::{JudgedLogs, Log, judge_logs};
use withheld::run::simulator::Simulator;
use withheld::scenario::file;
use withheld::scenario::limits::Limits;
use withheld::scenario::model::Scenario;
use withheld::trace::fact::{Fact, FactKind};
use withheld::trace::jsonl::JsonLines;
use withheld::trace::sink::{FactSink, Trace};

const READING: ReadingName = ReadingName::Strict;

/// A log in memory.
pub(crate) struct Text(pub(crate) Vec<u8>);

impl Log for Text {
    fn open(&self) -> io::Result<Box<dyn BufRead + '_>> {
        Ok(Box::new(&self.0[..]))
    }
}

/// A scenario file that was run.
pub(crate) struct Told {
    pub(crate) name: String,
    pub(crate) scenario: Scenario,
    pub(crate) facts: Vec<Fact>,
}

impl Told {
    pub(crate) fn of(name: &str, text: &str) -> Self {
        let scenario = file::read(text, &Limits::FILES).unwrap();
        let mut trace = Trace::default();
        InWorld(References).simulate(&scenario, READING, &mut trace);
        Self { name: name.to_owned(), scenario, facts: trace.facts().to_vec() }
    }

    /// The facts as a log.
    pub(crate) fn lines(&self, facts: impl IntoIterator<Item = Fact>) -> Vec<u8> {
        let mut lines = JsonLines::begin(Vec::new(), &self.scenario, READING);
        facts.into_iter().for_each(|fact| lines.record(&fact));
        lines.finish().unwrap()
    }

    pub(crate) fn cast(&self) -> Cast {
        Cast::of(&self.scenario)
    }

    /// The judgement of some of the facts by a judge who knows what was recorded.
    pub(crate) fn judged(&self, coverage: Coverage, keep: impl Fn(&Fact) -> bool) -> Outcome {
        let mut checker = Checker::new(self.cast(), Reading::named(READING)).shown(coverage);
        self.facts.iter().filter(|fact| keep(fact)).for_each(|fact| checker.record(fact));
        checker.finish()
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "json") {
            files.push(path);
        }
    }
}

/// All scenario files of the repository, run.
pub(crate) fn all() -> Vec<Told> {
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"), &mut files);
    assert!(files.len() > 100);
    let told =
        |path: PathBuf| Told::of(&path.to_string_lossy(), &fs::read_to_string(&path).unwrap());
    files.into_iter().map(told).collect()
}

pub(crate) fn judge(logs: &[Text]) -> JudgedLogs {
    let logs: Vec<&dyn Log> = logs.iter().map(|log| log as &dyn Log).collect();
    judge_logs(&logs, READING).unwrap()
}

#[test]
fn a_trace_that_is_read_back_is_judged_as_the_run_was() {
    for told in all() {
        let run = told.judged(Coverage::everything(), |_| true);
        let JudgedLogs { outcome, witnesses, logs, .. } =
            judge(&[Text(told.lines(told.facts.clone()))]);
        assert_eq!(outcome, run, "{}", told.name);
        assert_eq!(logs[0].facts, told.facts.len() as u64);
        for violation in &outcome.violations {
            for id in violation.witnesses.iter().flatten() {
                let (line, fact) = witnesses[id];
                assert_eq!(line.line, u64::from(id.raw()) + 2, "the header is the first line");
                assert_eq!(fact, told.facts[id.index()]);
            }
        }
    }
}

#[test]
fn a_trace_that_was_cut_blames_nobody_for_what_is_missing() {
    for told in all().iter().step_by(5) {
        let whole = told.judged(Coverage::everything(), |_| true);
        let lines = told.lines(told.facts.clone());
        let cut = judge(&[Text(lines[..lines.len() - 10].to_vec())]);
        assert!(cut.logs[0].cut && cut.outcome.is_inconclusive(), "{}", told.name);
        for violation in cut.outcome.counted() {
            let same = |other: &&_| {
                let other: &&withheld::check::outcome::Violation = other;
                (other.rule, other.party) == (violation.rule, violation.party)
            };
            assert!(whole.counted().any(|other| same(&other)), "{}: {violation:?}", told.name);
        }
    }
}

#[test]
fn facts_in_any_order_do_not_make_the_judge_panic() {
    // Each is a room that was told backwards, and one whose facts come in a wild order.
    for told in all().iter().step_by(9) {
        let end = |fact: &&Fact| !matches!(fact.kind, FactKind::RunEnd(_));
        let backwards: Vec<Fact> = told.facts.iter().rev().filter(end).copied().collect();
        let mut wild: Vec<Fact> = told.facts.iter().filter(end).copied().collect();
        wild.sort_by_key(|fact| fact.id.raw().wrapping_mul(2_654_435_761));
        for facts in [backwards, wild] {
            let renumbered = facts.iter().enumerate().map(|(at, fact)| Fact {
                id: withheld::ids::FactId::at(at),
                causes: withheld::trace::fact::Causes::NONE,
                ..*fact
            });
            let judged = judge(&[Text(told.lines(renumbered))]);
            assert!(judged.outcome.is_inconclusive(), "{}", told.name);
        }
    }
}
