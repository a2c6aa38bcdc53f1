//! What goes through the seam between the simulator and the machine: keys, messages, notices, trust, faults, restarts. All of it with every
//! store that the program has, and with the same facts.

use withheld::check::outcome::Outcome;
use withheld::ids::{DeviceId, UserId};
use withheld::protocol::withheld::WithheldCode;
use withheld::rulebook::leaf::Leaf;
use withheld::rulebook::rule::Rule;
use withheld::run::judged::{Judging, run_one};
use withheld::scenario::fault::Party;
use withheld::scenario::model::Scenario;
use withheld::scenario::policy::Target;
use withheld::time::{SimDuration, SimTime};
use withheld::trace::fact::{
    Direction, Fact, FactKind, OlmCause, OlmResult, RunEnd, Shown, TryResult,
};
use withheld::trace::sink::Trace;
use withheld_matrix_sdk::casting::Casting;
use withheld_matrix_sdk::simulator::{Breakdown, SdkRooms};
use withheld_matrix_sdk::store::StoreKind;

use crate::{file, repository, room};

fn run(text: &str) -> (Outcome, Trace) {
    let (outcome, trace) = run_in(text, StoreKind::default());
    for (kind, name) in StoreKind::ALL {
        if *kind != StoreKind::default() {
            let (_, other) = run_in(text, *kind);
            let differs = trace.facts().iter().zip(other.facts()).find(|(one, other)| one != other);
            assert_eq!(differs, None, "with {name}");
            assert_eq!(trace.facts().len(), other.facts().len(), "with {name}");
        }
    }
    (outcome, trace)
}

fn run_in(text: &str, store: StoreKind) -> (Outcome, Trace) {
    let scenario = room(text);
    let simulator = SdkRooms::default().cast(Casting::default().stored_in(store));
    let judging = Judging::STRICT;
    let mut trace = Trace::default();
    let report = run_one(&simulator, &scenario, judging, &mut trace);
    assert_eq!(simulator.take_breakdowns(), []);
    assert_eq!(report.outcome.end, RunEnd::Quiescent);
    (report.outcome, trace)
}

/// What became of each message at each device, in the order of the table.
fn leaves(outcome: &Outcome) -> Vec<Leaf> {
    outcome.verdicts.iter().map(|verdict| verdict.leaf).collect()
}

fn notices(outcome: &Outcome) -> Vec<(WithheldCode, u32)> {
    outcome.notices.iter().map(|count| (count.code, count.count)).collect()
}

const TWO_USERS: &str = r#""servers": { "s1": {}, "s2": {} },
  "users": {
    "alice": { "devices": { "A1": {}, "A2": {} } },
    "bob": { "server": "s2", "devices": { "B1": {}, "B2": {} } }
  }"#;

fn with(timeline: &str, faults: &str) -> String {
    format!(
        r#"{{ "format": 1, "about": "x", {TWO_USERS}, "timeline": [{timeline}], "faults": [{faults}] }}"#
    )
}

const SENDS: &str = r#"{ "at": "10s", "do": "send", "from": "A1", "room": "room", "message": "m1" },
  { "at": "30s", "do": "send", "from": "B1", "room": "room", "message": "m2" }"#;

#[test]
fn messages_between_two_users_on_two_servers_are_read_by_every_device() {
    let (outcome, trace) = run(&with(SENDS, ""));
    assert_eq!(leaves(&outcome), [Leaf::Delivered; 6]);
    assert!(outcome.counted().all(|one| one.rule == Rule::H01), "the flag has another name");
    let decrypted = |kind: &FactKind| {
        matches!(kind, FactKind::OlmDecrypt { result: OlmResult::Decrypted { .. }, .. })
    };
    assert_eq!(trace.facts().iter().filter(|fact| decrypted(&fact.kind)).count(), 6);
}

#[test]
fn a_blocked_device_gets_the_real_notice_and_reads_again_when_it_is_unblocked() {
    let block = r#"{ "at": "5s", "do": "block", "device": "A1", "target": "B1" },
        { "at": "10s", "do": "send", "from": "A1", "room": "room", "message": "m1" },
        { "at": "20s", "do": "unblock", "device": "A1", "target": "B1" },
        { "at": "30s", "do": "send", "from": "A1", "room": "room", "message": "m2" }"#;
    let (outcome, trace) = run(&with(block, ""));
    let told = |kind: &FactKind| {
        let code = WithheldCode::Blacklisted;
        matches!(kind, FactKind::Try { result: TryResult::Undecryptable(Shown::Code { code: shown, .. }), .. } if *shown == code)
    };
    assert_eq!(trace.facts().iter().filter(|fact| told(&fact.kind)).count(), 1);
    // Another device of the same user has the key, and gives it: that is its right.
    assert_eq!(leaves(&outcome), [Leaf::Delivered; 6]);
    assert_eq!(notices(&outcome), [(WithheldCode::Blacklisted, 1)]);
}

#[test]
fn a_device_without_keys_is_told_no_olm_once() {
    let faults = r#"{ "from": "5s", "fault": "one_time_keys_run_out", "device": "B1" },
        { "from": "5s", "fault": "no_fallback_key", "device": "B1" }"#;
    let sends = r#"{ "at": "10s", "do": "send", "from": "A1", "room": "room", "message": "m1" },
        { "at": "20s", "do": "send", "from": "A1", "room": "room", "message": "m2" }"#;
    let (outcome, _) = run(&with(sends, faults));
    assert_eq!(notices(&outcome), [(WithheldCode::NoOlm, 1)]);
}

#[test]
fn trust_follows_real_signatures() {
    let verified = r#"{ "at": "5s", "do": "verify", "device": "A1", "target": "bob" },
        { "at": "8s", "do": "set_sharing", "device": "A1", "share": "verified", "on_problem": "withhold" },
        { "at": "10s", "do": "send", "from": "A1", "room": "room", "message": "m1" }"#;
    let (outcome, _) = run(&with(verified, ""));
    assert_eq!(leaves(&outcome), [Leaf::Delivered; 3]);
    let stranger = r#"{ "at": "8s", "do": "set_sharing", "device": "A1", "share": "verified", "on_problem": "withhold" },
        { "at": "10s", "do": "send", "from": "A1", "room": "room", "message": "m1" }"#;
    let (outcome, _) = run(&with(stranger, ""));
    assert_eq!(leaves(&outcome), [Leaf::Delivered, Leaf::Withheld, Leaf::Withheld]);
    assert_eq!(notices(&outcome), [(WithheldCode::Unverified, 1), (WithheldCode::Unverified, 1)]);
}

#[test]
fn a_client_that_crashes_between_writing_and_sending_goes_on_where_it_was() {
    for nth in 1..=4 {
        for point in ["after_persist", "before_persist", "after_request"] {
            let faults = format!(
                r#"{{ "from": "10s", "until": "15s", "fault": "crash", "device": "A1", "point": {{ "{point}": {nth} }} }}"#
            );
            let (outcome, _) = run(&with(SENDS, &faults));
            let unread = leaves(&outcome).iter().filter(|leaf| **leaf != Leaf::Delivered).count();
            assert_eq!(unread, 0, "{point} {nth}: {:?}", leaves(&outcome));
        }
    }
}

#[test]
fn a_store_that_is_rolled_back_repeats_what_it_had_forgotten() {
    let sends = r#"{ "at": "10s", "do": "send", "from": "A1", "room": "room", "message": "m1" },
        { "at": "30s", "do": "send", "from": "A1", "room": "room", "message": "m2" },
        { "at": "50s", "do": "send", "from": "A1", "room": "room", "message": "m3" }"#;
    let fault =
        r#"{ "from": "40s", "fault": "store_rolled_back", "device": "A1", "snapshot": "20s" }"#;
    let (_, trace) = run(&with(sends, fault));
    let encrypted = trace.facts().iter().filter_map(|fact| match fact.kind {
        FactKind::MegolmEncrypted { session, index, .. } => Some((session, index)),
        _ => None,
    });
    let encrypted: Vec<_> = encrypted.collect();
    assert_eq!(encrypted.iter().map(|(_, index)| *index).collect::<Vec<_>>(), [0, 1, 1]);
    assert_eq!(encrypted[1], encrypted[2], "the ratchet went back");
}

#[test]
fn a_damaged_key_is_not_decrypted_and_its_message_not_read() {
    let fault = r#"{ "from": "5s", "until": "20s", "fault": "olm_corrupted",
        "which": { "sender": "A1", "recipient": "B1", "type": "any", "first": "any" } }"#;
    let (outcome, trace) = run(&with(
        r#"{ "at": "10s", "do": "send", "from": "A1", "room": "room", "message": "m1" }"#,
        fault,
    ));
    let failed =
        |kind: &FactKind| matches!(kind, FactKind::OlmDecrypt { result: OlmResult::Failed(_), .. });
    assert!(trace.facts().iter().any(|fact| failed(&fact.kind)));
    let unread = |kind: &FactKind| {
        matches!(kind, FactKind::Try { result: TryResult::Undecryptable(Shown::Unexplained), .. })
    };
    assert_eq!(trace.facts().iter().filter(|fact| unread(&fact.kind)).count(), 1);
    // The key came again from another device of the same user, on a session that nothing has damaged.
    assert_eq!(leaves(&outcome), [Leaf::Delivered; 3]);
}

#[test]
fn what_a_fault_takes_out_of_a_store_is_gone() {
    let sends = r#"{ "at": "10s", "do": "send", "from": "A1", "room": "room", "message": "m1" },
        { "at": "2h", "do": "discard_session", "device": "A1", "room": "room" },
        { "at": "3h", "do": "send", "from": "A1", "room": "room", "message": "m2" }"#;
    let fault = r#"{ "from": "1h", "fault": "olm_sessions_lost", "device": "B1", "peer": "A1" }"#;
    let (_, trace) = run(&with(sends, fault));
    let dropped = |kind: &FactKind| matches!(kind, FactKind::OlmDropped { .. });
    assert_eq!(trace.facts().iter().filter(|fact| dropped(&fact.kind)).count(), 1);
    let failed =
        |kind: &FactKind| matches!(kind, FactKind::OlmDecrypt { result: OlmResult::Failed(_), .. });
    assert!(trace.facts().iter().any(|fact| failed(&fact.kind)), "nothing opens the second key");
}

/// Whether somebody breaks one of these rules in a room.
fn is_broken(simulator: &SdkRooms, scenario: &Scenario, rules: &[Rule]) -> bool {
    let outcome = run_one(simulator, scenario, Judging::STRICT, &mut ()).outcome;
    outcome.violations.iter().any(|one| rules.contains(&one.rule))
}

#[test]
fn a_list_that_changes_is_asked_for_however_long_others_were_waited_for() {
    let text = r#"{ "format": 1, "about": "x", "servers": { "s1": {}, "s2": {} },
      "users": {
        "alice": { "devices": { "A1": {}, "A2": {} } },
        "bob": { "server": "s2", "devices": { "B1": {}, "B2": {} } },
        "carol": { "server": "s2", "devices": { "C1": {}, "C2": {} } }
      },
      "network": { "client": "1ms", "federation": "5s", "request_timeout": "3s" },
      "timeline": [
        { "at": "10s", "do": "send", "from": "A1", "room": "room", "message": "m1" },
        { "at": "20s", "do": "logout", "device": "C2" },
        { "at": "4h", "do": "send", "from": "A1", "room": "room", "message": "m2" },
        { "at": "4h2s", "do": "logout", "device": "B2" }
      ] }"#;
    assert!(!is_broken(&SdkRooms::default(), &room(text), &[Rule::D02]));
}

#[test]
fn a_query_that_failed_for_a_quarter_of_an_hour_is_made_again_later() {
    let text = r#"{ "format": 1, "about": "x",
      "users": { "alice": { "devices": { "A1": {}, "A2": {}, "A3": {} } } },
      "timeline": [
        { "at": "10s", "do": "logout", "device": "A3" },
        { "at": "20s", "do": "logout", "device": "A2" }
      ],
      "faults": [{ "from": "10s", "until": "1h20s", "fault": "query_slow", "device": "A1", "by": "10s" }] }"#;
    let (outcome, trace) = run(text);
    assert!(outcome.violations.iter().all(|one| one.rule != Rule::D02));
    let applied = trace.facts().iter().filter(|fact| {
        let hour = SimTime::ZERO + SimDuration::from_hours(1);
        fact.at > hour && matches!(fact.kind, FactKind::QueryEnd { .. })
    });
    assert!(applied.count() > 0, "the list comes once queries are fast again");
}

#[test]
fn a_session_that_is_opened_for_an_answer_is_told_as_one() {
    let send = r#"{ "at": "10s", "do": "send", "from": "B1", "room": "room", "message": "m1" }"#;
    let damaged = r#"{ "from": "10s", "until": "20s", "fault": "olm_corrupted",
        "which": { "sender": "B1", "recipient": "A2", "type": "any", "first": "any" } }"#;
    let (_, trace) = run(&with(send, damaged));
    let opened: Vec<_> = trace.facts().iter().filter_map(|fact| opened_by(fact, 0)).collect();
    assert_eq!(opened, [(DeviceId::new(1), OlmCause::Reply)], "A2 asks A1, which has none with it");
}

/// With whom this device opened an Olm session, and for what.
fn opened_by(fact: &Fact, of: u32) -> Option<(DeviceId, OlmCause)> {
    let FactKind::OlmNew { device, peer, direction: Direction::Outbound, why, .. } = fact.kind
    else {
        return None;
    };
    (device == DeviceId::new(of)).then_some((peer, why))
}

#[test]
fn an_answer_is_told_before_the_list_that_came_after_it_was_encrypted() {
    let text = r#"{ "format": 1, "about": "x", "seed": 1615026963,
      "users": { "alice": { "devices": { "A1": {}, "A2": {}, "A3": {}, "A4": {} } } },
      "network": { "client": { "min": "20ms", "max": "900ms" }, "federation": "50ms", "request_timeout": "10s" },
      "timeline": [
        { "at": "11ms", "do": "send", "from": "A4", "room": "room", "message": "m1" },
        { "at": "1s350ms", "do": "send", "from": "A3", "room": "room", "message": "m2" },
        { "at": "6s537ms", "do": "reset_identity", "device": "A3" }
      ],
      "faults": [
        { "from": "11ms", "until": "6s537ms", "fault": "key_handed_out_twice", "server": "s1" },
        { "from": "6s537ms", "fault": "store_rolled_back", "device": "A1", "snapshot": "0s" }
      ] }"#;
    let scenario = room(text);
    let outcome = run_one(&SdkRooms::default(), &scenario, Judging::STRICT, &mut ()).outcome;
    let broken = outcome.violations.iter().filter(|one| one.rule == Rule::Q05);
    let by: Vec<&str> = broken
        .filter_map(|one| match one.party {
            Party::Device(device) => Some(scenario.device_name(device)),
            Party::Server(_) | Party::World => None,
        })
        .collect();
    // Who made a session gives it again to whom it was given before; A2 has made none.
    assert!(!by.is_empty() && !by.contains(&"A2"), "{by:?}");
}

#[test]
fn careful_glue_sees_a_departure_that_a_server_kept_back() {
    let name = "a_stay_that_was_left_out_ends_the_session_when_its_end_is_told.json";
    let scenario = file(&repository("scenarios/regressions").join(name));
    assert!(
        is_broken(&SdkRooms::default(), &scenario, &[Rule::R07]),
        "the machine hears of no room"
    );
    assert!(!is_broken(&SdkRooms::careful(), &scenario, &[Rule::R07]));
}

#[test]
fn careful_glue_sees_who_left_and_came_back_between_two_messages() {
    let member = |at: &str, membership: &str| {
        let what = format!(r#""user": "bob", "membership": "{membership}""#);
        format!(r#"{{ "at": "{at}", "do": "member", "device": "B1", "room": "room", {what} }}"#)
    };
    let send = |at: &str, message: &str| {
        format!(
            r#"{{ "at": "{at}", "do": "send", "from": "A1", "room": "room", "message": "{message}" }}"#
        )
    };
    let (away, back) = (member("20s", "leave"), member("40s", "join"));
    let between =
        with(&[send("10s", "m1"), away.clone(), back.clone(), send("50s", "m2")].join(","), "");
    let rules = [Rule::R03, Rule::R04, Rule::R08];
    assert!(
        is_broken(&SdkRooms::default(), &room(&between), &rules),
        "the machine hears of no room"
    );
    assert!(!is_broken(&SdkRooms::careful(), &room(&between), &rules));
    // A message while Bob is away: the machine sees that he is gone, and nothing is replaced a second time.
    let while_away =
        with(&[send("10s", "m1"), away, send("30s", "m2"), back, send("50s", "m3")].join(","), "");
    for simulator in [SdkRooms::default(), SdkRooms::careful()] {
        assert!(!is_broken(&simulator, &room(&while_away), &rules));
    }
    let name = "a_leave_of_ones_own_that_was_left_out_is_told_by_the_join_after_it.json";
    let own = file(&repository("scenarios/regressions").join(name));
    assert!(is_broken(&SdkRooms::default(), &own, &[Rule::R03]));
    assert!(!is_broken(&SdkRooms::careful(), &own, &[Rule::R03]));
}

#[test]
fn secrets_that_are_taken_over_make_their_identity_verified_there_and_then() {
    let name = "who_is_given_new_secrets_trusts_nobody_by_them_before_the_next_list.json";
    let scenario = file(&repository("scenarios/regressions").join(name));
    assert!(!is_broken(&SdkRooms::default(), &scenario, &[Rule::K08, Rule::R05]));
}

#[test]
fn who_is_given_other_keys_of_its_user_says_so_before_anybody_is_verified_by_them() {
    let name = "who_is_given_new_keys_may_verify_by_them_at_once.json";
    let path = repository("scenarios/regressions").join(name);
    let (outcome, trace) = run(&std::fs::read_to_string(path).unwrap());
    assert!(outcome.violations.iter().all(|one| ![Rule::K08, Rule::R05].contains(&one.rule)));
    let place = |wanted: &dyn Fn(&FactKind) -> bool| {
        let found: Vec<_> = trace.facts().iter().filter(|fact| wanted(&fact.kind)).collect();
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].id
    };
    // A1 has keys of its own from the start, and is given those that A2 has made; A2 was given those of A1 as it came up.
    let first = DeviceId::at(0);
    let made = place(&|kind| matches!(kind, FactKind::IdentityMade { .. }));
    let received = place(
        &|kind| matches!(kind, FactKind::IdentityReceived { device, .. } if *device == first),
    );
    let bob = Target::User(UserId::at(1));
    let verified =
        place(&|kind| matches!(kind, FactKind::VerifiedSet { target, .. } if *target == bob));
    assert!(made < received && received < verified);
}

#[test]
fn careful_glue_says_what_was_decided_before_it_is_no_longer_so() {
    let text = r#"{ "format": 1, "about": "x",
      "users": { "alice": { "devices": { "A1": {}, "A2": {} } }, "bob": { "devices": { "B1": {} } } },
      "timeline": [
        { "at": "10s", "do": "send", "from": "B1", "room": "room", "message": "m1" },
        { "at": "10s16ms", "do": "send", "from": "A1", "room": "room", "message": "m2" }
      ],
      "faults": [
        { "from": "5s", "until": "end", "fault": "one_time_keys_run_out", "device": "B1" },
        { "from": "5s", "until": "end", "fault": "no_fallback_key", "device": "B1" }
      ] }"#;
    let scenario = room(text);
    assert!(
        is_broken(&SdkRooms::default(), &scenario, &[Rule::N06]),
        "one request after the other"
    );
    assert!(!is_broken(&SdkRooms::careful(), &scenario, &[Rule::N06]));
}

#[test]
fn a_run_that_does_not_come_to_rest_is_cut_at_the_same_place_every_time() {
    let name = "who_waits_for_a_session_claims_with_every_sync.json";
    let scenario = file(&repository("adapters/matrix-sdk-crypto/findings").join(name));
    let run = || {
        let simulator = SdkRooms::default().cut_after(300);
        let report = run_one(&simulator, &scenario, Judging::STRICT, &mut ());
        (report.outcome.end, report.facts, report.digest, simulator.take_breakdowns())
    };
    let first = run();
    assert_eq!((first.0, &first.3), (RunEnd::ActionLimit, &vec![Breakdown::Endless]));
    assert_eq!(run(), first);
    let whole = SdkRooms::default();
    run_one(&whole, &scenario, Judging::STRICT, &mut ());
    assert_eq!(whole.take_breakdowns(), []);
}
