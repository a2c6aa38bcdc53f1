//! The names of habits of the Olm channel.
//! They do not know what a setting does.

use crate::scenario::file::record::choice;
use crate::scenario::habits::{ChooseOlm, NoOlmAnswer, UnwedgeClock};

choice! {
    /// a choice of an Olm session
    ChooseOlm {
        Self::LastDecrypted = Self::LastDecrypted =>
            "last_decrypted" "The one that last decrypted a message, or was created last if none did.",
        Self::NewestCreated = Self::NewestCreated => "newest_created" "The one that was created last.",
        Self::OldestCreated = Self::OldestCreated => "oldest_created" "The one that was created first.",
    }
}

choice! {
    /// where the least time between Olm sessions is counted from
    UnwedgeClock {
        Self::LastMade = Self::LastMade =>
            "last_made" "From the last session that this device made with the other one.",
        Self::NewestSession = Self::NewestSession =>
            "newest_session" "From the newest session, whichever side made it.",
        Self::OldestSession = Self::OldestSession =>
            "oldest_session" "From the oldest one of those that this device made and still has.",
        Self::LastFailure = Self::LastFailure =>
            "last_failure" "From the last message that could not be decrypted.",
        Self::LastMadeForUser = Self::LastMadeForUser =>
            "last_made_for_user" "From the last session that this device made with any device of that user.",
        Self::ThisRun = Self::ThisRun =>
            "this_run" "From the last recovery, which a restart makes forgotten.",
        Self::OnceARun = Self::OnceARun =>
            "once_a_run" "There is one recovery with each device until the next restart.",
        Self::Never = Self::Never => "never" "There is no recovery.",
    }
}

choice! {
    /// when m.no_olm is answered
    NoOlmAnswer {
        Self::Limited = Self::Limited => "limited" "If no session was made too recently.",
        Self::WithoutSession = Self::WithoutSession => "without_session" "If there is no session.",
        Self::Always = Self::Always => "always" "Each time.",
    }
}
