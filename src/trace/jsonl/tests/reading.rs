//! Tests of what is said of lines that are no facts, of logs that were cut, and of headers that do not fit.
//! They do not look at what a fact means.

use std::io::Cursor;

use super::round_trip::HEADER;
use crate::ids::{FactId, KeyValue};
use crate::trace::fact::FactKind;
use crate::trace::jsonl::{Entry, LINE_BYTES, LogError, LogNames, LogReader};

/// Everything that a log of this text comes to.
fn entries(text: impl AsRef<[u8]>) -> Result<Vec<Entry>, LogError> {
    let mut names = LogNames::default();
    let mut reader = LogReader::open(Cursor::new(text), &mut names)?;
    let mut all = Vec::new();
    while let Some(entry) = reader.next(&mut names)? {
        all.push(entry);
    }
    Ok(all)
}

fn said(text: impl AsRef<[u8]>) -> String {
    entries(text).unwrap_err().to_string()
}

fn with_header(lines: &str) -> String {
    format!("{HEADER}\n{lines}")
}

fn ids(text: &str) -> Vec<u32> {
    let id = |entry| match entry {
        Entry::Fact(fact) => fact.id.raw(),
        Entry::Unknown(_) | Entry::Cut => u32::MAX,
    };
    entries(text).unwrap().into_iter().map(id).collect()
}

const STEP: &str = r#""at":0,"observer":"world","fact":"user_step","step":0}"#;

#[test]
fn an_empty_file_and_one_without_a_header_are_no_logs() {
    assert_eq!(
        said(""),
        "1:1: found the end of the file, expected a line with the header of a log"
    );
    assert_eq!(
        said("\n \r\n"),
        "3:1: found the end of the file, expected a line with the header of a log"
    );
    assert_eq!(said("{}\n"), "1:1: found no such field, expected the field `trace_version`");
    assert_eq!(
        said(r#"{"trace_version":2}"#),
        "1:18: found 2, expected 1, the version that this program knows"
    );
    assert!(said("[]").starts_with("1:1: found '[', expected a JSON object"));
}

#[test]
fn a_header_names_each_thing_with_what_it_belongs_to() {
    let server = HEADER.replace(r#""server":"s2""#, r#""server":"s3""#);
    assert!(said(&server).ends_with("found \"s3\", expected the name of a server of the header"));
    let twice = HEADER.replace(r#"{"name":"B1","user":"bob"}"#, r#"{"name":"A1","user":"bob"}"#);
    assert!(said(&twice).ends_with("found \"A1\", expected each name once"));
    let slip = HEADER.replace("\"faults\"", "\"fault\"");
    assert!(said(&slip).ends_with("expected `faults`"), "{}", said(&slip));
    let rule = HEADER.replace("T-01", "T-99");
    assert!(said(&rule).ends_with("found \"T-99\", expected the id of a rule, such as \"W-09\""));
}

#[test]
fn what_is_wrong_with_a_line_is_said_with_its_number_and_place() {
    for (line, expected) in [
        ("{}", "2:1: found no such field, expected the field `at`"),
        (r#"{"at":0,"observer":"world"}"#, "2:1: found no such field, expected the field `fact`"),
        (
            r#"{"at":-1,"observer":"world","fact":"user_step","step":0}"#,
            "2:7: found -1, expected a time in whole milliseconds",
        ),
        (
            r#"{"at":0,"observer":{"device":"C1"},"fact":"crashed","device":"A1"}"#,
            "2:30: found \"C1\", expected the name of a device of the header",
        ),
        (
            r#"{"at":0,"observer":"nobody","fact":"user_step","step":0}"#,
            "2:20: found \"nobody\", expected \"world\", {\"server\": ...} or {\"device\": ...}",
        ),
        (
            r#"{"at":0,"observer":"world","fact":"user_step","step":"0"}"#,
            "2:54: found \"0\", expected a whole number below 2^32",
        ),
        (
            r#"{"at":0,"observer":"world","fact":"fault_start","fault":1}"#,
            "2:57: found 1, expected the position of a fault that the header announces, below 1",
        ),
        (
            r#"{"at":0,"observer":"world","fact":"run_end","end":"bored"}"#,
            "2:51: found \"bored\", expected \"quiescent\", \"horizon\" or \"action_limit\"",
        ),
        (
            r#"{"at":0,"observer":{"server":"s1"},"fact":"one_time_keys_up","device":"A1","first":0,"count":10001}"#,
            "2:94: found 10001, expected at most 10000 keys in one upload",
        ),
        ("{\"at\":0,", "2:9: found the end of the line, expected a string"),
    ] {
        let said = said(with_header(&format!("{line}\n")));
        assert_eq!(said, expected, "{line}");
    }
}

#[test]
fn bytes_that_are_no_text_and_lines_without_end_are_refused() {
    let mut bytes = with_header("{\"at\":\"").into_bytes();
    bytes.extend(b"\xff\"}\n");
    assert_eq!(said(&bytes), "2:8: found bytes that are not UTF-8, expected text in UTF-8");
    let mut long = with_header("").into_bytes();
    long.resize(long.len() + LINE_BYTES + 1, b' ');
    assert_eq!(said(&long), "2:1: found more than 16777216 bytes, expected a shorter line");
}

#[test]
fn ids_may_be_left_out_or_have_gaps_but_must_grow() {
    let lines = format!("{{{STEP}\n{{\"id\":7,{STEP}\n{{{STEP}\n");
    assert_eq!(ids(&with_header(&lines)), [0, 7, 8]);
    for id in [7, 3] {
        let lines = format!("{{\"id\":7,{STEP}\n{{\"id\":{id},{STEP}\n");
        let expected =
            format!("3:7: found {id}, expected an id of 8 or more: ids grow from line to line");
        assert_eq!(said(with_header(&lines)), expected);
    }
    let lines = format!("{{\"id\":7,\"causes\":[7],{STEP}\n");
    assert_eq!(said(with_header(&lines)), "2:19: found 7, expected a cause with an id below 7");
}

#[test]
fn what_other_systems_do_to_text_does_no_harm() {
    let text = format!("\u{feff}{HEADER}\r\n\r\n{{{STEP}\r\n");
    assert_eq!(ids(&text), [0]);
    let without_end = with_header(&format!("{{{STEP}"));
    assert_eq!(ids(&without_end), [0], "a last line may lack its end");
}

#[test]
fn a_log_that_was_cut_anywhere_in_its_last_line_is_known_as_cut() {
    let first = with_header(&format!("{{{STEP}\n"));
    let last = r#"{"at":0,"observer":"world","fact":"user_step","step":0,"é":[1]}"#;
    let whole = format!("{first}{last}");
    for end in first.len() + 1..whole.len() {
        let all = entries(&whole.as_bytes()[..end]).unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(all[1], Entry::Cut, "{}", String::from_utf8_lossy(&whole.as_bytes()[..end]));
    }
    assert!(entries(&whole).unwrap()[1] != Entry::Cut);
}

#[test]
fn a_kind_that_is_not_known_is_passed_on_by_its_name() {
    let all =
        entries(with_header(r#"{"at":0,"observer":"world","fact":"solar_flare","size":"X"}"#));
    assert_eq!(all.unwrap(), [Entry::Unknown("solar_flare".to_owned())]);
}

#[test]
fn the_end_of_the_run_is_the_last_fact() {
    let end = r#"{"at":0,"observer":"world","fact":"run_end","end":"quiescent"}"#;
    let said = said(with_header(&format!("{end}\n{{{STEP}\n")));
    assert_eq!(
        said,
        "3:1: found a fact after the end of the run, expected `run_end` as the last fact"
    );
}

#[test]
fn keys_as_texts_are_listed_where_they_are_uploaded() {
    let line = |keys| {
        format!(
            r#"{{"at":0,"observer":{{"server":"s1"}},"fact":"one_time_keys_up","device":"A1","keys":{keys}}}"#
        )
    };
    let two = with_header(&format!("{}\n{}\n", line(r#"["x","y"]"#), line(r#"["z"]"#)));
    let kinds: Vec<FactKind> = entries(&two)
        .unwrap()
        .into_iter()
        .filter_map(|entry| match entry {
            Entry::Fact(fact) => Some(fact.kind),
            Entry::Unknown(_) | Entry::Cut => None,
        })
        .collect();
    let [FactKind::OneTimeKeysUp { count: 2, .. }, FactKind::OneTimeKeysUp { first, count: 1, .. }] =
        kinds[..]
    else {
        panic!("{kinds:?}")
    };
    assert_eq!(first, KeyValue::new(2));
    for keys in [r#"["x","x"]"#, "[1]", "{}"] {
        assert!(said(with_header(&line(keys))).contains("texts that no line before names"));
    }
    let again = with_header(&format!("{}\n{}\n", line(r#"["x"]"#), line(r#"["x"]"#)));
    assert!(said(again).starts_with("3:"));
}

#[test]
fn two_logs_share_names_and_count_their_facts_and_faults_by_themselves() {
    let mut names = LogNames::default();
    let text = with_header(r#"{"at":0,"observer":"world","fact":"fault_start","fault":0}"#);
    let mut one = LogReader::open(Cursor::new(&text), &mut names).unwrap();
    let mut other = LogReader::open(Cursor::new(&text), &mut names).unwrap();
    assert_eq!(names.devices().count(), 2, "a device of both is one device");
    for (reader, expected) in [(&mut one, 0), (&mut other, 1)] {
        let Ok(Some(Entry::Fact(fact))) = reader.next(&mut names) else { panic!("a fact") };
        assert_eq!(fact.id, FactId::new(0));
        let FactKind::FaultStart(fault) = fact.kind else { panic!("a fault") };
        assert_eq!(fault.raw(), expected);
        assert_eq!(reader.faults()[0].name, "outage");
    }
}
