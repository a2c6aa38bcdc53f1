//! Habits of the Olm channel: which session is used and when a new one is made.
//! They do not know what travels in it.

use super::habit;

habit! {
    /// Which Olm session is used where there are several (U-04).
    ChooseOlm {
        /// The one that last decrypted a message, or was created last if none did.
        LastDecrypted "last_decrypted",
        /// The one that was created last (matrix-rust-sdk).
        NewestCreated "newest_created",
        /// The one that was created first (X53).
        OldestCreated "oldest_created",
    }
}

habit! {
    /// From when on the least time between two new Olm sessions is counted (U-02).
    UnwedgeClock {
        /// From the last session that this device made with the other one.
        LastMade "last_made",
        /// From the newest session, whichever side made it (matrix-rust-sdk, mautrix-go).
        NewestSession "newest_session",
        /// From the oldest one of those that this device made and still has (Trixnity).
        OldestSession "oldest_session",
        /// From the last message that could not be decrypted (X50).
        LastFailure "last_failure",
        /// From the last session that this device made with any device of that user (X49).
        LastMadeForUser "last_made_for_user",
        /// From the last recovery, which a restart makes forgotten (Element Android legacy, Element iOS
        /// legacy, matrix-dart-sdk).
        ThisRun "this_run",
        /// There is one recovery with each device until the next restart (libQuotient).
        OnceARun "once_a_run",
        /// There is no recovery (Hydrogen).
        Never "never",
    }
}

habit! {
    /// When a client that answers `m.no_olm` by a new Olm session does so (P-06, U-02).
    NoOlmAnswer {
        /// If no session was made too recently.
        Limited "limited",
        /// If there is no session (matrix-js-sdk legacy).
        WithoutSession "without_session",
        /// Each time (X51).
        Always "always",
    }
}
