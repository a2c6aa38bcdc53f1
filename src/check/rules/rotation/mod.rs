//! Rules R: when a Megolm session is replaced.
//! It does not know the other families; each rule has a file of its own, unless the first lines of another name it.
//!
//! R-09 is K-02 for a session that takes the place of another, and is judged with it. R-10 is a permission.

#[cfg(test)]
mod permitted;
mod r01;
mod r02;
mod r03;
mod r05;
mod r08;
mod r11;

use crate::check::rules::family;

family! {
    /// The rules of this family.
    pub(crate) struct Rotation {
        age: r01::NotTooOld,
        number: r02::NotTooOften,
        gone: r03::ReplacedWhenItMust,
        barred: r05::ReplacedWhenBarred,
        needless: r08::ReplacedWithReason,
        algorithm: r11::AlgorithmOfTheRoom,
    }
}

/// What is judged when a device encrypts a message.
#[derive(Debug, Clone, Copy)]
struct Use<'a> {
    /// Who.
    device: crate::ids::DeviceId,
    /// Where.
    room: crate::ids::RoomId,
    /// With which of its sessions.
    session: crate::ids::MegolmSessionId,
    /// At which index.
    index: u32,
    /// What is known of that.
    known: &'a crate::check::view::expiry::InUse,
}

/// The use of a session whose making was observed, if the fact is one.
fn use_of(case: crate::check::rules::Case<'_>) -> Option<Use<'_>> {
    let crate::trace::fact::FactKind::MegolmEncrypted { device, room, session, index, .. } =
        case.fact.kind
    else {
        return None;
    };
    let known = case.view.expiries.of(session)?;
    Some(Use { device, room, session, index, known })
}
