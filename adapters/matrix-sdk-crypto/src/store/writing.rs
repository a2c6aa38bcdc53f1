//! What is written into a store of pickles.
//! It does not know who writes it.

use std::collections::BTreeMap;

use matrix_sdk_crypto::olm::{
    InboundGroupSession, PickledInboundGroupSession, PickledOutboundGroupSession, PickledSession,
};
use matrix_sdk_crypto::store::types::Changes;
use matrix_sdk_crypto::{Account, DeviceData};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Result;
use super::pickled::Inner;

pub(super) fn written(value: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string(value)?)
}

pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    Ok(serde_json::from_str(text)?)
}

impl Inner {
    pub(super) fn save_account(&mut self, account: &Account) -> Result<()> {
        self.static_account = Some(account.static_data().clone());
        self.contents.account = Some(written(&account.pickle())?);
        Ok(())
    }

    pub(super) fn save_session(&mut self, id: &str, pickle: &PickledSession) -> Result<()> {
        let peer = pickle.sender_key.to_base64();
        let sessions = self.contents.sessions.entry(peer).or_default();
        sessions.insert(id.to_owned(), written(pickle)?);
        Ok(())
    }

    pub(super) fn save_inbound(
        &mut self,
        session: &InboundGroupSession,
        pickle: &PickledInboundGroupSession,
    ) -> Result<()> {
        let place = (session.room_id().to_owned(), session.session_id().to_owned());
        self.contents.inbound.insert(place, written(pickle)?);
        Ok(())
    }

    pub(super) fn save_outbound(&mut self, pickle: &PickledOutboundGroupSession) -> Result<()> {
        self.contents.outbound.insert(pickle.room_id.clone(), written(pickle)?);
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
                self.contents.withheld.insert((room.clone(), session), entry);
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
