//! The folder in which a campaign keeps its state, its findings and its results.
//! It does not know what a state means; it takes care that nothing else is overwritten and that nothing is half written.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::store::atomic::AtomicFile;

use super::LANES;
use super::document::Document;
use super::finding::Findings;
use super::setup::Identity;
use super::speed::Speed;
use super::state::{LaneState, StateError};

/// What the campaign is.
const SETUP: &str = "setup.json";
/// Held by the process that works on the folder.
const LOCK: &str = "lock";
/// The states of lanes.
const LANES_FOLDER: &str = "lanes";
/// The smallest rooms.
const FINDINGS: &str = "findings";
/// What it came to.
const RESULT: &str = "campaign.json";
/// How fast it was.
const SPEED: &str = "speed.json";
/// All of it, to look at.
const PAGE: &str = "index.html";
/// What somebody else put there: the table of mutants, and what policies cost.
const MUTANTS: &str = "mutants.json";
const OVERHEAD: &str = "overhead.json";
/// What others put there is not read if it is larger.
const FOREIGN_BYTES: u64 = 16_000_000;

/// A folder that is locked.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Whoever holds this file open holds the lock.
    _lock: File,
}

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be read or written.
    #[error("{path}: cannot be read or written: {why}")]
    Io {
        /// What cannot.
        path: Shown,
        /// Why.
        why: io::Error,
    },
    /// Something else is in it.
    #[error(
        "{0}: found a folder that holds something else ({1}), expected a new or an empty one, or that of a campaign"
    )]
    Foreign(Shown, String),
    /// Nothing is in it.
    #[error("{0}: found no campaign, expected a folder that `withheld fuzz --out` has written")]
    Empty(Shown),
    /// It is not a folder.
    #[error("{0}: found a file, expected a folder")]
    NoFolder(Shown),
    /// Another process works on it.
    #[error("{0}: another process works on this folder")]
    Busy(Shown),
    /// A file in it is not what was written.
    #[error("{0}: {1}")]
    Damaged(Shown, String),
    /// It is that of another campaign.
    #[error("{0}: holds a campaign with other options: {1}")]
    Other(Shown, String),
}

/// A path in an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown(PathBuf);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names from outside must not write on the terminal.
        self.0.to_string_lossy().escape_debug().fmt(f)
    }
}

impl From<&Path> for Shown {
    fn from(path: &Path) -> Self {
        Self(path.into())
    }
}

fn io_at(path: &Path) -> impl Fn(io::Error) -> FolderError {
    let path = Shown::from(path);
    move |why| FolderError::Io { path: path.clone(), why }
}

impl Folder {
    /// Opens the folder of a campaign, which is made if it is not there.
    ///
    /// # Errors
    /// If it holds something else or another campaign, or another process works on it. Nothing has been changed then.
    pub fn open(path: &Path, identity: &Identity) -> Result<Self, FolderError> {
        if path.exists() && !path.is_dir() {
            return Err(FolderError::NoFolder(path.into()));
        }
        fs::create_dir_all(path).map_err(io_at(path))?;
        if !path.join(SETUP).exists()
            && let Some(name) = strangers(path)?
        {
            return Err(FolderError::Foreign(path.into(), name));
        }
        let folder = Self::lock(path)?;
        match folder.identity()? {
            Some(known) if known == *identity => {}
            Some(known) => return Err(other(path, &known, identity)),
            None => folder.write(Path::new(SETUP), &pretty(identity))?,
        }
        for part in [LANES_FOLDER, FINDINGS] {
            let part = path.join(part);
            fs::create_dir_all(&part).map_err(io_at(&part))?;
            sweep(&part)?;
        }
        sweep(path)?;
        Ok(folder)
    }

    /// Opens the folder of a campaign that is there, to read it.
    ///
    /// # Errors
    /// If there is none, or another process works on it.
    pub fn existing(path: &Path) -> Result<(Self, Identity), FolderError> {
        if !path.join(SETUP).is_file() {
            return Err(FolderError::Empty(path.into()));
        }
        let folder = Self::lock(path)?;
        match folder.identity()? {
            Some(identity) => Ok((folder, identity)),
            None => Err(FolderError::Empty(path.into())),
        }
    }

    fn lock(path: &Path) -> Result<Self, FolderError> {
        let place = path.join(LOCK);
        let io = io_at(&place);
        let lock = File::options().create(true).append(true).open(&place).map_err(&io)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(FolderError::Busy(path.into())),
            Err(TryLockError::Error(error)) => Err(io(error)),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn identity(&self) -> Result<Option<Identity>, FolderError> {
        let Some(bytes) = self.read(Path::new(SETUP))? else { return Ok(None) };
        let read = serde_json::from_slice(&bytes);
        read.map(Some).map_err(|error| self.damaged(Path::new(SETUP), &error))
    }

    fn damaged(&self, name: &Path, why: &dyn fmt::Display) -> FolderError {
        FolderError::Damaged(Shown(self.path.join(name)), why.to_string())
    }

    fn read(&self, name: &Path) -> Result<Option<Vec<u8>>, FolderError> {
        let path = self.path.join(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_at(&path)(error)),
        }
    }

    fn write(&self, name: &Path, bytes: &[u8]) -> Result<(), FolderError> {
        self.write_by(name, |file| file.write_all(bytes))
    }

    fn write_by(
        &self,
        name: &Path,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), FolderError> {
        let path = self.path.join(name);
        let written = AtomicFile::create(&path).and_then(|mut file| {
            write(&mut file)?;
            file.commit()
        });
        written.map_err(io_at(&path))
    }

    /// The state of a lane, if it has one.
    ///
    /// # Errors
    /// If the file is not what was written, or is that of another lane.
    pub fn lane(&self, number: u32) -> Result<Option<LaneState>, FolderError> {
        let name = lane_file(number);
        let Some(bytes) = self.read(&name)? else { return Ok(None) };
        let state = LaneState::read(&bytes).map_err(|error| self.damaged(&name, &error))?;
        if state.lane != number {
            let why = format!("found the state of lane {}", state.lane);
            return Err(self.damaged(&name, &why));
        }
        Ok(Some(state))
    }

    /// An error about the state of a lane.
    #[must_use]
    pub fn bad_lane(&self, number: u32, error: &StateError) -> FolderError {
        self.damaged(&lane_file(number), error)
    }

    /// Writes the state of a lane.
    ///
    /// # Errors
    /// If that fails; the file is as it was then.
    pub fn save_lane(&self, state: &LaneState) -> Result<(), FolderError> {
        let name = lane_file(state.lane);
        let bytes = state.write().map_err(|error| self.damaged(&name, &error))?;
        self.write(&name, &bytes)
    }

    /// The lanes that have a state, ascending.
    ///
    /// # Errors
    /// If one of them is not what was written.
    pub fn lanes(&self) -> Result<Vec<LaneState>, FolderError> {
        (0..LANES).filter_map(|number| self.lane(number).transpose()).collect()
    }

    /// Writes the smallest room of each finding, under a name that tells which it is, and takes away what is none any more.
    ///
    /// # Errors
    /// If that fails.
    pub fn save_findings(&self, findings: &Findings) -> Result<(), FolderError> {
        for finding in findings.ranked() {
            if let Some(room) = &finding.room {
                let name = self.finding_file(&finding.problem.id());
                let name = name.strip_prefix(&self.path).unwrap_or(&name).to_owned();
                if self.read(&name)?.as_deref() != Some(room.as_bytes()) {
                    self.write(&name, room.as_bytes())?;
                }
            }
        }
        Ok(())
    }

    /// Where the room of a finding is.
    #[must_use]
    pub fn finding_file(&self, id: &str) -> PathBuf {
        self.path.join(FINDINGS).join(format!("{id}.json"))
    }

    /// Writes what the campaign came to.
    ///
    /// # Errors
    /// If that fails.
    pub fn save_result(&self, document: &Document) -> Result<(), FolderError> {
        self.write(Path::new(RESULT), &pretty(document))
    }

    /// Writes the page to look at by `write`.
    ///
    /// # Errors
    /// If that fails.
    pub fn save_page(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), FolderError> {
        self.write_by(Path::new(PAGE), write)
    }

    /// Writes the page of a finding, beside its room, by `write`.
    ///
    /// # Errors
    /// If that fails.
    pub fn save_finding_page(
        &self,
        id: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), FolderError> {
        self.write_by(&Path::new(FINDINGS).join(format!("{id}.html")), write)
    }

    /// The table of mutants, if somebody put one there and it is not too large.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn mutants(&self) -> Result<Option<Vec<u8>>, FolderError> {
        self.foreign(MUTANTS)
    }

    /// What policies cost, if somebody put that there and it is not too large.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn overhead(&self) -> Result<Option<Vec<u8>>, FolderError> {
        self.foreign(OVERHEAD)
    }

    fn foreign(&self, name: &str) -> Result<Option<Vec<u8>>, FolderError> {
        let path = self.path.join(name);
        match fs::metadata(&path) {
            Ok(found) if found.is_file() && found.len() <= FOREIGN_BYTES => {
                self.read(Path::new(name))
            }
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_at(&path)(error)),
        }
    }

    /// How fast earlier sessions were.
    ///
    /// # Errors
    /// If the file is not what was written.
    pub fn speed(&self) -> Result<Speed, FolderError> {
        let Some(bytes) = self.read(Path::new(SPEED))? else { return Ok(Speed::default()) };
        let read = serde_json::from_slice(&bytes);
        read.map_err(|error| self.damaged(Path::new(SPEED), &error))
    }

    /// Writes how fast it was.
    ///
    /// # Errors
    /// If that fails.
    pub fn save_speed(&self, speed: &Speed) -> Result<(), FolderError> {
        self.write(Path::new(SPEED), &pretty(speed))
    }
}

fn lane_file(number: u32) -> PathBuf {
    Path::new(LANES_FOLDER).join(format!("lane-{number:02}.json"))
}

fn pretty(value: &impl serde::Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value)
        .expect("these types have nothing in them that JSON cannot hold");
    bytes.push(b'\n');
    bytes
}

fn other(path: &Path, known: &Identity, wanted: &Identity) -> FolderError {
    let differences = known.differences(wanted).into_iter();
    let told =
        differences.map(|(name, there, here)| format!("{name} is {there} there, {here} here"));
    FolderError::Other(path.into(), told.collect::<Vec<_>>().join("; "))
}

/// The first thing in a folder that a campaign has not put there before it wrote what it is.
fn strangers(path: &Path) -> Result<Option<String>, FolderError> {
    let io = io_at(path);
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(&io)? {
        let name = entry.map_err(&io)?.file_name().to_string_lossy().into_owned();
        if name != LOCK && !is_left_over(&name) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names.into_iter().next())
}

/// Whether this is a file that was being written when the process was killed.
fn is_left_over(name: &str) -> bool {
    let inner = name.strip_prefix('.').and_then(|name| name.strip_suffix(".tmp"));
    inner.is_some_and(|name| name.contains(".json.") || name.contains(".html."))
}

/// Takes away what was being written when a process was killed. Only whoever holds the lock may.
fn sweep(path: &Path) -> Result<(), FolderError> {
    let io = io_at(path);
    for entry in fs::read_dir(path).map_err(&io)? {
        let entry = entry.map_err(&io)?;
        if is_left_over(&entry.file_name().to_string_lossy()) {
            fs::remove_file(entry.path()).map_err(&io)?;
        }
    }
    Ok(())
}
