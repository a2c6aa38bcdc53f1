//! `withheld check`: reads logs, judges them together, prints what came of it.
//! It does not know what a rule means; it knows files and lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;

use crate::report::log::{LogTold, log_view};
use crate::report::log_json::log_document;
use crate::report::text::safe;
use crate::run::logs::{Line, Log, LogProblem, judge_logs};
use crate::run::status::Exit;
use crate::trace::jsonl::LogError;

use super::args::{CheckArgs, Format};
use super::failure::{Failure, reason, shown};
use super::streams::Streams;

/// How much of a log is read at once.
const BUFFER: usize = 256 * 1024;

/// A log in a file.
struct LogFile(PathBuf);

impl Log for LogFile {
    fn open(&self) -> io::Result<Box<dyn BufRead + '_>> {
        let file = File::open(&self.0)?;
        if file.metadata()?.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        Ok(Box::new(BufReader::with_capacity(BUFFER, file)))
    }
}

/// Carries the command out. Nothing is printed before every log has been read and judged.
pub(super) fn check(args: &CheckArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let files: Vec<LogFile> = args.logs.iter().map(|path| LogFile(path.clone())).collect();
    let logs: Vec<&dyn Log> = files.iter().map(|file| file as &dyn Log).collect();
    let names: Vec<String> = args.logs.iter().map(|path| path.to_string_lossy().into()).collect();
    let judged = judge_logs(&logs, args.rules.reading()).map_err(|problem| Failure::Input {
        problems: vec![said(args, &problem)],
        therefore: "nothing was judged".to_owned(),
    })?;
    let told = LogTold { files: &names, judged: &judged };
    let printed = match args.format {
        Format::Json => serde_json::to_writer_pretty(&mut streams.out, &log_document(&told))
            .map_err(io::Error::from)
            .and_then(|()| writeln!(streams.out)),
        Format::Text => write!(streams.out, "{}", log_view(&told, streams.terminal.out)),
    };
    printed.map(|()| told.status().exit()).map_err(Failure::Output)
}

/// A problem with the place where it is.
fn said(args: &CheckArgs, problem: &LogProblem) -> String {
    let file = |log: usize| shown(&args.logs[log]);
    let place = |line: &Line| format!("{}:{}", file(line.log), line.line);
    match problem {
        LogProblem::Unreadable { log, error: LogError::Io(error) } => {
            format!("{}: cannot be read: {}", file(*log), reason(error))
        }
        LogProblem::Unreadable { log, error: error @ LogError::Malformed { .. } } => {
            format!("{}:{}", file(*log), safe(&error.to_string()))
        }
        LogProblem::Boundless { log } => format!(
            "{}: found no `observes` in the header, expected it in each of several logs",
            file(*log)
        ),
        LogProblem::Contradiction { later, earlier } => format!(
            "{}: found a fact that rests on {}, which by what the logs tell comes after it, expected an order \
             in which both can stand",
            place(later),
            place(earlier)
        ),
    }
}
