//! The device's own keys: coming up, keeping one-time and fallback keys on the server, cross-signing, and the words of its user that
//! rest on it.
//! It does not know what keys are used for.

use crate::client::reference::Reference;
use crate::client::reference::io::Io;
use crate::client::reference::outbox::Places;
use crate::client::reference::store::Life;
use crate::ids::UserId;
use crate::protocol::api::{CrossSigningKeys, DeviceKeys, KeyUpload, Request, Signature};
use crate::protocol::provenance::Provenance;
use crate::scenario::model::PublishedKeys;
use crate::scenario::policy::Target;
use crate::time::{SimDuration, SimTime};
use crate::trace::fact::{Causes, FactKind, LossCause};

/// How long a fallback key is kept after it was replaced (U-10).
const FALLBACK_KEPT: SimDuration = SimDuration::from_hours(1);
/// How long a fallback key stays with who replaces it by its age.
const FALLBACK_LASTS: SimDuration = SimDuration::from_hours(7 * 24);
/// Where the server does not tell its counts, keys are uploaded at most this often.
const BLIND_UPLOADS: SimDuration = SimDuration::from_secs(60);

/// What the server said of its keys during an upload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    count: Option<u32>,
    unused_fallback: Option<bool>,
    /// Whether it said before that the fallback key was not used yet.
    was_unused: bool,
}

impl Reference {
    /// Comes up with fresh keys.
    pub(super) fn log_in(
        &mut self,
        identity: Option<CrossSigningKeys>,
        (publish, sign): (bool, bool),
        io: &mut Io<'_, '_>,
    ) {
        self.store.life = Life::LoggedIn;
        self.record_choices(io);
        if self.config.keys != PublishedKeys::None {
            let lists_algorithms = self.config.keys == PublishedKeys::Full;
            let keys = DeviceKeys { device: self.me(), lists_algorithms, signed_by: None };
            self.upload_keys(Some(keys), self.config.one_time_keys, self.config.fallback_key, io);
        }
        if let (Some(keys), true) = (identity, publish) {
            self.upload_identity(Request::UploadSigningKeys(keys), io);
        }
        if let (Some(keys), true) = (identity, sign)
            && (publish || !self.takes_over_later(keys, io))
        {
            self.sign_self(keys, io);
        }
        if self.store.policy.backup && sign {
            self.fetch_backup(io);
        }
        io.touch();
    }

    fn record_choices(&mut self, io: &mut Io<'_, '_>) {
        let (device, policy) = (self.me(), &self.store.policy);
        let set = io.fact_of_input(FactKind::SharingSet {
            device,
            share: policy.share,
            with_invited: policy.share_with_invited,
        });
        self.store.sharing_set = Provenance::of(set);
        let (codes, strangers) = (policy.report.codes, policy.report.strangers);
        io.fact_of_input(FactKind::ReportingSet { device, target: None, codes, strangers });
        for (target, codes) in &policy.report.overrides {
            let (target, codes) = (Some(*target), *codes);
            io.fact_of_input(FactKind::ReportingSet { device, target, codes, strangers: codes });
        }
    }

    /// Whether the keys of another device of the user are taken over later: when it is seen that they are published, as far as this client goes
    /// by that.
    pub(super) fn takes_over_later(&mut self, keys: CrossSigningKeys, io: &mut Io<'_, '_>) -> bool {
        let me = self.my_user();
        let published = self.store.lists.user(me).and_then(|list| list.identity);
        let is_known = published.is_some_and(|published| published.master == keys.master);
        let later = self.habits().shares_by_strategy && !is_known;
        if later {
            self.store.takes_over = Some(keys);
            self.follow(me, io);
            io.touch();
        }
        later
    }

    /// Uploads own keys or a signature, one after the other where this client does it so.
    pub(super) fn upload_identity(&mut self, request: Request, io: &mut Io<'_, '_>) {
        let place = self.store.outbox.push(request, io.given.cause);
        if self.habits().shares_by_strategy {
            self.store.outbox.put_behind_identity(place);
        }
    }

    /// Signs this device with the self-signing key, and has the secrets from now on. What they say of others comes with the next
    /// answers to queries.
    pub(super) fn sign_self(&mut self, keys: CrossSigningKeys, io: &mut Io<'_, '_>) {
        let before = self.store.identity.replace(keys);
        if self.habits().shares_by_strategy {
            self.store.lists.evaluate_all(Some(keys));
        } else if before.is_some_and(|before| before.master != keys.master) {
            self.store.lists.evaluate_all(None);
        }
        self.store.takes_over = None;
        let signature = Signature::Device { signer: keys.self_signing, device: self.me() };
        self.upload_identity(Request::UploadSignature(signature), io);
        self.view_changed(io);
    }

    fn upload_keys(
        &mut self,
        device_keys: Option<DeviceKeys>,
        count: u32,
        fallback: bool,
        io: &mut Io<'_, '_>,
    ) {
        let one_time_keys = self.store.account.generate(count as usize, io.given.entropy);
        let fallback_key = fallback.then(|| {
            self.record_fallback_gone(io);
            self.store.account.generate_fallback(io.given.entropy)
        });
        if fallback {
            let is_first = device_keys.is_some();
            let keeps = self.habits().keeps_used_fallback;
            self.store.fallback_made = Some(io.given.clock);
            self.store.fallback_replaced = (!is_first && !keeps).then_some(io.given.clock);
        }
        let is_first = device_keys.is_some();
        let upload = KeyUpload { device_keys, one_time_keys, fallback_key };
        let place = self.store.outbox.push(Request::UploadKeys(upload), io.given.cause);
        if !is_first {
            self.put_in_batch(&Places::from_slice(&[place]));
        }
        io.touch();
    }

    /// Records that the previous fallback key goes, if there is one.
    fn record_fallback_gone(&self, io: &mut Io<'_, '_>) {
        if let Some(key) = self.store.account.previous_fallback() {
            let (device, why) = (self.me(), LossCause::Expired);
            io.fact(
                FactKind::PrivateKeyGone { device, key, why },
                Causes::of([io.given.cause, io.given.clock_set]),
            );
        }
    }

    /// Tops up what the server says it has (C-08). A count that was left out is zero.
    pub(super) fn keep_supply(
        &mut self,
        count: Option<u32>,
        unused_fallback: Option<bool>,
        io: &mut Io<'_, '_>,
    ) {
        if self.store.fallback_replaced.is_some_and(|at| io.given.clock.since(at) > FALLBACK_KEPT) {
            self.record_fallback_gone(io);
            self.store.account.forget_fallback();
            self.store.fallback_replaced = None;
            io.touch();
        }
        let uploading =
            self.store.outbox.requests().any(|request| matches!(request, Request::UploadKeys(_)));
        if uploading {
            let before = self.store.told_while_uploading;
            let was_unused =
                unused_fallback == Some(true) || before.is_some_and(|told| told.was_unused);
            self.store.told_while_uploading = Some(Told { count, unused_fallback, was_unused });
            io.touch();
        }
        if uploading || self.config.keys == PublishedKeys::None {
            return;
        }
        let blind = count.is_none()
            && self.live.uploaded_at.is_some_and(|at| io.given.clock.since(at) < BLIND_UPLOADS);
        let wanted = self.config.one_time_keys.saturating_sub(count.unwrap_or(0));
        let wanted = if blind { 0 } else { wanted };
        let fallback =
            self.config.fallback_key && self.is_fallback_due(unused_fallback, io.given.clock);
        if wanted > 0 || fallback {
            self.live.uploaded_at = Some(io.given.clock);
            self.upload_keys(None, wanted, fallback, io);
        }
    }

    /// Whether a new fallback key is wanted: the last one was used, or has its age where only that counts.
    fn is_fallback_due(&self, unused: Option<bool>, clock: SimTime) -> bool {
        if !self.habits().keeps_used_fallback {
            return unused == Some(false);
        }
        let is_old = |made: SimTime| clock < made || clock.since(made) > FALLBACK_LASTS;
        self.store.fallback_made.is_none_or(is_old)
    }

    /// The server took an upload of keys, and says how many it has. What it said of its keys meanwhile was not looked at yet.
    pub(super) fn keys_uploaded(
        &mut self,
        upload: &KeyUpload,
        count: Option<u32>,
        io: &mut Io<'_, '_>,
    ) {
        self.store.account.mark_published();
        self.live.batches.wanted();
        let Some(told) = self.store.told_while_uploading.take() else { return };
        io.touch();
        // Nobody says which of the two is newer: a key too many does less harm than one too few. Where both are left out, the keys of
        // the upload are taken for enough.
        let count = told.count.into_iter().chain(count).min().unwrap_or(self.config.one_time_keys);
        // A fallback key is not replaced twice for one use. That the new one was used shows if it was not before: an upload
        // may have come to the server long before its answer comes here.
        let is_news = upload.fallback_key.is_none() || told.was_unused;
        self.keep_supply(Some(count), told.unused_fallback.filter(|_| is_news), io);
    }

    /// The server refused an upload of keys for good: these keys will never be handed out. What it said of its keys meanwhile
    /// was not looked at yet.
    pub(super) fn keys_refused(&mut self, upload: &KeyUpload, io: &mut Io<'_, '_>) {
        for (_, key) in &upload.one_time_keys {
            self.store.account.remove_one_time_key(*key);
        }
        if let Some(told) = self.store.told_while_uploading.take() {
            io.touch();
            self.keep_supply(told.count, told.unused_fallback, io);
        }
    }

    /// Loses the private halves of all one-time keys.
    pub(super) fn lose_one_time_keys(&mut self, io: &mut Io<'_, '_>) {
        for key in self.store.account.one_time_keys().collect::<Vec<_>>() {
            self.store.account.remove_one_time_key(key);
            let why = LossCause::Expired;
            io.fact_of_input(FactKind::PrivateKeyGone { device: self.me(), key, why });
        }
        io.touch();
    }

    /// Verifies a user: signs the master key if this device has the secrets and the user has one, else every known
    /// device by hand.
    pub(super) fn verify_user(&mut self, user: UserId, io: &mut Io<'_, '_>) {
        let own = self.store.identity;
        // By the strategies of matrix-rust-sdk a signature is worth something when a list shows it.
        let by_list = self.habits().shares_by_strategy;
        let is_own = user == self.my_user();
        let Some(list) = self.store.lists.user_mut(user).filter(|list| list.known) else {
            self.store.verify_later.insert(Target::User(user));
            self.follow(user, io);
            io.touch();
            return;
        };
        list.verification_withdrawn = false;
        let signs = !(by_list && is_own);
        if let (Some(own), Some(theirs), true) = (own, list.identity, signs) {
            list.pinned = Some(theirs.master);
            if !by_list {
                list.master_signed_by = Some(own.user_signing);
                list.evaluate(Some(own));
            }
            let (signer, master) = (own.user_signing, theirs.master);
            let signature = Signature::Master { signer, user, master };
            self.upload_identity(Request::UploadSignature(signature), io);
            self.record_verified(Target::User(user), true, io);
        } else {
            let devices: Vec<_> = list.devices.iter().map(|keys| keys.device).collect();
            for device in devices {
                self.store.verified_by_hand.insert(device);
                self.record_verified(Target::Device(device), true, io);
            }
        }
        self.view_changed(io);
        self.settle_admitted(&[], io);
    }

    /// Records that the user verified somebody, or took that back.
    pub(super) fn record_verified(&mut self, target: Target, verified: bool, io: &mut Io<'_, '_>) {
        let kind = FactKind::VerifiedSet { device: self.me(), target, verified };
        let fact = Provenance::of(io.fact_of_input(kind));
        let (done, undone) = if verified {
            (&mut self.store.allowed, &mut self.store.withdrawn)
        } else {
            (&mut self.store.withdrawn, &mut self.store.allowed)
        };
        done.insert(target, fact);
        undone.remove(&target);
    }

    /// Asks for the key backup.
    pub(super) fn fetch_backup(&mut self, io: &mut Io<'_, '_>) {
        if self.live.fetching_backup.is_none() {
            let number = self.request_number();
            self.live.fetching_backup = Some(number);
            io.request(number, Request::GetBackup, io.given.cause);
        }
    }
}
