//! How long a large room takes: 200 users with 3 devices each and 100 messages, simulated and judged.
//! It does not hold a bar by itself; README and ARCHITECTURE say what it should be.

use criterion::{Criterion, criterion_group, criterion_main};

use withheld::rulebook::reading::ReadingName;
use withheld::run::RunReport;
use withheld::run::clients::{InWorld, References};
use withheld::run::judged::{DigestCheck, Judging, run_one};
use withheld::run::kept::Kept;
use withheld::run::status::Status;
use withheld::scenario::file;
use withheld::scenario::limits::Limits;
use withheld::scenario::model::Scenario;

/// Two devices send fifty messages each; one of three devices of a tenth of the users is blocked by one of them.
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

fn run(scenario: &Scenario) -> RunReport {
    let judging = Judging { reading: ReadingName::Strict, digest: DigestCheck::Free };
    run_one(&InWorld(References), scenario, judging, &mut Kept::default())
}

fn large_room(criterion: &mut Criterion) {
    let scenario = file::read(LARGE_ROOM, &Limits::FILES).expect("the scenario is well formed");
    let report = run(&scenario);
    assert_eq!(report.status, Status::Holds, "a room in which nothing is wrong");
    assert_eq!(report.outcome.verdicts.len(), 100 * 599, "a verdict for each message and device");
    eprintln!("600 devices, 100 messages: {} actions, {} facts", report.actions, report.facts);
    let mut group = criterion.benchmark_group("run");
    group.sample_size(20);
    group.bench_function("600_devices_100_messages", |bencher| bencher.iter(|| run(&scenario)));
    group.finish();
}

criterion_group!(benches, large_room);
criterion_main!(benches);
