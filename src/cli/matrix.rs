//! `withheld matrix`: profiles of real clients against each other, in a fixed set of rooms.
//! It does not know what a profile says.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::report::matrix::{matrix_csv, matrix_document, matrix_view};
use crate::report::text::safe;
use crate::run::matrix::{matrix, played, rooms};
use crate::run::simulator::Simulator;
use crate::run::status::Exit;
use crate::scenario::file::{self, known_profile};
use crate::scenario::model::Scenario;
use crate::scenario::profile::{Profile, ProfileName};
use crate::store::atomic::AtomicFile;

use super::args::{MatrixArgs, TableFormat};
use super::failure::Failure;
use super::named::unknown;
use super::streams::{Streams, write_json};

/// Carries the command out.
pub(super) fn run(
    simulator: &dyn Simulator,
    args: &MatrixArgs,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let profiles = wanted(&args.profiles)?;
    if let Some(folder) = &args.out {
        save(folder, &profiles)?;
    }
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
            unknown(&format!("found the profile {}", safe(name)), "profiles", name, &known)
        })
    };
    let mut wanted: Vec<&'static Profile> = Vec::new();
    for name in names {
        let profile = find(name)?;
        if wanted.iter().all(|known| known.name != profile.name) {
            wanted.push(profile);
        }
    }
    Ok(wanted)
}

/// Writes the rooms as each pair plays them, `SENDER--RECIPIENT/ROOM.json`, where none of these files is there yet.
fn save(folder: &Path, profiles: &[&'static Profile]) -> Result<(), Failure> {
    let mut files: Vec<(PathBuf, Scenario)> = Vec::new();
    for sender in profiles {
        for recipient in profiles {
            let pair = folder.join(format!("{}--{}", sender.name, recipient.name));
            let rooms = played(sender, recipient).into_iter();
            files.extend(rooms.map(|(name, room)| (pair.join(name).with_extension("json"), room)));
        }
    }
    if let Some((path, _)) = files.iter().find(|(path, _)| path.exists()) {
        return Err(Failure::usage(format!(
            "--out: found {}, which would be overwritten; expected a folder without files of these pairs",
            safe(&path.display().to_string())
        )));
    }
    for (path, room) in files {
        let pair = path.parent().unwrap_or(folder);
        fs::create_dir_all(pair)
            .and_then(|()| AtomicFile::create(&path))
            .and_then(|mut file| {
                file.write_all(file::write_brief(&room).as_bytes())?;
                file.commit()
            })
            .map_err(|error| Failure::File(path, error))?;
    }
    Ok(())
}
