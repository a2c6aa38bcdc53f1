//! Rooms in which something happens to a client, its store, its clock or its name.
//! They do not say how a room is judged; the module above does.

use withheld::rulebook::rule::Rule;

use super::effect::{accepted_at, notices, read_at, sessions};
use super::{Case, Effect};

/// The answer to the key is lost, and the message waits for a retry.
pub(super) const RESPONSE_LOST: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": ["B1"]}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "response_lost", "device": "A1", "endpoint": "sendToDevice", "first": 1}
  ]
}"#,
    effect: Effect::Number(accepted_at, [22070, 10070]),
    breaks: &[],
};

/// The key has to wait, and the message with it.
pub(super) const RATE_LIMITED: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": ["B1"]}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "rate_limited", "device": "A1", "endpoint": "sendToDevice", "retry_after": "30s", "until": "20s"}
  ]
}"#,
    effect: Effect::Number(accepted_at, [40090, 10070]),
    breaks: &[],
};

/// Bob reads when he is back.
pub(super) const CLIENT_OFFLINE: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": ["B1"]}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "client_offline", "device": "B1", "from": "9s", "until": "10m"}
  ]
}"#,
    effect: Effect::Number(read_at, [600020, 10080]),
    breaks: &[],
};

/// Bob reads when his client is up again.
pub(super) const CRASH: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": ["B1"]}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "crash", "device": "B1", "from": "9s", "until": "10m"}
  ]
}"#,
    effect: Effect::Number(read_at, [600020, 10080]),
    breaks: &[],
};

/// Alice forgets that she has told Bob's second device, and tells it again.
pub(super) const STORE_ROLLED_BACK: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": {"B1": {}, "B2": {"present": false}}}},
  "timeline": [
    {"at": "5s", "do": "block", "device": "A1", "target": "bob"},
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"},
    {"at": "15s", "do": "login", "device": "B2"},
    {"at": "20s", "do": "send", "from": "A1", "message": "m2"},
    {"at": "30s", "do": "send", "from": "A1", "message": "m3"}
  ],
  "faults": [
    {"fault": "store_rolled_back", "device": "A1", "from": "25s", "snapshot": "17s"}
  ]
}"#,
    effect: Effect::Number(notices, [3, 2]),
    breaks: &[],
};

/// Alice forgets that she has told Bob's second device, and tells it again.
pub(super) const SECOND_PROCESS: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": {"B1": {}, "B2": {"present": false}}}},
  "timeline": [
    {"at": "5s", "do": "block", "device": "A1", "target": "bob"},
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"},
    {"at": "15s", "do": "login", "device": "B2"},
    {"at": "20s", "do": "send", "from": "A1", "message": "m2"},
    {"at": "30s", "do": "send", "from": "A1", "message": "m3"}
  ],
  "faults": [
    {"fault": "second_process", "device": "A1", "from": "17s", "until": "25s"}
  ]
}"#,
    effect: Effect::Number(notices, [3, 2]),
    breaks: &[],
};

/// Bob cannot open the next key.
pub(super) const OLM_SESSIONS_LOST: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": {"A1": {"policy": {"reshare_after_unwedge": false}}}}, "bob": {"devices": ["B1"]}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"},
    {"at": "15s", "do": "discard_session", "device": "A1"},
    {"at": "20s", "do": "send", "from": "A1", "message": "m2"}
  ],
  "faults": [
    {"fault": "olm_sessions_lost", "device": "B1", "peer": "A1", "from": "15s"}
  ]
}"#,
    effect: Effect::Verdict("m2", "B1", ["wedged", "delivered"]),
    breaks: &[],
};

/// The key that Alice claimed is gone.
pub(super) const ONE_TIME_KEYS_FORGOTTEN: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": {"A1": {"policy": {"reshare_after_unwedge": false}}}}, "bob": {"devices": ["B1"]}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "one_time_keys_forgotten", "device": "B1", "from": "5s"}
  ]
}"#,
    effect: Effect::Verdict("m1", "B1", ["key-expired", "delivered"]),
    breaks: &[],
};

/// By Alice's clock the session is older than a week.
pub(super) const CLOCK_AHEAD: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": ["B1"]}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"},
    {"at": "20s", "do": "send", "from": "A1", "message": "m2"}
  ],
  "faults": [
    {"fault": "clock_ahead", "device": "A1", "by": "8d", "from": "15s"}
  ]
}"#,
    effect: Effect::Number(sessions, [2, 1]),
    breaks: &[],
};

/// By Alice's clock the session is an hour younger than it is.
pub(super) const CLOCK_BEHIND: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": ["B1"]}},
  "rooms": {"room": {"rotation": {"period": "90m"}}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"},
    {"at": "2h", "do": "send", "from": "A1", "message": "m2"}
  ],
  "faults": [
    {"fault": "clock_behind", "device": "A1", "by": "1h", "from": "15s"}
  ]
}"#,
    effect: Effect::Number(sessions, [1, 2]),
    breaks: &[],
};

/// A second notice comes that Alice did not send.
pub(super) const FORGED_WITHHELD: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": ["B1"]}},
  "timeline": [
    {"at": "5s", "do": "block", "device": "A1", "target": "bob"},
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "forged_withheld", "from": "15s", "sender": "A1", "recipient": "B1", "content": {"session_of": "m1", "room_id": "room", "code": "m.blacklisted"}}
  ]
}"#,
    effect: Effect::Number(notices, [2, 1]),
    breaks: &[(Rule::W03, "A1"), (Rule::W09, "A1")],
};
