//! Logs from outside, read line by line into facts: several logs may share names, each has its own ids of facts.
//! It does not know how facts of several logs are brought into one order, nor what they mean.

use std::fmt;
use std::io::{self, BufRead, Read};

use crate::ids::{FactId, FaultId, ServerId, UserId};
use crate::scenario::model::Strings;
use crate::time::SimTime;
use crate::trace::announced::Announced;
use crate::trace::fact::{Causes, Fact, FactKind, Observer};
use crate::trace::recorded::Recorded;

use super::cursor::{Fields, Malformed, Reading, object_of};
use super::form::{Form, field};
use super::header::{Header, no_slip, read_header};
use super::kinds::read_fields;
use super::names::{Names, OwnIds};
use crate::trace::kind::Kind;

/// How long a line may be, in bytes.
pub const LINE_BYTES: usize = 16 * 1024 * 1024;
/// What some editors put before the first line.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Why a log cannot be read.
#[derive(Debug)]
pub enum LogError {
    /// A line is not what it should be.
    Malformed {
        /// The line, counted from 1.
        line: u64,
        /// The byte of the line, counted from 1.
        column: usize,
        /// What stands there.
        found: String,
        /// What should.
        expected: String,
        /// The text around it.
        near: Excerpt,
    },
    /// The file cannot be read.
    Io(io::Error),
}

/// A part of a line around a place in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Excerpt {
    /// What stands before the place.
    pub before: String,
    /// What stands at it and behind it.
    pub after: String,
}

impl Excerpt {
    /// The surroundings of byte `at`. What is left out of the line is shown by dots.
    fn of(line: &str, at: usize) -> Self {
        const CHARACTERS: usize = 40;
        let (before, after) = line.split_at(line.floor_char_boundary(at));
        let skipped = before.chars().count().saturating_sub(CHARACTERS);
        let mut near = Self {
            before: before.chars().skip(skipped).collect(),
            after: after.chars().take(CHARACTERS).collect(),
        };
        if skipped > 0 {
            near.before.insert_str(0, "...");
        }
        if near.after.len() < after.len() {
            near.after.push_str("...");
        }
        near
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { line, column, found, expected, .. } => {
                write!(f, "{line}:{column}: found {found}, expected {expected}")
            }
            Self::Io(error) => write!(f, "{error}"),
        }
    }
}

/// What a line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A fact.
    Fact(Fact),
    /// A fact of a kind that is not known here, by its name. It is not judged.
    Unknown(String),
    /// The last line, which breaks off: the log was cut.
    Cut,
}

/// The names of all logs that are read together.
#[derive(Debug, Clone, Default)]
pub struct LogNames(Names);

impl LogNames {
    /// Servers, by id.
    #[must_use]
    pub fn servers(&self) -> &[String] {
        self.0.servers.texts()
    }

    /// Users with their servers, by id.
    pub fn users(&self) -> impl Iterator<Item = (&str, ServerId)> {
        self.0.users.texts().iter().map(String::as_str).zip(self.0.homes.iter().copied())
    }

    /// Devices with their users, by id.
    pub fn devices(&self) -> impl Iterator<Item = (&str, UserId)> {
        self.0.devices.texts().iter().map(String::as_str).zip(self.0.owners.iter().copied())
    }

    /// Rooms, by id.
    #[must_use]
    pub fn rooms(&self) -> &[String] {
        self.0.rooms.texts()
    }

    /// Messages that were named so far, by id.
    #[must_use]
    pub fn messages(&self) -> &[String] {
        self.0.messages.texts()
    }

    /// What the logs themselves call what has no name in the cast.
    #[must_use]
    pub fn into_own_ids(self) -> OwnIds {
        self.0.into_own_ids()
    }

    /// Texts that occurred so far.
    #[must_use]
    pub const fn strings(&self) -> &Strings {
        &self.0.strings
    }
}

/// Reads one log. Lines are read one at a time into one buffer; nothing but names is kept of them.
#[derive(Debug)]
pub struct LogReader<R> {
    input: R,
    buffer: Vec<u8>,
    line: u64,
    header: Header,
    /// The number of faults that earlier logs announced.
    faults_before: u32,
    last: Option<FactId>,
    /// The kind that was not known last.
    strange: Option<String>,
    ended: bool,
}

impl<R: BufRead> LogReader<R> {
    /// Reads the header of a log; its names join `names`. All headers must be read before the first fact.
    ///
    /// # Errors
    /// If the input cannot be read or does not begin with a header.
    pub fn open(input: R, names: &mut LogNames) -> Result<Self, LogError> {
        let header = Header { about: String::new(), faults: Vec::new(), observes: None };
        let faults_before = u32::try_from(names.0.faults).unwrap_or(u32::MAX);
        let mut reader = Self {
            input,
            buffer: Vec::new(),
            line: 0,
            header,
            faults_before,
            last: None,
            strange: None,
            ended: false,
        };
        if !reader.advance()? {
            let found = "the end of the file".to_owned();
            return Err(reader.error(*Malformed::new(0, found, "a line with the header of a log")));
        }
        let text = text_of(&reader.buffer).map_err(|wrong| reader.error(*wrong))?;
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        reader.header = read_header(text, &mut names.0).map_err(|wrong| reader.error(*wrong))?;
        Ok(reader)
    }

    /// What the log is about.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.header.about
    }

    /// The faults that its header announces.
    #[must_use]
    pub fn faults(&self) -> &[Announced] {
        &self.header.faults
    }

    /// Who records what in it; `None` if everything is there that anybody saw.
    #[must_use]
    pub fn observes(&self) -> Option<&[Recorded]> {
        self.header.observes.as_deref()
    }

    /// The line that was read last, counted from 1.
    #[must_use]
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// The next fact; `None` at the end. The id of a fact is that of its line, which grows from line to line.
    ///
    /// # Errors
    /// If the input cannot be read or a line is malformed.
    pub fn next(&mut self, names: &mut LogNames) -> Result<Option<Entry>, LogError> {
        if !self.advance()? {
            return Ok(None);
        }
        names.0.lines += 1;
        let complete = self.buffer.last() == Some(&b'\n');
        let entry = text_of(&self.buffer).and_then(|text| self.entry(text, &mut names.0));
        match entry {
            Ok(entry) => {
                match &entry {
                    Entry::Fact(fact) => {
                        self.last = Some(fact.id);
                        self.ended = matches!(fact.kind, FactKind::RunEnd(_));
                    }
                    Entry::Unknown(kind) if self.strange.as_ref() != Some(kind) => {
                        self.strange = Some(kind.clone());
                    }
                    Entry::Unknown(_) | Entry::Cut => {}
                }
                Ok(Some(entry))
            }
            Err(wrong) if wrong.cut && !complete => Ok(Some(Entry::Cut)),
            Err(wrong) => Err(self.error(*wrong)),
        }
    }

    fn entry(&self, text: &str, names: &mut Names) -> Reading<Entry> {
        let mut fields = object_of(text)?;
        let id = self.id(&mut fields, names)?;
        if self.ended {
            let found = "a fact after the end of the run".to_owned();
            return Err(Malformed::new(fields.at(), found, "`run_end` as the last fact"));
        }
        let at: SimTime = field(&mut fields, "at", names)?;
        let clock = match fields.find("clock") {
            Some(value) => SimTime::read(value, names)?,
            None => at,
        };
        let observer: Observer = field(&mut fields, "observer", names)?;
        let kind = fields.need("fact")?;
        let text = kind.string("the name of a kind of fact")?;
        let Some(name) = Kind::from_name(&text) else {
            if self.strange.as_deref() != Some(&text) {
                no_slip(kind, &text)?;
            }
            return Ok(Entry::Unknown(text.into_owned()));
        };
        let kind = self.own_faults(read_fields(name, &mut fields, names)?);
        let causes = causes(&mut fields, names, id)?;
        Ok(Entry::Fact(Fact { id, at, clock, observer, kind, causes }))
    }

    /// The id in the line, or the next one.
    fn id(&self, fields: &mut Fields<'_>, names: &mut Names) -> Reading<FactId> {
        let next = self.last.map_or(0, |last| last.raw().saturating_add(1));
        let Some(value) = fields.find("id") else { return Ok(FactId::new(next)) };
        let id = FactId::read(value, names)?;
        if id.raw() < next || id.raw() == u32::MAX {
            return Err(
                value.unexpected(&format!("an id of {next} or more: ids grow from line to line"))
            );
        }
        Ok(id)
    }

    /// Faults are counted in each header by itself.
    fn own_faults(&self, kind: FactKind) -> FactKind {
        let shift = |fault: FaultId| FaultId::new(fault.raw().saturating_add(self.faults_before));
        if let FactKind::FaultStart(fault) = kind {
            return FactKind::FaultStart(shift(fault));
        }
        if let FactKind::FaultEnd(fault) = kind {
            return FactKind::FaultEnd(shift(fault));
        }
        kind
    }

    /// Reads the next line that is not blank into the buffer; false at the end.
    fn advance(&mut self) -> Result<bool, LogError> {
        loop {
            self.buffer.clear();
            self.line += 1;
            let mut bounded = (&mut self.input).take(LINE_BYTES as u64 + 1);
            let length = bounded.read_until(b'\n', &mut self.buffer).map_err(LogError::Io)?;
            if length > LINE_BYTES {
                let found = format!("more than {LINE_BYTES} bytes");
                return Err(self.error(*Malformed::new(0, found, "a shorter line")));
            }
            if length == 0 {
                return Ok(false);
            }
            if !self.buffer.iter().all(u8::is_ascii_whitespace) {
                return Ok(true);
            }
        }
    }

    fn error(&self, wrong: Malformed) -> LogError {
        let Malformed { at, found, expected, .. } = wrong;
        let near = Excerpt::of(&String::from_utf8_lossy(self.buffer.trim_ascii_end()), at);
        LogError::Malformed { line: self.line, column: at + 1, found, expected, near }
    }
}

/// The text of a line without its end.
fn text_of(bytes: &[u8]) -> Reading<&str> {
    std::str::from_utf8(bytes.trim_ascii_end()).map_err(|error| {
        let at = error.valid_up_to();
        let mut wrong = Malformed::new(at, "bytes that are not UTF-8".to_owned(), "text in UTF-8");
        // A log that was cut within a character ends there.
        wrong.cut = error.error_len().is_none();
        wrong
    })
}

/// The causes that a fact can hold: the first four, all with lower ids.
fn causes(fields: &mut Fields<'_>, names: &mut Names, id: FactId) -> Reading<Causes> {
    let Some(list) = fields.find("causes") else { return Ok(Causes::NONE) };
    let mut causes = Causes::NONE;
    for value in list.array("a list of ids of facts")? {
        let cause = FactId::read(value, names)?;
        if cause >= id {
            return Err(value.unexpected(&format!("a cause with an id below {}", id.raw())));
        }
        causes = causes.and(cause);
    }
    Ok(causes)
}
