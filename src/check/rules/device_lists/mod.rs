//! Rules D: device lists.
//! It does not know the other families; each rule has a file of its own, unless the first lines of another name it.

mod d01;
mod d02;
mod d03;
mod d04;
mod d06;
mod d07;
mod d08;

use crate::check::rules::family;

family! {
    /// The rules of this family.
    pub(crate) struct DeviceLists {
        asked_for: d01::AskedFor,
        refreshed: d02::Refreshed,
        fresh: d03::Fresh,
        not_overwritten: d04::NotOverwritten,
        followed: d06::Followed,
        told_of_changes: d07::ToldOfChanges,
        gone: d08::GoneIsGone,
    }
}
