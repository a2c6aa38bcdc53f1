//! Logs from outside, judged: read once, or, if there are several, brought into one order first.
//! It does not know where logs come from beyond that they can be read twice, nor how a judgement is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead};

use hashbrown::HashMap;

use crate::check::Checker;
use crate::check::cast::Cast;
use crate::check::coverage::Coverage;
use crate::check::outcome::Outcome;
use crate::engine::hash::FixedState;
use crate::ids::{DeviceId, FactId};
use crate::rulebook::reading::{Reading, ReadingName};
use crate::scenario::model::{Scenario, Strings};
use crate::time::SimTime;
use crate::trace::announced::Announced;
use crate::trace::fact::{Causes, Fact, FactKind, Observer, RunEnd};
use crate::trace::jsonl::{Entry, LogError, LogNames, LogReader, OwnIds, skeleton};
use crate::trace::merge::merge;
use crate::trace::recorded::Recorded;
use crate::trace::sink::FactSink;

/// Something that can be read from its beginning, more than once.
pub trait Log {
    /// Begins to read.
    ///
    /// # Errors
    /// If it cannot be read.
    fn open(&self) -> io::Result<Box<dyn BufRead + '_>>;
}

/// A place in the logs that are judged: which log, counted from 0, and which line, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The log.
    pub log: usize,
    /// The line.
    pub line: u64,
}

/// Why logs cannot be judged.
#[derive(Debug)]
pub enum LogProblem {
    /// One of them cannot be read.
    Unreadable {
        /// Which.
        log: usize,
        /// Why.
        error: LogError,
    },
    /// One of several does not say what it records.
    Boundless {
        /// Which.
        log: usize,
    },
    /// Two logs tell the same: one was given twice, or both record the same observer.
    Repeated {
        /// A line that stands in an earlier log, too.
        again: Line,
        /// Where it stands there.
        first: Line,
    },
    /// `later` rests on `earlier`, and the logs leave no order in which it could.
    Contradiction {
        /// What should come later.
        later: Line,
        /// What should come earlier.
        earlier: Line,
    },
}

/// A log as far as it can be described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSummary {
    /// What it says that it is about.
    pub about: String,
    /// How many facts of it were judged.
    pub facts: u64,
    /// Whether it breaks off within a line.
    pub cut: bool,
    /// Whether its header says what is recorded; else everything that anybody saw is taken to be there.
    pub says_what: bool,
    /// How many facts it has of observers of whom its header does not say that anything is recorded.
    pub unannounced: BTreeMap<Observer, u64>,
    /// The first line whose time is before that of the line before it.
    pub back: Option<u64>,
    /// How many facts of kinds that are not known here it has, by kind.
    pub unknown: BTreeMap<String, u64>,
}

/// What logs were judged to be.
#[derive(Debug, Clone)]
pub struct JudgedLogs {
    /// The judgement.
    pub outcome: Outcome,
    /// The names in it.
    pub names: Scenario,
    /// What the logs call what has no name.
    pub ids: OwnIds,
    /// The announced faults.
    pub faults: Vec<Announced>,
    /// The logs.
    pub logs: Vec<LogSummary>,
    /// The facts that the judgement rests on, each with its line.
    pub witnesses: BTreeMap<FactId, (Line, Fact)>,
    /// When the last fact was observed.
    pub ended_at: SimTime,
    /// Who is recorded; `None` if everybody is.
    pub heard: Option<BTreeSet<Observer>>,
}

/// Reads and judges these logs together.
///
/// # Errors
/// If one cannot be read, or they cannot be brought into one order.
pub fn judge_logs(logs: &[&dyn Log], reading: ReadingName) -> Result<JudgedLogs, LogProblem> {
    let mut names = LogNames::default();
    let mut readers = open_all(logs, &mut names)?;
    if readers.len() > 1
        && let Some(log) = readers.iter().position(|reader| reader.observes().is_none())
    {
        return Err(LogProblem::Boundless { log });
    }
    let faults: Vec<Announced> =
        readers.iter().flat_map(|reader| reader.faults().to_vec()).collect();
    let cast = Cast::announced(
        names.devices().map(|(_, user)| user).collect(),
        names.users().map(|(_, server)| server).collect(),
        faults.clone(),
    );
    let recorded: Vec<Option<&[Recorded]>> = readers.iter().map(LogReader::observes).collect();
    let coverage = Coverage::of(&cast, &recorded);
    let heard: Option<Vec<&[Recorded]>> = recorded.iter().copied().collect();
    let heard = heard.map(|logs| logs.concat().iter().map(|one| one.observer).collect());
    let checker = Checker::new(cast.clone(), Reading::named(reading)).shown(coverage.clone());
    let judged = match &mut readers[..] {
        [one] => stream(one, &mut names, checker)?,
        several => together(several, &mut names, (checker, &cast))?,
    };
    let Stream { mut outcome, summaries, ended_at, places, has_end } = judged;
    if !has_end {
        outcome.gaps.add_unended(&cast, &coverage);
    }
    let mut witnesses: BTreeMap<FactId, Option<(Line, Fact)>> =
        wanted(&outcome).map(|id| (id, None)).collect();
    match places {
        Some(places) => {
            for (id, kept) in &mut witnesses {
                *kept = places.get(id.index()).copied();
            }
        }
        None => read_again(logs[0], &mut witnesses)?,
    }
    Ok(JudgedLogs {
        outcome,
        names: skeleton(&names),
        ids: names.into_own_ids(),
        faults,
        logs: summaries,
        witnesses: witnesses.into_iter().filter_map(|(id, kept)| Some((id, kept?))).collect(),
        ended_at,
        heard,
    })
}

/// The first lines that are not what they should be, at most so many; what is wrong with one does not depend on those before it, but
/// for names and numbers that have to follow each other.
///
/// # Errors
/// If a log cannot be read, or a header is not one: then nothing behind it can be told.
pub fn bad_lines(logs: &[&dyn Log], limit: usize) -> Result<Vec<LogProblem>, LogProblem> {
    let mut names = LogNames::default();
    let mut found = Vec::new();
    for (log, mut reader) in open_all(logs, &mut names)?.into_iter().enumerate() {
        while found.len() < limit {
            match reader.next(&mut names) {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error @ LogError::Malformed { .. }) => {
                    found.push(LogProblem::Unreadable { log, error });
                }
                Err(error @ LogError::Io(_)) => return Err(LogProblem::Unreadable { log, error }),
            }
        }
    }
    Ok(found)
}

/// A log that is being read.
type Reader<'l> = LogReader<Box<dyn BufRead + 'l>>;

/// What came of reading and judging.
struct Stream {
    outcome: Outcome,
    summaries: Vec<LogSummary>,
    ended_at: SimTime,
    /// Whether the facts say how they end.
    has_end: bool,
    /// All facts with their lines, where they had to be kept; the id of a fact is its position.
    places: Option<Vec<(Line, Fact)>>,
}

fn open_all<'l>(logs: &[&'l dyn Log], names: &mut LogNames) -> Result<Vec<Reader<'l>>, LogProblem> {
    let open = |(log, one): (usize, &&'l dyn Log)| {
        let input = one.open().map_err(LogError::Io);
        let reader = input.and_then(|input| LogReader::open(input, names));
        reader.map_err(|error| LogProblem::Unreadable { log, error })
    };
    logs.iter().enumerate().map(open).collect()
}

/// Reads a log to its end.
fn read(
    log: usize,
    reader: &mut Reader<'_>,
    names: &mut LogNames,
    mut take: impl FnMut(&Strings, u64, Fact),
) -> Result<LogSummary, LogProblem> {
    let observes = reader.observes();
    let announced: Option<BTreeSet<Observer>> =
        observes.map(|observes| observes.iter().map(|one| one.observer).collect());
    let mut last = SimTime::ZERO;
    let mut summary = LogSummary {
        about: reader.about().to_owned(),
        facts: 0,
        cut: false,
        says_what: announced.is_some(),
        unannounced: BTreeMap::new(),
        back: None,
        unknown: BTreeMap::new(),
    };
    while let Some(entry) =
        reader.next(names).map_err(|error| LogProblem::Unreadable { log, error })?
    {
        match entry {
            Entry::Fact(fact) => {
                summary.facts += 1;
                if announced.as_ref().is_some_and(|known| !known.contains(&fact.observer)) {
                    *summary.unannounced.entry(fact.observer).or_default() += 1;
                }
                if fact.at < last && summary.back.is_none() {
                    summary.back = Some(reader.line());
                }
                last = fact.at;
                take(names.strings(), reader.line(), fact);
            }
            Entry::Unknown(kind) => *summary.unknown.entry(kind).or_default() += 1,
            Entry::Cut => summary.cut = true,
        }
    }
    Ok(summary)
}

/// Judges a single log while it is read; none of its facts is kept.
fn stream(
    reader: &mut Reader<'_>,
    names: &mut LogNames,
    mut checker: Checker,
) -> Result<Stream, LogProblem> {
    let (mut ended_at, mut has_end) = (SimTime::ZERO, false);
    let summary = read(0, reader, names, |texts, _, fact| {
        checker.learn_texts(texts);
        ended_at = ended_at.max(fact.at);
        has_end |= matches!(fact.kind, FactKind::RunEnd(_));
        checker.record(&fact);
    })?;
    let (outcome, summaries) = (checker.finish(), vec![summary]);
    Ok(Stream { outcome, summaries, ended_at, has_end, places: None })
}

/// Judges several logs: all of their facts are read, put into one order and numbered anew.
fn together(
    readers: &mut [Reader<'_>],
    names: &mut LogNames,
    (mut checker, cast): (Checker, &Cast),
) -> Result<Stream, LogProblem> {
    let mut facts: Vec<Vec<Fact>> = Vec::new();
    let mut lines: Vec<Vec<u64>> = Vec::new();
    let mut summaries = Vec::new();
    let (mut at_rest, mut has_end) = (true, true);
    for (log, reader) in readers.iter_mut().enumerate() {
        let (mut own, mut own_lines, mut end) = (Vec::new(), Vec::new(), None);
        summaries.push(read(log, reader, names, |_, line, fact| {
            if let FactKind::RunEnd(ended) = fact.kind {
                end = Some(ended);
            } else {
                own.push(fact);
                own_lines.push(line);
            }
        })?);
        // Everything came to rest if every log says so.
        at_rest &= end == Some(RunEnd::Quiescent);
        has_end &= end.is_some();
        facts.push(own);
        lines.push(own_lines);
    }
    checker.learn_texts(names.strings());
    let line = |(log, position): (usize, usize)| Line { log, line: lines[log][position] };
    if let Some((again, first)) = repeated(&facts) {
        return Err(LogProblem::Repeated { again: line(again), first: line(first) });
    }
    let order = merge(&facts, |device: DeviceId| cast.server_of(device)).map_err(|found| {
        LogProblem::Contradiction { later: line(found.later), earlier: line(found.earlier) }
    })?;
    let mut renumbered: BTreeMap<(usize, FactId), FactId> = BTreeMap::new();
    let mut places = Vec::with_capacity(order.len());
    for (log, position) in order {
        let fact = facts[log][position];
        let id = FactId::at(places.len());
        renumbered.insert((log, fact.id), id);
        let known = |cause| renumbered.get(&(log, cause)).copied();
        let causes = fact.causes.iter().filter_map(known).fold(Causes::NONE, Causes::and);
        let fact = Fact { id, causes, ..fact };
        checker.record(&fact);
        places.push((line((log, position)), fact));
    }
    let ended_at = places.iter().map(|(_, fact)| fact.at).max().unwrap_or(SimTime::ZERO);
    if at_rest {
        let (id, kind) = (FactId::at(places.len()), FactKind::RunEnd(RunEnd::Quiescent));
        let (observer, causes) = (Observer::World, Causes::NONE);
        checker.record(&Fact { id, at: ended_at, clock: ended_at, observer, kind, causes });
    }
    let outcome = checker.finish();
    Ok(Stream { outcome, summaries, ended_at, has_end, places: Some(places) })
}

/// The first fact that an earlier log has as well: the same observer saw the same at the same time, which is one fact and not two.
fn repeated(facts: &[Vec<Fact>]) -> Option<((usize, usize), (usize, usize))> {
    let mut seen: HashMap<(SimTime, Observer, FactKind), (usize, usize), FixedState> =
        HashMap::default();
    for (log, own) in facts.iter().enumerate() {
        for (position, fact) in own.iter().enumerate() {
            let place = (log, position);
            let first = *seen.entry((fact.at, fact.observer, fact.kind)).or_insert(place);
            // Within one log the same may come twice at one time.
            if first.0 != log {
                return Some((place, first));
            }
        }
    }
    None
}

/// The facts that a judgement rests on.
fn wanted(outcome: &Outcome) -> impl Iterator<Item = FactId> {
    let verdicts = outcome.verdicts.iter().flat_map(|verdict| verdict.witnesses);
    let violations = outcome.violations.iter().flat_map(|violation| violation.witnesses);
    verdicts.chain(violations).flatten()
}

/// Reads a log once more to find the facts that are wanted.
fn read_again(
    log: &dyn Log,
    witnesses: &mut BTreeMap<FactId, Option<(Line, Fact)>>,
) -> Result<(), LogProblem> {
    if witnesses.is_empty() {
        return Ok(());
    }
    let mut names = LogNames::default();
    let mut readers = open_all(&[log], &mut names)?;
    for reader in &mut readers {
        read(0, reader, &mut names, |_, line, fact| {
            if let Some(kept) = witnesses.get_mut(&fact.id) {
                *kept = Some((Line { log: 0, line }, fact));
            }
        })?;
    }
    Ok(())
}
