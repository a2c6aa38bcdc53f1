//! The story of a scenario: the timeline in its order, checked step by step against who is logged in and who is a
//! member. It does not know what clients make of a step, nor what breaks meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use super::cast::{Cast, devices_by_user};
use super::codec::{Reader, Slot};
use super::container::At;
use super::problem::{Span, quoted};
use super::stage::{Presence, Stage, known_until};
use super::timeline::{TimelineEntry, What};
use crate::ids::{DeviceId, MessageId, RoomId, UserId};
use crate::scenario::policy::Target;
use crate::scenario::step::{Step, TimedStep};
use crate::time::SimTime;

/// The timeline with what later parts of the file must know of it.
#[derive(Debug)]
pub(super) struct Story {
    /// The steps, in the order of time, then of the file.
    pub(super) timeline: Vec<TimedStep>,
    senders: BTreeMap<MessageId, (DeviceId, RoomId)>,
    ever_in: BTreeSet<(RoomId, UserId)>,
    by_user: Vec<Vec<DeviceId>>,
    members_known: bool,
}

impl Story {
    /// The device that sends a message; nothing if that could not be read.
    pub(super) fn sender(&self, message: MessageId) -> Option<DeviceId> {
        self.senders.get(&message).map(|(device, _)| *device)
    }

    /// Whether a user is ever a member of the room of a message or invited to it, as far as that is known.
    pub(super) fn may_get(&self, message: MessageId, user: UserId) -> bool {
        let room = self.senders.get(&message).map(|(_, room)| *room);
        !self.members_known || room.is_none_or(|room| self.ever_in.contains(&(room, user)))
    }

    /// The devices of users: the first one, and how many.
    pub(super) fn devices_of(&self, (first, count): (UserId, u32)) -> Vec<DeviceId> {
        let users = first.index()..(first.index() + count as usize).min(self.by_user.len());
        self.by_user[users].iter().flatten().copied().collect()
    }
}

/// A step with the place of its entry in the file.
struct Placed<'e> {
    step: TimedStep,
    entry: &'e TimelineEntry,
}

impl Reader<'_> {
    /// Puts the timeline in order and checks it. `heal` is the place of the heal phase, if there is one.
    pub(super) fn tell(
        &mut self,
        entries: &[At<Slot<TimelineEntry>>],
        horizon: SimTime,
        (cast, heal): (&Cast, Option<Span>),
    ) -> Story {
        let mut steps = self.in_order(entries, horizon);
        steps.sort_by_key(|placed| placed.step.at);
        let mut stage = Stage::new(cast, known_until(entries));
        for placed in &steps {
            self.act(placed, &mut stage);
        }
        self.count_verdicts(&steps, &stage, heal);
        Story {
            timeline: steps.into_iter().map(|placed| placed.step).collect(),
            senders: stage.senders,
            ever_in: stage.ever_in,
            by_user: devices_by_user(&cast.devices, cast.users.len()),
            members_known: stage.members_known,
        }
    }

    /// The steps of the file, one for each message of a `send_many`; times must ascend and stay within the horizon.
    fn in_order<'e>(
        &mut self,
        entries: &'e [At<Slot<TimelineEntry>>],
        horizon: SimTime,
    ) -> Vec<Placed<'e>> {
        let mut steps = Vec::new();
        let mut last = SimTime::ZERO;
        for entry in entries.iter().filter_map(|entry| entry.value.get()) {
            let Some(at) = entry.at.get().copied() else { continue };
            if at < last {
                let found = format!("a step at {at} after one at {last}");
                self.problems.report(entry.place("at"), found, "steps in the order of time");
            }
            last = last.max(at);
            self.within(at, horizon, entry.place("at"));
            match &entry.what {
                None => {}
                Some(What::One(step)) => {
                    let step = TimedStep { at, step: step.clone() };
                    steps.push(Placed { step, entry });
                }
                Some(What::Many { device, room, messages, every, .. }) => {
                    let mut time = at;
                    for message in messages {
                        let (device, room, message) = (*device, *room, *message);
                        let step =
                            TimedStep { at: time, step: Step::Send { device, room, message } };
                        steps.push(Placed { step, entry });
                        time += *every;
                    }
                    let end = steps.last().map_or(at, |placed| placed.step.at);
                    if at <= horizon {
                        self.within(end, horizon, entry.place("count"));
                    }
                }
            }
        }
        steps
    }

    /// Notes where messages become too many for a verdict on each at each device.
    fn count_verdicts(&mut self, steps: &[Placed<'_>], stage: &Stage<'_>, heal: Option<Span>) {
        let mut devices = vec![0_usize; stage.cast.users.len()];
        for device in &stage.cast.devices {
            devices[device.user.index()] += 1;
        }
        let mut readers: BTreeMap<RoomId, usize> = BTreeMap::new();
        for (room, user) in &stage.ever_in {
            *readers.entry(*room).or_default() += devices[user.index()];
        }
        let others = |room| readers.get(&room).map_or(0, |readers| readers.saturating_sub(1));
        let sent = steps.iter().filter_map(|placed| {
            let Step::Send { room, .. } = placed.step.step else { return None };
            Some((room, 1, placed.entry.place("message")))
        });
        let probers = heal.map(|_| stage.probers()).unwrap_or_default();
        let probes = probers.into_iter().filter_map(|(room, probers)| {
            // Each of them sends two.
            Some((room, probers.saturating_mul(2), heal?))
        });
        let mut verdicts = 0_usize;
        for (room, messages, place) in sent.chain(probes) {
            verdicts = verdicts.saturating_add(others(room).saturating_mul(messages));
            let used = verdicts.saturating_sub(1);
            if !self.room_for("verdicts", used, self.limits.verdicts, place) {
                return;
            }
        }
    }

    /// Notes a time that is beyond the horizon.
    pub(super) fn within(&mut self, at: SimTime, horizon: SimTime, place: Span) {
        if at > horizon {
            let found = format!("the time {at}");
            self.problems.report(place, found, format!("a time up to the horizon, {horizon}"));
        }
    }

    /// Lets one step happen.
    fn act(&mut self, placed: &Placed<'_>, stage: &mut Stage<'_>) {
        let actor = placed.step.step.actor();
        self.is_logged_in(placed, actor, stage);
        match placed.step.step {
            Step::Login(device) => self.login(placed, device, stage),
            Step::Logout(device) => stage.out(device),
            Step::ResetIdentity(device) => {
                stage.identities.insert(stage.user(device));
            }
            Step::CrossSign(device) => self.has_identity(placed, device, stage),
            Step::Member { device, room, user, membership } => {
                if user != stage.user(device) {
                    self.is_member(placed, device, room, stage);
                }
                stage.member(room, user, membership);
            }
            Step::Send { device, room, message } => {
                self.is_member(placed, device, room, stage);
                stage.senders.entry(message).or_insert((device, room));
            }
            Step::HistoryVisibility { device, room, .. }
            | Step::Encryption { device, room, .. }
            | Step::DiscardSession { device, room } => {
                self.is_member(placed, device, room, stage);
            }
            Step::Verify { device, target }
            | Step::Unverify { device, target }
            | Step::Block { device, target }
            | Step::Unblock { device, target } => {
                if target == Target::Device(device) {
                    let found = format!("the device {} itself", self.quote(device));
                    self.problems.report(placed.entry.place("target"), found, "another device");
                }
            }
            Step::RequestKey { device, message, ref of } => {
                self.was_sent(placed, message, stage);
                if of.contains(&device) {
                    let found = format!("the device {} itself", self.quote(device));
                    self.problems.report(placed.entry.place("of"), found, "other devices");
                }
            }
            Step::CancelRequest { message, .. } => self.was_sent(placed, message, stage),
            Step::AcknowledgeIdentity { .. }
            | Step::SetSharing { .. }
            | Step::SetReporting { .. }
            | Step::RestoreBackup(_) => {}
        }
    }

    fn quote(&self, device: DeviceId) -> String {
        quoted(self.names.device_name(device))
    }

    /// Notes a step of a device that is not logged in; a login must be of one that never was.
    fn is_logged_in(&mut self, placed: &Placed<'_>, device: DeviceId, stage: &Stage<'_>) {
        if !stage.presence_known {
            return;
        }
        let is_login = matches!(placed.step.step, Step::Login(_));
        let name = self.quote(device);
        let (found, expected, hint) = match (stage.presence[device.index()], is_login) {
            (Presence::In, false) | (Presence::NotYet, true) => return,
            (Presence::In, true) => {
                let hint = "a device that logs in later has \"present\": false";
                (format!("a login of {name}, which is logged in"), "a device that is not", hint)
            }
            (Presence::Out, true) => {
                let hint = "a device id that comes back with new keys is another device of the \
                    file, with the same \"device_id\" and \"present\": false";
                (
                    format!("a login of {name}, which was logged out"),
                    "a device that never was",
                    hint,
                )
            }
            (Presence::NotYet, false) => {
                let hint = "a step \"login\" before this one brings it up";
                let found = format!("the device {name}, which is not logged in yet");
                (found, "a device that is logged in", hint)
            }
            (Presence::Out, false) => {
                let found = format!("the device {name}, which was logged out");
                (found, "a device that is logged in", "a logout is for good")
            }
        };
        let hint = Some(hint.to_owned());
        self.problems.report_with_hint(placed.actor_place(), found, expected, hint);
    }

    fn login(&mut self, placed: &Placed<'_>, device: DeviceId, stage: &mut Stage<'_>) {
        let made = &stage.cast.devices[device.index()];
        let id = (made.user, made.device_id.as_str());
        let other = stage.device_ids.get(&id).copied().filter(|other| *other != device);
        if let Some(other) = other
            && stage.presence_known
        {
            let (id, other) = (quoted(&made.device_id), self.quote(other));
            let found = format!("a login with the device id {id}, with which {other} is logged in");
            let expected = "a device id that no other device of the user has at this time";
            self.problems.report(placed.actor_place(), found, expected);
        }
        stage.presence[device.index()] = Presence::In;
        stage.device_ids.insert(id, device);
    }

    fn has_identity(&mut self, placed: &Placed<'_>, device: DeviceId, stage: &Stage<'_>) {
        let user = stage.user(device);
        if stage.presence_known && !stage.identities.contains(&user) {
            let name = quoted(self.names.user_name(user));
            let found = format!("a device of {name}, who has no cross-signing keys");
            let expected = "a user with \"cross_signing\": true, or a \"reset_identity\" before";
            self.problems.report(placed.actor_place(), found, expected);
        }
    }

    /// Notes a step in a room of a user who has not been in it so far. Who has left may still try.
    fn is_member(
        &mut self,
        placed: &Placed<'_>,
        device: DeviceId,
        room: RoomId,
        stage: &Stage<'_>,
    ) {
        let user = stage.user(device);
        if stage.members_known && !stage.joined.contains(&(room, user)) {
            let user = quoted(self.names.user_name(user));
            let room = quoted(self.names.room_name(room));
            let found = format!("{}, whose user {user} has not been in {room}", self.quote(device));
            let expected = "a device of a member of the room";
            self.problems.report(placed.actor_place(), found, expected);
        }
    }

    fn was_sent(&mut self, placed: &Placed<'_>, message: MessageId, stage: &Stage<'_>) {
        if stage.messages_known && !stage.senders.contains_key(&message) {
            let found =
                format!("{}, which is sent later", quoted(self.names.message_name(message)));
            self.problems.report(placed.entry.place("message"), found, "a message sent before");
        }
    }
}

impl Placed<'_> {
    /// Where the acting device is named.
    fn actor_place(&self) -> Span {
        self.entry.place(if matches!(self.step.step, Step::Send { .. }) {
            "from"
        } else {
            "device"
        })
    }
}
