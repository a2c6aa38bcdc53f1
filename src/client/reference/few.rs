//! A map that mostly has few entries: a sorted list, as large as what is in it.
//! It does not know what its keys mean. One device in a room has a handful of sessions; a hundred thousand devices with a
//! tree for each handful would fill the memory with empty nodes.

/// Values by key, ascending. To put one in that is not the last moves all that follow it.
#[derive(Debug, Clone)]
pub(super) struct Few<K, V> {
    entries: Vec<(K, V)>,
}

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<K: Ord + Copy, V> Few<K, V> {
    fn place(&self, key: K) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&key, |(key, _)| *key)
    }

    /// The value of a key.
    pub(super) fn get(&self, key: K) -> Option<&V> {
        self.place(key).ok().map(|place| &self.entries[place].1)
    }

    /// The value of a key, to change it.
    pub(super) fn get_mut(&mut self, key: K) -> Option<&mut V> {
        self.place(key).ok().map(|place| &mut self.entries[place].1)
    }

    /// The value of a key, made if there is none.
    pub(super) fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let place = self.place(key).unwrap_or_else(|place| {
            if self.entries.is_empty() {
                // Most never have a second one.
                self.entries.reserve_exact(1);
            }
            self.entries.insert(place, (key, make()));
            place
        });
        &mut self.entries[place].1
    }

    /// Sets the value of a key.
    pub(super) fn insert(&mut self, key: K, value: V) {
        let mut value = Some(value);
        let place = self.get_or_insert_with(key, || value.take().expect("nobody took it"));
        if let Some(value) = value {
            *place = value;
        }
    }

    /// Takes a key out.
    pub(super) fn remove(&mut self, key: K) -> Option<V> {
        self.place(key).ok().map(|place| self.entries.remove(place).1)
    }

    /// All entries, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.entries.iter().map(|(key, value)| (*key, value))
    }
}

#[cfg(test)]
mod tests {
    use super::Few;

    #[test]
    fn entries_are_found_by_key_and_stand_in_order() {
        let mut few = Few::default();
        for (key, value) in [(3, 'c'), (1, 'a'), (2, 'b'), (1, 'A')] {
            few.insert(key, value);
        }
        assert_eq!(few.iter().collect::<Vec<_>>(), [(1, &'A'), (2, &'b'), (3, &'c')]);
        assert_eq!(few.remove(2), Some('b'));
        assert_eq!(few.remove(2), None);
        *few.get_mut(3).unwrap() = 'C';
        assert_eq!((few.get(3), few.get(2)), (Some(&'C'), None));
        assert_eq!(*few.get_or_insert_with(3, || 'x'), 'C');
        assert_eq!(*few.get_or_insert_with(4, || 'x'), 'x');
    }
}
