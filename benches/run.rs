//! How long rooms take, simulated and judged: one of 200 users with 3 devices each and 100 messages, the small ones of
//! `scenarios/`, and generated ones as a campaign runs them. It does not hold a bar by itself; README and ARCHITECTURE say
//! what it should be.

use std::fs;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mimalloc::MiMalloc;

use withheld::engine::choices::Seeded;
use withheld::generate;
use withheld::generate::plan::Plan;
use withheld::rulebook::reading::ReadingName;
use withheld::run::RunReport;
use withheld::run::clients::{InWorld, References};
use withheld::run::judged::{DigestCheck, Judging, run_one};
use withheld::run::kept::Kept;
use withheld::run::simulator::Simulator;
use withheld::run::status::Status;
use withheld::scenario::file;
use withheld::scenario::limits::Limits;
use withheld::scenario::model::Scenario;
use withheld::trace::fact::Fact;
use withheld::trace::sink::FactSink;

/// The same as in the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

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

/// Takes facts and does nothing with them.
struct Nowhere;

impl FactSink for Nowhere {
    fn record(&mut self, _: &Fact) {}
}

/// The most devices of a small room.
const SMALL: usize = 24;

/// All scenario files below a folder, in the order of their names.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    paths.sort();
    let below = |path: PathBuf| if path.is_dir() { files_below(&path) } else { vec![path] };
    let files = paths.into_iter().flat_map(below);
    files.filter(|path| path.extension().is_some_and(|end| end == "json")).collect()
}

/// All scenarios of this repository with few devices.
fn small_rooms() -> Vec<Scenario> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let texts =
        files_below(&folder).into_iter().map(|path| fs::read_to_string(path).expect("a text"));
    let scenarios = texts.map(|text| file::read(&text, &Limits::FILES).expect("it is well formed"));
    scenarios.filter(|scenario| scenario.devices.len() <= SMALL).collect()
}

fn simulate(scenario: &Scenario) -> u64 {
    let simulator: &dyn Simulator = &InWorld(References);
    simulator.simulate(scenario, ReadingName::Strict, &mut Nowhere).actions
}

/// The first rooms that the generator makes when nothing else is asked of it.
fn generated_rooms() -> Vec<Scenario> {
    let plan = Plan::default();
    (0..300).map(|seed| generate::scenario(&plan, &mut Seeded::new(seed))).collect()
}

fn many_rooms(criterion: &mut Criterion, name: &str, rooms: &[Scenario]) {
    let judging = Judging { reading: ReadingName::Strict, digest: DigestCheck::Free };
    let judged = |scenario| run_one(&InWorld(References), scenario, judging, &mut Nowhere);
    let actions: u64 = rooms.iter().map(|room| judged(room).actions).sum();
    let facts: u64 = rooms.iter().map(|room| judged(room).facts).sum();
    let devices: usize = rooms.iter().map(|room| room.devices.len()).sum();
    let count = rooms.len();
    eprintln!("{count} rooms: {devices} devices, {actions} actions, {facts} facts");
    let mut group = criterion.benchmark_group(name);
    group.sample_size(20);
    group.throughput(Throughput::Elements(actions));
    group.bench_function("simulated_and_judged", |bencher| {
        bencher.iter(|| rooms.iter().map(|room| judged(room).actions).sum::<u64>());
    });
    group.bench_function("simulated", |bencher| {
        bencher.iter(|| rooms.iter().map(simulate).sum::<u64>());
    });
    group.finish();
}

fn rooms_of_files(criterion: &mut Criterion) {
    many_rooms(criterion, "small_rooms", &small_rooms());
}

fn rooms_of_a_campaign(criterion: &mut Criterion) {
    many_rooms(criterion, "generated_rooms", &generated_rooms());
}

criterion_group!(benches, large_room, rooms_of_files, rooms_of_a_campaign);
criterion_main!(benches);
