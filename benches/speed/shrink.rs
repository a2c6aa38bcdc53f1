//! A failing room made small, and what went wrong in it explained.
//! It does not know why the room fails: a client with a wrong habit is put into generated rooms until one of them does.

use criterion::Criterion;

use withheld::rulebook::reading::ReadingName;
use withheld::run::clients::{InWorld, References};
use withheld::run::failure::{Found, Trial, Tried, try_out};
use withheld::run::judged::Judging;
use withheld::run::shrunk::{LIMIT, shrink};
use withheld::run::why::{Wanted, explained};
use withheld::scenario::habits::WithheldDedup;
use withheld::scenario::model::Scenario;

use super::rooms::generated;

/// A room in which somebody repeats withheld notices, with what was found in it.
fn failing(trial: &Trial<'_>) -> (Scenario, Tried, Found) {
    for mut room in generated() {
        for device in &mut room.devices {
            device.habits.withheld_dedup = WithheldDedup::None;
        }
        let tried = try_out(&InWorld(References), &room, trial);
        if let Some(found) = tried.found.first().cloned() {
            return (room, tried, found);
        }
    }
    panic!("one of the generated rooms fails");
}

pub(crate) fn all(criterion: &mut Criterion) {
    let trial = Trial::of_everybody(ReadingName::Strict);
    let (room, tried, found) = failing(&trial);
    let small = || shrink(&InWorld(References), &room, &trial, (&tried, &found), LIMIT);
    let once = small();
    assert!(once.is_minimal, "the limit is not reached");
    eprintln!(
        "shrink: {} devices and {} steps to {} and {} by {} candidates",
        room.devices.len(),
        room.timeline.len(),
        once.scenario.devices.len(),
        once.scenario.timeline.len(),
        once.simulated,
    );
    let mut group = criterion.benchmark_group("shrink");
    group.sample_size(20);
    group.bench_function("generated_room", |bencher| bencher.iter(small));
    group.finish();

    let why = || explained(&InWorld(References), &room, Judging::STRICT, Wanted::default());
    eprintln!("explain: {} facts, {} answers", why().trace.facts().len(), why().answers.len());
    let mut group = criterion.benchmark_group("explain");
    group.sample_size(20);
    group.bench_function("generated_room", |bencher| bencher.iter(why));
    group.finish();
}
