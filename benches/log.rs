//! How fast a log is judged, parsing included: the trace of a room of 600 devices, read from memory.
//! It does not hold a bar by itself; ARCHITECTURE says what it should be.

use std::io::{self, BufRead};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use withheld::rulebook::reading::ReadingName;
use withheld::run::clients::{InWorld, References};
use withheld::run::logs::{JudgedLogs, Log, judge_logs};
use withheld::run::simulator::Simulator;
use withheld::scenario::file;
use withheld::scenario::limits::Limits;
use withheld::trace::jsonl::{Entry, JsonLines, LogNames, LogReader};

/// Two devices send fifty messages each; a tenth of one user's devices is blocked by one of them.
const LARGE_ROOM: &str = r#"{
    "format": 1,
    "about": "200 users with 3 devices each, 100 messages, a few devices blocked",
    "users": { "crowd": { "count": 200, "devices": 3 } },
    "timeline": [
        { "at": "1s", "do": "block", "device": "crowd1.1", "target": "crowd7" },
        { "at": "1s", "do": "block", "device": "crowd1.1", "target": "crowd9.2" },
        { "at": "2s", "do": "send_many", "from": "crowd1.1", "message": "a", "count": 50, "every": "1s" },
        { "at": "1m", "do": "send_many", "from": "crowd2.1", "message": "b", "count": 50, "every": "1s" }
    ]
}"#;

/// A log in memory.
struct Lines(Vec<u8>);

impl Log for Lines {
    fn open(&self) -> io::Result<Box<dyn BufRead + '_>> {
        Ok(Box::new(&self.0[..]))
    }
}

fn trace() -> Lines {
    let scenario = file::read(LARGE_ROOM, &Limits::FILES).expect("the scenario is well formed");
    let mut lines = JsonLines::begin(Vec::new(), &scenario, ReadingName::Strict);
    InWorld(References).simulate(&scenario, ReadingName::Strict, &mut lines);
    Lines(lines.finish().expect("memory takes what is written"))
}

fn judge(log: &Lines) -> JudgedLogs {
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

fn logs(criterion: &mut Criterion) {
    let log = trace();
    let judged = judge(&log);
    let facts = judged.logs[0].facts;
    assert_eq!(judged.outcome.verdicts.len(), 100 * 599, "a verdict for each message and device");
    eprintln!("{facts} facts in {} bytes", log.0.len());
    let mut group = criterion.benchmark_group("log");
    group.sample_size(20).throughput(Throughput::Elements(facts));
    group.bench_function("read", |bencher| bencher.iter(|| read(&log)));
    group.bench_function("read_and_judge", |bencher| bencher.iter(|| judge(&log)));
    group.finish();
}

criterion_group!(benches, logs);
criterion_main!(benches);
