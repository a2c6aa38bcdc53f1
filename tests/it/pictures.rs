//! Pictures of runs, read back as a viewer would read them: pages, traces for Perfetto, sequence diagrams.
//! Whether a page works in a browser is shown by the test that drives one.

#![expect(clippy::disallowed_types, reason = "how long a page takes is real time")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::Value;
use withheld::report::explanation::{Explained, mermaid};
use withheld::report::page::{ANSWERS, FACTS, Pictured, run_page};
use withheld::report::perfetto::perfetto;
use withheld::rulebook::leaf::Leaf;
use withheld::run::clients::{InWorld, References};
use withheld::run::judged::{Judging, run_one};
use withheld::run::why::{Subject, Wanted, Why, explained, widely_explained};
use withheld::scenario::model::Scenario;
use withheld::trace::sink::Trace;

use crate::room::{files, in_file};

/// Text that would be markup, end a string or a line, or turn the direction of writing, if it were taken for more than text.
pub(crate) const HOSTILE: &str =
    "</script><img src=x onerror=alert(1)>\"'`&amp;\\\u{202e}\u{2028}\n\u{0}]]>-->${x}{{y}}";

fn widely(scenario: &Scenario) -> Why {
    let mut trace = Trace::default();
    let report = run_one(&InWorld(References), scenario, Judging::STRICT, &mut trace);
    widely_explained(scenario, report, trace, ANSWERS)
}

fn page(scenario: &Scenario, path: &str) -> (String, Why) {
    let why = widely(scenario);
    let explained = Explained { path, scenario, why: &why, more: "withheld explain x" };
    let mut out = Vec::new();
    run_page(&mut out, &Pictured { explained, replay: "withheld run x" }).expect("memory");
    (String::from_utf8(out).expect("a page is UTF-8"), why)
}

/// The data of a page.
pub(crate) fn data_of(page: &str) -> Value {
    let (_, data) =
        page.split_once("<script type=\"application/json\" id=\"data\">").expect("data");
    let (data, _) = data.split_once("</script>").expect("the end of the data");
    serde_json::from_str(data).expect("the data is JSON")
}

/// What every page must be: markup of our own only, and nothing that reaches out of it.
pub(crate) fn check_page(name: &str, page: &str) {
    assert_eq!(page.matches("</script>").count(), 2, "{name}: data and script");
    assert_eq!(page.matches("<script").count(), 2, "{name}");
    assert_eq!(page.matches("</style>").count(), 1, "{name}");
    assert!(!page.contains("<img"), "{name}: an element out of text");
    assert!(!page.contains(['\u{202e}', '\u{2028}', '\u{0}']), "{name}: a character that acts");
    let reaches = ["src=", "url(http", "@import", "<link", "<iframe", "fetch(", "XMLHttpRequest"];
    for word in reaches {
        let outside = page.replace(HOSTILE_IN_TEXT, "").replace("querySelectorAll", "");
        assert!(!outside.contains(word), "{name}: {word}");
    }
    let script = page.rsplit("<script>").next().unwrap_or_default();
    let acts = ["innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "http:"];
    for word in acts {
        let script = script.replace("http://www.w3.org/2000/svg", "");
        assert!(!script.contains(word), "{name}: {word}");
    }
}

/// The part of the hostile text that looks like an attribute, which may stand in escaped text.
const HOSTILE_IN_TEXT: &str = "img src=x";

fn numbers(value: &Value) -> Vec<u64> {
    value.as_array().expect("an array").iter().filter_map(Value::as_u64).collect()
}

/// The page of every scenario file has every fact, every verdict, and an explanation of everything that went wrong, made of facts
/// that it has.
#[test]
fn the_page_of_every_file_has_everything_of_its_run() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    for path in files("") {
        let name = path.strip_prefix(&root).expect("below").with_extension("");
        let name = name.to_string_lossy().into_owned();
        let (page, why) = page(&in_file(&name), &name);
        check_page(&name, &page);
        let data = data_of(&page);
        let outcome = &why.report.outcome;
        let ids: BTreeSet<u64> = numbers(&data["facts"]["id"]).into_iter().collect();
        assert_eq!(ids.len(), why.trace.facts().len().min(FACTS), "{name}");
        assert_eq!(data["cells"].as_array().map(Vec::len), Some(outcome.verdicts.len()), "{name}");
        assert_eq!(
            data["broken"].as_array().map(Vec::len),
            Some(outcome.violations.len()),
            "{name}"
        );
        let explanations = data["explanations"].as_array().expect("explanations");
        assert_eq!(explanations.len(), why.answers.len(), "{name}");
        for one in explanations {
            for fact in one["facts"].as_array().expect("facts") {
                assert!(fact[0].as_u64().is_some_and(|id| ids.contains(&id)), "{name}: {fact}");
            }
        }
        let explained = |subject: &Subject| why.answers.iter().any(|one| one.subject == *subject);
        let missed = outcome.verdicts.iter().filter(|cell| cell.leaf != Leaf::Delivered);
        let all = missed.map(|cell| Subject::Cell(*cell)).all(|subject| explained(&subject));
        assert!(all || why.others > 0, "{name}: every cell that went wrong is explained");
    }
}

/// Names that a program puts into a scenario, texts of a file, and the path: all of it stays text.
#[test]
fn hostile_text_stays_text_in_a_page_and_in_a_trace() {
    let mut scenario =
        in_file("policy/a_code_that_nobody_knows_is_told_in_the_words_of_the_notice");
    scenario.about = HOSTILE.to_owned();
    for place in 0..scenario.devices.len() {
        scenario.devices[place].name = format!("d{place}{HOSTILE}");
    }
    scenario.users.iter_mut().for_each(|user| user.name.push_str(HOSTILE));
    scenario.servers.iter_mut().for_each(|server| server.name.push_str(HOSTILE));
    scenario.rooms.iter_mut().for_each(|room| room.name.push_str(HOSTILE));
    scenario.messages.iter_mut().for_each(|message| message.push_str(HOSTILE));
    let (page, why) = page(&scenario, HOSTILE);
    check_page("hostile", &page);
    let data = data_of(&page);
    let shown = data["lanes"][2]["name"].as_str().expect("a name");
    assert!(shown.starts_with("d0</script><img"), "it is shown as it is: {shown}");
    assert!(shown.contains("\\u{202e}"), "what cannot be seen is shown by its number: {shown}");
    let mut out = Vec::new();
    perfetto(&mut out, &scenario, why.trace.facts()).expect("memory");
    let trace: Value = serde_json::from_slice(&out).expect("JSON");
    assert!(trace["traceEvents"].as_array().is_some_and(|entries| !entries.is_empty()));
    assert!(!String::from_utf8_lossy(&out).contains('\u{202e}'));
}

/// Ten thousand facts and more are a page of less than three megabytes, and what it leaves out is said.
#[test]
fn the_page_of_a_large_room_stays_small() {
    let scenario = in_file("incidents/two_hundred_empty_devices_are_told_once_in_twenty_messages");
    let start = Instant::now();
    let (page, why) = page(&scenario, "large");
    // It takes 45 ms where little else runs, with optimizations, and may take 500.
    let taken = start.elapsed();
    assert!(taken < Duration::from_secs(5), "{taken:?}");
    assert!(why.trace.facts().len() > FACTS, "the room is large enough");
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
    let data = data_of(&page);
    assert_eq!(numbers(&data["facts"]["id"]).len(), FACTS);
    let notes = data["notes"].to_string();
    assert!(notes.contains("3,562 are left out"), "{notes}");
    assert!(notes.contains("3,820 explanations"), "{notes}");
}

/// In a trace for Perfetto each fact is a slice on a named thread, in the order of its lane, and flows begin and end at slices.
#[test]
fn a_trace_for_perfetto_has_a_slice_for_each_fact_and_flows_between_them() {
    let scenario = in_file("incidents/a_copied_store_and_a_second_reader_are_gone_after_the_heal");
    let why = widely(&scenario);
    let mut out = Vec::new();
    perfetto(&mut out, &scenario, why.trace.facts()).expect("memory");
    let trace: Value = serde_json::from_slice(&out).expect("JSON");
    let entries = trace["traceEvents"].as_array().expect("entries");
    let of = |ph: &str| entries.iter().filter(|one| one["ph"] == ph).collect::<Vec<_>>();
    let place = |one: &Value| (one["pid"].as_u64(), one["tid"].as_u64());
    let named = of("M");
    let threads: BTreeMap<_, _> = named
        .iter()
        .filter(|one| one["name"] == "thread_name")
        .map(|one| (place(one), one["args"]["name"].as_str().expect("a name")))
        .collect();
    let slices = of("X");
    assert_eq!(slices.len(), why.trace.facts().len());
    let mut last: BTreeMap<_, u64> = BTreeMap::new();
    let mut starts = BTreeSet::new();
    for (slice, fact) in slices.iter().zip(why.trace.facts()) {
        let ts = slice["ts"].as_u64().expect("a time");
        assert_eq!(ts / 1_000, fact.at.as_ms(), "virtual time");
        assert!(threads.contains_key(&place(slice)), "{slice}");
        let before = last.insert(place(slice), ts);
        assert!(
            before.is_none_or(|before| before < ts),
            "slices do not lie on each other: {slice}"
        );
        starts.insert((place(slice), ts));
    }
    let (begun, ended) = (of("s"), of("f"));
    assert!(begun.len() > 50 && begun.len() == ended.len());
    let mut ids = BTreeSet::new();
    for (begin, end) in begun.iter().zip(&ended) {
        // Perfetto joins by number, category and name, and leaves out a flow with another id.
        assert!(begin["id"].as_u64().is_some_and(|id| ids.insert(id)), "{begin}");
        for key in ["id", "cat", "name"] {
            assert_eq!(begin[key], end[key]);
        }
        assert_eq!(end["bp"], "e");
        assert!(begin["ts"].as_u64() < end["ts"].as_u64(), "a flow goes forward: {begin} {end}");
        for one in [begin, end] {
            let at = (place(one), one["ts"].as_u64().expect("a time"));
            assert!(starts.contains(&at), "a flow is bound to a slice: {one}");
        }
    }
    let (windows, closed) = (of("b"), of("e"));
    assert!(windows.len() >= scenario.faults.len() && windows.len() == closed.len());
    let carriers: BTreeSet<_> = begun.iter().filter_map(|one| one["cat"].as_str()).collect();
    assert_eq!(carriers, BTreeSet::from(["request", "room_event", "to_device"]));
}

/// A sequence diagram as it was read.
#[derive(Debug, Default)]
pub(crate) struct Diagram {
    lanes: BTreeSet<String>,
    /// How many arrows of each kind.
    arrows: BTreeMap<&'static str, usize>,
    pub(crate) texts: Vec<String>,
}

/// The arrows of the language, a longer one before those that it begins with.
const ARROWS: [&str; 5] = ["-->>", "->>", "--)", "--x", "-)"];

/// Reads the part of the language of Mermaid that our diagrams are written in.
pub(crate) fn read_diagram(text: &str) -> Diagram {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("sequenceDiagram"));
    let mut diagram = Diagram::default();
    let mut is_in_box = false;
    for line in lines {
        let line = line.strip_prefix("  ").expect("lines are indented");
        if let Some(name) = line.strip_prefix("box transparent ") {
            assert!(!is_in_box && !name.is_empty(), "{line}");
            is_in_box = true;
        } else if line == "end" {
            assert!(std::mem::take(&mut is_in_box), "a box ends that was not begun");
        } else if let Some(participant) = line.strip_prefix("participant ") {
            let (id, name) = participant.split_once(" as ").expect("a name");
            assert!(diagram.lanes.insert(id.to_owned()), "{line}: each lane once");
            diagram.texts.push(name.to_owned());
        } else if let Some(note) = line.strip_prefix("Note over ") {
            let (over, said) = note.split_once(": ").expect("a text");
            assert!(over.split(',').all(|lane| diagram.lanes.contains(lane)), "{line}");
            diagram.texts.push(said.to_owned());
        } else {
            let (ends, said) = line.split_once(": ").expect("an arrow has a text");
            let arrow = ARROWS.into_iter().find(|arrow| ends.contains(arrow)).expect("an arrow");
            let (from, to) = ends.split_once(arrow).expect("two ends");
            assert!(diagram.lanes.contains(from) && diagram.lanes.contains(to), "{line}");
            *diagram.arrows.entry(arrow).or_default() += 1;
            diagram.texts.push(said.to_owned());
        }
    }
    assert!(!is_in_box, "a box is not closed");
    for text in &diagram.texts {
        let plain = |c: char| c.is_ascii_alphanumeric() || " .,_()#;".contains(c);
        assert!(text.chars().all(plain), "{text}");
    }
    diagram
}

#[test]
fn the_diagram_of_every_file_is_a_sequence_diagram() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut arrows: BTreeMap<&str, usize> = BTreeMap::new();
    for path in files("") {
        let name = path.strip_prefix(&root).expect("below").with_extension("");
        let scenario = in_file(&name.to_string_lossy());
        let why = explained(&InWorld(References), &scenario, Judging::STRICT, Wanted::default());
        let told = Explained { path: "x", scenario: &scenario, why: &why, more: "more" };
        let diagram = read_diagram(&mermaid(&told));
        for (arrow, number) in diagram.arrows {
            *arrows.entry(arrow).or_default() += number;
        }
    }
    assert_eq!(arrows.len(), ARROWS.len(), "every kind of arrow occurs: {arrows:?}");
}

#[test]
fn what_a_server_lost_is_drawn_on_its_way_to_who_did_not_get_it() {
    let scenario = in_file("transport/a_lost_notice_is_not_sent_again");
    let why = explained(&InWorld(References), &scenario, Judging::STRICT, Wanted::default());
    let told = Explained { path: "x", scenario: &scenario, why: &why, more: "more" };
    let text = mermaid(&told);
    let lost: Vec<&str> = text.lines().filter(|line| line.contains(" lost what t")).collect();
    assert_eq!(lost.len(), 1, "{text}");
    assert!(lost[0].starts_with("  s0--xd1: "), "from the server to B1: {}", lost[0]);
    assert!(text.contains("participant d1 as B1"), "{text}");
}

/// A slice with more facts than a diagram may have ends with a note that says how many are left out.
#[test]
fn a_long_diagram_is_cut_and_says_so() {
    let scenario =
        in_file("incidents/the_sdk_stays_wedged_for_fifty_messages_on_its_first_session");
    let why = explained(&InWorld(References), &scenario, Judging::STRICT, Wanted::default());
    let mut why = Why { answers: why.answers[..1].to_vec(), ..why };
    why.answers[0].slice.left_out = 7;
    let told = Explained { path: "x", scenario: &scenario, why: &why, more: "more" };
    let text = mermaid(&told);
    read_diagram(&text);
    assert!(text.trim_end().ends_with(" more, further away, left out"), "{text}");
    assert!(text.lines().count() < 230);
}
