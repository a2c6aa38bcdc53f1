//! Rules B: what holds once a device is barred no more.
//! It does not know the other families.
//!
//! B-01 and B-06 are permissions. B-02 is judged with K-04, B-03 with P-03, B-04 in `explained` as the special case of K-01, and
//! B-05 is R-05 and W-09.

#[cfg(test)]
mod permitted;

use crate::check::rules::family;

family! {
    /// The rules of this family.
    pub(crate) struct Unblocking {}
}
