//! Every way to write a mutant, in every device of every room whose clients and servers are all written as the specification
//! wants it, until one of the rules that are named for it catches it. How a rule does that is not known here.

use std::collections::BTreeSet;

use withheld::ids::DeviceId;
use withheld::rulebook::rule::Rule;
use withheld::run::mutants::catchers;
use withheld::scenario::fault::Party;
use withheld::scenario::file;
use withheld::scenario::habits::{Habits, ServerHabits};
use withheld::scenario::limits::Limits;
use withheld::scenario::model::Scenario;
use withheld::scenario::mutant::{Mutant, Variant};

use crate::habits::rooms;
use crate::room::{Room, files, scenario};

/// Rules that were broken, and by whom; what a fault excuses is left out.
type Broken = BTreeSet<(Rule, Party)>;

/// A room, and what is broken in it without any mutant.
struct Usual {
    scenario: Scenario,
    broken: Broken,
}

/// The list of Bob's devices changes twice while the first query for it is on its way, and that takes longer than the second.
const OVERTAKEN_QUERY: &str = r#"{
  "format": 1, "about": "A test.",
  "users": { "alice": { "devices": ["A1"] }, "bob": { "devices": { "B1": {}, "B2": { "present": false }, "B3": { "present": false } } } },
  "timeline": [
    { "at": "10s", "do": "send", "from": "A1", "message": "m1" },
    { "at": "20s", "do": "login", "device": "B2" },
    { "at": "22s", "do": "login", "device": "B3" },
    { "at": "40s", "do": "send", "from": "A1", "message": "m2" }
  ],
  "faults": [{ "from": "19s", "until": "21s", "fault": "query_slow", "device": "A1", "by": "8s" }]
}"#;

/// Bob's client stops between the first and the second time that it writes what the sync with a notice brought.
const CRASH_AT_A_NOTICE: &str = r#"{
  "format": 1, "about": "A test.",
  "users": { "alice": { "devices": ["A1"] }, "bob": { "devices": ["B1"] } },
  "timeline": [
    { "at": "5s", "do": "block", "device": "A1", "target": "B1" },
    { "at": "10s", "do": "send", "from": "A1", "message": "m1" }
  ],
  "faults": [{ "from": "10s", "until": "12s", "fault": "crash", "device": "B1", "point": { "after_persist": 1 } }]
}"#;

/// Rooms that no file shows.
const OWN: [&str; 3] = [OVERTAKEN_QUERY, CRASH_AT_A_NOTICE, rooms::TWO_DEVICES_FAIL];

fn is_as_specified(scenario: &Scenario) -> bool {
    scenario.devices.iter().all(|device| device.habits == Habits::specification())
        && scenario.servers.iter().all(|server| server.habits == ServerHabits::specification())
}

fn rooms() -> Vec<Usual> {
    let read = |path: std::path::PathBuf| {
        let bytes = std::fs::read(path).expect("a scenario file can be read");
        file::read_bytes(&bytes, &Limits::FILES).expect("a scenario file is one")
    };
    let all = OWN.into_iter().map(scenario).chain(files("").into_iter().map(read));
    // In a large room there is nothing that does not show in a small one, and it has many devices to try.
    let small = |scenario: &Scenario| scenario.devices.len() <= 24;
    let right = all.filter(small).filter(is_as_specified);
    right.map(|scenario| Usual { broken: broken(&scenario), scenario }).collect()
}

fn broken(scenario: &Scenario) -> Broken {
    let room = Room::run(scenario.clone());
    let counted = room.outcome.violations.iter().filter(|violation| violation.injected.is_none());
    counted.map(|violation| (violation.rule, violation.party)).collect()
}

/// The rules that a device breaks, or its server if the variant is one of servers, only because it is written in this way.
fn breaks(of: &Usual, variant: &Variant, device: DeviceId) -> BTreeSet<Rule> {
    let mut changed = of.scenario.clone();
    variant.apply(&mut changed, device);
    let party = if variant.is_of_server() {
        Party::Server(of.scenario.server_of(device))
    } else {
        Party::Device(device)
    };
    let more = broken(&changed);
    let more = more.difference(&of.broken).filter(|(_, by)| *by == party);
    more.map(|(rule, _)| *rule).collect()
}

/// What went wrong with a variant; `None` if it is caught.
fn missed(mutant: Mutant, variant: &Variant, rooms: &[Usual]) -> Option<String> {
    let catchers = catchers(mutant);
    let mut others = BTreeSet::new();
    for of in rooms {
        for device in 0..of.scenario.devices.len() {
            let found = breaks(of, variant, DeviceId::at(device));
            if !found.is_disjoint(&catchers) {
                return None;
            }
            others.extend(found.into_iter().map(Rule::id));
        }
    }
    let wanted: Vec<&str> = catchers.iter().map(|rule| rule.id()).collect();
    Some(format!("{} {}: none of {wanted:?}, but {others:?}", mutant.id(), variant.name))
}

#[test]
fn every_mutant_is_caught_by_a_rule_that_is_named_for_it() {
    let rooms = rooms();
    let all = Mutant::ALL.iter();
    let missed: Vec<String> = all
        .flat_map(|mutant| mutant.variants().iter().map(|variant| (*mutant, variant)))
        .filter_map(|(mutant, variant)| missed(mutant, variant, &rooms))
        .collect();
    assert!(missed.is_empty(), "\n{}", missed.join("\n"));
}

#[test]
fn rooms_of_this_test_are_right_without_a_mutant() {
    for text in OWN {
        let scenario = scenario(text);
        assert!(is_as_specified(&scenario));
        assert_eq!(broken(&scenario), Broken::new(), "{text}");
    }
}
