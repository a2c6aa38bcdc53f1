//! Rules V: who is trusted, and whose word is checked.
//! It does not know the other families; each rule has a file of its own, unless the first lines of another name it.
//!
//! V-01 says what trust is: the view puts it together, and K-08 and W-08 rest on it. V-03 is about what is shown and has a
//! verdict instead of a breach. V-06 is about the verification itself, of which there are no facts.

#[cfg(test)]
mod permitted;
mod v02;
mod v04;
mod v05;

use crate::check::rules::family;

family! {
    /// The rules of this family.
    pub(crate) struct Verification {
        accepted: v02::IdentityAccepted,
        vouched: v04::SenderVouchedFor,
        agreeing: v05::KeysAgree,
    }
}
