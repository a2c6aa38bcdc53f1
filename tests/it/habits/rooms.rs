//! Rooms in which a habit shows that does not show in any scenario file.
//! Which habit that is stands where they are used.

/// Alice's client opens a session after a damaged message; then a message on the older one arrives.
pub(crate) const CROSSING_REPAIR: &str = r#"{
  "format": 1, "about": "A test.",
  "users": { "alice": { "devices": ["A1"] }, "bob": { "devices": ["B1"] } },
  "timeline": [
    { "at": "10s", "do": "send", "from": "A1", "message": "m1" },
    { "at": "7200s", "do": "send", "from": "B1", "message": "m2" },
    { "at": "7201s", "do": "discard_session", "device": "B1" },
    { "at": "7202s", "do": "send", "from": "B1", "message": "m3" },
    { "at": "7259s", "do": "discard_session", "device": "A1" },
    { "at": "7260s", "do": "send", "from": "A1", "message": "m4" }
  ],
  "faults": [
    { "from": "7199s", "until": "7201s", "fault": "to_device_delayed", "which": { "sender": "B1" }, "by": "30s" },
    { "from": "7201s", "until": "7210s", "fault": "olm_corrupted", "which": { "sender": "B1" } }
  ]
}"#;

/// Bob's second device answers a request before the notice of the sender comes.
pub(crate) const REPLY_FIRST: &str = r#"{
  "format": 1, "about": "A test.",
  "users": { "alice": { "devices": ["A1"] }, "bob": { "devices": ["B1", "B2"] } },
  "timeline": [
    { "at": "5s", "do": "block", "device": "A1", "target": "bob" },
    { "at": "10s", "do": "send", "from": "A1", "message": "m1" },
    { "at": "20s", "do": "request_key", "device": "B1", "message": "m1", "of": ["B2"] }
  ],
  "faults": [
    { "fault": "to_device_delayed", "which": { "sender": "A1", "recipient": "B1" }, "by": "30s" }
  ]
}"#;

/// A room whose sessions last a minute.
pub(crate) const SHORT_PERIOD: &str = r#"{
  "format": 1, "about": "A test.",
  "users": { "alice": { "devices": ["A1"] }, "bob": { "devices": ["B1"] } },
  "rooms": { "room": { "rotation": { "period": "1m" } } },
  "timeline": [
    { "at": "10s", "do": "send", "from": "A1", "message": "m1" },
    { "at": "2m", "do": "send", "from": "A1", "message": "m2" }
  ]
}"#;

/// Alice makes a second Olm session with Bob within an hour.
pub(crate) const TWO_SESSIONS: &str = r#"{
  "format": 1, "about": "A test.",
  "users": { "alice": { "devices": ["A1"] }, "bob": { "devices": ["B1"] } },
  "timeline": [
    { "at": "10s", "do": "send", "from": "A1", "message": "m1" },
    { "at": "29s", "do": "discard_session", "device": "A1" },
    { "at": "30s", "do": "send", "from": "A1", "message": "m2" }
  ],
  "faults": [{ "from": "20s", "fault": "olm_sessions_lost", "device": "A1", "peer": "B1" }]
}"#;

/// Two messages that cannot be decrypted, ten minutes apart, long after the first Olm session.
pub(crate) const TWO_FAILURES: &str = r#"{
  "format": 1, "about": "A test.",
  "users": { "alice": { "devices": ["A1"] }, "bob": { "devices": ["B1"] } },
  "timeline": [
    { "at": "10s", "do": "send", "from": "B1", "message": "m1" },
    { "at": "2h", "do": "send", "from": "A1", "message": "m2" },
    { "at": "2h9m59s", "do": "discard_session", "device": "A1" },
    { "at": "2h10m", "do": "send", "from": "A1", "message": "m3" }
  ],
  "faults": [
    { "from": "1h59m", "until": "2h1s", "fault": "olm_corrupted", "which": { "sender": "A1" } },
    { "from": "2h10m", "until": "2h10m1s", "fault": "olm_corrupted", "which": { "sender": "A1" } }
  ]
}"#;

/// Damaged messages of two devices of one user, ten minutes apart.
pub(crate) const TWO_DEVICES_FAIL: &str = r#"{
  "format": 1, "about": "A test.",
  "users": { "alice": { "devices": ["A1", "A2"] }, "bob": { "devices": ["B1"] } },
  "timeline": [
    { "at": "10s", "do": "send", "from": "B1", "message": "m1" },
    { "at": "2h", "do": "send", "from": "A1", "message": "m2" },
    { "at": "2h10m", "do": "send", "from": "A2", "message": "m3" }
  ],
  "faults": [{ "from": "1h59m", "until": "2h10m1s", "fault": "olm_corrupted", "which": { "recipient": "B1" } }]
}"#;

/// Alice loses an Olm session that Bob still has, and finds no key to make another.
pub(crate) const SESSION_LOST_ON_ONE_SIDE: &str = r#"{
  "format": 1, "about": "A test.",
  "users": {
    "alice": { "devices": ["A1"] },
    "bob": { "devices": { "B1": { "one_time_keys": 0, "fallback_key": false } } }
  },
  "timeline": [
    { "at": "10s", "do": "send", "from": "B1", "message": "m1" },
    { "at": "2h", "do": "send", "from": "A1", "message": "m2" }
  ],
  "faults": [{ "from": "1h", "fault": "olm_sessions_lost", "device": "A1", "peer": "B1" }]
}"#;

/// Of two devices of a user only one tells that it has no Olm session with Bob.
pub(crate) const SILENT_SECOND_DEVICE: &str = r#"{
  "format": 1, "about": "A test.",
  "users": {
    "alice": { "devices": { "A1": {}, "A2": { "policy": { "report": "none" } } } },
    "bob": { "devices": { "B1": { "one_time_keys": 0, "fallback_key": false, "policy": { "on_no_olm": "nothing" } } } }
  },
  "timeline": [
    { "at": "10s", "do": "send", "from": "A2", "message": "m1" },
    { "at": "20s", "do": "send", "from": "A1", "message": "m2" }
  ]
}"#;

/// The server takes the message and lets the keys wait.
pub(crate) const PATIENCE_FOR_KEYS: &str = r#"{
  "format": 1, "about": "A test.",
  "users": { "alice": { "devices": ["A1"] }, "bob": { "devices": ["B1"] } },
  "timeline": [{ "at": "10s", "do": "send", "from": "A1", "message": "m1" }],
  "faults": [
    { "from": "9s", "until": "15s", "fault": "rate_limited", "device": "A1", "endpoint": "sendToDevice", "retry_after": "1s" }
  ]
}"#;

/// The first query for the list of Bob's devices takes longer than the second.
pub(crate) const SLOW_OLD_ANSWER: &str = r#"{
  "format": 1, "about": "A test.",
  "users": { "alice": { "devices": ["A1"] }, "bob": { "devices": { "B1": {}, "B2": { "present": false }, "B3": { "present": false } } } },
  "timeline": [
    { "at": "10s", "do": "send", "from": "A1", "message": "m1" },
    { "at": "20s", "do": "login", "device": "B2" },
    { "at": "30s", "do": "login", "device": "B3" },
    { "at": "80s", "do": "send", "from": "A1", "message": "m2" },
    { "at": "150s", "do": "send", "from": "A1", "message": "m3" }
  ],
  "faults": [{ "from": "19s", "until": "25s", "fault": "query_slow", "device": "A1", "by": "60s" }]
}"#;

/// Alice blocks one of her own devices, which asks the other one for the key of what it cannot read.
pub(crate) const BLOCKED_OWN_DEVICE_ASKS: &str = r#"{
  "format": 1, "about": "A test.",
  "users": { "alice": { "devices": { "A1": { "policy": { "answer_requests": "forward" } }, "A2": {} } } },
  "timeline": [
    { "at": "5s", "do": "block", "device": "A1", "target": "A2" },
    { "at": "10s", "do": "send", "from": "A1", "message": "m1" },
    { "at": "20s", "do": "request_key", "device": "A2", "message": "m1", "of": ["A1"] }
  ]
}"#;

/// Alice is in two rooms, and her client gives Carol the keys of both when it invites her to one.
pub(super) const TWO_ROOMS: &str = r#"{
  "format": 1, "about": "A test.",
  "users": {
    "alice": { "devices": { "A1": { "policy": { "share_history": true }, "habits": { "bundle_contents": "other_rooms" } } } },
    "carol": { "devices": ["C1"] }
  },
  "rooms": { "den": { "members": ["alice"] }, "hall": { "members": ["alice"] } },
  "timeline": [
    { "at": "10s", "do": "send", "from": "A1", "room": "den", "message": "m1" },
    { "at": "11s", "do": "send", "from": "A1", "room": "hall", "message": "m2" },
    { "at": "20s", "do": "member", "device": "A1", "room": "hall", "user": "carol", "membership": "invite" },
    { "at": "30s", "do": "member", "device": "C1", "room": "hall", "membership": "join" }
  ]
}"#;

/// Alice's client is too old to know of `shared_history`; nobody may read before the join; Bob invites Carol.
pub(super) const OLD_SENDER: &str = r#"{
  "format": 1, "about": "A test.",
  "users": {
    "alice": { "devices": { "A1": { "habits": { "shared_history_flag": "absent" } } } },
    "bob": { "devices": { "B1": { "policy": { "share_history": true } } } },
    "carol": { "devices": ["C1"] }
  },
  "rooms": { "room": { "members": ["alice", "bob"], "history_visibility": "joined" } },
  "timeline": [
    { "at": "10s", "do": "send", "from": "A1", "message": "m1" },
    { "at": "20s", "do": "member", "device": "B1", "user": "carol", "membership": "invite" },
    { "at": "30s", "do": "member", "device": "C1", "membership": "join" }
  ]
}"#;

/// Alice's client passes no device over and tells nobody that Olm failed; Bob's device lists no algorithm and has no keys to be claimed.
pub(crate) const SILENCE_FOR_BARE_DEVICES: &str = r#"{
  "format": 1, "about": "A test.",
  "users": {
    "alice": { "devices": { "A1": { "policy": { "report": "none" }, "habits": { "skips_unencrypted": false } } } },
    "bob": { "devices": { "B1": { "keys": "unknown_algorithms", "one_time_keys": 0, "fallback_key": false } } }
  },
  "timeline": [{ "at": "10s", "do": "send", "from": "A1", "message": "m1" }]
}"#;
