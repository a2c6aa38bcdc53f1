//! What a sender owed to every device of a room when it encrypted a message, by its own view at that time.
//! It does not know whether the sender did it.

use crate::check::view::View;
use crate::check::view::lists::Gap;
use crate::check::view::olm::Epoch;
use crate::check::view::pairs::{Pairs, row};
use crate::ids::{DeviceId, FactId, RoomId};
use crate::protocol::room::Membership;
use crate::protocol::withheld::WithheldCode;

/// Whether a sender reports something to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// No fact tells.
    Unknown,
}

/// What a sender owed to one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duty {
    /// Nothing: the user was not entitled, as far as the sender had seen.
    NotEligible {
        /// Whether the sender had seen an invite and does not share with invited users.
        invited: bool,
    },
    /// Nothing: the sender did not know the device.
    Unlisted(Gap),
    /// No key: `barred`.
    Barred {
        /// Why.
        code: WithheldCode,
        /// The choice behind it.
        why: Option<FactId>,
        /// Whether the sender reports that.
        told: Told,
        /// Since when the sender knew that it would have been a recipient.
        since: FactId,
    },
    /// The key: `owed`.
    Owed {
        /// Whether the sender had an Olm session with the device.
        olm: bool,
        /// Whether the sender reports `m.no_olm` to it.
        told: Told,
        /// The epoch of such reports.
        epoch: Epoch,
        /// Since when the sender knew that it was a recipient.
        since: FactId,
    },
}

/// The key of a table of duties that can be used again: nothing of what it rests on changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Latest {
    version: u32,
    devices: usize,
    number: u32,
}

/// Tables of duties, each for a whole room; one is shared by all messages for which it holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Duties {
    tables: Vec<Vec<Duty>>,
    latest: Pairs<Latest>,
    versions: Vec<u32>,
}

impl Duties {
    /// Something that duties of `device` rest on changed.
    pub(crate) fn changed(&mut self, device: DeviceId) {
        *row(&mut self.versions, device.index()) += 1;
    }

    /// Counts the changes of what the device's duties rest on.
    pub(crate) fn version(&self, device: DeviceId) -> u32 {
        self.versions.get(device.index()).copied().unwrap_or(0)
    }

    /// The duty towards the device at `position` of the room's roster, in the table with this number.
    pub(crate) fn get(&self, number: u32, position: usize) -> Option<Duty> {
        self.tables.get(number as usize)?.get(position).copied()
    }
}

impl Duties {
    /// All of the table with this number, in the order of the room's roster.
    pub(crate) fn table(&self, number: u32) -> &[Duty] {
        self.tables.get(number as usize).map_or(&[], Vec::as_slice)
    }
}

impl View {
    /// The number of a table of what `sender` owes in `room` at present.
    pub(crate) fn take_duties(&mut self, sender: DeviceId, room: RoomId) -> u32 {
        let version = self.duties.version(sender);
        let devices = self.rooms.roster(room).len();
        if let Some(latest) = self.duties.latest.get(sender.raw(), room.raw())
            && (latest.version, latest.devices) == (version, devices)
        {
            debug_assert_eq!(
                self.duties.table(latest.number),
                self.duties_now(sender, room),
                "what duties rest on does not change unnoticed"
            );
            return latest.number;
        }
        let table = self.duties_now(sender, room);
        let number = u32::try_from(self.duties.tables.len()).expect("facts are fewer than 2^32");
        self.duties.tables.push(table);
        let latest = Latest { version, devices, number };
        self.duties.latest.insert(sender.raw(), room.raw(), latest);
        number
    }

    /// Whether the device owed the key of some message to another since `since`, by its own view at that message.
    pub(crate) fn was_owed_since(
        &self,
        sender: DeviceId,
        recipient: DeviceId,
        since: Epoch,
    ) -> bool {
        self.messages.encrypted_by(sender, since).any(|encrypted| {
            let place = self.rooms.place(encrypted.room, recipient);
            let duty = place.and_then(|place| self.duties.get(encrypted.snapshot, place));
            matches!(duty, Some(Duty::Owed { .. }))
        })
    }

    fn duties_now(&self, sender: DeviceId, room: RoomId) -> Vec<Duty> {
        let mut last = None;
        let duty = |device: &DeviceId| {
            let user = self.cast.user(*device);
            // The roster holds the devices of a user side by side, so one look at the membership serves them all.
            let seen = match last {
                Some((known, seen)) if known == user => seen,
                Some(_) | None => self.member_seen(sender, room, user),
            };
            last = Some((user, seen));
            if !self.is_eligible(sender, room, seen) {
                let invited = seen.is_some_and(|seen| seen.membership == Membership::Invite);
                return Duty::NotEligible { invited };
            }
            let Some(entry) = self.lists.last_entry(sender, user, *device) else {
                return Duty::Unlisted(self.lists.gap(sender, user));
            };
            let since = seen.map_or(entry.since, |seen| seen.fact.max(entry.since));
            self.duty_to_recipient(sender, *device, since)
        };
        self.rooms.roster(room).iter().map(duty).collect()
    }

    /// The duty towards a device of a recipient that the sender knows since `since`.
    fn duty_to_recipient(&self, sender: DeviceId, device: DeviceId, since: FactId) -> Duty {
        let reports = self.reports(sender, device);
        let told = |code| match reports {
            Some(codes) if codes.contains(code) => Told::Yes,
            Some(_) => Told::No,
            None => Told::Unknown,
        };
        match self.bar(sender, device) {
            Some(bar) => Duty::Barred { code: bar.code, why: bar.why, told: told(bar.code), since },
            None => Duty::Owed {
                olm: self.olm.has_session(sender, device, &self.life),
                told: told(WithheldCode::NoOlm),
                epoch: self.epoch(sender, device),
                since,
            },
        }
    }
}
