//! What explanations say of what no cause links to a message: who was cut off, who did not answer, whose clock was wrong, who had left.
//! It does not know how a fact was found.

use withheld::scenario::model::Scenario;

use crate::explained_words::{of_file, told};
use crate::room::scenario;

/// Alice on s1, bob and carol on s2, with these steps and faults.
fn apart(steps: &str, faults: &str) -> Scenario {
    scenario(&format!(
        r#"{{
  "format": 1,
  "about": "Two servers",
  "servers": {{ "s1": {{}}, "s2": {{}} }},
  "users": {{
    "alice": {{ "server": "s1", "devices": ["A1"] }},
    "bob": {{ "server": "s2", "devices": {{ "B1": {{}}, "B2": {{ "present": false }}, "B3": {{ "present": false }} }} }},
    "carol": {{ "server": "s2", "devices": ["C1"] }}
  }},
  "rooms": {{ "room": {{ "members": ["alice", "bob"], "history_visibility": "joined" }} }},
  "timeline": [{steps}],
  "faults": [{faults}]
}}"#
    ))
}

const FEDERATION_DOWN: &str =
    r#"{ "from": "10s", "until": "1m", "fault": "federation_down", "between": "s1", "and": "s2" }"#;

#[test]
fn the_membership_that_was_held_back_is_told_and_not_the_one_before_it() {
    let steps = r#"{ "at": "5s", "do": "member", "device": "A1", "room": "room", "user": "carol", "membership": "invite" },
        { "at": "15s", "do": "member", "device": "C1", "room": "room", "user": "carol", "membership": "join" },
        { "at": "20s", "do": "send", "from": "A1", "message": "m1" }"#;
    let found = told(&apart(steps, FEDERATION_DOWN), "m1", Some("C1"));
    let sentence =
        "A1 had not seen yet that carol joined room (at 15s10ms: carol joined room, as s2 saw it)";
    assert!(found.contains(sentence), "{found}");
}

#[test]
fn who_had_left_and_can_read_was_owed_nothing() {
    let steps = r#"{ "at": "5s", "do": "send", "from": "A1", "message": "m1" },
        { "at": "15s", "do": "member", "device": "B1", "room": "room", "user": "bob", "membership": "leave" },
        { "at": "20s", "do": "send", "from": "A1", "message": "m2" }"#;
    let room = apart(steps, FEDERATION_DOWN);
    let left = told(&room, "m2", Some("B1"));
    assert!(left.contains("m2 at B1: delivered"), "{left}");
    assert!(left.contains("By then bob had left room, so that nobody owed B1 the key."), "{left}");
    assert!(left.contains("bob left room, as s2 saw it"), "{left}");
    assert!(!left.contains("rule K-01"), "{left}");
    let there = told(&room, "m1", Some("B1"));
    assert!(there.contains("rule K-01") && !there.contains("had left"), "{there}");
}

#[test]
fn whoever_cannot_be_reached_is_named_where_a_message_stays_open() {
    let steps = r#"{ "at": "5s", "do": "send", "from": "A1", "message": "m1" },
        { "at": "30s", "do": "discard_session", "device": "A1" },
        { "at": "1m", "do": "send", "from": "A1", "message": "m2" }"#;
    let cut = |fault: &str| told(&apart(steps, fault), "m2", Some("B1"));
    let away = r#"{ "from": "20s", "fault": "server_unreachable", "server": "s2" }"#;
    let found = cut(away);
    let sentence = "From 20s to the end s2 could not be reached: fault 1 (server_unreachable). (#";
    assert!(found.contains("m2 at B1: pending") && found.contains(sentence), "{found}");
    let down = FEDERATION_DOWN.replace("\"until\": \"1m\", ", "");
    let found = cut(&down);
    assert!(found.contains("to the end s1 and s2 could not reach each other: fault 1"), "{found}");
    let offline = r#"{ "from": "20s", "fault": "client_offline", "device": "B1" }"#;
    let found = cut(offline);
    assert!(found.contains("From 20s to the end B1 was offline: fault 1"), "{found}");
    let past = away.replace("\"from\"", "\"until\": \"40s\", \"from\"");
    let found = cut(&past);
    assert!(found.contains("delivered") && !found.contains("could not be reached"), "{found}");
}

#[test]
fn why_a_key_request_got_no_answer_is_told_for_each_device_that_was_asked() {
    for (file, message, device, sentence) in [
        (
            "key_requests/a_request_may_be_ignored",
            "m1",
            "B1",
            "B1 asked B2 for the key (request r0), and got no answer: B2 could have answered, and may leave",
        ),
        (
            "key_requests/a_request_may_be_ignored",
            "m1",
            "B1",
            "B1 asked B3 for the key (request r0), and got no answer: B3 did not have the key either",
        ),
        (
            "key_requests/asking_the_sender_brings_nothing",
            "m1",
            "B1",
            "and got no answer: A1 is another user's, and keys are forwarded only among",
        ),
    ] {
        let found = of_file(file, message, device);
        assert!(found.contains(sentence), "{found}");
    }
    let again = of_file("key_requests/a_repeated_request_is_answered_once", "m1", "B1");
    assert!(!again.contains("got no answer"), "{again}");
}

/// Bob's new device asks the old one for a key from before it came up.
fn asking(faults: &str) -> String {
    let steps = r#"{ "at": "5s", "do": "send", "from": "A1", "message": "m1" },
        { "at": "20s", "do": "login", "device": "B2" },
        { "at": "40s", "do": "request_key", "device": "B2", "message": "m1", "of": ["B1"] }"#;
    told(&apart(steps, faults), "m1", Some("B2"))
}

#[test]
fn a_request_that_does_not_arrive_is_told_as_lost_or_waiting_and_one_that_is_answered_is_not_told()
{
    let found = asking("");
    assert!(!found.contains("got no answer"), "{found}");
    let found = asking(
        r#"{ "from": "30s", "fault": "to_device_dropped", "which": { "sender": "B2", "recipient": "B1" } }"#,
    );
    assert!(found.contains("got no answer: a server lost the request."), "{found}");
    let found = asking(
        r#"{ "from": "30s", "fault": "to_device_dropped", "which": { "sender": "B1", "recipient": "B2" } }"#,
    );
    assert!(found.contains("got no answer: B1 did answer, and a server lost that."), "{found}");
    let found = asking(r#"{ "from": "30s", "fault": "client_offline", "device": "B1" }"#);
    let waits = "got no answer: the request had not come to B1 when the run ended.";
    assert!(found.contains(waits), "{found}");
    let found = asking(r#"{ "from": "30s", "fault": "client_offline", "device": "B2" }"#);
    assert!(
        found.contains("got no answer: the server of B2 never accepted the request"),
        "{found}"
    );
}

#[test]
fn a_clock_that_was_wrong_is_told_where_it_decided() {
    let found = of_file("no_olm/a_slow_clock_hides_that_a_no_olm_covers_a_message", "m1", "B1");
    assert!(found.contains("goes by its own clock, which was "), "{found}");
    assert!(found.contains(" behind from "), "{found}");
    let right = of_file("no_olm/one_no_olm_stands_for_all_rooms", "m1", "B1");
    assert!(!right.contains("clock"), "{right}");
}

#[test]
fn a_list_that_loses_a_device_after_the_message_is_not_why_it_has_no_key() {
    let steps = r#"{ "at": "5s", "do": "login", "device": "B2" },
        { "at": "30s", "do": "send", "from": "A1", "message": "m1" },
        { "at": "35s", "do": "login", "device": "B3" }"#;
    let faults = r#"{ "from": "20s", "until": "40s", "fault": "claim_fails", "server": "s2", "failure": "unreachable" },
        { "from": "34s", "fault": "stale_query_answer", "server": "s2", "as_of": "2s" }"#;
    let found = told(&apart(steps, faults), "m1", Some("B2"));
    assert!(found.contains("m1 at B2: unexplained\n"), "{found}");
    let sentence = "A1 could not set up an Olm session for the key, and before it tried again the device list of bob left it out, because of s2";
    assert!(found.contains(sentence), "{found}");
    assert!(found.contains("rule D-04, broken by s2 (injected by fault 2"), "{found}");
    assert!(found.contains("the claim of A1 for B2 brought nothing"), "{found}");
    let before =
        of_file("device_lists/an_old_answer_to_a_query_leaves_a_new_device_out", "m2", "B2");
    assert!(before.contains("m2 at B2: wrong-list\n"), "{before}");
}

#[test]
fn a_broken_session_is_told_with_its_repair_and_one_that_was_not_repaired_without() {
    let file = "transport/a_client_that_counts_the_hour_from_the_last_failure_never_gets_there";
    let once = "transport/an_olm_session_out_of_step_loses_a_key_until_the_next_one";
    let repaired = of_file(once, "m2", "B1");
    assert!(
        repaired.contains("B1 had a new Olm session with the sender afterwards."),
        "{repaired}"
    );
    let waits = of_file(file, "m2", "B1");
    let sentence = "B1 had opened an Olm session with the sender less than an hour before, so that no new one was due.";
    assert!(waits.contains("m2 at B1: wedged\n") && waits.contains(sentence), "{waits}");
    let neglected = of_file(file, "m3", "B1");
    assert!(neglected.contains("m3 at B1: not-unwedged\n"), "{neglected}");
    assert!(neglected.contains("and it did not open a new one"), "{neglected}");
    assert!(!neglected.contains("afterwards") && !neglected.contains("was due"), "{neglected}");
}
