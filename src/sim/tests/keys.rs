//! One-time keys, fallback keys, claims and queries, and what faults do to them.
//! They do not know what a key is used for.

use crate::ids::ClaimId;
use crate::protocol::api::{ClaimedKey, Endpoint, Failure, KeyUpload, Request, Response};
use crate::scenario::fault::{ClaimFailure, FaultKind};
use crate::sim::tests::stage::{KEYS, Played, Stage, device, ms, server, stage};
use crate::trace::fact::{FactKind, RunEnd};

fn claim(target: u32) -> Request {
    Request::ClaimKeys(vec![(device(target), ClaimId::new(target))])
}

fn claims(played: &Played, by: u32) -> Vec<Result<(Vec<ClaimedKey>, usize), Failure>> {
    let answers = played.probe(device(by)).answers(Endpoint::ClaimKeys);
    answers
        .map(|heard| {
            heard.result.clone().map(|response| {
                let Response::ClaimKeys { keys, failures, .. } = response else {
                    unreachable!("a claim is answered by keys")
                };
                (keys, failures.len())
            })
        })
        .collect()
}

/// The keys of all claims of a device, in order: their values relative to the target's first key.
fn values(played: &Played, by: u32) -> Vec<u32> {
    let first = played
        .trace
        .pick(|kind| {
            let FactKind::OneTimeKeysUp { device: whose, first, .. } = kind else { return None };
            (*whose == device(1)).then_some(first.raw())
        })
        .next()
        .unwrap();
    let claims = claims(played, by);
    let keys = claims.into_iter().flat_map(|claim| claim.unwrap().0);
    keys.map(|key| key.key.raw() - first).collect()
}

/// Device 0 claims keys of device 1 on the same server, one a second.
fn claiming(times: u64) -> Stage {
    (0..times).fold(stage(&[&[1, 1]]), |stage, time| {
        stage.ask(1_000 * (time + 1), device(0), vec![claim(1)])
    })
}

#[test]
fn keys_are_handed_out_in_upload_order_and_the_owner_is_told_and_replaces_them() {
    let played = claiming(3).play();
    assert_eq!(values(&played, 0), [0, 1, 2]);
    let counts: Vec<_> =
        played.probe(device(1)).syncs().map(|sync| sync.one_time_key_count).collect();
    assert_eq!(counts, [KEYS, KEYS - 1, KEYS - 1, KEYS - 1].map(Some));
    let handed = played.facts(|kind| matches!(kind, FactKind::KeyHandedOut { .. }));
    let upload = handed[0].causes.iter().last().unwrap();
    assert!(matches!(played.trace.facts()[upload.index()].kind, FactKind::OneTimeKeysUp { .. }));
}

#[test]
fn keys_are_handed_out_twice_or_newest_first_by_faults_of_the_server() {
    let twice = FaultKind::KeyHandedOutTwice { server: server(0) };
    let played = claiming(2).fault(0, u64::MAX, twice).play();
    assert_eq!(values(&played, 0), [0, 0]);
    let handed = played.facts(|kind| matches!(kind, FactKind::KeyHandedOut { .. }));
    assert!(handed.iter().all(|fact| played.comes_from_fault(fact.id)));
    let newest = FaultKind::KeysOutOfOrder { server: server(0) };
    let played = claiming(1).fault(0, u64::MAX, newest).play();
    assert_eq!(values(&played, 0), [KEYS - 1]);
}

#[test]
fn keys_that_run_out_leave_the_fallback_key_and_then_nothing() {
    let dry = FaultKind::OneTimeKeysRunOut { device: device(1) };
    let played = claiming(2).fault(500, u64::MAX, dry.clone()).play();
    let keys = claims(&played, 0);
    assert!(keys.iter().all(|claim| claim.as_ref().unwrap().0[0].fallback));
    assert_eq!(played.end, RunEnd::Quiescent, "device and strangers race for ever");
    let none = FaultKind::NoFallbackKey { device: device(1) };
    let played = claiming(2).fault(500, u64::MAX, dry).fault(500, u64::MAX, none).play();
    assert!(claims(&played, 0).into_iter().all(|claim| claim == Ok((Vec::new(), 0))));
    assert_eq!(played.probe(device(1)).syncs().last().unwrap().unused_fallback_key, Some(false));
}

#[test]
fn keys_run_out_for_the_window_only() {
    let dry = FaultKind::OneTimeKeysRunOut { device: device(1) };
    let played = claiming(3).fault(500, 2_500, dry).play();
    let fallback: Vec<_> =
        claims(&played, 0).into_iter().map(|claim| claim.unwrap().0[0].fallback).collect();
    assert_eq!(fallback, [true, true, false]);
}

#[test]
fn strangers_claim_so_many_keys_once() {
    let kind = FaultKind::KeysClaimedByStranger { device: device(1), count: 2 };
    let played = stage(&[&[1, 1]]).fault(500, 500, kind).play();
    let handed = |kind: &FactKind| matches!(kind, FactKind::KeyHandedOut { claim: None, .. });
    assert_eq!(played.count(handed), 2);
    let counts: Vec<_> =
        played.probe(device(1)).syncs().map(|sync| sync.one_time_key_count).collect();
    assert_eq!(counts, [KEYS, KEYS - 2].map(Some));
}

#[test]
fn claims_fail_in_four_ways() {
    let failing = |failure| {
        let kind = FaultKind::ClaimFails { server: server(1), failure };
        let stage = stage(&[&[1, 1], &[1]]).fault(0, u64::MAX, kind);
        let both = vec![(device(1), ClaimId::new(1)), (device(2), ClaimId::new(2))];
        let played = stage.ask(1_000, device(0), vec![Request::ClaimKeys(both)]).play();
        let heard = played.probe(device(0)).answers(Endpoint::ClaimKeys).next().cloned().unwrap();
        assert!(heard.cause.is_none_or(|cause| {
            failure == ClaimFailure::BadSignature || played.comes_from_fault(cause)
        }));
        (heard.clock, claims(&played, 0).remove(0))
    };
    let (_, unreachable) = failing(ClaimFailure::Unreachable);
    assert_eq!(unreachable.map(|(keys, failures)| (keys.len(), failures)), Ok((1, 1)));
    let (at, timeout) = failing(ClaimFailure::Timeout);
    assert_eq!((at, timeout), (ms(31_000), Err(Failure::Timeout)));
    let (at, error) = failing(ClaimFailure::ServerError);
    assert_eq!((at, error), (ms(1_100), Err(Failure::ServerError)));
    let (at, signed) = failing(ClaimFailure::BadSignature);
    let valid: Vec<_> = signed.unwrap().0.iter().map(|key| key.signature_valid).collect();
    assert_eq!((at, valid), (ms(1_300), vec![true, false]));
}

#[test]
fn a_server_that_is_not_reached_in_time_is_named_in_the_answer() {
    let kind = FaultKind::ServerUnreachable { server: server(1) };
    let played =
        stage(&[&[1], &[1]]).ask(1_000, device(0), vec![claim(1)]).fault(500, 60_000, kind).play();
    let heard = played.probe(device(0)).answers(Endpoint::ClaimKeys).next().unwrap();
    assert_eq!(heard.clock, ms(11_100));
    assert!(played.comes_from_fault(heard.cause.unwrap()));
    assert_eq!(claims(&played, 0), [Ok((Vec::new(), 1))]);
}

#[test]
fn a_claim_that_is_lost_on_its_way_back_has_cost_a_key() {
    let kind = FaultKind::FederationDown { between: server(0), and: server(1) };
    let played =
        stage(&[&[1], &[1]]).ask(1_000, device(0), vec![claim(1)]).fault(1_200, 2_000, kind).play();
    assert_eq!(claims(&played, 0), [Ok((Vec::new(), 1))]);
    assert_eq!(played.count(|kind| matches!(kind, FactKind::KeyHandedOut { .. })), 1);
}

#[test]
fn uploads_are_refused_by_a_fault_or_for_a_key_id_that_is_in_use() {
    let upload = |value| {
        let keys = vec![(1, crate::ids::KeyValue::new(value))];
        Request::UploadKeys(KeyUpload { one_time_keys: keys, ..KeyUpload::default() })
    };
    let kind = FaultKind::UploadRejected { device: device(0) };
    let played = stage(&[&[1]])
        .ask(1_000, device(0), vec![upload(900)])
        .ask(2_000, device(0), vec![upload(0)])
        .ask(3_000, device(0), vec![upload(0)])
        .fault(2_500, 4_000, kind)
        .play();
    let results: Vec<_> = played
        .probe(device(0))
        .answers(Endpoint::UploadKeys)
        .map(|heard| heard.result.clone())
        .collect();
    let taken = Ok(Response::UploadKeys(Some(KEYS)));
    let refused = Err(Failure::Rejected);
    assert_eq!(results, [taken.clone(), refused.clone(), taken, refused]);
    assert_eq!(played.count(|kind| matches!(kind, FactKind::UploadRefused { .. })), 2);
}

#[test]
fn a_server_without_fallback_keys_takes_the_rest_of_an_upload() {
    let kind = FaultKind::NoFallbackKey { device: device(0) };
    let played = stage(&[&[1]])
        .with(|scenario| scenario.devices[0].present = false)
        .at(1_000, crate::scenario::step::Step::Login(device(0)))
        .fault(0, u64::MAX, kind)
        .play();
    assert_eq!(played.count(|kind| matches!(kind, FactKind::FallbackKeyUp { .. })), 0);
    assert_eq!(played.count(|kind| matches!(kind, FactKind::OneTimeKeysUp { .. })), 1);
}

#[test]
fn counts_are_left_out_by_a_fault_of_the_server() {
    let kind = FaultKind::CountsOmitted { server: server(0) };
    let played = claiming(1).send(5_000, device(0)).fault(500, u64::MAX, kind).play();
    let counts: Vec<_> = played
        .probe(device(1))
        .syncs()
        .map(|sync| (sync.one_time_key_count, sync.unused_fallback_key))
        .collect();
    assert_eq!(counts, [(Some(KEYS), Some(true)), (None, None)]);
}

#[test]
fn a_restored_server_hands_out_the_same_keys_again() {
    let kind = FaultKind::ServerRestored { server: server(0), snapshot: ms(0) };
    let played = claiming(2).fault(1_500, 1_500, kind).play();
    assert_eq!(values(&played, 0), [0, 0]);
}

#[test]
fn a_claim_for_a_device_id_that_is_used_again_brings_a_key_with_another_signature() {
    let played = stage(&[&[1, 2]])
        .with(|scenario| {
            scenario.devices[2].device_id = scenario.devices[1].device_id.clone();
            scenario.devices[2].present = false;
        })
        .at(1_000, crate::scenario::step::Step::Login(device(2)))
        .ask(2_000, device(0), vec![claim(1), claim(2)])
        .play();
    let valid: Vec<_> =
        claims(&played, 0).into_iter().map(|claim| claim.unwrap().0[0].signature_valid).collect();
    assert_eq!(valid, [false, true]);
}
