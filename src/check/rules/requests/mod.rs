//! Rules Q: key requests.
//! It does not know the other families; each rule has a file of its own, unless the first lines of another name it.

#[cfg(test)]
mod permitted;
mod q02;
mod q04;
mod q05;
mod q07;
pub(crate) mod q08;
mod q10;

use crate::check::rules::family;

family! {
    /// The rules of this family.
    pub(crate) struct Requests {
        id: q02::OneId,
        whom: q04::OwnDevices,
        forward: q05::OwnVerified,
        over: q07::TellTheOthers,
        cancelled: q08::NotWanted,
        others: q10::OthersMayAnswer,
    }
}
