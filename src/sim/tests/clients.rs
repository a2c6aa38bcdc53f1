//! Clients that crash, start again, find older stores, or have wrong clocks.
//! They do not know what a real client would do then.

use crate::client::Command;
use crate::scenario::fault::{CrashPoint, FaultKind};
use crate::sim::tests::stage::{Played, Stage, device, ms, put, stage};
use crate::time::SimDuration;
use crate::trace::fact::{FactKind, Refusal, RunEnd};

/// Device 0 sends to device 1, which crashes when it handles that, until 20 s.
fn crash(point: CrashPoint) -> Played {
    posted().fault(1_060, 20_000, FaultKind::Crash { device: device(1), point }).play()
}

fn posted() -> Stage {
    stage(&[&[1, 1]]).ask(1_000, device(0), vec![put(901, &[1])])
}

fn crashed(played: &Played) -> Vec<u64> {
    let crashed = played.facts(|kind| matches!(kind, FactKind::Crashed { .. }));
    assert!(crashed.iter().all(|fact| played.comes_from_fault(fact.id)));
    crashed.iter().map(|fact| fact.at.as_ms()).collect()
}

#[test]
fn a_crash_before_a_step_undoes_all_of_it_and_the_message_comes_again() {
    let played = crash(CrashPoint::BeforeStep);
    assert_eq!(crashed(&played), [1_100]);
    assert_eq!(played.processed(device(1), 901), [20_100]);
    assert_eq!(played.probe(device(1)).store.inbox.len(), 1);
    assert_eq!(played.probe(device(1)).restarts, 1);
    let restarted = played.facts(|kind| matches!(kind, FactKind::Restarted { .. }));
    assert_eq!(restarted[0].at, ms(20_000));
    assert!(played.comes_from_fault(restarted[0].id));
}

#[test]
fn a_crash_before_a_write_undoes_what_would_have_been_stored() {
    let played = crash(CrashPoint::BeforePersist(1));
    assert_eq!(crashed(&played), [1_100]);
    // Nobody could know that it was handled before the crash.
    assert_eq!(played.processed(device(1), 901), [20_100]);
    assert_eq!(played.probe(device(1)).store.inbox.len(), 1);
}

#[test]
fn a_crash_after_a_write_keeps_it_and_loses_the_request_behind_it() {
    let played = crash(CrashPoint::AfterPersist(1));
    assert_eq!(played.processed(device(1), 901), [1_100]);
    let acknowledged = played.facts(|kind| matches!(kind, FactKind::Acknowledged { .. }));
    assert_eq!(acknowledged[0].at, ms(20_050));
}

#[test]
fn a_crash_after_a_request_lets_it_reach_the_server_and_its_answer_nobody() {
    let played = crash(CrashPoint::AfterRequest(1));
    let acknowledged = played.facts(|kind| matches!(kind, FactKind::Acknowledged { .. }));
    assert_eq!(acknowledged[0].at, ms(1_150));
    assert_eq!(played.end, RunEnd::Quiescent);
}

#[test]
fn a_crash_waits_for_an_input_that_reaches_its_point_and_strikes_once() {
    let point = CrashPoint::BeforePersist(1);
    let played = posted()
        .ask(500, device(1), vec![put(902, &[0])])
        .ask(30_000, device(0), vec![put(903, &[1])])
        .fault(400, 20_000, FaultKind::Crash { device: device(1), point })
        .play();
    assert_eq!(crashed(&played), [1_100]);
    assert_eq!(played.stored(device(0), 902).len(), 1);
    assert_eq!(played.processed(device(1), 903).len(), 1);
}

#[test]
fn a_client_that_is_down_refuses_messages_and_hears_nothing() {
    let point = CrashPoint::BeforeStep;
    let played = stage(&[&[1, 1]])
        .send(1_000, device(1))
        .send(2_000, device(1))
        .send(30_000, device(1))
        .fault(900, 20_000, FaultKind::Crash { device: device(1), point })
        .play();
    let refused = played
        .facts(|kind| matches!(kind, FactKind::SendRefused { why: Refusal::NotLoggedIn, .. }));
    let at: Vec<_> = refused.iter().map(|fact| fact.at.as_ms()).collect();
    // The crash at the first one undid that step; the second found no client.
    assert_eq!(at, [2_000]);
    assert_eq!(played.count(|kind| matches!(kind, FactKind::MessageAccepted { .. })), 1);
}

#[test]
fn a_message_of_a_device_that_is_not_logged_in_is_refused() {
    let played = stage(&[&[1, 1]])
        .with(|scenario| scenario.devices[1].present = false)
        .send(1_000, device(1))
        .play();
    assert_eq!(played.count(|kind| matches!(kind, FactKind::SendRefused { .. })), 1);
}

#[test]
fn a_client_that_stays_down_keeps_nobody_from_rest() {
    let point = CrashPoint::BeforeStep;
    let kind = FaultKind::Crash { device: device(1), point };
    let played = posted().fault(500, u64::MAX, kind).play();
    assert_eq!(played.end, RunEnd::Quiescent);
    assert_eq!(played.processed(device(1), 901).len(), 0);
    assert_eq!(played.stored(device(1), 901).len(), 1);
}

#[test]
fn an_older_store_makes_the_client_start_again_from_it() {
    let kind = FaultKind::StoreRolledBack { device: device(1), snapshot: ms(500) };
    let played =
        posted().fault(5_000, 5_000, kind).ask(9_000, device(0), vec![put(902, &[1])]).play();
    let restored = played.facts(
        |kind| matches!(kind, FactKind::StoreRestored { snapshot, .. } if *snapshot == ms(500)),
    );
    assert_eq!(restored[0].at, ms(5_000));
    assert!(played.comes_from_fault(restored[0].id));
    assert_eq!(played.count(|kind| matches!(kind, FactKind::Restarted { .. })), 1);
    // What was acknowledged does not come again.
    let inbox: Vec<_> = played.probe(device(1)).store.inbox.iter().map(|row| row.raw()).collect();
    assert_eq!(inbox, [1]);
}

#[test]
fn a_store_is_not_rolled_back_to_a_time_before_the_login() {
    let kind = FaultKind::StoreRolledBack { device: device(1), snapshot: ms(500) };
    let played = stage(&[&[1, 1]])
        .with(|scenario| scenario.devices[1].present = false)
        .at(1_000, crate::scenario::step::Step::Login(device(1)))
        .fault(5_000, 5_000, kind)
        .play();
    assert_eq!(played.count(|kind| matches!(kind, FactKind::StoreRestored { .. })), 0);
}

#[test]
fn a_store_that_is_rolled_back_while_the_client_is_down_is_found_at_its_start() {
    let crash = FaultKind::Crash { device: device(1), point: CrashPoint::AfterPersist(1) };
    let kind = FaultKind::StoreRolledBack { device: device(1), snapshot: ms(500) };
    let played = posted().fault(1_060, 20_000, crash).fault(5_000, 5_000, kind).play();
    // The crash kept the message; the older store has not got it, and so it is listed again.
    assert_eq!(played.processed(device(1), 901), [1_100, 20_100]);
    assert_eq!(played.probe(device(1)).restarts, 1);
}

#[test]
fn a_second_process_brings_its_own_store_in_at_the_end() {
    let kind = FaultKind::SecondProcess { device: device(1) };
    let played = posted().fault(500, 5_000, kind).play();
    assert_eq!(played.processed(device(1), 901), [1_100]);
    let restored = played.facts(|kind| matches!(kind, FactKind::StoreRestored { .. }));
    assert_eq!(restored[0].at, ms(5_000));
    let snapshot = FactKind::StoreRestored { device: device(1), snapshot: ms(500) };
    assert_eq!(restored[0].kind, snapshot);
    assert!(played.probe(device(1)).store.inbox.is_empty());
}

#[test]
fn losses_of_parts_of_a_store_are_commands_to_the_client() {
    let olm = FaultKind::OlmSessionsLost { device: device(0), peer: device(1) };
    let keys = FaultKind::OneTimeKeysForgotten { device: device(0) };
    let played = stage(&[&[1, 1]]).fault(1_000, 1_000, olm).fault(2_000, 2_000, keys).play();
    let commands = &played.probe(device(0)).commands;
    assert_eq!(commands[1..], [Command::LoseOlm(device(1)), Command::LoseOneTimeKeys]);
}

/// The probe asks to be woken one second after a failed sync.
fn woken(kind: FaultKind, from: u64) -> Played {
    stage(&[&[1]])
        .fault(2_000, 2_500, FaultKind::ClientOffline { device: device(0) })
        .fault(from, u64::MAX, kind)
        .play()
}

#[test]
fn a_clock_that_is_ahead_shows_in_facts_and_wakes_the_client_by_its_own_time() {
    let by = SimDuration::from_secs(100);
    let played = woken(FaultKind::ClockAhead { device: device(0), by }, 1_000);
    assert_eq!(played.probe(device(0)).wakes, [ms(103_000)]);
    assert_eq!(played.world.now().as_ms(), 3_050);
    let started = played.facts(|kind| matches!(kind, FactKind::FaultStart(_)));
    assert!(started.iter().all(|fact| fact.at == fact.clock), "the world's clock is right");
}

#[test]
fn a_clock_that_jumps_moves_what_the_client_waits_for() {
    let by = SimDuration::from_ms(400);
    let behind = woken(FaultKind::ClockBehind { device: device(0), by }, 2_200);
    // Asked at 2 s for 3 s; that is shown at 3.4 s now.
    assert_eq!(behind.probe(device(0)).wakes, [ms(3_000)]);
    assert_eq!(behind.world.now().as_ms(), 3_450);
    let ahead = woken(FaultKind::ClockAhead { device: device(0), by }, 2_200);
    assert_eq!(ahead.probe(device(0)).wakes, [ms(3_000)]);
    assert_eq!(ahead.world.now().as_ms(), 2_650);
    let far = SimDuration::from_secs(60);
    let past = woken(FaultKind::ClockAhead { device: device(0), by: far }, 2_200);
    assert_eq!(past.probe(device(0)).wakes, [ms(62_200), ms(63_250)]);
}

#[test]
fn device_facts_carry_the_clock_of_the_device() {
    let by = SimDuration::from_secs(5);
    let played =
        posted().fault(500, u64::MAX, FaultKind::ClockBehind { device: device(1), by }).play();
    let processed = played.facts(|kind| matches!(kind, FactKind::Processed { .. }));
    assert_eq!((processed[0].at, processed[0].clock), (ms(1_100), ms(0)));
}
