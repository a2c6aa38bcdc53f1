//! History bundles: what each lists, who took it in, which sessions a device may share, and who invited whom.
//! It does not know what should have been listed, nor to whom a bundle may go.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::view::View;
use crate::check::view::pairs::{Pairs, row};
use crate::ids::{
    BundleId, DeviceId, FactId, MegolmSessionId, RoomId, ServerId, ToDeviceId, UserId,
};
use crate::protocol::bundle::BundledKey;
use crate::protocol::room::{HistoryVisibility, Membership};
use crate::protocol::to_device::SharedHistory;
use crate::protocol::withheld::{Field, WithheldCode, WithheldContent};
use crate::trace::fact::{BackupRead, KeySource};

/// A bundle.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    /// Who made it.
    pub(crate) device: DeviceId,
    /// For which room.
    pub(crate) room: RoomId,
    /// For whom.
    pub(crate) recipient: UserId,
    /// Whether the key backup was read first.
    pub(crate) backup: BackupRead,
    /// When.
    pub(crate) fact: FactId,
    /// The earliest fact that made it happen, if one is known: somebody was to be invited.
    pub(crate) asked: Option<FactId>,
    /// Its keys, each with the fact that it was listed.
    pub(crate) keys: Vec<(BundledKey, FactId)>,
    /// Its withheld entries, each with the fact that it was listed.
    pub(crate) withheld: Vec<(WithheldContent, FactId)>,
}

/// An invite as the invited user's server has it.
#[derive(Debug, Clone, Copy)]
struct Invited {
    by: Option<UserId>,
    /// Neither declined nor taken back, nor left behind.
    is_open: bool,
    accepted: bool,
}

/// Whether a user has accepted an invite of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acceptance {
    /// It has.
    Accepted,
    /// It has not.
    NotAccepted,
    /// It has accepted an invite of which nobody observed whose it was.
    Unknown,
}

/// The history visibility that a session was made under, as far as its maker had seen it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MadeUnder {
    /// This one; `None` if no event had set it.
    Seen(Option<HistoryVisibility>),
    /// What the maker had seen of the room was not observed.
    Unobserved,
}

/// An entry `m.history_not_shared` of a bundle that a device took in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotShared {
    /// The device took the bundle in.
    pub(crate) opened: FactId,
    /// The entry was listed.
    pub(crate) listed: FactId,
    /// Who made the bundle.
    pub(crate) maker: DeviceId,
}

/// All bundles and what bears on them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bundles {
    /// Which device took in which bundle.
    opened: BTreeSet<(DeviceId, BundleId)>,
    /// The devices that took in any bundle, also one of which nothing else is known.
    takers: BTreeSet<DeviceId>,
    made: BTreeMap<BundleId, Made>,
    not_shared: BTreeMap<(DeviceId, MegolmSessionId), NotShared>,
    invites: BTreeMap<(ServerId, RoomId, UserId), Vec<Invited>>,
    /// What the bearers of keys wrote into `shared_history`, by session and device; the most favourable one.
    flags: Pairs<SharedHistory>,
    made_under: Vec<Option<MadeUnder>>,
    rooms: Vec<Option<RoomId>>,
}

impl Bundles {
    /// A bundle was made.
    pub(crate) fn make(&mut self, bundle: BundleId, made: Made) {
        self.made.insert(bundle, made);
    }

    /// The bundle lists a key.
    pub(crate) fn list_key(&mut self, bundle: BundleId, key: BundledKey, fact: FactId) {
        if let Some(made) = self.made.get_mut(&bundle) {
            made.keys.push((key, fact));
        }
    }

    /// The bundle lists a session as withheld.
    pub(crate) fn list_withheld(
        &mut self,
        bundle: BundleId,
        content: WithheldContent,
        fact: FactId,
    ) {
        if let Some(made) = self.made.get_mut(&bundle) {
            made.withheld.push((content, fact));
        }
    }

    /// The device took the bundle in.
    pub(crate) fn open(&mut self, device: DeviceId, bundle: BundleId, fact: FactId) {
        self.takers.insert(device);
        let Some(made) = self.made.get(&bundle) else { return };
        self.opened.insert((device, bundle));
        for (content, listed) in &made.withheld {
            if let (Some(session), Some(WithheldCode::HistoryNotShared)) =
                (content.session_id.value(), content.code.value())
                && content.room_id == Field::Is(made.room)
            {
                let said = NotShared { opened: fact, listed: *listed, maker: made.device };
                self.not_shared.entry((device, session)).or_insert(said);
            }
        }
    }

    /// The bundle.
    pub(crate) fn made(&self, bundle: BundleId) -> Option<&Made> {
        self.made.get(&bundle)
    }

    /// Whether the device took in any bundle: what it shows may rest on what another device put into that.
    pub(crate) fn has_taken(&self, device: DeviceId) -> bool {
        self.takers.contains(&device)
    }

    /// The users for whom the device made bundles with a key of the session.
    pub(crate) fn receivers(
        &self,
        maker: DeviceId,
        session: MegolmSessionId,
    ) -> impl Iterator<Item = UserId> + '_ {
        let holds = move |made: &&Made| {
            made.device == maker && made.keys.iter().any(|(key, _)| key.session == session)
        };
        self.made.values().filter(holds).map(|made| made.recipient)
    }

    /// The entry `m.history_not_shared` about the session that the device took in first.
    pub(crate) fn not_shared(
        &self,
        device: DeviceId,
        session: MegolmSessionId,
    ) -> Option<NotShared> {
        self.not_shared.get(&(device, session)).copied()
    }

    /// What bundles that the device took in say of why the session is withheld.
    pub(crate) fn reasons(
        &self,
        device: DeviceId,
        session: MegolmSessionId,
    ) -> impl Iterator<Item = &WithheldContent> + '_ {
        let opened = self.opened.range((device, BundleId::new(0))..);
        let of_device = opened.take_while(move |(by, _)| *by == device);
        let bundles = of_device.filter_map(|(_, bundle)| self.made.get(bundle));
        bundles
            .flat_map(|made| &made.withheld)
            .map(|(content, _)| content)
            .filter(move |content| content.session_id == Field::Is(session))
    }

    /// A server has a membership: an invite, or the end of one.
    pub(crate) fn member(
        &mut self,
        server: ServerId,
        (room, user): (RoomId, UserId),
        membership: Membership,
    ) {
        match membership {
            Membership::Invite => {
                let invites = self.invites.entry((server, room, user)).or_default();
                invites.push(Invited { by: None, is_open: true, accepted: false });
            }
            Membership::Join => {
                let invites = self.invites.get_mut(&(server, room, user));
                if let Some(last) = invites.and_then(|invites| invites.last_mut()) {
                    last.accepted |= last.is_open;
                }
            }
            Membership::Leave | Membership::Ban => {
                // Who comes later comes by another way.
                let invites = self.invites.get_mut(&(server, room, user));
                for invite in invites.into_iter().flatten() {
                    invite.is_open = false;
                }
            }
        }
    }

    /// The invite that the server has just got is of this user.
    pub(crate) fn invited(&mut self, server: ServerId, (room, user): (RoomId, UserId), by: UserId) {
        let invites = self.invites.get_mut(&(server, room, user));
        if let Some(last) = invites.and_then(|invites| invites.last_mut()) {
            last.by = Some(by);
        }
    }

    /// Whether the user has accepted an invite of `by`, as the user's server has it.
    pub(crate) fn acceptance(
        &self,
        server: ServerId,
        (room, user): (RoomId, UserId),
        by: UserId,
    ) -> Acceptance {
        let invites = self.invites.get(&(server, room, user)).map_or(&[][..], Vec::as_slice);
        let mut accepted = invites.iter().filter(|invite| invite.accepted);
        if accepted.clone().any(|invite| invite.by == Some(by)) {
            Acceptance::Accepted
        } else if accepted.any(|invite| invite.by.is_none()) {
            Acceptance::Unknown
        } else {
            Acceptance::NotAccepted
        }
    }

    /// The bearer of a key of the session wrote this into `shared_history`.
    pub(crate) fn flagged(
        &mut self,
        device: DeviceId,
        session: MegolmSessionId,
        flag: SharedHistory,
    ) {
        let known = self.flags.get(session.raw(), device.raw()).copied();
        if known.is_none_or(|known| !known.is_shared()) {
            self.flags.insert(session.raw(), device.raw(), flag);
        }
    }

    /// What the bearers of the session's keys wrote into `shared_history`: `true` if one of them did, else the last.
    pub(crate) fn flag(&self, device: DeviceId, session: MegolmSessionId) -> Option<SharedHistory> {
        self.flags.get(session.raw(), device.raw()).copied()
    }

    /// The session belongs to this room.
    pub(crate) fn session_in(&mut self, session: MegolmSessionId, room: RoomId) {
        row(&mut self.rooms, session.index()).get_or_insert(room);
    }

    /// The sessions that are known to belong to the room, ascending.
    pub(crate) fn sessions_of(&self, room: RoomId) -> impl Iterator<Item = MegolmSessionId> + '_ {
        let places = self.rooms.iter().enumerate();
        places
            .filter(move |(_, of)| **of == Some(room))
            .map(|(place, _)| MegolmSessionId::at(place))
    }
}

impl View {
    /// A device made a session.
    pub(crate) fn session_made_under(
        &mut self,
        device: DeviceId,
        room: RoomId,
        session: MegolmSessionId,
    ) {
        let under = if self.rooms.has_seen(device, room) {
            let server = self.cast.server_of(device);
            MadeUnder::Seen(self.rooms.visibility_seen(server, device, room))
        } else {
            MadeUnder::Unobserved
        };
        row(&mut self.bundles.made_under, session.index()).get_or_insert(under);
        self.bundles.session_in(session, room);
    }

    /// A device has a key of a session.
    pub(crate) fn key_in(
        &mut self,
        device: DeviceId,
        (room, session): (RoomId, MegolmSessionId),
        source: KeySource,
    ) {
        self.bundles.session_in(session, room);
        match source {
            // Whatever a bundle lists with its key may be shared again.
            KeySource::Bundle { .. } => self.bundles.flagged(device, session, SharedHistory::Yes),
            KeySource::RoomKey
            | KeySource::Forwarded { .. }
            | KeySource::Backup
            | KeySource::Own => {}
        }
    }

    /// The visibility that a session was made under.
    pub(crate) fn made_under(&self, session: MegolmSessionId) -> MadeUnder {
        let under = self.bundles.made_under.get(session.index()).copied().flatten();
        under.unwrap_or(MadeUnder::Unobserved)
    }

    /// Whether a visibility allows keys to be given to later members; `None` if the reading leaves it open.
    pub(crate) fn is_shareable(&self, value: Option<HistoryVisibility>) -> Option<bool> {
        match value {
            Some(value) => Some(value.is_shareable()),
            None if self.reading.unset_visibility_is_private => Some(false),
            None => None,
        }
    }

    /// Whether the device may give the key of a session that it has to later members (specification, "Shareable
    /// encryption sessions"); `None` if the facts do not tell.
    pub(crate) fn may_share(&self, device: DeviceId, session: MegolmSessionId) -> Option<bool> {
        if self.bundles.flag(device, session).is_some_and(SharedHistory::is_shared) {
            return Some(true);
        }
        match self.holdings.of(device, session)?.source {
            KeySource::Own => self.own_may_be_shared(session),
            KeySource::RoomKey => self.bundles.flag(device, session).map(SharedHistory::is_shared),
            KeySource::Forwarded { .. } => Some(false),
            KeySource::Bundle { .. } => Some(true),
            KeySource::Backup => self.backed_up_may_be_shared(device, session),
        }
    }

    fn own_may_be_shared(&self, session: MegolmSessionId) -> Option<bool> {
        match self.made_under(session) {
            MadeUnder::Seen(value) => self.is_shareable(value),
            MadeUnder::Unobserved => None,
        }
    }

    /// What a backup says of a key it has from the devices that put the key in.
    fn backed_up_may_be_shared(&self, device: DeviceId, session: MegolmSessionId) -> Option<bool> {
        let others = self.cast.devices(self.cast.user(device)).iter();
        let word = |other: &DeviceId| {
            let flag = self.bundles.flag(*other, session).map(SharedHistory::is_shared);
            let made = self.messages.session(session).is_some_and(|made| made.creator == *other);
            flag.or_else(|| made.then(|| self.own_may_be_shared(session)).flatten())
        };
        let mut words = others.filter(|other| **other != device).filter_map(word);
        let first = words.next()?;
        Some(first || words.any(|shared| shared))
    }

    /// Whether the device holds a key of the session.
    pub(crate) fn holds(&self, device: DeviceId, session: MegolmSessionId) -> bool {
        self.holdings.of(device, session).is_some_and(|held| {
            held.lost.is_none() && self.life.undone(device, held.taken).is_none()
        })
    }

    /// The user of the device that sent a to-device message, by ground truth.
    pub(crate) fn bearer(&self, message: ToDeviceId) -> Option<UserId> {
        let number = self.transport.number(message)?;
        Some(self.cast.user(self.transport.get(number).sender))
    }
}
