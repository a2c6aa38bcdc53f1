//! Every way to write a mutant, in every room of the scenario files until one is found where it shows.
//! Whether it is caught by the rule that is named for it is not asked here.

use withheld::ids::DeviceId;
use withheld::scenario::file;
use withheld::scenario::limits::Limits;
use withheld::scenario::model::Scenario;
use withheld::scenario::mutant::{Mutant, Variant};

use crate::habits::rooms;
use crate::room::{Room, files, scenario};

/// Rooms that most mutants show in, so that few have to be looked for further on, and those that are in no file.
fn rooms() -> impl Iterator<Item = Scenario> {
    let texts = [rooms::TWO_DEVICES_FAIL, rooms::REPLY_FIRST, rooms::TWO_FAILURES];
    let read = |path: std::path::PathBuf| {
        let bytes = std::fs::read(path).expect("a scenario file can be read");
        file::read_bytes(&bytes, &Limits::FILES).expect("a scenario file is one")
    };
    let small = |scenario: &Scenario| scenario.devices.len() <= 6;
    texts.into_iter().map(scenario).chain(files("").into_iter().map(read)).filter(small)
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
