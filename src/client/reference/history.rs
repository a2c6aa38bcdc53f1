//! History bundles at who is invited: remembered until the invite is accepted, then taken in, keys and withheld entries.
//! It does not know how a bundle is made, nor which notice wins.
//!
//! Source: Matrix specification 1.19, "Receiving a key bundle event".

use crate::client::reference::Reference;
use crate::client::reference::channel::Opened;
use crate::client::reference::inbound::InboundKey;
use crate::client::reference::io::Io;
use crate::client::reference::notices::SessionNotice;
use crate::client::reference::recipient::{Arrival, Occasion};
use crate::ids::{RoomId, ToDeviceId, UserId};
use crate::protocol::bundle::BundledKey;
use crate::protocol::megolm::InboundSession;
use crate::protocol::provenance::Provenance;
use crate::protocol::room::Membership;
use crate::protocol::to_device::{RoomKeyBundle, SenderKeys, SharedHistory};
use crate::protocol::withheld::{Field, WithheldCode, WithheldContent};
use crate::scenario::habits::{BundleOpening, OnWithheld};
use crate::time::SimDuration;
use crate::trace::fact::{Causes, FactKind, KeySource, ProcessOutcome};

/// How long after the join a bundle is still taken in: the advice of the specification.
const RECENTLY: SimDuration = SimDuration::from_hours(24);

/// A bundle that this device was told of.
#[derive(Debug, Clone, Copy)]
pub(super) struct ToldBundle {
    /// The message that told of it.
    via: ToDeviceId,
    /// The user who sent that.
    from: UserId,
    /// Where the bundle is, and for which room.
    bundle: RoomKeyBundle,
    /// The fact that the message was decrypted.
    by: Provenance,
}

impl Reference {
    /// A message told of a bundle. One without the sender's device keys, or with other keys than the sender's, is ignored
    /// (H-06, V-05).
    pub(super) fn bundle_told(
        &mut self,
        arrival: Arrival,
        bundle: RoomKeyBundle,
        opened: Opened,
        io: &mut Io<'_, '_>,
    ) {
        match opened.sender_keys {
            SenderKeys::Absent => return self.processed(arrival, ProcessOutcome::Ignored, io),
            SenderKeys::Differ => return self.processed(arrival, ProcessOutcome::Discarded, io),
            SenderKeys::Agree => {}
        }
        let from = self.user_of(arrival.sender);
        self.store.bundles.push(ToldBundle { via: arrival.id, from, bundle, by: opened.by });
        io.touch();
        self.processed(arrival, ProcessOutcome::Handled, io);
        self.open_bundles(bundle.room, io);
    }

    /// Notes when the own user came into a room. Bundles that waited for that are taken in.
    pub(super) fn note_join(&mut self, room: RoomId, io: &mut Io<'_, '_>) {
        let my_user = self.my_user();
        let membership = self.store.rooms.room(room).map(|seen| seen.membership(my_user));
        match membership {
            Some(Membership::Join) => {
                if self.store.joined_at.get(room).is_none() {
                    self.store.joined_at.insert(room, io.given.clock);
                    io.touch();
                }
            }
            None | Some(Membership::Leave | Membership::Invite | Membership::Ban) => {
                if self.store.joined_at.remove(room).is_some() {
                    io.touch();
                }
            }
        }
        self.open_bundles(room, io);
    }

    /// Takes in the bundles of a room whose sender's invite the own user has accepted not long ago (H-08).
    fn open_bundles(&mut self, room: RoomId, io: &mut Io<'_, '_>) {
        if self.store.bundles.is_empty() {
            return;
        }
        let waiting = std::mem::take(&mut self.store.bundles);
        let (due, later): (Vec<ToldBundle>, Vec<ToldBundle>) = waiting
            .into_iter()
            .partition(|told| told.bundle.room == room && self.may_open(told, io));
        self.store.bundles = later;
        for told in due {
            io.touch();
            self.open_bundle(told, io);
        }
    }

    fn may_open(&self, told: &ToldBundle, io: &Io<'_, '_>) -> bool {
        if self.habits().bundle_opening == BundleOpening::AtOnce {
            return true;
        }
        let room = told.bundle.room;
        let Some(joined) = self.store.joined_at.get(room) else { return false };
        let my_user = self.my_user();
        let inviter = self.store.rooms.room(room).and_then(|seen| seen.inviter(my_user));
        inviter == Some(told.from) && io.given.clock.since(*joined) <= RECENTLY
    }

    fn open_bundle(&mut self, told: ToldBundle, io: &mut Io<'_, '_>) {
        let ToldBundle { via, from, bundle: RoomKeyBundle { room, bundle }, by } = told;
        // A file that is gone is given up.
        let Some(contents) = io.given.media.download(bundle) else { return };
        let kind = FactKind::BundleOpened { device: self.me(), room, bundle, from, via };
        let opened = Provenance::of(io.fact(kind, Causes::of([by.0, io.given.cause])));
        let habit = self.habits().bundle_opening;
        let wanted = |key: &&BundledKey| key.room == room || habit == BundleOpening::AnyRoom;
        let given_by = (habit != BundleOpening::Anonymous).then_some(from);
        for key in contents.room_keys.iter().filter(wanted) {
            let megolm = InboundSession::new(key.session, key.first);
            let key = InboundKey {
                shared_history: true,
                given_by,
                ..InboundKey::new(key.room, megolm, key.creator)
            };
            let source = KeySource::Bundle { from: key.given_by };
            self.take_key(key, (source, Some(via), opened), io);
        }
        for content in &contents.withheld {
            self.bundle_entry((room, via, from), content, opened, io);
        }
    }

    /// Remembers an entry of a bundle. One that names no session of this room, or speaks of Olm, is passed over.
    fn bundle_entry(
        &mut self,
        (room, id, sender): (RoomId, ToDeviceId, UserId),
        content: &WithheldContent,
        by: Provenance,
        io: &mut Io<'_, '_>,
    ) {
        let ignores = self.habits().on_withheld == OnWithheld::Ignore;
        let usable = content.room_id == Field::Is(room)
            && content.code.is_string()
            && content.code != Field::Is(WithheldCode::NoOlm);
        let (Some(session), true, false) = (content.session_id.value(), usable, ignores) else {
            return;
        };
        let (code, reason) = (content.code, content.reason);
        let notice = SessionNotice {
            id,
            sender,
            was_asked: false,
            of_bundle: true,
            owns_key: false,
            code,
            reason,
            by,
        };
        if self.store.notices.keep(session, notice) {
            io.touch();
            self.try_session(session, Occasion::Notice, by, io);
        }
    }

    /// Whether a room key may be given to later members, by what its bearer wrote (H-02).
    pub(super) fn reads_as_shared(&self, flag: SharedHistory) -> bool {
        let lax = self.habits().bundle_opening == BundleOpening::AbsentIsShared;
        flag.is_shared() || (lax && flag == SharedHistory::Absent)
    }
}
