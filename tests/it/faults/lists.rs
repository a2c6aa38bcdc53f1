//! Rooms in which a server tells too little of devices and members.
//! They do not say how a room is judged; the module above does.

use withheld::rulebook::rule::Rule;

use super::effect::received;
use super::{Case, Effect};

/// Alice never hears of the new device.
pub(super) const LIST_NOTICE_LOST: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": {"B1": {}, "B2": {"present": false}}}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"},
    {"at": "15s", "do": "login", "device": "B2"},
    {"at": "20s", "do": "send", "from": "A1", "message": "m2"}
  ],
  "faults": [
    {"fault": "list_notice_lost", "user": "bob", "server": "s1"}
  ]
}"#,
    effect: Effect::Verdict("m2", "B2", ["list-change-not-told", "delivered"]),
    breaks: &[(Rule::D07, "s1")],
};

/// The answer leaves the new device out.
pub(super) const STALE_QUERY_ANSWER: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": {"B1": {}, "B2": {"present": false}}}},
  "timeline": [
    {"at": "5s", "do": "login", "device": "B2"},
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "stale_query_answer", "server": "s1", "from": "4s", "as_of": "4s"}
  ]
}"#,
    effect: Effect::Verdict("m1", "B2", ["wrong-list", "delivered"]),
    breaks: &[(Rule::D04, "s1")],
};

/// The answer comes too late.
pub(super) const QUERY_SLOW: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": {"B1": {}, "B2": {"present": false}}}},
  "timeline": [
    {"at": "9s", "do": "login", "device": "B2"},
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "query_slow", "device": "A1", "by": "40s", "from": "8s"}
  ]
}"#,
    effect: Effect::Verdict("m1", "B2", ["stale-list", "delivered"]),
    breaks: &[],
};

/// Alice does not see Bob in the room.
pub(super) const INCOMPLETE_MEMBERS: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": ["B1"]}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "incomplete_members", "server": "s1", "user": "bob"}
  ]
}"#,
    effect: Effect::Verdict("m1", "B1", ["membership-not-seen", "delivered"]),
    breaks: &[],
};

/// Carol's join reaches Alice after her message.
pub(super) const MEMBERSHIP_LATE: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"server": "s1", "devices": ["A1"]}, "bob": {"server": "s2", "devices": ["B1"]}, "carol": {"server": "s2", "devices": ["C1"]}},
  "rooms": {"room": {"members": ["alice", "bob"]}},
  "timeline": [
    {"at": "5s", "do": "member", "device": "B1", "user": "carol", "membership": "invite"},
    {"at": "6s", "do": "member", "device": "C1", "user": "carol", "membership": "join"},
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"}
  ],
  "faults": [
    {"fault": "membership_late", "server": "s1", "by": "30s"}
  ]
}"#,
    effect: Effect::Verdict("m1", "C1", ["membership-not-seen", "delivered"]),
    breaks: &[],
};

/// Bob comes back to a gap in the room.
pub(super) const LIMITED_SYNC: Case = Case {
    room: r#"{
  "format": 1, "about": "A test.",
  "users": {"alice": {"devices": ["A1"]}, "bob": {"devices": ["B1"]}},
  "timeline": [
    {"at": "10s", "do": "send", "from": "A1", "message": "m1"},
    {"at": "20s", "do": "send", "from": "A1", "message": "m2"},
    {"at": "30s", "do": "send", "from": "A1", "message": "m3"}
  ],
  "faults": [
    {"fault": "limited_sync", "device": "B1"},
    {"from": "9s", "until": "40s", "fault": "client_offline", "device": "B1"}
  ]
}"#,
    effect: Effect::Number(received, [4, 6]),
    breaks: &[],
};
