//! What a homeserver does with keys: it publishes them, answers queries, hands out one-time keys, and tells those who
//! share a room of changes.
//! It does not know which of its answers will arrive.

use crate::homeserver::Homeserver;
use crate::homeserver::device_lists::{Change, ChangeKind, DeviceList};
use crate::homeserver::federation::Item;
use crate::homeserver::log::FactLog;
use crate::homeserver::one_time_keys::{HandOut, PublishedKey};
use crate::ids::{ClaimId, DeviceId, FactId, KeyValue, QueryId, UserId};
use crate::protocol::api::{
    ClaimedKey, CrossSigningKeys, DeviceKeys, KeyUpload, Signature, UserKeys,
};
use crate::protocol::provenance::Provenance;
use crate::trace::fact::{Causes, FactKind};

/// What became of a key upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uploaded {
    /// The last fact that it made.
    pub last: Option<FactId>,
    /// The fact that changed the device list, if it did.
    pub list_changed: Option<FactId>,
}

/// One claim as the target's server sees it.
#[derive(Debug, Clone, Copy)]
pub struct ClaimTerms {
    /// The claim; `None` for a stranger's.
    pub claim: Option<ClaimId>,
    /// How the server hands keys out.
    pub how: HandOut,
    /// What led to it.
    pub causes: Causes,
}

impl Homeserver {
    /// A device logs in. If another identity has its device id, that one is deleted, and given back.
    pub fn login(
        &mut self,
        device: DeviceId,
        causes: Causes,
        log: &mut impl FactLog,
    ) -> Option<(DeviceId, FactId)> {
        let replaced = self.holder(device).filter(|holder| *holder != device);
        let deleted = replaced.map(|old| (old, self.delete_device(old, causes, log)));
        self.account_mut(self.residents.address(device)).holder = Some(device);
        let seat = self.residents.user_seat(self.residents.user(device));
        if let Err(place) = self.live[seat].binary_search(&device) {
            self.live[seat].insert(place, device);
        }
        deleted
    }

    /// Forgets a device: its keys, its mailbox, its place in the list of its user.
    pub fn delete_device(
        &mut self,
        device: DeviceId,
        causes: Causes,
        log: &mut impl FactLog,
    ) -> FactId {
        let fact = log.record(FactKind::DeviceDeleted { device }, causes);
        let seat = self.residents.user_seat(self.residents.user(device));
        self.live[seat].retain(|known| *known != device);
        self.lists.list_mut(seat).remove(device);
        self.account_mut(self.residents.address(device)).holder = None;
        let account = self.account_mut(device);
        account.mailbox.take_all();
        account.keys = crate::homeserver::one_time_keys::OneTimeKeys::default();
        account.deleted = Provenance::of(fact);
        fact
    }

    /// `POST /keys/upload`. `None` if the upload is refused, because a key id is in use for another value.
    pub fn upload_keys(
        &mut self,
        device: DeviceId,
        upload: &KeyUpload,
        cause: Option<FactId>,
        log: &mut impl FactLog,
    ) -> Option<Uploaded> {
        let causes = Causes::of([cause]);
        let Ok(fresh) = self.account(device).keys.fresh(&upload.one_time_keys) else {
            let causes = self.account(device).restored.0.into_iter().fold(causes, Causes::and);
            let refused = log.record(FactKind::UploadRefused { device }, causes);
            self.account_mut(device).keys_cause = Provenance::of(refused);
            return None;
        };
        let mut result = Uploaded { last: cause, list_changed: None };
        if let Some(keys) = upload.device_keys {
            result.list_changed = self.publish(DeviceKeys { device, ..keys }, causes, log);
            result.last = result.list_changed.or(result.last);
        }
        for run in fresh.chunk_by(|one, next| one.1.raw() + 1 == next.1.raw()) {
            let count = u32::try_from(run.len()).unwrap_or(u32::MAX);
            let fact = FactKind::OneTimeKeysUp { device, first: run[0].1, count };
            result.last = Some(log.record(fact, causes));
            let written = Provenance(result.last);
            let account = self.account_mut(device);
            for &(key_id, value) in run {
                // A server that had not been restored would know that the key is used, and would not take it again.
                let is_used = account.keys.has_forgotten(value);
                let restored = if is_used { account.restored } else { Provenance::UNKNOWN };
                account.keys.add(PublishedKey { key_id, value, written, restored });
            }
        }
        // The same key once more is an upload whose answer was lost: it says nothing new.
        let fallback = upload
            .fallback_key
            .filter(|(_, value)| !self.account(device).keys.has_fallback(*value));
        if let Some((key_id, value)) = fallback {
            result.last = Some(self.publish_fallback(device, (key_id, value), causes, log));
        }
        self.account_mut(device).keys_cause = Provenance(result.last);
        Some(result)
    }

    fn publish_fallback(
        &mut self,
        device: DeviceId,
        key: (u32, KeyValue),
        causes: Causes,
        log: &mut impl FactLog,
    ) -> FactId {
        let (key_id, value) = key;
        let fact = log.record(FactKind::FallbackKeyUp { device, key: value }, causes);
        let written = Provenance::of(fact);
        let account = self.account_mut(device);
        let restored = Provenance::UNKNOWN;
        account.keys.set_fallback(PublishedKey { key_id, value, written, restored });
        account.no_fallback = Provenance::UNKNOWN;
        fact
    }

    /// Publishes device keys. Gives the fact that changed the list; `None` if nothing did.
    fn publish(
        &mut self,
        keys: DeviceKeys,
        causes: Causes,
        log: &mut impl FactLog,
    ) -> Option<FactId> {
        let DeviceKeys { device, lists_algorithms: crypto, .. } = keys;
        let list = self.lists.list_mut(self.residents.user_seat(self.residents.user(device)));
        let was_signed = list.is_cross_signed(device);
        let is_new = list.publish(keys);
        let mut fact = is_new.then(|| log.record(FactKind::DeviceUp { device, crypto }, causes));
        if !was_signed && list.is_cross_signed(device) {
            let causes = fact.map_or(causes, Causes::one);
            fact = Some(log.record(FactKind::CrossSigned { device }, causes));
        }
        fact
    }

    /// The cross-signing keys that one of the server's users has published.
    #[must_use]
    pub fn identity(&self, user: UserId) -> Option<CrossSigningKeys> {
        self.lists.list(self.residents.user_seat(user)).identity()
    }

    /// `POST /keys/device_signing/upload`. Gives the fact that changed the list.
    pub fn set_identity(
        &mut self,
        user: UserId,
        keys: CrossSigningKeys,
        cause: Option<FactId>,
        log: &mut impl FactLog,
    ) -> FactId {
        let list = self.lists.list_mut(self.residents.user_seat(user));
        list.set_identity(keys);
        let fact = FactKind::IdentitySet { user, master: keys.master };
        let set = log.record(fact, Causes::of([cause]));
        for known in list.devices() {
            if known.signed_by == Some(keys.self_signing) {
                log.record(FactKind::CrossSigned { device: known.device }, Causes::one(set));
            }
        }
        set
    }

    /// `POST /keys/signatures/upload` by a device of `user`. Gives the fact that changed the user's own list, if the
    /// signature did; that of another user's master key is seen by the user's own devices only.
    pub fn add_signature(
        &mut self,
        user: UserId,
        signature: Signature,
        cause: Option<FactId>,
        log: &mut impl FactLog,
    ) -> Option<FactId> {
        match signature {
            Signature::Device { signer, device } => {
                let list = self.lists.list_mut(self.residents.user_seat(user));
                let before = list.is_cross_signed(device);
                list.sign(signer, device);
                (!before && list.is_cross_signed(device))
                    .then(|| log.record(FactKind::CrossSigned { device }, Causes::of([cause])))
            }
            Signature::Master { signer, user: whose, master } => {
                self.lists.sign_master(signer, master);
                let kind = ChangeKind::SignedBy(user);
                self.lists.push(Change { user: whose, kind, cause: Provenance(cause) });
                self.touch_users(&[user]);
                None
            }
        }
    }

    /// The list of one of the server's own users changed: notes it, tells those of its users who share a room with
    /// that user unless something makes the notice `lost`, and queues it for the other servers in these rooms.
    pub fn list_changed(
        &mut self,
        user: UserId,
        by: FactId,
        lost: Option<Provenance>,
        log: &mut impl FactLog,
    ) {
        let lost_by = lost.unwrap_or_default().0;
        let causes = lost_by.into_iter().fold(Causes::one(by), Causes::and);
        let fact = self.learn_list_change(user, causes, lost.is_some(), log);
        let cause = Provenance::of(fact);
        self.lists.list_mut(self.residents.user_seat(user)).changed_by(cause);
        let (_, servers) = self.rooms.neighbours(user);
        for server in servers {
            self.federation.queue(server, Item::DeviceList(user, cause));
        }
    }

    /// Learns that the list of a user of any server changed.
    pub fn learn_list_change(
        &mut self,
        user: UserId,
        causes: Causes,
        lost: bool,
        log: &mut impl FactLog,
    ) -> FactId {
        let fact = log.record(FactKind::ListChangedAt { user }, causes);
        if !lost {
            let cause = Provenance::of(fact);
            self.lists.push(Change { user, kind: ChangeKind::Changed, cause });
            let (mut users, _) = self.rooms.neighbours(user);
            if self.residents.server(user) == self.id {
                users.push(user);
            }
            self.touch_users(&users);
        }
        fact
    }

    /// What the server has to say of one of its users to whoever asks; `old` in the place of what it has now.
    #[must_use]
    pub fn answer_query(
        &self,
        user: UserId,
        query: QueryId,
        old: Option<&[DeviceList]>,
    ) -> UserKeys {
        let seat = self.residents.user_seat(user);
        let list = old.map_or_else(|| self.lists.list(seat), |lists| &lists[seat]);
        UserKeys {
            user,
            query,
            identity: list.identity(),
            master_signed_by: None,
            devices: list.devices().to_vec(),
            cause: list.cause(),
        }
    }

    /// Adds to an answer what only the asking user's server knows: whether that user has signed the master key.
    pub fn add_own_signature(&self, asking: UserId, answer: &mut UserKeys) {
        let own = self.lists.list(self.residents.user_seat(asking)).identity();
        answer.master_signed_by = own.zip(answer.identity).and_then(|(own, theirs)| {
            let signed = self.lists.has_signed_master(own.user_signing, theirs.master);
            signed.then_some(own.user_signing)
        });
    }

    /// Hands out a key of one of the server's devices. A claim names user and device id: if another identity has that
    /// id by now, it is that one's key that goes out, and its signature is not the one that was asked for.
    pub fn claim(
        &mut self,
        target: DeviceId,
        terms: ClaimTerms,
        log: &mut impl FactLog,
    ) -> Option<ClaimedKey> {
        let holder = self.holder(target)?;
        let out = self.account_mut(holder).keys.hand_out(terms.how)?;
        let kind = FactKind::KeyHandedOut {
            target: holder,
            key: out.key.value,
            fallback: out.fallback,
            claim: terms.claim,
        };
        let of_key = [out.key.restored.0, out.key.written.0].into_iter().flatten();
        let causes = of_key.fold(terms.causes, Causes::and);
        let cause = Provenance::of(log.record(kind, causes));
        self.account_mut(holder).keys_cause = cause;
        self.touched.push(holder);
        Some(ClaimedKey {
            device: target,
            claim: terms.claim?,
            key: out.key.value,
            fallback: out.fallback,
            signature_valid: holder == target,
            cause,
        })
    }

    /// Strangers claim up to `count` one-time keys of a device.
    pub fn claim_by_strangers(
        &mut self,
        device: DeviceId,
        count: u32,
        causes: Causes,
        log: &mut impl FactLog,
    ) {
        for _ in 0..count.min(self.account(device).keys.count()) {
            let terms = ClaimTerms { claim: None, how: HandOut::default(), causes };
            self.claim(device, terms, log);
        }
    }
}
