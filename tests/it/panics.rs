//! Campaigns with a client that panics: the panic is a finding with its room, and the campaign goes on, is resumed and put together as
//! any other. What a panic is, and how rooms are generated, is not known here.

#![expect(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests may")]

use std::path::Path;

use withheld::campaign::document::{Document, Sum};
use withheld::campaign::finding::{Finding, Problem};
use withheld::campaign::folder::Folder;
use withheld::campaign::lane::{Bench, Lane};
use withheld::campaign::merge::merge;
use withheld::campaign::pool::{Pool, Stop};
use withheld::campaign::setup::{Replay, Setup, Shard, Steering};
use withheld::campaign::state::LaneState;
use withheld::cli::streams::{Streams, Terminal};
use withheld::generate::plan::Plan;
use withheld::report::campaign::{Saved, Told, campaign_view};
use withheld::report::paint::Paint;
use withheld::rulebook::reading::ReadingName;
use withheld::run::clients::InWorld;
use withheld::scenario::model::Scenario;

use crate::generated::brittle;
use crate::room::scenario;
use crate::wrapped::Wrapping;

const CASES: u64 = 64;

/// Of two files the first makes such a client panic, and the second expects what does not come.
const TEXTS: [&str; 2] = [
    r#"{ "format": 1, "about": "A block.", "users": { "alice": { "devices": ["A1", "A2"] } },
            "timeline": [{ "at": "1s", "do": "block", "device": "A1", "target": "A2" }] }"#,
    r#"{ "format": 1, "about": "A message.", "users": { "alice": { "devices": ["A1", "A2"] } },
            "timeline": [{ "at": "1s", "do": "send", "from": "A1", "message": "m1" }],
            "expect": { "verdicts": { "m1": { "A2": "withheld" } } } }"#,
];

fn setup(shard: Shard, files: Vec<Replay>) -> Setup {
    let (plan, reading, steering) = (Plan::default(), ReadingName::Strict, Steering::Novelty);
    Setup { plan, reading, seed: 3, steering, shard, files, parents: Vec::new() }
}

/// Runs a campaign in a folder up to so many cases, from where it was left.
fn run(out: &Path, setup: &Setup, cases: u64) -> Sum {
    let folder = Folder::open(out, &setup.identity()).unwrap();
    let lane = |number| match folder.lane(number).unwrap() {
        Some(state) => state.lane(setup).unwrap(),
        None => Lane::new(number),
    };
    let lanes = setup.shard.lanes().map(lane).collect();
    let pool = Pool {
        bench: Bench { simulator: &InWorld(Wrapping(brittle)), setup },
        stop: Stop { cases: Some(cases), ..Stop::default() },
        jobs: 2,
        clock: &|| 0,
        folder: Some(&folder),
        keeper: &|findings| folder.keep_findings(findings),
        interrupted: &|| false,
        watcher: &|_| {},
    };
    let ended = pool.run(lanes).unwrap();
    let states: Vec<LaneState> = ended.lanes.iter().map(LaneState::of).collect();
    let sum = Sum::of(&states).unwrap();
    folder.save_findings(&sum.findings).unwrap();
    folder.save_result(&Document::of(setup.identity(), &sum)).unwrap();
    sum
}

fn room_of(finding: &Finding) -> Scenario {
    scenario(finding.room.as_ref().unwrap())
}

/// What the program with such clients writes, and its exit code.
fn told_by_program(args: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = std::iter::once("withheld").chain(args.iter().copied()).map(Into::into);
    let mut streams = Streams::new(&mut out, &mut err, Terminal::NONE);
    let code = withheld::cli::main(&InWorld(Wrapping(brittle)), args, &mut streams);
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

#[test]
fn the_program_tells_of_a_panic_and_goes_on_with_other_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (block, send) = (path("block.json"), path("send.json"));
    let [blocks, sends] = TEXTS;
    std::fs::write(&block, blocks).unwrap();
    std::fs::write(&send, sends.replace("withheld", "delivered")).unwrap();

    let (code, out, err) = told_by_program(&["run", &block, &send]);
    assert_eq!(code, 1);
    assert!(out.contains("send.json") && !out.contains("block.json"), "{out}");
    assert!(err.contains("block.json: a client panicked at tests/it/generated.rs:"), "{err}");
    assert!(err.contains("cannot block ") && err.ends_with("; there is no verdict\n"), "{err}");

    for command in ["run", "explain", "rules"] {
        let paths: &[&str] = if command == "rules" { &["--scenarios", &block] } else { &[&block] };
        let (code, out, err) = told_by_program(&[&[command], paths].concat());
        assert_eq!((code, out.as_str()), (1, ""), "{command}: {err}");
        assert!(err.contains("block.json: a client panicked at "), "{command}: {err}");
    }
}

#[test]
fn a_panic_is_a_finding_with_the_smallest_room_and_the_campaign_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let setup = setup(Shard::WHOLE, Vec::new());
    let sum = run(&folder.path().join("c"), &setup, CASES);
    assert_eq!(sum.lanes.iter().sum::<u64>(), CASES);
    assert!(sum.tally.panicked > 4, "{} rooms panicked", sum.tally.panicked);
    assert_eq!(sum.tally.fresh + sum.tally.mutated, CASES);
    let mut messages = Vec::new();
    for finding in sum.findings.ranked() {
        let Problem::Panicked { place: Some(place), message } = &finding.problem else {
            panic!("{:?}", finding.problem)
        };
        assert!(place.starts_with("tests/it/generated.rs:"), "{place}");
        let room = room_of(finding);
        let size = (room.timeline.len(), room.faults.len());
        assert_eq!(size, (1, 0), "one block is all that it takes");
        assert!(finding.candidates > 0 && finding.before > finding.after);
        let file = folder.path().join("c").join(format!("findings/{}.json", finding.problem.id()));
        assert_eq!(&std::fs::read_to_string(file).unwrap(), finding.room.as_ref().unwrap());
        messages.push(format!("a client panics at {place}: {message}"));
    }
    let [device, user] = &messages[..] else { panic!("{messages:?}") };
    assert!(device.contains(": cannot block Device(") && user.contains(": cannot block User("));

    let document = Document::of(setup.identity(), &sum);
    let (speed, saved) = (withheld::campaign::speed::Speed::default(), Saved::new());
    let told = Told { document: &document, sum: &sum, speed: &speed, saved: &saved, why: None };
    let text = campaign_view(&told, 200, Paint::Plain);
    assert!(messages.iter().all(|told| text.contains(told)), "{text}");
    assert!(text.contains(" in which a client panicked"), "{text}");
}

#[test]
fn a_campaign_with_panics_comes_to_the_same_when_it_is_resumed_or_done_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let whole = run(&path("whole"), &setup(Shard::WHOLE, Vec::new()), CASES);
    run(&path("again"), &setup(Shard::WHOLE, Vec::new()), CASES / 4);
    let again = run(&path("again"), &setup(Shard::WHOLE, Vec::new()), CASES);
    assert_eq!(again, whole);
    let parts = [0, 1].map(|index| {
        let out = path(&format!("part-{index}"));
        run(&out, &setup(Shard { index, of: 2 }, Vec::new()), CASES);
        out
    });
    let merged = merge(&parts, &path("merged")).unwrap();
    assert_eq!(merged.sum, whole);
}

#[test]
fn a_file_that_makes_a_client_panic_is_a_finding_and_other_files_are_run_all_the_same() {
    let named = TEXTS.iter().zip(["block.json", "send.json"]);
    let files = named
        .map(|(text, name)| Replay::new(name.to_owned(), text.as_bytes(), scenario(text)))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let sum = run(&folder.path().join("c"), &setup(Shard::WHOLE, files), 0);
    let mut told = Vec::new();
    for finding in sum.findings.ranked() {
        let Problem::File { path, status, .. } = &finding.problem else {
            panic!("{:?}", finding.problem)
        };
        told.push((path.as_str(), status.as_str()));
    }
    assert_eq!(told, [("block.json", "panicked"), ("send.json", "differs")]);
}
