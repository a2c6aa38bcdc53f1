//! Asks the machine's memory for what will be read soon, so that it is in the cache by then.
//! Nothing else comes of it: whoever leaves it out computes the same, later.

use prefetch_index::prefetch_index;

/// How long something takes to be needed, in steps of whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ahead {
    /// In a few steps: what stands in a table is asked for.
    Far,
    /// Sooner: what that points to is asked for.
    Middle,
    /// Next: what that points to in its turn.
    Near,
}

/// Asks for the line of memory in which a value begins.
#[inline]
pub fn fetch<T>(value: &T) {
    prefetch_index(std::slice::from_ref(value), 0);
}

/// Asks for the line of memory in which an entry of a list begins; it need not be there.
#[inline]
pub fn fetch_at<T>(list: &[T], place: usize) {
    prefetch_index(list, place);
}
