//! `run --bless`: writes the digest of a run into its scenario file.
//! It does not bless a run that does not hold.

use std::fs;
use std::io::Write;

use crate::run::RunReport;
use crate::run::status::Status;
use crate::scenario::file;
use crate::scenario::limits::Limits;
use crate::scenario::model::Scenario;
use crate::store::atomic::AtomicFile;
use crate::store::digest_edit::with_digest;

use super::failure::{Failure, shown};
use super::inputs::Input;

/// Sets the digest in the file of `input` to that of its run, if the run holds and the digest is another one, and says so
/// on `err`.
pub(super) fn bless(
    input: &Input,
    report: &RunReport,
    err: &mut impl Write,
) -> Result<(), Failure> {
    let name = shown(&input.path);
    let remark = if report.status != Status::Holds {
        format!("{name}: digest not set, because the run is not ok: {}", report.status.as_str())
    } else if input.scenario.expect.digest == Some(report.digest) {
        return Ok(());
    } else {
        write(input, report.digest)?;
        format!("{name}: digest set to {:016x}", report.digest)
    };
    writeln!(err, "{remark}").map_err(Failure::Output)
}

fn write(input: &Input, digest: u64) -> Result<(), Failure> {
    let failed = |error| Failure::File(input.path.clone(), error);
    let refused = |clause: &str| failed(std::io::Error::other(clause.to_owned()));
    let edited = with_digest(&input.text, digest)
        .filter(|edited| only_the_digest_differs(&input.scenario, edited, digest))
        .ok_or_else(|| refused("setting the digest would change what the file says"))?;
    if fs::read(&input.path).map_err(failed)? != input.text.as_bytes() {
        return Err(refused("the file has changed while it was run"));
    }
    let mut file = AtomicFile::create(&input.path).map_err(failed)?;
    file.write_all(edited.as_bytes()).and_then(|()| file.commit()).map_err(failed)
}

/// Whether `edited` says what the file said before, but for its digest.
fn only_the_digest_differs(before: &Scenario, edited: &str, digest: u64) -> bool {
    let mut wanted = before.clone();
    wanted.expect.digest = Some(digest);
    file::read(edited, &Limits::FILES).is_ok_and(|after| after == wanted)
}
