//! Mutants in generated rooms: that a small number of rooms catches the plain ones, that what is found can be repeated, and what the
//! command says and writes. Whether every mutant can be caught at all is tested in rooms of files.

#![expect(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests may")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::CommandCargoExt;
use serde_json::Value;

use withheld::run::clients::{InWorld, References};
use withheld::run::mutants::hunt::{ACTIONS, Budget, Hunt, as_specified};
use withheld::run::mutants::small::small;
use withheld::run::mutants::{Written, catchers};
use withheld::run::simulator::Bounded;
use withheld::scenario::mutant::Mutant;

use crate::room::Room;

const SIMULATOR: Bounded<'static> = Bounded { simulator: &InWorld(References), actions: ACTIONS };

/// Mutants that show in almost every room that is about them.
const PLAIN: [Mutant; 12] = [
    Mutant::X01,
    Mutant::X10,
    Mutant::X11,
    Mutant::X12,
    Mutant::X13,
    Mutant::X14,
    Mutant::X28,
    Mutant::X34,
    Mutant::X46,
    Mutant::X55,
    Mutant::X57,
    Mutant::X61,
];

#[test]
fn a_few_rooms_catch_the_plain_mutants_by_a_rule_that_is_named_for_them() {
    for written in PLAIN.into_iter().flat_map(Written::of) {
        let mut hunt = Hunt::new(written, Budget { cases: 120, seed: 11 });
        hunt.until_caught(&SIMULATOR);
        let name = format!("{} {}", written.mutant.id(), written.setting());
        let kill = hunt.kill.as_ref().unwrap_or_else(|| panic!("{name} survives"));
        assert!(catchers(written.mutant).contains(&kill.rule), "{name}: {:?}", kill.rule);
        assert_eq!(hunt.cases(), kill.cases, "{name}: no room more than it takes");
        assert_eq!(hunt.usual.len(), 0, "{name}: {:?} without a mutant", hunt.usual);
        let small = small(&SIMULATOR, &hunt).unwrap();
        assert!(small.is_minimal && small.size <= small.before, "{name}");
        let broken = |scenario| {
            let violations = Room::run(scenario).outcome.violations;
            violations.iter().any(|one| one.rule == kill.rule && one.injected.is_none())
        };
        assert!(broken(small.room.clone()), "{name} does not show in its small room");
        assert!(!broken(as_specified(&small.room)), "{name}: it is not the mutant that breaks it");
    }
}

fn withheld(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::cargo_bin("withheld").unwrap();
    command.current_dir(folder).args(args).env_remove("CLICOLOR_FORCE").output().unwrap()
}

/// What the command says, without its times.
fn document(args: &[&str]) -> (Option<i32>, Value) {
    let output = withheld(Path::new("."), &[&["mutants", "--json"], args].concat());
    let mut json: Value = serde_json::from_slice(&output.stdout).unwrap();
    for one in json["mutants"].as_array_mut().unwrap() {
        assert!(one.as_object_mut().unwrap().remove("microseconds").is_some());
    }
    (output.status.code(), json)
}

#[test]
fn the_command_says_the_same_whatever_the_number_of_threads() {
    let args = ["X01", "X12", "X28", "X61", "--cases", "25"];
    let (code, one) = document(&[&args[..], &["--jobs", "1"]].concat());
    assert_eq!(code, Some(0), "{one}");
    let (_, three) = document(&[&args[..], &["--jobs", "3"]].concat());
    assert_eq!(one, three);
    let (_, other) = document(&[&args[..], &["--seed", "1"]].concat());
    assert_ne!(one, other, "another seed is about other rooms");
    assert_eq!(one["summary"]["mutants"], 4);
    assert_eq!(one["summary"]["variants"], 6);
}

#[test]
fn a_survivor_is_named_and_makes_the_command_fail() {
    // One room does not get a client to restart after it has told somebody.
    let output = withheld(Path::new("."), &["mutants", "X02", "--cases", "1", "--seed", "3"]);
    let text = std::str::from_utf8(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("\nnot caught: X02 marks_persist\n"), "{text}");
}

#[test]
fn small_rooms_are_written_as_files_that_hold_and_none_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["mutants", "X13", "--cases", "20", "--out", "rooms"];
    let output = withheld(folder.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let mut names: Vec<String> = fs::read_dir(folder.path().join("rooms"))
        .unwrap()
        .map(|one| one.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected =
        ["misspelt", "no_key", "unstable"].map(|one| format!("X13-notice_type-{one}.json"));
    assert_eq!(names, expected);
    let run = withheld(folder.path(), &["run", "rooms"]);
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stdout));
    let again = withheld(folder.path(), &args);
    assert_eq!(again.status.code(), Some(3));
    let error = String::from_utf8_lossy(&again.stderr);
    assert!(error.contains("would be overwritten"), "{error}");
}

#[test]
fn what_is_no_mutant_is_refused() {
    let output = withheld(Path::new("."), &["mutants", "X99\u{1b}[0m"]);
    assert_eq!(output.status.code(), Some(3));
    let error = std::str::from_utf8(&output.stderr).unwrap();
    assert!(error.contains("X99\\u{1b}[0m, expected one of X01 to X64"), "{error}");
    for wrong in [["--cases", "0"], ["--jobs", "0"]] {
        let output = withheld(Path::new("."), &[&["mutants"][..], &wrong].concat());
        assert_eq!(output.status.code(), Some(3), "{wrong:?}");
    }
}
