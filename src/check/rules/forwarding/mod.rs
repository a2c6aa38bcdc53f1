//! Rules F: forwarded keys.
//! It does not know the other families; each rule has a file of its own, unless the first lines of another name it.

mod f01;
mod f03;
mod f05;
mod f06;
mod f07;
mod f08;
mod f09;
#[cfg(test)]
mod permitted;

use crate::check::rules::family;

family! {
    /// The rules of this family.
    pub(crate) struct Forwarding {
        sealed: f01::OverOlm,
        taken: f03::AskedAndTrusted,
        reason: f05::ReceivedReason,
        partial: f06::PartOnly,
        hops: f07::EachHop,
        start: f08::NoEarlier,
        shown: f09::ReasonBelow,
    }
}
