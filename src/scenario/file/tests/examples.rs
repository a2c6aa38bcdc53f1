//! Files that use every part of the format, for all tests that need good files.
//! What is tested with them stands elsewhere.

use crate::scenario::file::{read, render};
use crate::scenario::limits::Limits;
use crate::scenario::model::Scenario;

/// The shortest files that are any use, and files that between them have every step, fault, policy and habit.
pub(super) const EXAMPLES: [&str; 4] = [SHORT, BLOCKED, EVERYTHING, CROWD];

/// As little as can be said.
pub(super) const SHORT: &str =
    r#"{"format": 1, "about": "Nobody says anything.", "users": {"alice": {}}}"#;

/// A story as people write it.
pub(super) const BLOCKED: &str = r#"{
  "format": 1,
  "about": "Two messages to a blocked device are explained by one notice.",
  "rules": ["W-01", "W-09"],
  "users": {
    "alice": { "devices": ["A1"] },
    "bob": { "devices": ["B1", "B2"] }
  },
  "timeline": [
    { "at": "1s", "do": "block", "device": "A1", "target": "B1" },
    { "at": "10s", "do": "send", "from": "A1", "message": "m1" },
    { "at": "20s", "do": "send", "from": "A1", "message": "m2" }
  ],
  "expect": {
    "verdicts": { "m1": { "B1": "withheld(m.blacklisted)" }, "m2": { "B1": "withheld" } },
    "others": "delivered",
    "notices": [{ "from": "A1", "to": "B1", "code": "m.blacklisted" }]
  }
}"#;

/// Every step and every fault, with most of the ways to write a value.
pub(super) const EVERYTHING: &str = include_str!("everything.json");

/// Groups of users and of messages.
pub(super) const CROWD: &str = r#"{
  "format": 1,
  "about": "A message to a crowd.",
  "each_device": { "policy": { "report": "none" }, "habits": { "targets_per_put": 20 } },
  "users": {
    "alice": { "devices": ["A1", "A2"] },
    "crowd": { "count": 200, "devices": 3, "each_device": { "one_time_keys": 1, "fallback_key": false } }
  },
  "rooms": { "hall": { "members": ["alice", "crowd"] } },
  "timeline": [
    { "at": "1s", "do": "send_many", "from": "A1", "message": "m", "count": 100, "every": "1s" },
    { "at": "5s500ms", "do": "block", "device": "A1", "target": "crowd7" },
    { "at": "6s", "do": "send", "from": "crowd7.2", "message": "reply" }
  ],
  "expect": {
    "verdicts": { "m5": { "crowd": "delivered", "alice": "delivered" }, "reply": { "A1": "delivered" } }
  }
}"#;

/// Reads a file that should be good.
pub(super) fn good(text: &str) -> Scenario {
    match read(text, &Limits::FILES) {
        Ok(scenario) => scenario,
        Err(problems) => panic!("{}", render(&problems, "example.json", text)),
    }
}

#[test]
fn the_shortest_file_has_a_user_with_a_device_in_a_room() {
    let scenario = good(SHORT);
    assert_eq!(scenario.servers[0].name, "s1");
    assert_eq!(scenario.device_name(crate::ids::DeviceId::new(0)), "alice.1");
    assert_eq!(scenario.rooms[0].name, "room");
    assert_eq!(scenario.rooms[0].members.len(), 1);
    assert!(!scenario.expect.only_these_notices);
}

#[test]
fn every_example_is_read() {
    for example in EXAMPLES {
        good(example);
    }
}
