//! The rooms of findings of a search that no folder was named for: each in a file as soon as it is found.
//! It does not know what is wrong with them, nor how many are still to come.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::campaign::finding::Findings;
use crate::store::atomic::AtomicFile;

use super::failure::Failure;

/// A folder that may hold anything else as well, where nothing that was there before is changed.
#[derive(Debug)]
pub(super) struct FindingsFolder {
    path: PathBuf,
    /// The files that this search has made, by the ids of the findings.
    made: Mutex<BTreeMap<String, PathBuf>>,
}

impl FindingsFolder {
    /// Sees that files can be made there, and leaves everything as it was.
    pub(super) fn tried(path: &Path) -> Result<Self, Failure> {
        let failed = |error| Failure::File(path.to_owned(), error);
        let was_there = path.exists();
        fs::create_dir_all(path).map_err(failed)?;
        // The file is gone again when it is dropped, before the folder can be.
        let tried = AtomicFile::create(&path.join("finding.json")).map(drop);
        if !was_there {
            // If something came into it meanwhile it stays, which is as well.
            let _ = fs::remove_dir(path);
        }
        tried.map_err(failed)?;
        Ok(Self { path: path.to_owned(), made: Mutex::default() })
    }

    /// Writes the rooms of those of which there is none yet; which is the smallest shows in the end.
    pub(super) fn keep(&self, findings: &Findings) -> Result<(), Failure> {
        for finding in findings.ranked() {
            let id = finding.problem.id();
            let is_there = self.made().contains_key(&id);
            if let (Some(room), false) = (&finding.room, is_there) {
                self.put(&id, room.as_bytes())?;
            }
        }
        Ok(())
    }

    /// Writes a room, in the place of what this search has written of the same finding, and says where it is.
    pub(super) fn put(&self, id: &str, room: &[u8]) -> Result<PathBuf, Failure> {
        let mut made = self.made();
        if let Some(path) = made.get(id) {
            let written = replace(path, room);
            return written.map(|()| path.clone()).map_err(|error| failed(path, error));
        }
        let (path, is_new) = self.new_file(id, room)?;
        if is_new {
            made.insert(id.to_owned(), path.clone());
        }
        Ok(path)
    }

    /// Writes a room under a name that no other file has, unless it is there already; and whether it was not.
    fn new_file(&self, id: &str, room: &[u8]) -> Result<(PathBuf, bool), Failure> {
        fs::create_dir_all(&self.path).map_err(|error| failed(&self.path, error))?;
        for attempt in 1.. {
            let name =
                if attempt == 1 { format!("{id}.json") } else { format!("{id}-{attempt}.json") };
            let path = self.path.join(name);
            match fs::File::create_new(&path) {
                Ok(mut file) => {
                    file.write_all(room).map_err(|error| failed(&path, error))?;
                    return Ok((path, true));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if fs::read(&path).is_ok_and(|there| there == room) {
                        return Ok((path, false));
                    }
                }
                Err(error) => return Err(failed(&path, error)),
            }
        }
        Err(Failure::usage("there is no name left for a finding"))
    }

    fn made(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, PathBuf>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn replace(path: &Path, room: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|there| there == room) {
        return Ok(());
    }
    let mut file = AtomicFile::create(path)?;
    file.write_all(room)?;
    file.commit()
}

fn failed(path: &Path, error: io::Error) -> Failure {
    Failure::File(path.to_owned(), error)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::FindingsFolder;

    #[test]
    fn a_room_is_written_at_once_and_gives_way_to_a_smaller_one_but_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new");
        let findings = FindingsFolder::tried(&path).unwrap();
        assert!(!path.exists(), "as long as nothing is found there is no folder");
        assert_eq!(findings.put("w09", b"large").unwrap(), path.join("w09.json"));
        assert_eq!(findings.put("w09", b"small").unwrap(), path.join("w09.json"));
        assert_eq!(fs::read(path.join("w09.json")).unwrap(), b"small");

        let again = FindingsFolder::tried(&path).unwrap();
        assert_eq!(again.put("w09", b"small").unwrap(), path.join("w09.json"));
        assert_eq!(again.put("w09", b"other").unwrap(), path.join("w09-2.json"));
        assert_eq!(fs::read(path.join("w09.json")).unwrap(), b"small");
        assert_eq!(fs::read_dir(&path).unwrap().count(), 2, "nothing is left behind");
    }

    #[test]
    fn what_cannot_be_written_to_is_told_before_anything_is_searched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "mine").unwrap();
        let failure = FindingsFolder::tried(&path).unwrap_err();
        assert!(failure.to_string().contains("cannot be written"), "{failure}");
    }
}
