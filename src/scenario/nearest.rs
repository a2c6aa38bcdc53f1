//! The name that was probably meant by one that is not known.
//! It does not know what is named.

/// Of a shorter name nearly every other is a slip.
const SHORTEST: usize = 3;
/// A longer name is nobody's slip.
const LONGEST: usize = 64;
/// One letter in so many may be wrong, and one in any case.
const TYPOS: usize = 3;

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

#[cfg(test)]
mod tests {
    use super::nearest;

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
