//! `withheld shrink`: reads a file, makes what fails in it small, prints or writes the small room.
//! It does not know how a room is made small.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::report::shrunk::{ShrunkTold, clause, document, summary, titled};
use crate::report::text::{list, safe};
use crate::rulebook::reading::ReadingName;
use crate::rulebook::rule::Rule;
use crate::run::failure::{Found, Trial, Tried, try_out};
use crate::run::shrunk::{Shrunk, shrink};
use crate::run::simulator::Simulator;
use crate::run::status::Exit;
use crate::run::why::Subject;
use crate::scenario::file;
use crate::scenario::model::Scenario;
use crate::store::atomic::AtomicFile;

use super::args::ShrinkArgs;
use super::explain::{self, rule_named};
use super::failure::{Failure, shown};
use super::inputs::{self, Input};
use super::quote::quoted;
use super::streams::{Streams, write_json};

/// So many other failures are named.
const OTHERS: usize = 5;

/// Carries the command out.
pub(super) fn shrink_file(
    simulator: &dyn Simulator,
    args: &ShrinkArgs,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let rule = args.rule.as_deref().map(rule_named).transpose()?;
    let mut input = read(args, streams)?;
    if let Some(seed) = args.seed {
        input.scenario.seed = seed;
    }
    let scenario = &input.scenario;
    let trial = Trial {
        expected: rule.is_some(),
        warnings: rule.is_some(),
        repeat: rule.is_none(),
        ..Trial::of_everybody(args.reading.reading())
    };
    let tried = try_out(simulator, scenario, &trial);
    let wanted = |found: &&Found| rule.is_none_or(|rule| is_broken(found, rule));
    let Some(found) = tried.found.iter().find(wanted) else {
        return Err(nothing(args, &input, &tried));
    };
    let shrunk = shrink(simulator, scenario, &trial, (&tried, found), args.limit);
    let text = file::write_brief(&titled(&shrunk));
    if let Some(out) = &args.out {
        write_to(out, &text, args.force)?;
    }
    let told = ShrunkTold {
        path: &input.name,
        shrunk: &shrunk,
        others: &others(scenario, &tried, found),
        commands: &commands(args, &input, &shrunk),
        history: args.history,
    };
    print(args, &told, &text, streams).map_err(Failure::Output)?;
    // Whether there is a smaller one was not decided.
    Ok(if shrunk.is_minimal { Exit::Holds } else { Exit::Inconclusive })
}

fn is_broken(found: &Found, rule: Rule) -> bool {
    found.failure.signature().is_some_and(|signature| signature.rule == rule)
}

fn read(args: &ShrinkArgs, streams: &Streams<'_>) -> Result<Input, Failure> {
    if args.file.is_dir() {
        return Err(Failure::usage(format!(
            "FILE: found the folder {}, expected one scenario file",
            shown(&args.file)
        )));
    }
    let bad = |problems: Vec<String>| Failure::Input {
        problems,
        therefore: "nothing was made small".to_owned(),
    };
    let mut inputs =
        inputs::read_all(vec![args.file.clone()], streams.terminal.err).map_err(bad)?;
    Ok(inputs.remove(0))
}

/// The file does not fail, or not by the rule.
fn nothing(args: &ShrinkArgs, input: &Input, tried: &Tried) -> Failure {
    let mut broken: Vec<&str> = Vec::new();
    for violation in tried.report.outcome.violations.iter().filter(|one| one.injected.is_none()) {
        if !broken.contains(&violation.rule.id()) {
            broken.push(violation.rule.id());
        }
    }
    let name = safe(&input.name);
    let is_injected = tried.report.outcome.violations.iter().any(|one| one.injected.is_some());
    let remark = if is_injected { "; what a fault injects counts against nobody" } else { "" };
    Failure::usage(match (&args.rule, &broken[..]) {
        (Some(rule), []) => format!(
            "--rule: found {}, expected no rule, as none is broken in {name}{remark}",
            safe(rule)
        ),
        (Some(rule), broken) => {
            format!("--rule: found {}, expected one that is broken: {}", safe(rule), list(broken))
        }
        (None, []) => {
            format!("{name}: found nothing that fails, expected a scenario that does{remark}")
        }
        (None, broken) => format!(
            "{name}: found only what the file expects, or warnings; expected a failure, or --rule with one of {}",
            list(broken)
        ),
    })
}

/// What else is wrong, in words, each kind once.
fn others(scenario: &Scenario, tried: &Tried, found: &Found) -> Vec<String> {
    let mut others: Vec<String> = Vec::new();
    let own = clause(scenario, &found.failure, found.subject.as_ref());
    for one in &tried.found {
        let told = clause(scenario, &one.failure, one.subject.as_ref());
        if told != own && !others.contains(&told) {
            others.push(told);
        }
    }
    let more = others.len().saturating_sub(OTHERS);
    if more > 0 {
        others.truncate(OTHERS);
        others.push(format!("{more} more"));
    }
    others
}

/// Writes the small room to a file that is not there, or holds the same, or may be lost.
fn write_to(out: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::File(out.to_owned(), error);
    match fs::read(out) {
        Ok(there) if there == text.as_bytes() => return Ok(()),
        Ok(_) if !force => {
            return Err(Failure::usage(format!(
                "--out: found {} with something else in it, expected a new file, or --force",
                shown(out)
            )));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let mut file = AtomicFile::create(out).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.commit()).map_err(failed)
}

/// The commands that show the small room; without a file that it is in, the one that writes it.
fn commands(args: &ShrinkArgs, input: &Input, shrunk: &Shrunk) -> Vec<(&'static str, String)> {
    let reading = args.reading.reading();
    let Some(out) = &args.out else {
        let mut command = format!("withheld shrink {}", quoted(&input.name));
        if let Some(rule) = &args.rule {
            command.push_str(&format!(" --rule {}", quoted(rule)));
        }
        if let Some(seed) = args.seed {
            command.push_str(&format!(" --seed {seed}"));
        }
        return vec![("keep it", format!("{}{} -o small.json", command, flag(reading)))];
    };
    let name = out.to_string_lossy();
    let mut explain = explain::command(&name, None, reading);
    match (&shrunk.failure.rule(), &shrunk.subject) {
        (Some(rule), Some(Subject::Broken(_))) => {
            explain.push_str(&format!(" --rule {}", rule.id()))
        }
        (_, Some(Subject::Cell(cell))) => explain.push_str(&format!(
            " --message {} --device {}",
            quoted(shrunk.scenario.message_name(cell.message)),
            quoted(shrunk.scenario.device_name(cell.device))
        )),
        (Some(_) | None, Some(Subject::Broken(_) | Subject::Unsent(_)) | None) => {}
    }
    let again = format!("withheld run {}{}", quoted(&name), flag(reading));
    vec![("again", again), ("why", explain)]
}

fn flag(reading: ReadingName) -> String {
    match reading {
        ReadingName::Strict => String::new(),
        ReadingName::Lenient | ReadingName::Draft => format!(" --rules {}", reading.as_str()),
    }
}

/// What is told goes beside the room and not into it.
fn print(
    args: &ShrinkArgs,
    told: &ShrunkTold<'_>,
    text: &str,
    streams: &mut Streams<'_>,
) -> io::Result<()> {
    if args.printed.is_json() {
        return write_json(&mut streams.out, &document(told));
    }
    if args.out.is_none() {
        write!(streams.out, "{text}")?;
    }
    write!(streams.err, "{}", summary(told))
}
