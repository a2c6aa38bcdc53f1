//! What may be tried on a scenario to make it smaller, each thing a value with a sentence.
//! It does not know in which order things are tried, nor what came of it.

use std::collections::BTreeSet;

use crate::ids::{DeviceId, FaultId, RoomId, ServerId, UserId};
use crate::protocol::room::Membership;
use crate::scenario::model::Scenario;
use crate::scenario::step::Step;
use crate::time::{SimDuration, SimTime};

use super::cut::{Cut, told};
use super::names::renamed;
use super::relevant::Relevant;
use super::repair::repaired;
use super::reset::{Reset, reset};
use super::shorten::{lasts, numbers, shorter, span, with_fewer_conditions};
use super::times::{Times, earlier_ends, retold};

/// A part that may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// A user with all devices.
    User(UserId),
    /// A device; its user too if it is the only one.
    Device(DeviceId),
    /// A device, whose user stays.
    DeviceAlone(DeviceId),
    /// A room.
    Room(RoomId),
    /// A step of the timeline, by its place.
    Step(usize),
    /// A fault.
    Fault(FaultId),
    /// The heal phase.
    Heal,
    /// A cell that something is expected of, by its place.
    Cell(usize),
    /// A violation that is expected, by its place.
    Violation(usize),
    /// A number of notices that is expected, by its place.
    Notices(usize),
    /// A setting of a device for what it reports to a single user or device, by its place.
    Override(DeviceId, usize),
    /// A device among those that a step asks for a key, by its place.
    Asked(usize, usize),
}

/// Two parts that may become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Merge {
    /// The devices of one user become those of another.
    Users(UserId, UserId),
    /// The users of one server move to another.
    Servers(ServerId, ServerId),
    /// All users move to the first server.
    AllServers,
    /// What happens in one room happens in another.
    Rooms(RoomId, RoomId),
}

/// What of a fault may become less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Less {
    /// It ends earlier.
    Until(SimTime),
    /// It begins later.
    From(SimTime),
    /// A number of it, by its place, becomes smaller.
    Number(usize, u32),
    /// A span of it becomes shorter.
    Span(SimDuration),
    /// A condition on the messages that it hits, by its place, is not made.
    Condition(usize),
}

/// How much of what is known to be relevant is kept, and what else is done at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Extent {
    /// Nothing but the relevant; all settings usual, on one server, at even times, without a heal phase.
    Barest,
    /// Nothing but the relevant; all settings usual.
    Bare,
    /// Nothing but the relevant.
    Relevant,
}

/// One thing that may be tried.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edit {
    /// Only what is known to be relevant stays.
    Keep(Extent),
    /// These go.
    Remove(Vec<Part>),
    /// Two become one.
    Merge(Merge),
    /// A setting becomes usual.
    Reset(Reset),
    /// The number of one-time keys of a device becomes smaller.
    OneTimeKeys(DeviceId, u32),
    /// Sessions of a room are replaced after fewer messages.
    RotationMessages(RoomId, u32),
    /// Sessions of a room are replaced after less time.
    RotationPeriod(RoomId, SimDuration),
    /// Somebody is in a room who was only invited, or was banned, at the start.
    Join(RoomId, UserId),
    /// A fault becomes less.
    Shorten(FaultId, Less),
    /// All faults are as short as can be.
    ShortenAll,
    /// Times are told anew.
    Times(Times),
    /// Everything gets the name that people would give it.
    Names,
}

impl Edit {
    /// The scenario after this; `None` if that makes no sense. It may be the same, and it need not be valid in every respect.
    pub(super) fn apply(&self, scenario: &Scenario, relevant: &Relevant) -> Option<Scenario> {
        match self {
            Self::Keep(extent) => keep(scenario, *extent, relevant),
            Self::Remove(parts) => remove(scenario, parts),
            Self::Merge(merge) => merged(scenario, *merge),
            Self::Reset(what) => Some(repaired(reset(&told(scenario), *what, relevant))),
            Self::OneTimeKeys(device, number) => {
                let mut new = told(scenario);
                new.devices[device.index()].one_time_keys = *number;
                Some(new)
            }
            Self::RotationMessages(room, number) => {
                let mut new = told(scenario);
                new.rooms[room.index()].rotation.messages = *number;
                Some(new)
            }
            Self::RotationPeriod(room, period) => {
                let mut new = told(scenario);
                new.rooms[room.index()].rotation.period = *period;
                Some(new)
            }
            Self::Join(room, user) => {
                let mut new = told(scenario);
                let members = new.rooms[room.index()].members.iter_mut();
                for (_, membership) in members.filter(|(member, _)| member == user) {
                    *membership = Membership::Join;
                }
                Some(repaired(new))
            }
            Self::Shorten(fault, less) => Some(shortened(told(scenario), *fault, *less)),
            Self::ShortenAll => Some(all_shortened(told(scenario))),
            Self::Times(times) => retold(&told(scenario), *times),
            Self::Names => Some(renamed(told(scenario))),
        }
    }
}

fn remove(scenario: &Scenario, parts: &[Part]) -> Option<Scenario> {
    let mut cut = Cut::nothing(scenario);
    let mut base = told(scenario);
    // Places in a list are those before anything went.
    let (mut cells, mut violations, mut notices) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut alone = vec![0_usize; scenario.users.len()];
    scenario.devices.iter().for_each(|device| alone[device.user.index()] += 1);
    for part in parts {
        match *part {
            Part::User(user) => cut.user(user),
            Part::Device(device) => {
                let user = scenario.user_of(device);
                alone[user.index()] -= 1;
                cut.device(device);
                if alone[user.index()] == 0 {
                    cut.user(user);
                }
            }
            Part::DeviceAlone(device) => cut.device(device),
            Part::Room(room) => cut.room(room),
            Part::Step(step) => cut.step(step),
            Part::Fault(fault) => cut.fault(fault.index()),
            Part::Heal => base.heal = None,
            Part::Cell(place) => {
                cells.insert(place);
            }
            Part::Violation(place) => {
                violations.insert(place);
            }
            Part::Notices(place) => {
                notices.insert(place);
            }
            Part::Override(device, place) => {
                let overrides = &mut base.devices[device.index()].policy.report.overrides;
                if place < overrides.len() {
                    overrides.remove(place);
                }
            }
            Part::Asked(step, place) => {
                if let Step::RequestKey { of, .. } = &mut base.timeline[step].step
                    && place < of.len()
                {
                    of.remove(place);
                }
            }
        }
    }
    retain(&mut base.expect.cells, &cells);
    retain(&mut base.expect.violations, &violations);
    retain(&mut base.expect.notices, &notices);
    cut.apply(&base)
}

fn retain<T>(list: &mut Vec<T>, without: &BTreeSet<usize>) {
    let mut place = 0;
    list.retain(|_| {
        place += 1;
        !without.contains(&(place - 1))
    });
}

fn merged(scenario: &Scenario, merge: Merge) -> Option<Scenario> {
    let mut cut = Cut::nothing(scenario);
    match merge {
        Merge::Users(from, into) => cut.merge_users(from, into),
        Merge::Servers(from, into) => cut.merge_servers(from, into),
        Merge::AllServers => {
            for index in 1..scenario.servers.len() {
                cut.merge_servers(ServerId::at(index), ServerId::new(0));
            }
        }
        Merge::Rooms(from, into) => cut.merge_rooms(from, into),
    }
    cut.apply(scenario)
}

fn shortened(mut new: Scenario, fault: FaultId, less: Less) -> Scenario {
    let fault = &mut new.faults[fault.index()];
    match less {
        Less::Until(time) => fault.until = time,
        Less::From(time) => fault.from = time,
        Less::Number(place, value) => {
            if let Some(number) = numbers(&mut fault.kind).into_iter().nth(place) {
                *number = value;
            }
        }
        Less::Span(value) => {
            if let Some(span) = span(&mut fault.kind) {
                *span = value;
            }
        }
        Less::Condition(place) => {
            if let Some(kind) = with_fewer_conditions(&fault.kind).into_iter().nth(place) {
                fault.kind = kind;
            }
        }
    }
    new.horizon = new.horizon.max(
        new.faults
            .iter()
            .filter(|f| f.until != SimTime::MAX)
            .map(|f| f.until)
            .max()
            .unwrap_or(SimTime::ZERO),
    );
    new
}

fn all_shortened(mut new: Scenario) -> Scenario {
    for index in 0..new.faults.len() {
        let fault = FaultId::at(index);
        if lasts(&new.faults[index].kind)
            && let Some(end) = earlier_ends(&new, fault).first()
        {
            new = shortened(new, fault, Less::Until(*end));
        }
        let kind = &mut new.faults[index].kind;
        for number in numbers(kind) {
            *number = 1;
        }
        if let Some(span) = span(kind)
            && let Some(shortest) = shorter(*span).first()
        {
            *span = *shortest;
        }
    }
    new
}

/// Only what is relevant, with what it cannot do without: a device must be logged in before it does something, and its user must
/// have come into the room.
fn keep(scenario: &Scenario, extent: Extent, relevant: &Relevant) -> Option<Scenario> {
    let mut cut = Cut::nothing(scenario);
    let stays = |device: &DeviceId| relevant.devices.contains(device);
    let mut users: BTreeSet<UserId> = relevant.users.clone();
    users.extend(relevant.devices.iter().map(|device| scenario.user_of(*device)));
    for index in 0..scenario.devices.len() {
        if !stays(&DeviceId::at(index)) {
            cut.device(DeviceId::at(index));
        }
    }
    for index in 0..scenario.users.len() {
        if !users.contains(&UserId::at(index)) {
            cut.user(UserId::at(index));
        }
    }
    for index in 0..scenario.rooms.len() {
        if !relevant.rooms.contains(&RoomId::at(index)) {
            cut.room(RoomId::at(index));
        }
    }
    for (place, timed) in scenario.timeline.iter().enumerate() {
        if !relevant.steps.contains(&place) && !is_needed(&timed.step, &users) {
            cut.step(place);
        }
    }
    for index in 0..scenario.faults.len() {
        if !relevant.faults.contains(&FaultId::at(index)) {
            cut.fault(index);
        }
    }
    let mut base = scenario.clone();
    match extent {
        Extent::Barest | Extent::Bare => {
            if relevant.before_heal {
                base = told(&base);
                base.heal = None;
            }
            base = reset(&base, Reset::All, relevant);
        }
        Extent::Relevant => {}
    }
    let mut new = cut.apply(&base)?;
    if extent == Extent::Barest {
        if new.servers.len() > 1 {
            new = merged(&new, Merge::AllServers)?;
        }
        new = retold(&new, Times::Even).unwrap_or(new);
    }
    Some(new)
}

/// Whether others may rest on the step: somebody comes up, or comes into a room.
fn is_needed(step: &Step, users: &BTreeSet<UserId>) -> bool {
    if let Step::Member { user, membership, .. } = step {
        return users.contains(user) && matches!(membership, Membership::Join | Membership::Invite);
    }
    matches!(step, Step::Login(_))
}
