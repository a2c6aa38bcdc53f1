//! What a device that has symbols publishes, made real: its keys, one-time and fallback keys, cross-signing keys, signatures.
//! It does not know who looks at any of it.

use ruma::canonical_json::CanonicalJsonValue;
use serde_json::{Value, json};
use vodozemac::Ed25519SecretKey;
use withheld::ids::KeyValue;
use withheld::protocol::api::{CrossSigningKeys, DeviceKeys, KeyUpload, Signature};
use withheld::protocol::json::OLM_ALGORITHM;
use withheld::protocol::withheld::MEGOLM_ALGORITHM;

use crate::wire::Identity;

use super::{Shadow, account, pickled};

/// What of an object is signed: its canonical form, without signatures.
fn signable(object: &Value) -> String {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("signatures");
        fields.remove("unsigned");
    }
    let canonical = serde_json::from_value::<CanonicalJsonValue>(object);
    canonical.expect("keys are texts and lists of texts").to_string()
}

impl Shadow {
    fn user(&self) -> String {
        let wire = self.around.wire.borrow();
        let names = wire.names();
        names.user(names.owner(self.me)).to_string()
    }

    fn sign(&self, mut object: Value) -> Value {
        let (user, device) = (self.user(), self.device_id());
        let signature = account(&self.hand.account).sign(signable(&object)).to_base64();
        object["signatures"] = json!({ user: { format!("ed25519:{device}"): signature } });
        object
    }

    fn device_id(&self) -> String {
        self.around.wire.borrow().names().device(self.me).to_string()
    }

    /// Publishes the device's keys, and the one-time keys that were not published before.
    pub(super) fn publish(&mut self, upload: &KeyUpload) {
        if let Some(keys) = &upload.device_keys {
            self.publish_device(keys);
        }
        for (number, value) in &upload.one_time_keys {
            self.publish_key((*number, *value), false);
        }
        if let Some(key) = upload.fallback_key {
            self.publish_key(key, true);
        }
    }

    fn publish_device(&self, keys: &DeviceKeys) {
        if self.around.wire.borrow().has_keys(self.me) {
            return;
        }
        let own = account(&self.hand.account).identity_keys();
        let device = self.device_id();
        let algorithms = if keys.lists_algorithms {
            json!([OLM_ALGORITHM, MEGOLM_ALGORITHM])
        } else {
            json!(["m.nobody_knows_this"])
        };
        let object = self.sign(json!({
            "user_id": self.user(),
            "device_id": device,
            "algorithms": algorithms,
            "keys": {
                format!("curve25519:{device}"): own.curve25519.to_base64(),
                format!("ed25519:{device}"): own.ed25519.to_base64(),
            },
        }));
        let curve = own.curve25519.to_base64();
        self.around.wire.borrow_mut().publish_device(self.me, curve, object);
        if let Some(signer) = keys.signed_by {
            self.publish_signature(Signature::Device { signer, device: self.me });
        }
    }

    fn publish_key(&mut self, (number, value): (u32, KeyValue), fallback: bool) {
        if self.hand.keys.contains_key(&value) {
            return;
        }
        let mut own = account(&self.hand.account);
        let Some(public) = own.generate_one_time_keys(1).created.into_iter().next() else { return };
        self.hand.keys.insert(value, pickled(&own));
        let mut object = json!({ "key": public.to_base64() });
        if fallback {
            object["fallback"] = true.into();
        }
        let object = self.sign(object);
        let number = vodozemac::base64_encode(u64::from(number).to_be_bytes());
        let id = format!("signed_curve25519:{number}");
        self.around.wire.borrow_mut().uploaded((self.me, fallback), value, (id, object));
    }

    /// Publishes cross-signing keys.
    pub(super) fn publish_identity(&self, keys: CrossSigningKeys) {
        if self.around.wire.borrow().identity(keys.master).is_some() {
            return;
        }
        let user = self.user();
        let [master, own, others] = [(); 3].map(|()| Ed25519SecretKey::new());
        let object = |key: &Ed25519SecretKey, usage: &str| {
            let public = key.public_key().to_base64();
            let id = format!("ed25519:{public}");
            json!({ "user_id": user, "usage": [usage], "keys": { id: public } })
        };
        let signed = |mut object: Value| {
            add(&mut object, &user, &master);
            object
        };
        let public = [
            self.sign(object(&master, "master")),
            signed(object(&own, "self_signing")),
            signed(object(&others, "user_signing")),
        ];
        let seeds = [&master, &own, &others].map(|key| Some(key.to_base64()));
        let identity = Identity { public, seeds };
        self.around.wire.borrow_mut().publish_identity(keys, identity);
    }

    /// Publishes a signature by one of the user's cross-signing keys.
    pub(super) fn publish_signature(&self, signature: Signature) {
        let wire = &mut self.around.wire.borrow_mut();
        let (signer, place, object) = match signature {
            Signature::Device { signer, device } => (signer, 1, wire.device_keys(device).cloned()),
            Signature::Master { signer, master, .. } => {
                (signer, 2, wire.identity(master).map(|identity| identity.public[0].clone()))
            }
        };
        let names = wire.names();
        let user = names.user(names.owner(self.me)).to_string();
        let Some(key) = wire.identity_with(signer).and_then(|identity| secret(identity, place))
        else {
            return;
        };
        let Some(mut object) = object else { return };
        object["signatures"] = json!({});
        add(&mut object, &user, &key);
        wire.upload_signature(signature, &object);
    }
}

/// A private cross-signing key.
fn secret(identity: &Identity, place: usize) -> Option<Ed25519SecretKey> {
    Ed25519SecretKey::from_base64(identity.seeds[place].as_deref()?).ok()
}

/// Adds the signature of a cross-signing key.
fn add(object: &mut Value, user: &str, key: &Ed25519SecretKey) {
    let signature = key.sign(signable(object).as_bytes()).to_base64();
    let id = format!("ed25519:{}", key.public_key().to_base64());
    object["signatures"][user][id] = signature.into();
}
