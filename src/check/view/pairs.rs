//! A table by two dense ids, for looking up only.
//! It does not know what its keys mean, and its order cannot be seen.

use hashbrown::HashMap;

use crate::engine::hash::NeighbourState;

/// Values by an ordered pair of dense indices, each below 2^32. Those with one first index whose second ones follow each other lie
/// side by side: of what many devices have in common, the device stands second.
#[derive(Debug, Clone)]
pub(crate) struct Pairs<V> {
    map: HashMap<u64, V, NeighbourState>,
}

impl<V> Default for Pairs<V> {
    fn default() -> Self {
        Self { map: HashMap::with_hasher(NeighbourState) }
    }
}

/// Both indices in one word.
fn key(first: u32, second: u32) -> u64 {
    u64::from(first) << 32 | u64::from(second)
}

impl<V> Pairs<V> {
    /// The value of the pair.
    pub(crate) fn get(&self, first: u32, second: u32) -> Option<&V> {
        self.map.get(&key(first, second))
    }

    /// The value of the pair, to change it.
    pub(crate) fn get_mut(&mut self, first: u32, second: u32) -> Option<&mut V> {
        self.map.get_mut(&key(first, second))
    }

    /// Sets the value of the pair; returns the former one.
    pub(crate) fn insert(&mut self, first: u32, second: u32, value: V) -> Option<V> {
        self.map.insert(key(first, second), value)
    }

    /// Takes the pair out.
    pub(crate) fn remove(&mut self, first: u32, second: u32) -> Option<V> {
        self.map.remove(&key(first, second))
    }
}

impl<V: Default> Pairs<V> {
    /// The value of the pair, put there as its default if it was not there.
    pub(crate) fn entry(&mut self, first: u32, second: u32) -> &mut V {
        self.map.entry(key(first, second)).or_default()
    }
}

/// The row of a dense table at `index`, which grows by default rows to reach it.
pub(crate) fn row<T: Default>(table: &mut Vec<T>, index: usize) -> &mut T {
    if table.len() <= index {
        table.resize_with(index + 1, T::default);
    }
    &mut table[index]
}

#[cfg(test)]
mod tests {
    use super::{Pairs, row};

    #[test]
    fn the_order_of_a_pair_matters() {
        let mut pairs = Pairs::default();
        assert_eq!(pairs.insert(1, 2, 'a'), None);
        assert_eq!(pairs.get(2, 1), None);
        assert_eq!(pairs.get(1, 2), Some(&'a'));
        *pairs.entry(2, 1) = 'b';
        assert_eq!(pairs.remove(2, 1), Some('b'));
        assert_eq!(pairs.get_mut(2, 1), None);
    }

    #[test]
    fn a_dense_table_grows_to_the_row_asked_for() {
        let mut table: Vec<u8> = Vec::new();
        *row(&mut table, 2) = 7;
        *row(&mut table, 0) = 1;
        assert_eq!(table, [1, 0, 7]);
    }
}
