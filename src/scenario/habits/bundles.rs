//! How clients mark what may be shared with later members, and make, send and open history bundles.
//! They do not know what users choose.

use super::habit;

habit! {
    /// What a sender writes into `shared_history` of its room keys (H-01).
    SharedHistoryFlag {
        /// Whether history is shared by the visibility that the session was made under.
        Visibility "visibility",
        /// `true`, always.
        Always "always",
        /// Nothing: the field is left out, as by clients older than specification 1.19.
        Absent "absent",
    }
}

habit! {
    /// What a history bundle lists (H-03, H-04, H-10).
    BundleContents {
        /// Shareable sessions with their keys, all others as withheld.
        Shareable "shareable",
        /// Every session with its key, shareable or not (X60).
        Everything "everything",
        /// As it should be, and the shareable sessions as withheld once more (X60).
        Twice "twice",
        /// Shareable sessions with their keys, and nothing of the others.
        KeysOnly "keys_only",
        /// As it should be, with `m.no_olm` as the reason of the withheld ones.
        NoOlmEntries "no_olm_entries",
        /// As it should be, with the keys of other rooms added.
        OtherRooms "other_rooms",
    }
}

habit! {
    /// How a history bundle is sent (H-05 to H-07).
    BundleSending {
        /// To cross-signed devices of a fresh list, with `sender_device_keys`, after a look into the key backup.
        Careful "careful",
        /// To all devices, cross-signed or not.
        EveryDevice "every_device",
        /// Without `sender_device_keys`.
        NoDeviceKeys "no_device_keys",
        /// From the list and the keys that are at hand.
        AtHand "at_hand",
    }
}

habit! {
    /// What a recipient makes of a history bundle (H-02, H-08, H-09).
    BundleOpening {
        /// Takes the room's keys when its user has accepted an invite of the sender, and remembers the giver.
        Accepted "accepted",
        /// Takes them as soon as the bundle comes.
        AtOnce "at_once",
        /// Takes keys of any room.
        AnyRoom "any_room",
        /// Forgets who gave the keys.
        Anonymous "anonymous",
        /// Takes an absent `shared_history` of a room key for `true`.
        AbsentIsShared "absent_is_shared",
    }
}
