//! Campaigns as a shell sees them: the same result however they are distributed, killed or resumed, and nothing overwritten.
//! What single cases come to is tested beside the code that runs them.

#![expect(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests may")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use assert_cmd::cargo::CommandCargoExt;
use serde_json::Value;
use tempfile::TempDir;

use crate::pictures::{check_page, data_of};

/// Small rooms in which a mutant is on trial, so that there is something to find.
const SMALL: &[&str] = &[
    "--no-scenarios",
    "--subject=X11",
    "--max-steps=10",
    "--max-users=3",
    "--max-devices=2",
    "--max-faults=2",
];

fn command(folder: &Path, args: &[&str], more: &[&str]) -> Command {
    let mut command = Command::cargo_bin("withheld").unwrap();
    command.current_dir(folder).args(args).args(more);
    command
}

fn withheld(folder: &Path, args: &[&str], more: &[&str]) -> Output {
    command(folder, args, more).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Everything below a folder by its path from there, but for what tells of time and the lock.
fn contents(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(next) = pending.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                let is_timed =
                    ["speed.json", "lock", "index.html"].iter().any(|one| name == Path::new(one));
                let bytes = fs::read(&path).unwrap();
                if !is_timed {
                    found.insert(name, String::from_utf8(bytes).unwrap());
                }
            }
        }
    }
    found
}

/// What a campaign of so many cases leaves in a folder if nothing happens to it.
fn whole(cases: &str, jobs: &str) -> (TempDir, BTreeMap<PathBuf, String>) {
    let folder = tempfile::tempdir().unwrap();
    let output = withheld(folder.path(), &["fuzz", "--out=c", cases, jobs], SMALL);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let left = contents(&folder.path().join("c"));
    (folder, left)
}

fn names(left: &BTreeMap<PathBuf, String>) -> Vec<&str> {
    left.keys().map(|name| name.to_str().unwrap()).collect()
}

#[test]
fn threads_and_shards_change_nothing_and_merging_shards_gives_the_whole() {
    let (_kept, one) = whole("--cases=96", "--jobs=1");
    let (_kept_too, three) = whole("--cases=96", "--jobs=3");
    assert_eq!(names(&one), names(&three));
    assert_eq!(one, three);
    let findings = names(&one).iter().filter(|name| name.starts_with("findings")).count();
    assert!(findings > 0, "{:?}", names(&one));

    let folder = tempfile::tempdir().unwrap();
    for part in ["1/3", "2/3", "3/3"] {
        let out = format!("--out=part-{}", &part[..1]);
        let shard = format!("--shard={part}");
        let args = ["fuzz", "--cases=96", "--jobs=2", &out, &shard];
        let output = withheld(folder.path(), &args, SMALL);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{}", text(&output.stderr));
    }
    let parts = ["part-3", "part-1", "part-2"];
    let output = withheld(folder.path(), &["merge", "--out=c"], &parts);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let merged = contents(&folder.path().join("c"));
    assert_eq!(names(&merged), names(&one));
    assert_eq!(merged, one);
    // The whole can go on as if it had never been in parts.
    let more = ["fuzz", "--out=c", "--cases=112"];
    assert_eq!(withheld(folder.path(), &more, SMALL).status.code(), Some(1));
    let (_more, uninterrupted) = whole("--cases=112", "--jobs=2");
    assert_eq!(contents(&folder.path().join("c")), uninterrupted);

    let missing = withheld(folder.path(), &["merge", "--out=d"], &parts[..2]);
    assert_eq!(missing.status.code(), Some(3));
    assert!(text(&missing.stderr).contains("no state of lanes 1, 4, 7"), "{missing:?}");
    assert!(!folder.path().join("d").exists());
    let twice = withheld(folder.path(), &["merge", "--out=d"], &["part-1", "part-1"]);
    assert!(text(&twice.stderr).contains("once more"), "{twice:?}");
}

/// Whether the states of lanes that were left have findings.
fn lanes_find_something(out: &Path) -> bool {
    let is_state = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("lane-") && name.ends_with(".json")
    };
    let entries = fs::read_dir(out.join("lanes")).into_iter().flatten().map(Result::unwrap);
    let mut states = entries.filter(is_state).map(|entry| fs::read(entry.path()).unwrap());
    states.any(|state| {
        let state: Value = serde_json::from_slice(&state).unwrap();
        let findings = &state["lane"]["findings"];
        let listed = findings.as_array().map(Vec::len);
        listed.or_else(|| findings.as_object().map(serde_json::Map::len)).unwrap() > 0
    })
}

/// Whether there are rooms of findings; what was being written when the process was killed is none.
fn has_rooms(out: &Path) -> bool {
    let mut entries = fs::read_dir(out.join("findings")).into_iter().flatten().map(Result::unwrap);
    entries.any(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
}

#[test]
fn a_campaign_that_was_killed_again_and_again_comes_to_what_it_would_have_come_to() {
    const CASES: &str = "--cases=1600";
    let (_kept, expected) = whole(CASES, "--jobs=2");
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("c");
    let args = ["fuzz", "--out=c", CASES, "--jobs=2"];
    // The name of the folder is drawn by the system: kills come at other moments in every run of this test.
    let mut random = xxhash_rust::xxh3::xxh3_64(folder.path().to_str().unwrap().as_bytes());
    let mut kills = 0;
    for _ in 0..6 {
        let mut running = command(folder.path(), &args, SMALL)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        std::thread::sleep(Duration::from_millis(20 + (random >> 33) % 600));
        kills += u32::from(running.try_wait().unwrap().is_none());
        running.kill().unwrap();
        running.wait().unwrap();
        let is_found = lanes_find_something(&out);
        assert!(!is_found || has_rooms(&out), "a finding of a lane has its room");
    }
    assert!(kills > 0, "it must not be over before it is killed");
    let output = withheld(folder.path(), &args, SMALL);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let left = contents(&out);
    assert_eq!(names(&left), names(&expected));
    assert_eq!(left, expected);
}

#[test]
fn what_is_found_is_a_small_room_that_shows_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["fuzz", "--cases=64", "--no-neighbours", "--json"];
    let output = withheld(folder.path(), &args, SMALL);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = document["findings"].as_array().unwrap();
    let named = findings.iter().find(|one| one["rule"] == "W-05").unwrap();
    assert_eq!(named["severity"], "violation");
    assert_eq!(named["party_kind"], "device");
    let sizes = |key: &str| named["size"][key].as_u64().unwrap();
    assert!(sizes("devices") <= 3 && sizes("steps") <= 2, "{named}");
    let path = document["saved"][named["id"].as_str().unwrap()].as_str().unwrap();
    assert!(path.starts_with("withheld-findings/w05-"), "{path}");
    let again = withheld(folder.path(), &["run", path], &[]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stdout).contains("W-05"), "{}", text(&again.stdout));
    let why = withheld(folder.path(), &["explain", path, "--rule", "W-05"], &[]);
    assert_eq!(why.status.code(), Some(0), "{}", text(&why.stderr));

    // The same again is the same file; what somebody else has put there stays.
    let found = folder.path().join(path);
    let room = fs::read(&found).unwrap();
    assert_eq!(withheld(folder.path(), &args, SMALL).status.code(), Some(1));
    let count = || fs::read_dir(folder.path().join("withheld-findings")).unwrap().count();
    let before = count();
    fs::write(&found, "mine").unwrap();
    assert_eq!(withheld(folder.path(), &args, SMALL).status.code(), Some(1));
    assert_eq!(fs::read(&found).unwrap(), b"mine");
    assert_eq!(count(), before + 1);
    let beside = found.with_file_name(format!("{}-2.json", found.file_stem().unwrap().display()));
    assert_eq!(fs::read(beside).unwrap(), room);
}

/// The folder has a page of the campaign and one of each room that was found. The table of mutants is on the first if it
/// is put there, and refused before anything is run if it is something else.
#[test]
fn a_campaign_in_a_folder_is_a_page_with_a_page_for_each_finding() {
    let (kept, left) = whole("--cases=48", "--jobs=2");
    let folder = kept.path();
    let read = || fs::read_to_string(folder.join("c/index.html")).unwrap();
    let page = read();
    check_page("index.html", &page);
    let data = data_of(&page);
    let result: Value = serde_json::from_str(&left[Path::new("campaign.json")]).unwrap();
    for part in ["reached", "findings", "cases", "novelty"] {
        assert_eq!(data[part], result[part], "{part}");
    }
    assert!(data["kills"].is_null());
    let paged = data["paged"].as_array().unwrap();
    assert_eq!(paged.len(), data["findings"].as_array().unwrap().len());
    for id in paged {
        let id = id.as_str().unwrap();
        let room = &left[&Path::new("findings").join(format!("{id}.html"))];
        check_page(id, room);
        assert_eq!(data_of(room)["status"], "violated", "{id}");
    }

    let mutants = withheld(folder, &["mutants", "X05", "--json", "--cases=5"], &[]);
    fs::write(folder.join("c/mutants.json"), mutants.stdout).unwrap();
    let again = ["fuzz", "--out=c", "--cases=48"];
    assert_eq!(withheld(folder, &again, SMALL).status.code(), Some(1));
    assert_eq!(data_of(&read())["kills"]["mutants"][0]["mutant"], "X05");
    let cost = ["overhead", "--worlds=family-quiet-healthy", "--policies=nothing", "--seeds=1"];
    let cost = withheld(folder, &cost, &["--format=json"]);
    fs::write(folder.join("c/overhead.json"), cost.stdout).unwrap();
    let own = data_of(&read())["plots"].as_array().unwrap().len();
    assert_eq!(withheld(folder, &again, SMALL).status.code(), Some(1));
    let data = data_of(&read());
    let plots = data["plots"].as_array().unwrap();
    assert!(plots.len() >= own + 2, "two of them are of what policies cost");
    let swept = plots.iter().find(|plot| plot["x"] == "devices blocked, per cent").unwrap();
    assert_eq!(swept["series"][1]["name"], "nothing");

    fs::write(folder.join("c/overhead.json"), "{\"format_version\":9,\"plots\":[]}").unwrap();
    refused(folder, &again, "overhead.json: found format_version 9");
    fs::write(folder.join("c/mutants.json"), "{\"format_version\":9}").unwrap();
    refused(folder, &again, "mutants.json: missing field");
}

#[test]
fn steering_makes_rooms_of_rooms_and_costs_little_of_what_is_reached() {
    let folder = tempfile::tempdir().unwrap();
    let run = |more: &[&str]| -> Value {
        let args = ["fuzz", "--cases=960", "--json"];
        let output = withheld(folder.path(), &[&args[..], SMALL].concat(), more);
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let (steered, unsteered) = (run(&[]), run(&["--no-steering"]));
    let mutated = |document: &Value| document["cases"]["mutated"].as_u64().unwrap();
    assert!(mutated(&steered) > 80, "{}", mutated(&steered));
    assert_eq!(mutated(&unsteered), 0);
    let seen = |document: &Value| document["novelty"]["seen"].as_u64().unwrap();
    let (with, without) = (seen(&steered), seen(&unsteered));
    assert!(with * 100 >= without * 95, "{with} features with, {without} without");
}

#[test]
fn it_ends_by_itself_when_hardly_anything_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let tiny = ["--max-users=1", "--max-devices=1", "--max-rooms=1", "--max-steps=1"];
    let args = ["fuzz", "--no-scenarios", "--max-servers=1", "--max-faults=0", "--no-neighbours"];
    let output = withheld(folder.path(), &args, &tiny);
    assert!(text(&output.stdout).contains("hardly anything new comes any more"), "{output:?}");
}

const WRONG: &str = r#"{
  "format": 1,
  "about": "A message that is expected to be lost and is not",
  "users": { "alice": { "devices": ["A1"] }, "bob": { "devices": ["B1"] } },
  "timeline": [{ "at": "1s", "do": "send", "from": "A1", "message": "m1" }],
  "expect": { "verdicts": { "m1": { "B1": "unaware" } } }
}
"#;

#[test]
fn a_scenario_file_that_does_not_hold_is_a_finding() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("scenarios")).unwrap();
    fs::write(folder.path().join("scenarios/wrong.json"), WRONG).unwrap();
    let args = ["fuzz", "--cases=1", "--max-steps=1", "--max-faults=0"];
    let output = withheld(folder.path(), &args, &[]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let out = text(&output.stdout);
    assert!(out.contains("scenarios/wrong.json: differs"), "{out}");
    assert!(out.contains("again: withheld run scenarios/wrong.json"), "{out}");
    let none = withheld(folder.path(), &args, &["--no-scenarios"]);
    assert_eq!(none.status.code(), Some(0), "{}", text(&none.stdout));
    fs::write(folder.path().join("scenarios/bad.json"), "{").unwrap();
    let bad = withheld(folder.path(), &args, &[]);
    assert_eq!((bad.status.code(), text(&bad.stdout)), (Some(3), ""));
}

/// Runs a command that must be refused, with this in its message, and change nothing.
fn refused(folder: &Path, args: &[&str], why: &str) {
    let before = contents(folder);
    let output = withheld(folder, args, SMALL);
    assert_eq!(output.status.code(), Some(3), "{args:?}: {output:?}");
    assert!(text(&output.stderr).contains(why), "{args:?}: {}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "", "{args:?}");
    assert_eq!(contents(folder), before, "{args:?}");
}

#[test]
fn folders_that_hold_something_else_are_refused_and_left_as_they_are() {
    let (kept, _) = whole("--cases=32", "--jobs=2");
    let folder = kept.path();
    fs::create_dir(folder.join("other")).unwrap();
    fs::write(folder.join("other/letter.txt"), "mine").unwrap();
    let run = ["fuzz", "--cases=32", "--out=other"];
    refused(folder, &run, "other: found a folder that holds something else (letter.txt)");
    refused(
        folder,
        &["fuzz", "--cases=32", "--out=other/letter.txt"],
        "found a file, expected a folder",
    );
    refused(folder, &["fuzz", "--cases=32", "--out=c", "--seed=5"], "seed is 0 there, 5 here");
    refused(
        folder,
        &["fuzz", "--cases=32", "--out=c", "--shard=1/2"],
        "shard is null there, 1/2 here",
    );
    refused(folder, &["fuzz", "--cases=31", "--out=c"], "--cases: found 31, expected more");
    let merge = Command::cargo_bin("withheld")
        .unwrap()
        .current_dir(folder)
        .args(["merge", "c", "--out=other"])
        .output()
        .unwrap();
    assert_eq!(merge.status.code(), Some(3), "{merge:?}");
    assert_eq!(fs::read_dir(folder.join("other")).unwrap().count(), 1);

    let lane = folder.join("c/lanes/lane-05.json");
    let good = fs::read_to_string(&lane).unwrap();
    let again = ["fuzz", "--cases=32", "--out=c"];
    for (bad, why) in [
        (good[..good.len() / 2].to_owned(), "lane-05.json: found something else"),
        (good.replacen("\"fresh\":", "\"fresh\":1", 1), "its checksum does not fit"),
        (good.replacen("\"format\":1", "\"format\":9", 1), "found a state in format 9, expected 1"),
        (fs::read_to_string(folder.join("c/lanes/lane-06.json")).unwrap(), "state of lane 6"),
        (String::new(), "lane-05.json: found something else"),
    ] {
        fs::write(&lane, bad).unwrap();
        refused(folder, &again, why);
    }
    fs::write(&lane, good).unwrap();
    let setup = folder.join("c/setup.json");
    let written = fs::read_to_string(&setup).unwrap();
    fs::write(&setup, written.replace("\"version\": \"", "\"version\": \"9")).unwrap();
    refused(folder, &again, "version is 9");
    fs::write(&setup, "{}").unwrap();
    refused(folder, &again, "setup.json: missing field");
    fs::write(&setup, written).unwrap();

    let lock = fs::File::options().append(true).open(folder.join("c/lock")).unwrap();
    lock.lock().unwrap();
    refused(folder, &again, "another process works on this folder");
    lock.unlock().unwrap();
    assert_eq!(withheld(folder, &again, SMALL).status.code(), Some(1));
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (args, why) in [
        (&["--shard=1/4"][..], "--out"),
        (&["--shard=1/4", "--out=x"], "--cases"),
        (&["--shard=5/4", "--out=x", "--cases=9"], "expected a part such as 1/4"),
        (&["--no-scenarios", "--scenarios=x"], "cannot be used with"),
        (&["--cases=0"], "0 is not in 1.."),
        (&["--seconds=0"], "0 is not in 1.."),
        (&["--jobs=0"], "0 is not in 1.."),
        (&["--max-users=0"], "0 is not in 1.."),
        (
            &["--subject=X65"],
            "expected one of the mutants X01 to X64 or of the profiles specification",
        ),
        (&["--scenarios=none"], "none: cannot be read"),
    ] {
        let output = withheld(folder.path(), &["fuzz"], args);
        assert_eq!(output.status.code(), Some(3), "{args:?}: {output:?}");
        assert!(text(&output.stderr).contains(why), "{args:?}: {}", text(&output.stderr));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
