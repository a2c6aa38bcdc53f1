//! Who comes and goes in a world: joins and leaves, new devices and logouts, blocks and unblocks.
//! It does not know what was blocked before, nor what breaks.

use std::collections::BTreeSet;

use super::lot::{For, Lot};
use super::story::{FIRST_MESSAGE, last_message, membership};
use super::{Numbers, People};
use crate::ids::{DeviceId, UserId};
use crate::protocol::room::Membership;
use crate::scenario::model::Scenario;
use crate::scenario::policy::Target;
use crate::scenario::step::{Step, TimedStep};
use crate::time::SimDuration;

/// Adds so many of each, at any time between the first message and the last.
pub(super) fn add(numbers: Numbers, scenario: &mut Scenario, people: People<'_>, lot: &mut Lot) {
    let count = numbers.churn as usize;
    let mut steps = Vec::new();
    for user in people.newcomers {
        steps.extend(membership(scenario, *user, Membership::Join));
    }
    steps.extend(people.new_devices.iter().map(|device| Step::Login(*device)));
    let quiet = receiving_users(scenario, people);
    let mut parts = lot.some(2 * count, &quiet, For::Churn).into_iter();
    for user in parts.by_ref().take(count.min(quiet.len().div_ceil(2))) {
        steps.extend(membership(scenario, user, Membership::Leave));
    }
    for user in parts {
        let there = |device: &DeviceId| scenario.devices[device.index()].present;
        steps.extend(scenario.devices_of(user).filter(there).last().map(Step::Logout));
    }
    for step in steps {
        let at = lot.time(FIRST_MESSAGE, last_message(numbers), For::Churn);
        scenario.timeline.push(TimedStep { at, step });
    }
    block(numbers, scenario, people, lot);
}

/// Somebody is blocked by whoever sends, and unblocked again after a while.
fn block(numbers: Numbers, scenario: &mut Scenario, people: People<'_>, lot: &mut Lot) {
    for _ in 0..numbers.churn {
        let Some(device) = lot.some(1, people.senders, For::Churn).pop() else { continue };
        let own = scenario.user_of(device);
        let members = scenario.rooms[0].members.iter().map(|(user, _)| *user);
        let others: Vec<UserId> = members.filter(|user| *user != own).collect();
        let Some(user) = lot.some(1, &others, For::Churn).pop() else { continue };
        let target = Target::User(user);
        let at = lot.time(FIRST_MESSAGE, last_message(numbers), For::Churn);
        let later = at + SimDuration::from_secs(numbers.pause_s * lot.between(2, 6, For::Churn));
        for (at, step) in
            [(at, Step::Block { device, target }), (later, Step::Unblock { device, target })]
        {
            scenario.timeline.push(TimedStep { at, step });
        }
    }
}

/// Members who do not send.
fn receiving_users(scenario: &Scenario, people: People<'_>) -> Vec<UserId> {
    let sending: BTreeSet<UserId> =
        people.senders.iter().map(|device| scenario.user_of(*device)).collect();
    let members = scenario.rooms[0].members.iter().map(|(user, _)| *user);
    members.filter(|user| !sending.contains(user)).collect()
}
