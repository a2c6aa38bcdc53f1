//! A lane as it stands in a file: everything that it needs to go on as if it had never stopped.
//! It does not know where the file is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_64;

use super::corpus::{Corpus, KeptCorpus};
use super::finding::Findings;
use super::lane::{Lane, WHOLE, make};
use super::novelty::{Novelty, Sighting};
use super::setup::Setup;
use super::tally::Tally;

/// The version of the form of these files.
const FORMAT: u32 = 1;

/// A lane as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneState {
    /// Its number.
    pub lane: u32,
    /// How many cases are done.
    pub cases: u64,
    replayed: bool,
    yields: [u64; 2],
    dullness: u64,
    /// What they came to.
    pub tally: Tally,
    sightings: Vec<Sighting>,
    corpus: KeptCorpus,
    /// What it found.
    pub findings: Findings,
    occurrences: BTreeMap<String, u64>,
}

/// What is around a lane in its file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed<'a> {
    format: u32,
    /// Of the text of the lane.
    checksum: String,
    #[serde(borrow)]
    lane: &'a RawValue,
}

/// Why a lane cannot go on from a file.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It is not what a campaign has written.
    #[error("found something else than the state of a lane, or a damaged one ({0})")]
    Damaged(String),
    /// It was written in another form.
    #[error("found a state in format {0}, expected {FORMAT}")]
    Format(u32),
    /// What it rests on has changed since.
    #[error(
        "its rooms do not come out as they did; another version of the program has written this state"
    )]
    OtherRooms,
}

impl LaneState {
    /// The state of a lane.
    #[must_use]
    pub fn of(lane: &Lane) -> Self {
        Self {
            lane: lane.number,
            cases: lane.cases,
            replayed: lane.replayed,
            yields: lane.yields,
            dullness: lane.dullness,
            tally: lane.tally.clone(),
            sightings: lane.novelty.sightings().to_vec(),
            corpus: lane.corpus.kept(),
            findings: lane.findings.clone(),
            occurrences: lane.occurrences.clone(),
        }
    }

    /// The lane, as it was.
    ///
    /// # Errors
    /// If the rooms of its corpus do not come out as they did, or numbers contradict each other.
    pub fn lane(self, setup: &Setup) -> Result<Lane, StateError> {
        let novelty = self.novelty()?;
        let corpus = Corpus::again(&self.corpus, |case, of| make(setup, self.lane, case, of));
        Ok(Lane {
            number: self.lane,
            cases: self.cases,
            replayed: self.replayed,
            yields: self.yields,
            dullness: self.dullness,
            novelty,
            corpus: corpus.ok_or(StateError::OtherRooms)?,
            tally: self.tally,
            findings: self.findings,
            occurrences: self.occurrences,
        })
    }

    /// What it has seen.
    ///
    /// # Errors
    /// If that is not what its cases could have shown.
    pub fn novelty(&self) -> Result<Novelty, StateError> {
        let Tally { fresh, mutated, of_files, .. } = self.tally;
        let made = fresh.checked_add(mutated).and_then(|made| made.checked_add(of_files));
        let is_possible = self.dullness <= WHOLE && made == Some(self.cases);
        let novelty = Novelty::of(self.sightings.clone(), self.cases).filter(|_| is_possible);
        novelty.ok_or_else(|| StateError::Damaged("its numbers contradict each other".to_owned()))
    }

    /// The text of its file.
    ///
    /// # Errors
    /// If it cannot be serialized, which would be a bug.
    pub fn write(&self) -> serde_json::Result<Vec<u8>> {
        let lane = serde_json::value::to_raw_value(self)?;
        let checksum = format!("{:016x}", xxh3_64(lane.get().as_bytes()));
        serde_json::to_vec(&Sealed { format: FORMAT, checksum, lane: &lane })
    }

    /// What the bytes of a file say.
    ///
    /// # Errors
    /// If they are not what was written.
    pub fn read(bytes: &[u8]) -> Result<Self, StateError> {
        #[derive(Deserialize)]
        struct Form {
            format: u32,
        }
        let damaged = |error: serde_json::Error| StateError::Damaged(error.to_string());
        let Form { format } = serde_json::from_slice(bytes).map_err(damaged)?;
        if format != FORMAT {
            return Err(StateError::Format(format));
        }
        let sealed: Sealed<'_> = serde_json::from_slice(bytes).map_err(damaged)?;
        if sealed.checksum != format!("{:016x}", xxh3_64(sealed.lane.get().as_bytes())) {
            return Err(StateError::Damaged("its checksum does not fit".to_owned()));
        }
        serde_json::from_str(sealed.lane.get()).map_err(damaged)
    }
}
