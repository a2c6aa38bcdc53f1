//! Every scenario file on networks whose delays are left to chance: whatever the order of things, the judge finds a
//! reason for everything, a run can be repeated, and a client that follows the rules is not found breaking one.
//! What the file expects of its own network is not looked at here.

use std::collections::BTreeSet;
use std::fs;

use withheld::rulebook::leaf::Leaf;
use withheld::scenario::fault::Party;
use withheld::scenario::habits::Habits;
use withheld::scenario::model::{Delay, Scenario};
use withheld::time::SimDuration;

use crate::room::{Room, files, scenario};

/// Seeds of one file.
const SEEDS: u64 = 20;

const fn between(min: u64, max: u64) -> Delay {
    Delay { min: SimDuration::from_ms(min), max: SimDuration::from_ms(max) }
}

/// The scenario on a network in which the order of things is left to chance.
fn jittered(of: &Scenario, seed: u64) -> Scenario {
    let mut scenario = of.clone();
    scenario.seed = seed;
    scenario.network.client = between(5, 90);
    scenario.network.federation = between(20, 200);
    scenario
}

/// What is wrong with a run of `of` with this seed.
fn wrong(of: &Scenario, seed: u64) -> Vec<String> {
    let room = Room::run(jittered(of, seed));
    let mut wrong = Vec::new();
    if Room::run(jittered(of, seed)).digest != room.digest {
        wrong.push("a second run has another digest".to_owned());
    }
    for verdict in room.outcome.verdicts.iter().filter(|verdict| verdict.leaf == Leaf::Unknown) {
        let message = room.scenario.message_name(verdict.message);
        let device = room.scenario.device_name(verdict.device);
        wrong.push(format!("no reason for {message} at {device}"));
    }
    let blamed: BTreeSet<Party> = of.expect.violations.iter().map(|one| one.party).collect();
    for violation in room.outcome.counted() {
        if let Party::Device(device) = violation.party
            && of.devices[device.index()].habits == Habits::specification()
            && !blamed.contains(&violation.party)
        {
            let name = room.scenario.device_name(device);
            wrong.push(format!("{name} breaks {}: {violation:?}", violation.rule.id()));
        }
    }
    wrong
}

/// Runs every file of a folder with every seed.
fn folder(name: &str) {
    let mut failures = Vec::new();
    let mut runs = 0;
    let found = files(name);
    for path in &found {
        let text = fs::read_to_string(path).expect("a scenario file can be read");
        let of = scenario(&text);
        for seed in 0..SEEDS {
            runs += 1;
            let wrong = wrong(&of, seed);
            failures.extend(
                wrong.into_iter().map(|one| format!("{} seed {seed}: {one}", path.display())),
            );
        }
    }
    assert!(!found.is_empty(), "there are files in {name}");
    assert!(failures.is_empty(), "{} of {runs} runs:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn device_lists() {
    folder("device_lists");
}

#[test]
fn incidents() {
    folder("incidents");
}

#[test]
fn key_requests() {
    folder("key_requests");
}

#[test]
fn no_olm() {
    folder("no_olm");
}

#[test]
fn history() {
    folder("history");
}

#[test]
fn policy() {
    folder("policy");
}

#[test]
fn rotation() {
    folder("rotation");
}

#[test]
fn transport() {
    folder("transport");
}
