//! Large files are read in time that grows with their size, and limits hold before memory is spent.
//! What is in them does not matter here.

use super::examples::good;
use crate::scenario::file::{read, write};
use crate::scenario::limits::Limits;
use crate::time::SimDuration;

/// The problems of a file as text.
fn problems(text: &str, limits: &Limits) -> Vec<String> {
    read(text, limits).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn fifty_thousand_users_with_two_devices_are_read_and_written() {
    let scenario = good(
        r#"{"format": 1, "about": "A city.", "users": {"u": {"count": 50000, "devices": 2}},
            "timeline": [{"at": "1s", "do": "send", "from": "u1.1", "message": "m"}],
            "expect": {"verdicts": {"m": {"u": "delivered"}}}}"#,
    );
    assert_eq!(scenario.devices.len(), 100_000);
    assert_eq!(scenario.expect.cells.len(), 99_999);
    let text = write(&scenario);
    assert!(text.len() < Limits::FILES.file_bytes, "{} bytes", text.len());
    assert!(good(&text) == scenario);
}

/// Reads a file under a limit that is too low for it; what is told first.
fn under(limits: Limits, text: &str) -> String {
    let least = problems(text, &limits);
    least.into_iter().next().unwrap()
}

#[test]
fn things_beyond_a_limit_are_told_with_its_name_and_value() {
    let files = Limits::FILES;
    let told = under(
        Limits { servers: 1, ..files },
        r#"{"format": 1, "about": "x", "servers": {"a": {}, "b": {}, "c": {}}, "users": {"u": {}}}"#,
    );
    assert_eq!(told, r#"1:50: found more than 1 servers, expected at most 1 (limit "servers")"#);
    let told = under(
        Limits { users: 2, ..files },
        r#"{"format": 1, "about": "x", "users": {"u": {"count": 1000000}}}"#,
    );
    assert_eq!(told, r#"1:39: found more than 2 users, expected at most 2 (limit "users")"#);
    let told = under(
        Limits { devices: 2, ..files },
        r#"{"format": 1, "about": "x", "users": {"u": {"devices": 100000}}}"#,
    );
    assert_eq!(told, r#"1:56: found more than 2 devices, expected at most 2 (limit "devices")"#);
    let told = under(
        Limits { rooms: 1, ..files },
        r#"{"format": 1, "about": "x", "users": {"u": {}}, "rooms": {"a": {}, "b": {}, "c": {}}}"#,
    );
    assert_eq!(told, r#"1:68: found more than 1 rooms, expected at most 1 (limit "rooms")"#);
    let told = under(
        Limits { memberships: 3, ..files },
        r#"{"format": 1, "about": "x", "users": {"u": {"count": 2}}, "rooms": {"a": {"members": ["u"]}, "b": {"members": ["u"]}}}"#,
    );
    assert_eq!(
        told,
        r#"1:112: found more than 3 memberships, expected at most 3 (limit "memberships")"#
    );
    let told = under(
        Limits { steps: 2, ..files },
        r#"{"format": 1, "about": "x", "users": {"u": {}}, "timeline": [{"at": "1s", "do": "send_many", "from": "u.1", "message": "m", "count": 3, "every": "1s"}]}"#,
    );
    assert_eq!(told, r#"1:62: found more than 2 steps, expected at most 2 (limit "steps")"#);
}

#[test]
fn steps_faults_and_texts_beyond_a_limit_are_told() {
    let files = Limits::FILES;
    let told = under(
        Limits { faults: 1, ..files },
        r#"{"format": 1, "about": "x", "users": {"u": {}}, "faults": [{"fault": "second_reader", "device": "u.1"}, {"fault": "second_reader", "device": "u.1"}]}"#,
    );
    assert_eq!(told, r#"1:105: found more than 1 faults, expected at most 1 (limit "faults")"#);
    let told = under(
        Limits { cells: 3, ..files },
        r#"{"format": 1, "about": "x", "users": {"u": {"devices": 9}}, "timeline": [{"at": "1s", "do": "send", "from": "u.1", "message": "m"}], "expect": {"verdicts": {"m": {"u": "delivered"}}}}"#,
    );
    assert_eq!(told, r#"1:164: found more than 3 cells, expected at most 3 (limit "cells")"#);
    let told = under(
        Limits { verdicts: 3, ..files },
        r#"{"format": 1, "about": "x", "users": {"u": {"devices": 3}}, "timeline": [{"at": "1s", "do": "send", "from": "u.1", "message": "m"}, {"at": "1s", "do": "send", "from": "u.1", "message": "n"}]}"#,
    );
    assert_eq!(told, r#"1:186: found more than 3 verdicts, expected at most 3 (limit "verdicts")"#);
    let told = under(
        Limits { text_bytes: 5, ..files },
        r#"{"format": 1, "about": "too long", "users": {"toolong": {}}}"#,
    );
    assert_eq!(told, r#"1:24: found a text of 8 bytes, expected at most 5 (limit "text_bytes")"#);
    let told = under(
        Limits { horizon: SimDuration::from_secs(1), ..files },
        r#"{"format": 1, "about": "x", "horizon": "1m", "users": {"u": {}}}"#,
    );
    assert_eq!(told, r#"1:40: found the time 1m, expected at most 1s (limit "horizon")"#);
    let told = under(Limits { file_bytes: 10, ..files }, r#"{"format": 1, "about": "x"}"#);
    assert_eq!(told, r#"1:1: found a file of 27 bytes, expected at most 10 (limit "file_bytes")"#);
    let told =
        under(Limits { nesting: 2, ..files }, r#"{"format": 1, "about": "x", "users": {"u": {}}}"#);
    assert_eq!(told, r#"1:44: found brackets nested 3 deep, expected at most 2 (limit "nesting")"#);
    let name = r#"{"format": 1, "about": "x", "users": {"toolong": {}}}"#;
    let told = under(Limits { text_bytes: 5, ..files }, name);
    assert_eq!(told, r#"1:39: found a name of 7 bytes, expected at most 5 (limit "text_bytes")"#);
}

#[test]
fn a_verdict_is_a_message_or_a_probe_at_another_device_of_somebody_in_the_room() {
    let text = r#"{"format": 1, "about": "x",
      "users": {"u": {"devices": 2}, "v": {}, "w": {"devices": 50}},
      "rooms": {"r": {"members": ["u"]}, "s": {"members": ["u", "v"]}, "t": {"members": ["w"]}},
      "timeline": [{"at": "1s", "do": "send_many", "from": "u.1", "room": "r", "message": "m", "count": 4, "every": "1s"},
        {"at": "5s", "do": "member", "device": "u.1", "room": "r", "user": "v", "membership": "invite"}],
      "heal": "1h"}"#;
    // Four messages and two probes at two devices each in r, two probes at two devices in s.
    let whole = 4 * 2 + 2 * 2 + 2 * 2;
    assert!(read(text, &Limits { verdicts: whole, ..Limits::FILES }).is_ok());
    let told = under(Limits { verdicts: whole - 1, ..Limits::FILES }, text);
    assert!(told.starts_with("6:15: found more than 15 verdicts"), "{told}");
    let told = under(Limits { verdicts: 7, ..Limits::FILES }, text);
    assert!(told.starts_with("4:") && told.contains("more than 7 verdicts"), "{told}");
    let quiet = text.replace(r#""heal": "1h""#, r#""seed": 1"#);
    assert!(read(&quiet, &Limits { verdicts: 8, ..Limits::FILES }).is_ok());
}

#[test]
fn rooms_of_a_hundred_thousand_devices_and_a_hundred_messages_are_read_and_larger_ones_are_not() {
    let room = |messages: usize| {
        format!(
            r#"{{"format": 1, "about": "A city.", "users": {{"u": {{"count": 50000, "devices": 2}}}},
            "timeline": [{{"at": "1s", "do": "send_many", "from": "u1.1", "message": "m", "count": {messages}, "every": "1s"}}]}}"#
        )
    };
    assert!(read(&room(100), &Limits::FILES).is_ok());
    let told = problems(&room(1_000), &Limits::FILES);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains(r#"(limit "verdicts")"#), "{told:?}");
}

#[test]
fn a_file_of_nothing_but_mistakes_is_answered_soon() {
    let mistakes = "{\"do\": \"sned\"}, ".repeat(100_000);
    let text = format!(
        "{{\"format\": 1, \"about\": \"x\", \"users\": {{\"u\": {{\"count\": 50000}}}}, \
         \"timeline\": [{}1]}}",
        mistakes
    );
    assert_eq!(problems(&text, &Limits::FILES).len(), 1_001);
}

#[test]
fn a_few_names_cannot_stand_for_more_than_memory_holds() {
    let rooms: Vec<String> = (0..1_000).map(|room| format!("\"r{room}\": {{}}")).collect();
    let text = format!(
        "{{\"format\": 1, \"about\": \"x\", \"users\": {{\"u\": {{\"count\": 50000}}}}, \
         \"rooms\": {{{}}}}}",
        rooms.join(", ")
    );
    let told = problems(&text, &Limits::FILES);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("limit \"memberships\""), "{told:?}");
}
