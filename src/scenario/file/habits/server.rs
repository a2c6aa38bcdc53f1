//! The names of habits of homeservers.
//! They do not know what a setting does.

use crate::scenario::file::record::choice;
use crate::scenario::habits::{MailboxOrder, OneTimeKeyOrder, OneTimeKeyUse};

choice! {
    /// how often a one-time key is handed out
    OneTimeKeyUse {
        Self::Once = Self::Once => "once" "Once.",
        Self::Again = Self::Again => "again" "Again and again; a fallback key is never marked as used.",
    }
}

choice! {
    /// an order of one-time keys
    OneTimeKeyOrder {
        Self::OldestFirst = Self::OldestFirst => "oldest_first" "The one that was uploaded first.",
        Self::NewestFirst = Self::NewestFirst => "newest_first" "The one that was uploaded last.",
    }
}

choice! {
    /// how a mailbox is listed
    MailboxOrder {
        Self::InOrder = Self::InOrder =>
            "in_order" "In the order of arrival, as many as the limit allows; the others wait.",
        Self::NewestFirst = Self::NewestFirst => "newest_first" "The newest of a batch first.",
        Self::DropsRest = Self::DropsRest =>
            "drops_rest" "In the order of arrival; what exceeds the limit is thrown away.",
    }
}
