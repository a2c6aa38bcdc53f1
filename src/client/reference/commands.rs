//! What users do with the client.
//! It does not know how anything is carried out further on.

use crate::client::Command;
use crate::client::reference::Reference;
use crate::client::reference::io::Io;
use crate::client::reference::jobs::Purpose;
use crate::client::reference::store::{Life, Store};
use crate::ids::{DeviceId, RoomId, UserId};
use crate::protocol::api::{CrossSigningKeys, Request};
use crate::protocol::provenance::Provenance;
use crate::protocol::room::RoomEvent;
use crate::protocol::to_device::{OlmEvent, ToDeviceBody};
use crate::protocol::withheld::CodeSet;
use crate::scenario::policy::Target;
use crate::trace::fact::{Causes, FactKind, LossCause};

impl Reference {
    /// Does what the user wants.
    pub(super) fn command(&mut self, command: &Command, io: &mut Io<'_, '_>) {
        match *command {
            Command::Login { identity, publish_identity, sign } => {
                self.log_in(identity, (publish_identity, sign), io);
            }
            Command::Logout => self.log_out(io),
            Command::Send { room, message } => {
                self.enqueue_job(room, Purpose::Message(message), io);
            }
            Command::SetMembership { room, user, membership } => {
                self.set_membership(room, user, membership, io);
            }
            Command::SetRoomState { room, event } => self.set_state(room, event, io),
            Command::CrossSign(keys) => self.receive_identity(keys, io),
            Command::ResetIdentity(keys) => self.reset_identity(keys, io),
            Command::Verify(Target::User(user)) => self.verify_user(user, io),
            Command::Verify(Target::Device(device)) => self.verify_device(device, io),
            Command::Unverify(target) => self.unverify(target, io),
            Command::Block(target) => self.block(target, io),
            Command::Unblock(target) => self.unblock(target, io),
            Command::AcknowledgeIdentity(user) => self.acknowledge(user, io),
            Command::SetSharing { share, on_problem } => {
                self.store.policy.share = share;
                self.store.policy.on_problem = on_problem;
                let (device, with_invited) = (self.me(), self.store.policy.share_with_invited);
                let kind = FactKind::SharingSet { device, share, with_invited };
                self.store.sharing_set = Provenance::of(io.fact_of_input(kind));
                self.view_changed(io);
                self.settle_admitted(&[], io);
            }
            Command::SetReporting { target, codes } => self.set_reporting(target, codes, io),
            Command::RequestKey { message, ref of } => self.ask_for_message(message, of, io),
            Command::CancelRequest(message) => self.cancel_for_message(message, io),
            Command::DiscardSession(room) => {
                let fact = io.fact_of_input(FactKind::SessionDiscarded { device: self.me(), room });
                if let Some(outbound) = self.store.outbound.get_mut(&room) {
                    outbound.invalidate(Provenance::of(fact));
                }
                self.view_changed(io);
            }
            Command::RestoreBackup => self.fetch_backup(io),
            Command::LoseOlm(peer) => self.lose_olm(peer, io),
            Command::LoseOneTimeKeys => self.lose_one_time_keys(io),
        }
    }

    fn log_out(&mut self, io: &mut Io<'_, '_>) {
        let mut store = Store::new(self.me(), self.store.policy.clone());
        store.life = Life::LoggedOut;
        store.outbox.push(Request::Logout, io.given.cause);
        self.store = store;
        self.live = crate::client::reference::Live {
            next_request: self.live.next_request,
            ..crate::client::reference::Live::default()
        };
        io.touch();
    }

    pub(super) fn set_state(&mut self, room: RoomId, event: RoomEvent, io: &mut Io<'_, '_>) {
        self.store.outbox.push(Request::SendState { room, event }, io.given.cause);
        io.touch();
    }

    /// Is given the present keys of its user, maybe in place of others: in the millisecond in which it verifies somebody by them, too.
    pub(super) fn receive_identity(&mut self, keys: CrossSigningKeys, io: &mut Io<'_, '_>) {
        if self.takes_over_later(keys, io) {
            return;
        }
        if self.store.identity.is_none_or(|before| before.master != keys.master) {
            let (device, master) = (self.me(), keys.master);
            io.fact_of_input(FactKind::IdentityReceived { device, master });
        }
        self.sign_self(keys, io);
    }

    fn reset_identity(&mut self, keys: CrossSigningKeys, io: &mut Io<'_, '_>) {
        io.fact_of_input(FactKind::IdentityMade { device: self.me(), master: keys.master });
        self.upload_identity(Request::UploadSigningKeys(keys), io);
        self.sign_self(keys, io);
    }

    fn verify_device(&mut self, device: DeviceId, io: &mut Io<'_, '_>) {
        self.store.verified_by_hand.insert(device);
        self.record_verified(Target::Device(device), true, io);
        self.view_changed(io);
        self.settle_admitted(&[], io);
    }

    fn unverify(&mut self, target: Target, io: &mut Io<'_, '_>) {
        match target {
            Target::Device(device) => {
                self.store.verified_by_hand.remove(&device);
            }
            Target::User(user) => {
                self.store.verify_later.remove(&target);
                self.store.lists.withdraw_verification(user);
            }
        }
        self.record_verified(target, false, io);
        self.view_changed(io);
    }

    fn block(&mut self, target: Target, io: &mut Io<'_, '_>) {
        let kind = FactKind::BlockedSet { device: self.me(), target, blocked: true };
        let fact = io.fact_of_input(kind);
        self.store.blocked.insert(target, Provenance::of(fact));
        self.store.allowed.remove(&target);
        if !self.habits().counts_queued_keys {
            self.overlook_queued(target);
        }
        self.view_changed(io);
        self.settle_admitted(&[], io);
    }

    /// By a bad habit, keys for a device that is blocked now and that the server has not taken yet do not count as given.
    fn overlook_queued(&mut self, target: Target) {
        let mut queued = Vec::new();
        for request in self.store.outbox.requests() {
            let Request::SendToDevice(put) = request else { continue };
            for (device, body) in &put.messages {
                if let ToDeviceBody::Olm(ciphertext) = body
                    && let OlmEvent::RoomKey(key) = ciphertext.payload.event
                    && self.is_meant(target, *device)
                {
                    queued.push((*device, key));
                }
            }
        }
        for (device, key) in queued {
            let outbound = self.store.outbound.get_mut(&key.room);
            if let Some(outbound) = outbound.filter(|outbound| outbound.session() == key.session) {
                outbound.shared.remove(&device);
            }
        }
    }

    fn is_meant(&self, target: Target, device: DeviceId) -> bool {
        match target {
            Target::User(user) => self.user_of(device) == user,
            Target::Device(other) => device == other,
        }
    }

    fn unblock(&mut self, target: Target, io: &mut Io<'_, '_>) {
        let kind = FactKind::BlockedSet { device: self.me(), target, blocked: false };
        let fact = io.fact_of_input(kind);
        self.store.blocked.remove(&target);
        self.store.allowed.insert(target, Provenance::of(fact));
        if self.store.policy.rotate_on_unblock {
            let fits = |device: &DeviceId| match target {
                Target::User(user) => self.config.directory.user(*device) == user,
                Target::Device(other) => *device == other,
            };
            for outbound in self.store.outbound.values_mut() {
                if outbound.told.keys().any(fits) {
                    outbound.invalidate(Provenance::of(fact));
                }
            }
        }
        self.view_changed(io);
    }

    fn acknowledge(&mut self, user: UserId, io: &mut Io<'_, '_>) {
        io.fact_of_input(FactKind::IdentityAcknowledged { device: self.me(), user });
        if let Some(list) = self.store.lists.user_mut(user) {
            list.pinned = list.shown;
            list.was_verified = list.is_verified();
        }
        self.view_changed(io);
    }

    fn set_reporting(&mut self, target: Option<Target>, codes: CodeSet, io: &mut Io<'_, '_>) {
        let report = &mut self.store.policy.report;
        match target {
            Some(target) => report.overrides.push((target, codes)),
            None => (report.codes, report.strangers, report.overrides) = (codes, codes, Vec::new()),
        }
        let (device, strangers) = (self.me(), codes);
        io.fact_of_input(FactKind::ReportingSet { device, target, codes, strangers });
        self.view_changed(io);
    }

    fn lose_olm(&mut self, peer: DeviceId, io: &mut Io<'_, '_>) {
        for session in self.store.olm.lose(peer) {
            let (device, why) = (self.me(), LossCause::Wiped);
            let kind = FactKind::OlmDropped { device, peer, session, why };
            io.fact(kind, Causes::of([io.given.cause]));
        }
        self.view_changed(io);
    }
}
