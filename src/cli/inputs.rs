//! Scenario files as they are found and read: all of them, before anything is run.
//! It does not know what is done with them. Programs with commands of their own read files by it as well.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::report::paint::Paint;
use crate::scenario::file::{self, Overlay, Problem};
use crate::scenario::limits::Limits;
use crate::scenario::model::Scenario;

use super::failure::{reason, shown};

/// How deep folders may lie in each other.
const DEPTH: usize = 64;

/// A scenario file that was read.
#[derive(Debug)]
pub struct Input {
    /// Where it is.
    pub path: PathBuf,
    /// The same for printing and for commands.
    pub name: String,
    /// What stands in it.
    pub text: String,
    /// What that means.
    pub scenario: Scenario,
}

/// Whether this stands for the standard input.
pub(super) fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The scenario files that `paths` name: files as they are, and below folders everything that ends in `.json`, in the
/// order of names. Hidden files and folders are passed over; links to folders are not followed.
///
/// # Errors
/// A line for each path that is not there, and for each folder without a scenario.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Vec<String>> {
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        if is_standard(path) {
            found.push(path.clone());
            continue;
        }
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                let before = (found.len(), problems.len());
                below(path, DEPTH, &mut found, &mut problems);
                if (found.len(), problems.len()) == before {
                    let path = shown(path);
                    problems.push(format!(
                        "{path}: found no scenario, expected files that end in .json below it"
                    ));
                }
            }
            Ok(_) => found.push(path.clone()),
            Err(error) => problems.push(unreadable(path, &error)),
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

fn below(folder: &Path, depth: usize, found: &mut Vec<PathBuf>, problems: &mut Vec<String>) {
    if depth == 0 {
        let folder = shown(folder);
        problems.push(format!("{folder}: lies too deep, expected at most {DEPTH} folders"));
        return;
    }
    let listed =
        fs::read_dir(folder).and_then(|entries| entries.collect::<io::Result<Vec<fs::DirEntry>>>());
    let mut entries = match listed {
        Ok(entries) => entries,
        Err(error) => {
            problems.push(unreadable(folder, &error));
            return;
        }
    };
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if hidden {
        } else if is_folder {
            below(&path, depth - 1, found, problems);
        } else if path.extension().is_some_and(|ending| ending == "json") && !path.is_dir() {
            found.push(path);
        }
    }
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("{}: cannot be read: {}", shown(path), reason(error))
}

/// Reads these files.
///
/// # Errors
/// The problems of all files, each in lines that name the file.
pub fn read_all(paths: Vec<PathBuf>, paint: Paint) -> Result<Vec<Input>, Vec<String>> {
    let mut inputs = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        match read(path, paint) {
            Ok(input) => inputs.push(input),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(inputs) } else { Err(problems) }
}

/// Reads the file of a policy.
///
/// # Errors
/// Its problems, in lines that name the file.
pub(super) fn read_policy(path: &Path, paint: Paint) -> Result<Overlay, String> {
    let bytes = bounded(path)?;
    let text = String::from_utf8_lossy(&bytes);
    file::read_overlay(&text).map_err(|problems| told(&problems, path, &text, paint))
}

/// The bytes of a file of whatever kind, if it is not too large.
///
/// # Errors
/// A line that names the file.
pub fn bounded(path: &Path) -> Result<Vec<u8>, String> {
    let bytes = bytes_of(path).map_err(|error| unreadable(path, &error))?;
    let limit = Limits::FILES.file_bytes;
    if bytes.len() > limit {
        return Err(format!(
            "{}: found a file of more than {limit} bytes, expected at most {limit} (limit \"file_bytes\")",
            shown(path)
        ));
    }
    Ok(bytes)
}

fn told(problems: &[Problem], path: &Path, text: &str, paint: Paint) -> String {
    match paint {
        Paint::Plain => file::render(problems, &shown(path), text),
        Paint::Colour => file::render_coloured(problems, &shown(path), text),
    }
}

fn read(path: PathBuf, paint: Paint) -> Result<Input, String> {
    let bytes = bounded(&path)?;
    let name = path.to_string_lossy().into_owned();
    let found = file::read_bytes(&bytes, &Limits::FILES);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    match found {
        Ok(scenario) => Ok(Input { path, name, text, scenario }),
        Err(problems) => Err(told(&problems, &path, &text, paint)),
    }
}

/// The bytes of a file, at most one more than the limit: of a larger one no more is needed to see that it is too large.
fn bytes_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = Limits::FILES.file_bytes as u64 + 1;
    if is_standard(path) {
        io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::{bytes_of, find};
    use crate::scenario::limits::Limits;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "{}").unwrap();
        }
        folder
    }

    fn names(folder: &tempfile::TempDir, found: &[PathBuf]) -> Vec<String> {
        found
            .iter()
            .map(|path| path.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn scenarios_below_a_folder_are_found_in_the_order_of_names() {
        let folder =
            folder(&["b/2.json", "b/1.json", "a.json", "b/notes.md", ".git/x.json", ".x.json"]);
        let found = find(&[folder.path().to_owned()]).unwrap();
        assert_eq!(names(&folder, &found), ["a.json", "b/1.json", "b/2.json"]);
    }

    #[test]
    fn a_file_is_taken_whatever_it_is_called() {
        let folder = folder(&["notes.md"]);
        let path = folder.path().join("notes.md");
        assert_eq!(find(std::slice::from_ref(&path)).unwrap(), [path]);
    }

    #[test]
    fn every_path_without_a_scenario_is_a_problem() {
        let folder = folder(&["empty/notes.md"]);
        let missing = folder.path().join("missing.json");
        let problems = find(&[folder.path().join("empty"), missing]).unwrap_err();
        assert_eq!(problems.len(), 2);
        assert!(
            problems[0]
                .ends_with("empty: found no scenario, expected files that end in .json below it"),
            "{problems:?}"
        );
        assert!(
            problems[1].ends_with("missing.json: cannot be read: no such file or directory"),
            "{problems:?}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_is_linked_into_itself_is_walked_once() {
        let folder = folder(&["a.json"]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("again.json")).unwrap();
        let found = find(&[folder.path().to_owned()]).unwrap();
        assert_eq!(names(&folder, &found), ["a.json"]);
    }

    #[test]
    fn folders_that_lie_too_deep_are_a_problem() {
        let deep = vec!["d"; 70].join("/") + "/x.json";
        let folder = folder(&[&deep]);
        let problems = find(&[folder.path().to_owned()]).unwrap_err();
        assert!(
            problems[0].ends_with("lies too deep, expected at most 64 folders"),
            "{problems:?}"
        );
    }

    #[test]
    fn of_a_file_that_is_too_large_one_byte_too_many_is_read() {
        let folder = folder(&[]);
        let path = folder.path().join("large.json");
        let limit = Limits::FILES.file_bytes;
        fs::File::create(&path).unwrap().set_len(limit as u64 * 2).unwrap();
        assert_eq!(bytes_of(&path).unwrap().len(), limit + 1);
    }
}
