//! The codecs of habits about shared history and history bundles.
//! They do not know which device habits belong to.

use crate::scenario::file::record::choice;
use crate::scenario::habits::{BundleContents, BundleOpening, BundleSending, SharedHistoryFlag};

choice! {
    /// what is written into shared_history
    SharedHistoryFlag {
        Self::Visibility = Self::Visibility =>
            "visibility" "Whether history is shared by the visibility that the session was made under.",
        Self::Always = Self::Always => "always" "true, always.",
        Self::Absent = Self::Absent => "absent" "Nothing: the field is left out.",
    }
}

choice! {
    /// what a history bundle lists
    BundleContents {
        Self::Shareable = Self::Shareable =>
            "shareable" "Shareable sessions with their keys, all others as withheld.",
        Self::Everything = Self::Everything => "everything" "Every session with its key, shareable or not.",
        Self::Twice = Self::Twice => "twice" "Shareable sessions both with their keys and as withheld.",
        Self::KeysOnly = Self::KeysOnly =>
            "keys_only" "Shareable sessions with their keys, and nothing of the others.",
        Self::NoOlmEntries = Self::NoOlmEntries =>
            "no_olm_entries" "As it should be, with m.no_olm as the reason of withheld sessions.",
        Self::OtherRooms = Self::OtherRooms => "other_rooms" "As it should be, with the keys of other rooms added.",
    }
}

choice! {
    /// how a history bundle is sent
    BundleSending {
        Self::Careful = Self::Careful =>
            "careful" "To cross-signed devices of a fresh list, with sender_device_keys, after a look into the backup.",
        Self::EveryDevice = Self::EveryDevice => "every_device" "To all devices, cross-signed or not.",
        Self::NoDeviceKeys = Self::NoDeviceKeys => "no_device_keys" "Without sender_device_keys.",
        Self::AtHand = Self::AtHand => "at_hand" "From the list and the keys that are at hand.",
    }
}

choice! {
    /// what a recipient makes of a history bundle
    BundleOpening {
        Self::Accepted = Self::Accepted =>
            "accepted" "Takes the room's keys once its user has accepted an invite of the sender, and remembers the giver.",
        Self::AtOnce = Self::AtOnce => "at_once" "Takes them as soon as the bundle comes.",
        Self::AnyRoom = Self::AnyRoom => "any_room" "Takes keys of any room.",
        Self::Anonymous = Self::Anonymous => "anonymous" "Forgets who gave the keys.",
        Self::AbsentIsShared = Self::AbsentIsShared =>
            "absent_is_shared" "Takes an absent shared_history of a room key for true.",
    }
}
