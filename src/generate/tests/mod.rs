//! Tests of generated rooms: that they are valid, large enough, of every kind, and the same for the same choices.
//! They do not run them.

mod reach;

use super::dice::Dice;
use super::draft::Draft;
use super::plan::{Plan, Sizes, Subject};
use super::scenes::Scene;
use super::sort::{FaultSort, StepSort};
use super::swarm::Swarm;
use super::{cast, scenario};
use crate::engine::choices::{Choices, Label, Seeded};
use crate::ids::{DeviceId, ServerId};
use crate::scenario::fault::Party;
use crate::scenario::file;
use crate::scenario::habits::Habits;
use crate::scenario::limits::Limits;
use crate::scenario::model::Scenario;
use crate::scenario::mutant::Mutant;
use crate::scenario::profile::ProfileName;
use crate::scenario::step::Step;

fn made(plan: &Plan, seed: u64) -> Scenario {
    scenario(plan, &mut Seeded::new(seed))
}

/// A room of many users and steps.
fn large() -> Plan {
    let sizes =
        Sizes { servers: 6, users: 50, devices_per_user: 5, rooms: 8, steps: 200, faults: 20 };
    Plan { sizes, ..Plan::default() }
}

fn is_valid(plan: &Plan, seed: u64) {
    let made = made(plan, seed);
    let text = file::write(&made);
    match file::read_bytes(text.as_bytes(), &Limits::FILES) {
        Ok(read) => assert_eq!(read, made, "seed {seed} of {plan:?}"),
        Err(problems) => panic!("seed {seed} of {plan:?}: {problems:#?}\n{text}"),
    }
}

#[test]
fn every_generated_room_is_written_as_a_file_that_reads_back_as_the_same_room() {
    (0..2_500).for_each(|seed| is_valid(&Plan::default(), seed));
    (0..60).for_each(|seed| is_valid(&large(), seed));
    let least = Sizes { servers: 1, users: 1, devices_per_user: 1, rooms: 1, steps: 1, faults: 0 };
    (0..60).for_each(|seed| is_valid(&Plan { sizes: least, ..Plan::default() }, seed));
    for (seed, mutant) in (0..).zip(Mutant::ALL) {
        for variant in 0..mutant.variants().len() {
            let subject = Subject::Mutant(*mutant, variant);
            is_valid(&Plan { subject, neighbours: false, ..Plan::default() }, seed);
        }
    }
    for (seed, name) in (0..).zip(ProfileName::ALL) {
        is_valid(&Plan { subject: Subject::Program(*name), ..Plan::default() }, seed);
    }
}

/// Answers every question with the least or the greatest number.
struct Extreme {
    greatest: bool,
}

impl Choices for Extreme {
    fn draw(&mut self, bound: u64, _: Label) -> u64 {
        if self.greatest { bound - 1 } else { 0 }
    }
}

#[test]
fn rooms_of_extreme_choices_come_to_an_end_and_are_valid() {
    for greatest in [false, true] {
        let made = scenario(&Plan::default(), &mut Extreme { greatest });
        let text = file::write(&made);
        assert_eq!(file::read(&text, &Limits::FILES).as_ref(), Ok(&made), "{text}");
    }
    let plain = scenario(&Plan::default(), &mut Extreme { greatest: false });
    assert!(plain.faults.is_empty() && plain.users.len() == 2, "{plain:?}");
}

fn median(mut numbers: Vec<usize>) -> usize {
    numbers.sort_unstable();
    numbers[numbers.len() / 2]
}

#[test]
fn rooms_are_as_large_as_asked_for_in_the_median_and_never_larger() {
    let plan = Plan::default();
    let rooms: Vec<Scenario> = (0..2_000).map(|seed| made(&plan, seed)).collect();
    let told = |room: &Scenario| {
        let heals = room.heal.map(|heal| heal.from);
        room.timeline.iter().filter(|step| heals.is_none_or(|heal| step.at < heal)).count()
    };
    let sent =
        |room: &Scenario| room.heal.map_or(room.messages.len(), |heal| heal.first_probe.index());
    let of = |what: &dyn Fn(&Scenario) -> usize| rooms.iter().map(what).collect::<Vec<usize>>();
    assert!(median(of(&|room| room.devices.len())) >= 8);
    assert!(median(of(&told)) >= 12);
    assert!(median(of(&sent)) >= 3);
    assert!(median(of(&|room| room.faults.len())) >= 1);
    let at_most = |numbers: Vec<usize>, most: u32| {
        assert_eq!(numbers.iter().max(), Some(&(most as usize)), "the largest is reached");
    };
    at_most(of(&|room| room.servers.len()), plan.sizes.servers);
    at_most(of(&|room| room.users.len()), plan.sizes.users);
    at_most(of(&|room| room.rooms.len()), plan.sizes.rooms);
    at_most(of(&|room| room.faults.len()), plan.sizes.faults);
    at_most(of(&told), plan.sizes.steps);
    for count in 1..=plan.sizes.servers as usize {
        assert!(rooms.iter().any(|room| room.servers.len() == count), "{count} servers");
    }
    let without = rooms.iter().filter(|room| room.faults.is_empty()).count();
    assert!(without > 50, "rooms without a fault: {without}");
}

#[test]
fn equal_choices_give_equal_rooms_for_ever() {
    let plan = Plan::default();
    assert_eq!(made(&plan, 17), made(&plan, 17));
    assert_ne!(made(&plan, 17), made(&plan, 18));
    let text = file::write(&made(&plan, 17));
    assert_eq!(format!("{:016x}", xxhash_rust::xxh3::xxh3_64(text.as_bytes())), "8a77bb565a9ced1e");
}

#[test]
fn each_scene_has_a_message_and_a_step_at_least() {
    let sizes = Sizes { steps: 1_000, ..Sizes::default() };
    let plan = Plan { sizes, neighbours: false, ..Plan::default() };
    for scene in Scene::ALL {
        let mut seen = 0;
        for seed in 0..30 {
            let mut choices = Seeded::new(seed);
            let mut dice = Dice::new(&mut choices);
            let swarm = Swarm::everything();
            let cast = cast::make(&mut dice, &plan, &swarm);
            let mut draft = Draft::new(&mut dice, cast, swarm, None, plan.sizes);
            let Some(couple) = draft.couple() else { continue };
            let start = draft.clock;
            scene.play(&mut draft, couple);
            assert!(draft.clock >= start, "{scene:?} goes back in time");
            seen += usize::from(!draft.sendings.is_empty());
        }
        assert!(seen > 20, "{scene:?} sends in {seen} rooms");
    }
}

#[test]
fn what_is_switched_off_does_not_occur_and_what_is_off_differs_from_room_to_room() {
    let mut seen = Vec::new();
    for seed in 0..300 {
        let room = made(&Plan::default(), seed);
        let swarm = Swarm::draw(&mut Dice::new(&mut Seeded::new(seed)));
        for timed in &room.timeline {
            assert!(swarm.has_step(StepSort::of(&timed.step)), "seed {seed}: {timed:?}");
        }
        for fault in &room.faults {
            assert!(swarm.has_fault(FaultSort::of(&fault.kind)), "seed {seed}: {fault:?}");
        }
        if !seen.contains(&swarm) {
            seen.push(swarm);
        }
    }
    assert!(seen.len() > 150, "{} kinds of rooms", seen.len());
}

#[test]
fn who_is_written_as_the_subject_is_on_trial_and_nobody_else() {
    let on_trial = |subject: Subject, room: &Scenario| -> Vec<usize> {
        let is = |index: &usize| subject.is_on_trial(room, Party::Device(DeviceId::at(*index)));
        (0..room.devices.len()).filter(is).collect()
    };
    for seed in 0..200 {
        let room = made(&Plan::default(), seed);
        let spec: Vec<usize> = (0..room.devices.len())
            .filter(|index| room.devices[*index].habits == Habits::specification())
            .collect();
        assert!(spec.contains(&0), "the first device of seed {seed} is on trial");
        assert_eq!(on_trial(Subject::Specification, &room), spec);
        assert!(!Subject::Specification.is_on_trial(&room, Party::World));
    }
    let neighbours = false;
    for mutant in Mutant::ALL {
        for (index, variant) in mutant.variants().iter().enumerate() {
            let subject = Subject::Mutant(*mutant, index);
            let room = made(&Plan { subject, neighbours, ..Plan::default() }, 5);
            let servers = || (0..room.servers.len()).map(ServerId::at);
            let guilty = servers().filter(|id| subject.is_on_trial(&room, Party::Server(*id)));
            let counts = (on_trial(subject, &room).len(), guilty.count());
            let expected = if variant.is_of_server() { (0, 1) } else { (1, 0) };
            assert_eq!(counts, expected, "{} {}", mutant.id(), variant.name);
        }
    }
    let subject = Subject::Program(ProfileName::Hydrogen);
    let room = made(&Plan { subject, neighbours, ..Plan::default() }, 5);
    assert_eq!(on_trial(subject, &room).len(), room.devices.len());
    assert!(!subject.is_on_trial(&room, Party::Server(ServerId::new(0))));
}

#[test]
fn a_device_on_trial_asks_no_other_user_for_keys() {
    let mut others = 0;
    for seed in 0..1_500 {
        let room = made(&Plan::default(), seed);
        for timed in &room.timeline {
            let Step::RequestKey { device, of, .. } = &timed.step else { continue };
            let foreign = of.iter().any(|of| room.user_of(*of) != room.user_of(*device));
            let on_trial = Subject::Specification.is_on_trial(&room, Party::Device(*device));
            assert!(!(foreign && on_trial), "seed {seed}: {timed:?}");
            others += usize::from(foreign);
        }
    }
    assert!(others > 5, "neighbours that ask others: {others}");
}
