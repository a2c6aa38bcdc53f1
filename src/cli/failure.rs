//! Why a command could not be carried out, as text for the error stream and as an exit code.
//! It does not know of runs that were carried out and went wrong: those have a status.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::report::text::safe;
use crate::run::panic::Panic;
use crate::run::status::Exit;

/// Why a command could not be carried out.
#[derive(Debug)]
pub(super) enum Failure {
    /// The arguments make no sense; the text is complete.
    Usage(String),
    /// Input is bad: the problems of all files, and in the end what that means.
    Input {
        /// Each complete, in lines.
        problems: Vec<String>,
        /// What was not done because of them.
        therefore: String,
    },
    /// A file cannot be written.
    File(PathBuf, io::Error),
    /// The output cannot be written.
    Output(io::Error),
    /// A client panicked in these files, so that there is nothing to say of them.
    Panicked(Vec<(String, Panic)>),
}

impl Failure {
    /// A usage error of one clause.
    pub(super) fn usage(clause: impl fmt::Display) -> Self {
        Self::Usage(format!("error: {clause}\n"))
    }

    /// The exit code: whatever could not be carried out is bad input or usage, unless it is a client's doing.
    pub(super) const fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::Input { .. } | Self::File(..) | Self::Output(_) => {
                Exit::BadInput
            }
            Self::Panicked(_) => Exit::Broken,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) => f.write_str(text),
            Self::Input { problems, therefore } => {
                for problem in problems {
                    writeln!(f, "{}", problem.trim_end())?;
                }
                writeln!(f, "error: {therefore}")
            }
            Self::File(path, error) => {
                writeln!(f, "error: {}: cannot be written: {}", shown(path), reason(error))
            }
            Self::Output(error) => {
                writeln!(f, "error: the output cannot be written: {}", reason(error))
            }
            Self::Panicked(files) => {
                for (name, panic) in files {
                    let told = safe(&panic.told());
                    writeln!(f, "error: {name}: a client panicked {told}; there is no verdict")?;
                }
                Ok(())
            }
        }
    }
}

/// A path as it may be printed.
pub(super) fn shown(path: &Path) -> String {
    safe(&path.to_string_lossy())
}

/// An error of the system as a clause, without the number that it carries.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split_once(" (os error").map_or(text.as_str(), |(clause, _)| clause);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::PathBuf;

    use super::{Failure, reason};

    #[test]
    fn failures_are_clauses_with_what_to_look_at() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let file = Failure::File(PathBuf::from("x\u{1b}.json"), full());
        assert_eq!(file.to_string(), "error: x\\u{1b}.json: cannot be written: no storage space\n");
        let output = Failure::Output(full());
        assert_eq!(output.to_string(), "error: the output cannot be written: no storage space\n");
        assert_eq!(Failure::usage("x").to_string(), "error: x\n");
        let input = Failure::Input {
            problems: vec!["a\n".to_owned(), "b".to_owned()],
            therefore: "nothing was run".to_owned(),
        };
        assert_eq!(input.to_string(), "a\nb\nerror: nothing was run\n");
        for failure in [file, output, input] {
            assert_eq!(failure.exit().code(), 3);
        }
    }

    #[test]
    fn errors_of_the_system_lose_their_number() {
        assert_eq!(reason(&io::Error::from_raw_os_error(2)), "no such file or directory");
        assert_eq!(reason(&io::Error::other("")), "");
    }
}
