//! What was tried in the course of a search, and what came of it.
//! It does not know what would have been a better order.

use super::edit::Edit;
use super::size::Size;

/// What came of something that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// It was wanted still.
    Kept,
    /// It was not.
    Dropped,
    /// No file can say it, so that it was not even proposed.
    Invalid,
}

/// Something that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What.
    pub edit: Edit,
    /// The same in words, in the names of the scenario that it was tried on.
    pub what: String,
    /// What came of it.
    pub fate: Fate,
    /// How large the result is, or would have been.
    pub size: Size,
}
