//! Rules P: what a recipient concludes from a notice.
//! It does not know the other families; each rule has a file of its own, unless the first lines of another name it.

mod p01;
mod p02;
mod p03;
mod p05;
mod p07;
mod p08;
mod p09;
mod p10;
mod p11;
mod p12;
mod p14;
mod p15;
mod p16;
mod p17;
#[cfg(test)]
mod permitted;

use crate::check::rules::family;

family! {
    /// The rules of this family.
    pub(crate) struct Recipient {
        unknown: p01::UnknownType,
        session: p02::SaysWhatItHeard,
        held: p03::BelowTheKey,
        scope: p05::ReportersMessages,
        text: p07::KnownCodeFirst,
        key: p08::KeyStays,
        late: p09::LooksBack,
        own_word: p10::OwnWordStays,
        other: p11::OwnSession,
        again: p12::Idempotent,
        better: p14::BetterOnly,
        index: p15::IndexOnce,
        clear: p16::OverOlm,
        stranger: p17::Concerned,
    }
}
