//! The binary heap of the standard library.
//! It does not know that times only grow.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Item, Pending};

/// Greatest first, so that the key is turned round; the sequence number comes before the item and is never equal.
#[derive(Default)]
pub(crate) struct Binary {
    heap: BinaryHeap<Reverse<(u64, u64, Item)>>,
    sequence: u64,
}

impl Pending for Binary {
    fn push(&mut self, at: u64, item: Item) {
        self.heap.push(Reverse((at, self.sequence, item)));
        self.sequence += 1;
    }

    fn pop(&mut self) -> Option<(u64, Item)> {
        self.heap.pop().map(|Reverse((at, _, item))| (at, item))
    }
}
