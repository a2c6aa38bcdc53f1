//! Stage 1: whether the device could expect to read the message at all, by what was so on the sender's server.
//! It does not know what the sender had seen, except whether it shares with users who are only invited.

use crate::check::explained::{Cell, Finding};
use crate::check::view::duties::Duty;
use crate::protocol::room::Membership;
use crate::rulebook::leaf::Leaf;

/// The reason for which no key was due to the device, if there is one.
pub(super) fn missing(cell: &Cell<'_>) -> Option<Finding> {
    let Cell { view, encrypted, accepted, device, .. } = *cell;
    let user = view.cast.user(device);
    let server = view.cast.server_of(cell.sender());
    let truth = view.rooms.membership_at(server, (encrypted.room, user), accepted);
    let because = truth.map(|member| member.fact);
    let excuse = |leaf, fact| Some(Finding::of(leaf, [fact, Some(accepted), None]));
    match truth.map(|member| member.membership) {
        None | Some(Membership::Leave | Membership::Ban) => {
            return excuse(Leaf::NotAMember, because);
        }
        Some(Membership::Invite) if leaves_invited_out(cell) => {
            return excuse(Leaf::InvitedOnly, because);
        }
        Some(Membership::Invite | Membership::Join) => {}
    }
    let up = view.life.up(device).map(|moment| moment.fact);
    if up.is_none_or(|up| up > accepted) {
        return excuse(Leaf::DeviceNewer, up);
    }
    let crypto = view.life.crypto(device).map(|moment| moment.fact);
    if crypto.is_none_or(|crypto| crypto > accepted) {
        return excuse(Leaf::NonCryptographic, up);
    }
    let gone = view.life.gone(device)?;
    excuse(Leaf::Gone, Some(gone))
}

/// Whether the sender does not share with users who are only invited.
fn leaves_invited_out(cell: &Cell<'_>) -> bool {
    match cell.duty {
        Some(Duty::NotEligible { invited: true }) => true,
        Some(Duty::NotEligible { invited: false }) | None => {
            !cell.view.takes_invited(cell.sender(), cell.encrypted.room)
        }
        Some(Duty::Unlisted(_) | Duty::Barred { .. } | Duty::Owed { .. }) => false,
    }
}
