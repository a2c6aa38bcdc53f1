//! What devices have published, as it stands in the answers of servers: identity keys, one-time and fallback keys, cross-signing keys.
//! It does not know who asks.

use serde_json::{Map, Value, json};
use withheld::ids::{DeviceId, KeyValue, SigningKey};
use withheld::protocol::api::{CrossSigningKeys, DeviceKeys, Signature, UserKeys};
use withheld::protocol::entropy::Entropy;
use withheld::protocol::spelling::{KeyKind, spell_key};

use super::{Identity, UploadedKey, Wire};

impl Wire {
    // Devices and their keys.

    /// A device publishes its keys.
    pub fn publish_device(&mut self, device: DeviceId, curve25519: String, keys: Value) {
        self.device_of_key.insert(curve25519.clone(), device);
        self.key_of_device.insert(device, curve25519);
        self.device_keys.insert(device, keys);
        // Who had the id before is not there any more.
        let user = self.names.owner(device);
        let named = self.names.devices_named(user, self.names.device(device));
        self.gone.extend(named);
        self.gone.remove(&device);
    }

    /// A device was logged out: what goes to all devices of its user does not go to it.
    pub fn log_out(&mut self, device: DeviceId) {
        self.gone.insert(device);
    }

    /// Whether a device has published real keys.
    #[must_use]
    pub fn has_keys(&self, device: DeviceId) -> bool {
        self.device_keys.contains_key(&device)
    }

    /// The device with this Curve25519 key.
    #[must_use]
    pub fn device_of_key(&self, curve25519: &str) -> Option<DeviceId> {
        self.device_of_key.get(curve25519).copied()
    }

    /// The Curve25519 key of a device.
    #[must_use]
    pub fn key_of_device(&self, device: DeviceId) -> Option<&str> {
        self.key_of_device.get(&device).map(String::as_str)
    }

    /// A device uploads a one-time or fallback key: the value that stands for it, always the same.
    pub fn upload_key(
        &mut self,
        (owner, fallback): (DeviceId, bool),
        (id, json): (String, Value),
        entropy: &mut Entropy,
    ) -> KeyValue {
        let public = json.get("key").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(known) = self.key_of_public.get(&public) {
            return *known;
        }
        let value = entropy.key_value();
        self.uploaded((owner, fallback), value, (id, json));
        value
    }

    /// A client that has symbols uploads a one-time or fallback key, which has a value already.
    pub fn uploaded(
        &mut self,
        (owner, fallback): (DeviceId, bool),
        value: KeyValue,
        (id, json): (String, Value),
    ) {
        let public = json["key"].as_str().unwrap_or_default().to_owned();
        self.key_of_public.insert(public, value);
        if let Some(number) = key_number(&id) {
            // The first key with a number: a store that goes back gives it out again.
            self.key_numbered.entry((owner, fallback, number)).or_insert(value);
        }
        self.keys.insert(value, UploadedKey { id, json });
    }

    /// The public part of a one-time or fallback key.
    #[must_use]
    pub fn public_of_key(&self, value: KeyValue) -> Option<&str> {
        self.keys.get(&value)?.json["key"].as_str()
    }

    /// The published keys of a device.
    #[must_use]
    pub fn device_keys(&self, device: DeviceId) -> Option<&Value> {
        self.device_keys.get(&device)
    }

    /// The identity that one of these keys belongs to.
    #[must_use]
    pub fn identity_with(&self, key: SigningKey) -> Option<&Identity> {
        let has = |keys: &CrossSigningKeys| {
            [keys.master, keys.self_signing, keys.user_signing].contains(&key)
        };
        self.identities.values().find(|(keys, _)| has(keys)).map(|(_, identity)| identity)
    }

    /// The value of a one-time or fallback key with this public part.
    #[must_use]
    pub fn key_of_public(&self, public: &str) -> Option<KeyValue> {
        self.key_of_public.get(public).copied()
    }

    /// The value of a device's one-time or fallback key with this number.
    #[must_use]
    pub fn key_numbered(
        &self,
        (owner, fallback): (DeviceId, bool),
        number: u64,
    ) -> Option<KeyValue> {
        self.key_numbered.get(&(owner, fallback, number)).copied()
    }

    /// A claimed key with its id; the signature is broken if it is not to be valid.
    #[must_use]
    pub fn claimed_key(&self, value: KeyValue, signature_valid: bool) -> Option<(String, Value)> {
        let UploadedKey { id, json, .. } = self.keys.get(&value)?;
        let mut json = json.clone();
        if !signature_valid {
            // Another key under the same signature: the key is one that nobody has.
            json["key"] = spell_key(KeyKind::OneTime, value.raw()).into();
        }
        Some((id.clone(), json))
    }

    // Cross-signing.

    /// A user has new cross-signing keys.
    pub fn publish_identity(&mut self, keys: CrossSigningKeys, identity: Identity) {
        self.identities.insert(keys.master, (keys, identity));
    }

    /// The keys that stand behind a master key.
    #[must_use]
    pub fn identity(&self, master: SigningKey) -> Option<&Identity> {
        self.identities.get(&master).map(|(_, identity)| identity)
    }

    /// The value that stands for a real master key.
    #[must_use]
    pub fn master_of_public(&self, public: &str) -> Option<CrossSigningKeys> {
        let has = |identity: &Identity| {
            identity.public[0]["keys"]
                .as_object()
                .is_some_and(|keys| keys.values().any(|key| key == public))
        };
        self.identities.values().find(|(_, identity)| has(identity)).map(|(keys, _)| *keys)
    }

    /// A signature as it is uploaded: `signed` is the whole signed object.
    pub fn upload_signature(&mut self, signature: Signature, signed: &Value) {
        let signatures = signed.get("signatures").cloned().unwrap_or_default();
        match signature {
            Signature::Device { signer, device } => {
                self.device_signatures.insert((signer, device), signatures);
            }
            Signature::Master { signer, master, .. } => {
                self.master_signatures.insert((signer, master), signatures);
            }
        }
    }

    // Answers.

    /// The answer to `/keys/query`.
    #[must_use]
    pub fn query_answer(&self, users: &[UserKeys], failed: &[String]) -> Value {
        let [mut devices, mut masters, mut self_signing, mut user_signing, mut failures] =
            std::array::from_fn(|_| Map::<String, Value>::new());
        for answer in users {
            let user = self.names.user(answer.user).to_string();
            let mut of_user = Map::new();
            for keys in &answer.devices {
                if let Some(json) = self.listed(keys) {
                    of_user.insert(self.names.device(keys.device).to_string(), json);
                }
            }
            devices.insert(user.clone(), of_user.into());
            let Some((keys, identity)) =
                answer.identity.and_then(|keys| self.identities.get(&keys.master))
            else {
                continue;
            };
            let [mut master, own, other] = identity.public.clone();
            if let Some(signer) = answer.master_signed_by
                && let Some(more) = self.master_signatures.get(&(signer, keys.master))
            {
                add_signatures(&mut master, more);
            }
            masters.insert(user.clone(), master);
            self_signing.insert(user.clone(), own);
            user_signing.insert(user, other);
        }
        failures.extend(failed.iter().map(|server| (server.clone(), json!({ "status": 503 }))));
        json!({
            "device_keys": devices,
            "master_keys": masters,
            "self_signing_keys": self_signing,
            "user_signing_keys": user_signing,
            "failures": failures,
        })
    }

    fn listed(&self, keys: &DeviceKeys) -> Option<Value> {
        let mut json = self.device_keys.get(&keys.device)?.clone();
        if let Some(signer) = keys.signed_by
            && let Some(more) = self.device_signatures.get(&(signer, keys.device))
        {
            add_signatures(&mut json, more);
        }
        Some(json)
    }
}

/// The number of a key, from an id like `signed_curve25519:AAAAAQ`.
#[must_use]
pub fn key_number(id: &str) -> Option<u64> {
    let (_, name) = id.split_once(':')?;
    let bytes = vodozemac::base64_decode(name).ok()?;
    let mut number = [0; 8];
    number.get_mut(8_usize.checked_sub(bytes.len())?..)?.copy_from_slice(&bytes);
    Some(u64::from_be_bytes(number))
}

/// Puts more signatures to those that an object has.
fn add_signatures(object: &mut Value, more: &Value) {
    for (user, signatures) in more.as_object().into_iter().flatten() {
        for (key, signature) in signatures.as_object().into_iter().flatten() {
            object["signatures"][user][key] = signature.clone();
        }
    }
}
