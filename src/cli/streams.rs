//! Where output goes, and what is known of the terminal behind it.
//! It does not know what is written.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use serde::Serialize;

use crate::report::paint::Paint;

use super::args::ColorWhen;

/// How wide tables are where there is no terminal to ask.
const COLUMNS: usize = 100;

/// The two streams of a program.
pub struct Streams<'a> {
    /// What was asked for.
    pub out: Pipe<'a>,
    /// Everything else: problems, progress, remarks.
    pub err: Pipe<'a>,
    /// What is known of them.
    pub terminal: Terminal,
}

impl<'a> Streams<'a> {
    /// Streams over these two writers. Neither may hold a lock on a stream of the process: threads that work draw their progress on
    /// the same terminal, and would wait for it for ever.
    pub fn new(out: &'a mut dyn Write, err: &'a mut dyn Write, terminal: Terminal) -> Self {
        Self { out: Pipe::new(out), err: Pipe::new(err), terminal }
    }
}

impl fmt::Debug for Streams<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams").field("terminal", &self.terminal).finish_non_exhaustive()
    }
}

/// What is known of the terminal, if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    /// How to paint what is asked for.
    pub out: Paint,
    /// How to paint problems.
    pub err: Paint,
    /// Whether somebody watches progress.
    pub watched: bool,
    /// How wide it is.
    pub columns: usize,
}

impl Terminal {
    /// No terminal at all: plain text, no progress.
    pub const NONE: Self =
        Self { out: Paint::Plain, err: Paint::Plain, watched: false, columns: COLUMNS };

    /// That of this process. Colour follows the habits of terminals: `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE`, `TERM`.
    #[must_use]
    pub fn of_process() -> Self {
        let paint = |choice| match choice {
            ColorChoice::Never => Paint::Plain,
            ColorChoice::Auto | ColorChoice::AlwaysAnsi | ColorChoice::Always => Paint::Colour,
        };
        let columns = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        Self {
            out: paint(AutoStream::choice(&io::stdout())),
            err: paint(AutoStream::choice(&io::stderr())),
            watched: io::stderr().is_terminal(),
            columns: columns.filter(|_| io::stdout().is_terminal()).unwrap_or(COLUMNS),
        }
    }

    /// Lets a flag override what was found.
    pub fn paint(&mut self, when: ColorWhen) {
        self.out = when.over(self.out);
        self.err = when.over(self.err);
    }
}

/// A writer whose reader may go away: what is written after that is dropped, as `head` expects it.
pub struct Pipe<'a> {
    inner: &'a mut dyn Write,
    broken: bool,
}

impl<'a> Pipe<'a> {
    fn new(inner: &'a mut dyn Write) -> Self {
        Self { inner, broken: false }
    }

    fn unless_broken<T>(&mut self, done: T, result: io::Result<T>) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.broken = true;
                Ok(done)
            }
            Ok(_) | Err(_) => result,
        }
    }
}

impl fmt::Debug for Pipe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipe").field("broken", &self.broken).finish_non_exhaustive()
    }
}

impl Write for Pipe<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.broken {
            return Ok(bytes.len());
        }
        let result = self.inner.write(bytes);
        self.unless_broken(bytes.len(), result)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.broken {
            return Ok(());
        }
        let result = self.inner.flush();
        self.unless_broken((), result)
    }
}

/// Writes a document as JSON for people to look at and programs to read, and ends the line.
///
/// # Errors
/// As the writer's.
pub(super) fn write_json(out: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use super::Pipe;

    /// Fails with this kind of error, and counts how often it is asked.
    struct Failing(io::ErrorKind, u32);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            self.1 += 1;
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            self.1 += 1;
            Err(self.0.into())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_error_and_is_not_asked_again() {
        let mut gone = Failing(io::ErrorKind::BrokenPipe, 0);
        let mut pipe = Pipe::new(&mut gone);
        pipe.write_all(b"x").unwrap();
        pipe.write_all(b"y").unwrap();
        pipe.flush().unwrap();
        assert_eq!(gone.1, 1);
        let mut gone = Failing(io::ErrorKind::BrokenPipe, 0);
        Pipe::new(&mut gone).flush().unwrap();
    }

    #[test]
    fn any_other_failure_is_an_error() {
        let mut full = Failing(io::ErrorKind::StorageFull, 0);
        assert!(Pipe::new(&mut full).write_all(b"x").is_err());
        assert!(Pipe::new(&mut full).flush().is_err());
    }
}
