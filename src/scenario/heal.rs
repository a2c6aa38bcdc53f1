//! The heal phase of a scenario: faults stop, everybody comes back, and after a long rest every sender sends two probes.
//! It does not know what must come of a probe; `check` does.
//!
//! What a bad network has broken may be excused; what is still broken two hours after it is good again is not: every key
//! that was owed must have arrived or be explained. The first probe gives both sides an occasion to find out, the second must arrive.

use std::collections::BTreeSet;

use crate::ids::{DeviceId, MessageId, RoomId, UserId};
use crate::protocol::room::Membership;
use crate::scenario::model::Scenario;
use crate::scenario::step::{Step, TimedStep};
use crate::time::{SimDuration, SimTime};

/// How long nobody does anything after the faults have stopped: longer than any back-off, and than the hour in which
/// no second Olm session may be opened (U-02).
const REST: SimDuration = SimDuration::from_hours(2);

/// What lies between the two probes of a sender: time enough for a recovery, and for the retry of a failed claim.
const BETWEEN_PROBES: SimDuration = SimDuration::from_secs(20 * 60);

/// How long the run may go on after the last probe.
const AFTERWARDS: SimDuration = SimDuration::from_hours(2);

/// A heal phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Heal {
    /// When it begins: no fault is in force from here on, and nobody does anything but probe.
    pub from: SimTime,
    /// The first probe. Every message from this one on is a probe.
    pub first_probe: MessageId,
}

impl Heal {
    /// The earliest horizon that lets a run come to rest.
    #[must_use]
    pub fn horizon(&self) -> SimTime {
        self.from + REST + BETWEEN_PROBES + AFTERWARDS
    }
}

/// Gives the scenario a heal phase from `from` on: windows of faults end there, the horizon moves back if it must, and each
/// device that sends in the timeline and is still logged in sends two probes to each room in which its user is joined.
///
/// Faults that begin, and steps that are taken, at `from` or later are left out; the reader makes errors of them.
pub fn add(scenario: &mut Scenario, from: SimTime) {
    scenario.faults.retain(|fault| fault.from < from);
    scenario.timeline.retain(|step| step.at < from);
    for fault in &mut scenario.faults {
        fault.until = fault.until.min(from);
    }
    let heal = Heal { from, first_probe: MessageId::at(scenario.messages.len()) };
    scenario.horizon = scenario.horizon.max(heal.horizon());
    let senders = senders(scenario);
    for (ordinal, wait) in [("first", REST), ("second", REST + BETWEEN_PROBES)] {
        for (device, room) in &senders {
            let message = MessageId::at(scenario.messages.len());
            let (sender, place) = (scenario.device_name(*device), scenario.room_name(*room));
            let name = format!("{ordinal} probe of {sender} in {place}");
            scenario.messages.push(name);
            let step = Step::Send { device: *device, room: *room, message };
            scenario.timeline.push(TimedStep { at: from + wait, step });
        }
    }
    scenario.heal = Some(heal);
}

/// Devices that sent something and still can, each with every room in which its user is joined in the end, ascending.
fn senders(scenario: &Scenario) -> Vec<(DeviceId, RoomId)> {
    let mut sent = BTreeSet::new();
    let mut out = BTreeSet::new();
    let mut joined: BTreeSet<(RoomId, UserId)> = BTreeSet::new();
    for (index, room) in scenario.rooms.iter().enumerate() {
        let members = room.members.iter().filter(|(_, membership)| *membership == Membership::Join);
        joined.extend(members.map(|(user, _)| (RoomId::at(index), *user)));
    }
    for timed in &scenario.timeline {
        if let Step::Send { device, .. } = timed.step {
            sent.insert(device);
        } else if let Step::Logout(device) = timed.step {
            out.insert(device);
        } else if let Step::Member { room, user, membership, .. } = timed.step {
            if membership == Membership::Join {
                joined.insert((room, user));
            } else {
                joined.remove(&(room, user));
            }
        }
    }
    let rooms = || (0..scenario.rooms.len()).map(RoomId::at);
    let still_there = sent.into_iter().filter(|device| !out.contains(device));
    still_there
        .flat_map(|device| rooms().map(move |room| (device, room)))
        .filter(|(device, room)| joined.contains(&(*room, scenario.user_of(*device))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{BETWEEN_PROBES, REST, add};
    use crate::ids::{DeviceId, MessageId, RoomId};
    use crate::scenario::fault::{Fault, FaultKind};
    use crate::scenario::sample::room_of;
    use crate::scenario::step::{Step, TimedStep};
    use crate::time::{SimDuration, SimTime};

    #[test]
    fn faults_stop_and_every_sender_probes_twice_after_the_rest() {
        let mut scenario = room_of(1, 2);
        let kind = FaultKind::ClientOffline { device: DeviceId::new(1) };
        scenario.faults.push(Fault { from: SimTime::ZERO, until: SimTime::MAX, kind });
        let from = SimTime::from_ms(60_000);
        add(&mut scenario, from);
        assert_eq!(scenario.faults[0].until, from);
        let heal = scenario.heal.unwrap();
        assert_eq!((heal.from, heal.first_probe), (from, MessageId::new(2)));
        assert_eq!(
            scenario.messages[2..],
            ["first probe of A1 in room", "second probe of A1 in room"]
        );
        let probe = |at, message| TimedStep {
            at,
            step: Step::Send {
                device: DeviceId::new(0),
                room: RoomId::new(0),
                message: MessageId::new(message),
            },
        };
        let expected = [probe(from + REST, 2), probe(from + REST + BETWEEN_PROBES, 3)];
        assert_eq!(scenario.timeline[2..], expected);
        assert!(scenario.horizon >= heal.horizon());
    }

    #[test]
    fn who_was_logged_out_or_never_sent_does_not_probe() {
        let mut scenario = room_of(1, 1);
        let at = SimTime::from_ms(20_000);
        scenario.timeline.push(TimedStep { at, step: Step::Logout(DeviceId::new(0)) });
        add(&mut scenario, at + SimDuration::from_secs(1));
        assert_eq!(scenario.messages.len(), 1);
        assert_eq!(scenario.heal.unwrap().first_probe, MessageId::new(1));
    }
}
