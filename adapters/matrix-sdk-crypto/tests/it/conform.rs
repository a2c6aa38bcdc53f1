//! The command `conform`: what it prints, what it saves, what it exits with.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use withheld::rulebook::reading::ReadingName;
use withheld::rulebook::rule::Rule;
use withheld::run::simulator::Simulator;
use withheld::scenario::model::Scenario;
use withheld::trace::sink::Trace;
use withheld_matrix_sdk::casting::Casting;
use withheld_matrix_sdk::command::Room;
use withheld_matrix_sdk::conform;
use withheld_matrix_sdk::conform::memo::Memo;
use withheld_matrix_sdk::conform::small::{Bounds, findings};
use withheld_matrix_sdk::conform::survey::{Case, survey};
use withheld_matrix_sdk::known::Known;
use withheld_matrix_sdk::role::Role;
use withheld_matrix_sdk::simulator::SdkRooms;
use withheld_matrix_sdk::store::StoreKind;

use crate::{file, repository};

fn run(args: &[&str]) -> (u8, String, String) {
    let args = std::iter::once("conform").chain(args.iter().copied()).map(OsString::from);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = conform::main(args, &mut out, &mut err);
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

#[test]
fn a_report_counts_rules_and_saves_small_rooms() {
    let folder = tempfile::tempdir().unwrap();
    let save = folder.path().to_str().unwrap();
    let path = repository("scenarios/transport/a_sender_that_goes_back_uses_an_index_twice.json");
    let path = path.to_str().unwrap();
    let page = folder.path().join("page.html");
    let html = page.to_str().unwrap();
    let args = [path, "--rooms", "2", "--limit", "60", "--json", "--save", save, "--html", html];
    let (code, out, err) = run(&args);
    assert_eq!((code, err.as_str()), (1, ""), "{out}");
    let read = |out: &str| {
        let mut report: serde_json::Value = serde_json::from_str(out).unwrap();
        let time = report["time_ms"].take();
        assert!(time["client"].as_u64().unwrap() > 0, "{time}");
        report
    };
    let report = read(&out);
    assert_eq!(report["rooms"], 5, "the file in three roles; two generated rooms");
    let rule = |id: &str| {
        let all = report["rules"].as_array().unwrap();
        all.iter().find(|rule| rule["rule"] == id).unwrap().clone()
    };
    assert_eq!(rule("P-15")["standing"], "broken");
    assert_eq!(rule("T-10")["standing"], "glue");
    assert_eq!(rule("V-05")["standing"], "held");
    assert_eq!(rule("H-02")["standing"], "not decidable");
    assert_eq!(rule("C-01")["standing"], "of others");
    assert_eq!(rule("P-15")["by_role"]["both"], "broken");
    assert_eq!(rule("P-15")["by_role"]["recipient"], "broken");
    assert_ne!(rule("P-15")["by_role"]["sender"], "broken");
    let findings = report["findings"].as_array().unwrap();
    let p15 = findings.iter().find(|finding| finding["rule"] == "P-15").unwrap();
    assert_eq!(p15["devices"].as_array().unwrap().len(), 1, "the recipient alone: {p15}");
    assert!(folder.path().join("p-15.json").is_file());
    let effort = (p15["candidates"].as_u64().unwrap(), p15["is_minimal"].as_bool().unwrap());
    assert!((1..=60).contains(&effort.0) && (effort.1 || effort.0 == 60), "{effort:?}");
    assert_eq!(report["complete"], true);
    let saved = std::fs::read_to_string(folder.path().join("report.json")).unwrap();
    assert_eq!(read(&saved), report, "the report is saved as it is printed");
    let page = std::fs::read_to_string(&page).unwrap();
    assert!(page.contains("page-rooms/p-15.html") && !page.contains("<script"), "{page}");
    assert!(!page.contains("\\u{a}"), "lines are lines: {page}");
    let room = std::fs::read_to_string(folder.path().join("page-rooms/p-15.html")).unwrap();
    assert!(room.contains("id=\"data\""), "the room has its picture");
    let again = run(&[&args[..], &["--threads", "1"]].concat());
    assert_eq!(read(&again.1), report, "the same rooms give the same report");
}

/// The files of rooms in a folder.
fn rooms_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let rooms = entries.map(|entry| entry.unwrap().path());
    let is_room = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "json");
    rooms.filter(is_room).filter(|path| path.file_stem().unwrap() != "report").collect()
}

#[test]
fn an_interruption_loses_nothing_that_was_found() {
    let folder = tempfile::tempdir().unwrap();
    let save = folder.path().join("new");
    let mut conform = Command::new(env!("CARGO_BIN_EXE_withheld-matrix-sdk"))
        .args(["conform", "--rooms", "100000", "--save"])
        .arg(&save)
        .arg(repository("scenarios/transport/a_sender_that_goes_back_uses_an_index_twice.json"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while rooms_in(&save).len() < 2 && began.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(20));
    }
    conform.kill().unwrap();
    conform.wait().unwrap();
    let rooms = rooms_in(&save);
    assert!(rooms.len() >= 2, "rooms are saved while others are run: {rooms:?}");
    for room in rooms {
        assert!(!file(&room).devices.is_empty());
    }
}

#[test]
fn what_a_finding_shows_is_not_made_small_again() {
    let folder = tempfile::tempdir().unwrap();
    let scenario =
        repository("scenarios/transport/a_sender_that_goes_back_uses_an_index_twice.json");
    let case = |known: &Known| {
        let room = Room { name: "room".to_owned(), scenario: file(&scenario) };
        let case = Case { room, role: Role::Both, store: StoreKind::Pickles };
        let survey = survey(vec![case], known, 1, &|_| {});
        let bounds = Bounds { candidates: 5, threads: 2 };
        let told = Mutex::new(0);
        let findings = findings(&survey, known, bounds, &|_, _| *told.lock().unwrap() += 1);
        assert_eq!(*told.lock().unwrap(), findings.len(), "each is told once");
        findings.iter().map(|one| one.breach.rule).collect::<Vec<_>>()
    };
    let all = case(&Known::default());
    assert!(all.contains(&Rule::P15) && all.contains(&Rule::H01), "{all:?}");
    let name = "an_index_that_was_used_is_accepted_again.json";
    let known = repository("adapters/matrix-sdk-crypto/findings").join(name);
    std::fs::copy(known, folder.path().join(name)).unwrap();
    let left = case(&Known::read(folder.path()).unwrap());
    assert!(!left.contains(&Rule::P15) && left.contains(&Rule::H01), "{left:?}");
}

#[test]
fn a_run_that_is_known_is_not_made_again() {
    let path = repository("scenarios/transport/a_sender_that_goes_back_uses_an_index_twice.json");
    let (scenario, memo) = (file(&path), Memo::default());
    let run = |role: Role, scenario: &Scenario| {
        let mut trace = Trace::default();
        let simulator = memo.of(SdkRooms::careful().cast(Casting::in_role(role)));
        simulator.simulate(scenario, ReadingName::Strict, &mut trace);
        trace
    };
    let first = run(Role::Both, &scenario);
    assert_eq!((run(Role::Both, &scenario), memo.counts()), (first.clone(), [1, 1]));
    assert_ne!(run(Role::Sender, &scenario), first, "other clients");
    let other = Scenario { seed: scenario.seed + 1, ..scenario };
    run(Role::Both, &other);
    assert_eq!(memo.counts(), [3, 1], "another room");
}

#[test]
fn bad_arguments_and_bad_files_are_told() {
    assert_eq!(run(&["--rooms", "many"]).0, 3);
    let folder = tempfile::tempdir().unwrap();
    let save = folder.path().join("new");
    let save = save.to_str().unwrap();
    let (code, _, err) = run(&["nowhere.json", "--rooms", "0", "--save", save]);
    assert_eq!(code, 3);
    assert!(err.contains("nowhere.json"), "{err}");
    std::fs::write(save, "").unwrap();
    let (code, _, err) = run(&["--rooms", "1", "--save", save]);
    assert_eq!(code, 3);
    assert!(err.contains("--save"), "nothing is run that could not be saved: {err}");
    assert_eq!(run(&["--help"]).0, 0);
}
