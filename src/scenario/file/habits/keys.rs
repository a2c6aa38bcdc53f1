//! The names of habits of sharing room keys.
//! They do not know what a setting does.

use crate::scenario::file::record::choice;
use crate::scenario::habits::{
    LeaveRotates, MissingOlm, NeedlessRotation, NewcomerIndex, PutFailed, ReshareIndex,
    UnblockIndex,
};

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
    /// an index for a new device
    NewcomerIndex {
        Self::Next = Self::Next => "next" "The index of the next message.",
        Self::Zero = Self::Zero => "zero" "0, so that it gets what was sent before it came.",
    }
}

choice! {
    /// an index for a key that is sent again
    ReshareIndex {
        Self::Given = Self::Given => "given" "The one that it was given at first.",
        Self::Next = Self::Next => "next" "The index of the next message.",
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
    /// a needless rotation
    NeedlessRotation {
        Self::Nothing = Self::Nothing => "nothing" "Nothing.",
        Self::Join = Self::Join => "join" "A user who joins.",
        Self::NewDevice = Self::NewDevice => "new_device" "A device that is listed for the first time.",
        Self::Restart = Self::Restart => "restart" "A restart of the client.",
    }
}

choice! {
    /// whose leaving replaces the session
    LeaveRotates {
        Self::Anyone = Self::Anyone => "anyone" "That of any user.",
        Self::KeyHolders = Self::KeyHolders =>
            "key_holders" "That of a user whose devices this sender gave the key.",
    }
}
