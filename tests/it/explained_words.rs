//! What explanations say of rooms in which something less usual decided, and which facts they tell.
//! It does not know how a fact was found.

use withheld::ids::{DeviceId, MessageId};
use withheld::report::explanation::{Explained, text};
use withheld::report::paint::Paint;
use withheld::report::room::Layout;
use withheld::run::clients::{InWorld, References};
use withheld::run::judged::Judging;
use withheld::run::why::{Wanted, explained};
use withheld::scenario::model::Scenario;

use crate::room::{in_file, scenario};

/// The explanation of a message at a device; of a message alone, if it was never sent.
pub(crate) fn told(scenario: &Scenario, message: &str, device: Option<&str>) -> String {
    let mut messages = (0..scenario.messages.len()).map(MessageId::at);
    let mut devices = (0..scenario.devices.len()).map(DeviceId::at);
    let wanted = Wanted {
        message: messages.find(|id| scenario.message_name(*id) == message),
        device: device.and_then(|name| devices.find(|id| scenario.device_name(*id) == name)),
        rule: None,
    };
    assert!(wanted.message.is_some() && wanted.device.is_some() == device.is_some(), "{message}");
    let why = explained(&InWorld(References), scenario, Judging::STRICT, wanted);
    let explained = Explained { path: "room.json", scenario, why: &why, more: "" };
    text(&explained, Layout { columns: 1_000, paint: Paint::Plain })
}

/// Of a scenario file.
pub(crate) fn of_file(file: &str, message: &str, device: &str) -> String {
    told(&in_file(file), message, Some(device))
}

/// Alice and Bob, with these steps and faults.
fn couple(steps: &str, faults: &str) -> Scenario {
    scenario(&format!(
        r#"{{
  "format": 1,
  "about": "Two people",
  "users": {{ "alice": {{ "devices": ["A1"] }}, "bob": {{ "devices": ["B1"] }} }},
  "timeline": [{steps}],
  "faults": [{faults}]
}}"#
    ))
}

/// A file, a message and a device of it, and words of the explanation of the two.
type Words = (&'static str, &'static str, &'static str, &'static str);

/// Where a sentence would be false of another cause, each has its own.
const CAUSES: &[Words] = &[
    ("transport/a_lost_notice_is_not_sent_again", "m1", "B1", "s1 lost the notice that A1 sent it"),
    (
        "transport/a_lost_notice_is_not_sent_again",
        "m1",
        "B1",
        "broken by s1 (injected by fault 1 (to_device_dropped), counts against nobody)",
    ),
    (
        "policy/a_notice_is_found_by_its_session_whatever_key_it_names",
        "m1",
        "B1",
        "put into its mailbox in the name of A1",
    ),
    (
        "policy/an_invited_user_gets_no_key_where_history_begins_with_the_join",
        "m1",
        "B1",
        "bob had only been invited to room, whose history begins for each member with the join",
    ),
    (
        "regressions/a_store_from_the_instant_of_an_unblock_may_still_block",
        "second probe of A2 in room1",
        "A1",
        "the store of A2 had gone back",
    ),
    (
        "transport/a_store_that_goes_back_loses_keys",
        "m1",
        "B1",
        "it had the key once and lost it when its store went back",
    ),
    (
        "key_requests/a_client_that_drops_a_key_for_a_later_notice_loses_the_next_message",
        "m2",
        "B1",
        "it had the key once and dropped it because of a notice",
    ),
    (
        "incidents/a_client_that_takes_a_notice_for_an_answer_refuses_the_key",
        "after",
        "B1",
        "it refused the key after a notice had said that it is withheld",
    ),
    (
        "regressions/a_notice_that_no_server_takes_to_the_end_is_nobodys_breach",
        "m1",
        "A1",
        "A2 was cut off for good before it could send it the key or a reason",
    ),
    (
        "key_requests/a_forwarded_key_may_keep_silent_about_its_beginning",
        "m1",
        "B2",
        "the key that was forwarded to it starts later, and gives no reason (only at 50s100ms",
    ),
    (
        "policy/a_stranger_to_a_message_cannot_explain_it",
        "m1",
        "B1",
        "A1 keeps the key from it, and does not report why",
    ),
];

/// One word for each thing that becomes of a notice, and one name for each notice: those of the facts.
const NOTICES: &[Words] = &[
    (
        "policy/a_blocked_device_is_told_once_and_reads_again_when_unblocked",
        "m2",
        "B1",
        "A1 told it with m.blacklisted that it withholds the key (notice x2, handled at 10s80ms)",
    ),
    (
        "policy/a_blocked_device_is_told_once_and_reads_again_when_unblocked",
        "m2",
        "B1",
        "10s80ms  #94   B1 handled x2 <- #90",
    ),
];

/// The facts that decided.
const FACTS: &[Words] = &[
    // A replay: the store that went back, and the message whose place was used again.
    (
        "transport/a_sender_that_goes_back_uses_an_index_twice",
        "m3",
        "B1",
        "the store of A1 became what it was at 15s",
    ),
    (
        "transport/a_sender_that_goes_back_uses_an_index_twice",
        "m3",
        "B1",
        "A1 encrypted m2 with session #0 at index 1",
    ),
    (
        "history/a_bundle_without_the_senders_device_keys_is_ignored",
        "m1",
        "C1",
        "A1 sent C1 history bundle #0",
    ),
    (
        "policy/a_stranger_to_a_message_cannot_explain_it",
        "m1",
        "B1",
        "A1 reports no code to everybody",
    ),
    (
        "transport/a_client_that_takes_few_new_sessions_an_hour_loses_what_comes_with_the_next",
        "m2",
        "B1",
        "A1 lost Olm session o0 with B1: it was gone from its store",
    ),
];

/// That each explanation has its words.
fn told_in_words(words: &[Words]) {
    let mut wrong = Vec::new();
    for (file, message, device, expected) in words {
        let found = of_file(file, message, device);
        if !found.contains(expected) {
            wrong.push(format!("{expected:?} is not in:\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_cause_of_a_verdict_has_its_own_words() {
    told_in_words(CAUSES);
}

#[test]
fn a_notice_has_the_name_and_the_time_in_a_sentence_that_it_has_in_the_facts() {
    told_in_words(NOTICES);
}

#[test]
fn the_facts_that_decided_are_told() {
    told_in_words(FACTS);
    let twice = "incidents/a_server_that_gives_one_key_twice_breaks_the_second_session";
    let found = of_file(twice, "m2", "B1");
    assert_eq!(found.matches("  s2 handed out one-time key k11 of B1").count(), 2, "{found}");
}

#[test]
fn what_came_after_the_last_attempt_to_read_is_not_told() {
    let found = of_file("key_requests/who_forgot_an_answer_may_answer_again", "m1", "B1");
    let last = found.lines().rfind(|line| line.contains("  #")).unwrap();
    assert!(last.contains("B1 showed m.blacklisted for m1"), "{found}");
}

#[test]
fn a_notice_that_an_older_store_forgot_is_told_with_the_time_at_which_it_went_back() {
    let steps = r#"{ "at": "5s", "do": "block", "device": "A1", "target": "B1" },
        { "at": "10s", "do": "send", "from": "A1", "message": "m1" },
        { "at": "60s", "do": "send", "from": "A1", "message": "m2" }"#;
    let fault =
        r#"{ "from": "40s", "fault": "store_rolled_back", "device": "B1", "snapshot": "7s" }"#;
    let found = told(&couple(steps, fault), "m2", Some("B1"));
    let sentence = "shown no explanation since the store of B1 became what it was at 7s";
    assert!(found.contains(sentence), "{found}");
    assert!(found.contains("fault 1 (store_rolled_back) came into force"), "{found}");
    let found = told(&couple(steps, ""), "m2", Some("B1"));
    assert!(!found.contains("the store of"), "{found}");
}

#[test]
fn a_message_that_a_crash_took_did_not_wait() {
    let steps = r#"{ "at": "10s", "do": "send", "from": "A1", "message": "m1" }"#;
    let fault = r#"{ "from": "10s", "until": "1m", "fault": "crash", "device": "A1", "point": { "before_persist": 1 } }"#;
    let found = told(&couple(steps, fault), "m1", None);
    assert!(found.contains("A1 never sent m1: it stopped before it could."), "{found}");
    assert!(found.contains("the user of A1 sends m1") && found.contains("A1 crashed"), "{found}");
}

#[test]
fn who_has_the_key_of_a_message_that_never_came_does_not_read_it() {
    let room = scenario(
        r#"{
  "format": 1,
  "about": "Somebody who is invited",
  "users": { "alice": { "devices": ["A1"], "each_device": { "policy": { "share_with_invited": true } } }, "bob": { "devices": ["B1"] } },
  "rooms": { "room": { "members": ["alice", { "user": "bob", "membership": "invite" }], "history_visibility": "invited" } },
  "timeline": [{ "at": "10s", "do": "send", "from": "A1", "message": "m1" }]
}"#,
    );
    let found = told(&room, "m1", Some("B1"));
    assert!(found.contains("B1 has the key of m1; m1 itself has not come to it."), "{found}");
}
