//! The device's own keys: uploaded as the machine wants, and what it no longer has.
//! It does not know what keys are used for.

use ruma::OwnedTransactionId;
use ruma::api::client::keys::upload_keys::v3 as upload_keys;
use serde_json::{Map, Value, json};
use withheld::ids::{DeviceId, KeyValue};
use withheld::protocol::api::{DeviceKeys, Failure, KeyUpload, Request, Response};
use withheld::time::{SimDuration, SimTime};
use withheld::trace::fact::{Causes, FactKind, LossCause};

use crate::store::Noted;
use crate::wire::key_number;

use super::answers::read;
use super::outgoing::Purpose;
use super::{Hands, SdkDevice};

/// An upload of keys on its way.
#[derive(Debug, Clone)]
pub(super) struct Uploading {
    id: OwnedTransactionId,
}

/// So many uploads within [`UPLOADS_WITHIN`] are made, no more.
const UPLOADS_MAX: usize = 3;

/// The adapter's own patience, not that of `matrix-sdk`: where strangers claim every key at once, a device would upload keys as
/// fast as its connection is.
const UPLOADS_WITHIN: SimDuration = SimDuration::from_secs(60);

impl SdkDevice {
    /// Whether keys may be uploaded now; if not, they will be later.
    pub(super) fn may_upload(&mut self, clock: SimTime) -> bool {
        self.live.uploads.retain(|at| *at <= clock && clock < *at + UPLOADS_WITHIN);
        if let Some(first) = self.live.uploads.front()
            && self.live.uploads.len() >= UPLOADS_MAX
        {
            self.live.upload_at = Some(*first + UPLOADS_WITHIN);
            return false;
        }
        self.live.uploads.push_back(clock);
        true
    }

    /// Uploads keys.
    pub(super) fn upload(
        &mut self,
        id: OwnedTransactionId,
        upload: &upload_keys::Request,
        hands: &mut Hands<'_, '_>,
    ) {
        let device_keys = upload.device_keys.as_ref().map(|keys| {
            let json: Value = serde_json::from_str(keys.json().get()).unwrap_or_default();
            self.publish_own_keys(json)
        });
        let as_json = |key: &str| serde_json::from_str::<Value>(key).unwrap_or_default();
        let mut one_time: Vec<(String, Value)> = upload
            .one_time_keys
            .iter()
            .map(|(id, key)| (id.to_string(), as_json(key.json().get())))
            .collect();
        one_time.sort_by_key(|(id, _)| key_number(id));
        let one_time_keys =
            one_time.into_iter().map(|key| self.uploaded_key(key, false, hands)).collect();
        let fallback = upload.fallback_keys.iter().next();
        let fallback = fallback.map(|(id, key)| (id.to_string(), as_json(key.json().get())));
        let fallback_key = fallback.map(|key| self.uploaded_key(key, true, hands));
        let request = Request::UploadKeys(KeyUpload { device_keys, one_time_keys, fallback_key });
        let cause = hands.given.cause;
        self.send(Purpose::Upload(Uploading { id }), request, cause, hands);
    }

    fn publish_own_keys(&mut self, json: Value) -> DeviceKeys {
        let keys = json["keys"].as_object().cloned().unwrap_or_default();
        let curve = keys.iter().find(|(id, _)| id.starts_with("curve25519:"));
        let curve = curve.and_then(|(_, key)| key.as_str()).unwrap_or_default().to_owned();
        let signatures = json["signatures"].as_object().map(Map::values);
        let signatures = signatures.into_iter().flatten().filter_map(Value::as_object);
        let has_other = signatures.flat_map(Map::keys).any(|id| !keys.contains_key(id));
        let signed_by = self.app.identity.filter(|_| has_other).map(|keys| keys.self_signing);
        self.wire().publish_device(self.me, curve, json);
        DeviceKeys { device: self.me, lists_algorithms: true, signed_by }
    }

    fn uploaded_key(
        &self,
        key: (String, Value),
        fallback: bool,
        hands: &mut Hands<'_, '_>,
    ) -> (u32, KeyValue) {
        let number = key_number(&key.0).and_then(|number| u32::try_from(number).ok());
        let value = self.wire().upload_key((self.me, fallback), key, hands.given.entropy);
        (number.unwrap_or_default(), value)
    }

    /// An upload was answered. One that was refused is passed over: the machine makes the same request again.
    pub(super) fn uploaded(
        &mut self,
        uploading: &Uploading,
        answer: Result<&Response, Failure>,
        hands: &mut Hands<'_, '_>,
    ) {
        let (Some(machine), Ok(Response::UploadKeys(count))) = (self.machine(), answer) else {
            return;
        };
        let counts = count.map_or(json!({}), |count| json!({ "signed_curve25519": count }));
        let response: upload_keys::Response = read(&json!({ "one_time_key_counts": counts }));
        let _ = self.wait(machine.olm.mark_request_as_sent(&uploading.id, &response));
        self.note(machine.store.take_noted(), hands);
        self.live.look_again = true;
    }

    /// Records what the machine wrote, as far as it is not told by what it was asked for.
    pub(super) fn note(&mut self, noted: Vec<Noted>, hands: &mut Hands<'_, '_>) {
        for one in noted {
            match one {
                Noted::OneTimeKeyGone(number) => {
                    self.private_key_gone((number, false), LossCause::Expired, hands);
                }
                Noted::FallbackKeyGone(number) => {
                    self.private_key_gone((number, true), LossCause::Expired, hands);
                }
                Noted::Olm { .. }
                | Noted::Inbound { .. }
                | Noted::Outbound { .. }
                | Noted::Withheld { .. }
                | Noted::KnownMessage => {}
            }
        }
    }

    /// Records that the private part of the key with this number is gone.
    pub(super) fn private_key_gone(
        &self,
        (number, fallback): (u64, bool),
        why: LossCause,
        hands: &mut Hands<'_, '_>,
    ) {
        let device: DeviceId = self.me;
        let key = self.wire().key_numbered((device, fallback), number);
        if let Some(key) = key {
            let causes = Causes::of([hands.given.cause, hands.given.clock_set]);
            hands.fact(FactKind::PrivateKeyGone { device, key, why }, causes);
        }
    }
}
