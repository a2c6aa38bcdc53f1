//! Every way to write a mutant, in every room of the scenario files until one is found where it shows.
//! Whether it is caught by the rule that is named for it is not asked here.

use withheld::ids::DeviceId;
use withheld::scenario::file;
use withheld::scenario::habits::Habits;
use withheld::scenario::limits::Limits;
use withheld::scenario::model::Scenario;
use withheld::scenario::mutant::{Mutant, Variant};

use crate::habits::rooms;
use crate::room::{Room, files, scenario};

/// Rooms, all of whose clients are written as the specification wants it.
fn rooms() -> impl Iterator<Item = Scenario> {
    let texts = [rooms::TWO_DEVICES_FAIL, rooms::REPLY_FIRST, rooms::TWO_FAILURES];
    let read = |path: std::path::PathBuf| {
        let bytes = std::fs::read(path).expect("a scenario file can be read");
        file::read_bytes(&bytes, &Limits::FILES).expect("a scenario file is one")
    };
    let small = |scenario: &Scenario| scenario.devices.len() <= 6;
    let without_habits = |mut scenario: Scenario| {
        scenario.devices.iter_mut().for_each(|device| device.habits = Habits::specification());
        scenario
    };
    let all = texts.into_iter().map(scenario).chain(files("").into_iter().map(read));
    all.filter(small).map(without_habits)
}

fn shows(variant: &Variant, usual: &[(Scenario, u64)]) -> bool {
    usual.iter().any(|(of, digest)| {
        (0..of.devices.len()).any(|device| {
            let mut changed = of.clone();
            variant.apply(&mut changed, DeviceId::at(device));
            changed != *of && Room::run(changed).digest != *digest
        })
    })
}

#[test]
fn every_mutant_shows_in_some_room() {
    let usual: Vec<(Scenario, u64)> =
        rooms().map(|of| (of.clone(), Room::run(of).digest)).collect();
    let variants = Mutant::ALL
        .iter()
        .flat_map(|mutant| mutant.variants().iter().map(move |variant| (mutant.id(), variant)));
    let hidden: Vec<_> = variants
        .filter(|(_, variant)| !shows(variant, &usual))
        .map(|(id, variant)| format!("{id} {}", variant.name))
        .collect();
    assert_eq!(hidden, [""; 0], "mutants that show nowhere");
}
