//! Rooms in which keys of Olm are missing, come twice or come in another order.
//! They do not say how a room is judged; the module above does.

use withheld::rulebook::rule::Rule;

use super::effect::{counts_left_out, first_key_given};
use super::{Case, Effect};

/// A device without keys is told so.
pub(super) const ONE_TIME_KEYS_RUN_OUT: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": {"B1": {"fallback_key": false, "policy": {"on_no_olm": "nothing"}}}}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "one_time_keys_run_out", "device": "B1"}
  ]
}"#,
    effect: Effect::Verdict("m1", "B1", ["no-olm(m.no_olm)", "delivered"]),
    breaks: &[],
};

/// A device that keeps no one-time keys lives on its fallback key.
pub(super) const NO_FALLBACK_KEY: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": {"B1": {"one_time_keys": 0, "policy": {"on_no_olm": "nothing"}}}}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "no_fallback_key", "device": "B1"}
  ]
}"#,
    effect: Effect::Verdict("m1", "B1", ["no-olm(m.no_olm)", "delivered"]),
    breaks: &[(Rule::C03, "s1")],
};

/// A stranger takes the only key while its owner is away.
pub(super) const KEYS_CLAIMED_BY_STRANGER: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": {"B1": {"one_time_keys": 1, "fallback_key": false, "policy": {"on_no_olm": "nothing"}}}}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "keys_claimed_by_stranger", "from": "5s", "device": "B1", "count": 1},
    {"from": "4s", "until": "1m", "fault": "client_offline", "device": "B1"}
  ]
}"#,
    effect: Effect::Verdict("m1", "B1", ["no-olm(m.no_olm)", "delivered"]),
    breaks: &[],
};

/// No key of a server can be claimed.
pub(super) const CLAIM_FAILS: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"server": "s1", "devices": ["A1"]}, "bob": {"server": "s2", "devices": {"B1": {"policy": {"on_no_olm": "nothing"}}}}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "claim_fails", "server": "s2", "failure": "bad_signature"}
  ]
}"#,
    effect: Effect::Verdict("m1", "B1", ["no-olm(m.no_olm)", "delivered"]),
    breaks: &[],
};

/// Alice and Carol are given one key, which makes one session.
pub(super) const KEY_HANDED_OUT_TWICE: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": ["B1"]}, "carol": {"devices": ["C1"]}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"},
    {"at": "20s", "do": "send", "from": "C1", "message": "m2"}
  ],
  "faults": [
    {"fault": "key_handed_out_twice", "server": "s1"}
  ]
}"#,
    effect: Effect::Verdict("m2", "B1", ["key-handed-out-twice", "delivered"]),
    breaks: &[(Rule::C01, "s1")],
};

/// The server hands out the newest key.
pub(super) const KEYS_OUT_OF_ORDER: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": ["B1"]}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "keys_out_of_order", "server": "s1"}
  ]
}"#,
    effect: Effect::Number(first_key_given, [9, 0]),
    breaks: &[],
};

/// The client is not told how many keys are left, and uploads a first supply for want of knowing.
pub(super) const COUNTS_OMITTED: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": ["B1"]}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "counts_omitted", "server": "s1"}
  ]
}"#,
    effect: Effect::Number(counts_left_out, [2, 0]),
    breaks: &[(Rule::C06, "s1"), (Rule::C07, "s1")],
};

/// The one key is not replaced, and the second sender finds none.
pub(super) const UPLOAD_REJECTED: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": {"B1": {"one_time_keys": 1, "fallback_key": false, "policy": {"on_no_olm": "nothing"}}}}, "carol": {"devices": ["C1"]}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"},
    {"at": "20s", "do": "send", "from": "C1", "message": "m2"}
  ],
  "faults": [
    {"fault": "upload_rejected", "device": "B1", "from": "5s"}
  ]
}"#,
    effect: Effect::Verdict("m2", "B1", ["no-olm(m.no_olm)", "delivered"]),
    breaks: &[],
};

/// A key that was given to Alice is there again for Carol.
pub(super) const SERVER_RESTORED: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": {"A1": {"policy": {"reshare_after_unwedge": false}}}}, "bob": {"devices": ["B1"]}, "carol": {"devices": ["C1"]}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"},
    {"at": "20s", "do": "send", "from": "C1", "message": "m2"}
  ],
  "faults": [
    {"fault": "server_restored", "server": "s1", "from": "15s", "snapshot": "5s"}
  ]
}"#,
    effect: Effect::Verdict("m2", "B1", ["key-handed-out-twice", "delivered"]),
    breaks: &[(Rule::C01, "s1")],
};
