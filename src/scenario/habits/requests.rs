//! Habits of asking and answering: device lists and key requests.
//! They do not know what the answers are used for.

use super::habit;

habit! {
    /// What a query for a device list does while another one for the same user is on its way (D-04).
    QueryAnswers {
        /// It waits until that one is answered.
        InTurn "in_turn",
        /// It is sent, and whatever answer comes last counts (X33).
        LastWins "last_wins",
    }
}

habit! {
    /// Who is given keys on request.
    ForwardTo {
        /// Own verified devices.
        OwnVerified "own_verified",
        /// Own verified devices, and devices that had been given the key, from that index on.
        OwnVerifiedAndGiven "own_verified_and_given",
        /// The same, where a block takes nothing from them, and those that had been given the key may be own ones that are not verified
        /// (matrix-rust-sdk).
        OwnBlockedAndGiven "own_blocked_and_given",
        /// All own devices (X39).
        Own "own",
        /// Every device that asks (X39).
        Anyone "anyone",
    }
}

habit! {
    /// What a forwarded key says of the part of the session that is missing (F-04 to F-06).
    ForwardedReason {
        /// The reason that was received, if a part is missing.
        Received "received",
        /// Nothing (matrix-rust-sdk, matrix-js-sdk legacy).
        Never "never",
        /// A reason even if nothing is missing (X40).
        Always "always",
        /// A reason of its own if a part is missing (X40).
        Invented "invented",
    }
}

habit! {
    /// What a key request is answered with (W-12, W-13).
    ReplyCode {
        /// What is so.
        Actual "actual",
        /// m.unavailable, whether the key is there or not (X37).
        Unavailable "unavailable",
    }
}
