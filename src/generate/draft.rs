//! A scenario that is being made: who is there, what is planned so far in any order, and the time that has come.
//! It does not know scenes; they write into it and ask it for somebody who fits.

use super::dice::Dice;
use super::focus::{Focus, Role};
use super::plan::Sizes;
use super::sort::{FaultSort, StepSort};
use super::swarm::Swarm;
use crate::ids::{DeviceId, MessageId, RoomId, ServerId, UserId};
use crate::protocol::room::Membership;
use crate::scenario::fault::{Fault, FaultKind};
use crate::scenario::model::{PublishedKeys, Scenario};
use crate::scenario::policy::Target;
use crate::scenario::step::{Step, TimedStep};
use crate::time::{SimDuration, SimTime};

/// A planned message: who sends it, where and when. Its number is its place in the draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sending {
    pub(super) at: SimTime,
    pub(super) device: DeviceId,
    pub(super) room: RoomId,
}

/// Somebody who sends, where, and somebody else who should be able to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Couple {
    pub(super) sender: DeviceId,
    pub(super) room: RoomId,
    pub(super) other: DeviceId,
}

/// The draft of a scenario.
pub(super) struct Draft<'d, 'c> {
    pub(super) dice: &'d mut Dice<'c>,
    pub(super) scenario: Scenario,
    pub(super) swarm: Swarm,
    pub(super) focus: Option<Focus>,
    sizes: Sizes,
    /// How many steps are wanted.
    wanted: usize,
    pub(super) steps: Vec<TimedStep>,
    pub(super) faults: Vec<Fault>,
    pub(super) sendings: Vec<Sending>,
    /// When the next scene begins.
    pub(super) clock: SimTime,
}

impl<'d, 'c> Draft<'d, 'c> {
    /// A draft with a cast and nothing planned.
    pub(super) fn new(
        dice: &'d mut Dice<'c>,
        scenario: Scenario,
        swarm: Swarm,
        focus: Option<Focus>,
        sizes: Sizes,
    ) -> Self {
        let most = u64::from(sizes.steps.max(1));
        let wanted = dice.between(1, most).max(dice.between(1, most));
        Self {
            scenario,
            swarm,
            focus,
            sizes,
            wanted: usize::try_from(wanted).unwrap_or(usize::MAX),
            steps: Vec::new(),
            faults: Vec::new(),
            sendings: Vec::new(),
            clock: SimTime::from_ms(dice.between(1, 10_000)),
            dice,
        }
    }

    /// Whether as much is planned as was wanted.
    pub(super) const fn is_full(&self) -> bool {
        self.steps.len() >= self.wanted
    }

    /// Plans a step, unless its kind is switched off in this room.
    pub(super) fn step(&mut self, at: SimTime, step: Step) {
        let may = self.swarm.has_step(StepSort::of(&step));
        if may && self.steps.len() < self.sizes.steps as usize {
            self.steps.push(TimedStep { at, step });
        }
    }

    /// Plans a message.
    pub(super) fn send(&mut self, at: SimTime, device: DeviceId, room: RoomId) -> MessageId {
        let message = MessageId::at(self.sendings.len());
        self.sendings.push(Sending { at, device, room });
        self.step(at, Step::Send { device, room, message });
        message
    }

    /// Plans a message under a session of its own: the one before is thrown away first.
    pub(super) fn send_anew(&mut self, at: SimTime, device: DeviceId, room: RoomId) -> MessageId {
        self.step(at, Step::DiscardSession { device, room });
        self.send(at, device, room)
    }

    /// Plans a fault from `from` on for so long, unless its kind is switched off or there are enough.
    pub(super) fn fault(&mut self, from: SimTime, length: SimDuration, kind: FaultKind) {
        let may = self.swarm.has_fault(FaultSort::of(&kind));
        if may && self.faults.len() < self.sizes.faults as usize {
            let until = from + length.max(SimDuration::from_ms(1));
            self.faults.push(Fault { from, until, kind });
        }
    }

    /// Whether another fault may be planned.
    pub(super) const fn may_break(&self) -> bool {
        self.faults.len() < self.sizes.faults as usize
    }

    /// The user of a device.
    pub(super) fn user(&self, device: DeviceId) -> UserId {
        self.scenario.user_of(device)
    }

    /// The server of a device.
    pub(super) fn server(&self, device: DeviceId) -> ServerId {
        self.scenario.server_of(device)
    }

    /// Whether a device is there from the start and has keys.
    pub(super) fn is_able(&self, device: DeviceId) -> bool {
        let device = &self.scenario.devices[device.index()];
        device.present && device.keys == PublishedKeys::Full
    }

    /// All devices.
    pub(super) fn devices(&self) -> impl Iterator<Item = DeviceId> + use<> {
        (0..self.scenario.devices.len()).map(DeviceId::at)
    }

    /// Any device.
    pub(super) fn any_device(&mut self) -> DeviceId {
        DeviceId::at(self.dice.index(self.scenario.devices.len()))
    }

    /// Any user.
    pub(super) fn any_user(&mut self) -> UserId {
        UserId::at(self.dice.index(self.scenario.users.len()))
    }

    /// One of those that fit, if any does.
    pub(super) fn pick_device(
        &mut self,
        fits: impl Fn(&Self, DeviceId) -> bool,
    ) -> Option<DeviceId> {
        let count = self.devices().filter(|device| fits(self, *device)).count();
        if count == 0 {
            return None;
        }
        let position = self.dice.index(count);
        self.devices().filter(|device| fits(self, *device)).nth(position)
    }

    /// The rooms of which a user is a member at the start.
    pub(super) fn is_joined(&self, room: RoomId, user: UserId) -> bool {
        self.scenario.rooms[room.index()].members.contains(&(user, Membership::Join))
    }

    /// A room that a device's user has joined.
    pub(super) fn room_of(&mut self, device: DeviceId) -> Option<RoomId> {
        let user = self.user(device);
        let rooms = || (0..self.scenario.rooms.len()).map(RoomId::at);
        let count = rooms().filter(|room| self.is_joined(*room, user)).count();
        if count == 0 {
            return None;
        }
        let position = self.dice.index(count);
        let rooms = (0..self.scenario.rooms.len()).map(RoomId::at);
        rooms.filter(|room| self.is_joined(*room, user)).nth(position)
    }

    /// The device that the room is about, in three of four cases in which one in this role is asked for.
    fn hero(&mut self, role: Role) -> Option<DeviceId> {
        let focus = self.focus.filter(|focus| focus.role == role)?;
        self.dice.chance(3, 4).then_some(focus.device)
    }

    /// Somebody who can send to somebody. If this room is about a device, it mostly is one of the two.
    pub(super) fn couple(&mut self) -> Option<Couple> {
        let receives = self.hero(Role::Receives);
        let sender = match self.hero(Role::Sends) {
            Some(hero) => Some(hero),
            None => self.pick_device(|draft, device| {
                Some(device) != receives
                    && draft.is_able(device)
                    && receives.is_none_or(|hero| draft.share_a_room(device, hero))
            }),
        };
        let sender = sender.or_else(|| self.pick_device(Self::is_able))?;
        let room = match receives.filter(|hero| *hero != sender) {
            Some(hero) => self.common_room(sender, hero).or_else(|| self.room_of(sender))?,
            None => self.room_of(sender)?,
        };
        let other = match receives.filter(|hero| *hero != sender) {
            Some(hero) if self.is_joined(room, self.user(hero)) => hero,
            Some(_) | None => self.reader(room, sender)?,
        };
        Some(Couple { sender, room, other })
    }

    fn share_a_room(&self, one: DeviceId, other: DeviceId) -> bool {
        self.common_room(one, other).is_some()
    }

    fn common_room(&self, one: DeviceId, other: DeviceId) -> Option<RoomId> {
        let (one, other) = (self.user(one), self.user(other));
        let mut rooms = (0..self.scenario.rooms.len()).map(RoomId::at);
        rooms.find(|room| self.is_joined(*room, one) && self.is_joined(*room, other))
    }

    /// Somebody in a room who gets keys of `sender`, mostly one who is there and has keys.
    pub(super) fn reader(&mut self, room: RoomId, sender: DeviceId) -> Option<DeviceId> {
        let able = self.pick_device(|draft, device| {
            device != sender && draft.is_able(device) && draft.is_joined(room, draft.user(device))
        });
        let is_odd = able.is_none() || self.dice.chance(1, 10);
        if !is_odd {
            return able;
        }
        self.pick_device(|draft, device| {
            device != sender && draft.is_joined(room, draft.user(device))
        })
    }

    /// Another able device in the room besides these two.
    pub(super) fn third(&mut self, couple: Couple) -> Option<DeviceId> {
        self.pick_device(|draft, device| {
            device != couple.sender
                && device != couple.other
                && draft.is_able(device)
                && draft.is_joined(couple.room, draft.user(device))
        })
    }

    /// A device of this user other than `device`, that is there and has keys.
    pub(super) fn sibling(&mut self, device: DeviceId) -> Option<DeviceId> {
        let user = self.user(device);
        self.pick_device(|draft, other| {
            other != device && draft.user(other) == user && draft.is_able(other)
        })
    }

    /// A device that is not there at the start.
    pub(super) fn newcomer(&mut self, fits: impl Fn(&Self, DeviceId) -> bool) -> Option<DeviceId> {
        self.pick_device(|draft, device| {
            !draft.scenario.devices[device.index()].present && fits(draft, device)
        })
    }

    /// A device as a target, or its whole user.
    pub(super) fn target(&mut self, device: DeviceId) -> Target {
        if self.dice.chance(1, 4) {
            Target::User(self.user(device))
        } else {
            Target::Device(device)
        }
    }
}
