//! What is owed for messages that were sent already: keys for devices that had no Olm session then, or the word that
//! there is none (N-01). It does not know how messages are sent.

use std::collections::BTreeSet;

use crate::client::reference::Reference;
use crate::client::reference::claims::{ClaimState, FailedClaim};
use crate::client::reference::decide::{DeviceView, ShareDecision};
use crate::client::reference::io::Io;
use crate::client::reference::jobs::Purpose;
use crate::client::reference::outbound::Outbound;
use crate::client::reference::outbox::Places;
use crate::client::reference::puts::{Item, ItemContent};
use crate::client::reference::wording::{no_olm_notice, session_notice};
use crate::ids::{DeviceId, FactId, MegolmSessionId, RoomId, UserId};
use crate::protocol::provenance::Provenance;
use crate::protocol::to_device::{OlmEvent, RoomKey, ToDeviceBody, ToDeviceType};
use crate::protocol::withheld::{SessionCode, WithheldCode};
use crate::scenario::habits::{Habits, MissingOlm, NoOlmDedup};
use crate::time::SimTime;
use crate::trace::fact::Causes;

/// A key that is owed.
#[derive(Debug, Clone, Copy)]
struct Owed {
    device: DeviceId,
    key: RoomKey,
    why: Provenance,
}

impl Outbound {
    /// The keys of this session that are owed, for want of an Olm session or once more after a new one.
    fn owed(&self, room: RoomId, habits: &Habits) -> impl Iterator<Item = Owed> + '_ {
        let (again, is_now) = (habits.reshare_index, !habits.reshares_for_any_session);
        let key = move |first| RoomKey {
            room,
            session: self.session(),
            first,
            shared_history: self.flag,
        };
        let waiting = self.owed_from.iter().map(move |(device, first)| Owed {
            device: *device,
            key: key(*first),
            why: self.made_by,
        });
        let again = self.reshare.iter().filter(move |_| is_now).filter_map(move |(device, why)| {
            let first = self.again_from(*self.shared.get(device)?, again);
            Some(Owed { device: *device, key: key(first), why: *why })
        });
        waiting.chain(again).filter(|owed| !self.given_up.contains(&owed.device))
    }
}

impl Reference {
    /// Looks again after devices that were owed a key, could not be reached, and were not told.
    pub(super) fn settle_untold(&mut self, io: &mut Io<'_, '_>) {
        let untold = |device: &DeviceId| !self.told_no_olm(*device);
        let rooms = self.rooms_where(|outbound| outbound.owed_from.keys().any(untold));
        self.settle_in(rooms, io);
    }

    /// Looks again after devices that were owed a key and may be given it by now, or told why not: a choice or a list admits them
    /// again that did not meanwhile, or another reason bars them. Of those that a list has just come to show, `new`, it is not known
    /// whether they can be reached, nor of those for whom no second try was made while they were not admitted (W-21).
    pub(super) fn settle_admitted(&mut self, new: &[DeviceId], io: &mut Io<'_, '_>) {
        let ready = |device: &DeviceId| {
            let is_open = new.contains(device) || self.live.claims.is_open(*device);
            !self.told_no_olm(*device)
                && match self.due_now(*device) {
                    ShareDecision::Share => self.has_olm(*device) || is_open,
                    ShareDecision::Withhold(code) => is_open && self.reports(*device, code.into()),
                    ShareDecision::Pass => false,
                }
        };
        let rooms = self.rooms_where(|outbound| outbound.owed_from.keys().any(ready));
        self.settle_in(rooms, io);
    }

    /// A device that is owed a key, of a session in use or of an older one, can be given it now or be told (N-01).
    pub(super) fn settle_owed(&mut self, peer: DeviceId, io: &mut Io<'_, '_>) {
        let rooms = self.rooms_where(|outbound| outbound.owed_from.contains_key(&peer));
        self.settle_in(rooms, io);
    }

    /// The rooms in which the session in use or an older one is such.
    fn rooms_where(&self, such: impl Fn(&Outbound) -> bool) -> BTreeSet<RoomId> {
        let in_use = self.store.outbound.iter().map(|(room, outbound)| (*room, outbound));
        let older = self.store.debts.iter().map(|(room, outbound)| (*room, outbound));
        in_use.chain(older).filter(|(_, outbound)| such(outbound)).map(|(room, _)| room).collect()
    }

    fn settle_in(&mut self, rooms: BTreeSet<RoomId>, io: &mut Io<'_, '_>) {
        for room in rooms {
            self.enqueue_job(room, Purpose::Settle, io);
        }
    }

    /// A session was replaced: who was owed its key and was not told why it has none is still owed it (N-01).
    pub(super) fn keep_debts(&mut self, room: RoomId, mut old: Outbound) {
        old.owed_from.retain(|device, _| !self.told_no_olm(*device));
        if !old.owed_from.is_empty() {
            self.store.debts.push((room, old));
        }
    }

    /// The sessions of a room that keys are owed of: the one in use and replaced ones.
    fn sessions_of(&self, room: RoomId) -> impl Iterator<Item = &Outbound> {
        let older = self.store.debts.iter().filter(move |(of, _)| *of == room);
        self.store.outbound.get(&room).into_iter().chain(older.map(|(_, outbound)| outbound))
    }

    /// Devices that are owed a key of the room and have no Olm session, ascending.
    pub(super) fn owed_without_olm(&self, room: RoomId) -> Vec<DeviceId> {
        let habits = self.habits();
        let owed = self.sessions_of(room).flat_map(|outbound| outbound.owed(room, habits));
        let owed = owed.map(|owed| owed.device).filter(|device| self.is_due(*device));
        let barred = self.store.outbound.get(&room).map(|outbound| &outbound.barred_without_olm);
        let devices: BTreeSet<DeviceId> = owed
            .chain(barred.into_iter().flatten().copied())
            .filter(|device| !self.has_olm(*device))
            .collect();
        devices.into_iter().collect()
    }

    /// Users whose devices are owed a key of the room, ascending.
    pub(super) fn creditors(&self, room: RoomId) -> Vec<UserId> {
        let habits = self.habits();
        let owed = self.sessions_of(room).flat_map(|outbound| outbound.owed(room, habits));
        let users: BTreeSet<UserId> = owed.map(|owed| self.user_of(owed.device)).collect();
        users.into_iter().collect()
    }

    /// Gives the keys that are owed to those who can be reached. Who was told of a replaced session, or is due nothing
    /// any more, is owed nothing. Returns the requests that carry the keys.
    pub(super) fn pay_debts(
        &mut self,
        room: RoomId,
        cause: Option<FactId>,
        io: &mut Io<'_, '_>,
    ) -> Places {
        let habits = self.habits();
        let payable: Vec<Owed> = self
            .sessions_of(room)
            .flat_map(|outbound| outbound.owed(room, habits))
            .filter(|owed| self.has_olm(owed.device) && self.is_due(owed.device))
            .collect();
        if let Some(outbound) = self.store.outbound.get_mut(&room) {
            let session = outbound.session();
            for owed in payable.iter().filter(|owed| owed.key.session == session) {
                outbound.shared.insert(owed.device, owed.key.first);
                outbound.owed_from.remove(&owed.device);
                outbound.reshare.remove(&owed.device);
            }
        }
        let mut debts = std::mem::take(&mut self.store.debts);
        for (_, old) in debts.iter_mut().filter(|(of, _)| *of == room) {
            // What is paid now is not owed once more: or it would be paid without end.
            old.reshare.retain(|device, _| !(self.has_olm(*device) && self.is_due(*device)));
            old.owed_from.retain(|device, _| {
                let is_paid = self.has_olm(*device) && self.is_due(*device);
                !is_paid && !self.told_no_olm(*device) && self.stays_owed(*device)
            });
        }
        debts.retain(|(_, old)| !old.owed_from.is_empty());
        self.store.debts = debts;
        if payable.is_empty() {
            return Places::new();
        }
        self.view_changed(io);
        let item = |owed: Owed| Item {
            device: owed.device,
            content: ItemContent::Sealed(OlmEvent::RoomKey(owed.key)),
            because: Causes::of([
                owed.why.0,
                self.learnt(owed.device),
                self.allowed_by(owed.device),
            ]),
        };
        self.put(ToDeviceType::Encrypted, payable.into_iter().map(item).collect(), cause, io)
    }

    /// Whether a device may be given keys: it is still listed, and the share policy admits it.
    fn is_due(&self, device: DeviceId) -> bool {
        self.due_now(device) == ShareDecision::Share
    }

    /// Whether a device is owed the keys of earlier messages still: it may be given them, or may again when the share policy
    /// admits it, of which it has heard nothing, or when a list shows it again. A block ends it: after that only later messages
    /// are for the device (B-02).
    fn stays_owed(&self, device: DeviceId) -> bool {
        self.listed(device).is_none_or(|view| match self.due(&view) {
            ShareDecision::Share => true,
            ShareDecision::Withhold(SessionCode::Blacklisted) | ShareDecision::Pass => false,
            ShareDecision::Withhold(code) => !self.reports(device, code.into()),
        })
    }

    /// What is known of a device; nothing if it is not listed any more.
    pub(super) fn listed(&self, device: DeviceId) -> Option<DeviceView> {
        let user = self.user_of(device);
        let keys = self.store.lists.user(user)?.device(device)?;
        Some(self.view_of(user, keys))
    }

    /// What a device is due by now; nothing if it is not listed any more.
    pub(super) fn due_now(&self, device: DeviceId) -> ShareDecision {
        self.listed(device).map_or(ShareDecision::Pass, |view| self.due(&view))
    }

    /// Who was owed a key, could not be reached, and is barred by now is told that reason: no other will come.
    pub(super) fn tell_barred(&mut self, room: RoomId, cause: Option<FactId>, io: &mut Io<'_, '_>) {
        let mut notices = Vec::new();
        let mut told = Vec::new();
        for outbound in self.sessions_of(room) {
            for owed in outbound.owed(room, self.habits()) {
                let ShareDecision::Withhold(code) = self.due_now(owed.device) else { continue };
                let known = self.told_no_olm(owed.device)
                    || outbound.told.contains_key(&self.marked_as(owed.device))
                    || outbound.shared.contains_key(&owed.device);
                if !known && self.reports(owed.device, code.into()) {
                    let session = owed.key.session;
                    let notice = session_notice((room, session), code, self.me(), self.habits());
                    notices.push(Item {
                        device: owed.device,
                        content: ItemContent::Clear(ToDeviceBody::Withheld(notice)),
                        because: self.reasons(owed.device, code),
                    });
                    told.push((session, (owed.device, self.marked_as(owed.device)), code));
                }
            }
        }
        for (session, (device, _), _) in &told {
            self.store.requests.told(*device, *session);
        }
        if let Some(outbound) = self.store.outbound.get_mut(&room) {
            for (session, (device, marked), code) in told {
                if session == outbound.session() {
                    outbound.told.insert(marked, code);
                    outbound.owed_from.remove(&device);
                }
            }
        }
        self.tell(notices, cause, io);
    }

    /// Tells devices that no Olm session with them can be had, as far as that is known and may be told.
    pub(super) fn tell_no_olm(
        &mut self,
        room: RoomId,
        missing: &[DeviceId],
        cause: Option<FactId>,
        io: &mut Io<'_, '_>,
    ) -> Places {
        let session = self.store.outbound.get(&room).map(Outbound::session);
        let Some(session) = session else { return Places::new() };
        let notices = self.no_olm_items((room, session), missing, io.given.clock);
        self.give_up(room, missing);
        self.tell(notices, cause, io)
    }

    /// `m.no_olm` for devices whose claims have failed, or that nothing is claimed for, unless they were told, or are not to be told. They count as
    /// told from now on.
    pub(super) fn no_olm_items(
        &mut self,
        occasion: (RoomId, MegolmSessionId),
        missing: &[DeviceId],
        clock: SimTime,
    ) -> Vec<Item> {
        let habits = self.config.habits;
        let mut items = Vec::new();
        for device in missing.iter().copied() {
            let failed = match self.live.claims.state(device, clock) {
                ClaimState::BackingOff(failed) => Some(failed),
                // Nothing is tried for it: what there is to try has been tried before this.
                ClaimState::Open => None,
                ClaimState::Running => continue,
            };
            let marked = self.marked_as(device);
            let repeated = self.store.no_olm.is_repetition(marked, occasion, habits.no_olm_dedup);
            // Who counts by failed attempts still tells of each attempt only once.
            let once =
                |failed: FailedClaim| habits.no_olm_dedup == NoOlmDedup::None && failed.was_told;
            let untold = failed.is_none_or(|failed| failed.reportable && !once(failed));
            let silent = repeated || !untold;
            if silent || !self.reports(device, WithheldCode::NoOlm) {
                continue;
            }
            let why = failed.map_or_else(|| self.learnt(device), |failed| failed.by.0);
            self.store.no_olm.mark(marked, occasion);
            self.live.claims.told(device);
            let content = no_olm_notice(occasion, self.me(), &habits);
            let content = ItemContent::Clear(ToDeviceBody::Withheld(content));
            items.push(Item { device, content, because: Causes::of([why]) });
        }
        items
    }

    /// By a bad habit, who could not be reached is not looked at again.
    pub(super) fn give_up(&mut self, room: RoomId, missing: &[DeviceId]) {
        if let (MissingOlm::MarkShared, Some(outbound)) =
            (self.config.habits.missing_olm, self.store.outbound.get_mut(&room))
        {
            outbound.given_up.extend(missing);
        }
    }
}
