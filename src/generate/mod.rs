//! Scenarios out of choices: rooms that nobody thought of, valid by construction.
//! It does not know what comes of a room, nor where choices come from.
//!
//! A cast is drawn, then scenes are played one after the other or through each other, with steps and faults near what
//! they planned. At the end the plan is put in the order of time, and what cannot be done then is left out.

mod cast;
mod dice;
mod draft;
mod faults;
mod finish;
mod focus;
mod forgery;
mod habits;
pub mod mutate;
pub mod plan;
mod policies;
mod scenes;
mod sort;
mod stage;
mod steps;
mod swarm;
#[cfg(test)]
mod tests;

use crate::engine::choices::Choices;
use crate::protocol::room::Membership;
use crate::scenario::habits::Habits;
use crate::scenario::model::{PublishedKeys, Scenario};
use crate::scenario::policy::Policy;
use crate::time::SimTime;

use self::dice::{Dice, SCENES};
use self::draft::{Couple, Draft};
use self::focus::{Focus, role};
use self::plan::{Plan, Subject};
use self::scenes::Scene;
use self::swarm::Swarm;

/// A scenario as `plan` wants it. Equal choices give equal scenarios.
pub fn scenario(plan: &Plan, choices: &mut dyn Choices) -> Scenario {
    let mut dice = Dice::new(choices);
    let swarm = Swarm::draw(&mut dice);
    let mut cast = cast::make(&mut dice, plan, &swarm);
    dice.set_purpose(SCENES);
    let focus = focus_on(&mut dice, plan.subject, &mut cast);
    let mut draft = Draft::new(&mut dice, cast, swarm, focus, plan.sizes);
    fill(&mut draft);
    finish::finish(draft, plan.subject)
}

/// Makes one device, or its server, the mutant that is on trial, if one is.
fn focus_on(dice: &mut Dice<'_>, subject: Subject, cast: &mut Scenario) -> Option<Focus> {
    let (mutant, variant) = match subject {
        Subject::Specification | Subject::Program(_) => return None,
        Subject::Mutant(mutant, variant) => (mutant, variant),
    };
    let joined = |device: &crate::scenario::model::Device| {
        cast.rooms.iter().any(|room| room.members.contains(&(device.user, Membership::Join)))
    };
    let able = |(_, device): &(usize, &crate::scenario::model::Device)| {
        device.present && device.keys == PublishedKeys::Full && joined(device)
    };
    let candidates: Vec<usize> =
        cast.devices.iter().enumerate().filter(able).map(|(index, _)| index).collect();
    let index = dice.pick(&candidates).unwrap_or(0);
    let device = crate::ids::DeviceId::at(index);
    cast.devices[index].habits = Habits::specification();
    if dice.chance(1, 2) {
        cast.devices[index].policy = Policy::standard();
    }
    let variants = mutant.variants();
    variants.get(variant).unwrap_or(&variants[0]).apply(cast, device);
    Some(Focus { device, role: role(mutant), mutant })
}

/// Plays scenes until as much is planned as was wanted.
fn fill(draft: &mut Draft<'_, '_>) {
    // A room in which nobody can send, or in which every kind of step is off, must come to an end as well.
    let mut rounds = 0;
    while !draft.is_full() && rounds < 400 {
        rounds += 1;
        let Some(couple) = draft.couple() else { return alone(draft) };
        let start = draft.clock;
        let planned = draft.sendings.len();
        scene(draft).play(draft, couple);
        disturb(draft, couple, start, planned);
        if draft.dice.chance(1, 5) {
            draft.clock = start;
        }
        draft.clock += draft.dice.gap();
    }
}

/// The next scene: one of those that are on, and rather one about the rules that must catch the mutant on trial.
fn scene(draft: &mut Draft<'_, '_>) -> Scene {
    let (swarm, focus) = (draft.swarm, draft.focus);
    let weights = Scene::ALL.iter().map(|scene| {
        let weight = focus.map_or(1, |focus| focus.weight(scene.chapters()));
        // What shows a mutant is never off.
        if swarm.has_scene(*scene) || weight > 1 { weight } else { 0 }
    });
    Scene::ALL[draft.dice.weighted(weights)]
}

/// Steps and faults near something that the scene planned.
fn disturb(draft: &mut Draft<'_, '_>, couple: Couple, start: SimTime, planned: usize) {
    let moments = draft.sendings.len() - planned;
    for _ in 0..draft.dice.number(3) {
        let at = moment(draft, start, planned, moments);
        draft.any_step(at, couple);
    }
    if draft.dice.chance(1, 3) {
        let at = moment(draft, start, planned, moments);
        draft.trouble(at, couple);
    }
}

fn moment(draft: &mut Draft<'_, '_>, start: SimTime, planned: usize, moments: usize) -> SimTime {
    if moments == 0 {
        return start;
    }
    let position = planned + draft.dice.index(moments);
    draft.sendings[position].at
}

/// The story of a cast in which nobody has anybody to write to.
fn alone(draft: &mut Draft<'_, '_>) {
    let Some(sender) = draft.pick_device(|draft, device| draft.is_able(device)) else { return };
    let Some(room) = draft.room_of(sender) else { return };
    let couple = Couple { sender, room, other: sender };
    while !draft.is_full() && draft.sendings.len() < 8 {
        draft.send(draft.clock, sender, room);
        let at = draft.clock;
        draft.any_step(at, couple);
        draft.clock += draft.dice.gap();
    }
}
