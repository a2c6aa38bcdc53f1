//! Rules C: one-time and fallback keys.
//! It does not know the other families; each rule has a file of its own.

mod c01;

use crate::check::rules::family;

family! {
    /// The rules of this family.
    pub(crate) struct OneTimeKeys {
        once: c01::HandedOutOnce,
    }
}
