//! The pictures of a run that `withheld run` writes to files: a page of HTML, a trace for Perfetto.
//! It does not know what is in them.

use std::io::Write;
use std::path::Path;

use crate::report::explanation::Explained;
use crate::report::page::{ANSWERS, Pictured, run_page};
use crate::report::perfetto::perfetto;
use crate::run::RunReport;
use crate::run::why::widely_explained;
use crate::scenario::model::Scenario;
use crate::store::atomic::AtomicFile;
use crate::trace::sink::Trace;

use super::args::RunArgs;
use super::failure::Failure;

/// A run to be drawn.
#[derive(Debug)]
pub(super) struct Drawn<'a> {
    pub(super) name: &'a str,
    pub(super) scenario: &'a Scenario,
    pub(super) report: &'a RunReport,
    pub(super) trace: Trace,
    pub(super) replay: &'a str,
    /// The command that explains something of the run, to which what is wanted is added.
    pub(super) explain: &'a str,
}

/// The files that are written for one run, each with the flag that names it.
pub(super) fn files(args: &RunArgs) -> [(&'static str, Option<&Path>); 3] {
    [
        ("--trace", args.trace.as_deref()),
        ("--html", args.html.as_deref()),
        ("--perfetto", args.perfetto.as_deref()),
    ]
}

/// Whether a picture is asked for, for which all facts have to be kept.
pub(super) const fn is_drawn(args: &RunArgs) -> bool {
    args.html.is_some() || args.perfetto.is_some()
}

/// Writes what is asked for.
pub(super) fn draw(args: &RunArgs, drawn: Drawn<'_>) -> Result<(), Failure> {
    let Drawn { name, scenario, report, trace, replay, explain } = drawn;
    if let Some(path) = &args.perfetto {
        written(path, |file| perfetto(file, scenario, trace.facts()))?;
    }
    if let Some(path) = &args.html {
        let why = widely_explained(scenario, report.clone(), trace, ANSWERS);
        let explained = Explained { path: name, scenario, why: &why, more: explain };
        written(path, |file| run_page(file, &Pictured { explained, replay }))?;
    }
    Ok(())
}

/// Writes the file at `path` by `write`; it appears when everything is in it.
fn written(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let made = AtomicFile::create(path).and_then(|mut file| {
        write(&mut file)?;
        file.commit()
    });
    made.map_err(|error| Failure::File(path.to_path_buf(), error))
}
