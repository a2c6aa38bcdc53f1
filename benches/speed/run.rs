//! Rooms run, with and without a judge, each with the work that it is: actions and facts.
//! It does not know how the time divides among parts of the program; a profiler does.

use criterion::{Criterion, Throughput};

use withheld::rulebook::reading::ReadingName;
use withheld::run::RunReport;
use withheld::run::clients::{InWorld, References};
use withheld::run::judged::{Judging, run_one};
use withheld::run::simulator::Simulator;
use withheld::run::status::Status;
use withheld::scenario::model::Scenario;

use super::rooms::{generated, large, small};

fn judged(scenario: &Scenario) -> RunReport {
    run_one(&InWorld(References), scenario, Judging::STRICT, &mut ())
}

fn simulated(scenario: &Scenario) -> u64 {
    InWorld(References).simulate(scenario, ReadingName::Strict, &mut ()).actions
}

/// The throughput is in actions.
fn rooms(criterion: &mut Criterion, name: &str, rooms: &[Scenario]) {
    let reports: Vec<RunReport> = rooms.iter().map(judged).collect();
    let actions: u64 = reports.iter().map(|report| report.actions).sum();
    let facts: u64 = reports.iter().map(|report| report.facts).sum();
    let devices: usize = rooms.iter().map(|room| room.devices.len()).sum();
    eprintln!("{name}: {} rooms, {devices} devices, {actions} actions, {facts} facts", rooms.len());
    let mut group = criterion.benchmark_group(name);
    group.sample_size(20).throughput(Throughput::Elements(actions));
    group.bench_function("simulated", |bencher| {
        bencher.iter(|| rooms.iter().map(simulated).sum::<u64>());
    });
    group.bench_function("simulated_and_judged", |bencher| {
        bencher.iter(|| rooms.iter().map(|room| judged(room).actions).sum::<u64>());
    });
    group.finish();
}

pub(crate) fn all(criterion: &mut Criterion) {
    let one = large();
    let report = judged(&one);
    assert_eq!(report.status, Status::Holds, "a room in which nothing is wrong");
    assert_eq!(report.outcome.verdicts.len(), 100 * 599, "a verdict for each message and device");
    rooms(criterion, "large_room", &[one]);
    rooms(criterion, "small_rooms", &small());
    rooms(criterion, "generated_rooms", &generated());
}
