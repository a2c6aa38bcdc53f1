//! Rules H: history bundles.
//! It does not know the other families; each rule has a file of its own, unless the first lines of another name it.

mod h01;
mod h02;
mod h03;
mod h04;
mod h05;
mod h06;
mod h07;
mod h08;
mod h09;
mod h10;

use crate::check::rules::family;
use crate::ids::{BundleId, DeviceId};
use crate::protocol::to_device::{OlmEvent, RoomKeyBundle, SenderKeys};
use crate::trace::fact::FactKind;

family! {
    /// The rules of this family.
    pub(crate) struct History {
        flag_says_what_is_so: h01::FlagSaysWhatIsSo,
        absent_is_false: h02::AbsentIsFalse,
        shareable_only: h03::ShareableOnly,
        one_list: h04::OneList,
        cross_signed_only: h05::CrossSignedOnly,
        with_device_keys: h06::WithDeviceKeys,
        prepared: h07::Prepared,
        accepted_first: h08::AcceptedFirst,
        giver_remembered: h09::GiverRemembered,
        entries_well_formed: h10::EntriesWellFormed,
    }
}

/// A bundle on its way to one device.
#[derive(Debug, Clone, Copy)]
struct Sending {
    device: DeviceId,
    peer: DeviceId,
    bundle: BundleId,
    sender_keys: SenderKeys,
}

/// The sending of a bundle, if the fact is one.
fn sending(kind: &FactKind) -> Option<Sending> {
    let FactKind::OlmEncrypted {
        device,
        peer,
        event: OlmEvent::RoomKeyBundle(RoomKeyBundle { bundle, .. }),
        sender_keys,
        ..
    } = *kind
    else {
        return None;
    };
    Some(Sending { device, peer, bundle, sender_keys })
}
