//! Recorded runs judged: facts in memory, and a log as lines, parsing included.
//! It does not know how the facts came about.

use std::io::{self, BufRead};

use criterion::{Criterion, Throughput};

use withheld::check::Checker;
use withheld::check::cast::Cast;
use withheld::check::outcome::Outcome;
use withheld::rulebook::reading::{Reading, ReadingName};
use withheld::run::clients::{InWorld, References};
use withheld::run::logs::{JudgedLogs, Log, judge_logs};
use withheld::run::simulator::Simulator;
use withheld::scenario::model::Scenario;
use withheld::trace::jsonl::{Entry, JsonLines, LogNames, LogReader};
use withheld::trace::sink::{FactSink, Trace};

use super::rooms::large;

/// A log in memory.
struct Lines(Vec<u8>);

impl Log for Lines {
    fn open(&self) -> io::Result<Box<dyn BufRead + '_>> {
        Ok(Box::new(&self.0[..]))
    }
}

fn log(scenario: &Scenario) -> Lines {
    let mut lines = JsonLines::begin(Vec::new(), scenario, ReadingName::Strict);
    InWorld(References).simulate(scenario, ReadingName::Strict, &mut lines);
    Lines(lines.finish().expect("memory takes what is written"))
}

fn judge_log(log: &Lines) -> JudgedLogs {
    judge_logs(&[log], ReadingName::Strict).expect("the log is well formed")
}

/// Reads every fact and judges none.
fn read(log: &Lines) -> u64 {
    let mut names = LogNames::default();
    let mut reader = LogReader::open(&log.0[..], &mut names).expect("the log has a header");
    let mut facts = 0;
    while let Some(entry) = reader.next(&mut names).expect("the log is well formed") {
        facts += u64::from(matches!(entry, Entry::Fact(_)));
    }
    facts
}

fn judge(scenario: &Scenario, trace: &Trace) -> Outcome {
    let mut checker = Checker::new(Cast::of(scenario), Reading::named(ReadingName::Strict));
    trace.facts().iter().for_each(|fact| checker.record(fact));
    checker.finish()
}

/// The throughput is in facts.
pub(crate) fn all(criterion: &mut Criterion) {
    let scenario = large();
    let mut trace = Trace::default();
    InWorld(References).simulate(&scenario, ReadingName::Strict, &mut trace);
    let log = log(&scenario);
    let facts = judge_log(&log).logs[0].facts;
    assert_eq!(facts, trace.facts().len() as u64, "the log has all facts");
    assert_eq!(judge(&scenario, &trace).verdicts.len(), 100 * 599, "a verdict for each cell");
    eprintln!("check: {facts} facts, {} bytes as lines", log.0.len());
    let mut group = criterion.benchmark_group("check");
    group.sample_size(20).throughput(Throughput::Elements(facts));
    group.bench_function("facts", |bencher| bencher.iter(|| judge(&scenario, &trace)));
    group.bench_function("log_read", |bencher| bencher.iter(|| read(&log)));
    group.bench_function("log_read_and_judged", |bencher| bencher.iter(|| judge_log(&log)));
    group.finish();
}
