//! What happens in every world: senders verify and block, then they write.
//! It does not know who comes and goes meanwhile.

use super::lot::{For, Lot};
use super::{Numbers, People, Plan};
use crate::ids::{DeviceId, MessageId, RoomId, UserId};
use crate::protocol::room::Membership;
use crate::scenario::model::Scenario;
use crate::scenario::policy::Target;
use crate::scenario::step::{Step, TimedStep};
use crate::time::{SimDuration, SimTime};

/// When senders begin to verify and block.
const TRUST_FROM: SimTime = SimTime::from_ms(1_000);
/// When the first message may be sent: all that was verified and blocked is known by then.
pub(super) const FIRST_MESSAGE: SimTime = SimTime::from_ms(60_000);

/// When the last message has been sent.
pub(super) fn last_message(numbers: Numbers) -> SimTime {
    FIRST_MESSAGE + SimDuration::from_secs(numbers.pause_s).times(u64::from(numbers.messages))
}

/// Tells what every world has in common.
pub(super) fn tell(
    plan: Plan,
    numbers: Numbers,
    scenario: &mut Scenario,
    people: People<'_>,
    lot: &mut Lot,
) {
    let mut at = TRUST_FROM;
    let mut step = |step, scenario: &mut Scenario| {
        scenario.timeline.push(TimedStep { at, step });
        at += SimDuration::from_ms(20);
    };
    let blocked = plan.withheld_permille.map(|share| same_for_all(share, scenario, people, lot));
    for sender in people.senders {
        for target in verified(*sender, numbers, scenario, lot) {
            step(Step::Verify { device: *sender, target: Target::User(target) }, scenario);
        }
        let own = match &blocked {
            Some(devices) => devices.iter().copied().map(Target::Device).collect(),
            None => blocked_by(*sender, numbers, scenario, lot),
        };
        for target in own {
            step(Step::Block { device: *sender, target }, scenario);
        }
    }
    messages(numbers, scenario, people, lot);
}

/// Users whom a sender has verified.
fn verified(sender: DeviceId, numbers: Numbers, scenario: &Scenario, lot: &mut Lot) -> Vec<UserId> {
    let own = scenario.user_of(sender);
    let can_be = |user: &UserId| *user != own && scenario.users[user.index()].cross_signing;
    let users: Vec<UserId> = members(scenario).filter(can_be).collect();
    lot.some(share(users.len(), numbers.verified_permille), &users, For::Trust)
}

/// Whom a sender blocks: users, or single devices.
fn blocked_by(
    sender: DeviceId,
    numbers: Numbers,
    scenario: &Scenario,
    lot: &mut Lot,
) -> Vec<Target> {
    let own = scenario.user_of(sender);
    let users: Vec<UserId> = members(scenario).filter(|user| *user != own).collect();
    let drawn = lot.some(share(users.len(), numbers.blocked_permille).max(1), &users, For::Trust);
    let target = |user: UserId| match scenario.devices_of(user).last() {
        Some(device) if lot.chance(500, For::Trust) => Target::Device(device),
        Some(_) | None => Target::User(user),
    };
    drawn.into_iter().map(target).collect()
}

/// The devices that all senders block: so many of a thousand of those that receive only.
fn same_for_all(
    permille: u32,
    scenario: &Scenario,
    people: People<'_>,
    lot: &mut Lot,
) -> Vec<DeviceId> {
    let others = (0..scenario.devices.len()).map(DeviceId::at);
    let others: Vec<DeviceId> = others
        .filter(|device| !people.senders.contains(device))
        .filter(|device| scenario.devices[device.index()].present)
        .filter(|device| !people.newcomers.contains(&scenario.user_of(*device)))
        .collect();
    lot.some(share(others.len(), u64::from(permille)), &others, For::Trust)
}

fn members(scenario: &Scenario) -> impl Iterator<Item = UserId> + '_ {
    scenario.rooms[0].members.iter().map(|(user, _)| *user)
}

/// So many of a thousand, rounded.
fn share(of: usize, permille: u64) -> usize {
    usize::try_from((of as u64 * permille + 500) / 1_000).unwrap_or(of)
}

/// One sender after the other, in bursts, with pauses of about the same length.
fn messages(numbers: Numbers, scenario: &mut Scenario, people: People<'_>, lot: &mut Lot) {
    let pause = SimDuration::from_secs(numbers.pause_s);
    let mut sender = None;
    for number in 0..numbers.messages {
        let slot = FIRST_MESSAGE + pause.times(u64::from(number));
        let at = lot.time(slot, slot + pause, For::Story);
        if sender.is_none() || lot.chance(400, For::Story) {
            sender = lot.some(1, people.senders, For::Story).pop();
        }
        let Some(device) = sender else { continue };
        let (room, message) = (RoomId::new(0), MessageId::new(number));
        scenario.timeline.push(TimedStep { at, step: Step::Send { device, room, message } });
    }
}

/// Numbers the messages in the order in which they are sent, and names them.
pub(super) fn name_messages(scenario: &mut Scenario) {
    scenario.messages.clear();
    for timed in &mut scenario.timeline {
        if let Step::Send { message, .. } = &mut timed.step {
            *message = MessageId::at(scenario.messages.len());
            scenario.messages.push(format!("m{}", scenario.messages.len() + 1));
        }
    }
}

/// A change of membership that a user makes with an own device.
pub(super) fn membership(
    scenario: &Scenario,
    user: UserId,
    membership: Membership,
) -> Option<Step> {
    let device = scenario.devices_of(user).next()?;
    Some(Step::Member { device, room: RoomId::new(0), user, membership })
}
