//! Which rule it is that a key was due: K-01, or the special case of it that the device's story makes (B-04, N-07, K-10, K-03).
//! It does not know whether the key was due.

use crate::check::explained::Cell;
use crate::check::view::requests::Class;
use crate::rulebook::rule::Rule;

/// The rule that a sender breaks by not giving the key that it owes.
pub(super) fn rule(cell: &Cell<'_>, since: crate::ids::FactId) -> Rule {
    if was_barred(cell) {
        Rule::B04
    } else if cell.view.olm.recovered(cell.sender(), cell.device, cell.encrypted.fact) {
        Rule::N07
    } else if cell.view.cast.user(cell.sender()) == cell.view.cast.user(cell.device) {
        Rule::K10
    } else if cell
        .view
        .messages
        .session(cell.encrypted.session)
        .is_some_and(|session| since > session.new)
    {
        Rule::K03
    } else {
        Rule::K01
    }
}

/// Whether the device was barred from the session before, or was told so.
fn was_barred(cell: &Cell<'_>) -> bool {
    let (view, session) = (cell.view, cell.encrypted.session);
    let standing = view.standings.of(session, cell.device);
    let barred = standing.first_barred.is_some_and(|index| index < cell.encrypted.index);
    barred
        || view.notices.about(session, cell.device).any(|notice| {
            let message = view.transport.get(notice.number);
            notice.class == Class::Proactive
                && message.sender == cell.sender()
                && message.put.fact < cell.encrypted.prepared_from
        })
}
