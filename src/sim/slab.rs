//! A store for what queue entries refer to by a small number, with reuse of places.
//! It does not know what it stores.

/// Places for values; a place is free again once its value was taken.
#[derive(Debug, Clone)]
pub(super) struct Slab<T> {
    places: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { places: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Puts a value in and gives its place.
    pub(super) fn insert(&mut self, value: T) -> u32 {
        if let Some(place) = self.free.pop() {
            self.places[place as usize] = Some(value);
            return place;
        }
        self.places.push(Some(value));
        u32::try_from(self.places.len() - 1).expect("fewer than u32::MAX things are under way")
    }

    /// Takes the value at a place.
    pub(super) fn take(&mut self, place: u32) -> T {
        self.free.push(place);
        self.places[place as usize].take().expect("a place is taken once")
    }

    /// The value at a place.
    pub(super) fn get_mut(&mut self, place: u32) -> &mut T {
        self.places[place as usize].as_mut().expect("the value was not taken yet")
    }
}

#[cfg(test)]
mod tests {
    use super::Slab;

    #[test]
    fn places_are_used_again_and_values_do_not_move_meanwhile() {
        let mut slab = Slab::default();
        let (one, two) = (slab.insert('a'), slab.insert('b'));
        assert_eq!(slab.take(one), 'a');
        assert_eq!(slab.insert('c'), one);
        *slab.get_mut(two) = 'd';
        assert_eq!((slab.take(two), slab.take(one)), ('d', 'c'));
    }
}
