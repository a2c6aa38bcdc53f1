//! Tests of what is written: one fact of every kind, awkward names, writers that fail.
//! They do not look at what a fact means.

use std::io;

use serde_json::{Value, json};

use crate::ids::{ClaimId, FactId, QueryId, RequestId, ServerId, SigningKey};
use crate::protocol::to_device::{
    ForwardedRoomKey, ForwardedWithheld, KeyRequest, KeyRequestAction, OlmEvent, SenderKeys,
};
use crate::protocol::withheld::{Field, WithheldCode};
use crate::rulebook::reading::ReadingName;
use crate::scenario::model::Scenario;
use crate::scenario::sample::room_of;
use crate::time::SimTime;
use crate::trace::fact::{
    Causes, ClaimFailed, ClaimOutcome, FACTS_VERSION, Fact, FactKind, Observer, OlmError,
    OlmResult, QueryOutcome, Refusal, SentContent, Shown, TryResult,
};
use crate::trace::jsonl::{JsonLines, fact_as_json};
use crate::trace::kind::Kind;
use crate::trace::sample::{
    A1, B1, BOB, KEY, M1, NOTICE, OLM, ROOM, ROOM_KEY, SESSION, TXN, X, every_kind,
};
use crate::trace::sink::FactSink;

fn scenario() -> Scenario {
    let mut scenario = room_of(1, 1);
    scenario.strings.intern("no \"reason\"\n");
    scenario
}

fn line_of(kind: FactKind, scenario: &Scenario) -> Value {
    let fact = Fact {
        id: FactId::new(9),
        at: SimTime::from_ms(10_200),
        clock: SimTime::from_ms(10_200),
        observer: Observer::Device(A1),
        kind,
        causes: Causes::of([Some(FactId::new(1)), Some(FactId::new(2))]),
    };
    serde_json::from_str(&fact_as_json(&fact, scenario)).unwrap()
}

#[test]
fn a_fact_of_every_kind_is_a_line_that_parses_back_with_its_name_and_causes() {
    let scenario = scenario();
    let kinds = every_kind();
    let names: Vec<Kind> = kinds.iter().map(Kind::of).collect();
    assert_eq!(names, Kind::ALL, "one sample of each kind, in the order of the list");
    for kind in kinds {
        let line = line_of(kind, &scenario);
        assert_eq!(line["fact"], Kind::of(&kind).as_str());
        assert_eq!(line["causes"], json!([1, 2]));
        assert_eq!(line["at"], 10_200);
        assert_eq!(line["observer"], json!({"device": "A1"}));
        assert!(line.get("clock").is_none(), "a right clock is not repeated");
    }
}

#[test]
fn fields_stand_under_their_names_with_the_names_of_the_scenario() {
    let scenario = scenario();
    let is_enqueued = |kind: &FactKind| Kind::of(kind) == Kind::Enqueued;
    let enqueued = line_of(every_kind().into_iter().find(is_enqueued).unwrap(), &scenario);
    let expected = json!({
        "id": 9, "at": 10_200, "observer": {"device": "A1"}, "fact": "enqueued", "to_device": 7,
        "sender": "A1", "recipient": "B1", "txn": 6, "event_type": "m.room_key.withheld",
        "content": {"withheld": {
            "algorithm": "m.megolm.v1.aes-sha2", "room_id": "room",
            "session_id": {"not_a_string": true}, "code": "m.blacklisted",
            "reason": {"other": "no \"reason\"\n"},
        }},
        "causes": [1, 2],
    });
    assert_eq!(enqueued, expected);
}

/// The form of one term inside a fact that carries it.
fn content_of(content: SentContent) -> Value {
    let kind = FactKind::PutTarget { device: A1, txn: TXN, recipient: B1, content };
    line_of(kind, &scenario())["content"].clone()
}

#[test]
fn contents_of_every_form_are_told_apart() {
    let forwarded = ForwardedRoomKey {
        key: ROOM_KEY,
        creator: A1,
        hops: 1,
        withheld: Some(ForwardedWithheld {
            code: Field::Is(WithheldCode::Unverified),
            reason: Field::Absent,
        }),
    };
    assert_eq!(
        content_of(SentContent::Olm(OlmEvent::ForwardedRoomKey(forwarded))),
        json!({"olm": {
            "type": "m.forwarded_room_key", "room": "room", "session": 3, "first": 2,
            "shared_history": false, "creator": "A1", "hops": 1,
            "withheld": {"code": "m.unverified"},
        }})
    );
    assert_eq!(
        content_of(SentContent::Olm(OlmEvent::Dummy { empty: true })),
        json!({"olm": {"type": "m.dummy", "empty": true}})
    );
    assert_eq!(
        content_of(SentContent::Olm(OlmEvent::Withheld(NOTICE)))["olm"]["content"]["room_id"],
        "room"
    );
    assert_eq!(content_of(SentContent::Sealed), json!("sealed"));
    let request = |action| KeyRequest { request: RequestId::new(2), requester: B1, action };
    assert_eq!(
        content_of(SentContent::KeyRequest(request(KeyRequestAction::Cancel))),
        json!({"key_request": {
            "request": 2, "requester": "B1", "action": "request_cancellation",
        }})
    );
    assert_eq!(
        content_of(SentContent::KeyRequest(request(KeyRequestAction::Request {
            room: ROOM,
            session: SESSION,
        }))),
        json!({"key_request": {
            "request": 2, "requester": "B1", "action": "request", "room": "room", "session": 3,
        }})
    );
}

#[test]
fn outcomes_with_and_without_contents_are_told_apart() {
    let scenario = scenario();
    let query = |outcome| {
        let (device, user, query) = (A1, BOB, QueryId::new(1));
        line_of(FactKind::QueryEnd { device, user, query, outcome }, &scenario)["outcome"].clone()
    };
    assert_eq!(
        query(QueryOutcome::Applied { master: Some(SigningKey::new(8)), verified: true }),
        json!({"applied": {"master": 8, "verified": true}})
    );
    assert_eq!(query(QueryOutcome::Overtaken), "overtaken");
    assert_eq!(query(QueryOutcome::Failed), "failed");
    let claim = |outcome| {
        let (device, target, claim) = (A1, B1, ClaimId::new(1));
        line_of(FactKind::ClaimEnd { device, target, claim, outcome }, &scenario)["outcome"].clone()
    };
    assert_eq!(
        claim(ClaimOutcome::Key { key: KEY, fallback: false }),
        json!({"key": 5, "fallback": false})
    );
    assert_eq!(claim(ClaimOutcome::NoKey), "no_key");
    assert_eq!(claim(ClaimOutcome::Failed(ClaimFailed::Http)), json!({"failed": "http"}));
    let olm = |result| {
        let (device, peer, message) = (B1, A1, X);
        line_of(FactKind::OlmDecrypt { device, peer, message, result }, &scenario)["result"].clone()
    };
    assert_eq!(olm(OlmResult::Duplicate), "duplicate");
    assert_eq!(
        olm(OlmResult::Decrypted {
            session: OLM,
            event: OlmEvent::Dummy { empty: true },
            sender_keys: SenderKeys::Agree
        }),
        json!({"decrypted": {
            "session": 4, "event": {"type": "m.dummy", "empty": true}, "sender_keys": "agree",
        }})
    );
    for (error, word) in [
        (OlmError::NoSession, json!("no_session")),
        (OlmError::MissingKey(KEY), json!({"missing_key": 5})),
        (OlmError::MissingMessageKey, json!("missing_message_key")),
        (OlmError::BadMac, json!("bad_mac")),
        (OlmError::Mismatch, json!("mismatch")),
    ] {
        assert_eq!(olm(OlmResult::Failed(error)), json!({"failed": word}));
    }
}

#[test]
fn what_is_shown_and_what_is_refused_is_told_apart() {
    let scenario = scenario();
    let tried = |result| {
        line_of(FactKind::Try { device: B1, message: M1, result }, &scenario)["result"].clone()
    };
    assert_eq!(tried(TryResult::Decrypted), "decrypted");
    assert_eq!(tried(TryResult::Hidden), "hidden");
    assert_eq!(tried(TryResult::Invalid), "invalid");
    assert_eq!(
        tried(TryResult::Undecryptable(Shown::Unexplained)),
        json!({"undecryptable": "unexplained"})
    );
    let code = Shown::Code { code: WithheldCode::NoOlm, notice: None };
    assert_eq!(
        tried(TryResult::Undecryptable(code)),
        json!({"undecryptable": {"code": "m.no_olm", "notice": null}})
    );
    let refused = |why| {
        let (device, room, message) = (A1, ROOM, M1);
        line_of(FactKind::SendRefused { device, room, message, why }, &scenario)["why"].clone()
    };
    assert_eq!(refused(Refusal::IdentityChanged(BOB)), json!({"identity_changed": "bob"}));
    assert_eq!(refused(Refusal::WouldWithhold(B1)), json!({"would_withhold": "B1"}));
    assert_eq!(refused(Refusal::NotLoggedIn), "not_logged_in");
}

#[test]
fn observers_and_wrong_clocks_are_written() {
    let scenario = scenario();
    for (observer, expected) in [
        (Observer::World, json!("world")),
        (Observer::Server(ServerId::new(0)), json!({"server": "s1"})),
    ] {
        let fact = Fact {
            id: FactId::new(0),
            at: SimTime::from_ms(1),
            clock: SimTime::from_ms(60_001),
            observer,
            kind: FactKind::UserStep(0),
            causes: Causes::NONE,
        };
        let line: Value = serde_json::from_str(&fact_as_json(&fact, &scenario)).unwrap();
        assert_eq!(line["observer"], expected);
        assert_eq!(line["clock"], 60_001);
        assert_eq!(line["causes"], json!([]));
    }
}

fn two_facts(sink: &mut impl FactSink) {
    for id in 0..2 {
        sink.record(&Fact {
            id: FactId::new(id),
            at: SimTime::ZERO,
            clock: SimTime::ZERO,
            observer: Observer::World,
            kind: FactKind::UserStep(id),
            causes: Causes::NONE,
        });
    }
}

#[test]
fn the_first_line_names_the_cast_and_awkward_names_are_escaped() {
    let mut scenario = scenario();
    scenario.devices[1].name = "B1\"}\n{\u{1b}[2J".to_owned();
    let mut lines = JsonLines::begin(Vec::new(), &scenario, ReadingName::Draft);
    two_facts(&mut lines);
    let text = String::from_utf8(lines.finish().unwrap()).unwrap();
    assert_eq!(text.lines().count(), 3);
    let header: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(header["trace_version"], 1);
    assert_eq!(header["facts_version"], FACTS_VERSION);
    assert_eq!(header["reading"], "draft");
    assert_eq!(header["seed"], 7);
    assert_eq!(header["users"][1], json!({"name": "bob", "server": "s1"}));
    assert_eq!(header["devices"][1], json!({"name": "B1\"}\n{\u{1b}[2J", "user": "bob"}));
    assert_eq!(header["messages"], json!([{"name": "m1"}]));
    assert!(!text.contains('\u{1b}'), "control characters do not reach the file");
}

/// Takes so many writes and fails after that.
struct Full(usize);

impl io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.checked_sub(1) {
            Some(rest) => {
                self.0 = rest;
                Ok(bytes.len())
            }
            None => Err(io::Error::new(io::ErrorKind::StorageFull, "no space left")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_first_failed_write_is_kept_and_returned_at_the_end() {
    let scenario = scenario();
    let mut lines = JsonLines::begin(Full(2), &scenario, ReadingName::Strict);
    two_facts(&mut lines);
    let error = lines.finish().err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    let mut lines = JsonLines::begin(Full(3), &scenario, ReadingName::Strict);
    two_facts(&mut lines);
    assert!(lines.finish().is_ok());
}
