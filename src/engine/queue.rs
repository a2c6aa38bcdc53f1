//! The queue of a discrete-event simulation: what comes next is what is due first, and of two that are due at the
//! same time the one that was put in first.
//! It does not know what it holds, and it does not move time.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::time::SimTime;

/// The slots of a wheel: a second of milliseconds, a quarter of an hour of seconds.
const SLOTS: usize = 1_024;
/// The words of a bit for each slot.
const WORDS: usize = SLOTS / 64;
/// No node.
const NONE: u32 = u32::MAX;

/// Entries in the order of (time, insertion).
///
/// Guarantees: an entry put in at time `t` comes out after all entries for earlier times and after all that were
/// put in earlier for `t`. Nothing can be put in for a time before the last one taken out.
///
/// It is a timing wheel with two levels. Time is cut into turns of 1,024 ms: what is due in the present turn lies in the
/// list of its millisecond, what is due in one of the next 1,023 turns in the list of that turn, and what is due
/// later waits in a heap. When a turn begins, its list is dealt out to milliseconds, and the heap gives up what has come into reach: both before
/// anything else can be put in for those times, so that ties stay in order. What is done for an entry does not grow with the
/// number of those that are pending; `docs/performance.md` says what else was measured.
#[derive(Debug, Clone)]
pub struct Queue<T> {
    milliseconds: Wheel,
    turns: Wheel,
    later: BinaryHeap<Later<T>>,
    nodes: Nodes<T>,
    len: usize,
    next_sequence: u64,
    now: SimTime,
}

/// The turn that a time belongs to.
const fn turn_of(at: SimTime) -> u64 {
    at.as_ms() / SLOTS as u64
}

/// The slot for a number, of a millisecond or of a turn.
fn slot_of(number: u64) -> usize {
    usize::try_from(number % SLOTS as u64).expect("a remainder is small")
}

/// Lists by slot, and which of them are not empty.
#[derive(Debug, Clone)]
struct Wheel {
    lists: Box<[List; SLOTS]>,
    occupied: [u64; WORDS],
}

/// A list of nodes, by its ends; they mean nothing unless the slot is occupied.
#[derive(Debug, Clone, Copy)]
struct List {
    first: u32,
    last: u32,
}

impl Default for Wheel {
    fn default() -> Self {
        Self { lists: Box::new([List { first: NONE, last: NONE }; SLOTS]), occupied: [0; WORDS] }
    }
}

impl Wheel {
    #[inline]
    fn is_occupied(&self, slot: usize) -> bool {
        self.occupied[slot / 64] >> (slot % 64) & 1 == 1
    }

    #[inline]
    fn vacate(&mut self, slot: usize) {
        self.occupied[slot / 64] &= !(1 << (slot % 64));
    }

    /// Puts a node at the end of the list of a slot.
    #[inline]
    fn append<T>(&mut self, slot: usize, node: u32, nodes: &mut Nodes<T>) {
        let is_occupied = self.is_occupied(slot);
        let list = &mut self.lists[slot];
        if is_occupied {
            nodes.nodes[list.last as usize].next = node;
        } else {
            list.first = node;
            self.occupied[slot / 64] |= 1 << (slot % 64);
        }
        list.last = node;
    }

    /// The first occupied slot from `from` on, up to the last one.
    #[inline]
    fn next_from(&self, from: usize) -> Option<usize> {
        let (word, bit) = (from / 64, from % 64);
        let ahead = self.occupied[word] >> bit;
        if ahead != 0 {
            return Some(from + ahead.trailing_zeros() as usize);
        }
        let rest = self.occupied[word + 1..].iter().position(|word| *word != 0)?;
        let word = word + 1 + rest;
        Some(word * 64 + self.occupied[word].trailing_zeros() as usize)
    }
}

/// An entry in a list, or a vacant place.
#[derive(Debug, Clone)]
struct Node<T> {
    next: u32,
    at: SimTime,
    item: Option<T>,
}

/// All nodes; those that hold nothing form a list and are used again.
#[derive(Debug, Clone)]
struct Nodes<T> {
    nodes: Vec<Node<T>>,
    vacant: u32,
}

impl<T> Nodes<T> {
    /// A node with this entry, the last of whatever list it will be in.
    #[inline]
    fn take_in(&mut self, at: SimTime, item: T) -> u32 {
        let (place, node) = (self.vacant, Node { next: NONE, at, item: Some(item) });
        if place == NONE {
            let place = u32::try_from(self.nodes.len()).expect("there are fewer than 2^32 entries");
            assert!(place != NONE, "there are fewer than 2^32 entries");
            self.nodes.push(node);
            return place;
        }
        let vacant = &mut self.nodes[place as usize];
        self.vacant = vacant.next;
        *vacant = node;
        place
    }
}

/// An entry for a time that is out of reach of both wheels.
#[derive(Debug, Clone)]
struct Later<T> {
    at: SimTime,
    sequence: u64,
    item: T,
}

impl<T> PartialEq for Later<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Later<T> {}

impl<T> PartialOrd for Later<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Reversed, because [`BinaryHeap`] gives out its greatest.
impl<T> Ord for Later<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.sequence).cmp(&(self.at, self.sequence))
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            milliseconds: Wheel::default(),
            turns: Wheel::default(),
            later: BinaryHeap::new(),
            nodes: Nodes { nodes: Vec::new(), vacant: NONE },
            len: 0,
            next_sequence: 0,
            now: SimTime::ZERO,
        }
    }
}

impl<T> Queue<T> {
    /// Puts `item` in for time `at`.
    ///
    /// # Panics
    /// If `at` is before the time of the last entry taken out: the past cannot be changed. If there are 2^32 entries.
    #[inline]
    pub fn push(&mut self, at: SimTime, item: T) {
        assert!(at >= self.now, "an action was scheduled for {at}, before now, {}", self.now);
        self.len += 1;
        self.put(at, item);
    }

    #[inline]
    fn put(&mut self, at: SimTime, item: T) {
        let (now, turn) = (turn_of(self.now), turn_of(at));
        if turn == now {
            let node = self.nodes.take_in(at, item);
            self.milliseconds.append(slot_of(at.as_ms()), node, &mut self.nodes);
        } else if turn - now < SLOTS as u64 {
            let node = self.nodes.take_in(at, item);
            self.turns.append(slot_of(turn), node, &mut self.nodes);
        } else {
            self.later.push(Later { at, sequence: self.next_sequence, item });
            self.next_sequence += 1;
        }
    }

    /// Takes the next entry out, and its time becomes now.
    #[inline]
    pub fn pop(&mut self) -> Option<(SimTime, T)> {
        let slot = loop {
            match self.milliseconds.next_from(slot_of(self.now.as_ms())) {
                Some(slot) => break slot,
                None => self.begin_turn(self.next_turn()?),
            }
        };
        let list = &mut self.milliseconds.lists[slot];
        let place = list.first;
        let node = &mut self.nodes.nodes[place as usize];
        let (at, item) = (node.at, node.item.take()?);
        if place == list.last {
            self.milliseconds.vacate(slot);
        } else {
            list.first = node.next;
        }
        node.next = self.nodes.vacant;
        self.nodes.vacant = place;
        self.now = at;
        self.len -= 1;
        Some((at, item))
    }

    /// The next turn that has an entry, if the present one has none left.
    fn next_turn(&self) -> Option<u64> {
        let now = turn_of(self.now);
        let slot = slot_of(now);
        // The slot of the present turn is empty, so that going round ends before it.
        let ahead = self.turns.next_from(slot).or_else(|| self.turns.next_from(0));
        match ahead {
            Some(next) => Some(now + ((next + SLOTS - slot) % SLOTS) as u64),
            None => self.later.peek().map(|next| turn_of(next.at)),
        }
    }

    /// A turn begins: what is due in it is dealt out, and what has come into reach leaves the heap.
    #[cold]
    fn begin_turn(&mut self, turn: u64) {
        self.now = SimTime::from_ms(turn * SLOTS as u64);
        let slot = slot_of(turn);
        if self.turns.is_occupied(slot) {
            let List { first, last } = self.turns.lists[slot];
            self.turns.vacate(slot);
            let mut place = first;
            loop {
                let node = &mut self.nodes.nodes[place as usize];
                let (next, due) = (node.next, slot_of(node.at.as_ms()));
                node.next = NONE;
                self.milliseconds.append(due, place, &mut self.nodes);
                if place == last {
                    break;
                }
                place = next;
            }
        }
        while self.later.peek().is_some_and(|next| turn_of(next.at) - turn < SLOTS as u64) {
            if let Some(Later { at, item, .. }) = self.later.pop() {
                self.put(at, item);
            }
        }
    }

    /// The next entry with its time, left where it is.
    #[must_use]
    pub fn peek(&self) -> Option<(SimTime, &T)> {
        if let Some(slot) = self.milliseconds.next_from(slot_of(self.now.as_ms())) {
            let node = &self.nodes.nodes[self.milliseconds.lists[slot].first as usize];
            return node.item.as_ref().map(|item| (node.at, item));
        }
        let slot = slot_of(self.next_turn()?);
        if !self.turns.is_occupied(slot) {
            return self.later.peek().map(|next| (next.at, &next.item));
        }
        let List { first, last } = self.turns.lists[slot];
        let (mut place, mut least) = (first, &self.nodes.nodes[first as usize]);
        while place != last {
            place = self.nodes.nodes[place as usize].next;
            let node = &self.nodes.nodes[place as usize];
            // Of equal ones the first stays.
            if node.at < least.at {
                least = node;
            }
        }
        least.item.as_ref().map(|item| (least.at, item))
    }

    /// The time of the next entry.
    #[must_use]
    #[inline]
    pub fn next_time(&self) -> Option<SimTime> {
        self.peek().map(|(at, _)| at)
    }

    /// The time of the last entry taken out.
    #[must_use]
    pub const fn now(&self) -> SimTime {
        self.now
    }

    /// How many entries there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Queue;
    use crate::engine::choices::{Choices, Label, Seeded};
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

    /// Against a sorted list, with delays on both sides of the wheel's reach and many ties.
    #[test]
    fn the_order_is_that_of_a_sorted_list() {
        let mut choices = Seeded::new(3);
        let mut draw = |bound| choices.draw(bound, Label(0));
        let (mut queue, mut sorted, mut sequence) = (Queue::default(), BTreeMap::new(), 0_u64);
        for _ in 0..20_000 {
            if sorted.len() < 40 || draw(2) == 0 {
                let delay = match draw(7) {
                    0 => 0,
                    1 => 1_020 + draw(8),
                    2 => 1_047_000 + draw(3_000),
                    3 => draw(4_000_000),
                    _ => draw(60),
                };
                let at = SimTime::from_ms(queue.now().as_ms() + delay);
                queue.push(at, sequence);
                sorted.insert((at, sequence), ());
                sequence += 1;
            } else {
                let ((at, item), ()) = sorted.pop_first().unwrap();
                assert_eq!(queue.next_time(), Some(at));
                assert_eq!(queue.peek(), Some((at, &item)));
                assert_eq!(queue.pop(), Some((at, item)));
            }
            assert_eq!(queue.len(), sorted.len());
        }
        while let Some(((at, item), ())) = sorted.pop_first() {
            assert_eq!(queue.pop(), Some((at, item)));
        }
        assert_eq!(queue.pop(), None);
    }

    #[test]
    fn places_on_the_wheel_are_used_again() {
        let mut queue = Queue::default();
        for at in 0..10_000 {
            queue.push(SimTime::from_ms(at), at);
            queue.push(SimTime::from_ms(at), at);
            assert!(queue.pop().is_some() && queue.pop().is_some());
        }
        assert_eq!(queue.nodes.nodes.len(), 2);
    }

    #[test]
    fn the_past_cannot_be_changed() {
        let mut queue = Queue::default();
        queue.push(SimTime::from_ms(5), 1);
        queue.pop();
        let past = std::panic::catch_unwind(move || queue.push(SimTime::from_ms(4), 2));
        assert!(past.is_err());
    }
}
