//! Failing rooms made small: every result fails as the room did that it was made of, and withstands every single removal,
//! merge, reset and shortening. How a candidate is made is not known here.

use withheld::ids::DeviceId;
use withheld::minimise::smaller_by_one;
use withheld::rulebook::reading::ReadingName;
use withheld::run::clients::{InWorld, References};
use withheld::run::failure::{Failure, Trial, fails, try_out};
use withheld::run::shrunk::{LIMIT, Shrunk, shrink};
use withheld::scenario::file;
use withheld::scenario::limits::Limits;
use withheld::scenario::model::Scenario;
use withheld::scenario::mutant::Mutant;

use crate::room::files;

const SIMULATOR: InWorld<References> = InWorld(References);

fn trial() -> Trial<'static> {
    Trial { expected: true, ..Trial::of_everybody(ReadingName::Strict) }
}

/// The first failure of a scenario made small; `None` if it does not fail by a broken rule.
fn shrunk(scenario: &Scenario) -> Option<(Failure, Shrunk)> {
    let tried = try_out(&SIMULATOR, scenario, &trial());
    let found = tried.found.iter().find(|one| matches!(one.failure, Failure::Broken(_)))?;
    let shrunk = shrink(&SIMULATOR, scenario, &trial(), (&tried, found), LIMIT);
    Some((found.failure.clone(), shrunk))
}

#[test]
#[ignore]
fn measure() {
    let mut counts = Vec::new();
    let mut bad = 0;
    let rooms: Vec<Scenario> = files("").into_iter().map(|path| file::read_bytes(&std::fs::read(path).unwrap(), &Limits::FILES).unwrap()).filter(|s| s.devices.len() <= 24).collect();
    for (i, room) in rooms.iter().enumerate() {
        let mutant = Mutant::ALL[i % 64];
        let mut room = room.clone();
        let n = room.devices.len();
        mutant.apply(&mut room, DeviceId::at(i % n));
        let Some((failure, shrunk)) = shrunk(&room) else { continue };
        let text = file::write(&shrunk.scenario);
        assert_eq!(file::read(&text, &Limits::FILES).as_ref(), Ok(&shrunk.scenario));
        assert!(fails(&SIMULATOR, &shrunk.scenario, &trial(), &failure));
        let smaller: Vec<_> = smaller_by_one(&shrunk.scenario).into_iter().filter(|(_, s)| fails(&SIMULATOR, s, &trial(), &shrunk.failure)).collect();
        let invalid = shrunk.history.iter().filter(|a| a.fate == withheld::minimise::history::Fate::Invalid).count();
        let kept: Vec<usize> = shrunk.history.iter().enumerate().filter(|(_, a)| a.fate == withheld::minimise::history::Fate::Kept).map(|(i, _)| i).collect();
        counts.push(shrunk.simulated);
        bad += smaller.len();
        println!("{:?} -> {:?} simulated {} invalid {invalid} minimal {} kept {kept:?} rule {:?} smaller {:?}", shrunk.before, shrunk.after, shrunk.simulated, shrunk.is_minimal,
          match &shrunk.failure { Failure::Broken(s) => s.rule.id(), _ => "" }, smaller.iter().map(|(e, _)| e).collect::<Vec<_>>());
        if shrunk.simulated > 80 { for a in &shrunk.history { println!("     {:?} {}", a.fate, a.what); } }
    }
    counts.sort();
    println!("n {} median {} max {:?} not minimal {bad}", counts.len(), counts[counts.len() / 2], counts.last());
}
