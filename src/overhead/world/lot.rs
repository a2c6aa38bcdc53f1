//! Chance in worlds: seeded draws, each for a purpose, so that more of one thing does not change another.
//! It does not know what is drawn for.

use crate::engine::choices::{Choices, Label, Seeded};
use crate::time::{SimDuration, SimTime};

/// What something is drawn for. The numbers follow those of the simulator and the generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// Who is in the room, with which devices.
    Cast = 32,
    /// Whom senders have verified and blocked.
    Trust = 33,
    /// Who sends when.
    Story = 34,
    /// Who comes and goes.
    Churn = 35,
    /// What breaks.
    Trouble = 36,
    /// How long things travel.
    Network = 37,
}

/// Draws of one room.
#[derive(Debug)]
pub(super) struct Lot {
    choices: Seeded,
}

impl Lot {
    /// The draws of a seed.
    pub(super) const fn new(seed: u64) -> Self {
        Self { choices: Seeded::new(seed) }
    }

    /// A number below `bound`, or 0.
    pub(super) fn below(&mut self, bound: u64, purpose: For) -> u64 {
        self.choices.draw(bound.max(1), Label(purpose as u16))
    }

    /// A number from `least` to `most`.
    pub(super) fn between(&mut self, least: u64, most: u64, purpose: For) -> u64 {
        least + self.below(most.saturating_sub(least) + 1, purpose)
    }

    /// True in so many of a thousand cases.
    pub(super) fn chance(&mut self, permille: u64, purpose: For) -> bool {
        self.below(1_000, purpose) < permille
    }

    /// A time between two others.
    pub(super) fn time(&mut self, from: SimTime, to: SimTime, purpose: For) -> SimTime {
        from + SimDuration::from_ms(self.below(to.since(from).as_ms(), purpose))
    }

    /// So many of these at the most, all different, in the order in which they are drawn.
    pub(super) fn some<T: Copy>(&mut self, count: usize, of: &[T], purpose: For) -> Vec<T> {
        let mut left = of.to_vec();
        let mut drawn = Vec::new();
        while drawn.len() < count && !left.is_empty() {
            let place = self.below(left.len() as u64, purpose);
            drawn.push(left.swap_remove(usize::try_from(place).unwrap_or(0)));
        }
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::{For, Lot};

    #[test]
    fn purposes_do_not_disturb_each_other_and_nothing_is_drawn_twice() {
        let all: Vec<u32> = (0..20).collect();
        let mut alone = Lot::new(5);
        let expected = alone.some(8, &all, For::Churn);
        let mut other = Lot::new(5);
        other.some(8, &all, For::Cast);
        assert_eq!(other.some(8, &all, For::Churn), expected);
        let mut sorted = expected.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), 8);
        assert_eq!(Lot::new(5).some(9, &[1, 2], For::Cast).len(), 2);
        assert!(Lot::new(1).chance(1_000, For::Cast) && !Lot::new(1).chance(0, For::Cast));
    }
}
