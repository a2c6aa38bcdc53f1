//! What a run leaves to chance: one after the other, as everywhere, or so that two runs which are compared have the same luck.
//! It does not know what is chosen.

use withheld::engine::choices::{ByOccasion, Choices, Label, Occasion, Seeded};

/// How a run chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Luck {
    /// One choice after the other, so that one more moves all that follow.
    #[default]
    InTurn,
    /// By who chooses when, so that two runs choose alike wherever they do the same.
    ByOccasion,
}

impl Luck {
    /// The choices of a seed.
    #[must_use]
    pub const fn of(self, seed: u64) -> Chance {
        match self {
            Self::InTurn => Chance::InTurn(Seeded::new(seed)),
            Self::ByOccasion => Chance::ByOccasion(ByOccasion::new(seed)),
        }
    }
}

/// The choices of a run.
#[derive(Debug, Clone)]
pub enum Chance {
    /// See [`Luck::InTurn`].
    InTurn(Seeded),
    /// See [`Luck::ByOccasion`].
    ByOccasion(ByOccasion),
}

impl Choices for Chance {
    fn draw(&mut self, bound: u64, label: Label) -> u64 {
        match self {
            Self::InTurn(choices) => choices.draw(bound, label),
            Self::ByOccasion(choices) => choices.draw(bound, label),
        }
    }

    fn draw_on(&mut self, bound: u64, label: Label, occasion: Occasion) -> u64 {
        match self {
            Self::InTurn(choices) => choices.draw_on(bound, label, occasion),
            Self::ByOccasion(choices) => choices.draw_on(bound, label, occasion),
        }
    }
}
