//! Every way to write a mutant, in every device of every room where all clients and servers are written as the
//! specification wants it, until one of the rules that are named for it catches it. How a rule does that is not known here.

use std::collections::{BTreeMap, BTreeSet};

use withheld::ids::DeviceId;
use withheld::rulebook::rule::Rule;
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

/// A room, and the rules that are broken in it without any mutant.
struct Usual {
    name: String,
    scenario: Scenario,
    broken: Broken,
}

fn rooms() -> Vec<Usual> {
    let texts = [rooms::TWO_DEVICES_FAIL, rooms::TWO_FAILURES, rooms::SLOW_OLD_ANSWER, rooms::CROSSING_REPAIR];
    let read = |path: std::path::PathBuf| {
        let bytes = std::fs::read(&path).expect("a scenario file can be read");
        let scenario = file::read_bytes(&bytes, &Limits::FILES).expect("a scenario file is one");
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        (name, scenario)
    };
    let as_specified = |scenario: &Scenario| {
        scenario.devices.iter().all(|device| device.habits == Habits::specification())
            && scenario.servers.iter().all(|server| server.habits == ServerHabits::specification())
    };
    let own = texts.into_iter().map(|text| ("own".to_owned(), scenario(text)));
    let all = own.chain(files("").into_iter().map(read));
    all.filter(|(_, scenario)| as_specified(scenario))
        .map(|(name, scenario)| Usual { name, broken: broken(&scenario), scenario })
        .collect()
}

fn broken(scenario: &Scenario) -> Broken {
    let room = Room::run(scenario.clone());
    let counted = room.outcome.violations.iter().filter(|violation| violation.injected.is_none());
    counted.map(|violation| (violation.rule, violation.party)).collect()
}

/// The rules that a mutant breaks in a room when one device, or its server, is written in this way.
fn breaks(of: &Usual, variant: &Variant, device: DeviceId) -> BTreeSet<Rule> {
    let mut changed = of.scenario.clone();
    variant.apply(&mut changed, device);
    let party = if variant.is_of_server() {
        Party::Server(of.scenario.server_of(device))
    } else {
        Party::Device(device)
    };
    let more = broken(&changed).difference(&of.broken).copied().collect::<Broken>();
    more.into_iter().filter(|(_, by)| *by == party).map(|(rule, _)| rule).collect()
}

#[test]
fn every_mutant_is_caught() {
    let rooms = rooms();
    let mut out = String::new();
    for mutant in Mutant::ALL {
        for variant in mutant.variants() {
            let mut fired: BTreeMap<Rule, BTreeSet<&str>> = BTreeMap::new();
            for of in &rooms {
                for device in 0..of.scenario.devices.len() {
                    for rule in breaks(of, variant, DeviceId::at(device)) {
                        fired.entry(rule).or_default().insert(&of.name);
                    }
                }
            }
            let ok = mutant.caught_by().iter().any(|rule| fired.contains_key(rule));
            let wanted: Vec<_> = mutant.caught_by().iter().map(|r| r.id()).collect();
            let found: Vec<_> =
                fired.iter().map(|(r, n)| format!("{}:{}", r.id(), n.len())).collect();
            out += &format!(
                "{} {} {} want {wanted:?} got {found:?}\n",
                if ok { "ok" } else { "MISSED" },
                mutant.id(),
                variant.name
            );
        }
    }
    std::fs::write("/tmp/m1-mutants.txt", &out).unwrap();
    println!("{out}");
}
