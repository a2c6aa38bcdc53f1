//! Shards of one campaign put together: what comes out is what one run of all lanes would have come to.
//! It does not run anything.

use std::path::Path;

use super::LANES;
use super::document::{Document, Sum};
use super::folder::{Folder, FolderError};
use super::setup::Identity;
use super::speed::Speed;
use super::state::LaneState;

/// Why folders cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// One of the folders cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// They are not shards of one campaign.
    #[error("{}: {}", .0, .1)]
    Strange(String, String),
    /// Lanes are missing.
    #[error(
        "found no state of lanes {0}, expected every shard of the campaign, each run to its end"
    )]
    Missing(String),
}

/// What was put together.
#[derive(Debug)]
pub struct Merged {
    /// The folder.
    pub folder: Folder,
    /// What all lanes came to.
    pub document: Document,
    /// The same, with the rooms of the findings.
    pub sum: Sum,
}

/// Puts the shards in `shards` together in the folder `out`, from which the campaign can go on as a whole.
///
/// # Errors
/// If they are not all shards of one campaign, or `out` holds something else.
pub fn merge(shards: &[impl AsRef<Path>], out: &Path) -> Result<Merged, MergeError> {
    let mut lanes: Vec<LaneState> = Vec::new();
    let mut speed = Speed::default();
    let mut whole: Option<Identity> = None;
    for path in shards.iter().map(AsRef::as_ref) {
        let strange = |why: String| MergeError::Strange(path.display().to_string(), why);
        let (folder, identity) = Folder::existing(path)?;
        let identity = identity.whole();
        let known = whole.get_or_insert_with(|| identity.clone());
        if let [(name, one, other), ..] = &known.differences(&identity)[..] {
            return Err(strange(format!(
                "found a campaign in which {name} is {other}, expected {one} as in the first"
            )));
        }
        for lane in folder.lanes()? {
            if lanes.iter().any(|known| known.lane == lane.lane) {
                return Err(strange(format!("found lane {} once more", lane.lane)));
            }
            lanes.push(lane);
        }
        speed.sessions.extend(folder.speed()?.sessions);
    }
    lanes.sort_by_key(|lane| lane.lane);
    let missing = (0..LANES).filter(|number| lanes.iter().all(|lane| lane.lane != *number));
    let missing: Vec<String> = missing.map(|number| number.to_string()).collect();
    let (Some(identity), true) = (whole, missing.is_empty()) else {
        return Err(MergeError::Missing(missing.join(", ")));
    };
    let folder = Folder::open(out, &identity)?;
    if !folder.lanes()?.is_empty() {
        return Err(MergeError::Strange(
            out.display().to_string(),
            "found a campaign with results of its own, expected a new folder".to_owned(),
        ));
    }
    let sum = Sum::of(&lanes).map_err(|(lane, error)| folder.bad_lane(lane, &error))?;
    let document = Document::of(identity, &sum);
    for lane in &lanes {
        folder.save_lane(lane)?;
    }
    folder.save_findings(&sum.findings)?;
    folder.save_speed(&speed)?;
    folder.save_result(&document)?;
    Ok(Merged { folder, document, sum })
}
