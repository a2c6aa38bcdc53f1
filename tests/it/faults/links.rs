//! Rooms in which messages are late, lost, doubled or damaged on their way.
//! They do not say how a room is judged; the module above does.

use withheld::rulebook::rule::Rule;

use super::effect::{
    answers_with_messages, instants_of_storing, listed_backwards, read_at, stored,
};
use super::{Case, Effect};

/// The list of Bob's devices cannot be had.
pub(super) const SERVER_UNREACHABLE: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"server": "s1", "devices": ["A1"]}, "bob": {"server": "s2", "devices": {"B1": {"policy": {"on_no_olm": "nothing"}}}}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "server_unreachable", "server": "s2", "from": "9s", "until": "10m"}
  ]
}"#,
    effect: Effect::Verdict("m1", "B1", ["stale-list", "delivered"]),
    breaks: &[],
};

/// The list of Bob's devices cannot be had.
pub(super) const FEDERATION_DOWN: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"server": "s1", "devices": ["A1"]}, "bob": {"server": "s2", "devices": {"B1": {"policy": {"on_no_olm": "nothing"}}}}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "federation_down", "between": "s1", "and": "s2", "from": "9s", "until": "10m"}
  ]
}"#,
    effect: Effect::Verdict("m1", "B1", ["stale-list", "delivered"]),
    breaks: &[],
};

/// The key comes after its message.
pub(super) const TO_DEVICE_DELAYED: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": ["B1"]}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "to_device_delayed", "by": "30s"}
  ]
}"#,
    effect: Effect::Number(read_at, [40060, 10080]),
    breaks: &[],
};

/// The key comes twice, and the second copy changes nothing.
pub(super) const TO_DEVICE_DUPLICATED: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": ["B1"]}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "to_device_duplicated", "which": {"recipient": "B1"}}
  ]
}"#,
    effect: Effect::Number(stored, [2, 1]),
    breaks: &[(Rule::T01, "s1"), (Rule::T07, "s1")],
};

/// The mailbox is listed backwards.
pub(super) const TO_DEVICE_REORDERED: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": ["B1"]}, "carol": {"devices": ["C1"]}},
  "timeline": [
    {"at": "5s", "do": "block", "device": "A1", "target": "B1"},
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"},
    {"at": "20s", "do": "send", "from": "C1", "message": "m2"}
  ],
  "faults": [
    {"fault": "to_device_reordered", "device": "B1"},
    {"from": "9s", "until": "40s", "fault": "client_offline", "device": "B1"}
  ]
}"#,
    effect: Effect::Number(listed_backwards, [1, 0]),
    breaks: &[(Rule::T02, "s1")],
};

/// The key is lost.
pub(super) const TO_DEVICE_DROPPED: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": ["B1"]}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "to_device_dropped", "which": {"recipient": "B1"}}
  ]
}"#,
    effect: Effect::Verdict("m1", "B1", ["lost-in-transport", "delivered"]),
    breaks: &[(Rule::T01, "s1")],
};

/// Two messages come in two answers.
pub(super) const BATCH_LIMIT: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": ["B1"]}, "carol": {"devices": ["C1"]}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"},
    {"at": "20s", "do": "send", "from": "C1", "message": "m2"}
  ],
  "faults": [
    {"fault": "batch_limit", "server": "s1", "limit": 1},
    {"from": "9s", "until": "40s", "fault": "client_offline", "device": "B1"}
  ]
}"#,
    effect: Effect::Number(answers_with_messages, [2, 1]),
    breaks: &[],
};

/// One message a transaction: the servers need three.
pub(super) const EDU_LIMIT: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"server": "s1", "devices": ["A1"]}, "bob": {"server": "s2", "devices": ["B1", "B2", "B3"]}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "edu_limit", "server": "s1", "edus": 1, "messages": 1}
  ]
}"#,
    effect: Effect::Number(instants_of_storing, [3, 1]),
    breaks: &[],
};

/// The key waits until the other server takes it.
pub(super) const POISONED_EDU: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"server": "s1", "devices": ["A1"]}, "bob": {"server": "s2", "devices": ["B1"]}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "poisoned_edu", "device": "A1", "at": "s2", "until": "10m"}
  ]
}"#,
    effect: Effect::Number(read_at, [1033910, 10410]),
    breaks: &[],
};

/// The key is read by somebody else.
pub(super) const SECOND_READER: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": ["B1"]}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "second_reader", "device": "B1"}
  ]
}"#,
    effect: Effect::Verdict("m1", "B1", ["lost-in-transport", "delivered"]),
    breaks: &[(Rule::T01, "s1"), (Rule::T03, "s1")],
};

/// The key cannot be opened.
pub(super) const OLM_CORRUPTED: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": {"A1": {"policy": {"reshare_after_unwedge": false}}}}, "bob": {"devices": ["B1"]}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "olm_corrupted", "which": {"recipient": "B1"}}
  ]
}"#,
    effect: Effect::Verdict("m1", "B1", ["wedged", "delivered"]),
    breaks: &[],
};
