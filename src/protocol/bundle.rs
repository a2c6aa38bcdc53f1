//! History bundles: the room keys, and the withheld entries in the place of others, that an inviter gives to who is invited.
//! It does not know who made a bundle, for whom, or whether it should have.
//!
//! Source: Matrix specification 1.19, "Sharing keys between users", `RoomKeyBundle`; MSC4268.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ids::{BundleId, DeviceId, MegolmSessionId, RoomId};
use crate::protocol::withheld::WithheldContent;

/// One key of a bundle (`HistoricRoomKey`). It has no `shared_history`: whatever is listed may be shared again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BundledKey {
    /// `room_id`
    pub room: RoomId,
    /// `session_id`
    pub session: MegolmSessionId,
    /// The first message index that `session_key` can decrypt.
    pub first: u32,
    /// `sender_key` and `sender_claimed_keys`: the device that made the session, as the bundle's maker says.
    pub creator: DeviceId,
}

/// The contents of a bundle (`RoomKeyBundle`), right or wrong.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Bundle {
    /// `room_keys`, in the order in which they are written.
    pub room_keys: Vec<BundledKey>,
    /// `withheld`, in the order in which the entries are written.
    pub withheld: Vec<WithheldContent>,
}

/// The media repository, as far as it holds bundles. What is put there can be fetched at once by whoever knows its id:
/// uploads and downloads take no time and do not fail.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Media {
    bundles: BTreeMap<BundleId, Arc<Bundle>>,
}

impl Media {
    /// Keeps a bundle under this id, which nothing was kept under before.
    pub fn upload(&mut self, id: BundleId, bundle: Bundle) {
        self.bundles.insert(id, Arc::new(bundle));
    }

    /// The bundle with this id; `None` if nobody put it there.
    #[must_use]
    pub fn download(&self, id: BundleId) -> Option<Arc<Bundle>> {
        self.bundles.get(&id).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::{Bundle, BundledKey, Media};
    use crate::ids::{BundleId, DeviceId, MegolmSessionId, RoomId};

    #[test]
    fn what_was_uploaded_is_found_under_its_own_id_only() {
        let key = BundledKey {
            room: RoomId::new(0),
            session: MegolmSessionId::new(1),
            first: 2,
            creator: DeviceId::new(3),
        };
        let bundle = Bundle { room_keys: vec![key], withheld: Vec::new() };
        let mut media = Media::default();
        media.upload(BundleId::new(4), bundle.clone());
        assert_eq!(media.download(BundleId::new(4)).as_deref(), Some(&bundle));
        assert_eq!(media.download(BundleId::new(5)), None);
    }
}
