//! What a log records of what one observer saw.
//! It does not know which rules need that.

use crate::trace::fact::Observer;
use crate::trace::kind::Kinds;

/// What a log records of what one observer saw: all of it, for these kinds of fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// The observer.
    pub observer: Observer,
    /// The kinds.
    pub kinds: Kinds,
}
