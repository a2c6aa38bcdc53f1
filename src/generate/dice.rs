//! The generator's way of asking its choices: numbers, picks, chances and spans of time, each for a purpose.
//! It does not know what a room is.

use crate::engine::choices::{Choices, Label};
use crate::time::SimDuration;

/// How large the room is and who is in it.
pub(super) const CAST: Label = Label(16);
/// How clients and servers are written.
pub(super) const HABITS: Label = Label(17);
/// What users choose.
pub(super) const POLICIES: Label = Label(18);
/// What is switched off in this room.
pub(super) const SWARM: Label = Label(19);
/// Which scenes are played, by whom and when.
pub(super) const SCENES: Label = Label(20);
/// What users do besides.
pub(super) const STEPS: Label = Label(21);
/// What breaks.
pub(super) const FAULTS: Label = Label(22);
/// The end: heal phase and the seed of the run.
pub(super) const END: Label = Label(23);
/// How clients are written in the one way that is drawn too rarely among all others.
pub(super) const FLAGS: Label = Label(24);

/// Answers the questions of a generator. Where it matters, the answer 0 is the plainest one, so that choices that are made
/// smaller give plainer rooms.
pub(super) struct Dice<'c> {
    choices: &'c mut dyn Choices,
    purpose: Label,
}

impl<'c> Dice<'c> {
    /// Asks these choices.
    pub(super) fn new(choices: &'c mut dyn Choices) -> Self {
        Self { choices, purpose: CAST }
    }

    /// What comes now is for this purpose; what was asked for before.
    pub(super) const fn set_purpose(&mut self, purpose: Label) -> Label {
        std::mem::replace(&mut self.purpose, purpose)
    }

    /// A number below `bound`; 0 is not asked for if nothing else is possible.
    pub(super) fn number(&mut self, bound: u64) -> u64 {
        if bound <= 1 { 0 } else { self.choices.draw(bound, self.purpose) }
    }

    /// A position in a table of so many rows.
    pub(super) fn index(&mut self, rows: usize) -> usize {
        let drawn = self.number(u64::try_from(rows).unwrap_or(u64::MAX));
        usize::try_from(drawn).unwrap_or(0)
    }

    /// A number from `least` to `most`.
    pub(super) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.number(most.saturating_sub(least) + 1)
    }

    /// A count from `least` to `most`.
    pub(super) fn count(&mut self, least: u32, most: u32) -> u32 {
        least + u32::try_from(self.number(u64::from(most.saturating_sub(least)) + 1)).unwrap_or(0)
    }

    /// True in `part` of `whole` cases.
    pub(super) fn chance(&mut self, part: u64, whole: u64) -> bool {
        self.number(whole) + part >= whole
    }

    /// One of these.
    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        if from.is_empty() { None } else { from.get(self.index(from.len())).copied() }
    }

    /// The position of one of these weights, as often as they say; the first if there is no weight at all.
    pub(super) fn weighted(&mut self, weights: impl Iterator<Item = u32> + Clone) -> usize {
        let total = weights.clone().map(u64::from).sum::<u64>();
        let mut rest = self.number(total);
        for (position, weight) in weights.enumerate() {
            let weight = u64::from(weight);
            if rest < weight {
                return position;
            }
            rest -= weight;
        }
        0
    }

    /// A set of so many kinds, as bits: most of them are in it. In one room of four all are.
    pub(super) fn most_of(&mut self, kinds: usize) -> u64 {
        let all = u64::MAX >> (64 - kinds.clamp(1, 63));
        if self.chance(1, 4) {
            return all;
        }
        let (one, other) = (self.number(all), self.number(all));
        (one | other) & all
    }

    /// A span within one step of the network: nothing at all, or some milliseconds.
    pub(super) fn instant(&mut self) -> SimDuration {
        let most = [0, 0, 1, 12, 50, 150];
        let most = self.pick(&most).unwrap_or(0);
        SimDuration::from_ms(self.number(most + 1))
    }

    /// A span between two things that have to do with each other.
    pub(super) fn soon(&mut self) -> SimDuration {
        let spans = [(1_000, 8_000), (0, 0), (1, 50), (50, 1_000), (10_000, 60_000), (1, 400)];
        self.span(&spans)
    }

    /// A span after which everything that is on its way has arrived.
    pub(super) fn pause(&mut self) -> SimDuration {
        let spans = [(3_000, 20_000), (15_000, 45_000), (60_000, 1_200_000)];
        self.span(&spans)
    }

    /// Any span, hours and a week among them.
    pub(super) fn gap(&mut self) -> SimDuration {
        match self.number(16) {
            0..=7 => self.soon(),
            8..=12 => self.pause(),
            13 => self.hour(),
            14 => self.instant(),
            _ => {
                let spans = [(1_200_000, 7_200_000), (7_200_000, 30_000_000), WEEK, (1, 3_000)];
                self.span(&spans)
            }
        }
    }

    /// How long a server asks a client to wait: never so short that it asks again and again.
    pub(super) fn patience(&mut self) -> SimDuration {
        self.span(&[(1_000, 20_000), (400, 1_000), (60_000, 1_800_000)])
    }

    /// An hour, or so nearly one that the difference matters.
    pub(super) fn hour(&mut self) -> SimDuration {
        self.span(&[(3_660_000, 5_400_000), (3_599_900, 3_600_100), (3_600_000, 3_600_000)])
    }

    /// How long something is broken.
    pub(super) fn window(&mut self) -> SimDuration {
        match self.number(8) {
            0..=2 => self.pause(),
            3 | 4 => self.soon() + SimDuration::from_ms(1),
            5 => SimDuration::from_ms(self.between(1, 120)),
            6 => self.span(&[(1_200_000, 4_000_000), (3_600_000, 20_000_000)]),
            _ => self.span(&[(60_000, 400_000)]),
        }
    }

    fn span(&mut self, spans: &[(u64, u64)]) -> SimDuration {
        let (least, most) = self.pick(spans).unwrap_or((0, 0));
        SimDuration::from_ms(self.between(least, most))
    }
}

/// About a week, the period of rotation where a room says nothing.
const WEEK: (u64, u64) = (604_790_000, 604_810_000);
