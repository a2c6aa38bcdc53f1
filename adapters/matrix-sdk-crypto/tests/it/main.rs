//! Tests of the adapter as a program of its own uses it.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod conform;
mod determinism;
mod fidelity;
mod findings;
mod known;
mod mixed;
mod opened;
mod seam;
#[cfg(feature = "sqlite")]
mod stores;

use std::path::{Path, PathBuf};

use withheld::scenario::file::{read, read_bytes};
use withheld::scenario::limits::Limits;
use withheld::scenario::model::Scenario;

/// A path in the repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The scenario in a file.
fn file(path: &Path) -> Scenario {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    read_bytes(&bytes, &Limits::FILES).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// The scenario that a text is.
fn room(text: &str) -> Scenario {
    read(text, &Limits::FILES).unwrap_or_else(|problems| panic!("{problems:?}"))
}
