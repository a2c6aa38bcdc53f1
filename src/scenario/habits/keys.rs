//! Habits of sharing room keys: from where on, to whom again, and when a session is replaced.
//! They do not know who is due a key.

use super::habit;

habit! {
    /// What a device without an Olm session is in the eyes of the sender afterwards.
    MissingOlm {
        /// It is still owed the key.
        Retry "retry",
        /// It is taken for done until the session is replaced (X10; matrix-js-sdk legacy, mautrix).
        MarkShared "mark_shared",
    }
}

habit! {
    /// At which index an unblocked device gets the session that is in use (B-02, B-04).
    UnblockIndex {
        /// The index of the next message.
        Next "next",
        /// 0, so that it gets what it was kept from (X19).
        Zero "zero",
        /// One index too late (X20).
        AfterNext "after_next",
        /// None until the session is replaced (X21).
        Never "never",
    }
}

habit! {
    /// At which index a device that the sender did not know before gets the session that is in use (K-04).
    NewcomerIndex {
        /// The index of the next message.
        Next "next",
        /// 0, so that it gets what was sent before it came (X34).
        Zero "zero",
    }
}

habit! {
    /// At which index a device is given a key once more after it has opened a new Olm session (U-13).
    ReshareIndex {
        /// The one that it was given at first.
        Given "given",
        /// The index of the next message (matrix-rust-sdk).
        Next "next",
    }
}

habit! {
    /// What a failed `sendToDevice` leads to (T-10).
    PutFailed {
        /// The same request with the same transaction id.
        RetrySameTxn "retry_same_txn",
        /// The same contents under a new transaction id (X32).
        RetryNewTxn "retry_new_txn",
        /// Nothing: the targets count as served (X31; matrix-nio, mautrix).
        Swallow "swallow",
    }
}

habit! {
    /// What replaces a session though no rule asks for it.
    NeedlessRotation {
        /// Nothing.
        Nothing "nothing",
        /// A user who joins (X25).
        Join "join",
        /// A device that is listed for the first time (X25).
        NewDevice "new_device",
        /// A restart of the client (X25).
        Restart "restart",
    }
}

habit! {
    /// Whose leaving replaces the session.
    LeaveRotates {
        /// That of any user.
        Anyone "anyone",
        /// That of a user whose devices this sender gave the key (X26).
        KeyHolders "key_holders",
    }
}
