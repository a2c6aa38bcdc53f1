//! Rules C: one-time and fallback keys.
//! It does not know the other families; each rule has a file of its own, unless the first lines of another name it.

mod c01;
mod c02;
mod c03;
mod c04;
mod c05;
mod c06;
mod c07;
mod c08;
mod c09;
mod c10;
mod told;

use crate::check::rules::family;

family! {
    /// The rules of this family.
    pub(crate) struct OneTimeKeys {
        once: c01::HandedOutOnce,
        upload_order: c02::UploadOrder,
        fallback_last: c03::FallbackLast,
        marked_used: told::Counted<c04::MarkedUsed>,
        claim_result: c05::ClaimResult,
        counts: told::Counted<c06::CountsTold>,
        fallback_types: c07::FallbackTypesTold,
        supply: c08::SupplyKept,
        signature: c09::SignatureChecked,
        one_session: c10::OneSession,
    }
}
