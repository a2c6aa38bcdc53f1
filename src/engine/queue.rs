//! The queue of a discrete-event simulation: what comes next is what is due first, and of two that are due at the
//! same time the one that was put in first.
//! It does not know what it holds, and it does not move time.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::time::SimTime;

/// Entries in the order of (time, insertion).
///
/// Guarantees: an entry put in at time `t` comes out after all entries for earlier times and after all that were
/// put in earlier for `t`. Nothing can be put in for a time before the last one taken out.
#[derive(Debug, Clone)]
pub struct Queue<T> {
    heap: BinaryHeap<Entry<T>>,
    next_sequence: u64,
    now: SimTime,
}

#[derive(Debug, Clone)]
struct Entry<T> {
    at: SimTime,
    sequence: u64,
    item: T,
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Reversed, because [`BinaryHeap`] gives out its greatest.
impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.sequence).cmp(&(self.at, self.sequence))
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), next_sequence: 0, now: SimTime::ZERO }
    }
}

impl<T> Queue<T> {
    /// Puts `item` in for time `at`.
    ///
    /// # Panics
    /// If `at` is before the time of the last entry taken out: the past cannot be changed.
    pub fn push(&mut self, at: SimTime, item: T) {
        assert!(at >= self.now, "an action was scheduled for {at}, before now, {}", self.now);
        self.heap.push(Entry { at, sequence: self.next_sequence, item });
        self.next_sequence += 1;
    }

    /// Takes the next entry out, and its time becomes now.
    pub fn pop(&mut self) -> Option<(SimTime, T)> {
        let entry = self.heap.pop()?;
        self.now = entry.at;
        Some((entry.at, entry.item))
    }

    /// The time of the next entry.
    #[must_use]
    pub fn next_time(&self) -> Option<SimTime> {
        self.heap.peek().map(|entry| entry.at)
    }

    /// The next entry with its time, left where it is.
    #[must_use]
    pub fn peek(&self) -> Option<(SimTime, &T)> {
        self.heap.peek().map(|entry| (entry.at, &entry.item))
    }

    /// The time of the last entry taken out.
    #[must_use]
    pub const fn now(&self) -> SimTime {
        self.now
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::Queue;
    use crate::time::SimTime;

    #[test]
    fn entries_come_out_by_time_and_ties_by_insertion() {
        let mut queue = Queue::default();
        for (at, item) in [(5, 'a'), (3, 'b'), (5, 'c'), (3, 'd'), (0, 'e')] {
            queue.push(SimTime::from_ms(at), item);
        }
        let order: String = std::iter::from_fn(|| queue.pop()).map(|(_, item)| item).collect();
        assert_eq!(order, "ebdac");
    }

    #[test]
    fn an_entry_for_now_comes_after_what_is_there_for_now() {
        let mut queue = Queue::default();
        queue.push(SimTime::from_ms(1), 1);
        queue.push(SimTime::from_ms(1), 2);
        assert_eq!(queue.pop().unwrap().1, 1);
        queue.push(queue.now(), 3);
        assert_eq!(queue.peek(), Some((SimTime::from_ms(1), &2)));
        assert_eq!(queue.pop().unwrap().1, 2);
        assert_eq!(queue.pop().unwrap().1, 3);
        assert!(queue.is_empty());
    }
}
