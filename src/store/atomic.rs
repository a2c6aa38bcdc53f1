//! A file that appears under its name only when it is complete.
//! It does not know what is written to it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file being written. Until [`AtomicFile::commit`] the name shows what it showed before; without it, nothing is left
/// behind.
///
/// What is written goes to a file beside the target, which takes the target's place by one rename. A target that is not
/// a regular file (a pipe, a terminal, `/dev/null`) cannot be replaced and is written to as it is.
#[derive(Debug)]
pub struct AtomicFile {
    out: BufWriter<File>,
    place: Option<Place>,
}

/// Where a file is and where it shall be.
#[derive(Debug)]
struct Place {
    temporary: PathBuf,
    target: PathBuf,
}

impl AtomicFile {
    /// Begins to write the file that will be `path`. A symbolic link keeps pointing where it points: its target is
    /// what is written. Permissions of an existing file are kept.
    ///
    /// # Errors
    /// If the folder cannot be written to, or the target cannot be opened.
    pub fn create(path: &Path) -> io::Result<Self> {
        let existing = match fs::metadata(path) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if existing.as_ref().is_some_and(|metadata| !metadata.is_file()) {
            let out = OpenOptions::new().write(true).open(path)?;
            return Ok(Self { out: BufWriter::new(out), place: None });
        }
        let target = if existing.is_some() { fs::canonicalize(path)? } else { path.to_owned() };
        let (out, temporary) = beside(&target)?;
        let place = Place { temporary, target };
        let file = Self { out: BufWriter::new(out), place: Some(place) };
        if let Some(metadata) = existing {
            file.out.get_ref().set_permissions(metadata.permissions())?;
        }
        Ok(file)
    }

    /// Puts the file in its place. Its contents are on the disk before its name is.
    ///
    /// # Errors
    /// If what is still in memory cannot be written, or the name cannot be given; the target is then as it was.
    pub fn commit(mut self) -> io::Result<()> {
        self.out.flush()?;
        if let Some(place) = &self.place {
            self.out.get_ref().sync_all()?;
            fs::rename(&place.temporary, &place.target)?;
            self.place = None;
        }
        Ok(())
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if let Some(place) = &self.place {
            // The writer has gone or failed: there is nobody left to tell if this fails as well.
            let _ = fs::remove_file(&place.temporary);
        }
    }
}

/// A new file in the folder of `target` under a name that no other file has.
fn beside(target: &Path) -> io::Result<(File, PathBuf)> {
    let name = target.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidFilename))?;
    for attempt in 0..1_000_u32 {
        let mut temporary = std::ffi::OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}-{attempt}.tmp", std::process::id()));
        let path = target.with_file_name(temporary);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::AtomicFile;

    fn names(folder: &std::path::Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_there_when_it_is_complete_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.jsonl");
        fs::write(&path, "old").unwrap();
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        file.flush().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        file.commit().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(folder.path()), ["x.jsonl"]);
    }

    #[test]
    fn a_file_that_is_given_up_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = AtomicFile::create(&folder.path().join("x")).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(names(folder.path()), [""; 0]);
    }

    #[test]
    fn two_writers_of_one_file_do_not_meet() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let mut first = AtomicFile::create(&path).unwrap();
        let mut second = AtomicFile::create(&path).unwrap();
        first.write_all(b"first").unwrap();
        second.write_all(b"second").unwrap();
        second.commit().unwrap();
        first.commit().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
    }

    #[test]
    fn a_folder_that_is_not_there_or_a_path_without_a_name_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(AtomicFile::create(&folder.path().join("none").join("x")).is_err());
        assert!(AtomicFile::create(folder.path()).is_err(), "a folder cannot be written to");
        assert!(AtomicFile::create(std::path::Path::new("")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_keeps_pointing_and_permissions_are_kept() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("x"), folder.path().join("link"));
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("x", &link).unwrap();
        let mut file = AtomicFile::create(&link).unwrap();
        file.write_all(b"new").unwrap();
        file.commit().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_not_a_regular_file_is_written_to_and_not_replaced() {
        use std::os::unix::net::UnixListener;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let _listener = UnixListener::bind(&path).unwrap();
        assert!(AtomicFile::create(&path).is_err(), "a socket cannot be opened as a file");
        assert_eq!(names(folder.path()), ["socket"], "and it is still there");
    }
}
