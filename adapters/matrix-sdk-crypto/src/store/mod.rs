//! A crypto store in memory that can be copied and put back: what a database file is to an application. It also notes what is
//! written, because that is where the machine shows its Olm sessions, its keys and what it knows of devices.
//! It does not know what any of it means.
//!
//! Everything that can change behind a shared pointer is kept as its pickle, so that a copy stays what it was.

mod machine;
mod writing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use matrix_sdk_crypto::olm::{PickledOutboundGroupSession, StaticAccountData};
use matrix_sdk_crypto::store::CryptoStoreError;
use matrix_sdk_crypto::store::types::{
    BackupKeys, DehydratedDeviceKey, RoomKeyWithheldEntry, RoomPendingKeyBundleDetails,
    RoomSettings, StoredRoomKeyBundleData,
};
use ruma::{OwnedDeviceId, OwnedRoomId, OwnedTransactionId, OwnedUserId, RoomId};

type Result<T> = std::result::Result<T, CryptoStoreError>;

/// What the store holds: the durable part of a device.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    account: Option<String>,
    identity: Option<String>,
    /// By the Curve25519 key of the other device, then by session id.
    sessions: BTreeMap<String, BTreeMap<String, String>>,
    inbound: BTreeMap<(OwnedRoomId, String), String>,
    backed_up: BTreeMap<(OwnedRoomId, String), String>,
    outbound: BTreeMap<OwnedRoomId, String>,
    tracked: BTreeMap<OwnedUserId, bool>,
    hashes: BTreeSet<(String, String)>,
    devices: BTreeMap<OwnedUserId, BTreeMap<OwnedDeviceId, String>>,
    identities: BTreeMap<OwnedUserId, String>,
    requests: BTreeMap<OwnedTransactionId, String>,
    withheld: BTreeMap<(OwnedRoomId, String), RoomKeyWithheldEntry>,
    custom: BTreeMap<String, Vec<u8>>,
    secrets: BTreeMap<String, Vec<String>>,
    backup: BackupKeys,
    dehydrated: Option<DehydratedDeviceKey>,
    next_batch: Option<String>,
    settings: BTreeMap<OwnedRoomId, RoomSettings>,
    bundles: BTreeMap<(OwnedRoomId, OwnedUserId), StoredRoomKeyBundleData>,
    pending_bundles: BTreeMap<OwnedRoomId, RoomPendingKeyBundleDetails>,
    downloaded: BTreeSet<OwnedRoomId>,
}

/// Something that the machine wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noted {
    /// An Olm session with the device that has this Curve25519 key, and whether it was not there before.
    Olm {
        /// The Curve25519 key of the other device.
        peer: String,
        /// The session's id.
        session: String,
        /// Whether it was not there before.
        is_new: bool,
    },
    /// A copy of a Megolm session that reaches further back than what was there.
    Inbound {
        /// The room.
        room: OwnedRoomId,
        /// The session's id.
        session: String,
        /// The first index that it decrypts.
        first: u32,
    },
    /// A session that encrypts for a room, which was not there before.
    Outbound {
        /// The room.
        room: OwnedRoomId,
        /// The session's id.
        session: String,
    },
    /// A withheld notice about a session.
    Withheld {
        /// The room.
        room: OwnedRoomId,
        /// The session's id.
        session: String,
    },
    /// The private part of the one-time key with this number is gone.
    OneTimeKeyGone(u64),
    /// The private part of the fallback key with this number is gone.
    FallbackKeyGone(u64),
    /// An Olm message came that had been decrypted before.
    KnownMessage,
}

#[derive(Debug, Default)]
struct Inner {
    contents: Contents,
    noted: Vec<Noted>,
    /// The session with each peer that was written last.
    last_used: BTreeMap<String, String>,
    static_account: Option<StaticAccountData>,
    /// The numbers of the one-time and fallback keys of the account, if they were looked at.
    private_keys: Option<(BTreeSet<u64>, BTreeSet<u64>)>,
}

/// The store. Clones share their contents.
#[derive(Debug, Clone, Default)]
pub struct Store(Arc<Mutex<Inner>>);

impl Store {
    /// A store with these contents.
    #[must_use]
    pub fn with_contents(contents: Contents) -> Self {
        Self(Arc::new(Mutex::new(Inner { contents, ..Inner::default() })))
    }

    /// A copy of everything.
    #[must_use]
    pub fn contents(&self) -> Contents {
        self.lock().contents.clone()
    }

    /// What was written since this was last asked, in order.
    #[must_use]
    pub fn take_noted(&self) -> Vec<Noted> {
        std::mem::take(&mut self.lock().noted)
    }

    /// The ids of the Olm sessions with the device that has this Curve25519 key.
    #[must_use]
    pub fn olm_sessions(&self, peer: &str) -> Vec<String> {
        let inner = self.lock();
        inner.contents.sessions.get(peer).into_iter().flat_map(BTreeMap::keys).cloned().collect()
    }

    /// The id of the Olm session with the device that has this Curve25519 key that was written last.
    #[must_use]
    pub fn last_used(&self, peer: &str) -> Option<String> {
        self.lock().last_used.get(peer).cloned()
    }

    /// The session that encrypts for a room, with the index of its next message.
    #[must_use]
    pub fn outbound(&self, room: &RoomId) -> Option<(String, u32)> {
        let inner = self.lock();
        let pickle: PickledOutboundGroupSession =
            serde_json::from_str(inner.contents.outbound.get(room)?).ok()?;
        let session = vodozemac::megolm::GroupSession::from(pickle.pickle);
        Some((session.session_id(), session.message_index()))
    }

    /// Loses all Olm sessions with the device that has this Curve25519 key, and returns their ids.
    #[must_use]
    pub fn lose_olm(&self, peer: &str) -> Vec<String> {
        let lost = self.lock().contents.sessions.remove(peer).unwrap_or_default();
        lost.into_keys().collect()
    }

    /// The users whose device lists are followed, and whether each is out of date.
    #[must_use]
    pub fn tracked(&self) -> BTreeMap<OwnedUserId, bool> {
        self.lock().contents.tracked.clone()
    }

    /// Whether a device list that is followed is out of date.
    #[must_use]
    pub fn has_outdated(&self) -> bool {
        self.lock().contents.tracked.values().any(|dirty| *dirty)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contents {
    /// Whether a device lives here.
    #[must_use]
    pub const fn has_account(&self) -> bool {
        self.account.is_some()
    }
}

/// The id of a pickled session that encrypts.
fn session_of(pickle: &str) -> Option<String> {
    let pickle: PickledOutboundGroupSession = serde_json::from_str(pickle).ok()?;
    Some(vodozemac::megolm::GroupSession::from(pickle.pickle).session_id())
}
