//! A heap with four children to a node: half as deep as a binary one, and the children lie together.
//! It does not know that times only grow.

use super::{Item, Pending};

/// Children of a node.
const ARITY: usize = 4;

/// The least entry is at the front, and none is greater than its children.
#[derive(Default)]
pub(crate) struct Quaternary {
    entries: Vec<(u64, u64, Item)>,
    sequence: u64,
}

impl Quaternary {
    fn key(&self, place: usize) -> (u64, u64) {
        (self.entries[place].0, self.entries[place].1)
    }

    fn sift_down(&mut self) {
        let mut place = 0;
        loop {
            let first = place * ARITY + 1;
            let last = (first + ARITY).min(self.entries.len());
            let Some(least) = (first..last).min_by_key(|child| self.key(*child)) else { return };
            if self.key(place) <= self.key(least) {
                return;
            }
            self.entries.swap(place, least);
            place = least;
        }
    }
}

impl Pending for Quaternary {
    fn push(&mut self, at: u64, item: Item) {
        let mut place = self.entries.len();
        self.entries.push((at, self.sequence, item));
        self.sequence += 1;
        while place > 0 {
            let parent = (place - 1) / ARITY;
            if self.key(parent) <= self.key(place) {
                return;
            }
            self.entries.swap(parent, place);
            place = parent;
        }
    }

    fn pop(&mut self) -> Option<(u64, Item)> {
        if self.entries.is_empty() {
            return None;
        }
        let (at, _, item) = self.entries.swap_remove(0);
        self.sift_down();
        Some((at, item))
    }
}
