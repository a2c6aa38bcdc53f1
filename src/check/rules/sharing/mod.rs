//! Rules K: who gets the key of a Megolm session, from where on, and how it travels.
//! It does not know the other families; each rule has a file of its own, unless the first lines of another name it.
//!
//! K-01, K-03 and K-10, which say that a key was due, are judged message by message in `explained`; what K-10 says of the
//! sending device itself is judged here. B-02, the special case of K-04 for a device that was barred, is judged with it, R-09,
//! the special case of K-02 for a session that replaces another, with that.

mod k02;
mod k04;
mod k05;
mod k06;
mod k07;
mod k09;
mod k10;
mod k11;
mod k12;

use crate::check::rules::family;

family! {
    /// The rules of this family.
    pub(crate) struct Sharing {
        first: k02::SharedFirst,
        from: k04::FromWhereItMayRead,
        sealed: k05::OnlySealed,
        barred: k06::NoKeyForTheBarred,
        unsigned: k07::NothingForTheUnsigned,
        cryptographic: k09::OnlyCryptographic,
        itself: k10::NotToItself,
        consistent: k11::OneViewAMessage,
        stored: k12::KeysAreStored,
    }
}

/// A key that a device encrypts for another.
#[derive(Debug, Clone, Copy)]
struct Sealing {
    /// Who.
    sender: crate::ids::DeviceId,
    /// For whom.
    recipient: crate::ids::DeviceId,
}

/// The ends of a fact in which a room key, a forwarded one or a bundle of such is encrypted.
fn sealing_of(fact: &crate::trace::fact::Fact) -> Option<Sealing> {
    use crate::protocol::to_device::OlmEvent;
    let crate::trace::fact::FactKind::OlmEncrypted {
        device: sender, peer: recipient, event, ..
    } = fact.kind
    else {
        return None;
    };
    match event {
        OlmEvent::RoomKey(_) | OlmEvent::ForwardedRoomKey(_) | OlmEvent::RoomKeyBundle(_) => {
            Some(Sealing { sender, recipient })
        }
        OlmEvent::Dummy { .. } | OlmEvent::Withheld(_) => None,
    }
}
