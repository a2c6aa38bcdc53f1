//! The program as a shell sees it: what it prints where, its exit codes, and that no input makes it panic.
//! What the output says in detail is tested beside the code that writes it.

#![expect(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests may")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::CommandCargoExt;
use serde_json::Value;

use withheld::scenario::limits::Limits;

const ONE_MESSAGE: &str = r#"{
  "format": 1,
  "about": "One message",
  "users": { "alice": { "devices": ["A1"] }, "bob": { "devices": ["B1"] } },
  "timeline": [{ "at": "1s", "do": "send", "from": "A1", "message": "m1" }],
  "expect": { "verdicts": { "m1": { "B1": "delivered" } }, "violations": [] }
}
"#;

pub(crate) fn withheld(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::cargo_bin("withheld").unwrap();
    command.current_dir(folder).args(args).env_remove("CLICOLOR_FORCE").output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

pub(crate) fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

#[test]
fn the_scenarios_of_this_repository_hold_with_their_digests() {
    let output = withheld(Path::new(env!("CARGO_MANIFEST_DIR")), &["run", "scenarios", "--locked"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert_eq!(text(&output.stderr), "", "piped, there is neither colour nor a bar");
    let lines: Vec<&str> = text(&output.stdout).lines().collect();
    let (summary, files) = lines.split_last().unwrap();
    assert!(files.iter().all(|line| line.starts_with("ok  ")), "{files:?}");
    assert!(summary.contains(" of virtual time in "), "{summary}");
}

#[test]
fn without_arguments_the_folder_scenarios_is_run_or_help_is_shown() {
    let with = folder(&[("scenarios/a.json", ONE_MESSAGE.as_bytes())]);
    let output = withheld(with.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).starts_with("ok                 scenarios"));
    let without = folder(&[]);
    let output = withheld(without.path(), &[]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("Usage: withheld"), "{}", text(&output.stdout));
}

#[test]
fn a_run_is_the_same_every_time_but_for_how_long_it_took() {
    let folder = folder(&[("a.json", ONE_MESSAGE.as_bytes())]);
    let run = || {
        let output = withheld(folder.path(), &["run", "a.json", "--json", "--trace", "t.jsonl"]);
        let mut document: Value = serde_json::from_slice(&output.stdout).unwrap();
        document["summary"]["real_us"] = Value::Null;
        document["summary"]["compression"] = Value::Null;
        (document, fs::read_to_string(folder.path().join("t.jsonl")).unwrap())
    };
    let (first, trace) = run();
    assert_eq!(run(), (first.clone(), trace.clone()));
    assert_eq!(first["runs"][0]["verdicts"][0]["verdict"], "delivered");
    let facts = first["runs"][0]["facts"].as_u64().unwrap();
    assert_eq!(trace.lines().count() as u64, facts + 1, "a header and every fact");
}

#[test]
fn another_seed_and_another_reading_are_said_in_the_report() {
    let folder = folder(&[("a.json", ONE_MESSAGE.as_bytes())]);
    for (flags, said) in [
        (["--seed", "99"], "strict reading, seed 99"),
        (["--rules", "lenient"], "lenient reading, seed 0"),
        (["--rules", "draft"], "draft reading, seed 0"),
    ] {
        let output = withheld(folder.path(), &[&["run", "a.json"][..], &flags].concat());
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).contains(said), "{}", text(&output.stdout));
    }
}

#[test]
fn a_blessed_file_is_locked_and_fails_when_its_digest_is_another() {
    let folder = folder(&[("a.json", ONE_MESSAGE.as_bytes())]);
    assert_eq!(withheld(folder.path(), &["run", "a.json", "--bless"]).status.code(), Some(0));
    assert_eq!(withheld(folder.path(), &["run", "a.json", "--locked"]).status.code(), Some(0));
    let path = folder.path().join("a.json");
    let blessed = fs::read_to_string(&path).unwrap();
    assert!(blessed.starts_with(ONE_MESSAGE.split(", \"violations\"").next().unwrap()));
    let at = blessed.find("\"digest\": \"").unwrap() + 11;
    let wrong = [&blessed[..at], "0123456789abcdef", &blessed[at + 16..]].concat();
    fs::write(&path, wrong).unwrap();
    let output = withheld(folder.path(), &["run", "a.json", "--locked"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("expected 0123456789abcdef"));
}

/// Files that are no scenarios, with a word that the error must have.
fn bad_files() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let edited = |from: &str, to: &str| {
        assert!(ONE_MESSAGE.contains(from), "{from}");
        ONE_MESSAGE.replace(from, to).into_bytes()
    };
    let huge = [ONE_MESSAGE.as_bytes(), &b"\n".repeat(Limits::FILES.file_bytes)].concat();
    vec![
        ("empty", Vec::new(), "expected"),
        ("not JSON", b"hello".to_vec(), "expected"),
        ("cut off", ONE_MESSAGE.as_bytes()[..100].to_vec(), "expected"),
        ("another type", b"[1, 2]".to_vec(), "expected an object"),
        ("not UTF-8", b"{\"about\": \"\xff\"}".to_vec(), "UTF-8"),
        ("unknown field", edited("\"about\"", "\"abuot\""), "about"),
        ("wrong type", edited("\"1s\"", "1"), "expected"),
        ("dangling name", edited("\"from\": \"A1\"", "\"from\": \"A9\""), "A9"),
        ("unknown verdict", edited("\"delivered\"", "\"delivred\""), "delivered"),
        ("beyond the horizon", edited("\"1s\"", "\"9999d\""), "horizon"),
        ("deep", [b"[".repeat(200_000), b"]".repeat(200_000)].concat(), "32"),
        ("huge", huge, "limit \"file_bytes\""),
    ]
}

#[test]
fn bad_files_are_explained_and_exit_with_3_and_print_nothing() {
    for (what, bytes, word) in bad_files() {
        let folder = folder(&[("bad.json", &bytes), ("good.json", ONE_MESSAGE.as_bytes())]);
        for target in ["bad.json", "."] {
            let output = withheld(folder.path(), &["run", target]);
            let err = text(&output.stderr);
            assert_eq!(output.status.code(), Some(3), "{what}: {err}");
            assert_eq!(text(&output.stdout), "", "{what}");
            assert!(err.contains("bad.json"), "{what}: {err}");
            assert!(err.contains(word), "{what}: {err}");
            assert!(err.ends_with("nothing was run\n"), "{what}: {err}");
            assert!(!err.contains("panicked"), "{what}: {err}");
        }
        assert_eq!(withheld(folder.path(), &["expand", "bad.json"]).status.code(), Some(3));
    }
}

#[test]
fn paths_without_a_scenario_are_explained() {
    let folder = folder(&[("empty/notes.md", b"")]);
    for (args, said) in [
        (vec!["run", "gone.json"], "gone.json: cannot be read: no such file or directory"),
        (vec!["run", "empty"], "empty: found no scenario"),
        (vec!["run"], "scenarios: cannot be read"),
        (vec!["expand", "empty"], "empty: cannot be read: is a directory"),
    ] {
        let output = withheld(folder.path(), &args);
        let err = text(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{args:?}: {err}");
        assert_eq!(text(&output.stdout), "");
        assert!(err.contains(said), "{args:?}: {err}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_stream_without_an_end_is_too_large_and_a_device_is_not_replaced() {
    let folder = folder(&[("a.json", ONE_MESSAGE.as_bytes())]);
    let output = withheld(folder.path(), &["run", "/dev/zero"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("limit \"file_bytes\""), "{}", text(&output.stderr));
    let output = withheld(folder.path(), &["run", "a.json", "--trace", "/dev/null"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    use std::os::unix::fs::FileTypeExt;
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

#[test]
fn colour_is_there_when_asked_for_and_not_in_a_pipe() {
    let folder = folder(&[("a.json", ONE_MESSAGE.as_bytes())]);
    let coloured = |flags: &[&str], no_color: bool| {
        let mut command = Command::cargo_bin("withheld").unwrap();
        command.current_dir(folder.path()).args(["run", "a.json"]).args(flags);
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        if no_color {
            command.env("NO_COLOR", "1");
        }
        text(&command.output().unwrap().stdout).contains('\u{1b}')
    };
    assert!(!coloured(&[], false));
    assert!(coloured(&["--color", "always"], false));
    assert!(!coloured(&["--color", "auto"], true));
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_makes_no_panic() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::cargo_bin("withheld").unwrap();
    command.current_dir(root).arg("schema").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
}

/// A room in which Bob's device is blocked.
const BLOCKED: &str = r#"{
  "format": 1,
  "about": "One message that is withheld",
  "users": { "alice": { "devices": ["A1"] }, "bob": { "devices": ["B1"] } },
  "timeline": [
    { "at": "1s", "do": "block", "device": "A1", "target": "B1" },
    { "at": "2s", "do": "send", "from": "A1", "message": "hello" },
    { "at": "9s", "do": "unblock", "device": "A1", "target": "B1" },
    { "at": "10s", "do": "send", "from": "A1", "message": "again" }
  ]
}
"#;

#[test]
fn an_explanation_is_given_in_every_form_and_to_whoever_asks_for_a_delivered_message() {
    let folder = folder(&[("a.json", BLOCKED.as_bytes())]);
    let explain = |args: &[&str]| {
        let output = withheld(folder.path(), &[&["explain", "a.json"], args].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout).to_owned()
    };
    let told = explain(&[]);
    assert!(told.contains("\nhello at B1: withheld(m.blacklisted)\n"), "{told}");
    assert!(told.contains("The user of B1 is shown m.blacklisted."), "{told}");
    assert!(told.contains("the user of A1 blocked B1"), "{told}");
    let read = explain(&["--message", "again", "--device", "B1", "--reading", "lenient"]);
    assert!(read.contains("B1 can read again."), "{read}");
    assert!(read.contains("the user of A1 unblocked B1"), "{read}");
    assert!(read.contains("lenient reading"), "{read}");
    assert!(explain(&["--format", "dot"]).starts_with("digraph explanation {\n"));
    assert!(explain(&["--format", "mermaid"]).starts_with("sequenceDiagram\n"));
    let data: Value = serde_json::from_str(&explain(&["--format", "json", "--seed", "5"])).unwrap();
    assert_eq!(data["seed"], 5);
    assert_eq!(data["explanations"][0]["verdict"], "withheld(m.blacklisted)");
    assert_eq!(data["explanations"][0]["rules"][0]["id"], "W-01");
    let run = withheld(folder.path(), &["run", "a.json"]);
    let why = "\nwhy: withheld explain a.json --message hello --device B1\n";
    assert!(text(&run.stdout).contains(why), "{}", text(&run.stdout));
    // Nothing is wrong with what Bob is told; that it is told again is.
    fs::write(folder.path().join("b.json"), REPEATS).unwrap();
    let run = withheld(folder.path(), &["run", "b.json"]);
    let why = "\nwhy: withheld explain b.json --rule W-09\n";
    assert!(text(&run.stdout).contains(why), "{}", text(&run.stdout));
}

#[test]
fn what_cannot_be_explained_is_bad_usage_and_says_what_there_is() {
    let folder = folder(&[("a.json", BLOCKED.as_bytes()), ("ok.json", ONE_MESSAGE.as_bytes())]);
    let refused = |args: &[&str], expected: &str| {
        let output = withheld(folder.path(), &[&["explain"], args].concat());
        assert_eq!(output.status.code(), Some(3), "{args:?}");
        assert_eq!(text(&output.stdout), "", "{args:?}");
        let found = text(&output.stderr);
        assert!(found.contains(expected), "{args:?}: {found}");
    };
    let file = "a.json";
    refused(
        &[file, "--message", "helo"],
        "--message: found \"helo\", expected one of the messages hello and again; did you mean \"hello\"?",
    );
    refused(
        &[file, "--device", "C9"],
        "--device: found \"C9\", expected one of the devices A1 and B1",
    );
    refused(
        &[file, "--device", "bob"],
        "--device: found \"bob\", a user, expected one of the devices",
    );
    refused(&[file, "--rule", "W-0x"], "--rule: found \"W-0X\", expected one of the rules W-01, ");
    refused(&[file, "--rule", "w9"], "--rule w9: found no such violation, expected no rule");
    refused(
        &[file, "--message", "hello", "--device", "A1"],
        "--message hello --device A1: found no such verdict, expected a message at a device that it was meant for: hello at B1 and again at B1",
    );
    refused(&["."], "found the folder ., expected one scenario file");
    refused(&["missing.json"], "nothing was explained");
    let well = withheld(folder.path(), &["explain", "ok.json"]);
    assert_eq!(well.status.code(), Some(0));
    assert!(text(&well.stdout).contains("no rule was broken"), "{}", text(&well.stdout));
}

/// Alice's client repeats itself, and three others look on.
const REPEATS: &str = r#"{
  "format": 1,
  "about": "A client that repeats itself",
  "users": {
    "alice": { "devices": { "A1": { "habits": { "withheld_dedup": "none" } } } },
    "bob": { "devices": ["B1", "B2"] }, "carol": { "devices": ["C1"] }
  },
  "timeline": [
    { "at": "3s", "do": "block", "device": "A1", "target": "B1" },
    { "at": "11s", "do": "send", "from": "A1", "message": "m1" },
    { "at": "12s", "do": "send", "from": "C1", "message": "m2" },
    { "at": "47s", "do": "send", "from": "A1", "message": "m3" }
  ],
  "faults": [{ "from": "13s", "until": "40s", "fault": "client_offline", "device": "C1" }]
}
"#;

#[test]
fn a_failing_room_is_made_small_and_the_small_one_fails_in_the_same_way() {
    let folder = folder(&[("a.json", REPEATS.as_bytes())]);
    let output = withheld(folder.path(), &["shrink", "a.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let small: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(small["timeline"].as_array().unwrap().len(), 3);
    assert_eq!(small["rules"][0], "W-09");
    assert!(small.get("faults").is_none(), "{small}");
    let told = text(&output.stderr);
    assert!(told.starts_with("a.json: A1 breaks W-09\n"), "{told}");
    assert!(told.contains("before: 4 devices, 4 steps, 1 fault, 3 users"), "{told}");
    assert!(told.contains("keep it: withheld shrink a.json -o small.json\n"), "{told}");
    assert!(told.contains("\n  names:  A2 was B1, m2 was m3\n"), "{told}");

    let written = withheld(folder.path(), &["shrink", "a.json", "-o", "b.json", "--history"]);
    assert_eq!(text(&written.stdout), "");
    assert_eq!(fs::read(folder.path().join("b.json")).unwrap(), output.stdout);
    let told = text(&written.stderr);
    assert!(told.contains("\n    kept     "), "{told}");
    assert!(
        told.ends_with("again: withheld run b.json\nwhy: withheld explain b.json --rule W-09\n"),
        "{told}"
    );
    assert_eq!(withheld(folder.path(), &["run", "b.json"]).status.code(), Some(1));
    let again = withheld(folder.path(), &["shrink", "b.json", "-o", "b.json"]);
    assert_eq!(again.status.code(), Some(0), "what is smallest stays: {}", text(&again.stderr));
    let data = withheld(folder.path(), &["shrink", "a.json", "--json"]);
    let data: Value = serde_json::from_slice(&data.stdout).unwrap();
    assert_eq!(data["scenario"], small);
    let renamed = serde_json::json!({ "kind": "message", "name": "m2", "was": "m3" });
    assert_eq!(data["names"][1], renamed);
    assert_eq!((&data["after"]["steps"], &data["minimal"]), (&3.into(), &true.into()));
}

#[test]
fn a_room_that_a_limit_keeps_from_being_smallest_is_told_as_such() {
    let folder = folder(&[("a.json", REPEATS.as_bytes())]);
    let shrunk = |limit: u64| {
        let limit = limit.to_string();
        let output = withheld(folder.path(), &["shrink", "a.json", "--json", "--limit", &limit]);
        let data: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), data["minimal"].as_bool(), data["simulated"].as_u64())
    };
    let (code, minimal, needed) = shrunk(1_000);
    assert_eq!((code, minimal), (Some(0), Some(true)));
    let needed = needed.unwrap();
    for (limit, code, minimal) in [(0, 2, false), (3, 2, false), (needed, 0, true)] {
        assert_eq!(shrunk(limit), (Some(code), Some(minimal), Some(limit)));
    }
    let output = withheld(folder.path(), &["shrink", "a.json", "--limit", "3"]);
    assert_eq!(output.status.code(), Some(2));
    let told = text(&output.stderr);
    assert!(told.contains("3 candidates run; the limit was reached before everything"), "{told}");
    let whole = withheld(folder.path(), &["shrink", "a.json"]);
    assert!(!text(&whole.stderr).contains("limit"), "{}", text(&whole.stderr));
}

#[test]
fn what_does_not_fail_cannot_be_made_small_and_nothing_is_overwritten() {
    let folder = folder(&[
        ("a.json", ONE_MESSAGE.as_bytes()),
        ("b.json", REPEATS.as_bytes()),
        ("c.json", b"mine"),
    ]);
    let said = |args: &[&str]| {
        let output = withheld(folder.path(), args);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(3), ""), "{args:?}");
        text(&output.stderr).to_owned()
    };
    let none = said(&["shrink", "a.json"]);
    assert_eq!(none, "error: a.json: found nothing that fails, expected a scenario that does\n");
    let other = said(&["shrink", "b.json", "--rule", "N-02"]);
    assert_eq!(other, "error: --rule: found N-02, expected one that is broken: W-09\n");
    let there = said(&["shrink", "b.json", "-o", "c.json"]);
    assert!(there.contains("found c.json with something else in it"), "{there}");
    assert_eq!(fs::read(folder.path().join("c.json")).unwrap(), b"mine");
    let forced = withheld(folder.path(), &["shrink", "b.json", "-o", "c.json", "--force"]);
    assert_eq!(forced.status.code(), Some(0));
    assert_ne!(fs::read(folder.path().join("c.json")).unwrap(), b"mine");
}

#[test]
fn an_expectation_that_does_not_hold_is_kept_in_the_smallest_room() {
    let text_of = ONE_MESSAGE
        .replace("\"delivered\" }", "\"withheld\" }")
        .replace("[\"B1\"]", "[\"B1\", \"B2\"]");
    let folder = folder(&[("a.json", text_of.as_bytes())]);
    let output = withheld(folder.path(), &["shrink", "a.json"]);
    let small: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(small["expect"]["verdicts"]["m1"].as_object().unwrap().len(), 1, "{small}");
    assert!(
        text(&output.stderr).contains("is delivered, and withheld is expected"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn the_standard_input_is_a_file_like_any_other() {
    let folder = folder(&[("a.json", BLOCKED.as_bytes())]);
    withheld(folder.path(), &["run", "a.json", "--trace", "facts.jsonl"]);
    let piped = |file: &str, args: &[&str]| {
        let input = fs::File::open(folder.path().join(file)).unwrap();
        let mut command = Command::cargo_bin("withheld").unwrap();
        let output = command.current_dir(folder.path()).args(args).stdin(input).output().unwrap();
        assert_eq!(text(&output.stderr), "", "{args:?}");
        text(&output.stdout).to_owned()
    };
    assert!(piped("a.json", &["run", "-"]).starts_with("-: ok\n"));
    assert!(piped("a.json", &["explain", "-"]).contains("hello at B1: withheld(m.blacklisted)"));
    let judged = piped("facts.jsonl", &["check", "-"]);
    assert!(judged.contains("withheld(m.blacklisted): 1\n"), "{judged}");
    assert!(judged.contains("    -:"), "a line of the log is shown: {judged}");
    for args in [
        &["run", "a.json", "--html", "-"][..],
        &["run", "a.json", "--trace", "-"],
        &["shrink", "a.json", "-o", "-"],
        &["fuzz", "--out", "-"],
        &["run", "-", "--bless"],
    ] {
        let output = withheld(folder.path(), args);
        assert_eq!(output.status.code(), Some(3), "{args:?}");
        assert!(text(&output.stderr).contains("expected "), "{args:?}: {}", text(&output.stderr));
    }
    assert!(!folder.path().join("-").exists());
}

#[test]
fn findings_that_cannot_be_saved_are_told_before_anything_is_searched() {
    let folder = folder(&[("withheld-findings", b"a file")]);
    let output = withheld(folder.path(), &["fuzz", "--cases", "16"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(3), ""));
    assert!(text(&output.stderr).contains("withheld-findings: cannot be written"));
}

#[test]
fn what_is_found_is_saved_as_a_room_to_read() {
    let folder = folder(&[]);
    let args = ["fuzz", "--cases", "160", "--subject", "X11", "--no-neighbours"];
    let output = withheld(folder.path(), &args);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let files: Vec<String> = fs::read_dir(folder.path().join("withheld-findings"))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    assert!(!files.is_empty());
    for file in files {
        let room: Value = serde_json::from_str(&file).unwrap();
        let rule = room["rules"][0].as_str().unwrap();
        assert!(room["about"].as_str().unwrap().contains(&format!(" breaks {rule}: ")), "{file}");
        assert!(room.get("horizon").is_none() && file.lines().count() < 40, "{file}");
    }
}

#[test]
fn the_rule_book_names_the_files_that_are_about_a_rule() {
    let about = REPEATS.replace("\"format\": 1,", "\"format\": 1, \"rules\": [\"W-09\"],");
    let folder = folder(&[("a.json", about.as_bytes())]);
    let output = withheld(folder.path(), &["rules", "W-09", "--scenarios", "a.json"]);
    let out = text(&output.stdout);
    assert!(out.contains("broken ") && out.contains("\n      shown in a.json\n"), "{out}");
}

#[test]
fn the_rooms_of_a_matrix_can_be_written_run_and_are_not_overwritten() {
    let folder = folder(&[]);
    let pair = ["matrix", "specification", "element-android-legacy", "specification"];
    let written = withheld(folder.path(), &[&pair[..], &["--out", "cells", "--json"]].concat());
    assert_eq!(written.status.code(), Some(0), "{}", text(&written.stderr));
    let table: Value = serde_json::from_slice(&written.stdout).unwrap();
    assert_eq!(table["pairs"].as_array().unwrap().len(), 4, "a profile that is named twice is one");
    let own = withheld(folder.path(), &["run", "cells/specification--specification"]);
    assert_eq!(own.status.code(), Some(0), "{}", text(&own.stdout));
    let room = "cells/element-android-legacy--specification/a_blocked_device.json";
    let found = withheld(folder.path(), &["explain", room, "--rule", "W-09"]);
    assert_eq!(found.status.code(), Some(0), "{}", text(&found.stderr));
    assert!(text(&found.stdout).contains("W-09 broken by A1"), "{}", text(&found.stdout));
    let again = withheld(folder.path(), &[&pair[..], &["--out", "cells"]].concat());
    assert_eq!(again.status.code(), Some(3));
    assert!(text(&again.stderr).contains("which would be overwritten"), "{}", text(&again.stderr));
}

#[test]
fn a_fault_that_meets_nothing_is_told_and_one_that_does_is_not() {
    let room = |filter: &str| {
        BLOCKED.replace(
            "\"timeline\"",
            &format!("\"faults\": [{{ \"from\": \"1s\", \"fault\": \"to_device_dropped\", \"which\": {{ \"type\": \"{filter}\" }} }}], \"timeline\""),
        )
    };
    let [missed, met] = ["m.room_key", "m.room_key.withheld"].map(room);
    let folder = folder(&[("missed.json", missed.as_bytes()), ("met.json", met.as_bytes())]);
    let shown = |file| text(&withheld(folder.path(), &["run", file]).stdout).to_owned();
    let idle = "\nfaults without effect\n  fault 1 (to_device_dropped)\n";
    assert!(shown("missed.json").contains(idle), "{}", shown("missed.json"));
    assert!(!shown("met.json").contains("faults without effect"), "{}", shown("met.json"));
    assert!(shown("met.json").contains("lost-in-transport"), "{}", shown("met.json"));
}
