//! A store that keeps pickles in memory: a copy of it is a copy, because everything that can change behind a shared pointer is kept as its
//! pickle. It does not know what is noted of what is written.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use matrix_sdk_common::cross_process_lock::CrossProcessLockGeneration;
use matrix_sdk_crypto::olm::{
    InboundGroupSession, OlmMessageHash, OutboundGroupSession, PickledAccount,
    PickledCrossSigningIdentity, PickledSession, PrivateCrossSigningIdentity, SenderDataType,
    Session, StaticAccountData,
};
use matrix_sdk_crypto::store::types::{
    BackupKeys, Changes, DehydratedDeviceKey, PendingChanges, RoomKeyCounts, RoomKeyWithheldEntry,
    RoomPendingKeyBundleDetails, RoomSettings, StoredRoomKeyBundleData, TrackedUser,
};
use matrix_sdk_crypto::store::{CryptoStore, CryptoStoreError};
use matrix_sdk_crypto::types::EventEncryptionAlgorithm;
use matrix_sdk_crypto::{Account, DeviceData, GossipRequest, SecretInfo, UserIdentityData};
use ruma::events::secret::request::SecretName;
use ruma::{
    DeviceId, OwnedDeviceId, OwnedRoomId, OwnedTransactionId, OwnedUserId, RoomId, TransactionId,
    UserId,
};
use vodozemac::Curve25519PublicKey;

use super::Result;
use super::writing::{read, written};

/// What the store holds.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    pub(super) account: Option<String>,
    pub(super) identity: Option<String>,
    /// By the Curve25519 key of the other device, then by session id.
    pub(super) sessions: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) inbound: BTreeMap<(OwnedRoomId, String), String>,
    pub(super) backed_up: BTreeMap<(OwnedRoomId, String), String>,
    pub(super) outbound: BTreeMap<OwnedRoomId, String>,
    pub(super) tracked: BTreeMap<OwnedUserId, bool>,
    pub(super) hashes: BTreeSet<(String, String)>,
    pub(super) devices: BTreeMap<OwnedUserId, BTreeMap<OwnedDeviceId, String>>,
    pub(super) identities: BTreeMap<OwnedUserId, String>,
    pub(super) requests: BTreeMap<OwnedTransactionId, String>,
    pub(super) withheld: BTreeMap<(OwnedRoomId, String), RoomKeyWithheldEntry>,
    pub(super) custom: BTreeMap<String, Vec<u8>>,
    pub(super) secrets: BTreeMap<String, Vec<String>>,
    pub(super) backup: BackupKeys,
    pub(super) dehydrated: Option<DehydratedDeviceKey>,
    pub(super) next_batch: Option<String>,
    pub(super) settings: BTreeMap<OwnedRoomId, RoomSettings>,
    pub(super) bundles: BTreeMap<(OwnedRoomId, OwnedUserId), StoredRoomKeyBundleData>,
    pub(super) pending_bundles: BTreeMap<OwnedRoomId, RoomPendingKeyBundleDetails>,
    pub(super) downloaded: BTreeSet<OwnedRoomId>,
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) contents: Contents,
    pub(super) static_account: Option<StaticAccountData>,
}

/// The store.
#[derive(Debug, Default)]
pub(super) struct PickleStore(Mutex<Inner>);

impl PickleStore {
    /// A store with these contents.
    pub(super) fn with_contents(contents: Contents) -> Self {
        Self(Mutex::new(Inner { contents, ..Inner::default() }))
    }

    /// A copy of everything.
    pub(super) fn contents(&self) -> Contents {
        self.lock().contents.clone()
    }

    /// Loses all Olm sessions with the device that has this Curve25519 key, and returns their ids.
    pub(super) fn lose_olm(&self, peer: &str) -> Vec<String> {
        let lost = self.lock().contents.sessions.remove(peer).unwrap_or_default();
        lost.into_keys().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl CryptoStore for PickleStore {
    type Error = CryptoStoreError;

    async fn load_account(&self) -> Result<Option<Account>> {
        let mut inner = self.lock();
        let Some(text) = inner.contents.account.clone() else { return Ok(None) };
        let account = Account::from_pickle(read::<PickledAccount>(&text)?)?;
        inner.static_account = Some(account.static_data().clone());
        Ok(Some(account))
    }

    async fn load_identity(&self) -> Result<Option<PrivateCrossSigningIdentity>> {
        let Some(text) = self.lock().contents.identity.clone() else { return Ok(None) };
        let pickle = read::<PickledCrossSigningIdentity>(&text)?;
        let identity = PrivateCrossSigningIdentity::from_pickle(pickle);
        identity.map(Some).map_err(CryptoStoreError::backend)
    }

    async fn save_changes(&self, changes: Changes) -> Result<()> {
        // Pickling waits for locks of the sessions' own, which must not happen while this store's is held.
        let mut sessions = Vec::new();
        for session in &changes.sessions {
            sessions.push((session.session_id().to_owned(), session.pickle().await));
        }
        let mut inbound = Vec::new();
        for session in &changes.inbound_group_sessions {
            inbound.push(session.pickle().await);
        }
        let mut outbound = Vec::new();
        for session in &changes.outbound_group_sessions {
            outbound.push(session.pickle().await);
        }
        let identity = match &changes.private_identity {
            Some(identity) => Some(written(&identity.pickle().await)?),
            None => None,
        };
        let mut inner = self.lock();
        for (id, pickle) in &sessions {
            inner.save_session(id, pickle)?;
        }
        for (session, pickle) in changes.inbound_group_sessions.iter().zip(&inbound) {
            inner.save_inbound(session, pickle)?;
        }
        for pickle in &outbound {
            inner.save_outbound(pickle)?;
        }
        if identity.is_some() {
            inner.contents.identity = identity;
        }
        inner.save_plain(changes)
    }

    async fn save_pending_changes(&self, changes: PendingChanges) -> Result<()> {
        changes.account.map_or(Ok(()), |account| self.lock().save_account(&account))
    }

    async fn save_inbound_group_sessions(
        &self,
        sessions: Vec<InboundGroupSession>,
        backed_up_to_version: Option<&str>,
    ) -> Result<()> {
        for session in sessions {
            let pickle = session.pickle().await;
            let mut inner = self.lock();
            inner.save_inbound(&session, &pickle)?;
            if let Some(version) = backed_up_to_version {
                let place = (session.room_id().to_owned(), session.session_id().to_owned());
                inner.contents.backed_up.insert(place, version.to_owned());
            }
        }
        Ok(())
    }

    async fn get_sessions(&self, sender_key: &str) -> Result<Option<Vec<Session>>> {
        let keys = self.get_own_device().await?.as_device_keys().clone();
        let inner = self.lock();
        let Some(pickles) = inner.contents.sessions.get(sender_key) else { return Ok(None) };
        let session = |text: &String| {
            let session = Session::from_pickle(keys.clone(), read::<PickledSession>(text)?);
            session.map_err(|_| CryptoStoreError::UnpicklingError)
        };
        pickles.values().map(session).collect::<Result<_>>().map(Some)
    }

    async fn get_inbound_group_session(
        &self,
        room_id: &RoomId,
        session_id: &str,
    ) -> Result<Option<InboundGroupSession>> {
        let place = (room_id.to_owned(), session_id.to_owned());
        let inner = self.lock();
        let found = inner.contents.inbound.get(&place);
        found.map(|text| Ok(InboundGroupSession::from_pickle(read(text)?)?)).transpose()
    }

    async fn get_withheld_info(
        &self,
        room_id: &RoomId,
        session_id: &str,
    ) -> Result<Option<RoomKeyWithheldEntry>> {
        let place = (room_id.to_owned(), session_id.to_owned());
        Ok(self.lock().contents.withheld.get(&place).cloned())
    }

    async fn get_withheld_sessions_by_room_id(
        &self,
        room_id: &RoomId,
    ) -> Result<Vec<RoomKeyWithheldEntry>> {
        let inner = self.lock();
        let of_room = inner.contents.withheld.iter().filter(|((room, _), _)| room == room_id);
        Ok(of_room.map(|(_, entry)| entry.clone()).collect())
    }

    async fn get_inbound_group_sessions(&self) -> Result<Vec<InboundGroupSession>> {
        self.lock().inbound()
    }

    async fn inbound_group_session_counts(
        &self,
        backup_version: Option<&str>,
    ) -> Result<RoomKeyCounts> {
        let inner = self.lock();
        let backed_up = inner.contents.backed_up.values();
        let backed_up = backed_up.filter(|version| Some(version.as_str()) == backup_version);
        Ok(RoomKeyCounts { total: inner.contents.inbound.len(), backed_up: backed_up.count() })
    }

    async fn get_inbound_group_sessions_by_room_id(
        &self,
        room_id: &RoomId,
    ) -> Result<Vec<InboundGroupSession>> {
        let mut sessions = self.lock().inbound()?;
        sessions.retain(|session| session.room_id() == room_id);
        Ok(sessions)
    }

    async fn get_inbound_group_sessions_for_device_batch(
        &self,
        curve_key: Curve25519PublicKey,
        sender_data_type: SenderDataType,
        after_session_id: Option<String>,
        limit: usize,
    ) -> Result<Vec<InboundGroupSession>> {
        let mut sessions = self.lock().inbound()?;
        sessions.retain(|session| {
            session.sender_key() == curve_key
                && session.sender_data_type() == sender_data_type
                && after_session_id.as_deref().is_none_or(|after| session.session_id() > after)
        });
        sessions.sort_by(|one, other| one.session_id().cmp(other.session_id()));
        sessions.truncate(limit);
        Ok(sessions)
    }

    async fn inbound_group_sessions_for_backup(
        &self,
        backup_version: &str,
        limit: usize,
    ) -> Result<Vec<InboundGroupSession>> {
        let inner = self.lock();
        let mut sessions = inner.inbound()?;
        sessions.retain(|session| {
            let place = (session.room_id().to_owned(), session.session_id().to_owned());
            inner.contents.backed_up.get(&place).is_none_or(|version| version != backup_version)
        });
        sessions.truncate(limit);
        Ok(sessions)
    }

    async fn mark_inbound_group_sessions_as_backed_up(
        &self,
        backup_version: &str,
        room_and_session_ids: &[(&RoomId, &str)],
    ) -> Result<()> {
        for (room, id) in room_and_session_ids {
            if let Some(session) = self.get_inbound_group_session(room, id).await? {
                session.mark_as_backed_up();
                self.save_inbound_group_sessions(vec![session], Some(backup_version)).await?;
            }
        }
        Ok(())
    }

    async fn reset_backup_state(&self) -> Result<()> {
        self.lock().contents.backed_up.clear();
        Ok(())
    }

    async fn load_backup_keys(&self) -> Result<BackupKeys> {
        Ok(self.lock().contents.backup.clone())
    }

    async fn load_dehydrated_device_pickle_key(&self) -> Result<Option<DehydratedDeviceKey>> {
        Ok(self.lock().contents.dehydrated.clone())
    }

    async fn delete_dehydrated_device_pickle_key(&self) -> Result<()> {
        self.lock().contents.dehydrated = None;
        Ok(())
    }

    async fn get_outbound_group_session(
        &self,
        room_id: &RoomId,
    ) -> Result<Option<OutboundGroupSession>> {
        let inner = self.lock();
        let Some(text) = inner.contents.outbound.get(room_id) else { return Ok(None) };
        let account = inner.static_account.as_ref().ok_or(CryptoStoreError::AccountUnset)?;
        let (device, keys) = (account.device_id.clone(), account.identity_keys());
        let session = OutboundGroupSession::from_pickle(device, Arc::new(keys), read(text)?)?;
        Ok(Some(session))
    }

    async fn load_tracked_users(&self) -> Result<Vec<TrackedUser>> {
        let inner = self.lock();
        let tracked = inner.contents.tracked.iter();
        let tracked = tracked.map(|(user, dirty)| (user.clone(), *dirty));
        Ok(tracked.map(|(user_id, dirty)| TrackedUser { user_id, dirty }).collect())
    }

    async fn save_tracked_users(&self, users: &[(&UserId, bool)]) -> Result<()> {
        let users = users.iter().map(|(user, dirty)| ((*user).to_owned(), *dirty));
        self.lock().contents.tracked.extend(users);
        Ok(())
    }

    async fn get_device(
        &self,
        user_id: &UserId,
        device_id: &DeviceId,
    ) -> Result<Option<DeviceData>> {
        let inner = self.lock();
        let found = inner.contents.devices.get(user_id).and_then(|all| all.get(device_id));
        found.map(|text| read(text)).transpose()
    }

    async fn get_user_devices(
        &self,
        user_id: &UserId,
    ) -> Result<HashMap<OwnedDeviceId, DeviceData>> {
        let inner = self.lock();
        let devices = inner.contents.devices.get(user_id).into_iter().flatten();
        devices.map(|(id, text)| Ok((id.clone(), read(text)?))).collect()
    }

    async fn get_own_device(&self) -> Result<DeviceData> {
        let account = self.lock().static_account.clone().ok_or(CryptoStoreError::AccountUnset)?;
        let device = self.get_device(&account.user_id, &account.device_id).await?;
        device.ok_or(CryptoStoreError::AccountUnset)
    }

    async fn get_user_identity(&self, user_id: &UserId) -> Result<Option<UserIdentityData>> {
        self.lock().contents.identities.get(user_id).map(|text| read(text)).transpose()
    }

    async fn is_message_known(&self, message_hash: &OlmMessageHash) -> Result<bool> {
        let place = (message_hash.sender_key.clone(), message_hash.hash.clone());
        Ok(self.lock().contents.hashes.contains(&place))
    }

    async fn get_outgoing_secret_requests(
        &self,
        request_id: &TransactionId,
    ) -> Result<Option<GossipRequest>> {
        self.lock().contents.requests.get(request_id).map(|text| read(text)).transpose()
    }

    async fn get_secret_request_by_info(
        &self,
        secret_info: &SecretInfo,
    ) -> Result<Option<GossipRequest>> {
        let wanted = info_key(secret_info);
        for text in self.lock().contents.requests.values() {
            let request: GossipRequest = read(text)?;
            if info_key(&request.info) == wanted {
                return Ok(Some(request));
            }
        }
        Ok(None)
    }

    async fn get_unsent_secret_requests(&self) -> Result<Vec<GossipRequest>> {
        let inner = self.lock();
        let all = inner.contents.requests.values().map(|text| read::<GossipRequest>(text));
        let mut all = all.collect::<Result<Vec<_>>>()?;
        all.retain(|request| !request.sent_out);
        Ok(all)
    }

    async fn delete_outgoing_secret_requests(&self, request_id: &TransactionId) -> Result<()> {
        self.lock().contents.requests.remove(request_id);
        Ok(())
    }

    async fn get_secrets_from_inbox(
        &self,
        secret_name: &SecretName,
    ) -> Result<Vec<zeroize::Zeroizing<String>>> {
        let inner = self.lock();
        let secrets = inner.contents.secrets.get(secret_name.as_str()).into_iter().flatten();
        Ok(secrets.cloned().map(zeroize::Zeroizing::new).collect())
    }

    async fn delete_secrets_from_inbox(&self, secret_name: &SecretName) -> Result<()> {
        self.lock().contents.secrets.remove(secret_name.as_str());
        Ok(())
    }

    async fn get_room_settings(&self, room_id: &RoomId) -> Result<Option<RoomSettings>> {
        Ok(self.lock().contents.settings.get(room_id).cloned())
    }

    async fn get_received_room_key_bundle_data(
        &self,
        room_id: &RoomId,
        user_id: &UserId,
    ) -> Result<Option<StoredRoomKeyBundleData>> {
        let place = (room_id.to_owned(), user_id.to_owned());
        Ok(self.lock().contents.bundles.get(&place).cloned())
    }

    async fn get_pending_key_bundle_details_for_room(
        &self,
        room_id: &RoomId,
    ) -> Result<Option<RoomPendingKeyBundleDetails>> {
        Ok(self.lock().contents.pending_bundles.get(room_id).cloned())
    }

    async fn get_all_rooms_pending_key_bundles(&self) -> Result<Vec<RoomPendingKeyBundleDetails>> {
        Ok(self.lock().contents.pending_bundles.values().cloned().collect())
    }

    async fn has_downloaded_all_room_keys(&self, room_id: &RoomId) -> Result<bool> {
        Ok(self.lock().contents.downloaded.contains(room_id))
    }

    async fn get_custom_value(&self, key: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.lock().contents.custom.get(key).cloned())
    }

    async fn set_custom_value(&self, key: &str, value: Vec<u8>) -> Result<()> {
        self.lock().contents.custom.insert(key.to_owned(), value);
        Ok(())
    }

    async fn remove_custom_value(&self, key: &str) -> Result<()> {
        self.lock().contents.custom.remove(key);
        Ok(())
    }

    /// One process has the store to itself.
    async fn try_take_leased_lock(
        &self,
        _lease_duration_ms: u32,
        _key: &str,
        _holder: &str,
    ) -> Result<Option<CrossProcessLockGeneration>> {
        Ok(Some(1))
    }

    async fn next_batch_token(&self) -> Result<Option<String>> {
        Ok(self.lock().contents.next_batch.clone())
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }

    async fn reopen(&self) -> Result<()> {
        Ok(())
    }

    async fn get_size(&self) -> Result<Option<usize>> {
        Ok(None)
    }
}

/// What tells requests for different secrets apart.
fn info_key(info: &SecretInfo) -> String {
    match info {
        SecretInfo::KeyRequest(info) => format!(
            "{}/{}/{}",
            info.room_id(),
            EventEncryptionAlgorithm::as_ref(&info.algorithm()),
            info.session_id()
        ),
        SecretInfo::SecretRequest(name) => name.as_ref().to_owned(),
    }
}
