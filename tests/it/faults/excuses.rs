//! More breaches that faults bring about and excuse, what a lost memory may do unpunished, and breaches that only
//! happen beside a fault and count. What a fault changes otherwise is in the other modules.

use withheld::rulebook::rule::Rule;
use withheld::scenario::habits::Habits;

use super::{check_excuses, with_and_without};
use crate::room::{Room, in_file};

/// A device that cannot be reached over Olm and that does nothing about it.
const NO_KEYS: &str =
    r#"{ "one_time_keys": 0, "fallback_key": false, "policy": { "on_no_olm": "nothing" } }"#;

/// A room of Alice and Bob with one fault, in a scenario with two rooms.
fn room_of(alice: &str, bob: &str, timeline: &str, fault: &str) -> String {
    format!(
        r#"{{
  "format": 1, "about": "A test.",
  "users": {{ "alice": {{ "devices": {{ "A1": {alice} }} }}, "bob": {{ "devices": {{ "B1": {bob} }} }} }},
  "rooms": {{ "room": {{ "members": ["alice", "bob"] }}, "two": {{ "members": ["alice", "bob"] }} }},
  "timeline": [{timeline}],
  "faults": [{fault}]
}}"#
    )
}

const BLOCK: &str = r#"{ "at": "5s", "do": "block", "device": "A1", "target": "bob" },"#;
const SEND: &str =
    r#"{ "at": "10s", "do": "send", "from": "A1", "room": "room", "message": "m1" }"#;
const AGAIN: &str =
    r#"{ "at": "20s", "do": "send", "from": "A1", "room": "room", "message": "m2" }"#;

/// A forged notice of A1 to B1.
fn forged(content: &str) -> String {
    format!(
        r#"{{ "from": "15s", "fault": "forged_withheld", "sender": "A1", "recipient": "B1",
             "content": {{ "sender_key": "A1", {content} }} }}"#
    )
}

/// The breaches are excused with the fault, and are not there without it.
fn excused(variant: &str, text: &str, breaks: &[(Rule, &str)]) {
    let [with, without] = with_and_without(variant, text);
    check_excuses(&with, breaks);
    assert_eq!(without.violations(), []);
}

#[test]
fn a_forged_m_no_olm_repeats_a_true_one() {
    let text = room_of("{}", NO_KEYS, SEND, &forged(r#""code": "m.no_olm""#));
    excused("ForgedWithheld", &text, &[(Rule::N02, "A1")]);
}

#[test]
fn a_forged_m_no_olm_for_another_room_breaks_the_rule_on_rooms() {
    let named = forged(r#""room_id": "two", "code": "m.no_olm""#);
    let text = room_of("{}", NO_KEYS, SEND, &named);
    excused("ForgedWithheld", &text, &[(Rule::W05, "A1"), (Rule::N03, "A1")]);
}

#[test]
fn a_forged_reason_is_a_false_one() {
    let silent = r#"{ "policy": { "report": "none" } }"#;
    let named = forged(r#""room_id": "room", "session_of": "m1", "code": "m.unverified""#);
    let text = room_of(silent, "{}", &format!("{BLOCK}{SEND}"), &named);
    excused("ForgedWithheld", &text, &[(Rule::W08, "A1"), (Rule::O04, "A1")]);
}

#[test]
fn a_forged_message_of_another_type_breaks_the_rule_on_that_type() {
    // The content is that of a notice, which has another type.
    for (event_type, rules) in [
        ("m.room_key", [(Rule::K05, "A1"), (Rule::W02, "A1")]),
        ("m.forwarded_room_key", [(Rule::W02, "A1"), (Rule::F01, "A1")]),
        // What stands where a ciphertext belongs is no notice of one session; it says `m.no_olm` where there is Olm.
        ("m.room.encrypted", [(Rule::W18, "A1"), (Rule::N06, "A1")]),
    ] {
        let named = forged(r#""code": "m.no_olm""#)
            .replace(r#""recipient""#, &format!(r#""type": "{event_type}", "recipient""#));
        let text = room_of("{}", "{}", SEND, &named);
        excused("ForgedWithheld", &text, &rules);
    }
}

#[test]
fn a_restored_server_forgets_its_mailboxes() {
    let faults = r#"
        { "from": "10500ms", "fault": "server_restored", "server": "s1", "snapshot": "5s" },
        { "from": "9s", "until": "20s", "fault": "client_offline", "device": "B1" }"#;
    excused(
        "ServerRestored",
        &room_of("{}", "{}", SEND, faults),
        &[(Rule::T01, "s1"), (Rule::T03, "s1")],
    );
}

#[test]
fn a_server_that_is_restored_again_lists_what_it_had_lost_after_what_came_in_meanwhile() {
    let other = r#"{ "at": "20s", "do": "send", "from": "A1", "room": "two", "message": "m2" }"#;
    let faults = r#"
        { "from": "12s", "fault": "server_restored", "server": "s1", "snapshot": "5s" },
        { "from": "40s", "fault": "server_restored", "server": "s1", "snapshot": "11500ms" },
        { "from": "9s", "until": "15s", "fault": "client_offline", "device": "B1" }"#;
    let text = room_of("{}", "{}", &format!("{SEND},{other}"), faults);
    let [with, without] = with_and_without("ServerRestored", &text);
    check_excuses(&with, &[(Rule::T01, "s1"), (Rule::T02, "s1"), (Rule::T03, "s1")]);
    assert!(without.violations().iter().all(|(rule, ..)| *rule != Rule::T02), "it loses nothing");
}

#[test]
fn notices_are_lost_as_keys_are() {
    let timeline = format!("{BLOCK}{SEND}");
    let dropped = r#"{ "fault": "to_device_dropped", "which": { "type": "m.room_key.withheld" } }"#;
    excused("ToDeviceDropped", &room_of("{}", "{}", &timeline, dropped), &[(Rule::T01, "s1")]);
    let read = r#"{ "fault": "second_reader", "device": "B1" }"#;
    excused(
        "SecondReader",
        &room_of("{}", "{}", &timeline, read),
        &[(Rule::T01, "s1"), (Rule::T03, "s1")],
    );
}

/// What a client did before its store went back is not held against it by rules that rest on memory, so that there
/// is nothing to excuse, not even where nobody announced the fault.
#[test]
fn what_rests_on_lost_memory_is_no_breach() {
    let timeline = format!("{SEND},{AGAIN}");
    let back =
        r#"{ "from": "15s", "fault": "store_rolled_back", "device": "A1", "snapshot": "5s" }"#;
    let process = r#"{ "from": "5s", "until": "15s", "fault": "second_process", "device": "A1" }"#;
    for (variant, fault) in [("StoreRolledBack", back), ("SecondProcess", process)] {
        let text = room_of("{}", NO_KEYS, &timeline, fault);
        let [with, without] = with_and_without(variant, &text);
        assert_eq!(with.outcome.notices[0].count, 2, "{variant}: it is told again");
        assert_eq!(without.outcome.notices[0].count, 1);
        check_excuses(&with, &[]);
    }
    let back =
        r#"{ "from": "15s", "fault": "store_rolled_back", "device": "B1", "snapshot": "5s" }"#;
    let text = room_of("{}", "{}", &timeline, back);
    let [with, without] = with_and_without("StoreRolledBack", &text);
    let verdicts = [&with, &without].map(|room| room.verdict("m1", "B1"));
    assert_eq!(verdicts, ["storage-loss", "delivered"]);
    check_excuses(&with, &[]);
}

/// Files in which a client breaks a rule by habit, with the rule, the party, and whether a fault gives it occasion.
const BY_HABIT: &[(&str, Rule, &str)] = &[
    ("policy/a_client_without_marks_tells_with_every_message", Rule::W09, "A1"),
    ("policy/a_client_that_forgets_its_marks_tells_again_after_a_restart", Rule::W09, "A1"),
    ("transport/a_retry_under_a_new_transaction_id_is_a_second_notice", Rule::W09, "A1"),
    ("no_olm/a_client_that_reports_every_failure_repeats_m_no_olm", Rule::N02, "A1"),
    ("no_olm/a_client_that_forgets_the_mark_repeats_m_no_olm_after_a_restart", Rule::N02, "A1"),
    ("no_olm/a_client_that_counts_by_room_repeats_m_no_olm_in_the_next_one", Rule::N03, "A1"),
    ("incidents/a_flag_that_is_never_cleared_silences_the_second_epoch", Rule::N01, "A1"),
    ("incidents/a_bot_that_marks_a_missing_session_as_shared_loses_every_message", Rule::N01, "A1"),
    ("transport/a_client_that_takes_failures_for_success_explains_nothing", Rule::W01, "A1"),
    ("transport/a_client_that_drops_failed_keys_explains_nothing", Rule::K01, "A1"),
    ("transport/a_client_that_never_looks_back_makes_nothing_of_a_late_notice", Rule::P09, "B1"),
    ("transport/a_token_stored_before_the_notice_loses_it", Rule::T11, "B1"),
    ("incidents/a_first_session_that_is_broken_is_never_repaired", Rule::U01, "B1"),
    (
        "incidents/a_one_time_key_thrown_away_with_a_damaged_message_costs_the_next_one",
        Rule::U05,
        "B1",
    ),
];

/// No fault excuses what a habit does, and without the habit nothing is broken.
#[test]
fn the_same_breaches_count_where_a_habit_makes_them() {
    for (file, rule, party) in BY_HABIT {
        let scenario = in_file(file);
        let mut without = scenario.clone();
        for device in &mut without.devices {
            device.habits = Habits::specification();
        }
        let expected = [(*rule, (*party).to_owned(), false)];
        assert_eq!(Room::run(scenario).violations(), expected, "{file}");
        assert_eq!(Room::run(without).violations(), [], "{file} without the habit");
    }
}

/// A sender whose store went back uses an Olm message key again for another room key. The recipient cannot open it and
/// must not take it for a copy (U-01, K-12): the two are out of step, and nobody breaks a rule.
#[test]
fn a_message_key_that_is_used_again_makes_no_copy() {
    let discard = |at| {
        format!(r#"{{ "at": "{at}", "do": "discard_session", "device": "A1", "room": "room" }}"#)
    };
    let third = SEND.replace("10s", "30s").replace("m1", "m3");
    let timeline = format!("{SEND},{},{AGAIN},{},{third}", discard("19s"), discard("29s"));
    let back =
        r#"{ "from": "25s", "fault": "store_rolled_back", "device": "A1", "snapshot": "17s" }"#;
    let alice = r#"{ "policy": { "reshare_after_unwedge": false } }"#;
    let text = room_of(alice, "{}", &timeline, back);
    let [with, without] = with_and_without("StoreRolledBack", &text);
    let verdicts = [&with, &without].map(|room| room.verdict("m3", "B1"));
    assert_eq!(verdicts, ["wedged", "delivered"]);
    check_excuses(&with, &[]);
}
