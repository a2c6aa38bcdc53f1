//! Habits: how a client is written. Every field has a setting that follows the specification, and others that real
//! clients have or had.
//! It does not know what users choose; that is in `policy`.

use crate::time::SimDuration;

/// Declares an enum of habits with the names of its settings in files.
macro_rules! habit {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// The settings with their names in files, the specification's first.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$variant, $text),)*];
        }
    };
}

habit! {
    /// What makes two session notices "the same", so that the second is not sent (W-09).
    WithheldDedup {
        /// Session and device.
        SessionDevice "session_and_device",
        /// Session, device and code: a second notice when the reason changes (A-04; matrix-rust-sdk).
        SessionDeviceCode "session_device_and_code",
        /// Room and device: silent after a rotation (X03).
        RoomDevice "room_and_device",
        /// Session and user: only the first device of a user is told (X04).
        SessionUser "session_and_user",
        /// Nothing: a notice with every message (X01; Element Android legacy).
        None "none",
    }
}

habit! {
    /// When a notice or a share counts as done.
    MarkWhen {
        /// When the server has accepted it.
        Accepted "accepted",
        /// Before it is sent, for ever: a failed request silences it (matrix-js-sdk legacy; X31).
        BeforeSend "before_send",
    }
}

habit! {
    /// What makes two `m.no_olm` notices "the same" (N-02, N-03).
    NoOlmDedup {
        /// The device.
        Device "device",
        /// Room and device (X05).
        RoomDevice "room_and_device",
        /// Session and device (X05; Element Android legacy, Hydrogen).
        SessionDevice "session_and_device",
        /// Nothing: one for each failed attempt (X06).
        None "none",
        /// None is ever sent (mautrix).
        NeverSent "never_sent",
    }
}

habit! {
    /// What clears the mark that `m.no_olm` was sent.
    NoOlmReset {
        /// A new Olm session with the device, in either direction.
        OlmSession "olm_session",
        /// Nothing (X07; matrix-rust-sdk, matrix-js-sdk legacy).
        Never "never",
        /// Any answer to a claim (X08).
        AnyClaim "any_claim",
        /// A new Megolm session (X09).
        Rotation "rotation",
    }
}

habit! {
    /// What a device without an Olm session is in the eyes of the sender afterwards.
    MissingOlm {
        /// Still owed the key.
        Retry "retry",
        /// Taken for done, until the session is replaced (X10; matrix-js-sdk legacy, mautrix).
        MarkShared "mark_shared",
    }
}

habit! {
    /// At which index an unblocked device gets the session that is in use (B-02, B-04).
    UnblockIndex {
        /// The index of the next message.
        Next "next",
        /// 0: also what it was kept from (X19).
        Zero "zero",
        /// One index too late (X20).
        AfterNext "after_next",
        /// Not at all until the session is replaced (X21).
        Never "never",
    }
}

habit! {
    /// Which Olm session is used where there are several (U-04).
    ChooseOlm {
        /// The one that last decrypted a message, or was created last if none did.
        LastDecrypted "last_decrypted",
        /// The one that was created last (matrix-rust-sdk).
        NewestCreated "newest_created",
    }
}

habit! {
    /// What a failed `sendToDevice` leads to (T-10).
    PutFailed {
        /// The same request again, with the same transaction id.
        RetrySameTxn "retry_same_txn",
        /// The same contents again under a new transaction id (X32).
        RetryNewTxn "retry_new_txn",
        /// Nothing: the targets count as served (X31; matrix-nio, mautrix).
        Swallow "swallow",
    }
}

habit! {
    /// What a recipient makes of a session notice.
    OnWithheld {
        /// Remembers it, shows its code for what the key does not cover, takes keys later.
        Remember "remember",
        /// Remembers it and refuses a key that comes later (X42; mautrix-go before 2026).
        RefuseKeys "refuse_keys",
        /// Remembers it and drops a key that it has (X41).
        DropKey "drop_key",
        /// Makes nothing of it (matrix-nio, mautrix-python).
        Ignore "ignore",
    }
}

habit! {
    /// Which notice wins where several name one session (P-10).
    NoticeConflict {
        /// The session creator's own; a reply of another device never replaces it.
        Creator "creator",
        /// The last one (matrix-rust-sdk; X47).
        Last "last",
        /// The first one (mautrix-go).
        First "first",
    }
}

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

/// How a client is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Habits {
    /// When a session notice is a repetition.
    pub withheld_dedup: WithheldDedup,
    /// When a notice counts as sent.
    pub mark_when: MarkWhen,
    /// Whether the marks of session notices survive a restart (X02).
    pub marks_persist: bool,
    /// When a `m.no_olm` is a repetition.
    pub no_olm_dedup: NoOlmDedup,
    /// When `m.no_olm` may be sent again.
    pub no_olm_reset: NoOlmReset,
    /// Whether the mark of `m.no_olm` survives a restart (X08).
    pub no_olm_persists: bool,
    /// Whether `m.no_olm` names room and session (X11; Element Android legacy, Hydrogen).
    pub no_olm_names_session: bool,
    /// What a missing Olm session leads to.
    pub missing_olm: MissingOlm,
    /// Whether every notice goes out a second time under its unstable type (mautrix).
    pub unstable_type_too: bool,
    /// What a failed request leads to.
    pub put_failed: PutFailed,
    /// Where an unblocked device starts.
    pub unblock_index: UnblockIndex,
    /// Whether blocking a device that has the key replaces the session (R-05, X22).
    pub rotate_on_block: bool,
    /// Whether devices that were only withheld from count as having the key, so that each message replaces the
    /// session (X24; matrix-rust-sdk before 2025-04).
    pub withheld_looks_shared: bool,
    /// Whether notices are sent when a session is made and never later (X29).
    pub withheld_at_creation_only: bool,
    /// Which Olm session is used.
    pub choose_olm: ChooseOlm,
    /// The least time between two new Olm sessions with one device (U-02).
    pub unwedge_interval: SimDuration,
    /// Whether an undecryptable message leads to a new session only if there was one (matrix-rust-sdk).
    pub unwedge_needs_session: bool,
    /// Whether a failed pre-key message uses up the one-time key (X52).
    pub failed_pre_key_uses_key: bool,
    /// Whether the sync token is stored before what came with it (X54).
    pub token_before_store: bool,
    /// What a recipient makes of a session notice.
    pub on_withheld: OnWithheld,
    /// Which notice wins.
    pub notice_conflict: NoticeConflict,
    /// Whether a notice that comes after its message changes what is shown for it (P-09, X46).
    pub late_notice_updates: bool,
    /// First wait after a failed claim; doubled each time.
    pub claim_backoff_first: SimDuration,
    /// Longest wait after a failed claim.
    pub claim_backoff_max: SimDuration,
    /// How many targets one `sendToDevice` request has at the most.
    pub targets_per_put: u32,
    /// What it writes into `shared_history`.
    pub shared_history_flag: SharedHistoryFlag,
    /// What its history bundles list.
    pub bundle_contents: BundleContents,
    /// How it sends them.
    pub bundle_sending: BundleSending,
    /// What it makes of those that it is sent, and of `shared_history`.
    pub bundle_opening: BundleOpening,
}

impl Habits {
    /// A client as the specification wants it; where that is silent, the waits of matrix-rust-sdk.
    #[must_use]
    pub const fn specification() -> Self {
        Self {
            withheld_dedup: WithheldDedup::SessionDevice,
            mark_when: MarkWhen::Accepted,
            marks_persist: true,
            no_olm_dedup: NoOlmDedup::Device,
            no_olm_reset: NoOlmReset::OlmSession,
            no_olm_persists: true,
            no_olm_names_session: false,
            missing_olm: MissingOlm::Retry,
            unstable_type_too: false,
            put_failed: PutFailed::RetrySameTxn,
            unblock_index: UnblockIndex::Next,
            rotate_on_block: true,
            withheld_looks_shared: false,
            withheld_at_creation_only: false,
            choose_olm: ChooseOlm::LastDecrypted,
            unwedge_interval: SimDuration::from_hours(1),
            unwedge_needs_session: false,
            failed_pre_key_uses_key: false,
            token_before_store: false,
            on_withheld: OnWithheld::Remember,
            notice_conflict: NoticeConflict::Creator,
            late_notice_updates: true,
            claim_backoff_first: SimDuration::from_secs(15),
            claim_backoff_max: SimDuration::from_secs(900),
            targets_per_put: 250,
            shared_history_flag: SharedHistoryFlag::Visibility,
            bundle_contents: BundleContents::Shareable,
            bundle_sending: BundleSending::Careful,
            bundle_opening: BundleOpening::Accepted,
        }
    }
}
