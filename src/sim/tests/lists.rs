//! Device lists: queries, notices of changes, identities, and what faults do to them.
//! They do not know whom anyone trusts.

use crate::ids::{QueryId, SigningKey, UserId};
use crate::protocol::api::{Endpoint, Failure, ListChange, Request, Response, Signature, UserKeys};
use crate::protocol::room::Membership;
use crate::scenario::fault::FaultKind;
use crate::scenario::step::Step;
use crate::sim::tests::stage::{Played, Stage, device, ms, server, stage, user};
use crate::time::SimDuration;
use crate::trace::fact::FactKind;

fn query(users: &[u32]) -> Request {
    Request::QueryKeys(users.iter().map(|index| (user(*index), QueryId::new(*index))).collect())
}

/// Lists by user, and the users not reached.
type Answer = (Vec<UserKeys>, Vec<(UserId, QueryId)>);

fn answers(played: &Played, by: u32) -> Vec<Answer> {
    let answers = played.probe(device(by)).answers(Endpoint::QueryKeys);
    answers
        .filter_map(|heard| {
            let Ok(Response::QueryKeys { users, failed }) = heard.result.clone() else {
                return None;
            };
            Some((users, failed))
        })
        .collect()
}

fn notes(played: &Played, of: u32) -> Vec<(UserId, ListChange)> {
    let syncs = played.probe(device(of)).syncs();
    syncs.flat_map(|sync| sync.device_lists.iter().map(|note| (note.0, note.1))).collect()
}

#[test]
fn a_query_is_answered_by_the_servers_of_all_users_and_names_those_not_reached() {
    let kind = FaultKind::ServerUnreachable { server: server(2) };
    let played = stage(&[&[1, 2], &[1], &[1]])
        .ask(1_000, device(0), vec![query(&[3, 2, 1])])
        .fault(0, 60_000, kind)
        .play();
    let (users, failed) = answers(&played, 0).remove(0);
    let devices: Vec<_> = users.iter().map(|keys| (keys.user, keys.devices.len())).collect();
    assert_eq!(devices, [(user(1), 2), (user(2), 1)]);
    assert_eq!(failed, [(user(3), QueryId::new(3))]);
}

#[test]
fn an_answer_says_whether_the_asking_user_has_signed_the_master_key() {
    let sign = |signer, master| {
        Request::UploadSignature(Signature::Master {
            signer: SigningKey::new(signer),
            user: user(1),
            master: SigningKey::new(master),
        })
    };
    // Keys are made by user: master 0, self-signing 1, user-signing 2; then 3, 4, 5.
    let played = stage(&[&[2, 1]])
        .with(|scenario| scenario.users.iter_mut().for_each(|user| user.cross_signing = true))
        .ask(1_000, device(0), vec![sign(2, 3)])
        .ask(2_000, device(1), vec![query(&[1])])
        .ask(2_000, device(2), vec![query(&[0])])
        .at(3_000, Step::ResetIdentity(device(0)))
        .ask(4_000, device(0), vec![query(&[1])])
        .play();
    let signed = |by, nth: usize| answers(&played, by)[nth].0[0].master_signed_by;
    assert_eq!(signed(1, 0), Some(SigningKey::new(2)));
    assert_eq!(signed(2, 0), None);
    assert_eq!(signed(0, 0), None, "the signature of a key that is no longer the user's");
    // The other own device is told that there is something new about the user; the signed user is not.
    assert!(notes(&played, 1).contains(&(user(1), ListChange::Changed)));
    assert!(!notes(&played, 2).contains(&(user(1), ListChange::Changed)));
}

#[test]
fn a_new_identity_is_told_to_everyone_in_the_room_and_unsigns_devices() {
    let played = stage(&[&[1], &[1]])
        .with(|scenario| {
            scenario.users[0].cross_signing = true;
            scenario.devices[0].cross_signed = true;
        })
        .at(1_000, Step::ResetIdentity(device(0)))
        .at(2_000, Step::CrossSign(device(0)))
        .ask(1_800, device(1), vec![query(&[0])])
        .ask(3_000, device(1), vec![query(&[0])])
        .play();
    let told = [(user(0), ListChange::Changed), (user(0), ListChange::Changed)];
    assert_eq!(notes(&played, 1), told);
    let signed: Vec<_> = answers(&played, 1)
        .iter()
        .map(|(users, _)| {
            let identity = users[0].identity.unwrap();
            users[0].devices[0].signed_by == Some(identity.self_signing)
        })
        .collect();
    assert_eq!(signed, [false, true]);
    assert_eq!(played.count(|kind| matches!(kind, FactKind::CrossSigned { .. })), 2);
    assert_eq!(played.count(|kind| matches!(kind, FactKind::IdentitySet { .. })), 2);
}

/// User 1, on the other server, gets a second device at 1 s.
fn second_device() -> Stage {
    stage(&[&[1], &[2]])
        .with(|scenario| scenario.devices[2].present = false)
        .at(1_000, Step::Login(device(2)))
}

#[test]
fn a_lost_notice_is_not_told_though_the_server_knows() {
    let lost = |at| FaultKind::ListNoticeLost { user: user(1), server: server(at) };
    let played = second_device().fault(0, u64::MAX, lost(0)).play();
    assert_eq!(notes(&played, 0), []);
    assert_eq!(notes(&played, 1), [(user(1), ListChange::Changed)]);
    assert_eq!(played.count(|kind| matches!(kind, FactKind::ListChangedAt { .. })), 2);
    let played = second_device().fault(0, u64::MAX, lost(1)).play();
    assert_eq!(notes(&played, 0), [(user(1), ListChange::Changed)]);
    assert_eq!(notes(&played, 1), []);
}

#[test]
fn a_stale_server_answers_with_the_list_that_it_had() {
    let kind = FaultKind::StaleQueryAnswer { server: server(1), as_of: ms(500) };
    let played = second_device()
        .ask(2_000, device(0), vec![query(&[1])])
        .ask(20_000, device(0), vec![query(&[1])])
        .ask(2_000, device(1), vec![query(&[1])])
        .fault(1_500, 10_000, kind)
        .play();
    let sizes: Vec<_> =
        answers(&played, 0).iter().map(|(users, _)| users[0].devices.len()).collect();
    assert_eq!(sizes, [1, 2]);
    assert_eq!(answers(&played, 1)[0].0[0].devices.len(), 1);
    assert!(played.comes_from_fault(answers(&played, 0)[0].0[0].cause.0.unwrap()));
}

#[test]
fn a_slow_query_is_overtaken_by_a_later_one_and_a_very_slow_one_times_out() {
    let slow = |secs| FaultKind::QuerySlow { device: device(0), by: SimDuration::from_secs(secs) };
    let asked = stage(&[&[1, 1]]).ask(1_000, device(0), vec![query(&[0])]).ask(
        2_000,
        device(0),
        vec![query(&[1])],
    );
    let order = |secs| {
        let played = asked.clone().fault(500, 1_500, slow(secs)).play();
        let heard = played.probe(device(0)).answers(Endpoint::QueryKeys);
        heard.map(|heard| (heard.clock.as_ms(), heard.result.is_ok())).collect::<Vec<_>>()
    };
    assert_eq!(order(5), [(2_100, true), (6_100, true)]);
    assert_eq!(order(50), [(2_100, true), (31_000, false)]);
}

#[test]
fn who_joins_is_told_of_everyone_and_everyone_of_who_joins_and_leaves() {
    let played = stage(&[&[1, 1], &[1]])
        .with(|scenario| scenario.rooms[0].members.truncate(2))
        .member(1_000, device(2), user(2), Membership::Join)
        .member(5_000, device(2), user(2), Membership::Leave)
        .play();
    let (changed, left) = (ListChange::Changed, ListChange::Left);
    // Twice: by the join, and when the server of who joined announces the list to the others.
    let [joined, announced] = [(user(2), changed); 2];
    assert_eq!(notes(&played, 0), [joined, announced, (user(2), left)]);
    assert_eq!(
        notes(&played, 2),
        [(user(0), changed), (user(1), changed), (user(0), left), (user(1), left)]
    );
}

#[test]
fn list_changes_are_told_again_since_a_token() {
    let since = crate::protocol::api::SyncToken::default();
    let played = second_device().ask(9_000, device(0), vec![Request::KeyChanges(since)]).play();
    let heard = played.probe(device(0)).answers(Endpoint::KeyChanges).next().unwrap();
    let Ok(Response::KeyChanges(changes)) = &heard.result else { unreachable!("{heard:?}") };
    assert_eq!(changes[0].0, user(1));
    assert!(heard.cause.is_some());
}

#[test]
fn a_device_that_logs_out_is_gone_from_the_list() {
    let played = second_device()
        .at(5_000, Step::Logout(device(2)))
        .ask(9_000, device(0), vec![query(&[1])])
        .ask(9_000, device(2), vec![query(&[1])])
        .play();
    assert_eq!(answers(&played, 0)[0].0[0].devices.len(), 1);
    assert_eq!(notes(&played, 0).len(), 2);
    let silent = played.probe(device(2)).answers(Endpoint::QueryKeys).count();
    assert_eq!(silent, 0);
    let out = played.probe(device(2)).answers(Endpoint::Logout).next().unwrap();
    assert_ne!(out.result, Err(Failure::Forbidden));
}
