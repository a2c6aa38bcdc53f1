//! How a run begins.
//! They do not know what happens afterwards.

use crate::protocol::api::{Endpoint, Request, Response};
use crate::protocol::room::Membership;
use crate::scenario::model::PublishedKeys;
use crate::scenario::step::Step;
use crate::sim::tests::stage::{KEYS, ROOM, device, ms, server, stage, user};
use crate::time::SimTime;
use crate::trace::fact::{FactKind, Observer, RunEnd};

#[test]
fn a_run_begins_settled_at_time_zero_and_ends_at_once_if_nothing_happens() {
    let played = stage(&[&[1, 2], &[1]]).play();
    assert_eq!(played.end, RunEnd::Quiescent);
    assert!(played.trace.facts().iter().all(|fact| fact.at == SimTime::ZERO));
    assert_eq!(played.count(|kind| matches!(kind, FactKind::DeviceUp { crypto: true, .. })), 4);
    assert_eq!(played.count(|kind| matches!(kind, FactKind::OneTimeKeysUp { count: KEYS, .. })), 4);
    assert_eq!(played.count(|kind| matches!(kind, FactKind::FallbackKeyUp { .. })), 4);
    // Three members, visibility and encryption, at each of two servers; every device has seen all five.
    assert_eq!(played.count(|kind| matches!(kind, FactKind::Member { .. })), 6);
    let seen = |kind: &FactKind| matches!(kind, FactKind::RoomSeen { seq: 5, limited: false, .. });
    assert_eq!(played.count(seen), 4);
    assert_eq!(played.count(|kind| matches!(kind, FactKind::ListChangedAt { .. })), 0);
    assert_eq!(played.count(|kind| matches!(kind, FactKind::ListNote { .. })), 0);
}

#[test]
fn the_first_sync_tells_the_whole_state_and_the_key_counts() {
    let played = stage(&[&[1, 1]]).play();
    let syncs: Vec<_> = played.probe(device(0)).syncs().collect();
    assert_eq!(syncs.len(), 1, "a second sync was answered though nothing is new");
    let room = &syncs[0].rooms[0];
    let state = room.state.as_ref().unwrap();
    assert_eq!(state.membership(user(1)), Membership::Join);
    assert!(room.timeline.is_empty());
    assert_eq!(syncs[0].one_time_key_count, Some(KEYS));
    assert_eq!(syncs[0].unused_fallback_key, Some(true));
}

#[test]
fn only_the_first_device_of_a_user_publishes_the_identity_and_signed_devices_count() {
    let played = stage(&[&[2]])
        .with(|scenario| {
            scenario.users[0].cross_signing = true;
            scenario.devices[1].cross_signed = true;
        })
        .play();
    assert_eq!(played.count(|kind| matches!(kind, FactKind::IdentitySet { .. })), 1);
    let signed = |kind: &FactKind| matches!(kind, FactKind::CrossSigned { .. });
    let signed = played.facts(signed);
    assert_eq!(signed.len(), 1);
    assert_eq!(signed[0].kind, FactKind::CrossSigned { device: device(1) });
    assert_eq!(signed[0].observer, Observer::Server(server(0)));
}

#[test]
fn a_device_without_keys_is_known_to_its_server_and_has_no_crypto() {
    let played = stage(&[&[1, 1]])
        .with(|scenario| {
            scenario.devices[0].keys = PublishedKeys::None;
            scenario.devices[1].keys = PublishedKeys::UnknownAlgorithms;
        })
        .play();
    let up = |kind: &FactKind| matches!(kind, FactKind::DeviceUp { crypto: false, .. });
    assert_eq!(played.count(up), 2);
}

#[test]
fn a_device_that_logs_in_later_goes_through_the_network_and_others_are_told() {
    let played = stage(&[&[1], &[2]])
        .with(|scenario| scenario.devices[2].present = false)
        .at(1_000, Step::Login(device(2)))
        .play();
    let up = played
        .facts(|kind| matches!(kind, FactKind::DeviceUp { device: up, .. } if *up == device(2)));
    assert_eq!(up[0].at, ms(1_050));
    let notes: Vec<_> = played
        .facts(|kind| matches!(kind, FactKind::ListNote { user: of, .. } if *of == user(1)))
        .iter()
        .map(|fact| (fact.observer, fact.at.as_ms()))
        .collect();
    // The own other device by its own server; the other user's by federation.
    assert_eq!(notes, [(Observer::Device(device(1)), 1_100), (Observer::Device(device(0)), 1_200)]);
    let learnt = played.facts(|kind| matches!(kind, FactKind::ListChangedAt { .. }));
    let at: Vec<_> = learnt.iter().map(|fact| fact.observer).collect();
    assert_eq!(at, [Observer::Server(server(1)), Observer::Server(server(0))]);
    assert_eq!(learnt[1].causes.iter().next(), Some(learnt[0].id));
}

#[test]
fn a_room_is_known_to_servers_with_a_member_or_an_invited_user_only() {
    let played = stage(&[&[1], &[1], &[1]])
        .with(|scenario| {
            scenario.rooms[0].members =
                vec![(user(0), Membership::Join), (user(1), Membership::Invite)];
        })
        .play();
    assert!(played.world.server(server(0)).rooms().follows(ROOM));
    assert!(played.world.server(server(1)).rooms().follows(ROOM));
    assert!(played.world.server(server(2)).rooms().get(ROOM).is_none());
    assert_eq!(played.count(|kind| matches!(kind, FactKind::RoomSeen { .. })), 1);
}

#[test]
fn a_device_id_that_is_used_again_takes_the_place_of_the_identity_before() {
    let played = stage(&[&[2]])
        .with(|scenario| {
            scenario.devices[1].device_id = scenario.devices[0].device_id.clone();
            scenario.devices[1].present = false;
        })
        .at(1_000, Step::Login(device(1)))
        .ask(2_000, device(0), vec![Request::GetBackup])
        .play();
    let gone = |kind: &FactKind| matches!(kind, FactKind::DeviceDeleted { device: of } if *of == device(0));
    assert_eq!(played.count(gone), 1);
    let out =
        |kind: &FactKind| matches!(kind, FactKind::LoggedOut { device: of } if *of == device(0));
    assert_eq!(played.count(out), 1);
    let last = played.probe(device(0)).heard.last().unwrap();
    assert_eq!(last.endpoint, Endpoint::Sync);
    assert!(last.result.is_err());
    assert!(played.probe(device(1)).syncs().count() > 0);
}

#[test]
fn a_backup_gives_back_what_was_put_in() {
    let key = crate::protocol::api::BackedUpKey {
        room: ROOM,
        session: crate::ids::MegolmSessionId::new(3),
        first: 2,
        creator: device(0),
        shared_history: true,
    };
    let played = stage(&[&[2]])
        .ask(1_000, device(0), vec![Request::PutBackup(vec![key])])
        .ask(2_000, device(1), vec![Request::GetBackup])
        .play();
    let answers: Vec<_> = played.probe(device(1)).answers(Endpoint::Backup).collect();
    assert_eq!(answers[0].result, Ok(Response::Backup(vec![key])));
}
