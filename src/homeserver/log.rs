//! Where a homeserver writes down what it did.
//! It does not know who reads it, nor what time it is.

use crate::ids::FactId;
use crate::trace::fact::{Causes, FactKind};

/// Takes the facts of one homeserver and numbers them.
pub trait FactLog {
    /// Writes a fact down and gives its id.
    fn record(&mut self, kind: FactKind, causes: Causes) -> FactId;
}

/// Keeps what a test's homeserver recorded.
#[cfg(test)]
#[derive(Debug, Default)]
pub(crate) struct Notebook {
    pub(crate) kinds: Vec<FactKind>,
}

#[cfg(test)]
impl FactLog for Notebook {
    fn record(&mut self, kind: FactKind, _: Causes) -> FactId {
        self.kinds.push(kind);
        FactId::at(self.kinds.len() - 1)
    }
}
