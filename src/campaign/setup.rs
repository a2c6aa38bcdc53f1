//! What a campaign is: which rooms are generated, who is on trial, how it is steered, and which lanes are run here.
//! It does not know how long it goes on; that may be another time from session to session.

use std::hash::Hasher;

use serde::{Deserialize, Serialize};

use crate::engine::choices::Seeded;
use crate::engine::digest::Digest;
use crate::generate::mutate;
use crate::generate::plan::{Plan, Subject};
use crate::rulebook::reading::ReadingName;
use crate::scenario::model::Scenario;
use crate::trace::fact::FACTS_VERSION;

use super::LANES;

/// What a campaign is.
#[derive(Debug, Clone)]
pub struct Setup {
    /// What kind of rooms.
    pub plan: Plan,
    /// How ambiguous points are read.
    pub reading: ReadingName,
    /// The seed of everything.
    pub seed: u64,
    /// Where cases come from.
    pub steering: Steering,
    /// Which lanes are run here.
    pub shard: Shard,
    /// Scenario files that are run before anything is generated.
    pub files: Vec<Replay>,
    /// Rooms out of which others are made from the start, besides those that show something new: see [`Setup::parents_of`].
    pub parents: Vec<Scenario>,
}

/// Where cases come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Steering {
    /// Some are made of scenario files, and some of rooms that showed something new: most, if these have brought more of it lately.
    Novelty,
    /// Every one is generated afresh.
    None,
}

/// A part of the lanes: those whose number leaves a remainder of `index` when it is divided by `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which part, from 0.
    pub index: u32,
    /// Of how many.
    pub of: u32,
}

/// A scenario file that is run before anything is generated.
#[derive(Debug, Clone)]
pub struct Replay {
    /// Its name.
    pub name: String,
    /// What stands in it.
    pub scenario: Scenario,
    /// A digest of its bytes.
    pub digest: u64,
}

/// What a stream of choices is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Whether the case is made of earlier ones or of a file, and of which.
    Origin,
    /// A fresh room.
    Generate,
    /// Changes to an earlier room.
    Mutate,
}

/// Everything that must be the same for a campaign to be the same, as it stands in files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    version: String,
    facts_version: u32,
    lanes: u32,
    seed: u64,
    subject: String,
    neighbours: bool,
    servers: u32,
    users: u32,
    devices_per_user: u32,
    rooms: u32,
    steps: u32,
    faults: u32,
    rules: String,
    steering: Steering,
    scenario_files: u64,
    scenario_files_digest: String,
    shard: Option<String>,
}

impl Replay {
    /// The file with this name and these contents.
    #[must_use]
    pub fn new(name: String, bytes: &[u8], scenario: Scenario) -> Self {
        let mut digest = Digest::default();
        digest.write(bytes);
        Self { name, scenario, digest: digest.value() }
    }
}

impl Shard {
    /// All lanes.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// The lanes.
    pub fn lanes(self) -> impl Iterator<Item = u32> {
        (0..LANES).filter(move |lane| lane % self.of == self.index)
    }
}

impl Setup {
    /// The files out of which rooms of such a campaign are made, in their order; none if it is not steered.
    #[must_use]
    pub fn parents_of(plan: &Plan, steering: Steering, files: &[Replay]) -> Vec<Scenario> {
        match steering {
            Steering::None => Vec::new(),
            Steering::Novelty => {
                files.iter().filter_map(|file| mutate::parent(plan, &file.scenario)).collect()
            }
        }
    }

    /// What must be the same for this to be the same campaign.
    #[must_use]
    pub fn identity(&self) -> Identity {
        let Plan { sizes, subject, neighbours } = &self.plan;
        let mut digest = Digest::default();
        for file in &self.files {
            digest.write(file.name.as_bytes());
            digest.write_u64(file.digest);
        }
        let Shard { index, of } = self.shard;
        Identity {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            facts_version: FACTS_VERSION,
            lanes: LANES,
            seed: self.seed,
            subject: name_of(*subject),
            neighbours: *neighbours,
            servers: sizes.servers,
            users: sizes.users,
            devices_per_user: sizes.devices_per_user,
            rooms: sizes.rooms,
            steps: sizes.steps,
            faults: sizes.faults,
            rules: self.reading.as_str().to_owned(),
            steering: self.steering,
            scenario_files: self.files.len() as u64,
            scenario_files_digest: format!("{:016x}", digest.value()),
            shard: (of > 1).then(|| format!("{}/{of}", index + 1)),
        }
    }

    /// The choices of one case of a lane, for one purpose.
    #[must_use]
    pub fn choices(&self, lane: u32, case: u64, purpose: Purpose) -> Seeded {
        let mut digest = Digest::default();
        digest.write_u64(self.seed);
        digest.write_u32(lane);
        digest.write_u64(case);
        digest.write_u8(purpose as u8);
        Seeded::new(digest.value())
    }
}

impl Identity {
    /// What it is, in a line.
    #[must_use]
    pub fn about(&self) -> String {
        let neighbours = if self.neighbours { "all kinds of others" } else { "nobody else" };
        let shard = self.shard.as_ref().map_or_else(String::new, |part| format!(", part {part}"));
        let Self { subject, seed, rules, .. } = self;
        format!("{subject} on trial among {neighbours}: seed {seed}, {rules} reading{shard}")
    }

    /// How many scenario files are run.
    #[must_use]
    pub const fn files(&self) -> u64 {
        self.scenario_files
    }

    /// The flag that a command needs to read ambiguous points in the same way.
    #[must_use]
    pub fn reading(&self) -> String {
        match self.rules.as_str() {
            "strict" => String::new(),
            other => format!(" --rules {other}"),
        }
    }

    /// How ambiguous points are read.
    #[must_use]
    pub fn reading_name(&self) -> ReadingName {
        let named = ReadingName::ALL.into_iter().find(|name| name.as_str() == self.rules);
        named.unwrap_or(ReadingName::Strict)
    }

    /// The same without the part of the lanes that is run here.
    #[must_use]
    pub fn whole(&self) -> Self {
        Self { shard: None, ..self.clone() }
    }

    /// The fields that are not the same in another one, each with both values.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<(String, String, String)> {
        let fields = |identity: &Self| match serde_json::to_value(identity) {
            Ok(serde_json::Value::Object(fields)) => fields,
            Ok(_) | Err(_) => serde_json::Map::new(),
        };
        let (one, other) = (fields(self), fields(other));
        let pairs = one.iter().zip(other.iter());
        let differ = pairs.filter(|((_, one), (_, other))| one != other);
        differ.map(|((name, one), (_, other))| (name.clone(), text(one), text(other))).collect()
    }
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// How a subject is called on the command line.
#[must_use]
pub fn name_of(subject: Subject) -> String {
    match subject {
        Subject::Specification => "specification".to_owned(),
        Subject::Program(name) => name.as_str().to_owned(),
        Subject::Mutant(mutant, variant) => {
            let name = mutant.variants().get(variant).map_or("", |variant| variant.name);
            format!("{}:{name}", mutant.id())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Purpose, Setup, Shard, Steering};
    use crate::campaign::LANES;
    use crate::engine::choices::{Choices, Label};
    use crate::generate::plan::Plan;
    use crate::rulebook::reading::ReadingName;

    fn setup(seed: u64) -> Setup {
        Setup {
            plan: Plan::default(),
            reading: ReadingName::Strict,
            seed,
            steering: Steering::Novelty,
            shard: Shard::WHOLE,
            files: Vec::new(),
            parents: Vec::new(),
        }
    }

    #[test]
    fn every_lane_is_in_one_shard() {
        for of in [1, 3, 16, 20] {
            let mut lanes: Vec<u32> =
                (0..of).flat_map(|index| Shard { index, of }.lanes()).collect();
            lanes.sort_unstable();
            assert_eq!(lanes, (0..LANES).collect::<Vec<_>>(), "{of} shards");
        }
    }

    #[test]
    fn every_case_and_purpose_has_choices_of_its_own() {
        let first = |seed, lane, case, purpose| {
            setup(seed).choices(lane, case, purpose).draw(u64::MAX, Label(0))
        };
        let draws = [
            first(0, 0, 0, Purpose::Origin),
            first(1, 0, 0, Purpose::Origin),
            first(0, 1, 0, Purpose::Origin),
            first(0, 0, 1, Purpose::Origin),
            first(0, 0, 0, Purpose::Generate),
            first(0, 0, 0, Purpose::Mutate),
        ];
        for (index, one) in draws.iter().enumerate() {
            assert!(!draws[..index].contains(one), "{draws:?}");
        }
        assert_eq!(first(0, 0, 0, Purpose::Origin), draws[0]);
    }

    #[test]
    fn what_differs_is_named() {
        let (one, other) = (setup(1).identity(), setup(2).identity());
        let expected = ("seed".to_owned(), "1".to_owned(), "2".to_owned());
        assert_eq!(one.differences(&other), [expected]);
        assert_eq!(one.differences(&one), []);
        let shard = Setup { shard: Shard { index: 1, of: 4 }, ..setup(1) }.identity();
        assert_eq!(shard.differences(&one).len(), 1);
        assert_eq!(shard.whole(), one);
    }
}
