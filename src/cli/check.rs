//! `withheld check`: reads logs, judges them together, prints what came of it.
//! It does not know what a rule means; it knows files and lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use crate::report::log::{LogTold, log_view};
use crate::report::log_json::log_document;
use crate::report::room::Layout;
use crate::report::text::{safe, width};
use crate::run::logs::{Line, Log, LogProblem, bad_lines, judge_logs};
use crate::run::status::Exit;
use crate::trace::jsonl::LogError;

use super::args::CheckArgs;
use super::failure::{Failure, reason, shown};
use super::inputs;
use super::streams::{Streams, write_json};

/// How much of a log is read at once.
const BUFFER: usize = 256 * 1024;
/// So many lines that are wrong are told.
const BAD_LINES: usize = 20;

/// A log in a file, or what came from the standard input, which cannot be read twice.
enum LogFile {
    At(PathBuf),
    Held(Vec<u8>),
}

impl LogFile {
    fn new(path: &Path) -> Result<Self, Failure> {
        if !inputs::is_standard(path) {
            return Ok(Self::At(path.to_owned()));
        }
        let mut bytes = Vec::new();
        let read = io::stdin().lock().read_to_end(&mut bytes);
        read.map(|_| Self::Held(bytes)).map_err(|error| {
            bad(vec![format!("{}: cannot be read: {}", shown(path), reason(&error))])
        })
    }
}

impl Log for LogFile {
    fn open(&self) -> io::Result<Box<dyn BufRead + '_>> {
        let path = match self {
            Self::At(path) => path,
            Self::Held(bytes) => return Ok(Box::new(&bytes[..])),
        };
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        Ok(Box::new(BufReader::with_capacity(BUFFER, file)))
    }
}

fn bad(problems: Vec<String>) -> Failure {
    Failure::Input { problems, therefore: "nothing was judged".to_owned() }
}

/// A file that is named more than once, in whatever way.
fn given_twice(paths: &[PathBuf]) -> Option<&PathBuf> {
    let whole: Vec<PathBuf> =
        paths.iter().map(|path| path.canonicalize().unwrap_or_else(|_| path.clone())).collect();
    let again = (0..paths.len()).find(|place| whole[..*place].contains(&whole[*place]));
    again.map(|place| &paths[place])
}

/// Carries the command out. Nothing is printed before every log has been read and judged.
pub(super) fn check(args: &CheckArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    if let Some(path) = given_twice(&args.logs) {
        return Err(bad(vec![format!("{}: found twice, expected each log once", shown(path))]));
    }
    let files = args
        .logs
        .iter()
        .map(|path| LogFile::new(path))
        .collect::<Result<Vec<LogFile>, Failure>>()?;
    let logs: Vec<&dyn Log> = files.iter().map(|file| file as &dyn Log).collect();
    let names: Vec<String> = args.logs.iter().map(|path| path.to_string_lossy().into()).collect();
    let judged = judge_logs(&logs, args.rules.reading())
        .map_err(|problem| bad(problems(args, &logs, problem)))?;
    let told = LogTold { files: &names, judged: &judged, everything: args.undecided };
    let printed = if args.printed.is_json() {
        write_json(&mut streams.out, &log_document(&told))
    } else {
        let layout = Layout { columns: streams.terminal.columns, paint: streams.terminal.out };
        write!(streams.out, "{}", log_view(&told, layout))
    };
    printed.map(|()| told.status().exit()).map_err(Failure::Output)
}

/// What is wrong: of lines that are, not only the first.
fn problems(args: &CheckArgs, logs: &[&dyn Log], first: LogProblem) -> Vec<String> {
    if !matches!(&first, LogProblem::Unreadable { error: LogError::Malformed { .. }, .. }) {
        return vec![said(args, &first)];
    }
    let found = match bad_lines(logs, BAD_LINES + 1) {
        Ok(found) if !found.is_empty() => found,
        Ok(_) | Err(_) => vec![first],
    };
    let mut lines: Vec<String> =
        found.iter().take(BAD_LINES).map(|problem| said(args, problem)).collect();
    if found.len() > BAD_LINES {
        lines.push("there are more lines that are wrong".to_owned());
    }
    lines
}

/// A problem with the place where it is.
fn said(args: &CheckArgs, problem: &LogProblem) -> String {
    let file = |log: usize| shown(&args.logs[log]);
    let place = |line: &Line| format!("{}:{}", file(line.log), line.line);
    match problem {
        LogProblem::Unreadable { log, error: LogError::Io(error) } => {
            format!("{}: cannot be read: {}", file(*log), reason(error))
        }
        LogProblem::Unreadable { log, error: error @ LogError::Malformed { near, .. } } => {
            let (before, after) = (safe(&near.before), safe(&near.after));
            let margin = " ".repeat(width(&before));
            let told = safe(&error.to_string());
            format!("{}:{told}\n  {before}{after}\n  {margin}^", file(*log))
        }
        LogProblem::Boundless { log } => format!(
            "{}: found no `observes` in the header, expected it in each of several logs",
            file(*log)
        ),
        LogProblem::Repeated { again, first } => format!(
            "{}: found the same fact of the same observer as in {}, expected it in one of several logs; was one log given twice?",
            place(again),
            place(first)
        ),
        LogProblem::Contradiction { later, earlier } => format!(
            "{}: found a fact that rests on {}, which by what the logs tell comes after it, expected an order \
             in which both can stand",
            place(later),
            place(earlier)
        ),
    }
}
