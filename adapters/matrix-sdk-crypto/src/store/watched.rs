//! The store as the machine sees it: what is asked is handed on to what keeps it, and what is written is noted on its way.
//! It does not know how anything is kept.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use async_trait::async_trait;
use matrix_sdk_common::cross_process_lock::CrossProcessLockGeneration;
use matrix_sdk_crypto::olm::{
    InboundGroupSession, OlmMessageHash, OutboundGroupSession, PrivateCrossSigningIdentity,
    SenderDataType, Session,
};
use matrix_sdk_crypto::store::types::{
    BackupKeys, Changes, DehydratedDeviceKey, PendingChanges, RoomKeyCounts, RoomKeyWithheldEntry,
    RoomPendingKeyBundleDetails, RoomSettings, StoredRoomKeyBundleData, TrackedUser,
};
use matrix_sdk_crypto::store::{CryptoStore, CryptoStoreError, DynCryptoStore};
use matrix_sdk_crypto::{Account, DeviceData, GossipRequest, SecretInfo, UserIdentityData};
use ruma::events::secret::request::SecretName;
use ruma::{DeviceId, OwnedDeviceId, RoomId, TransactionId, UserId};
use vodozemac::Curve25519PublicKey;
use zeroize::Zeroizing;

use super::private_keys::PrivateKeys;
use super::{Kept, Noted, Result, Store};

/// Work of a store.
type Work<'s, T> = Pin<Box<dyn Future<Output = T> + Send + 's>>;

impl Store {
    /// Has what keeps everything do something.
    async fn hand<'s, T>(&'s self, work: impl FnOnce(&'s DynCryptoStore) -> Work<'s, T>) -> T {
        match &self.kept {
            Kept::Pickles(store) => work(&**store).await,
            #[cfg(feature = "sqlite")]
            Kept::Sqlite(database) => database.wait(work(database.store())),
        }
    }

    /// What is new about sessions that are going to be written.
    async fn news_of_inbound(&self, sessions: &[InboundGroupSession]) -> Result<Vec<Noted>> {
        let mut news = Vec::new();
        for session in sessions {
            let (room, id) = (session.room_id().to_owned(), session.session_id().to_owned());
            let first = session.first_known_index();
            let before = self.get_inbound_group_session(&room, &id).await?;
            if before.is_none_or(|before| first < before.first_known_index()) {
                news.push(Noted::Inbound { room, session: id, first });
            }
        }
        Ok(news)
    }

    /// The same of everything in a change, in the order of its parts.
    async fn news_of(&self, changes: &Changes) -> Result<Vec<Noted>> {
        let mut news = Vec::new();
        for session in &changes.sessions {
            let peer = session.sender_key().to_base64();
            let id = session.session_id().to_owned();
            let mut known = self.olm_sessions(&peer).await?;
            let is_new = known.insert(id.clone());
            let mut notes = self.notes();
            notes.olm.insert(peer.clone(), known);
            notes.last_used.insert(peer.clone(), id.clone());
            news.push(Noted::Olm { peer, session: id, is_new });
        }
        news.extend(self.news_of_inbound(&changes.inbound_group_sessions).await?);
        for session in &changes.outbound_group_sessions {
            let (room, id) = (session.room_id(), session.session_id());
            let before = self.get_outbound_group_session(room).await?;
            if before.is_none_or(|before| before.session_id() != id) {
                news.push(Noted::Outbound { room: room.to_owned(), session: id.to_owned() });
            }
        }
        for (room, sessions) in &changes.withheld_session_info {
            let noted = |id: &String| Noted::Withheld { room: room.clone(), session: id.clone() };
            news.extend(sessions.keys().map(noted));
        }
        Ok(news)
    }
}

#[async_trait]
impl CryptoStore for Store {
    type Error = CryptoStoreError;

    async fn load_account(&self) -> Result<Option<Account>> {
        let account = self.hand(|store| store.load_account()).await?;
        if let Some(account) = &account {
            self.notes().private_keys = PrivateKeys::of(account);
        }
        Ok(account)
    }

    async fn save_changes(&self, changes: Changes) -> Result<()> {
        let news = self.news_of(&changes).await?;
        self.hand(|store| store.save_changes(changes)).await?;
        self.notes().noted.extend(news);
        Ok(())
    }

    async fn save_pending_changes(&self, changes: PendingChanges) -> Result<()> {
        let keys = changes.account.as_ref().map(PrivateKeys::of);
        self.hand(|store| store.save_pending_changes(changes)).await?;
        if let Some(keys) = keys {
            let mut notes = self.notes();
            let gone = notes.private_keys.gone_in(&keys);
            notes.private_keys = keys;
            notes.noted.extend(gone);
        }
        Ok(())
    }

    async fn save_inbound_group_sessions(
        &self,
        sessions: Vec<InboundGroupSession>,
        backed_up_to_version: Option<&str>,
    ) -> Result<()> {
        let news = self.news_of_inbound(&sessions).await?;
        let version = backed_up_to_version;
        self.hand(|store| store.save_inbound_group_sessions(sessions, version)).await?;
        self.notes().noted.extend(news);
        Ok(())
    }

    async fn load_tracked_users(&self) -> Result<Vec<TrackedUser>> {
        let users = self.hand(|store| store.load_tracked_users()).await?;
        let tracked = users.iter().map(|one| (one.user_id.clone(), one.dirty));
        self.notes().tracked = tracked.collect();
        Ok(users)
    }

    async fn save_tracked_users(&self, users: &[(&UserId, bool)]) -> Result<()> {
        self.hand(|store| store.save_tracked_users(users)).await?;
        let users = users.iter().map(|(user, dirty)| ((*user).to_owned(), *dirty));
        self.notes().tracked.extend(users);
        Ok(())
    }

    async fn is_message_known(&self, message_hash: &OlmMessageHash) -> Result<bool> {
        let known = self.hand(|store| store.is_message_known(message_hash)).await?;
        if known {
            self.notes().noted.push(Noted::KnownMessage);
        }
        Ok(known)
    }

    async fn load_identity(&self) -> Result<Option<PrivateCrossSigningIdentity>> {
        self.hand(|store| store.load_identity()).await
    }

    async fn get_sessions(&self, sender_key: &str) -> Result<Option<Vec<Session>>> {
        self.hand(|store| store.get_sessions(sender_key)).await
    }

    async fn get_inbound_group_session(
        &self,
        room_id: &RoomId,
        session_id: &str,
    ) -> Result<Option<InboundGroupSession>> {
        self.hand(|store| store.get_inbound_group_session(room_id, session_id)).await
    }

    async fn get_withheld_info(
        &self,
        room_id: &RoomId,
        session_id: &str,
    ) -> Result<Option<RoomKeyWithheldEntry>> {
        self.hand(|store| store.get_withheld_info(room_id, session_id)).await
    }

    async fn get_withheld_sessions_by_room_id(
        &self,
        room_id: &RoomId,
    ) -> Result<Vec<RoomKeyWithheldEntry>> {
        self.hand(|store| store.get_withheld_sessions_by_room_id(room_id)).await
    }

    async fn get_inbound_group_sessions(&self) -> Result<Vec<InboundGroupSession>> {
        self.hand(|store| store.get_inbound_group_sessions()).await
    }

    async fn inbound_group_session_counts(
        &self,
        backup_version: Option<&str>,
    ) -> Result<RoomKeyCounts> {
        self.hand(|store| store.inbound_group_session_counts(backup_version)).await
    }

    async fn get_inbound_group_sessions_by_room_id(
        &self,
        room_id: &RoomId,
    ) -> Result<Vec<InboundGroupSession>> {
        self.hand(|store| store.get_inbound_group_sessions_by_room_id(room_id)).await
    }

    async fn get_inbound_group_sessions_for_device_batch(
        &self,
        curve_key: Curve25519PublicKey,
        sender_data_type: SenderDataType,
        after_session_id: Option<String>,
        limit: usize,
    ) -> Result<Vec<InboundGroupSession>> {
        self.hand(|store| {
            store.get_inbound_group_sessions_for_device_batch(
                curve_key,
                sender_data_type,
                after_session_id,
                limit,
            )
        })
        .await
    }

    async fn inbound_group_sessions_for_backup(
        &self,
        backup_version: &str,
        limit: usize,
    ) -> Result<Vec<InboundGroupSession>> {
        self.hand(|store| store.inbound_group_sessions_for_backup(backup_version, limit)).await
    }

    async fn mark_inbound_group_sessions_as_backed_up(
        &self,
        backup_version: &str,
        room_and_session_ids: &[(&RoomId, &str)],
    ) -> Result<()> {
        self.hand(|store| {
            store.mark_inbound_group_sessions_as_backed_up(backup_version, room_and_session_ids)
        })
        .await
    }

    async fn reset_backup_state(&self) -> Result<()> {
        self.hand(|store| store.reset_backup_state()).await
    }

    async fn load_backup_keys(&self) -> Result<BackupKeys> {
        self.hand(|store| store.load_backup_keys()).await
    }

    async fn load_dehydrated_device_pickle_key(&self) -> Result<Option<DehydratedDeviceKey>> {
        self.hand(|store| store.load_dehydrated_device_pickle_key()).await
    }

    async fn delete_dehydrated_device_pickle_key(&self) -> Result<()> {
        self.hand(|store| store.delete_dehydrated_device_pickle_key()).await
    }

    async fn get_outbound_group_session(
        &self,
        room_id: &RoomId,
    ) -> Result<Option<OutboundGroupSession>> {
        self.hand(|store| store.get_outbound_group_session(room_id)).await
    }

    async fn get_device(
        &self,
        user_id: &UserId,
        device_id: &DeviceId,
    ) -> Result<Option<DeviceData>> {
        self.hand(|store| store.get_device(user_id, device_id)).await
    }

    async fn get_user_devices(
        &self,
        user_id: &UserId,
    ) -> Result<HashMap<OwnedDeviceId, DeviceData>> {
        self.hand(|store| store.get_user_devices(user_id)).await
    }

    async fn get_own_device(&self) -> Result<DeviceData> {
        self.hand(|store| store.get_own_device()).await
    }

    async fn get_user_identity(&self, user_id: &UserId) -> Result<Option<UserIdentityData>> {
        self.hand(|store| store.get_user_identity(user_id)).await
    }

    async fn get_outgoing_secret_requests(
        &self,
        request_id: &TransactionId,
    ) -> Result<Option<GossipRequest>> {
        self.hand(|store| store.get_outgoing_secret_requests(request_id)).await
    }

    async fn get_secret_request_by_info(
        &self,
        secret_info: &SecretInfo,
    ) -> Result<Option<GossipRequest>> {
        self.hand(|store| store.get_secret_request_by_info(secret_info)).await
    }

    async fn get_unsent_secret_requests(&self) -> Result<Vec<GossipRequest>> {
        self.hand(|store| store.get_unsent_secret_requests()).await
    }

    async fn delete_outgoing_secret_requests(&self, request_id: &TransactionId) -> Result<()> {
        self.hand(|store| store.delete_outgoing_secret_requests(request_id)).await
    }

    async fn get_secrets_from_inbox(
        &self,
        secret_name: &SecretName,
    ) -> Result<Vec<Zeroizing<String>>> {
        self.hand(|store| store.get_secrets_from_inbox(secret_name)).await
    }

    async fn delete_secrets_from_inbox(&self, secret_name: &SecretName) -> Result<()> {
        self.hand(|store| store.delete_secrets_from_inbox(secret_name)).await
    }

    async fn get_room_settings(&self, room_id: &RoomId) -> Result<Option<RoomSettings>> {
        self.hand(|store| store.get_room_settings(room_id)).await
    }

    async fn get_received_room_key_bundle_data(
        &self,
        room_id: &RoomId,
        user_id: &UserId,
    ) -> Result<Option<StoredRoomKeyBundleData>> {
        self.hand(|store| store.get_received_room_key_bundle_data(room_id, user_id)).await
    }

    async fn get_pending_key_bundle_details_for_room(
        &self,
        room_id: &RoomId,
    ) -> Result<Option<RoomPendingKeyBundleDetails>> {
        self.hand(|store| store.get_pending_key_bundle_details_for_room(room_id)).await
    }

    async fn get_all_rooms_pending_key_bundles(&self) -> Result<Vec<RoomPendingKeyBundleDetails>> {
        self.hand(|store| store.get_all_rooms_pending_key_bundles()).await
    }

    async fn has_downloaded_all_room_keys(&self, room_id: &RoomId) -> Result<bool> {
        self.hand(|store| store.has_downloaded_all_room_keys(room_id)).await
    }

    async fn get_custom_value(&self, key: &str) -> Result<Option<Vec<u8>>> {
        self.hand(|store| store.get_custom_value(key)).await
    }

    async fn set_custom_value(&self, key: &str, value: Vec<u8>) -> Result<()> {
        self.hand(|store| store.set_custom_value(key, value)).await
    }

    async fn remove_custom_value(&self, key: &str) -> Result<()> {
        self.hand(|store| store.remove_custom_value(key)).await
    }

    async fn try_take_leased_lock(
        &self,
        lease_duration_ms: u32,
        key: &str,
        holder: &str,
    ) -> Result<Option<CrossProcessLockGeneration>> {
        self.hand(|store| store.try_take_leased_lock(lease_duration_ms, key, holder)).await
    }

    async fn next_batch_token(&self) -> Result<Option<String>> {
        self.hand(|store| store.next_batch_token()).await
    }

    async fn close(&self) -> Result<()> {
        self.hand(|store| store.close()).await
    }

    async fn reopen(&self) -> Result<()> {
        self.hand(|store| store.reopen()).await
    }

    async fn get_size(&self) -> Result<Option<usize>> {
        self.hand(|store| store.get_size()).await
    }
}
