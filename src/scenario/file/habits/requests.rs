//! The names of habits of asking and answering.
//! They do not know what a setting does.

use crate::scenario::file::record::choice;
use crate::scenario::habits::{ForwardTo, ForwardedReason, QueryAnswers, ReplyCode};

choice! {
    /// how device lists are asked for
    QueryAnswers {
        Self::InTurn = Self::InTurn => "in_turn" "It waits until that one is answered.",
        Self::LastWins = Self::LastWins => "last_wins" "It is sent, and whatever answer comes last counts.",
    }
}

choice! {
    /// who is given keys on request
    ForwardTo {
        Self::OwnVerified = Self::OwnVerified => "own_verified" "Own verified devices.",
        Self::OwnVerifiedAndGiven = Self::OwnVerifiedAndGiven =>
            "own_verified_and_given" "Own verified devices, and devices that had been given the key, from that index on.",
        Self::OwnBlockedAndGiven = Self::OwnBlockedAndGiven =>
            "own_blocked_and_given" "The same, where a block takes nothing from them, and own devices that are not verified may have been given the key.",
        Self::Own = Self::Own => "own" "All own devices.",
        Self::Anyone = Self::Anyone => "anyone" "Every device that asks.",
    }
}

choice! {
    /// the reason in a forwarded key
    ForwardedReason {
        Self::Received = Self::Received => "received" "The reason that was received, if a part is missing.",
        Self::Never = Self::Never => "never" "Nothing.",
        Self::Always = Self::Always => "always" "A reason even if nothing is missing.",
        Self::Invented = Self::Invented => "invented" "A reason of its own if a part is missing.",
    }
}

choice! {
    /// the answer to a key request
    ReplyCode {
        Self::Actual = Self::Actual => "actual" "What is so.",
        Self::Unavailable = Self::Unavailable =>
            "unavailable" "m.unavailable, whether the key is there or not.",
    }
}
