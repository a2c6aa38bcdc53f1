//! Requests that fail: no network, lost answers, limited rates.
//! They do not know what the requests are for, only what becomes of them.

use crate::protocol::api::{Endpoint, Failure, Request, Response};
use crate::scenario::fault::FaultKind;
use crate::scenario::step::Step;
use crate::sim::tests::stage::{CLIENT_MS, Played, device, put, server, stage};
use crate::time::SimDuration;
use crate::trace::fact::RunEnd;

fn heard(played: &Played, of: u32, endpoint: Endpoint) -> Vec<(u64, Option<Failure>)> {
    let answers = played.probe(device(of)).answers(endpoint);
    answers.map(|heard| (heard.clock.as_ms(), heard.result.clone().err())).collect()
}

#[test]
fn a_client_without_network_fails_and_its_waiting_sync_breaks_at_once() {
    let kind = FaultKind::ClientOffline { device: device(0) };
    let played = stage(&[&[1, 1]])
        .ask(1_000, device(0), vec![put(901, &[1])])
        .fault(900, 10_000, kind)
        .play();
    let puts = heard(&played, 0, Endpoint::SendToDevice);
    assert_eq!(puts, [(1_000 + CLIENT_MS, Some(Failure::Unreachable))]);
    assert_eq!(played.stored(device(1), 901).len(), 0);
    let syncs = heard(&played, 0, Endpoint::Sync);
    assert_eq!(syncs[1], (900, Some(Failure::Unreachable)));
    assert!(played.comes_from_fault(played.probe(device(0)).heard[2].cause.unwrap()));
    assert_eq!(played.end, RunEnd::Quiescent);
}

#[test]
fn a_request_that_left_before_the_network_went_is_done_and_its_answer_lost() {
    let kind = FaultKind::ClientOffline { device: device(0) };
    let played = stage(&[&[1, 1]])
        .ask(1_000, device(0), vec![put(901, &[1])])
        .fault(1_020, 10_000, kind)
        .play();
    assert_eq!(played.stored(device(1), 901).len(), 1);
    let puts = heard(&played, 0, Endpoint::SendToDevice);
    assert_eq!(puts, [(1_100, Some(Failure::Unreachable))]);
}

#[test]
fn a_client_that_is_offline_for_good_keeps_nobody_from_rest() {
    let kind = FaultKind::ClientOffline { device: device(1) };
    let played = stage(&[&[1, 1]]).send(5_000, device(0)).fault(1_000, u64::MAX, kind).play();
    assert_eq!(played.end, RunEnd::Quiescent);
    assert!(played.world.now().as_ms() < 10_000);
    assert!(heard(&played, 1, Endpoint::Sync).len() > 2, "it does not even try");
}

#[test]
fn a_client_that_waits_for_the_network_to_come_back_waits_alone_once_it_will_not() {
    let short = FaultKind::ClientOffline { device: device(0) };
    let played =
        stage(&[&[1]]).fault(1_000, 1_100, short.clone()).fault(1_500, u64::MAX, short).play();
    // It wants to be woken at 2 s, but nothing can come of that any more.
    assert_eq!(played.end, RunEnd::Quiescent);
    assert_eq!(played.world.now().as_ms(), 1_500);
    assert!(played.probe(device(0)).wakes.is_empty());
}

#[test]
fn a_client_is_told_when_its_server_can_be_reached_again_and_not_before() {
    let played = stage(&[&[2, 1]])
        .fault(1_000, 5_000, FaultKind::ClientOffline { device: device(0) })
        .fault(3_000, 8_000, FaultKind::ServerUnreachable { server: server(0) })
        .with(|scenario| scenario.devices[1].present = false)
        .play();
    let back = |of| played.probe(device(of)).back_online.iter().map(|at| at.as_ms()).collect();
    let told: [Vec<u64>; 3] = [back(0), back(1), back(2)];
    assert_eq!(told, [vec![8_000], vec![], vec![8_000]]);
}

#[test]
fn an_unreachable_server_is_unreachable_for_its_clients_and_for_other_servers() {
    let kind = FaultKind::ServerUnreachable { server: server(1) };
    let played = stage(&[&[1], &[1]])
        .ask(1_000, device(1), vec![Request::GetBackup])
        .ask(1_000, device(0), vec![put(901, &[1])])
        .ask(490, device(1), vec![Request::GetBackup])
        .fault(500, 5_000, kind)
        .play();
    let backups = heard(&played, 1, Endpoint::Backup);
    let gone = Some(Failure::Unreachable);
    // The first was on its way when the server went.
    assert_eq!(backups, [(590, gone), (1_050, gone)]);
    assert_eq!(heard(&played, 1, Endpoint::Sync)[1], (500, gone));
    assert!(played.stored(device(1), 901)[0] > 5_000);
    assert_eq!(played.processed(device(1), 901).len(), 1);
}

#[test]
fn a_lost_answer_is_a_timeout_though_the_server_acted_and_so_often_only() {
    let kind = FaultKind::ResponseLost {
        device: device(0),
        endpoint: Endpoint::SendToDevice,
        first: Some(1),
    };
    let played = stage(&[&[1, 1]])
        .ask(1_000, device(0), vec![put(901, &[1])])
        .ask(40_000, device(0), vec![put(901, &[1])])
        .fault(0, u64::MAX, kind)
        .play();
    let puts = heard(&played, 0, Endpoint::SendToDevice);
    assert_eq!(puts, [(31_000, Some(Failure::Timeout)), (40_100, None)]);
    assert_eq!(played.stored(device(1), 901).len(), 1);
}

#[test]
fn a_sync_answer_that_is_lost_is_given_again() {
    let kind =
        FaultKind::ResponseLost { device: device(1), endpoint: Endpoint::Sync, first: Some(1) };
    let played = stage(&[&[1, 1]])
        .ask(1_000, device(0), vec![put(901, &[1])])
        .fault(500, u64::MAX, kind)
        .play();
    let listed = |kind: &crate::trace::fact::FactKind| {
        matches!(kind, crate::trace::fact::FactKind::Listed { .. })
    };
    assert_eq!(played.count(listed), 2);
    assert_eq!(played.processed(device(1), 901).len(), 1);
}

#[test]
fn a_limited_rate_is_an_answer_and_nothing_is_done() {
    let after = SimDuration::from_secs(7);
    let kind = FaultKind::RateLimited {
        device: device(0),
        endpoint: Endpoint::SendToDevice,
        retry_after: after,
    };
    let played = stage(&[&[1, 1]])
        .ask(1_000, device(0), vec![put(901, &[1]), Request::GetBackup])
        .fault(0, 5_000, kind)
        .play();
    let puts = heard(&played, 0, Endpoint::SendToDevice);
    assert_eq!(puts, [(1_100, Some(Failure::RateLimited(after)))]);
    assert_eq!(heard(&played, 0, Endpoint::Backup), [(1_100, None)]);
    assert_eq!(played.stored(device(1), 901).len(), 0);
}

#[test]
fn a_second_sync_ends_the_one_that_waits() {
    let again =
        Request::Sync(crate::protocol::api::SyncToken { to_device: 0, device_lists: 0, rooms: 1 });
    let played = stage(&[&[1]]).ask(1_000, device(0), vec![again]).with(|scenario| {
        scenario.horizon = crate::time::SimTime::from_ms(1_500);
    });
    let syncs = heard(&played.play(), 0, Endpoint::Sync);
    assert_eq!(syncs[1], (1_100, Some(Failure::Timeout)));
}

#[test]
fn logging_out_twice_is_forbidden_the_second_time() {
    let kind =
        FaultKind::ResponseLost { device: device(0), endpoint: Endpoint::Logout, first: Some(1) };
    let played = stage(&[&[1]])
        .at(1_000, Step::Logout(device(0)))
        .at(40_000, Step::Logout(device(0)))
        .ask(50_000, device(0), vec![Request::GetBackup])
        .fault(0, u64::MAX, kind)
        .play();
    let outs = heard(&played, 0, Endpoint::Logout);
    assert_eq!(outs, [(31_000, Some(Failure::Timeout)), (40_100, Some(Failure::Forbidden))]);
    assert_eq!(heard(&played, 0, Endpoint::Backup), []);
    let done = played.probe(device(0)).answers(Endpoint::Logout);
    assert!(done.into_iter().all(|heard| heard.result != Ok(Response::Done)));
}
