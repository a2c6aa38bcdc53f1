//! Runs as a whole: they are deterministic, end for a reason, and can be copied and stepped.
//! They do not know what happens in between.

use crate::protocol::api::Endpoint;
use crate::protocol::room::RoomEvent;
use crate::scenario::fault::{CrashPoint, FaultKind, ToDeviceFilter};
use crate::scenario::model::Delay;
use crate::sim::action::Action;
use crate::sim::tests::stage::{Stage, device, ms, put, server, stage};
use crate::time::{SimDuration, SimTime};
use crate::trace::fact::{FactKind, RunEnd};
use crate::trace::sink::{FactDigest, Trace};

/// A run with chance, faults and three servers.
fn busy() -> Stage {
    let spread =
        |min, max| Delay { min: SimDuration::from_ms(min), max: SimDuration::from_ms(max) };
    let mut stage = stage(&[&[2, 1], &[3], &[1, 1]]).with(|scenario| {
        scenario.network.client = spread(5, 500);
        scenario.network.federation = spread(20, 2_000);
    });
    for at in 1..30 {
        let from = u32::try_from(at % 8).unwrap();
        let to = [(from + 1) % 8, (from + 3) % 8];
        stage = stage.send(at * 700, device(from)).ask(
            at * 900,
            device(from),
            vec![put(900 + from, &to)],
        );
    }
    let which = ToDeviceFilter { first: Some(3), ..ToDeviceFilter::default() };
    stage
        .fault(2_000, 9_000, FaultKind::FederationDown { between: server(0), and: server(2) })
        .fault(3_000, 7_000, FaultKind::ClientOffline { device: device(3) })
        .fault(0, u64::MAX, FaultKind::ToDeviceDuplicated { which })
        .fault(
            5_000,
            8_000,
            FaultKind::Crash { device: device(1), point: CrashPoint::AfterRequest(1) },
        )
}

fn digest(stage: &Stage) -> (u64, u64) {
    let mut digest = FactDigest::default();
    stage.world().run(&mut digest);
    (digest.value(), digest.count())
}

#[test]
fn the_same_scenario_twice_gives_equal_digests_and_another_seed_another() {
    let first = digest(&busy());
    assert_eq!(digest(&busy()), first);
    assert_ne!(digest(&busy().with(|scenario| scenario.seed = 2)), first);
}

#[test]
fn a_copy_of_a_run_goes_on_to_the_same_end() {
    let mut world = busy().world();
    let mut digest = FactDigest::default();
    for _ in 0..200 {
        assert_eq!(world.step(&mut digest), None);
    }
    let mut copy = world.clone();
    let mut copied = digest.clone();
    assert_eq!(world.run(&mut digest), copy.run(&mut copied));
    assert_eq!(digest.value(), copied.value());
    assert_eq!(world.actions(), copy.actions());
}

#[test]
fn what_is_enabled_is_what_the_next_step_does() {
    let mut world = stage(&[&[1]]).send(1_000, device(0)).world();
    let mut trace = Trace::default();
    assert_eq!(world.enabled(), Some((SimTime::ZERO, Action::SetUp)));
    assert_eq!(world.step(&mut trace), None);
    assert_eq!(world.enabled(), Some((ms(1_000), Action::Step(0))));
    assert_eq!(world.run(&mut trace), RunEnd::Quiescent);
    assert_eq!(world.enabled(), None);
    assert_eq!(world.step(&mut trace), Some(RunEnd::Quiescent));
    let ends = trace.pick(|kind| matches!(kind, FactKind::RunEnd(_)).then_some(()));
    assert_eq!(ends.count(), 1);
}

#[test]
fn a_run_is_cut_at_its_horizon_if_something_is_still_to_come() {
    let cut = stage(&[&[1]]).send(1_000, device(0)).with(|scenario| {
        scenario.horizon = ms(1_020);
    });
    let played = cut.play();
    assert_eq!(played.end, RunEnd::Horizon);
    assert_eq!(played.trace.facts().last().unwrap().at, ms(1_020));
    assert_eq!(played.count(|kind| matches!(kind, FactKind::MessageAccepted { .. })), 0);
}

#[test]
fn a_run_is_cut_after_so_many_actions() {
    let mut world = busy().world().with_action_limit(50);
    let mut trace = Trace::default();
    assert_eq!(world.run(&mut trace), RunEnd::ActionLimit);
    assert_eq!(world.actions(), 50);
    assert!(matches!(trace.facts().last().unwrap().kind, FactKind::RunEnd(_)));
}

#[test]
fn a_run_goes_on_through_the_ends_of_faults_and_not_beyond_the_horizon() {
    let kind = FaultKind::CountsOmitted { server: server(0) };
    let played = stage(&[&[1]]).fault(1_000, 60_000, kind.clone()).play();
    assert_eq!((played.end, played.world.now()), (RunEnd::Quiescent, ms(60_000)));
    let ended = played.facts(|kind| matches!(kind, FactKind::FaultEnd(_)));
    assert!(played.comes_from_fault(ended[0].id));
    let played = stage(&[&[1]]).fault(1_000, 90_000_000, kind).play();
    assert_eq!((played.end, played.world.now()), (RunEnd::Quiescent, ms(1_000)));
}

#[test]
fn a_fault_without_a_window_strikes_and_is_over() {
    let kind = FaultKind::RateLimited {
        device: device(0),
        endpoint: Endpoint::Backup,
        retry_after: SimDuration::from_secs(1),
    };
    let played = stage(&[&[1]]).fault(1_000, 1_000, kind).play();
    assert_eq!(played.count(|kind| matches!(kind, FactKind::FaultStart(_))), 1);
    assert_eq!(played.count(|kind| matches!(kind, FactKind::FaultEnd(_))), 1);
}

#[test]
fn causes_come_before_effects_and_facts_are_numbered_in_order() {
    let played = busy().play();
    assert_eq!(played.end, RunEnd::Quiescent);
    for (index, fact) in played.trace.facts().iter().enumerate() {
        assert_eq!(fact.id.index(), index);
        assert!(fact.causes.iter().all(|cause| cause < fact.id));
    }
    assert!(played.trace.facts().is_sorted_by_key(|fact| fact.at));
}

#[test]
fn every_message_reaches_every_device_in_spite_of_the_faults() {
    let played = busy().with(|scenario| scenario.servers[0].timeline_limit = 100).play();
    let accepted = played.count(|kind| matches!(kind, FactKind::MessageAccepted { .. }));
    assert!(accepted > 25);
    for index in 0..8 {
        let syncs = played.probe(device(index)).syncs();
        let events = syncs.flat_map(|sync| sync.rooms.iter().flat_map(|room| &room.timeline));
        let messages = events.filter_map(|(event, _)| {
            let RoomEvent::Message { message, .. } = event else { return None };
            Some(*message)
        });
        let told: std::collections::BTreeSet<_> = messages.collect();
        assert_eq!(told.len(), accepted, "device {index}");
    }
}
