//! The codecs of habits: how the client of a device is written.
//! It does not know which device habits belong to, nor how they are layered.

use super::record::{choice, settings};
use super::values::Int;
use crate::scenario::habits::{
    BundleContents, BundleOpening, BundleSending, ChooseOlm, Habits, MarkWhen, MissingOlm,
    NoOlmDedup, NoOlmReset, NoticeConflict, OnWithheld, PutFailed, SharedHistoryFlag, UnblockIndex,
    WithheldDedup,
};
use crate::time::SimDuration;

settings! {
    /// How the client of a device is written. What is not said is as for every device.
    Habits as HabitsChanges in "habits" from Habits::specification();
    /// What makes two session notices the same, so that the second is not sent.
    withheld_dedup: WithheldDedup,
    /// When a notice or a share counts as done.
    mark_when: MarkWhen,
    /// Whether the marks of session notices survive a restart.
    marks_persist: bool,
    /// What makes two m.no_olm notices the same, so that the second is not sent.
    no_olm_dedup: NoOlmDedup,
    /// What allows m.no_olm to be sent again.
    no_olm_reset: NoOlmReset,
    /// Whether the mark of m.no_olm survives a restart.
    no_olm_persists: bool,
    /// Whether m.no_olm names a room and a session.
    no_olm_names_session: bool,
    /// What a device without an Olm session is in the eyes of the sender afterwards.
    missing_olm: MissingOlm,
    /// Whether every notice goes out a second time under its unstable type.
    unstable_type_too: bool,
    /// What a failed sendToDevice leads to.
    put_failed: PutFailed,
    /// At which index an unblocked device gets the session that is in use.
    unblock_index: UnblockIndex,
    /// Whether blocking a device that has the key replaces the session.
    rotate_on_block: bool,
    /// Whether devices that were only withheld from count as having the key, so that each message replaces the session.
    withheld_looks_shared: bool,
    /// Whether notices are sent when a session is made and never later.
    withheld_at_creation_only: bool,
    /// Which Olm session is used where there are several.
    choose_olm: ChooseOlm,
    /// The least time between two new Olm sessions with one device.
    unwedge_interval: SimDuration,
    /// Whether an undecryptable message leads to a new session only if there was one.
    unwedge_needs_session: bool,
    /// Whether a failed pre-key message uses up the one-time key.
    failed_pre_key_uses_key: bool,
    /// Whether the sync token is stored before what came with it.
    token_before_store: bool,
    /// What a recipient makes of a session notice.
    on_withheld: OnWithheld,
    /// Which notice wins where several name one session.
    notice_conflict: NoticeConflict,
    /// Whether a notice that comes after its message changes what is shown for it.
    late_notice_updates: bool,
    /// The first wait after a failed claim; it is doubled each time.
    claim_backoff_first: SimDuration,
    /// The longest wait after a failed claim.
    claim_backoff_max: SimDuration,
    /// How many targets one sendToDevice request has at the most.
    targets_per_put: Int<1, 1_000_000>,
    /// What the client writes into shared_history of its room keys.
    shared_history_flag: SharedHistoryFlag,
    /// What the client's history bundles list.
    bundle_contents: BundleContents,
    /// How the client sends history bundles.
    bundle_sending: BundleSending,
    /// What the client makes of history bundles that it is sent.
    bundle_opening: BundleOpening,
}

choice! {
    /// what makes two session notices the same
    WithheldDedup {
        Self::SessionDevice = Self::SessionDevice => "session_and_device" "Session and device.",
        Self::SessionDeviceCode = Self::SessionDeviceCode =>
            "session_device_and_code" "Session, device and code: told again when the reason changes.",
        Self::RoomDevice = Self::RoomDevice => "room_and_device" "Room and device: silent after a rotation.",
        Self::SessionUser = Self::SessionUser =>
            "session_and_user" "Session and user: only the first device of a user is told.",
        Self::None = Self::None => "none" "Nothing: a notice with every message.",
    }
}

choice! {
    /// when a notice counts as done
    MarkWhen {
        Self::Accepted = Self::Accepted => "accepted" "When the server has accepted it.",
        Self::BeforeSend = Self::BeforeSend =>
            "before_send" "Before it is sent and for ever: a failed request silences it.",
    }
}

choice! {
    /// what makes two m.no_olm notices the same
    NoOlmDedup {
        Self::Device = Self::Device => "device" "The device.",
        Self::RoomDevice = Self::RoomDevice => "room_and_device" "Room and device.",
        Self::SessionDevice = Self::SessionDevice => "session_and_device" "Session and device.",
        Self::None = Self::None => "none" "Nothing: one for each failed attempt.",
        Self::NeverSent = Self::NeverSent => "never_sent" "None is ever sent.",
    }
}

choice! {
    /// what allows m.no_olm again
    NoOlmReset {
        Self::OlmSession = Self::OlmSession =>
            "olm_session" "A new Olm session with the device, in either direction.",
        Self::Never = Self::Never => "never" "Nothing.",
        Self::AnyClaim = Self::AnyClaim => "any_claim" "Any answer to a claim.",
        Self::Rotation = Self::Rotation => "rotation" "A new Megolm session.",
    }
}

choice! {
    /// what a missing Olm session leads to
    MissingOlm {
        Self::Retry = Self::Retry => "retry" "It is still owed the key.",
        Self::MarkShared = Self::MarkShared =>
            "mark_shared" "It is taken for done until the session is replaced.",
    }
}

choice! {
    /// an index for an unblocked device
    UnblockIndex {
        Self::Next = Self::Next => "next" "The index of the next message.",
        Self::Zero = Self::Zero => "zero" "0, so that it gets what it was kept from.",
        Self::AfterNext = Self::AfterNext => "after_next" "One index too late.",
        Self::Never = Self::Never => "never" "None until the session is replaced.",
    }
}

choice! {
    /// a choice of an Olm session
    ChooseOlm {
        Self::LastDecrypted = Self::LastDecrypted =>
            "last_decrypted" "The one that last decrypted a message, or was created last if none did.",
        Self::NewestCreated = Self::NewestCreated => "newest_created" "The one that was created last.",
    }
}

choice! {
    /// what a failed sendToDevice leads to
    PutFailed {
        Self::RetrySameTxn = Self::RetrySameTxn =>
            "retry_same_txn" "The same request with the same transaction id.",
        Self::RetryNewTxn = Self::RetryNewTxn =>
            "retry_new_txn" "The same contents under a new transaction id.",
        Self::Swallow = Self::Swallow => "swallow" "Nothing: the targets count as served.",
    }
}

choice! {
    /// what a recipient makes of a session notice
    OnWithheld {
        Self::Remember = Self::Remember =>
            "remember" "Remembers it, shows its code for what no key covers, takes keys later.",
        Self::RefuseKeys = Self::RefuseKeys => "refuse_keys" "Remembers it and refuses a key that comes later.",
        Self::DropKey = Self::DropKey => "drop_key" "Remembers it and drops a key that it has.",
        Self::Ignore = Self::Ignore => "ignore" "Makes nothing of it.",
    }
}

choice! {
    /// which notice wins
    NoticeConflict {
        Self::Creator = Self::Creator =>
            "creator" "That of the session's creator; a reply of another device never replaces it.",
        Self::Last = Self::Last => "last" "The last one.",
        Self::First = Self::First => "first" "The first one.",
    }
}

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

#[cfg(test)]
mod tests {
    use crate::scenario::file::choice::Choice;
    use crate::scenario::habits::{
        BundleContents, BundleOpening, BundleSending, ChooseOlm, MarkWhen, MissingOlm, NoOlmDedup,
        NoOlmReset, NoticeConflict, OnWithheld, PutFailed, SharedHistoryFlag, UnblockIndex,
        WithheldDedup,
    };

    /// Compares the names of a habit's settings with those that the model gives them.
    fn same<T: Choice + PartialEq + std::fmt::Debug>(model: &[(T, &'static str)]) {
        let ours: Vec<_> = T::ALL.iter().map(|(value, name, _)| (value.clone(), *name)).collect();
        assert_eq!(ours, model);
    }

    #[test]
    fn settings_of_habits_have_the_names_and_the_order_of_the_model() {
        same(WithheldDedup::ALL);
        same(MarkWhen::ALL);
        same(NoOlmDedup::ALL);
        same(NoOlmReset::ALL);
        same(MissingOlm::ALL);
        same(UnblockIndex::ALL);
        same(ChooseOlm::ALL);
        same(PutFailed::ALL);
        same(OnWithheld::ALL);
        same(NoticeConflict::ALL);
        same(SharedHistoryFlag::ALL);
        same(BundleContents::ALL);
        same(BundleSending::ALL);
        same(BundleOpening::ALL);
    }
}
