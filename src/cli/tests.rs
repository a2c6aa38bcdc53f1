//! Tests of commands as a user gives them, with simulators that do as the test wants.
//! What real runs lead to is tested where there is a real simulator.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use super::main;
use super::streams::{Streams, Terminal};
use crate::report::paint::Paint;
use crate::rulebook::reading::ReadingName;
use crate::run::simulator::{Simulated, Simulator};
use crate::scenario::model::Scenario;
use crate::time::SimTime;
use crate::trace::fact::{Causes, Fact, FactKind, Observer, RunEnd};
use crate::trace::sample::fact_of;
use crate::trace::sink::FactSink;

/// A room in which nothing is sent.
const QUIET: &str = r#"{
  "format": 1,
  "about": "Nothing happens",
  "users": { "alice": { "devices": { "A1": {} } }, "bob": { "devices": { "B1": {} } } },
  "rooms": { "room": { "members": ["alice", "bob"] } },
  "timeline": [],
  "expect": { "violations": [] }
}
"#;
/// The same with a message that the simulators here never send.
const SILENT: &str = r#"{
  "format": 1,
  "about": "A message is lost by the simulator itself",
  "users": { "alice": { "devices": { "A1": {} } }, "bob": { "devices": { "B1": {} } } },
  "rooms": { "room": { "members": ["alice", "bob"] } },
  "timeline": [{ "at": "1s", "do": "send", "from": "A1", "room": "room", "message": "m1" }],
  "expect": { "verdicts": { "m1": { "B1": "delivered" } } }
}
"#;

/// Ends every run in this way after its seed in facts; the clock is wrong by what `drift` has come to.
struct Ending(RunEnd, Drift);

/// Whether a second run is like the first.
enum Drift {
    None,
    EachRun(AtomicU32),
}

impl Ending {
    const fn well() -> Self {
        Self(RunEnd::Quiescent, Drift::None)
    }
}

impl Simulator for Ending {
    fn simulate_at_most(
        &self,
        _: u64,
        scenario: &Scenario,
        _: ReadingName,
        sink: &mut dyn FactSink,
    ) -> Simulated {
        let drift = match &self.1 {
            Drift::None => 0,
            Drift::EachRun(runs) => runs.fetch_add(1, Ordering::Relaxed),
        };
        let end = FactKind::RunEnd(self.0);
        let fact =
            Fact { observer: Observer::World, causes: Causes::NONE, ..fact_of(0, 5_000, end) };
        sink.record(&Fact { clock: SimTime::from_ms(scenario.seed + u64::from(drift)), ..fact });
        Simulated { actions: 1, ended_at: fact.at }
    }
}

/// What a command left.
struct Left {
    code: u8,
    out: String,
    err: String,
}

fn with(simulator: &dyn Simulator, terminal: Terminal, args: &[&str]) -> Left {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = ["withheld"].iter().chain(args).map(OsString::from);
    let code = main(simulator, args, &mut Streams::new(&mut out, &mut err, terminal));
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Left { code, out: text(out), err: text(err) }
}

fn withheld(args: &[&str]) -> Left {
    with(&Ending::well(), Terminal::NONE, args)
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn path(folder: &tempfile::TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

#[test]
fn a_folder_is_a_line_for_each_file_and_a_summary() {
    let folder = folder(&[("b.json", SILENT), ("a.json", QUIET)]);
    let left = withheld(&["run", folder.path().to_str().unwrap()]);
    let lines: Vec<&str> = left.out.lines().collect();
    assert_eq!(lines[0], format!("ok                 {}", path(&folder, "a.json")), "{}", left.err);
    assert_eq!(lines[1], format!("differs            {}", path(&folder, "b.json")));
    assert!(lines[2].starts_with("    m1 at B1: found no verdict"), "{}", lines[2]);
    assert!(lines[3].starts_with("    A1 never sent m1: it was still waiting"), "{}", lines[3]);
    assert_eq!(lines[4], format!("    see: withheld run {}", path(&folder, "b.json")));
    assert!(
        lines[5].starts_with("2 runs: 1 ok, 1 differs; 10s of virtual time in "),
        "{}",
        lines[5]
    );
    assert_eq!((lines.len(), left.err.as_str(), left.code), (6, "", 1));
}

#[test]
fn one_file_is_shown_in_full_with_the_command_that_shows_it_again() {
    let folder = folder(&[("a b.json", SILENT)]);
    let file = path(&folder, "a b.json");
    let left = withheld(&["run", &file, "--seed", "3", "--rules", "lenient"]);
    assert!(left.out.starts_with(&format!("{file}: ok\n")), "{}", left.out);
    assert!(left.out.contains("lenient reading, seed 3"), "{}", left.out);
    assert!(
        left.out.contains(&format!("\nagain: withheld run '{file}' --seed 3 --rules lenient\n")),
        "{}",
        left.out
    );
    assert!(left.out.lines().last().unwrap().starts_with("1 run: 1 ok; 5s of virtual time in "));
    assert_eq!(left.code, 0, "expectations are of the strict reading");
}

#[test]
fn json_is_one_document_in_either_view() {
    let folder = folder(&[("a.json", SILENT)]);
    for (target, verdicts) in [(path(&folder, "a.json"), true), (path(&folder, ""), false)] {
        let left = withheld(&["run", &target, "--json"]);
        let document: Value = serde_json::from_str(&left.out).unwrap();
        assert_eq!(document["runs"][0]["status"], "differs");
        assert_eq!(document["runs"][0].get("verdicts").is_some(), verdicts);
        assert_eq!(document["summary"]["exit_code"], 1);
        assert_eq!(left.code, 1);
    }
}

#[test]
fn exit_codes_tell_how_the_worst_run_stands() {
    let folder = folder(&[("a.json", QUIET)]);
    let file = path(&folder, "a.json");
    let code = |simulator: &dyn Simulator| with(simulator, Terminal::NONE, &["run", &file]).code;
    assert_eq!(code(&Ending::well()), 0);
    assert_eq!(code(&Ending(RunEnd::Horizon, Drift::None)), 2);
    assert_eq!(code(&Ending(RunEnd::ActionLimit, Drift::None)), 2);
    assert_eq!(code(&Ending(RunEnd::Quiescent, Drift::EachRun(AtomicU32::new(0)))), 4);
}

#[test]
fn a_second_run_that_differs_is_told_with_both_sides() {
    let folder = folder(&[("a.json", QUIET)]);
    let drifting = Ending(RunEnd::Quiescent, Drift::EachRun(AtomicU32::new(0)));
    let left = with(&drifting, Terminal::NONE, &["run", &path(&folder, "a.json")]);
    assert!(left.out.contains("a.json: not deterministic\n"), "{}", left.out);
    assert!(left.out.contains("two runs differ, a client is not deterministic"), "{}", left.out);
}

#[test]
fn bad_input_is_told_for_all_files_and_nothing_is_run() {
    let folder = folder(&[("a.json", QUIET), ("b.json", "{"), ("c.json", "[1]")]);
    let left = withheld(&["run", &path(&folder, "")]);
    assert_eq!((left.code, left.out.as_str()), (3, ""));
    assert!(left.err.contains("b.json"), "{}", left.err);
    assert!(left.err.contains("c.json"), "{}", left.err);
    assert!(
        left.err.ends_with(
            "error: not all files are valid scenarios (2 of 3 are bad); nothing was run\n"
        ),
        "{}",
        left.err
    );
    let one = withheld(&["run", &path(&folder, "b.json")]);
    assert!(
        one.err.ends_with("error: the file is not a valid scenario; nothing was run\n"),
        "{}",
        one.err
    );
}

#[test]
fn usage_that_makes_no_sense_is_bad_input() {
    let folder = folder(&[("a.json", QUIET), ("b.json", QUIET)]);
    let (all, one) = (path(&folder, ""), path(&folder, "a.json"));
    let (new, also_new) = (path(&folder, "new"), path(&folder, "./new"));
    for (args, told) in [
        (vec!["walk"], "unrecognized subcommand"),
        (vec!["run", "--fast"], "unexpected argument"),
        (vec!["run", &one, "--rules", "loose"], "invalid value"),
        (vec!["run", &one, "--locked", "--rules", "draft"], "expected strict"),
        (vec!["run", &one, "--bless", "--rules", "draft"], "--bless: found --rules draft"),
        (vec!["run", &all, "--trace", "x"], "expected one scenario file"),
        (vec!["run", &one, "--trace", &one], "which is the scenario itself"),
        (vec!["run", &one, "--trace", &new, "--html", &new], "which --trace writes"),
        (vec!["run", &one, "--html", &new, "--perfetto", &also_new], "which --html writes"),
        (vec!["run", &one, "--html", "-"], "expected the path of a file"),
        (vec!["run", &one, "--json", "--format", "text"], "cannot be used with"),
        (vec!["expand"], "required arguments"),
    ] {
        let left = withheld(&args);
        assert_eq!((left.code, left.out.as_str()), (3, ""), "{args:?}");
        assert!(left.err.contains(told), "{args:?}: {}", left.err);
        assert!(left.err.starts_with("error: "), "{args:?}: {}", left.err);
    }
}

#[test]
fn a_reading_and_json_are_asked_for_in_the_same_way_everywhere() {
    let folder = folder(&[("a.json", QUIET)]);
    let file = path(&folder, "a.json");
    for command in ["run", "explain"] {
        for flag in ["--rules", "--reading"] {
            let left = withheld(&[command, &file, flag, "lenient"]);
            assert!(left.out.contains("lenient reading"), "{command} {flag}: {}", left.out);
        }
        let [short, long] = [&["--json"][..], &["--format", "json"]].map(|flags| {
            let left = withheld(&[&[command, &file], flags].concat());
            let mut document: Value = serde_json::from_str(&left.out).unwrap();
            document["summary"] = Value::Null;
            document
        });
        assert_eq!(short, long, "{command}");
    }
    for command in ["check", "rules", "shrink", "fuzz", "overhead"] {
        let help = withheld(&[command, "--help"]).out;
        assert!(help.contains("--rules") && help.contains("[alias: --reading]"), "{help}");
        assert!(help.contains("--json") && help.contains("--format"), "{help}");
    }
    for command in ["check", "explain"] {
        let help = withheld(&[command, "--help"]).out;
        assert!(help.contains("Examples:") && help.contains("Exit codes:"), "{help}");
    }
}

#[test]
fn files_without_a_digest_are_counted_where_digests_are_to_hold() {
    let folder = folder(&[("a.json", QUIET), ("b.json", QUIET)]);
    assert_eq!(withheld(&["run", &path(&folder, "a.json"), "--bless"]).code, 0);
    let all = path(&folder, "");
    let left = withheld(&["run", &all, "--locked"]);
    assert_eq!(left.code, 0, "{}", left.err);
    assert!(left.out.ends_with("; 1 file not locked: no digest\n"), "{}", left.out);
    assert!(!withheld(&["run", &all]).out.contains("not locked"));
}

#[test]
fn help_and_version_are_asked_for_and_no_error() {
    for args in [vec!["--help"], vec!["run", "--help"], vec!["help"], vec!["--version"]] {
        let left = withheld(&args);
        assert_eq!((left.code, left.err.as_str()), (0, ""), "{args:?}");
        assert!(left.out.contains("withheld"), "{}", left.out);
        assert!(!left.out.contains('\u{1b}'), "{}", left.out);
    }
    assert!(withheld(&["run", "--help"]).out.contains("Examples:"));
    let coloured = Terminal { out: Paint::Colour, ..Terminal::NONE };
    assert!(with(&Ending::well(), coloured, &["--help"]).out.contains('\u{1b}'));
}

#[test]
fn colour_is_for_terminals_unless_a_flag_says_otherwise() {
    let folder = folder(&[("a.json", QUIET), ("b.json", "{")]);
    let terminal = Terminal { out: Paint::Colour, err: Paint::Colour, ..Terminal::NONE };
    let run = |terminal, flags: &[&str]| {
        let file = path(&folder, "a.json");
        let args = [&["run", &file], flags].concat();
        with(&Ending::well(), terminal, &args).out.contains('\u{1b}')
    };
    assert!(!run(Terminal::NONE, &[]));
    assert!(run(terminal, &[]));
    assert!(run(Terminal::NONE, &["--color", "always"]));
    assert!(!run(terminal, &["--color=never"]));
    let bad = |terminal| with(&Ending::well(), terminal, &["run", &path(&folder, "b.json")]).err;
    assert!(bad(terminal).contains('\u{1b}'));
    assert!(!bad(Terminal::NONE).contains('\u{1b}'));
}

#[test]
fn a_trace_has_a_header_and_every_fact_and_appears_whole() {
    let folder = folder(&[("a.json", QUIET)]);
    let trace = path(&folder, "facts.jsonl");
    let left = withheld(&["run", &path(&folder, "a.json"), "--trace", &trace]);
    assert_eq!(left.code, 0, "{}", left.err);
    let text = fs::read_to_string(&trace).unwrap();
    let facts: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(facts.len(), 2);
    assert_eq!(facts[0]["trace_version"], 1);
    assert_eq!(facts[1]["fact"], "run_end");
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(names.len(), 2, "nothing temporary is left");
}

#[test]
fn a_trace_that_cannot_be_written_is_told_and_nothing_is_printed() {
    let folder = folder(&[("a.json", QUIET)]);
    let trace = path(&folder, "none/facts.jsonl");
    let left = withheld(&["run", &path(&folder, "a.json"), "--trace", &trace]);
    assert_eq!((left.code, left.out.as_str()), (3, ""));
    assert_eq!(left.err, format!("error: {trace}: cannot be written: no such file or directory\n"));
}

#[test]
fn bless_sets_the_digest_and_locked_holds_it() {
    let folder = folder(&[("a.json", QUIET)]);
    let file = path(&folder, "a.json");
    assert_eq!(withheld(&["run", &file, "--locked"]).code, 0, "a file without a digest holds");
    let blessed = withheld(&["run", &file, "--bless"]);
    assert_eq!(blessed.code, 0, "{}", blessed.err);
    assert!(blessed.err.starts_with(&format!("{file}: digest set to ")), "{}", blessed.err);
    let text = fs::read_to_string(&file).unwrap();
    let digest = text.split("\"digest\": \"").nth(1).unwrap().get(..16).unwrap();
    assert_eq!(text, QUIET.replace("[] }", &format!("[], \"digest\": \"{digest}\" }}")));
    assert_eq!(withheld(&["run", &file, "--locked"]).code, 0);
    let again = withheld(&["run", &file, "--bless"]);
    assert_eq!((again.code, again.err.as_str()), (0, ""), "there is nothing to change");

    fs::write(&file, text.replace(digest, "00000000000000ff")).unwrap();
    assert_eq!(withheld(&["run", &file]).code, 0, "a digest counts when it is locked only");
    let locked = withheld(&["run", &file, "--locked"]);
    assert_eq!(locked.code, 1);
    assert!(locked.out.contains("expected 00000000000000ff"), "{}", locked.out);
    assert!(locked.out.contains("--locked\n"), "the command to see it again has the flag");
}

#[test]
fn a_run_that_does_not_hold_is_not_blessed() {
    let folder = folder(&[("a.json", SILENT)]);
    let file = path(&folder, "a.json");
    let left = withheld(&["run", &file, "--bless"]);
    assert_eq!(left.code, 1);
    assert_eq!(left.err, format!("{file}: digest not set, because the run is not ok: differs\n"));
    assert_eq!(fs::read_to_string(&file).unwrap(), SILENT);
}

#[test]
fn the_schema_is_json_and_expanded_files_read_back() {
    let schema: Value = serde_json::from_str(&withheld(&["schema"]).out).unwrap();
    assert!(schema["$schema"].is_string());
    let folder = folder(&[("a.json", QUIET)]);
    let expanded = withheld(&["expand", &path(&folder, "a.json")]);
    assert_eq!(expanded.code, 0, "{}", expanded.err);
    assert!(expanded.out.len() > QUIET.len());
    fs::write(folder.path().join("b.json"), &expanded.out).unwrap();
    assert_eq!(withheld(&["expand", &path(&folder, "b.json")]).out, expanded.out);
    let missing = withheld(&["expand", &path(&folder, "c.json")]);
    assert_eq!((missing.code, missing.out.as_str()), (3, ""));
    assert!(missing.err.ends_with("error: nothing was printed\n"), "{}", missing.err);
}

/// Breaks after so many bytes.
struct Breaking(usize, io::ErrorKind);

impl Write for Breaking {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(self.1)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn broken_off(kind: io::ErrorKind, file: &str, flags: &[&str]) -> (u8, String) {
    let (mut out, mut err) = (Breaking(10, kind), Vec::new());
    let args =
        ["withheld", "run", file].into_iter().chain(flags.iter().copied()).map(OsString::from);
    let streams = &mut Streams::new(&mut out, &mut err, Terminal::NONE);
    let code = main(&Ending::well(), args, streams);
    (code, String::from_utf8(err).unwrap())
}

#[test]
fn a_reader_that_goes_away_changes_nothing_and_a_full_disk_is_told() {
    let folder = folder(&[("a.json", SILENT)]);
    let file = path(&folder, "a.json");
    for flags in [&[][..], &["--json"]] {
        let left = broken_off(io::ErrorKind::BrokenPipe, &file, flags);
        assert_eq!(left, (1, String::new()), "the code is that of the run");
        let (code, err) = broken_off(io::ErrorKind::StorageFull, &file, flags);
        assert_eq!(code, 3);
        assert_eq!(err, "error: the output cannot be written: no storage space\n");
    }
}

#[test]
fn names_of_files_cannot_write_on_the_terminal() {
    let folder = folder(&[("a\u{1b}[2J.json", QUIET)]);
    let file = path(&folder, "a\u{1b}[2J.json");
    let left = withheld(&["run", &file]);
    assert_eq!(left.code, 0);
    assert!(Path::new(&file).exists());
    assert!(!left.out.contains('\u{1b}'), "{:?}", left.out);
}

#[test]
fn a_campaign_finds_clients_that_are_not_deterministic() {
    let simulator = Ending(RunEnd::Quiescent, Drift::EachRun(AtomicU32::new(0)));
    let folder = folder(&[]);
    let out = path(&folder, "c");
    let args = ["fuzz", "--no-scenarios", "--cases=40", "--jobs=1", "--out", &out];
    let left = with(&simulator, Terminal::NONE, &args);
    assert_eq!(left.code, 4, "{}", left.err);
    assert!(left.out.contains("a client is not deterministic: two runs differ"), "{}", left.out);
    let well = ["fuzz", "--no-scenarios", "--cases=40", "--out", &path(&folder, "d")];
    assert_eq!(with(&Ending::well(), Terminal::NONE, &well).code, 0);
}
