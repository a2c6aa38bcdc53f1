//! The one source of "which?": everything that is left to chance asks here.
//! It does not know what is chosen, nor where its answers come from in the end.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// Answers questions of the form "which of `bound`?".
pub trait Choices {
    /// A number below `bound`, for the purpose `label`. Purposes are independent of each other: one more draw for one
    /// does not move the draws for another.
    ///
    /// # Panics
    /// If `bound` is 0: there is nothing to choose from.
    fn draw(&mut self, bound: u64, label: Label) -> u64;

    /// The same on an occasion, for whoever goes by that and not by how many choices there were before.
    fn draw_on(&mut self, bound: u64, label: Label, occasion: Occasion) -> u64 {
        let _ = occasion;
        self.draw(bound, label)
    }
}

/// What a choice is for, beside its purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Occasion {
    /// Whose it is, as a number.
    pub of: u64,
    /// When it is made, as a number.
    pub at: u64,
}

/// A purpose. Its number is part of the meaning of a seed: add at the end, never reorder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(pub u16);

/// One seeded stream for each purpose.
#[derive(Debug, Clone)]
pub struct Seeded {
    seed: u64,
    streams: Vec<Option<Pcg64Mcg>>,
}

impl Seeded {
    /// The streams of `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, streams: Vec::new() }
    }

    fn stream(&mut self, label: Label) -> &mut Pcg64Mcg {
        let index = usize::from(label.0);
        if self.streams.len() <= index {
            self.streams.resize(index + 1, None);
        }
        let mixed = splitmix(self.seed ^ splitmix(u64::from(label.0)));
        self.streams[index].get_or_insert_with(|| Pcg64Mcg::seed_from_u64(mixed))
    }
}

/// A choice for each occasion, which nothing that was chosen before can move: two runs that differ here and there choose alike
/// wherever they do the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByOccasion {
    seed: u64,
}

impl ByOccasion {
    /// The choices of `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }
}

impl Choices for ByOccasion {
    fn draw(&mut self, bound: u64, label: Label) -> u64 {
        self.draw_on(bound, label, Occasion { of: 0, at: 0 })
    }

    fn draw_on(&mut self, bound: u64, label: Label, Occasion { of, at }: Occasion) -> u64 {
        assert!(bound > 0, "a choice needs something to choose from");
        let purpose = splitmix(self.seed ^ splitmix(u64::from(label.0)));
        let mut state = splitmix(purpose ^ splitmix(of ^ splitmix(at)));
        bounded(bound, || {
            state = splitmix(state);
            state
        })
    }
}

/// One step of SplitMix64, which spreads neighbouring seeds over the whole range.
const fn splitmix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Choices for Seeded {
    fn draw(&mut self, bound: u64, label: Label) -> u64 {
        assert!(bound > 0, "a choice needs something to choose from");
        let stream = self.stream(label);
        bounded(bound, || stream.next_u64())
    }
}

/// Lemire's method: an unbiased number below `bound` from raw 64-bit draws. It is written here because the value
/// sequences of library ranges may change from one release to the next.
fn bounded(bound: u64, mut raw: impl FnMut() -> u64) -> u64 {
    let mut wide = u128::from(raw()) * u128::from(bound);
    if low(wide) < bound {
        let threshold = bound.wrapping_neg() % bound;
        while low(wide) < threshold {
            wide = u128::from(raw()) * u128::from(bound);
        }
    }
    high(wide)
}

/// The lower half.
#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
const fn low(wide: u128) -> u64 {
    wide as u64
}

/// The upper half.
const fn high(wide: u128) -> u64 {
    (wide >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::{ByOccasion, Choices, Label, Occasion, Seeded};

    fn draws(choices: &mut Seeded, label: u16) -> Vec<u64> {
        (0..6).map(|_| choices.draw(1_000, Label(label))).collect()
    }

    #[test]
    fn a_seed_gives_the_same_numbers_for_ever() {
        let mut choices = Seeded::new(42);
        assert_eq!(draws(&mut choices, 0), [774, 174, 140, 462, 207, 670]);
        assert_eq!(draws(&mut choices, 1), [920, 265, 818, 237, 797, 573]);
    }

    #[test]
    fn draws_for_one_purpose_do_not_move_those_for_another() {
        let mut alone = Seeded::new(7);
        let expected = draws(&mut alone, 3);
        let mut mixed = Seeded::new(7);
        draws(&mut mixed, 2);
        assert_eq!(draws(&mut mixed, 3), expected);
    }

    #[test]
    fn a_choice_by_occasion_is_the_same_whatever_was_chosen_before() {
        let on = |choices: &mut ByOccasion, label, of, at| {
            choices.draw_on(1_000, Label(label), Occasion { of, at })
        };
        let mut alone = ByOccasion::new(42);
        let expected = on(&mut alone, 1, 5, 700);
        let mut later = ByOccasion::new(42);
        let others = [(1, 5, 701), (1, 6, 700), (2, 5, 700)];
        let others = others.map(|(label, of, at)| on(&mut later, label, of, at));
        assert_eq!(on(&mut later, 1, 5, 700), expected);
        assert_ne!(on(&mut ByOccasion::new(43), 1, 5, 700), expected);
        assert!(others.iter().all(|other| *other != expected), "{others:?}");
    }

    #[test]
    fn choices_in_turn_do_not_look_at_the_occasion() {
        let (mut plain, mut asked) = (Seeded::new(42), Seeded::new(42));
        let occasion = |at| Occasion { of: at % 3, at };
        for at in 0..6 {
            assert_eq!(asked.draw_on(9, Label(0), occasion(at)), plain.draw(9, Label(0)));
        }
    }

    #[test]
    fn every_value_below_the_bound_occurs_about_equally_often() {
        let mut choices = Seeded::new(1);
        let mut seen = [0_u32; 7];
        for _ in 0..7_000 {
            seen[usize::try_from(choices.draw(7, Label(0))).unwrap()] += 1;
        }
        assert!(seen.iter().all(|count| (850..1_150).contains(count)), "{seen:?}");
        let mut seen = [0_u32; 7];
        for nth in 0..7_000 {
            let occasion = Occasion { of: nth / 100, at: nth % 100 };
            let drawn = ByOccasion::new(1).draw_on(7, Label(0), occasion);
            seen[usize::try_from(drawn).unwrap()] += 1;
        }
        assert!(seen.iter().all(|count| (850..1_150).contains(count)), "{seen:?}");
    }
}
