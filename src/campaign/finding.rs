//! What a campaign found to be wrong: each kind once, in the smallest room that shows it.
//! It does not know how rooms are made small, nor where findings are saved.

use std::collections::BTreeMap;
use std::hash::Hasher;

use serde::{Deserialize, Serialize};

use crate::engine::digest::Digest;
use crate::rulebook::leaf::Leaf;
use crate::rulebook::rule::Rule;
use crate::run::panic::Panic;
use crate::scenario::model::Scenario;

use super::spelled::name;

/// How large a room is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// Devices.
    pub devices: usize,
    /// Steps of the timeline, without those of a heal phase.
    pub steps: usize,
    /// Faults.
    pub faults: usize,
    /// Users.
    pub users: usize,
    /// Rooms.
    pub rooms: usize,
    /// Homeservers.
    pub servers: usize,
}

impl Size {
    /// The size of a scenario.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        let is_told = |at| scenario.heal.is_none_or(|heal| at < heal.from);
        Self {
            devices: scenario.devices.len(),
            steps: scenario.timeline.iter().filter(|step| is_told(step.at)).count(),
            faults: scenario.faults.len(),
            users: scenario.users.len(),
            rooms: scenario.rooms.len(),
            servers: scenario.servers.len(),
        }
    }

    const fn total(&self) -> usize {
        self.devices + self.steps + self.faults + self.users + self.rooms + self.servers
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "problem", rename_all = "snake_case", deny_unknown_fields)]
pub enum Problem {
    /// Somebody on trial broke a rule.
    Rule {
        /// The rule.
        #[serde(with = "name")]
        rule: Rule,
        /// Whether it is a violation that counts, or a warning.
        severity: Weight,
        /// Who, by the name in the room.
        party: String,
        /// What kind of a party that is.
        party_kind: Bound,
        /// What became of the message, where it is about one.
        verdict: Option<Verdict>,
        /// The kinds of steps, faults and habits that led there.
        kinds: Vec<String>,
    },
    /// A client under test did not come to an end of what it was given.
    Panicked {
        /// The file and the line in it, if that is known.
        place: Option<String>,
        /// What it said, in one line.
        message: String,
    },
    /// Two runs of the same room were not the same.
    NotDeterministic {
        /// The position of the first fact that was not the same, if one was found again.
        first_fact: Option<u64>,
    },
    /// A scenario file does not hold.
    File {
        /// Its name.
        path: String,
        /// How it stands.
        status: String,
        /// The rules that were broken unexpectedly, and otherwise how much is not as expected.
        details: Vec<String>,
    },
}

/// A verdict, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Verdict(#[serde(with = "name")] pub Leaf);

/// How much a breach counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// It counts.
    Violation,
    /// It is shown.
    Warning,
}

/// Whom a rule binds that was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// A device.
    Device,
    /// A homeserver.
    Server,
    /// Nobody in particular.
    World,
}

/// Something that is wrong, with the smallest room that shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// What is wrong.
    pub problem: Problem,
    /// How many rooms came down to this.
    pub rooms: u64,
    /// The lane and the case in which the smallest was found.
    pub found: (u32, u64),
    /// The size of the room in which it was found.
    pub before: Size,
    /// The size of the smallest room.
    pub after: Size,
    /// How many candidates were run to make it small.
    pub candidates: u64,
    /// What was left out on the way, in order.
    pub history: Vec<String>,
    /// The smallest room as a scenario file; none if the file itself is the finding.
    pub room: Option<String>,
}

impl Problem {
    /// What makes two findings the same.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Rule { rule, severity, party_kind, verdict, kinds, .. } => {
                let verdict = verdict.map_or("-", |verdict| verdict.0.name());
                let kinds = kinds.join(",");
                format!("{} {severity:?} {party_kind:?} {verdict} {kinds}", rule.id())
            }
            Self::Panicked { place, message } => {
                let panic = Panic { place: place.clone(), message: message.clone() };
                format!("panic {}", panic.kind())
            }
            Self::NotDeterministic { .. } => "not deterministic".to_owned(),
            Self::File { path, .. } => format!("file {path}"),
        }
    }

    /// A short name that is the same for equal findings: what it is about, and a digest of the rest.
    #[must_use]
    pub fn id(&self) -> String {
        let mut digest = Digest::default();
        digest.write(self.key().as_bytes());
        let about = match self {
            Self::Rule { rule, .. } => rule.id().to_lowercase().replace('-', ""),
            Self::Panicked { .. } => "panic".to_owned(),
            Self::NotDeterministic { .. } => "not_deterministic".to_owned(),
            Self::File { .. } => "file".to_owned(),
        };
        format!("{about}-{:08x}", digest.value() >> 32)
    }
}

impl Finding {
    /// What one is kept by: the smaller the better.
    fn rank(&self) -> (usize, usize, Option<&str>, (u32, u64)) {
        let room = self.room.as_deref();
        (self.after.total(), room.map_or(0, str::len), room, self.found)
    }
}

/// Findings, each kind once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Findings(BTreeMap<String, Finding>);

impl Findings {
    /// Takes one in; of those that are the same the smallest is kept.
    pub fn add(&mut self, finding: Finding) {
        let key = finding.problem.key();
        let Some(known) = self.0.get_mut(&key) else {
            self.0.insert(key, finding);
            return;
        };
        let rooms = known.rooms + finding.rooms;
        if finding.rank() < known.rank() {
            *known = finding;
        }
        known.rooms = rooms;
    }

    /// Takes all of these in.
    pub fn merge(&mut self, others: &Self) {
        others.0.values().for_each(|finding| self.add(finding.clone()));
    }

    /// All of them: those that count most first.
    #[must_use]
    pub fn ranked(&self) -> Vec<&Finding> {
        let mut all: Vec<&Finding> = self.0.values().collect();
        all.sort_by_key(|finding| match &finding.problem {
            Problem::NotDeterministic { .. } => 0,
            Problem::Panicked { .. } => 1,
            Problem::File { .. } => 2,
            Problem::Rule { severity: Weight::Violation, .. } => 3,
            Problem::Rule { severity: Weight::Warning, .. } => 4,
        });
        all
    }

    /// The keys of all.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a client was not deterministic.
    #[must_use]
    pub fn has_divergence(&self) -> bool {
        let is_one = |one: &Finding| matches!(one.problem, Problem::NotDeterministic { .. });
        self.0.values().any(is_one)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bound, Finding, Findings, Problem, Size, Weight};
    use crate::rulebook::rule::Rule;

    fn finding(kinds: &[&str], devices: usize, room: &str, found: (u32, u64)) -> Finding {
        let size = Size { devices, ..Size::default() };
        Finding {
            problem: Problem::Rule {
                rule: Rule::W09,
                severity: Weight::Violation,
                party: "A1".to_owned(),
                party_kind: Bound::Device,
                verdict: None,
                kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            },
            rooms: 1,
            found,
            before: size,
            after: size,
            candidates: 0,
            history: Vec::new(),
            room: Some(room.to_owned()),
        }
    }

    #[test]
    fn the_smallest_of_the_same_is_kept_whatever_the_order() {
        let all = [
            finding(&["send"], 3, "bb", (0, 1)),
            finding(&["send"], 2, "bb", (1, 9)),
            finding(&["send"], 2, "bb", (0, 3)),
            finding(&["send"], 2, "abc", (0, 0)),
            finding(&["block"], 9, "x", (0, 0)),
        ];
        for turn in 0..all.len() {
            let mut findings = Findings::default();
            let mut turned = all.clone();
            turned.rotate_left(turn);
            turned.into_iter().for_each(|one| findings.add(one));
            assert_eq!(findings.len(), 2);
            let kept = findings.ranked()[1];
            assert_eq!((kept.found, kept.rooms), ((0, 3), 4));
        }
    }

    #[test]
    fn an_id_tells_the_rule_and_differs_with_what_led_there() {
        let [one, other] = [&["send"], &["block"]].map(|kinds| finding(kinds, 1, "", (0, 0)));
        let (one, other) = (one.problem.id(), other.problem.id());
        assert!(one.starts_with("w09-") && one.len() == 12 && one != other, "{one} {other}");
    }
}
