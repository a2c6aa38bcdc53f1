//! Searches whose answer is known without a run: what is wanted is told by the scenario itself.
//! They do not know generated rooms; tests of the whole crate do.

use crate::ids::{DeviceId, FaultId, MessageId, RoomId, ServerId, UserId};
use crate::protocol::room::{Membership, Rotation};
use crate::rulebook::leaf::Leaf;
use crate::scenario::expect::{ExpectedCell, ExpectedVerdict};
use crate::scenario::fault::{Fault, FaultKind, ToDeviceFilter};
use crate::scenario::model::{Scenario, Server};
use crate::scenario::policy::Target;
use crate::scenario::sample::{device, room_of};
use crate::scenario::step::{Step, TimedStep};
use crate::time::{SimDuration, SimTime};

use super::candidate::as_read;
use super::edit::{Edit, Less, Part};
use super::relevant::Relevant;
use super::{Minimiser, edited, smaller_by_one};

/// The end of a search for what is wanted.
fn searched(mut minimiser: Minimiser, wanted: impl Fn(&Scenario) -> bool) -> Minimiser {
    assert!(wanted(minimiser.best()));
    while let Some(candidate) = minimiser.propose() {
        let is_wanted = wanted(&candidate);
        minimiser.answer(is_wanted);
    }
    minimiser
}

fn minimised(scenario: Scenario, wanted: impl Fn(&Scenario) -> bool) -> Scenario {
    searched(Minimiser::new(scenario), wanted).best().clone()
}

fn at(seconds: u64) -> SimTime {
    SimTime::from_ms(seconds * 1_000)
}

#[test]
fn what_is_wanted_stays_and_all_else_goes() {
    let mut scenario = room_of(4, 12);
    scenario.devices.push(device("B9", UserId::new(1)));
    let block = Step::Block { device: DeviceId::new(0), target: Target::Device(DeviceId::new(3)) };
    scenario.timeline.insert(5, TimedStep { at: at(57), step: block });
    let which = ToDeviceFilter { recipient: Some(DeviceId::new(3)), ..ToDeviceFilter::default() };
    let kind = FaultKind::ToDeviceDropped { which };
    scenario.faults.push(Fault { from: at(3), until: SimTime::MAX, kind });
    scenario.faults.push(Fault {
        from: at(4),
        until: at(99),
        kind: FaultKind::ClientOffline { device: DeviceId::new(2) },
    });
    let wanted = |scenario: &Scenario| {
        let drops = |whom: DeviceId| {
            scenario.faults.iter().any(|fault| {
                matches!(fault.kind, FaultKind::ToDeviceDropped { which } if which.recipient == Some(whom))
            })
        };
        scenario.timeline.iter().any(|timed| {
            matches!(timed.step, Step::Block { target: Target::Device(whom), .. } if drops(whom))
        })
    };
    let minimiser = searched(Minimiser::new(scenario), wanted);
    let small = minimiser.best();
    assert_eq!(small.timeline.len(), 1);
    let blocked = Target::Device(DeviceId::new(1));
    assert_eq!(small.timeline[0].step, Step::Block { device: DeviceId::new(0), target: blocked });
    let which = ToDeviceFilter { recipient: Some(DeviceId::new(1)), ..ToDeviceFilter::default() };
    assert_eq!(small.faults[0].kind, FaultKind::ToDeviceDropped { which });
    assert_eq!((small.devices.len(), small.faults.len()), (2, 1));
    assert_eq!(small.devices[1].name, "A2", "who is the same user to the search is one");
    assert_eq!(small.faults[0].from, at(10), "times are even");
    assert_eq!(small.faults[0].until, at(20), "windows are as short as can be");
    assert!(minimiser.is_done());
    assert!(smaller_by_one(small).iter().all(|(_, smaller)| !wanted(smaller)));
}

#[test]
fn expectations_follow_what_they_are_about() {
    let mut scenario = room_of(3, 3);
    let verdict = ExpectedVerdict { leaf: Leaf::Withheld, code: None };
    for device in 1..4 {
        let (message, device) = (MessageId::new(1), DeviceId::new(device));
        scenario.expect.cells.push(ExpectedCell { message, device, verdict });
    }
    let wanted = |scenario: &Scenario| {
        scenario.expect.cells.iter().any(|cell| {
            scenario.timeline.iter().any(|timed| {
                timed.at == at(20)
                    && matches!(timed.step, Step::Send { message, .. } if message == cell.message)
            })
        })
    };
    let small = minimised(scenario, wanted);
    assert_eq!(small.messages, ["m1"]);
    let cell = ExpectedCell { message: MessageId::new(0), device: DeviceId::new(1), verdict };
    assert_eq!(small.expect.cells, [cell]);
}

#[test]
fn a_heal_phase_stays_where_it_is_wanted_with_probes_of_who_is_left() {
    let mut scenario = room_of(2, 4);
    crate::scenario::heal::add(&mut scenario, at(90));
    let small = minimised(scenario, |scenario| {
        scenario.heal.is_some_and(|heal| scenario.messages.len() > heal.first_probe.index())
    });
    assert_eq!(small.messages, ["m1", "first probe of A1 in room", "second probe of A1 in room"]);
    assert_eq!(small.heal.map(|heal| heal.first_probe), Some(MessageId::new(1)));
    assert_eq!(small.timeline.len(), 3);
}

#[test]
fn servers_become_one_and_faults_between_them_go() {
    let mut scenario = room_of(1, 1);
    scenario.servers.push(Server { name: "s2".to_owned(), ..scenario.servers[0].clone() });
    scenario.users[1].server = ServerId::new(1);
    let kind = FaultKind::FederationDown { between: ServerId::new(0), and: ServerId::new(1) };
    scenario.faults.push(Fault { from: at(5), until: SimTime::MAX, kind });
    let merged =
        smaller_by_one(&scenario).into_iter().find(|(edit, _)| matches!(edit, Edit::Merge(_)));
    let (_, merged) = merged.expect("servers can be merged");
    assert_eq!((merged.servers.len(), merged.faults.len()), (1, 0));
    let small = minimised(scenario, |scenario| !scenario.faults.is_empty());
    assert_eq!((small.servers.len(), small.users.len()), (2, 2));
}

#[test]
fn a_user_who_goes_takes_along_all_that_rests_on_it() {
    let mut scenario = room_of(1, 2);
    let join = |membership| Step::Member {
        device: DeviceId::new(1),
        room: RoomId::new(0),
        user: UserId::new(1),
        membership,
    };
    scenario.timeline.push(TimedStep { at: at(30), step: join(Membership::Leave) });
    let of = vec![DeviceId::new(0)];
    let request = Step::RequestKey { device: DeviceId::new(1), message: MessageId::new(0), of };
    scenario.timeline.push(TimedStep { at: at(40), step: request });
    let relevant = Relevant::default();
    let without_bob = Edit::Remove(vec![Part::User(UserId::new(1))]);
    let rest = without_bob.apply(&scenario, &relevant).expect("alice is left");
    assert_eq!(rest.timeline.len(), 2, "{:?}", rest.timeline);
    let without_alice = Edit::Remove(vec![Part::User(UserId::new(0))]);
    let rest = without_alice.apply(&scenario, &relevant).expect("bob is left");
    assert_eq!(rest.timeline.len(), 1, "a key of a message that is not sent is not asked for");
    assert_eq!(rest.rooms[0].members, [(UserId::new(0), Membership::Join)]);
}

#[test]
fn a_fault_is_made_shorter_in_the_order_of_what_happens() {
    let mut scenario = room_of(1, 4);
    let kind = FaultKind::QuerySlow { device: DeviceId::new(0), by: SimDuration::from_secs(3_000) };
    scenario.faults.push(Fault { from: at(5), until: SimTime::MAX, kind });
    let wanted = |scenario: &Scenario| {
        let last = scenario.timeline.last().map(|timed| timed.at);
        scenario.timeline.len() == 4
            && scenario.faults.iter().any(|fault| {
                let slow = matches!(fault.kind, FaultKind::QuerySlow { by, .. } if by > SimDuration::from_secs(60));
                slow && last.is_some_and(|last| fault.from <= last && last < fault.until)
            })
    };
    let small = minimised(scenario, wanted);
    let kind = FaultKind::QuerySlow { device: DeviceId::new(0), by: SimDuration::from_secs(600) };
    assert_eq!(small.faults[0].kind, kind);
    let last = small.timeline[3].at;
    assert_eq!(small.faults[0].from, last);
    assert_eq!(small.faults[0].until, last + SimDuration::from_secs(10));
    let shorter = Edit::Shorten(FaultId::new(0), Less::Until(last));
    assert!(
        !smaller_by_one(&small).iter().any(|(edit, _)| *edit == shorter),
        "a window is never empty"
    );
}

#[test]
fn rotation_settings_of_a_room_and_of_a_step_become_round_or_usual() {
    let mut scenario = room_of(1, 2);
    scenario.rooms[0].rotation.period = SimDuration::from_secs(5_432);
    let rotation = Rotation { messages: 7, ..scenario.rooms[0].rotation };
    let step = Step::Encryption { device: DeviceId::new(0), room: RoomId::new(0), rotation };
    scenario.timeline.push(TimedStep { at: at(60), step });
    let set = |timed: &TimedStep| {
        if let Step::Encryption { rotation, .. } = timed.step { Some(rotation) } else { None }
    };
    let small = minimised(scenario, |scenario| {
        let period = scenario.rooms[0].rotation.period;
        let is_odd = period > SimDuration::from_secs(300) && period < SimDuration::from_hours(24);
        is_odd && scenario.timeline.iter().any(|timed| set(timed).is_some())
    });
    assert_eq!(small.rooms[0].rotation.period, SimDuration::from_secs(600));
    assert_eq!(small.timeline.iter().find_map(set), Some(Rotation::DEFAULT));
}

#[test]
fn edits_are_made_one_after_the_other_and_give_what_a_file_can_say() {
    let scenario = as_read(&room_of(2, 1)).unwrap();
    let one = Edit::Remove(vec![Part::Step(0)]);
    let fewer = edited(&scenario, std::slice::from_ref(&one)).unwrap();
    assert_eq!(fewer.timeline.len() + 1, scenario.timeline.len());
    assert_eq!(edited(&scenario, &[]), Some(scenario.clone()));
    let nobody = (0..scenario.devices.len()).map(|index| Part::Device(DeviceId::at(index)));
    assert_eq!(edited(&scenario, &[one, Edit::Remove(nobody.collect())]), None);
}
