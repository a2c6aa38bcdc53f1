//! The crypto store of a machine, as one that can be copied and put back, and what is noted of what is written: that is where the machine
//! shows its Olm sessions, its keys and what it knows of devices. It does not know what any of it means.

mod pickled;
mod private_keys;
#[cfg(feature = "sqlite")]
mod sqlite;
mod watched;
mod writing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use matrix_sdk_crypto::store::{CryptoStore, CryptoStoreError};
use ruma::{DeviceId, OwnedRoomId, OwnedUserId, RoomId, UserId};
use tokio::runtime::Handle;

pub use self::pickled::Contents;
use self::pickled::PickleStore;
use self::private_keys::PrivateKeys;
#[cfg(feature = "sqlite")]
use self::sqlite::Database;
#[cfg(feature = "sqlite")]
pub use self::sqlite::Files;

type Result<T> = std::result::Result<T, CryptoStoreError>;

/// Where a machine keeps what must survive a restart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum StoreKind {
    /// In memory, as pickles.
    #[default]
    Pickles,
    /// In a database of matrix-sdk-sqlite.
    #[cfg(feature = "sqlite")]
    Sqlite,
}

impl StoreKind {
    /// All that this program was built with, with their names.
    pub const ALL: &'static [(Self, &'static str)] = &[
        (Self::Pickles, "pickles"),
        #[cfg(feature = "sqlite")]
        (Self::Sqlite, "sqlite"),
    ];

    /// The flag with which a command is told of it; `None` for what is used if nothing is said.
    #[must_use]
    pub const fn flag(self) -> Option<&'static str> {
        match self {
            Self::Pickles => None,
            #[cfg(feature = "sqlite")]
            Self::Sqlite => Some("--store sqlite"),
        }
    }

    /// The store with this name.
    ///
    /// # Errors
    /// If there is none, or if the program was built without it.
    pub fn read(text: &str) -> std::result::Result<Self, String> {
        let found = Self::ALL.iter().find(|(_, name)| *name == text);
        found.map(|(kind, _)| *kind).ok_or_else(|| {
            if text == "sqlite" {
                "this program was built without sqlite; build it with --features sqlite".to_owned()
            } else {
                "expected pickles or sqlite".to_owned()
            }
        })
    }
}

/// What is left of a store when its machine has stopped: the file of a database, or the like.
#[derive(Debug, Clone)]
pub enum Stored {
    /// Pickles.
    Pickles(Box<Contents>),
    /// The files of a database.
    #[cfg(feature = "sqlite")]
    Sqlite(Arc<Files>),
}

impl Stored {
    /// An empty store.
    #[must_use]
    pub fn empty(kind: StoreKind) -> Self {
        match kind {
            StoreKind::Pickles => Self::Pickles(Box::default()),
            #[cfg(feature = "sqlite")]
            StoreKind::Sqlite => Self::Sqlite(Arc::default()),
        }
    }
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

/// What keeps what is written.
#[derive(Debug, Clone)]
enum Kept {
    Pickles(Arc<PickleStore>),
    #[cfg(feature = "sqlite")]
    Sqlite(Arc<Database>),
}

/// What was seen of what is written.
#[derive(Debug, Default)]
struct Notes {
    noted: Vec<Noted>,
    /// The Olm sessions with each peer that was looked at.
    olm: BTreeMap<String, BTreeSet<String>>,
    /// The session with each peer that was written last.
    last_used: BTreeMap<String, String>,
    tracked: BTreeMap<OwnedUserId, bool>,
    private_keys: PrivateKeys,
}

/// The store. Clones share their contents.
#[derive(Debug, Clone)]
pub struct Store {
    kept: Kept,
    notes: Arc<Mutex<Notes>>,
}

impl Store {
    /// Opens a copy of what was stored. A database works on threads of this runtime.
    ///
    /// # Errors
    /// If it cannot be opened, or not be read.
    pub async fn open(stored: &Stored, runtime: &Handle) -> Result<Self> {
        #[cfg(not(feature = "sqlite"))]
        let _ = runtime;
        let kept = match stored {
            Stored::Pickles(contents) => {
                Kept::Pickles(Arc::new(PickleStore::with_contents((**contents).clone())))
            }
            #[cfg(feature = "sqlite")]
            Stored::Sqlite(files) => Kept::Sqlite(Arc::new(Database::open(files, runtime)?)),
        };
        let store = Self { kept, notes: Arc::default() };
        store.load_tracked_users().await?;
        Ok(store)
    }

    /// A copy of everything. Nothing may be under way.
    ///
    /// # Panics
    /// If the files of a database cannot be read.
    #[must_use]
    pub fn stored(&self) -> Stored {
        match &self.kept {
            Kept::Pickles(store) => Stored::Pickles(Box::new(store.contents())),
            #[cfg(feature = "sqlite")]
            Kept::Sqlite(database) => Stored::Sqlite(Arc::new(database.files())),
        }
    }

    /// What was written since this was last asked, in order.
    #[must_use]
    pub fn take_noted(&self) -> Vec<Noted> {
        std::mem::take(&mut self.notes().noted)
    }

    /// The ids of the Olm sessions with the device that has this Curve25519 key.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn olm_sessions(&self, peer: &str) -> Result<BTreeSet<String>> {
        if let Some(known) = self.notes().olm.get(peer) {
            return Ok(known.clone());
        }
        let stored = self.get_sessions(peer).await?.unwrap_or_default();
        let ids: BTreeSet<String> =
            stored.iter().map(|session| session.session_id().to_owned()).collect();
        self.notes().olm.insert(peer.to_owned(), ids.clone());
        Ok(ids)
    }

    /// The id of the Olm session with the device that has this Curve25519 key that was written last.
    #[must_use]
    pub fn last_used(&self, peer: &str) -> Option<String> {
        self.notes().last_used.get(peer).cloned()
    }

    /// The session that encrypts for a room, with the index of its next message.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn outbound(&self, room: &RoomId) -> Result<Option<(String, u32)>> {
        let Some(session) = self.get_outbound_group_session(room).await? else { return Ok(None) };
        Ok(Some((session.session_id().to_owned(), session.message_index().await)))
    }

    /// From which index on a device was given a room's session, if that is the one in use.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn given_from(
        &self,
        (room, session): (&RoomId, &str),
        (user, device): (&UserId, &DeviceId),
    ) -> Result<Option<u32>> {
        let in_use = self.get_outbound_group_session(room).await?;
        let Some(in_use) = in_use.filter(|in_use| in_use.session_id() == session) else {
            return Ok(None);
        };
        let pickle = serde_json::to_value(in_use.pickle().await)?;
        let first = &pickle["shared_with_set"][user.as_str()][device.as_str()]["Shared"];
        Ok(first["message_index"].as_u64().and_then(|first| u32::try_from(first).ok()))
    }

    /// Loses all Olm sessions with the device that has this Curve25519 key, and returns their ids.
    ///
    /// # Panics
    /// If a database cannot be written.
    #[must_use]
    pub fn lose_olm(&self, peer: &str) -> Vec<String> {
        self.notes().olm.remove(peer);
        match &self.kept {
            Kept::Pickles(store) => store.lose_olm(peer),
            #[cfg(feature = "sqlite")]
            Kept::Sqlite(database) => database.lose_olm(peer),
        }
    }

    /// The users whose device lists are followed, and whether each is out of date.
    #[must_use]
    pub fn tracked(&self) -> BTreeMap<OwnedUserId, bool> {
        self.notes().tracked.clone()
    }

    /// Whether a device list that is followed is out of date.
    #[must_use]
    pub fn has_outdated(&self) -> bool {
        self.notes().tracked.values().any(|dirty| *dirty)
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
