//! `withheld overhead` as a shell sees it: what it compares, that it is the same every time, and what it refuses.
//! How each figure is come by is tested beside the code that measures it.

#![expect(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests may")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::CommandCargoExt;
use serde_json::Value;

/// A1 sends to a blocked device, one without keys and one that can read.
const ROOM: &str = r#"{
  "format": 1, "about": "One of each.",
  "users": {
    "alice": { "devices": ["A1"] },
    "bob": { "devices": { "B1": {}, "B2": {}, "B3": { "one_time_keys": 0, "fallback_key": false } } }
  },
  "timeline": [
    { "at": "10s", "do": "block", "device": "A1", "target": "B2" },
    { "at": "20s", "do": "send_many", "from": "A1", "message": "m", "count": 3, "every": "5s" }
  ],
  "expect": { "verdicts": { "m1": { "B1": "unexplained" } } }
}
"#;
/// A policy of a file.
const MINE: &str = r#"{
  "format": 1, "name": "mine", "about": "No word on blocks.",
  "policy": { "report": ["m.no_olm"] }, "habits": { "targets_per_put": 1 }
}
"#;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn overhead(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::cargo_bin("withheld").unwrap();
    command.current_dir(folder).arg("overhead").args(args).env_remove("CLICOLOR_FORCE");
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn refused(folder: &Path, args: &[&str], words: &[&str]) {
    let output = overhead(folder, args);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{args:?}: {said}");
    assert_eq!(text(&output.stdout), "", "{args:?}");
    for word in words {
        assert!(said.contains(word), "{args:?}: {word}: {said}");
    }
}

#[test]
fn the_same_seeds_give_the_same_bytes_whatever_the_number_of_threads() {
    let folder = folder(&[]);
    for format in ["text", "json", "csv"] {
        let args = |jobs| ["--worlds=family", "--seeds=2", "--jobs", jobs, "--format", format];
        let [one, four] = ["1", "4"].map(|jobs| overhead(folder.path(), &args(jobs)));
        assert_eq!(one.status.code(), Some(0), "{}", text(&one.stderr));
        assert_eq!(text(&one.stdout), text(&four.stdout), "{format}");
        assert!(text(&one.stderr).contains(" runs, "), "{}", text(&one.stderr));
        assert!(text(&one.stderr).starts_with("warning: intervals of 2 seeds say little; "));
    }
}

#[test]
fn rooms_and_policies_of_files_are_compared_and_what_rooms_expect_is_passed_over() {
    let folder = folder(&[("room.json", ROOM), ("mine.json", MINE)]);
    let args = ["--rooms", "room.json", "--policies", "mine.json,nothing", "--seeds", "5"];
    let output = overhead(folder.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(!text(&output.stderr).contains("warning"), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    assert!(table.contains("\nroom.json, 5 seeds\n"), "{table}");
    let json = overhead(folder.path(), &[&args[..], &["--format", "json"]].concat());
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    let names: Vec<&str> = json["policies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["policy"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["both", "mine", "nothing"], "the baseline is played in any case");
    let measures = |place: usize| json["worlds"][0]["policies"][place]["measures"].clone();
    // A word for B2, and one for B3, which then opens a session, says so and gets the key; a key for B1.
    let mean = |place: usize, measure: &str| measures(place)[measure]["mean"].as_u64();
    assert_eq!([0, 1, 2].map(|place| mean(place, "notices")), [2, 1, 0].map(Some));
    assert_eq!([0, 1, 2].map(|place| mean(place, "messages")), [5, 4, 1].map(Some));
    assert_eq!(measures(2)["explain_p99"], Value::Null, "nothing is explained under it");
    assert_eq!(measures(1)["notices"]["difference"]["pairs"], 5);
    assert_eq!(json["plots"].as_array().unwrap().len(), 3);
}

#[test]
fn a_picture_is_drawn_where_it_is_wanted_and_its_place_is_looked_at_first() {
    let folder = folder(&[("room.json", ROOM)]);
    let args = ["--rooms", "room.json", "--policies", "nothing", "--seeds=1", "--plot", "out.svg"];
    let output = overhead(folder.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let svg = fs::read_to_string(folder.path().join("out.svg")).unwrap();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert_eq!(svg.matches("<polyline").count(), 4);
    let nowhere = ["--worlds=public", "--plot", "missing/out.svg"];
    refused(folder.path(), &nowhere, &["missing/out.svg: cannot be written"]);
}

#[test]
fn what_is_wrong_with_policies_rooms_and_flags_is_said_before_anything_is_run() {
    let wrong = MINE.replace("m.no_olm", "m.no_oml").replace("policy", "polici");
    let missing = "{ \"format\": 1 }";
    let folder = folder(&[
        ("room.json", ROOM),
        ("mine.json", MINE),
        ("wrong.json", &wrong),
        ("missing.json", missing),
        ("room_with_errors.json", "{ \"format\": 2 }"),
    ]);
    let path = folder.path();
    refused(
        path,
        &["--policies", "noting"],
        &["found the policy noting", "did you mean \"nothing\"?"],
    );
    refused(path, &["--baseline", "x"], &["found the policy x, expected one of the policies "]);
    refused(path, &["--policies", "none.json"], &["none.json: cannot be read", "nothing was run"]);
    let annotated =
        ["wrong.json", "found an unknown field \"polici\"", "did you mean \"policy\"?", "-->"];
    refused(path, &["--policies", "mine.json,wrong.json"], &annotated);
    let fields = ["the field \"name\"", "the field \"about\""];
    refused(path, &["--policies", "missing.json"], &fields);
    refused(path, &["--policies", "mine.json,./mine.json"], &["found mine twice"]);
    refused(path, &["--worlds", "famly"], &["found the world famly", "did you mean \"family\"?"]);
    refused(
        path,
        &["--rooms", "room_with_errors.json"],
        &["1, the only version", "nothing was run"],
    );
    refused(path, &["--rooms", "no.json"], &["no.json: cannot be read"]);
    refused(path, &["--rooms", "room.json", "--worlds", "team"], &["cannot be used with"]);
    refused(path, &["--seeds", "0"], &["1..=10000"]);
}

#[test]
fn a_room_that_a_policy_cannot_play_is_named_with_the_policy_and_the_reason() {
    let strict = r#"{
      "format": 1, "name": "strict", "about": "Refuses what it would withhold.",
      "policy": { "share": "verified", "on_problem": "refuse" }
    }"#;
    let silent = ROOM.replace("\"send_many\"", "\"verify\"");
    let silent = silent.replace(
        r#""from": "A1", "message": "m", "count": 3, "every": "5s""#,
        r#""device": "A1", "target": "bob""#,
    );
    let silent = silent.replace(r#""verdicts": { "m1": { "B1": "unexplained" } }"#, "");
    let folder = folder(&[("room.json", ROOM), ("strict.json", strict), ("silent.json", &silent)]);
    refused(
        folder.path(),
        &["--rooms", "room.json", "--policies", "strict.json", "--seeds", "1"],
        &["room.json cannot be played under the policy strict", "no message is sent", "m1: "],
    );
    refused(
        folder.path(),
        &["--rooms", "silent.json", "--policies", "nothing", "--seeds", "1"],
        &["silent.json cannot be played under the policy both", "the room has none"],
    );
}

#[test]
fn every_policy_that_comes_with_the_program_fulfils_the_printed_schema() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::cargo_bin("withheld").unwrap();
    let printed = command.args(["schema", "--policy"]).output().unwrap();
    let schema: Value = serde_json::from_slice(&printed.stdout).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let mut seen = 0;
    for entry in fs::read_dir(root.join("policies")).unwrap() {
        let path = entry.unwrap().path();
        let policy: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert!(schema.is_valid(&policy), "{}", path.display());
        seen += 1;
    }
    assert_eq!(seen, 10);
    let mine: Value = serde_json::from_str(MINE).unwrap();
    assert!(schema.is_valid(&mine));
    let wrong = serde_json::from_str(&MINE.replace("policy", "polici")).unwrap();
    assert!(!schema.is_valid(&wrong));
}
