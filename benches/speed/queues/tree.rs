//! A B-tree of the standard library, by time and sequence number.
//! It does not know that times only grow.

use std::collections::BTreeMap;

use super::{Item, Pending};

/// An ordered map.
#[derive(Default)]
pub(crate) struct Tree {
    entries: BTreeMap<(u64, u64), Item>,
    sequence: u64,
}

impl Pending for Tree {
    fn push(&mut self, at: u64, item: Item) {
        self.entries.insert((at, self.sequence), item);
        self.sequence += 1;
    }

    fn pop(&mut self) -> Option<(u64, Item)> {
        self.entries.pop_first().map(|((at, _), item)| (at, item))
    }
}
