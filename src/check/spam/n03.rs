//! N-03: the one `m.no_olm` to a device stands for all rooms, so another room is no reason for another report.
//! It does not count; `n02` finds the repetition, and this says which of the two rules it breaks.

use crate::check::spam::n02::Standing;
use crate::check::view::notices::Notice;

/// Whether a repeated report is about another room than the one that stands: the room that it names, as it should
/// not, or else the one in which its sender was busy. Where either is not known it is not.
pub(crate) fn is_for_another_room(standing: &Standing, repeated: &Notice) -> bool {
    match (standing.room, repeated.room) {
        (Some(before), Some(now)) => before != now,
        (None, _) | (_, None) => false,
    }
}
