//! Cross-signing and trust: the user's own keys on this device, and what the user says of others.
//! It does not know what trust leads to.
//!
//! The secrets go from one device of a user to another outside of what is simulated, as they do by a recovery key.

use std::collections::BTreeSet;

use matrix_sdk_crypto::store::types::CrossSigningKeyExport;
use matrix_sdk_crypto::types::CrossSigningKey;
use matrix_sdk_crypto::types::requests::{AnyIncomingResponse, UploadSigningKeysRequest};
use matrix_sdk_crypto::{LocalTrust, OlmMachine, UserIdentity};
use ruma::api::client::keys::upload_signatures::v3::Request as SignatureUpload;
use ruma::api::client::keys::upload_signing_keys::v3 as upload_signing_keys;
use serde_json::{Value, json};
use withheld::ids::{DeviceId, FactId, SigningKey, UserId};
use withheld::protocol::api::{CrossSigningKeys, Request, Signature};
use withheld::scenario::policy::Target;
use withheld::trace::fact::{Causes, FactKind};

use crate::wire::Identity;

use super::answers::read;
use super::{Hands, SdkDevice};

/// The objects in an upload of signatures.
fn signed_objects(upload: &SignatureUpload) -> Vec<Value> {
    let json = serde_json::to_value(&upload.signed_keys).unwrap_or_default();
    let users = json.as_object().into_iter().flat_map(|users| users.values());
    users.filter_map(Value::as_object).flat_map(|objects| objects.values().cloned()).collect()
}

fn public_keys(upload: &UploadSigningKeysRequest) -> [Value; 3] {
    let json = |key: &Option<CrossSigningKey>| serde_json::to_value(key).unwrap_or_default();
    [json(&upload.master_key), json(&upload.self_signing_key), json(&upload.user_signing_key)]
}

/// Whether a signed object is the keys of a device.
fn is_device(object: &Value) -> bool {
    object.get("device_id").is_some()
}

impl SdkDevice {
    /// Makes cross-signing keys and publishes them, as `Encryption::bootstrap_cross_signing` does. A device that does not sign itself with them
    /// publishes those that another one of its user has made, which nobody else has yet: it has none of their secrets.
    pub(super) fn make_identity(
        &mut self,
        keys: CrossSigningKeys,
        (reset, sign): (bool, bool),
        hands: &mut Hands<'_, '_>,
    ) {
        let Some(machine) = self.machine() else { return };
        let user = self.user_id(self.my_user());
        let maker = if sign {
            machine.olm.clone()
        } else {
            self.wait(OlmMachine::new(&user, ruma::device_id!("ELSEWHERE")))
        };
        let Ok(made) = self.wait(maker.bootstrap_cross_signing(reset)) else { return };
        let export = self.wait(maker.export_cross_signing_keys()).ok().flatten();
        let seeds = export.map_or([const { None }; 3], |export| {
            [
                export.master_key.clone(),
                export.self_signing_key.clone(),
                export.user_signing_key.clone(),
            ]
        });
        let public = public_keys(&made.upload_signing_keys_req);
        self.wire().publish_identity(keys, Identity { public, seeds });
        self.app.takes_over = None;
        self.errand(Request::UploadSigningKeys(keys), hands.given.cause);
        if !sign {
            return;
        }
        self.app.identity = Some(keys);
        let response: upload_signing_keys::Response = read(&json!({}));
        let id = ruma::TransactionId::new();
        let response = AnyIncomingResponse::SigningKeysUpload(&response);
        let _ = self.wait(machine.olm.mark_request_as_sent(&id, response));
        self.sign_self(keys, &made.upload_signatures_req, hands.given.cause);
    }

    fn sign_self(
        &mut self,
        keys: CrossSigningKeys,
        upload: &SignatureUpload,
        cause: Option<FactId>,
    ) {
        let signature = Signature::Device { signer: keys.self_signing, device: self.me };
        for object in signed_objects(upload).iter().filter(|object| is_device(object)) {
            self.wire().upload_signature(signature, object);
        }
        self.errand(Request::UploadSignature(signature), cause);
    }

    /// Takes the user's cross-signing keys over and signs this device, now or as soon as it knows the public keys.
    pub(super) fn take_over(&mut self, keys: CrossSigningKeys, hands: &mut Hands<'_, '_>) {
        self.app.takes_over = Some(keys);
        let Some(machine) = self.machine() else { return };
        let user = self.user_id(self.my_user());
        let known = self.wait(machine.olm.get_identity(&user, None)).ok().flatten();
        if self.master_of(known.as_ref()) != Some(keys.master) {
            return;
        }
        let Some(identity) = self.wire().identity(keys.master).cloned() else { return };
        let [master_key, self_signing_key, user_signing_key] = identity.seeds;
        let before = self.verified_users();
        let mut export = CrossSigningKeyExport::default();
        (export.master_key, export.self_signing_key, export.user_signing_key) =
            (master_key, self_signing_key, user_signing_key);
        if self.wait(machine.olm.import_cross_signing_keys(export)).is_err() {
            return;
        }
        if self.app.identity.is_none_or(|before| before.master != keys.master) {
            let (device, master) = (self.me, keys.master);
            hands.fact_of_input(FactKind::IdentityReceived { device, master });
        }
        self.app.identity = Some(keys);
        // `Store::import_cross_signing_keys` marks the own identity as verified there and then, and with it everybody whom it has signed.
        for user in self.verified_users().difference(&before) {
            self.record_verified(Target::User(*user), true, hands);
        }
        let own = self.device_id(self.me);
        let device = self.wait(machine.olm.get_device(&user, &own, None)).ok().flatten();
        if let Some(Ok(upload)) = device.map(|device| self.wait(device.verify())) {
            self.app.takes_over = None;
            self.sign_self(keys, &upload, hands.given.cause);
        }
    }

    /// The users whose identity the machine holds for verified.
    fn verified_users(&self) -> BTreeSet<UserId> {
        let Some(machine) = self.machine() else { return BTreeSet::new() };
        let tracked = machine.store.tracked();
        let is_verified = |user: &&ruma::OwnedUserId| {
            let identity = self.wait(machine.olm.get_identity(user, None)).ok().flatten();
            identity.is_some_and(|identity| identity.is_verified())
        };
        let verified = tracked.keys().filter(is_verified);
        verified.filter_map(|user| self.wire().names().user_named(user)).collect()
    }

    /// The value that stands for the master key of an identity.
    pub(super) fn master_of(&self, identity: Option<&UserIdentity>) -> Option<SigningKey> {
        let key = match identity? {
            UserIdentity::Own(own) => own.master_key().get_first_key()?,
            UserIdentity::Other(other) => other.master_key().get_first_key()?,
        };
        self.wire().master_of_public(&key.to_base64()).map(|keys| keys.master)
    }

    /// What waited for a user's list goes on.
    pub(super) fn after_list(&mut self, user: UserId, hands: &mut Hands<'_, '_>) {
        if self.app.verify_later.remove(&Target::User(user)) {
            self.verify_user(user, hands);
        }
        let later: Vec<Target> = self.app.verify_later.iter().copied().collect();
        for target in later {
            if let Target::Device(device) = target
                && self.user_of(device) == user
                && self.apply_trust(device)
            {
                self.app.verify_later.remove(&target);
            }
        }
        self.apply_blocks(user);
    }

    /// The list of the own user came: the user's keys may be there that this device takes over.
    pub(super) fn own_list_came(&mut self, hands: &mut Hands<'_, '_>) {
        self.compare_own_identity();
        if let Some(keys) = self.app.takes_over {
            self.take_over(keys, hands);
        }
    }

    /// Another device of this user has made new keys: this one does not have their secrets.
    fn compare_own_identity(&mut self) {
        let Some(machine) = self.machine() else { return };
        let user = self.user_id(self.my_user());
        let known = self.wait(machine.olm.get_identity(&user, None)).ok().flatten();
        let master = self.master_of(known.as_ref());
        if master.is_some() && self.app.identity.map(|keys| keys.master) != master {
            self.app.identity = None;
        }
    }

    /// Verifies a user: by the own user-signing key if the device has it, else every known device by hand.
    pub(super) fn verify_user(&mut self, user: UserId, hands: &mut Hands<'_, '_>) {
        let Some(machine) = self.machine() else { return };
        let user_id = self.user_id(user);
        if machine.store.tracked().get(&user_id) != Some(&false) {
            self.app.verify_later.insert(Target::User(user));
            let _ = self.wait(machine.olm.update_tracked_users([&*user_id]));
            self.live.look_again = true;
            return;
        }
        let identity = self.wait(machine.olm.get_identity(&user_id, None)).ok().flatten();
        let master = self.master_of(identity.as_ref());
        if let (Some(UserIdentity::Other(other)), Some(own), Some(master)) =
            (identity, self.app.identity, master)
            && let Ok(upload) = self.wait(other.verify())
        {
            let signature = Signature::Master { signer: own.user_signing, user, master };
            for object in &signed_objects(&upload) {
                self.wire().upload_signature(signature, object);
            }
            let _ = self.wait(other.pin_current_master_key());
            self.errand(Request::UploadSignature(signature), hands.given.cause);
            self.record_verified(Target::User(user), true, hands);
        } else {
            let devices: Vec<DeviceId> = self.known_devices(user);
            for device in devices {
                self.app.by_hand.insert(device);
                self.apply_trust(device);
                self.record_verified(Target::Device(device), true, hands);
            }
        }
    }

    /// Verifies a device by hand.
    pub(super) fn verify_device(&mut self, device: DeviceId, hands: &mut Hands<'_, '_>) {
        self.app.by_hand.insert(device);
        if !self.apply_trust(device) {
            self.app.verify_later.insert(Target::Device(device));
        }
        self.record_verified(Target::Device(device), true, hands);
    }

    /// Takes a verification by hand back.
    pub(super) fn unverify_device(&mut self, device: DeviceId, hands: &mut Hands<'_, '_>) {
        self.app.verify_later.remove(&Target::Device(device));
        self.app.by_hand.remove(&device);
        self.apply_trust(device);
        self.record_verified(Target::Device(device), false, hands);
    }

    fn record_verified(&mut self, target: Target, verified: bool, hands: &mut Hands<'_, '_>) {
        let kind = FactKind::VerifiedSet { device: self.me, target, verified };
        let fact = hands.fact_of_input(kind);
        self.app.known.allowed.insert(target, fact);
        self.live.changes += 1;
    }

    /// Blocks: the machine knows blocked devices only, so that the block of a user is one of each of its devices, those included
    /// that are seen later.
    pub(super) fn block(&mut self, target: Target, hands: &mut Hands<'_, '_>) {
        let kind = FactKind::BlockedSet { device: self.me, target, blocked: true };
        let fact = hands.fact_of_input(kind);
        self.app.blocked.insert(target, fact);
        self.live.changes += 1;
        self.app.known.allowed.remove(&target);
        self.apply_blocks(self.user_of_target(target));
    }

    /// Takes a block back.
    pub(super) fn unblock(&mut self, target: Target, hands: &mut Hands<'_, '_>) {
        let kind = FactKind::BlockedSet { device: self.me, target, blocked: false };
        let fact = hands.fact_of_input(kind);
        self.app.blocked.remove(&target);
        self.live.changes += 1;
        self.app.known.allowed.insert(target, fact);
        for device in self.known_devices(self.user_of_target(target)) {
            let meant = target == Target::Device(device) || matches!(target, Target::User(_));
            if meant {
                self.apply_trust(device);
            }
        }
    }

    fn user_of_target(&self, target: Target) -> UserId {
        match target {
            Target::User(user) => user,
            Target::Device(device) => self.user_of(device),
        }
    }

    fn is_blocked(&self, device: DeviceId) -> bool {
        let targets = [Target::Device(device), Target::User(self.user_of(device))];
        targets.iter().any(|target| self.app.blocked.contains_key(target))
    }

    fn apply_blocks(&self, user: UserId) {
        for device in self.known_devices(user) {
            if self.is_blocked(device) {
                self.apply_trust(device);
            }
        }
    }

    /// The devices of a user that the machine knows.
    fn known_devices(&self, user: UserId) -> Vec<DeviceId> {
        let Some(machine) = self.machine() else { return Vec::new() };
        let user_id = self.user_id(user);
        let Ok(devices) = self.wait(machine.olm.get_user_devices(&user_id, None)) else {
            return Vec::new();
        };
        let mut known: Vec<DeviceId> = devices
            .devices()
            .filter_map(|device| device.curve25519_key())
            .filter_map(|key| self.wire().device_of_key(&key.to_base64()))
            .collect();
        known.sort_unstable();
        known
    }

    /// Tells the machine what the user says of a device; false if it does not know it. A block stands above a verification.
    fn apply_trust(&self, device: DeviceId) -> bool {
        let Some(machine) = self.machine() else { return false };
        let trust = if self.is_blocked(device) {
            LocalTrust::BlackListed
        } else if self.app.by_hand.contains(&device) {
            LocalTrust::Verified
        } else {
            LocalTrust::Unset
        };
        let (user, id) = (self.user_id(self.user_of(device)), self.device_id(device));
        let known = self.wait(machine.olm.get_device(&user, &id, None)).ok().flatten();
        let own_key = self.wire().key_of_device(device).map(str::to_owned);
        let known =
            known.filter(|known| known.curve25519_key().map(|key| key.to_base64()) == own_key);
        let Some(known) = known else { return false };
        if known.local_trust_state() != trust {
            let _ = self.wait(known.set_local_trust(trust));
        }
        true
    }

    /// Accepts a user's changed identity.
    pub(super) fn acknowledge(&mut self, user: UserId, hands: &mut Hands<'_, '_>) {
        hands.fact_of_input(FactKind::IdentityAcknowledged { device: self.me, user });
        let Some(machine) = self.machine() else { return };
        let user_id = self.user_id(user);
        let identity = self.wait(machine.olm.get_identity(&user_id, None)).ok().flatten();
        if let Some(UserIdentity::Other(other)) = identity {
            let _ = self.wait(other.pin_current_master_key());
            if other.was_previously_verified() && !other.is_verified() {
                let _ = self.wait(other.withdraw_verification());
            }
        }
    }

    /// The fact that a device or its user was let off last.
    pub(super) fn allowed_by(&self, device: DeviceId) -> Option<FactId> {
        let targets = [Target::Device(device), Target::User(self.user_of(device))];
        targets.iter().filter_map(|target| self.app.known.allowed.get(target).copied()).max()
    }

    /// Why a device is told that it does not get a key.
    pub(super) fn reasons(
        &self,
        device: DeviceId,
        notice: &withheld::protocol::withheld::WithheldContent,
    ) -> Causes {
        use withheld::protocol::withheld::WithheldCode;
        let known = &self.app.known;
        let list = known.lists.get(&self.user_of(device)).copied();
        if notice.code.value() == Some(WithheldCode::Blacklisted) {
            let targets = [Target::Device(device), Target::User(self.user_of(device))];
            let blocks = targets.map(|target| self.app.blocked.get(&target).copied());
            return Causes::of(blocks);
        }
        Causes::of([known.sharing, list, self.allowed_by(device)])
    }
}
