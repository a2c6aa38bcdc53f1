//! A radix heap: an entry lies in the bucket of the highest bit in which its time differs from that of the last one
//! taken out, and a bucket is spread over the lower ones when its turn comes. It does not know times before that one.

use super::{Item, Pending};

/// Bits of a time, and a bucket for those that differ in none.
const BUCKETS: usize = 65;

/// Entries move to lower buckets only, and in their order: ties stay in the order of insertion.
pub(crate) struct Radix {
    buckets: [Vec<(u64, Item)>; BUCKETS],
    /// How many of the first bucket have been taken out.
    taken: usize,
    last: u64,
}

impl Default for Radix {
    fn default() -> Self {
        Self { buckets: std::array::from_fn(|_| Vec::new()), taken: 0, last: 0 }
    }
}

/// The bucket of a time.
fn bucket(last: u64, at: u64) -> usize {
    (u64::BITS - (last ^ at).leading_zeros()) as usize
}

impl Radix {
    /// Spreads the first bucket that holds something, so that what is due next lies in the lowest.
    fn refill(&mut self) -> Option<()> {
        let from = (1..BUCKETS).find(|from| !self.buckets[*from].is_empty())?;
        let mut entries = std::mem::take(&mut self.buckets[from]);
        self.last = entries.iter().map(|(at, _)| *at).min()?;
        for (at, item) in entries.drain(..) {
            self.buckets[bucket(self.last, at)].push((at, item));
        }
        // Its memory serves again.
        self.buckets[from] = entries;
        Some(())
    }
}

impl Pending for Radix {
    fn push(&mut self, at: u64, item: Item) {
        self.buckets[bucket(self.last, at)].push((at, item));
    }

    fn pop(&mut self) -> Option<(u64, Item)> {
        if self.taken == self.buckets[0].len() {
            self.buckets[0].clear();
            self.taken = 0;
            self.refill()?;
        }
        let entry = self.buckets[0][self.taken];
        self.taken += 1;
        Some(entry)
    }
}
