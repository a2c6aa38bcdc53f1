//! Generated rooms as users of the library check their clients by them: the reference client stands them, a client with a fault does not,
//! and what is saved then is run from then on. How rooms are generated is not known here.

#![expect(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests may")]

use std::fs;
use std::path::{Path, PathBuf};

use withheld::client::reference::Reference;
use withheld::client::{Client, Command, Context, Input, Out};
use withheld::engine::choices::Seeded;
use withheld::generate;
use withheld::generate::plan::Plan;
use withheld::ids::DeviceId;
use withheld::property::{Config, check, checked};
use withheld::rulebook::reading::ReadingName;
use withheld::run::clients::{Clients, InWorld, References};
use withheld::scenario::file;
use withheld::scenario::habits::WithheldDedup;
use withheld::scenario::limits::Limits;
use withheld::scenario::model::Scenario;

use crate::room::{files, scenario};
use crate::wrapped::Wrapping;

fn config() -> Config {
    Config::in_crate(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_reference_client_stands_generated_rooms() {
    check("generated", &InWorld(References), &config().with_cases(300).with_seed(20));
}

/// A client that repeats its notices, whatever the scenario says of its habits.
struct Repeating;

impl Clients for Repeating {
    type Client = Reference;

    fn of_run(
        &self,
        scenario: &Scenario,
        reading: ReadingName,
    ) -> impl FnMut(DeviceId) -> Reference {
        let mut written = scenario.clone();
        for device in &mut written.devices {
            device.habits.withheld_dedup =
                WithheldDedup::ALL.iter().find(|(_, name)| *name == "none").unwrap().0;
        }
        let mut of_run = References.of_run(&written, reading);
        let mut made: Vec<Option<Reference>> =
            (0..written.devices.len()).map(|index| Some(of_run(DeviceId::at(index)))).collect();
        move |device| made[device.index()].take().unwrap()
    }
}

fn saved(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_client_with_a_fault_fails_with_a_small_room_that_is_saved_and_run_from_then_on() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("below").join("regressions");
    let config = config().with_cases(300).with_seed(1).with_folder(&kept);
    let told = checked("mine", &InWorld(Repeating), &config).unwrap_err();
    let [path] = &saved(&kept)[..] else { panic!("one room is saved") };
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("a_device_breaks_w09_") && name.ends_with(".json"), "{name}");
    for part in [
        "mine: generated room ",
        " breaks W-09",
        "withheld run ",
        "withheld explain ",
        name,
        "\"habits\"",
        "before: ",
        "after: ",
    ] {
        // The client is at fault, and not the habits of the room.
        assert_eq!(told.contains(part), part != "\"habits\"", "{part}\n{told}");
    }
    let text = fs::read_to_string(path).unwrap();
    let room = scenario(&text);
    assert!(room.timeline.len() <= 4 && room.devices.len() == 2, "{text}");
    assert!(told.contains(&text), "the room is told in full");

    // It fails again at once, and holds with a client that is right, which it puts to the test.
    let again = checked("mine", &InWorld(Repeating), &config).unwrap_err();
    assert!(again.starts_with("mine: rooms that failed before\nviolated"), "{again}");
    checked("mine", &InWorld(References), &config.clone().with_cases(0)).unwrap();

    // Without the second message nothing could be repeated, and the file says nothing any more.
    let mut stale = room.clone();
    stale
        .timeline
        .retain(|timed| !matches!(timed.step, withheld::scenario::step::Step::Block { .. }));
    fs::write(path, file::write_brief(&stale)).unwrap();
    let told = checked("mine", &InWorld(References), &config.with_cases(0)).unwrap_err();
    assert!(
        told.contains("W-09 was never put to the test") && told.contains("the file is stale"),
        "{told}"
    );
}

/// A client that cannot bear it if anybody is blocked.
pub(crate) fn brittle(
    inner: &mut Reference,
    input: &Input<'_>,
    context: &mut Context<'_>,
    out: &mut Out<<Reference as Client>::Durable>,
) {
    if let Input::Command(Command::Block(target)) = input {
        panic!("cannot block {target:?} at {} ms", context.clock.as_ms());
    }
    inner.handle(input, context, out);
}

#[test]
fn a_client_that_panics_fails_with_the_smallest_room_in_which_it_does() {
    let folder = tempfile::tempdir().unwrap();
    let config = config().with_cases(100).with_seed(1).with_folder(folder.path());
    let told = checked("mine", &InWorld(Wrapping(brittle)), &config).unwrap_err();
    let [path] = &saved(folder.path())[..] else { panic!("one room is saved") };
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("a_client_panics_") && name.ends_with(".json"), "{name}");
    let room = scenario(&fs::read_to_string(path).unwrap());
    assert_eq!((room.timeline.len(), room.faults.len()), (1, 0), "one block is all that it takes");
    assert!(room.devices.len() <= 2, "{told}");
    for part in ["a client panics at tests/it/generated.rs:", "cannot block ", name] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    let again = checked("mine", &InWorld(Wrapping(brittle)), &config).unwrap_err();
    assert!(again.starts_with("mine: rooms that failed before\n"), "{again}");
    assert!(again.contains("a client panics at "), "{again}");
    checked("mine", &InWorld(References), &config.with_cases(0)).unwrap();
}

#[test]
fn a_file_in_the_folder_that_is_no_scenario_is_told() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.json"), "{").unwrap();
    let told =
        checked("mine", &InWorld(References), &config().with_cases(0).with_folder(folder.path()));
    assert!(told.unwrap_err().contains("a.json"));
}

withheld::rooms_hold!(the_macro_makes_a_test, InWorld(References), |config| config
    .with_cases(5)
    .with_seed(2));

#[test]
fn files_without_defaults_say_the_same_as_files_with_them() {
    let in_files = files("")
        .into_iter()
        .map(|path| file::read_bytes(&fs::read(path).unwrap(), &Limits::FILES).unwrap());
    let generated =
        (0..200).map(|seed| generate::scenario(&Plan::default(), &mut Seeded::new(seed)));
    for scenario in in_files.chain(generated) {
        let brief = file::write_brief(&scenario);
        assert_eq!(file::read(&brief, &Limits::FILES).as_ref(), Ok(&scenario), "{brief}");
        assert!(brief.len() <= file::write(&scenario).len());
    }
}
