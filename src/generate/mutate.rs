//! Rooms out of rooms: some changes to one that was made before, near what happens in it.
//! It does not know why that room is worth changing.
//!
//! The room becomes a draft again, so that what comes out is as valid as what is generated: what cannot be done any more is left out.

use super::dice::{Dice, FAULTS, POLICIES, SCENES, STEPS};
use super::draft::{Draft, Sending};
use super::finish::finish;
use super::focus::{Focus, role};
use super::plan::{Plan, Subject};
use super::scenes::Scene;
use super::swarm::Swarm;
use crate::engine::choices::Choices;
use crate::ids::{DeviceId, ServerId, UserId};
use crate::scenario::expect::Expectations;
use crate::scenario::fault::{FaultKind, Party};
use crate::scenario::model::Scenario;
use crate::scenario::step::Step;
use crate::scenario::whom::Whom;
use crate::time::{SimDuration, SimTime};

/// How many changes are made: at least so many, and up to so many more.
const CHANGES: (u64, u64) = (2, 10);

/// A change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// A step is taken at another time, near something else.
    MoveStep,
    /// A step is taken a second time, near something else.
    CopyStep,
    /// A step is not taken.
    DropStep,
    /// A step of any kind is taken near something.
    AddStep,
    /// A scene is played near something.
    Scene,
    /// A fault of any kind strikes near something.
    AddFault,
    /// A fault begins near something else and lasts as long.
    MoveFault,
    /// A fault ends near something else.
    EndFault,
    /// A fault does not strike.
    DropFault,
    /// A fault of the other room strikes here.
    TakeFault,
    /// A device has the policy of another that is written in the same way.
    Policy,
    /// A device keeps another number of keys on its server.
    Keys,
    /// Things travel as long as in the other room.
    Network,
    /// A room has the settings of one in the other room.
    Room,
}

/// The changes with how often each is made.
const CHANGES_MADE: [(Change, u32); 14] = [
    (Change::MoveStep, 3),
    (Change::CopyStep, 3),
    (Change::DropStep, 1),
    (Change::AddStep, 5),
    (Change::Scene, 6),
    (Change::AddFault, 6),
    (Change::MoveFault, 4),
    (Change::EndFault, 2),
    (Change::DropFault, 1),
    (Change::TakeFault, 5),
    (Change::Policy, 1),
    (Change::Keys, 1),
    (Change::Network, 1),
    (Change::Room, 1),
];

/// A room that is `parent` with some changes, for some of which `donor` gives something. Equal choices give equal rooms. Both must
/// be rooms of this plan.
pub fn mutated(
    plan: &Plan,
    parent: &Scenario,
    donor: &Scenario,
    choices: &mut dyn Choices,
) -> Scenario {
    let mut dice = Dice::new(choices);
    let swarm = Swarm::draw(&mut dice);
    dice.set_purpose(SCENES);
    let changes = CHANGES.0 + dice.number(CHANGES.1);
    // Delays are drawn from the seed: with another one everything may come in another order.
    let keeps_seed = dice.chance(1, 2);
    let mut draft = again(&mut dice, plan, parent, swarm);
    for _ in 0..changes {
        draft.dice.set_purpose(SCENES);
        let weights = CHANGES_MADE.iter().map(|(_, weight)| *weight);
        let (change, _) = CHANGES_MADE[draft.dice.weighted(weights)];
        draft.change(change, donor);
    }
    let mut scenario = finish(draft, plan.subject);
    if keeps_seed {
        scenario.seed = parent.seed;
    }
    scenario
}

/// What rooms of this plan can be made of if this room was written by hand: the room without what it expects. `None` if it is larger
/// than they are, if nobody in it is on trial, if somebody is there who should not be, or if it has those on trial do what is wrong.
#[must_use]
pub fn parent(plan: &Plan, scenario: &Scenario) -> Option<Scenario> {
    let Plan { sizes, subject, neighbours } = plan;
    let is_on_trial = |party| subject.is_on_trial(scenario, party);
    let mut devices = (0..scenario.devices.len()).map(|device| Party::Device(DeviceId::at(device)));
    let mut servers = (0..scenario.servers.len()).map(|server| Party::Server(ServerId::at(server)));
    let are_wanted = if *neighbours {
        devices.any(is_on_trial)
    } else {
        devices.all(is_on_trial) && servers.all(is_on_trial)
    };
    let is_right = !scenario.expect.violations.iter().any(|one| is_on_trial(one.party));
    // Of a mutant or a program no more is on trial than what was written for it, which files are not.
    let is_parent =
        *subject == Subject::Specification && are_wanted && is_right && sizes.hold(scenario);
    is_parent.then(|| Scenario {
        about: String::new(),
        rules: Vec::new(),
        expect: Expectations::default(),
        ..scenario.clone()
    })
}

/// The draft that a room could have come from, without a heal phase.
fn again<'d, 'c>(
    dice: &'d mut Dice<'c>,
    plan: &Plan,
    parent: &Scenario,
    swarm: Swarm,
) -> Draft<'d, 'c> {
    let mut scenario = parent.clone();
    let messages = parent.heal.map_or(parent.messages.len(), |heal| heal.first_probe.index());
    let is_told = |at: SimTime| parent.heal.is_none_or(|heal| at < heal.from);
    let mut steps = std::mem::take(&mut scenario.timeline);
    steps.retain(|step| is_told(step.at));
    let mut faults = std::mem::take(&mut scenario.faults);
    for fault in &mut faults {
        if let FaultKind::ForgedWithheld { content, .. } = &mut fault.kind {
            content.session_of = content.session_of.filter(|one| one.index() < messages);
        }
    }
    scenario.messages.clear();
    scenario.heal = None;
    let focus = focus_of(plan.subject, parent);
    let mut draft = Draft::new(dice, scenario, swarm, focus, plan.sizes);
    let mut sendings = vec![None; messages];
    for timed in &steps {
        if let Step::Send { device, room, message } = timed.step {
            sendings[message.index()] = Some(Sending { at: timed.at, device, room });
        }
    }
    // Every message of a scenario is sent by a step.
    draft.sendings = sendings.into_iter().flatten().collect();
    (draft.steps, draft.faults) = (steps, faults);
    draft
}

/// The device that a room is about: one that is on trial, or whose server is.
fn focus_of(subject: Subject, scenario: &Scenario) -> Option<Focus> {
    let Subject::Mutant(mutant, _) = subject else { return None };
    let mut devices = (0..scenario.devices.len()).map(DeviceId::at);
    let device = devices.find(|device| {
        let server = Party::Server(scenario.server_of(*device));
        subject.is_on_trial(scenario, Party::Device(*device))
            || subject.is_on_trial(scenario, server)
    })?;
    Some(Focus { device, role: role(mutant), mutant })
}

impl Draft<'_, '_> {
    fn change(&mut self, change: Change, donor: &Scenario) {
        match change {
            Change::MoveStep => self.move_step(),
            Change::CopyStep => self.copy_step(),
            Change::DropStep => {
                self.dice.set_purpose(STEPS);
                if let Some(place) = self.any_place(self.steps.len()) {
                    self.steps.remove(place);
                }
            }
            Change::AddStep => {
                let at = self.near();
                if let Some(couple) = self.couple() {
                    self.any_step(at, couple);
                }
            }
            Change::Scene => self.graft(),
            Change::AddFault => {
                let at = self.near();
                if let Some(couple) = self.couple() {
                    self.trouble(at, couple);
                }
            }
            Change::MoveFault | Change::EndFault | Change::DropFault => self.change_fault(change),
            Change::TakeFault => self.take_fault(donor),
            Change::Policy => self.take_policy(),
            Change::Keys => self.change_keys(),
            Change::Network => self.scenario.network = donor.network,
            Change::Room => self.take_room(donor),
        }
    }

    /// One of so many places, if there is any.
    fn any_place(&mut self, places: usize) -> Option<usize> {
        (places > 0).then(|| self.dice.index(places))
    }

    /// The moment of something that is planned, or one near it.
    fn near(&mut self) -> SimTime {
        let places = self.steps.len() + self.faults.len();
        let Some(place) = self.any_place(places) else { return self.clock };
        let at = match self.steps.get(place) {
            Some(step) => step.at,
            None => {
                let fault = &self.faults[place - self.steps.len()];
                let (from, until) = (fault.from, fault.until);
                let is_end = until != SimTime::MAX && self.dice.chance(1, 2);
                if is_end { until } else { from }
            }
        };
        match self.dice.number(6) {
            0 | 1 => at,
            2 => at + self.dice.instant(),
            3 => at - self.dice.instant(),
            4 => at + self.dice.soon(),
            _ => at - self.dice.soon(),
        }
    }

    fn move_step(&mut self) {
        self.dice.set_purpose(STEPS);
        let at = self.near();
        let Some(place) = self.any_place(self.steps.len()) else { return };
        self.steps[place].at = at;
        if let Step::Send { message, .. } = self.steps[place].step {
            self.sendings[message.index()].at = at;
        }
    }

    fn copy_step(&mut self) {
        self.dice.set_purpose(STEPS);
        let at = self.near();
        let Some(place) = self.any_place(self.steps.len()) else { return };
        let step = self.steps[place].step.clone();
        if let Step::Send { device, room, .. } = step {
            self.send(at, device, room);
        } else {
            let is_wanted = self.dice.chance(1, 2);
            self.step(at, opposite(step, is_wanted));
        }
    }

    fn graft(&mut self) {
        self.clock = self.near();
        let Some(couple) = self.couple() else { return };
        let weights = Scene::ALL
            .iter()
            .map(|scene| self.focus.map_or(1, |focus| focus.weight(scene.chapters())));
        let weights: Vec<u32> = weights.collect();
        let scene = Scene::ALL[self.dice.weighted(weights.iter().copied())];
        scene.play(self, couple);
    }

    fn change_fault(&mut self, change: Change) {
        self.dice.set_purpose(FAULTS);
        let at = self.near();
        let Some(place) = self.any_place(self.faults.len()) else { return };
        if change == Change::DropFault {
            self.faults.remove(place);
            return;
        }
        let fault = &mut self.faults[place];
        let instant = SimDuration::from_ms(1);
        if change == Change::EndFault {
            fault.until = at.max(fault.from + instant);
            return;
        }
        let length = fault.until.since(fault.from);
        fault.until = if fault.until == SimTime::MAX { SimTime::MAX } else { at + length };
        fault.from = at;
        if let FaultKind::ServerRestored { snapshot: taken, .. }
        | FaultKind::StoreRolledBack { snapshot: taken, .. }
        | FaultKind::StaleQueryAnswer { as_of: taken, .. } = &mut fault.kind
        {
            *taken = (*taken).min(at);
        }
    }

    fn take_fault(&mut self, donor: &Scenario) {
        self.dice.set_purpose(FAULTS);
        let at = self.near();
        let Some(place) = self.any_place(donor.faults.len()) else { return };
        let fault = &donor.faults[place];
        if !self.may_break() || !self.has_whom(&fault.kind) {
            return;
        }
        self.faults.push(fault.clone());
        // It is moved to where it is wanted like any other.
        let last = self.faults.len() - 1;
        let length = fault.until.since(fault.from);
        let taken = &mut self.faults[last];
        if self.dice.chance(2, 3) {
            taken.until = if fault.until == SimTime::MAX { SimTime::MAX } else { at + length };
            taken.from = at;
            if let FaultKind::ServerRestored { snapshot, .. }
            | FaultKind::StoreRolledBack { snapshot, .. }
            | FaultKind::StaleQueryAnswer { as_of: snapshot, .. } = &mut taken.kind
            {
                *snapshot = (*snapshot).min(at);
            }
        }
    }

    /// Whether whom a fault of another room is about is here too, and it says nothing that only the other room knows.
    fn has_whom(&self, kind: &FaultKind) -> bool {
        let Whom { devices, servers, user, is_tied } = Whom::of(kind);
        let is_device = |one: &DeviceId| one.index() < self.scenario.devices.len();
        let is_server = |one: &ServerId| one.index() < self.scenario.servers.len();
        let is_user = |one: &UserId| one.index() < self.scenario.users.len();
        let is_here = devices.iter().flatten().all(is_device)
            && servers.iter().flatten().all(is_server)
            && user.iter().all(is_user);
        // No server refuses what its own users send.
        let is_own = |device: DeviceId, at| self.server(device) == at;
        is_here
            && !is_tied
            && !matches!(*kind, FaultKind::PoisonedEdu { device, at } if is_own(device, at))
    }

    fn take_policy(&mut self) {
        self.dice.set_purpose(POLICIES);
        let (one, other) = (self.any_device(), self.any_device());
        let [from, to] = [one, other].map(|device| &self.scenario.devices[device.index()]);
        if from.habits == to.habits {
            let policy = from.policy.clone();
            self.scenario.devices[other.index()].policy = policy;
        }
    }

    fn change_keys(&mut self) {
        self.dice.set_purpose(POLICIES);
        let device = self.any_device();
        let number = self.dice.pick(&[50, 0, 1, 2, 5]).unwrap_or(50);
        let has_fallback = self.dice.chance(1, 2);
        let device = &mut self.scenario.devices[device.index()];
        device.one_time_keys = number;
        device.fallback_key = has_fallback;
    }

    fn take_room(&mut self, donor: &Scenario) {
        let Some(place) = self.any_place(donor.rooms.len()) else { return };
        let (rotation, visibility) =
            (donor.rooms[place].rotation, donor.rooms[place].history_visibility);
        let Some(room) = self.any_place(self.scenario.rooms.len()) else { return };
        let room = &mut self.scenario.rooms[room];
        room.rotation = rotation;
        room.history_visibility = visibility;
    }
}

/// The step that takes this one back, where there is one and it is wanted; else the step itself.
fn opposite(step: Step, is_wanted: bool) -> Step {
    match (is_wanted, step) {
        (true, Step::Block { device, target }) => Step::Unblock { device, target },
        (true, Step::Unblock { device, target }) => Step::Block { device, target },
        (true, Step::Verify { device, target }) => Step::Unverify { device, target },
        (true, Step::Unverify { device, target }) => Step::Verify { device, target },
        (true, Step::RequestKey { device, message, .. }) => Step::CancelRequest { device, message },
        (_, step) => step,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{CHANGES_MADE, Change, again, mutated};
    use crate::engine::choices::Seeded;
    use crate::generate::dice::Dice;
    use crate::generate::plan::Plan;
    use crate::generate::scenario;
    use crate::generate::swarm::Swarm;
    use crate::scenario::file;
    use crate::scenario::limits::Limits;

    #[test]
    fn rooms_out_of_rooms_are_valid_however_often_they_are_changed() {
        let plan = Plan::default();
        for seed in 0..60 {
            let mut room = scenario(&plan, &mut Seeded::new(seed));
            let donor = scenario(&plan, &mut Seeded::new(seed + 1_000));
            for generation in 0..8 {
                let next = mutated(&plan, &room, &donor, &mut Seeded::new(seed * 100 + generation));
                let text = file::write(&next);
                match file::read_bytes(text.as_bytes(), &Limits::FILES) {
                    Ok(read) => assert_eq!(read, next, "{seed} {generation}"),
                    Err(problems) => {
                        panic!("{seed} {generation}: {}", file::render(&problems, "room", &text))
                    }
                }
                assert!(next.faults.len() <= plan.sizes.faults as usize);
                room = next;
            }
        }
    }

    #[test]
    fn equal_choices_make_equal_changes_and_other_choices_others() {
        let plan = Plan::default();
        let room = scenario(&plan, &mut Seeded::new(1));
        let change = |seed| mutated(&plan, &room, &room, &mut Seeded::new(seed));
        assert_eq!(change(5), change(5));
        let different: BTreeSet<String> = (0..20).map(|seed| file::write(&change(seed))).collect();
        assert!(different.len() > 15, "{}", different.len());
    }

    #[test]
    fn every_change_changes_something_in_some_room() {
        let plan = Plan::default();
        let mut without_effect: Vec<Change> = CHANGES_MADE.iter().map(|(one, _)| *one).collect();
        for seed in 0..40 {
            let room = scenario(&plan, &mut Seeded::new(seed));
            let donor = scenario(&plan, &mut Seeded::new(seed + 1_000));
            without_effect.retain(|change| {
                let (mut choices, mut same) = (Seeded::new(seed), Seeded::new(seed));
                let (mut dice, mut same) = (Dice::new(&mut choices), Dice::new(&mut same));
                let swarms = [Swarm::draw(&mut dice), Swarm::draw(&mut same)];
                let mut changed = again(&mut dice, &plan, &room, swarms[0]);
                let unchanged = again(&mut same, &plan, &room, swarms[1]);
                changed.change(*change, &donor);
                changed.scenario == unchanged.scenario
                    && changed.steps == unchanged.steps
                    && changed.faults == unchanged.faults
            });
        }
        assert_eq!(without_effect, []);
    }
}
