//! Queues that a simulation could be built on, each with the order of (time, insertion), to be measured beside the one that it is.
//! They do not know what they hold, and nothing but the benchmark uses them.

pub(crate) mod binary_heap;
pub(crate) mod quaternary_heap;
pub(crate) mod radix_heap;
pub(crate) mod tree;

use withheld::engine::queue::Queue;
use withheld::time::SimTime;

/// What is held: as large as an entry of the simulator's queue.
pub(crate) type Item = (u64, u32);

/// Entries in the order of (time in milliseconds, insertion).
pub(crate) trait Pending: Default {
    /// Puts an entry in, for a time that is not before that of the last one taken out.
    fn push(&mut self, at: u64, item: Item);

    /// Takes the next one out.
    fn pop(&mut self) -> Option<(u64, Item)>;
}

/// The queue of the simulator.
impl Pending for Queue<Item> {
    fn push(&mut self, at: u64, item: Item) {
        Self::push(self, SimTime::from_ms(at), item);
    }

    fn pop(&mut self) -> Option<(u64, Item)> {
        Self::pop(self).map(|(at, item)| (at.as_ms(), item))
    }
}
