//! The key backup of one user: sessions with the first index from which each can be read.
//! It does not know who may read it; the keys in it are as good as its owner's devices left them.
//!
//! Source: client-server API, server-side key backups.

use std::collections::BTreeMap;

use crate::ids::{MegolmSessionId, RoomId};
use crate::protocol::api::BackedUpKey;

/// Backed-up keys, one for each session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Backup {
    keys: BTreeMap<(RoomId, MegolmSessionId), BackedUpKey>,
}

impl Backup {
    /// Puts keys in. Of two keys for one session the one that reads more is kept.
    pub fn put(&mut self, keys: &[BackedUpKey]) {
        for key in keys {
            let kept = self.keys.entry((key.room, key.session)).or_insert(*key);
            if key.first < kept.first {
                *kept = *key;
            }
        }
    }

    /// All keys, by room, then session.
    #[must_use]
    pub fn keys(&self) -> Vec<BackedUpKey> {
        self.keys.values().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Backup;
    use crate::ids::{DeviceId, MegolmSessionId, RoomId};
    use crate::protocol::api::BackedUpKey;

    #[test]
    fn of_two_keys_for_one_session_the_one_that_reads_more_is_kept() {
        let key = |session, first| BackedUpKey {
            room: RoomId::new(0),
            session: MegolmSessionId::new(session),
            first,
            creator: DeviceId::new(0),
            shared_history: false,
        };
        let mut backup = Backup::default();
        assert!(backup.keys().is_empty());
        backup.put(&[key(1, 5), key(0, 2)]);
        backup.put(&[key(1, 3), key(0, 9)]);
        assert_eq!(backup.keys(), [key(0, 2), key(1, 3)]);
    }
}
