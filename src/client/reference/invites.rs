//! Invites with a history bundle: first the keys that the room's past can be read with, then the invite itself.
//! It does not know what the invited user's devices make of a bundle.
//!
//! Source: Matrix specification 1.19, "Construction and sharing of the key bundle".

use crate::client::reference::Reference;
use crate::client::reference::decide::{ShareDecision, decide};
use crate::client::reference::inbound::InboundKey;
use crate::client::reference::io::Io;
use crate::client::reference::outbox::Places;
use crate::client::reference::puts::{Item, ItemContent};
use crate::ids::{BundleId, DeviceId, FactId, MegolmSessionId, RoomId, UserId};
use crate::protocol::bundle::{Bundle, BundledKey};
use crate::protocol::provenance::Provenance;
use crate::protocol::room::{Membership, RoomEvent};
use crate::protocol::to_device::{OlmEvent, RoomKeyBundle, ToDeviceType};
use crate::protocol::withheld::{Algorithm, Field, WithheldCode, WithheldContent};
use crate::scenario::habits::{BundleContents, BundleSending};
use crate::scenario::model::PublishedKeys;
use crate::trace::fact::{BackupRead, Causes, FactKind};

/// An invite that waits for its bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Invite {
    /// The fact that asked for it.
    cause: Provenance,
    /// What is known of the key backup; `None` while it is being read.
    backup: Option<BackupRead>,
    /// The requests that carry the bundle, once it was made.
    puts: Option<Places>,
}

impl Invite {
    /// Whether its bundle was put together.
    pub(super) const fn is_made(&self) -> bool {
        self.puts.is_some()
    }
}

/// What a bundle lists, each with the fact behind it.
#[derive(Debug, Clone, Default)]
struct Listed {
    keys: Vec<(BundledKey, Provenance)>,
    withheld: Vec<(WithheldContent, Provenance)>,
}

impl Reference {
    /// Changes a membership. Who is invited gets the room's history first, if that is wanted.
    pub(super) fn set_membership(
        &mut self,
        room: RoomId,
        user: UserId,
        membership: Membership,
        io: &mut Io<'_, '_>,
    ) {
        // Whatever is said of the user now takes the place of an invite that has not gone out.
        self.store.invites.remove(&(room, user));
        let my_user = self.my_user();
        let joined = |seen: &crate::client::reference::rooms::SeenRoom| {
            seen.membership(my_user) == Membership::Join
                && !matches!(seen.membership(user), Membership::Join | Membership::Ban)
        };
        let shares = self.store.policy.share_history
            && membership == Membership::Invite
            && self.config.keys == PublishedKeys::Full
            && self.store.rooms.room(room).is_some_and(joined);
        if !shares {
            let by = Some(my_user);
            return self.set_state(room, RoomEvent::Member { user, membership, by }, io);
        }
        let careful = self.habits().bundle_sending != BundleSending::AtHand;
        let backup = match (self.store.policy.backup, careful) {
            (false, _) => Some(BackupRead::NoBackup),
            (true, false) => Some(BackupRead::NotRead),
            (true, true) => None,
        };
        self.follow(user, io);
        if careful {
            // That the list could not be had before is no reason to do without it now (H-07).
            self.live.query_backoff.remove(&user);
        }
        // Without a room in common nobody tells of changes, so that what is known may be old.
        if careful && !self.store.rooms.share(my_user, user) {
            self.store.lists.mark_outdated(user, Provenance(io.given.cause));
            self.live.queries.overtake(user);
        }
        let invite = Invite { cause: Provenance(io.given.cause), backup, puts: None };
        self.store.invites.insert((room, user), invite);
        io.touch();
    }

    /// The key backup was read, or could not be.
    pub(super) fn backup_read(&mut self, outcome: BackupRead, io: &mut Io<'_, '_>) {
        for invite in self.store.invites.values_mut() {
            invite.backup.get_or_insert(outcome);
            io.touch();
        }
    }

    /// Whether an invite of the user waits for what its bundle is made from.
    pub(super) fn has_invite_waiting(&self, user: UserId) -> bool {
        let mut invites = self.store.invites.iter();
        invites.any(|((_, invited), invite)| *invited == user && !invite.is_made())
    }

    /// Goes on with every invite as far as possible.
    pub(super) fn advance_invites(&mut self, io: &mut Io<'_, '_>) {
        let waiting: Vec<(RoomId, UserId)> = self.store.invites.keys().copied().collect();
        for (room, user) in waiting {
            self.advance_invite(room, user, io);
        }
    }

    fn advance_invite(&mut self, room: RoomId, user: UserId, io: &mut Io<'_, '_>) {
        let Some(invite) = self.store.invites.get(&(room, user)).cloned() else { return };
        let Some(backup) = invite.backup else { return self.fetch_backup(io) };
        let puts = match invite.puts {
            Some(puts) => puts,
            None => {
                if self.live.queries.is_running(user) {
                    return;
                }
                let targets = self.bundle_targets(user);
                let missing: Vec<DeviceId> =
                    targets.iter().copied().filter(|device| !self.store.olm.has(*device)).collect();
                // A device for which no key can be had gets no bundle and is not told either: `m.no_olm` is about messages.
                // The habit that spares devices without encryption a claim does not count here: they are told that instead.
                if self.claim_open(&missing, io) {
                    return;
                }
                let puts = self.send_bundle((room, user), &targets, (backup, invite.cause), io);
                if let Some(invite) = self.store.invites.get_mut(&(room, user)) {
                    invite.puts = Some(puts.clone());
                }
                io.touch();
                puts
            }
        };
        if puts.iter().any(|put| self.store.outbox.holds(*put)) {
            return;
        }
        self.store.invites.remove(&(room, user));
        let by = Some(self.my_user());
        let event = RoomEvent::Member { user, membership: Membership::Invite, by };
        let request = crate::protocol::api::Request::SendState { room, event };
        self.store.outbox.push(request, invite.cause.0);
        io.touch();
    }

    /// The devices that are sent a bundle: those that their owner has cross-signed (H-05) and that may be given keys. A
    /// user whose identity has changed gets none before that was accepted.
    fn bundle_targets(&self, user: UserId) -> Vec<DeviceId> {
        let Some(list) = self.store.lists.user(user) else { return Vec::new() };
        if list.identity_changed() {
            return Vec::new();
        }
        let all = self.habits().bundle_sending == BundleSending::EveryDevice;
        list.devices
            .iter()
            .map(|keys| self.view_of(user, keys))
            .filter(|view| view.cross_signed || all)
            .filter(|view| decide(self.store.policy.share, view) == ShareDecision::Share)
            .map(|view| view.device)
            .collect()
    }

    /// Makes a bundle and puts it into the outbox for those of the devices that have an Olm session.
    fn send_bundle(
        &mut self,
        (room, user): (RoomId, UserId),
        targets: &[DeviceId],
        (backup, cause): (BackupRead, Provenance),
        io: &mut Io<'_, '_>,
    ) -> Places {
        let reached: Vec<DeviceId> =
            targets.iter().copied().filter(|device| self.store.olm.has(*device)).collect();
        let listed = self.list_history(room);
        if reached.is_empty() || (listed.keys.is_empty() && listed.withheld.is_empty()) {
            return Places::new();
        }
        let bundle = io.given.entropy.bundle();
        let made = self.record_bundle((room, user), bundle, (&listed, backup, cause), io);
        if let Some(outbound) = self.store.outbound.get_mut(&room)
            && listed.keys.iter().any(|(key, _)| key.session == outbound.session())
        {
            outbound.bundled.extend(&reached);
        }
        let contents = Bundle {
            room_keys: listed.keys.into_iter().map(|(key, _)| key).collect(),
            withheld: listed.withheld.into_iter().map(|(content, _)| content).collect(),
        };
        io.given.media.upload(bundle, contents);
        let event = OlmEvent::RoomKeyBundle(RoomKeyBundle { room, bundle });
        let item = |device: &DeviceId| Item {
            device: *device,
            content: ItemContent::Sealed(event),
            because: Causes::one(made),
        };
        self.view_changed(io);
        self.put(ToDeviceType::Encrypted, reached.iter().map(item).collect(), Some(made), io)
    }

    fn record_bundle(
        &self,
        (room, recipient): (RoomId, UserId),
        bundle: BundleId,
        (listed, backup, cause): (&Listed, BackupRead, Provenance),
        io: &mut Io<'_, '_>,
    ) -> FactId {
        let device = self.me();
        let kind = FactKind::BundleMade { device, room, bundle, recipient, backup };
        let made = io.fact(kind, Causes::of([cause.0]));
        for (key, by) in &listed.keys {
            let BundledKey { room, session, first, creator } = *key;
            let kind = FactKind::BundleKey { device, bundle, room, session, first, creator };
            io.fact(kind, Causes::of([Some(made), by.0]));
        }
        for (content, by) in &listed.withheld {
            let kind = FactKind::BundleWithheld { device, bundle, content: *content };
            io.fact(kind, Causes::of([Some(made), by.0]));
        }
        made
    }

    /// The sessions of a room that this client knows: shareable ones with their keys, all others as withheld (H-03).
    fn list_history(&self, room: RoomId) -> Listed {
        let habit = self.habits().bundle_contents;
        let mut listed = Listed::default();
        for (session, key) in self.store.inbound.keys() {
            let (here, shareable) = (key.room == room, key.shared_history);
            let with_key = match habit {
                BundleContents::Everything => here,
                BundleContents::OtherRooms => shareable,
                BundleContents::Shareable
                | BundleContents::Twice
                | BundleContents::KeysOnly
                | BundleContents::NoOlmEntries => here && shareable,
            };
            let as_withheld = match habit {
                BundleContents::Everything | BundleContents::KeysOnly => false,
                BundleContents::Twice => here,
                BundleContents::Shareable
                | BundleContents::NoOlmEntries
                | BundleContents::OtherRooms => here && !shareable,
            };
            if with_key {
                listed.keys.push((bundled(session, key), key.by));
            }
            if as_withheld {
                listed.withheld.push((entry(session, key, habit), key.by));
            }
        }
        listed
    }
}

fn bundled(session: MegolmSessionId, key: &InboundKey) -> BundledKey {
    BundledKey { room: key.room, session, first: key.first(), creator: key.creator }
}

/// The entry in the place of a key. Its `sender_key` is that of the device that made the session, as for the keys of a
/// bundle.
const fn entry(
    session: MegolmSessionId,
    key: &InboundKey,
    habit: BundleContents,
) -> WithheldContent {
    let code = match habit {
        BundleContents::NoOlmEntries => WithheldCode::NoOlm,
        BundleContents::Shareable
        | BundleContents::Everything
        | BundleContents::Twice
        | BundleContents::KeysOnly
        | BundleContents::OtherRooms => WithheldCode::HistoryNotShared,
    };
    WithheldContent {
        algorithm: Field::Is(Algorithm::MegolmV1),
        room_id: Field::Is(key.room),
        session_id: Field::Is(session),
        sender_key: Field::Is(key.creator),
        code: Field::Is(code),
        reason: Field::Absent,
    }
}
