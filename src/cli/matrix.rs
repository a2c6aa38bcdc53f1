//! `withheld matrix`: profiles of real clients against each other, in a fixed set of rooms.
//! It does not know what a profile says.

use std::io::Write;

use crate::report::matrix::{matrix_csv, matrix_document, matrix_view};
use crate::report::text::safe;
use crate::run::matrix::{matrix, rooms};
use crate::run::simulator::Simulator;
use crate::run::status::Exit;
use crate::scenario::file::known_profile;
use crate::scenario::profile::{Profile, ProfileName};

use super::args::{MatrixArgs, TableFormat};
use super::failure::Failure;
use super::streams::{Streams, write_json};

/// Carries the command out.
pub(super) fn run(
    simulator: &dyn Simulator,
    args: &MatrixArgs,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let profiles = wanted(&args.profiles)?;
    let pairs = matrix(simulator, &profiles);
    let rooms: Vec<&'static str> = rooms().collect();
    let out = &mut streams.out;
    let printed = match args.form() {
        TableFormat::Text => {
            write!(out, "{}", matrix_view(&pairs, rooms.len(), streams.terminal.out))
        }
        TableFormat::Csv => write!(out, "{}", matrix_csv(&pairs)),
        TableFormat::Json => write_json(out, &matrix_document(&pairs, rooms)),
    };
    printed.map(|()| Exit::Holds).map_err(Failure::Output)
}

/// The profiles that were named, in that order; all if none is.
fn wanted(names: &[String]) -> Result<Vec<&'static Profile>, Failure> {
    let all = ProfileName::ALL.iter().copied();
    if names.is_empty() {
        return Ok(all.map(known_profile).collect());
    }
    let find = |name: &String| {
        let known = ProfileName::ALL.iter().copied().find(|known| known.as_str() == name);
        known.map(known_profile).ok_or_else(|| {
            let known: Vec<&str> = ProfileName::ALL.iter().map(|known| known.as_str()).collect();
            Failure::usage(format!(
                "found the profile {}, expected one of {}",
                safe(name),
                known.join(", ")
            ))
        })
    };
    names.iter().map(find).collect()
}
