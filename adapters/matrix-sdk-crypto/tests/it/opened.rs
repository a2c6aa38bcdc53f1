//! What Olm messages of the crate hold: told where they are written as it was read where they were opened.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use withheld::ids::{DeviceId, MegolmSessionId, RoomId, ToDeviceId};
use withheld::protocol::to_device::{OlmEvent, SenderKeys};
use withheld::rulebook::reading::ReadingName;
use withheld::rulebook::rule::Rule;
use withheld::run::judged::{Judging, run_one};
use withheld::run::simulator::Simulator;
use withheld::scenario::model::Scenario;
use withheld::trace::fact::{FactKind, OlmResult};
use withheld::trace::sink::Trace;
use withheld_matrix_sdk::casting::{Casting, ClientKind};
use withheld_matrix_sdk::simulator::SdkRooms;
use withheld_matrix_sdk::wire::{Wire, event, sender_keys};

use crate::{file, repository, room};

/// A2 forgets three sessions and asks for all of them at once.
const THREE_AT_ONCE: &str = r#"{
  "format": 1, "about": "x",
  "users": { "alice": { "devices": { "A1": {}, "A2": {} } } },
  "timeline": [
    { "at": "10s", "do": "send", "from": "A1", "room": "room", "message": "m1" },
    { "at": "11s", "do": "discard_session", "device": "A1", "room": "room" },
    { "at": "12s", "do": "send", "from": "A1", "room": "room", "message": "m2" },
    { "at": "13s", "do": "discard_session", "device": "A1", "room": "room" },
    { "at": "14s", "do": "send", "from": "A1", "room": "room", "message": "m3" }
  ],
  "faults": [{ "from": "30s", "fault": "store_rolled_back", "device": "A2", "snapshot": "9s" }]
}"#;

fn facts(scenario: &Scenario, casting: Casting) -> (Trace, u64) {
    let simulator = SdkRooms::default().cast(casting);
    let mut trace = Trace::default();
    simulator.simulate(scenario, ReadingName::Strict, &mut trace);
    assert_eq!(simulator.take_breakdowns(), []);
    (trace, simulator.read_again())
}

fn session_of(event: OlmEvent) -> Option<MegolmSessionId> {
    match event {
        OlmEvent::ForwardedRoomKey(forwarded) => Some(forwarded.key.session),
        OlmEvent::RoomKey(_)
        | OlmEvent::Dummy { .. }
        | OlmEvent::Withheld(_)
        | OlmEvent::RoomKeyBundle(_) => None,
    }
}

#[test]
fn an_answer_is_told_as_what_it_was_read_to_be() {
    let mut seeds = 0;
    for seed in 0..6 {
        let scenario = Scenario { seed, ..room(THREE_AT_ONCE) };
        let (trace, again) = facts(&scenario, Casting::default());
        seeds += u64::from(again > 0);
        let (mut written, mut read) = (BTreeSet::new(), BTreeMap::<ToDeviceId, _>::new());
        let mut came = BTreeMap::new();
        for fact in trace.facts() {
            match fact.kind {
                FactKind::OlmEncrypted { event, .. } => written.extend(session_of(event)),
                FactKind::OlmDecrypt {
                    message,
                    result: OlmResult::Decrypted { event, .. },
                    ..
                } => read.extend(session_of(event).map(|session| (message, session))),
                FactKind::KeyIn { session, via: Some(via), .. } => {
                    came.insert(via, session);
                }
                _ => {}
            }
        }
        assert_eq!(read.len(), 3, "three answers are opened");
        for (message, session) in &read {
            assert_eq!(came[message], *session, "seed {seed}: what it brought is what it held");
        }
        assert_eq!(written, read.into_values().collect(), "seed {seed}");
    }
    assert!(seeds > 0, "in none of these rooms was an answer taken for another one");
}

#[test]
fn what_a_message_holds_is_read_from_its_text() {
    let scenario = room(THREE_AT_ONCE);
    let (a1, a2) = (DeviceId::new(0), DeviceId::new(1));
    let wire = &mut Wire::new(&scenario);
    let room_id = wire.names().room(RoomId::new(0)).to_string();
    wire.publish_device(a1, "own".to_owned(), json!({}));
    wire.publish_device(a2, "other".to_owned(), json!({}));
    let keys = |key: &str| json!({ "sender_device_keys": { "keys": { "curve25519:X": key } } });
    assert_eq!(sender_keys(&keys("own"), a1, wire), SenderKeys::Agree);
    assert_eq!(sender_keys(&keys("other"), a1, wire), SenderKeys::Differ);
    assert_eq!(sender_keys(&json!({}), a1, wire), SenderKeys::Absent);
    let dummy = |content| json!({ "type": "m.dummy", "content": content });
    let mut read =
        |text: serde_json::Value| event(&text, wire, |_, _| Some((MegolmSessionId::new(0), 3)));
    assert_eq!(read(dummy(json!({}))), Some(OlmEvent::Dummy { empty: true }));
    assert_eq!(read(dummy(json!({ "a": 1 }))), Some(OlmEvent::Dummy { empty: false }));
    let forwarded = |more: serde_json::Value| {
        let mut content = json!({
            "room_id": room_id, "sender_key": "own", "forwarding_curve25519_key_chain": ["other"],
        });
        content.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "type": "m.forwarded_room_key", "content": content })
    };
    let of = |event| match event {
        Some(OlmEvent::ForwardedRoomKey(key)) => key,
        other => panic!("{other:?}"),
    };
    let plain = of(read(forwarded(json!({}))));
    assert_eq!((plain.key.first, plain.hops, plain.creator, plain.withheld), (3, 1, a1, None));
    let told = of(read(forwarded(json!({ "withheld": { "code": "m.no_olm" } }))));
    assert!(told.withheld.is_some());
}

#[test]
fn rules_about_what_answers_hold_are_judged() {
    let scenario = room(THREE_AT_ONCE);
    for casting in [Casting::default(), Casting::default().with("A2", ClientKind::Reference)] {
        let simulator = SdkRooms::default().cast(casting);
        let outcome = run_one(&simulator, &scenario, Judging::STRICT, &mut ()).outcome;
        assert!(outcome.marks.of(Rule::V05) > 0);
        let remarks =
            simulator.remarks(&scenario, &run_one(&simulator, &scenario, Judging::STRICT, &mut ()));
        assert!(remarks.iter().all(|one| !one.about.starts_with("not judged")), "{remarks:?}");
    }
}

#[test]
fn of_two_answers_that_come_at_once_each_brought_its_own_part_of_the_key() {
    let scenario =
        file(&repository("scenarios/device_lists/a_change_during_a_query_is_asked_for_again.json"));
    let outcome = run_one(&SdkRooms::default(), &scenario, Judging::STRICT, &mut ()).outcome;
    assert!(outcome.marks.of(Rule::F08) > 0);
    assert!(outcome.violations.iter().all(|one| one.rule != Rule::F08));
}
