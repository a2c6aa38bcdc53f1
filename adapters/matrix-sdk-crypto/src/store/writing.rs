//! What is written into the store, and what is noted of that.
//! It does not know who writes it.

use std::collections::{BTreeMap, BTreeSet};

use matrix_sdk_crypto::olm::{
    InboundGroupSession, PickledInboundGroupSession, PickledOutboundGroupSession, PickledSession,
};
use matrix_sdk_crypto::store::types::Changes;
use matrix_sdk_crypto::{Account, DeviceData};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::{Inner, Noted, Result, session_of};

pub(super) fn written(value: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string(value)?)
}

pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    Ok(serde_json::from_str(text)?)
}

/// What of a pickled account tells which private keys it has.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Keys {
    pickle: AccountKeys,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AccountKeys {
    one_time_keys: OneTimeKeys,
    fallback_keys: FallbackKeys,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OneTimeKeys {
    private_keys: BTreeMap<String, IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FallbackKeys {
    fallback_key: Option<FallbackKey>,
    previous_fallback_key: Option<FallbackKey>,
}

#[derive(Deserialize)]
struct FallbackKey {
    key_id: u64,
}

/// The numbers of the one-time and fallback keys whose private parts a pickled account has.
pub(super) fn private_keys(account: &str) -> (BTreeSet<u64>, BTreeSet<u64>) {
    let AccountKeys { one_time_keys, fallback_keys } =
        serde_json::from_str::<Keys>(account).unwrap_or_default().pickle;
    let one_time = one_time_keys.private_keys.keys().filter_map(|id| id.parse().ok());
    let fallback = [fallback_keys.fallback_key, fallback_keys.previous_fallback_key];
    (one_time.collect(), fallback.into_iter().flatten().map(|key| key.key_id).collect())
}

impl Inner {
    pub(super) fn save_account(&mut self, account: &Account) -> Result<()> {
        self.static_account = Some(account.static_data().clone());
        let pickle = written(&account.pickle())?;
        let known = self.private_keys.take();
        if let Some(before) = self.contents.account.replace(pickle) {
            let (one_time, fallback) = known.unwrap_or_else(|| private_keys(&before));
            let now = private_keys(self.contents.account.as_deref().unwrap_or_default());
            let gone = one_time.difference(&now.0).copied().map(Noted::OneTimeKeyGone);
            self.noted.extend(gone);
            self.noted.extend(fallback.difference(&now.1).copied().map(Noted::FallbackKeyGone));
            self.private_keys = Some(now);
        }
        Ok(())
    }

    pub(super) fn save_session(&mut self, id: &str, pickle: &PickledSession) -> Result<()> {
        let peer = pickle.sender_key.to_base64();
        let sessions = self.contents.sessions.entry(peer.clone()).or_default();
        let is_new = sessions.insert(id.to_owned(), written(pickle)?).is_none();
        self.last_used.insert(peer.clone(), id.to_owned());
        self.noted.push(Noted::Olm { peer, session: id.to_owned(), is_new });
        Ok(())
    }

    pub(super) fn save_inbound(
        &mut self,
        session: &InboundGroupSession,
        pickle: &PickledInboundGroupSession,
    ) -> Result<()> {
        let place = (session.room_id().to_owned(), session.session_id().to_owned());
        let first = session.first_known_index();
        let before = self.contents.inbound.insert(place.clone(), written(pickle)?);
        let before = before.map(|text| read::<PickledInboundGroupSession>(&text)).transpose()?;
        let before = before.map(InboundGroupSession::from_pickle).transpose()?;
        if before.is_none_or(|before| first < before.first_known_index()) {
            let (room, session) = place;
            self.noted.push(Noted::Inbound { room, session, first });
        }
        Ok(())
    }

    pub(super) fn save_outbound(
        &mut self,
        pickle: &PickledOutboundGroupSession,
        id: &str,
    ) -> Result<()> {
        let room = pickle.room_id.clone();
        let before = self.contents.outbound.insert(room.clone(), written(pickle)?);
        let same = before.is_some_and(|before| session_of(&before).as_deref() == Some(id));
        if !same {
            self.noted.push(Noted::Outbound { room, session: id.to_owned() });
        }
        Ok(())
    }

    pub(super) fn save_device(&mut self, device: &DeviceData) -> Result<()> {
        let of_user = self.contents.devices.entry(device.user_id().to_owned()).or_default();
        of_user.insert(device.device_id().to_owned(), written(device)?);
        Ok(())
    }

    pub(super) fn inbound(&self) -> Result<Vec<InboundGroupSession>> {
        let all = self.contents.inbound.values();
        all.map(|text| Ok(InboundGroupSession::from_pickle(read(text)?)?)).collect()
    }

    /// What can be written without waiting for a lock.
    pub(super) fn save_plain(&mut self, changes: Changes) -> Result<()> {
        for device in changes.devices.new.iter().chain(&changes.devices.changed) {
            self.save_device(device)?;
        }
        for device in &changes.devices.deleted {
            if let Some(of_user) = self.contents.devices.get_mut(device.user_id()) {
                of_user.remove(device.device_id());
            }
        }
        for identity in changes.identities.new.iter().chain(&changes.identities.changed) {
            let (user, text) = (identity.user_id().to_owned(), written(identity)?);
            self.contents.identities.insert(user, text);
        }
        for hash in changes.message_hashes {
            self.contents.hashes.insert((hash.sender_key, hash.hash));
        }
        for request in changes.key_requests {
            let text = written(&request)?;
            self.contents.requests.insert(request.request_id, text);
        }
        for (room, sessions) in changes.withheld_session_info {
            for (session, entry) in sessions {
                self.contents.withheld.insert((room.clone(), session.clone()), entry);
                self.noted.push(Noted::Withheld { room: room.clone(), session });
            }
        }
        for secret in changes.secrets {
            let name = secret.secret_name.to_string();
            self.contents.secrets.entry(name).or_default().push(secret.secret.to_string());
        }
        let contents = &mut self.contents;
        if changes.backup_decryption_key.is_some() {
            contents.backup.decryption_key = changes.backup_decryption_key;
        }
        if changes.backup_version.is_some() {
            contents.backup.backup_version = changes.backup_version;
        }
        if changes.dehydrated_device_pickle_key.is_some() {
            contents.dehydrated = changes.dehydrated_device_pickle_key;
        }
        if changes.next_batch_token.is_some() {
            contents.next_batch = changes.next_batch_token;
        }
        contents.settings.extend(changes.room_settings);
        for bundle in changes.received_room_key_bundles {
            let place = (bundle.bundle_data.room_id.clone(), bundle.sender_user.clone());
            contents.bundles.insert(place, bundle);
        }
        contents.downloaded.extend(changes.room_key_backups_fully_downloaded);
        // In the order of rooms, which that of a hash map is not.
        let pending: BTreeMap<_, _> = changes.rooms_pending_key_bundle.into_iter().collect();
        for (room, details) in pending {
            match details {
                Some(details) => contents.pending_bundles.insert(room, details),
                None => contents.pending_bundles.remove(&room),
            };
        }
        Ok(())
    }
}
