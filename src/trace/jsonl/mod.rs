//! A sink that writes every fact as one line of JSON as soon as it comes, with names in the place of ids.
//! It does not know where the lines go, nor what a fact means; `docs/trace-format.md` describes the lines.

mod contents;
mod cursor;
mod form;
mod header;
mod identities;
mod kinds;
mod line;
mod names;
mod outcomes;
mod reader;
mod schema;
mod skeleton;

use std::io::{self, Write};

use crate::rulebook::reading::ReadingName;
use crate::scenario::model::Scenario;
use crate::trace::fact::Fact;
use crate::trace::kind::Kind;
use crate::trace::sink::FactSink;

use self::header::put_header;
pub use self::kinds::Recorder;
use self::kinds::put_fields;
use self::line::{Line, Term};
pub use self::names::{Numbered, OwnIds};
pub use self::reader::{Entry, Excerpt, LINE_BYTES, LogError, LogNames, LogReader};
pub use self::schema::schema;
pub use self::skeleton::skeleton;

/// The version of the form of the lines; what the facts are is versioned by [`crate::trace::fact::FACTS_VERSION`].
pub const TRACE_VERSION: u32 = 1;

/// Writes facts as lines of JSON. The first line is a header that names the cast.
///
/// A sink cannot fail, so the first error of the writer is kept, nothing is written after it, and
/// [`JsonLines::finish`] returns it.
#[derive(Debug)]
pub struct JsonLines<'a, W> {
    out: W,
    line: Line<'a>,
    failed: Option<io::Error>,
}

impl<'a, W: Write> JsonLines<'a, W> {
    /// Writes the header of a run of `scenario` under `reading` to `out`.
    pub fn begin(out: W, scenario: &'a Scenario, reading: ReadingName) -> Self {
        let mut lines = Self { out, line: Line::new(scenario), failed: None };
        put_header(&mut lines.line, scenario, reading);
        lines.end_line();
        lines
    }

    /// Flushes, and returns the writer.
    ///
    /// # Errors
    /// The first error that the writer returned since [`JsonLines::begin`].
    pub fn finish(mut self) -> io::Result<W> {
        match self.failed {
            Some(error) => Err(error),
            None => self.out.flush().map(|()| self.out),
        }
    }

    fn end_line(&mut self) {
        let Self { out, line, failed } = self;
        line.end(|text| {
            if failed.is_none() {
                *failed = out.write_all(text).err();
            }
        });
    }
}

impl<W: Write> FactSink for JsonLines<'_, W> {
    fn record(&mut self, fact: &Fact) {
        fact.put(&mut self.line);
        self.end_line();
    }
}

/// Writes one fact as a JSON object, as it stands in a line of a trace.
#[must_use]
pub fn fact_as_json(fact: &Fact, scenario: &Scenario) -> String {
    let mut line = Line::new(scenario);
    fact.put(&mut line);
    let mut text = String::new();
    line.end(|bytes| text.push_str(String::from_utf8_lossy(bytes).trim_end()));
    text
}

impl Term for Fact {
    fn put(&self, line: &mut Line<'_>) {
        line.object(|object| {
            object.field("id", &self.id);
            object.field("at", &self.at);
            if self.clock != self.at {
                object.field("clock", &self.clock);
            }
            object.field("observer", &self.observer);
            object.field("fact", &Kind::of(&self.kind).as_str());
            put_fields(&self.kind, object);
            object.array("causes", self.causes.iter());
        });
    }
}

#[cfg(test)]
mod tests;
