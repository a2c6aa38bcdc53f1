//! Rules T: to-device transport.
//! It does not know the other families; each rule has a file of its own, unless the first lines of another name it.

mod permitted;
mod t01;
mod t02;
mod t03;
mod t04;
mod t05;
mod t06;
mod t07;
mod t10;
mod t11;

use crate::check::rules::family;

family! {
    /// The rules of this family.
    pub(crate) struct Transport {
        delivered: t01::DeliveredOnce,
        in_order: t02::InOrder,
        kept: t03::Kept,
        until_acknowledged: t04::UntilAcknowledged,
        batch: t05::BatchSize,
        one_type: t06::OneType,
        no_second_effect: t07::NoSecondEffect,
        same_transaction: t10::SameTransaction,
        stored_first: t11::StoredFirst,
    }
}
