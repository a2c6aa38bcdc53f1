//! The rooms of a lane that showed something new, out of which further rooms are made, and how each came about.
//! It does not know what was new in them.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;

use serde::{Deserialize, Serialize};

use crate::engine::choices::{Choices, Label};
use crate::engine::digest::Digest;
use crate::scenario::file;
use crate::scenario::model::Scenario;

/// How many rooms a lane keeps.
const ROOMS: usize = 128;

/// How a room came about; cases are those of the same lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// It was generated.
    Fresh,
    /// It was made of the room of one case, with something of the room of another.
    Mutated {
        /// The room that was changed.
        parent: u64,
        /// The room from which things were taken.
        donor: u64,
    },
    /// It was made of the room of a scenario file, with something of a room that was generated for that.
    File {
        /// Which of the files out of which rooms are made, from 0.
        file: u64,
    },
}

/// What the room of a case is made of.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// Choices alone.
    Choices,
    /// A room that is changed, and one from which things are taken.
    Rooms(&'a Scenario, &'a Scenario),
    /// One of the files out of which rooms are made.
    File(u64),
}

/// A room.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Room {
    case: u64,
    news: u32,
    tries: u32,
    digest: u64,
    scenario: Scenario,
}

/// A room without its contents, as it stands in a file: these can be made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptRoom {
    case: u64,
    news: u32,
    tries: u32,
    digest: String,
}

/// A corpus as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptCorpus {
    rooms: Vec<KeptRoom>,
    /// How these rooms and those that they were made of came about, by case.
    origins: BTreeMap<u64, Origin>,
}

/// The rooms of a lane, in the order in which they came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Corpus {
    rooms: Vec<Room>,
    origins: BTreeMap<u64, Origin>,
}

impl Corpus {
    /// How many rooms there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rooms.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rooms.is_empty()
    }

    /// Takes a room in that showed so much new. If there are too many then, the one goes out that was tried most.
    pub fn add(&mut self, case: u64, origin: Origin, news: u32, scenario: Scenario) {
        let digest = digest(&scenario);
        self.origins.insert(case, origin);
        self.rooms.push(Room { case, news, tries: 0, digest, scenario });
        if self.rooms.len() > ROOMS {
            let tried = |(place, room): &(usize, &Room)| {
                (room.tries, std::cmp::Reverse(room.news), std::cmp::Reverse(*place))
            };
            let most = self.rooms.iter().enumerate().max_by_key(tried).map(|(place, _)| place);
            most.map(|place| self.rooms.remove(place));
        }
    }

    /// Chooses a room to change, the better one of two, and one to take things from, and counts that the first is tried once more. It
    /// must not be empty.
    pub fn choose(
        &mut self,
        choices: &mut dyn Choices,
        label: Label,
    ) -> (Origin, &Scenario, &Scenario) {
        let number = self.rooms.len() as u64;
        let mut draw = || usize::try_from(choices.draw(number, label)).unwrap_or_default();
        let (one, other, donor) = (draw(), draw(), draw());
        let rank = |place: usize| {
            let room = &self.rooms[place];
            (room.tries, std::cmp::Reverse(room.news), std::cmp::Reverse(room.case))
        };
        let parent = if rank(one) <= rank(other) { one } else { other };
        self.rooms[parent].tries = self.rooms[parent].tries.saturating_add(1);
        let (parent, donor) = (&self.rooms[parent], &self.rooms[donor]);
        let origin = Origin::Mutated { parent: parent.case, donor: donor.case };
        (origin, &parent.scenario, &donor.scenario)
    }

    /// How it stands in a file.
    #[must_use]
    pub fn kept(&self) -> KeptCorpus {
        let mut needed: BTreeSet<u64> = self.rooms.iter().map(|room| room.case).collect();
        let mut origins = BTreeMap::new();
        // A room is made of earlier ones only, so going down finds all that are needed.
        while let Some(case) = needed.pop_last() {
            let Some(origin) = self.origins.get(&case) else { continue };
            origins.insert(case, *origin);
            if let Origin::Mutated { parent, donor } = *origin {
                needed.extend([parent, donor]);
            }
        }
        let kept = |room: &Room| KeptRoom {
            case: room.case,
            news: room.news,
            tries: room.tries,
            digest: format!("{:016x}", room.digest),
        };
        KeptCorpus { rooms: self.rooms.iter().map(kept).collect(), origins }
    }

    /// The corpus that stands in a file, its rooms made again by `make`, which is given what a room was made of. `None` if
    /// what comes out is not what was written.
    pub fn again(
        kept: &KeptCorpus,
        make: impl Fn(u64, Source<'_>) -> Option<Scenario>,
    ) -> Option<Self> {
        let mut made: BTreeMap<u64, Scenario> = BTreeMap::new();
        for (case, origin) in &kept.origins {
            let source = match origin {
                Origin::Fresh => Source::Choices,
                Origin::Mutated { parent, donor } => {
                    Source::Rooms(made.get(parent)?, made.get(donor)?)
                }
                Origin::File { file } => Source::File(*file),
            };
            let scenario = make(*case, source)?;
            made.insert(*case, scenario);
        }
        let mut rooms = Vec::new();
        for KeptRoom { case, news, tries, digest: written } in &kept.rooms {
            let scenario = made.get(case)?.clone();
            let digest = digest(&scenario);
            if format!("{digest:016x}") != *written {
                return None;
            }
            rooms.push(Room { case: *case, news: *news, tries: *tries, digest, scenario });
        }
        Some(Self { rooms, origins: kept.origins.clone() })
    }
}

/// A digest of everything in a scenario.
fn digest(scenario: &Scenario) -> u64 {
    let mut digest = Digest::default();
    digest.write(file::write(scenario).as_bytes());
    digest.value()
}

#[cfg(test)]
mod tests {
    use super::{Corpus, Origin, ROOMS, Source};
    use crate::engine::choices::{Label, Seeded};
    use crate::scenario::model::Scenario;
    use crate::scenario::sample::room_of;

    fn make(case: u64, from: Source<'_>) -> Scenario {
        let seed = match from {
            Source::Choices => 0,
            Source::Rooms(one, other) => one.seed * 3 + other.seed,
            Source::File(file) => file * 7,
        };
        Scenario { seed: seed + case, ..room_of(1, 1) }
    }

    #[allow(clippy::unnecessary_wraps, reason = "a file may be gone, these are not")]
    fn make_again(case: u64, from: Source<'_>) -> Option<Scenario> {
        Some(make(case, from))
    }

    fn grown(cases: u64) -> Corpus {
        let mut corpus = Corpus::default();
        for case in 0..cases {
            let mut choices = Seeded::new(case);
            let (origin, scenario) = match case % 4 {
                0 => (Origin::Fresh, make(case, Source::Choices)),
                1 => (Origin::File { file: case }, make(case, Source::File(case))),
                _ => {
                    let (origin, one, other) = corpus.choose(&mut choices, Label(0));
                    (origin, make(case, Source::Rooms(one, other)))
                }
            };
            corpus.add(case, origin, 1, scenario);
        }
        corpus
    }

    #[test]
    fn rooms_are_made_again_as_they_were() {
        let corpus = grown(ROOMS as u64 * 2);
        assert_eq!(corpus.len(), ROOMS);
        let kept = corpus.kept();
        let text = serde_json::to_string(&kept).unwrap();
        let again = Corpus::again(&serde_json::from_str(&text).unwrap(), make_again).unwrap();
        assert_eq!(again.rooms, corpus.rooms);
        assert_eq!(again.kept(), kept);
    }

    #[test]
    fn rooms_that_do_not_come_out_as_they_were_are_refused() {
        let kept = grown(9).kept();
        let horizon = crate::time::SimTime::from_ms(7);
        let other = |case, from: Source<'_>| Some(Scenario { horizon, ..make(case, from) });
        assert_eq!(Corpus::again(&kept, other), None);
        let gone = |case, from: Source<'_>| {
            let is_file = matches!(from, Source::File(_));
            (!is_file).then(|| make(case, from))
        };
        assert_eq!(Corpus::again(&kept, gone), None);
        let mut without = kept.clone();
        without.origins.pop_first();
        assert_eq!(Corpus::again(&without, make_again), None);
    }

    #[test]
    fn the_room_that_was_tried_most_goes_out() {
        let mut corpus = Corpus::default();
        corpus.add(0, Origin::Fresh, 9, make(0, Source::Choices));
        corpus.choose(&mut Seeded::new(0), Label(0));
        for case in 1..=ROOMS as u64 {
            corpus.add(case, Origin::Fresh, 1, make(case, Source::Choices));
        }
        assert_eq!(corpus.rooms[0].case, 1);
    }
}
