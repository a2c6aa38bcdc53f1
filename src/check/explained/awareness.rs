//! Stage 2: why the sender did not know the device when it encrypted the message.
//! It does not know what would have been due if it had.

use crate::check::explained::{Blame, Cell, Finding, Scope};
use crate::check::view::lists::Gap;
use crate::rulebook::leaf::Leaf;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;

/// The sender had not seen that the user is a member.
pub(super) fn membership_not_seen(cell: &Cell<'_>) -> Finding {
    let Cell { view, encrypted, accepted, device, .. } = *cell;
    let server = view.cast.server_of(cell.sender());
    let user = view.cast.user(device);
    let truth = view.rooms.membership_at(server, (encrypted.room, user), accepted);
    let because = truth.map(|member| member.fact);
    Finding::of(Leaf::MembershipNotSeen, [because, Some(encrypted.fact), None])
}

/// The sender learnt that the device is a recipient when it was already sending.
pub(super) fn learnt_late(cell: &Cell<'_>) -> Finding {
    let [prepared, encrypted] = [cell.encrypted.prepared_from, cell.encrypted.fact];
    Finding::of(Leaf::StaleList, [Some(encrypted), Some(prepared), None])
}

/// The list of the sender did not hold the device.
pub(super) fn unlisted(cell: &Cell<'_>, gap: Gap) -> Finding {
    let Cell { view, encrypted, device, .. } = *cell;
    let user = view.cast.user(device);
    let sender = cell.sender();
    let Gap::Settled { start, end, newer } = gap else {
        let because = if let Gap::Outdated(because) = gap { because } else { None };
        return Finding::of(Leaf::StaleList, [because, Some(encrypted.fact), None]);
    };
    let Some(up) = view.life.crypto(device) else {
        return Finding::of(Leaf::Unaware, [Some(encrypted.fact), None, None]);
    };
    let wrong = |party| {
        let blame = Blame { rule: Rule::D04, party, scope: Scope::Fact(end) };
        Finding::fault(Leaf::WrongList, blame, [Some(end), Some(up.fact), Some(encrypted.fact)])
    };
    if newer.is_some_and(|newer| newer > up.fact) && start < up.fact {
        return wrong(Party::Device(sender));
    }
    if start > up.fact {
        return wrong(Party::Server(view.cast.server(user)));
    }
    let server = view.cast.server_of(sender);
    let Some(news) = view.lists.change_known(server, user, up) else {
        return Finding::of(Leaf::Unaware, [Some(up.fact), Some(encrypted.fact), None]);
    };
    let note = view.lists.note_after(sender, user, news);
    // A note that comes later was on its way; that none ever came can be said only of a sender that was there to
    // get it until the end.
    if note.is_some() || !cell.quiescent || view.life.ended(sender).is_some() {
        return Finding::of(Leaf::Unaware, [note.or(Some(news)), Some(encrypted.fact), None]);
    }
    let party = Party::Server(server);
    let blame = Blame { rule: Rule::D07, party, scope: Scope::Fact(news) };
    Finding::fault(Leaf::NoteNeverSent, blame, [Some(news), Some(encrypted.fact), None])
}
