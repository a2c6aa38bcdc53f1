//! The pages that a campaign leaves in its folder: one of the campaign, and one of each room that was found.
//! It does not know what is on them.

use crate::campaign::document::Sum;
use crate::campaign::folder::{Folder, FolderError};
use crate::report::campaign::Told;
use crate::report::explanation::Explained;
use crate::report::overhead::data::read_plots;
use crate::report::page::{
    ANSWERS, CampaignPictured, Kills, Pictured, Plot, campaign_page, run_page,
};
use crate::rulebook::reading::ReadingName;
use crate::run::judged::{Judging, run_one};
use crate::run::panic::caught;
use crate::run::simulator::Simulator;
use crate::run::why::widely_explained;
use crate::scenario::file;
use crate::scenario::limits::Limits;
use crate::trace::sink::Trace;

use super::explain;
use super::failure::Failure;

/// So many findings have a page of their room, those that count most.
const ROOMS: usize = 100;

/// Who runs the rooms of findings once more for their pages, and how they are judged.
#[derive(Clone, Copy)]
pub(super) struct Runner<'a> {
    pub(super) simulator: &'a dyn Simulator,
    pub(super) reading: ReadingName,
}

/// What other commands printed and somebody put into the folder.
pub(super) struct Beside {
    kills: Option<Kills>,
    plots: Vec<Plot>,
}

impl Beside {
    /// Reads what there is.
    pub(super) fn read(folder: &Folder) -> Result<Self, Failure> {
        let bad = |name: &str, why: String| Failure::usage(format!("--out: {name}: {why}"));
        let mutants = folder.mutants().map_err(refused)?;
        let kills = mutants.map(|bytes| Kills::read(&bytes)).transpose();
        let overhead = folder.overhead().map_err(refused)?;
        let plots = overhead.map(|bytes| read_plots(&bytes)).transpose();
        Ok(Self {
            kills: kills.map_err(|why| bad("mutants.json", why))?,
            plots: plots.map_err(|why| bad("overhead.json", why))?.unwrap_or_default(),
        })
    }
}

/// Writes the pages.
pub(super) fn save_pages(
    folder: &Folder,
    told: Told<'_>,
    beside: &Beside,
    runner: Runner<'_>,
) -> Result<(), Failure> {
    let paged = save_rooms(folder, told.sum, runner)?;
    let Beside { kills, plots } = beside;
    let pictured = CampaignPictured { told, kills: kills.as_ref(), plots, paged: &paged };
    folder.save_page(|file| campaign_page(file, &pictured)).map_err(refused)
}

fn refused(error: FolderError) -> Failure {
    Failure::usage(format!("--out: {error}"))
}

/// A page for each room that was found; the ids of the findings that have one.
fn save_rooms(folder: &Folder, sum: &Sum, runner: Runner<'_>) -> Result<Vec<String>, Failure> {
    let mut paged = Vec::new();
    let with_room =
        sum.findings.ranked().into_iter().filter_map(|one| Some((one, one.room.as_deref()?)));
    for (finding, room) in with_room.take(ROOMS) {
        // A room that cannot be read back has no page: its file is there all the same.
        let Ok(scenario) = file::read(room, &Limits::FILES) else { continue };
        let id = finding.problem.id();
        let path = folder.finding_file(&id);
        let name = path.to_string_lossy();
        let judging = Judging::of(runner.reading);
        let mut trace = Trace::default();
        let ran = caught(|| run_one(runner.simulator, &scenario, judging, &mut trace));
        // Of a run that does not come to its end there is nothing to draw.
        let Ok(report) = ran else { continue };
        let why = widely_explained(&scenario, report, trace, ANSWERS);
        let replay = format!("withheld run {}", super::quote::quoted(&name));
        let more = explain::command(&name, None, runner.reading);
        let explained = Explained { path: &name, scenario: &scenario, why: &why, more: &more };
        let pictured = Pictured { explained, replay: &replay };
        folder.save_finding_page(&id, |file| run_page(file, &pictured)).map_err(refused)?;
        paged.push(id);
    }
    Ok(paged)
}
