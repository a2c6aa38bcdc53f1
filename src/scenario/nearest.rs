//! The name that was probably meant by one that is not known, or those that are most like it.
//! It does not know what is named.

use std::cmp::Reverse;

/// Of a shorter name nearly every other is a slip.
const SHORTEST: usize = 3;
/// A longer name is nobody's slip.
const LONGEST: usize = 64;
/// One letter in so many may be wrong, and one in any case.
const TYPOS: usize = 3;
/// So many names are compared at the most; what comes after them is left where it is.
const COMPARED: usize = 10_000;
/// A part of a name that is shorter is in too many other names.
const SHORTEST_WORD: usize = 3;

/// The one of `known` that `name` may be a misspelling of, the first of those that are nearest.
#[must_use]
pub(crate) fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let length = name.chars().count();
    if !(SHORTEST..=LONGEST).contains(&length) {
        return None;
    }
    let most = (length / TYPOS).max(1);
    let lower = name.to_lowercase();
    let distance = |known: &str| strsim::osa_distance(&lower, &known.to_lowercase());
    let near = known.into_iter().map(|known| (distance(known), known));
    near.filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// `known` with what is most like `name` first: what shares most words with it, then what has most letters in common with it. The others
/// keep their order.
#[must_use]
pub(crate) fn by_likeness<'n>(
    name: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> Vec<&'n str> {
    let mut known: Vec<&str> = known.into_iter().collect();
    let length = name.chars().count();
    if length > LONGEST {
        return known;
    }
    let lower = name.to_lowercase();
    let likeness = |known: &&str| {
        let known = known.to_lowercase();
        let distance = strsim::osa_distance(&lower, &known);
        let longer = known.chars().count().max(length);
        let is_like = distance <= longer / 2;
        (Reverse(shared_words(&lower, &known)), if is_like { distance } else { usize::MAX })
    };
    let compared = known.len().min(COMPARED);
    known[..compared].sort_by_cached_key(likeness);
    known
}

/// How many words of one name are in the other, whole or as the beginning of one.
fn shared_words(one: &str, other: &str) -> usize {
    let words = |name| str::split(name, |letter: char| !letter.is_alphanumeric());
    let words = |name| words(name).filter(|word| word.chars().count() >= SHORTEST_WORD);
    let is_shared =
        |word: &&str| words(other).any(|other| other.starts_with(*word) || word.starts_with(other));
    words(one).filter(is_shared).count()
}

#[cfg(test)]
mod tests {
    use super::{by_likeness, nearest};

    #[test]
    fn what_shares_words_comes_first_then_what_looks_alike_then_the_others_as_they_were() {
        let known = ["no_fallback_key", "claim_fails", "server_restored", "crash", "keys_run_out"];
        let of = |name| by_likeness(name, known);
        assert_eq!(of("server_gone")[..2], ["server_restored", "no_fallback_key"]);
        assert_eq!(of("the_keys")[..2], ["no_fallback_key", "keys_run_out"]);
        assert_eq!(of("key_gone")[..2], ["no_fallback_key", "keys_run_out"]);
        assert_eq!(of("CRUSHED")[..2], ["crash", "no_fallback_key"]);
        assert_eq!(of("moon"), known);
        assert_eq!(of(&"o".repeat(1_000)), known);
    }

    #[test]
    fn a_slip_of_the_pen_is_known_and_another_word_is_not() {
        let known = ["observes", "put", "query_end"];
        let of = |name| nearest(name, known);
        assert_eq!(of("observe"), Some("observes"));
        assert_eq!(of("Query_End"), Some("query_end"));
        assert_eq!(of("puts"), Some("put"));
        assert_eq!(of("moon_phase"), None);
        assert_eq!(of(&"o".repeat(1_000)), None);
    }
}
