//! History bundles where something comes in between: invites that are taken back, crashes, silence of servers.
//! What a bundle lists is shown by the files in `scenarios/history`.

use withheld::protocol::to_device::OlmEvent;
use withheld::rulebook::rule::Rule;
use withheld::trace::fact::{BackupRead, FactKind, KeySource};

use crate::room::{Room, scenario};

/// Alice, who sends one message and then does this to Carol; Carol does that.
fn room(policy: &str, steps: &str, faults: &str) -> Room {
    let text = format!(
        r#"{{
          "format": 1, "about": "A test.",
          "servers": {{ "one.example": {{}}, "two.example": {{}} }},
          "users": {{
            "alice": {{ "server": "one.example", "devices": {{ "A1": {{ "policy": {{ "share_history": true {policy} }} }} }} }},
            "carol": {{ "server": "two.example", "devices": ["C1"] }}
          }},
          "rooms": {{ "room": {{ "members": ["alice"] }} }},
          "timeline": [
            {{ "at": "10s", "do": "send", "from": "A1", "message": "m1" }},
            {steps}
          ],
          "faults": [{faults}],
          "horizon": "4d"
        }}"#
    );
    Room::run(scenario(&text))
}

const INVITE: &str =
    r#"{ "at": "20s", "do": "member", "device": "A1", "user": "carol", "membership": "invite" }"#;

/// How many bundles were made, how many bundle messages encrypted, and how many invites reached Alice's server.
fn counts(room: &Room) -> [usize; 3] {
    let is_bundle = |kind: &FactKind| {
        matches!(kind, FactKind::OlmEncrypted { event: OlmEvent::RoomKeyBundle(_), .. })
    };
    let invites = room.count(|kind| matches!(kind, FactKind::InvitedBy { .. }));
    let made = room.count(|kind| matches!(kind, FactKind::BundleMade { .. }));
    [made, room.count(is_bundle), invites.min(1)]
}

fn opened(room: &Room) -> usize {
    room.count(|kind| matches!(kind, FactKind::BundleOpened { .. }))
}

#[test]
fn an_invite_goes_out_after_its_bundle_was_accepted() {
    let room = room("", INVITE, "");
    assert_eq!(counts(&room), [1, 1, 1]);
    let at = |is: &dyn Fn(&FactKind) -> bool| {
        room.trace.facts().iter().find(|fact| is(&fact.kind)).expect("it happened").id
    };
    let invited = at(&|kind| matches!(kind, FactKind::InvitedBy { .. }));
    let made = at(&|kind| matches!(kind, FactKind::BundleMade { .. }));
    let accepted = room
        .trace
        .facts()
        .iter()
        .find(|fact| fact.id > made && matches!(fact.kind, FactKind::PutAccepted { .. }));
    assert!(accepted.expect("the bundle was accepted").id < invited);
    assert_eq!(room.violations(), []);
}

#[test]
fn an_invite_that_is_taken_back_before_it_went_out_never_goes_out() {
    let back = r#"{ "at": "21s", "do": "member", "device": "A1", "user": "carol", "membership": "leave" }"#;
    let slow = r#"{ "from": "19s", "until": "60s", "fault": "server_unreachable", "server": "two.example" }"#;
    let room = room("", &format!("{INVITE}, {back}"), slow);
    assert_eq!(counts(&room), [0, 0, 0]);
    assert_eq!(room.violations(), []);
}

#[test]
fn where_the_list_cannot_be_had_the_invite_goes_out_without_a_bundle() {
    let away = r#"{ "from": "19s", "until": "90s", "fault": "server_unreachable", "server": "two.example" }"#;
    let join = r#"{ "at": "3m", "do": "member", "device": "C1", "membership": "join" }"#;
    let room = room("", &format!("{INVITE}, {join}"), away);
    assert_eq!(counts(&room), [0, 0, 1]);
    assert_eq!(room.verdict("m1", "C1"), "not-a-member");
    assert_eq!(room.violations(), []);
}

#[test]
fn a_crash_in_the_middle_loses_neither_bundle_nor_invite() {
    let join = r#"{ "at": "2m", "do": "member", "device": "C1", "membership": "join" }"#;
    for at in ["20s5ms", "20s40ms", "20s60ms", "20s90ms", "20s120ms"] {
        let crash =
            format!(r#"{{ "from": "{at}", "until": "40s", "fault": "crash", "device": "A1" }}"#);
        let room = room("", &format!("{INVITE}, {join}"), &crash);
        assert_eq!(counts(&room)[2], 1, "{at}");
        assert_eq!(room.verdict("m1", "C1"), "delivered", "{at}");
        assert_eq!(room.violations(), [], "{at}");
    }
}

#[test]
fn a_recipient_that_crashes_takes_the_bundle_in_when_it_is_back() {
    let join = r#"{ "at": "50s", "do": "member", "device": "C1", "membership": "join" }"#;
    for (at, until) in [("20s200ms", "40s"), ("25s", "40s"), ("50s10ms", "60s"), ("50s60ms", "60s")]
    {
        let crash = format!(
            r#"{{ "from": "{at}", "until": "{until}", "fault": "crash", "device": "C1" }}"#
        );
        let room = room("", &format!("{INVITE}, {join}"), &crash);
        assert_eq!(room.verdict("m1", "C1"), "delivered", "{at}");
        assert_eq!(room.violations(), [], "{at}");
    }
}

#[test]
fn who_is_blocked_is_invited_without_a_bundle() {
    let block = r#"{ "at": "15s", "do": "block", "device": "A1", "target": "carol" }"#;
    let room = room("", &format!("{block}, {INVITE}"), "");
    assert_eq!(counts(&room), [0, 0, 1]);
    assert_eq!(room.violations(), []);
}

#[test]
fn a_bundle_that_comes_more_than_a_day_after_the_join_is_left_alone() {
    let join = r#"{ "at": "30s", "do": "member", "device": "C1", "membership": "join" }"#;
    for (by, taken) in [("23h", 1), ("25h", 0)] {
        let late = format!(
            r#"{{ "from": "19s", "until": "29s", "fault": "to_device_delayed", "which": {{ "sender": "A1" }}, "by": "{by}" }}"#
        );
        let room = room("", &format!("{INVITE}, {join}"), &late);
        assert_eq!(opened(&room), taken, "{by}");
        assert_eq!(room.violations(), []);
    }
}

#[test]
fn who_never_accepts_takes_nothing_in() {
    assert_eq!(opened(&room("", INVITE, "")), 0);
}

#[test]
fn the_backup_is_read_before_each_bundle_and_a_silent_one_is_not_waited_for() {
    for (faults, expected) in [
        ("", BackupRead::Read),
        (
            r#"{ "from": "19s", "until": "60s", "fault": "rate_limited", "device": "A1", "endpoint": "room_keys", "retry_after": "10s" }"#,
            BackupRead::Failed,
        ),
    ] {
        let room = room(r#", "backup": true"#, INVITE, faults);
        let read = room.trace.pick(|kind| {
            let FactKind::BundleMade { backup, .. } = kind else { return None };
            Some(*backup)
        });
        assert_eq!(read.collect::<Vec<_>>(), [expected]);
        assert_eq!(room.violations(), []);
    }
}

#[test]
fn the_giver_is_remembered_and_blocking_who_was_given_a_session_replaces_it() {
    let steps = format!(
        r#"{INVITE},
        {{ "at": "30s", "do": "member", "device": "C1", "membership": "join" }},
        {{ "at": "40s", "do": "block", "device": "A1", "target": "carol" }},
        {{ "at": "50s", "do": "send", "from": "A1", "message": "m2" }}"#
    );
    let room = room("", &steps, "");
    let from = room.trace.pick(|kind| {
        let FactKind::KeyIn { source: KeySource::Bundle { from }, .. } = kind else { return None };
        Some(*from)
    });
    assert_eq!(from.collect::<Vec<_>>(), [Some(withheld::ids::UserId::new(0))]);
    assert_eq!(room.verdict("m1", "C1"), "delivered");
    assert_eq!(room.verdict("m2", "C1"), "withheld(m.blacklisted)");
    assert_eq!(room.violations(), []);
}

#[test]
fn a_sender_that_leaves_shared_history_out_shares_nothing_by_it() {
    let text = r#"{
      "format": 1, "about": "A test.",
      "users": {
        "alice": { "devices": { "A1": { "habits": { "shared_history_flag": "absent" } } } },
        "bob": { "devices": { "B1": { "policy": { "share_history": true } } } },
        "carol": { "devices": ["C1"] }
      },
      "rooms": { "room": { "members": ["alice", "bob"] } },
      "timeline": [
        { "at": "10s", "do": "send", "from": "A1", "message": "m1" },
        { "at": "20s", "do": "member", "device": "B1", "user": "carol", "membership": "invite" },
        { "at": "30s", "do": "member", "device": "C1", "membership": "join" }
      ]
    }"#;
    let room = Room::run(scenario(text));
    assert_eq!(room.verdict("m1", "C1"), "history-not-shared(m.history_not_shared)");
    assert_eq!(room.violations(), [(Rule::H01, "A1".to_owned(), false)]);
}
