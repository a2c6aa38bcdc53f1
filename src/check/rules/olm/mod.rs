//! Rules U: the health of Olm sessions.
//! It does not know the other families; each rule has a file of its own.

use crate::check::rules::family;

family! {
    /// The rules of this family.
    pub(crate) struct OlmHealth {}
}
