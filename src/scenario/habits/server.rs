//! Habits of homeservers: how one is written that hands keys out or lists mailboxes in its own way.
//! They do not know clients; a fault does the same things for a time and says so.

use super::habit;

habit! {
    /// How often a server hands a one-time key out (C-01).
    OneTimeKeyUse {
        /// Once.
        Once "once",
        /// Again and again; a fallback key is never marked as used (X55).
        Again "again",
    }
}

habit! {
    /// Which one-time key a server hands out first (C-02).
    OneTimeKeyOrder {
        /// The one that was uploaded first.
        OldestFirst "oldest_first",
        /// The one that was uploaded last (X56).
        NewestFirst "newest_first",
    }
}

habit! {
    /// How a server lists a mailbox in a sync answer (T-01, T-02).
    MailboxOrder {
        /// In the order of arrival, as many as the limit allows; the others wait.
        InOrder "in_order",
        /// The newest of a batch first (X58).
        NewestFirst "newest_first",
        /// In the order of arrival; what exceeds the limit is thrown away (X58).
        DropsRest "drops_rest",
    }
}

/// How a homeserver is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ServerHabits {
    /// How often a one-time key is handed out.
    pub one_time_keys: OneTimeKeyUse,
    /// Which one-time key is handed out first.
    pub one_time_key_order: OneTimeKeyOrder,
    /// Whether a fallback key is handed out when there is no one-time key (C-03; X57 if not).
    pub gives_fallback_keys: bool,
    /// How mailboxes are listed.
    pub mailbox: MailboxOrder,
}

impl ServerHabits {
    /// A server as the specification wants it.
    #[must_use]
    pub const fn specification() -> Self {
        Self {
            one_time_keys: OneTimeKeyUse::Once,
            one_time_key_order: OneTimeKeyOrder::OldestFirst,
            gives_fallback_keys: true,
            mailbox: MailboxOrder::InOrder,
        }
    }
}
