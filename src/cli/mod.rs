//! The command line: flags, files, output, exit codes.
//! It does not simulate or judge anything itself, and it takes the simulator that it is given.

pub mod args;
pub mod streams;

mod bless;
mod check;
mod commands;
mod explain;
mod failure;
mod findings;
mod fuzz;
pub mod fuzz_args;
mod fuzz_page;
pub mod inputs;
mod interrupt;
mod matrix;
mod mutants;
pub mod mutants_args;
mod named;
mod overhead;
pub mod overhead_args;
mod pictures;
mod progress;
mod quote;
mod rules;
mod run;
mod shrink;
mod stopwatch;

use std::ffi::OsString;
use std::io::Write;

use clap::Parser;

use crate::report::paint::Paint;
use crate::run::simulator::Simulator;
use crate::run::status::Exit;

use self::args::{Cli, Command, RunArgs, SchemaOf};
use self::failure::Failure;
use self::streams::Streams;

/// Carries out the command in `args`, the first of which is the name of the program, and returns the exit code. Programs
/// with clients of their own call this with a simulator that runs these.
pub fn main(
    simulator: &dyn Simulator,
    args: impl IntoIterator<Item = OsString>,
    streams: &mut Streams<'_>,
) -> u8 {
    let exit = match parse(args, streams) {
        Ok(Some(cli)) => carry_out(simulator, cli, streams),
        Ok(None) => Ok(Exit::Holds),
        Err(failure) => Err(failure),
    };
    let exit = exit.and_then(|exit| streams.out.flush().map(|()| exit).map_err(Failure::Output));
    match exit {
        Ok(exit) => exit.code(),
        Err(failure) => {
            // If the error cannot be written either, the exit code still tells.
            let _ = write!(streams.err, "{failure}");
            let _ = streams.err.flush();
            failure.exit().code()
        }
    }
}

/// Reads the arguments; `None` if they ask for help or the version, which are printed then.
fn parse(
    args: impl IntoIterator<Item = OsString>,
    streams: &mut Streams<'_>,
) -> Result<Option<Cli>, Failure> {
    let error = match Cli::try_parse_from(args) {
        Ok(cli) => return Ok(Some(cli)),
        Err(error) => error,
    };
    let text = error.render();
    let paint = if error.use_stderr() { streams.terminal.err } else { streams.terminal.out };
    let text = match paint {
        Paint::Plain => text.to_string(),
        Paint::Colour => text.ansi().to_string(),
    };
    if error.use_stderr() {
        return Err(Failure::Usage(text));
    }
    write!(streams.out, "{text}").map_err(Failure::Output)?;
    Ok(None)
}

fn carry_out(
    simulator: &dyn Simulator,
    cli: Cli,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    streams.terminal.paint(cli.color);
    match cli.command {
        Some(Command::Run(args)) => run::run(simulator, &args, streams),
        Some(Command::Check(args)) => check::check(&args, streams),
        Some(Command::Overhead(args)) => overhead::run(simulator, &args, streams),
        Some(Command::Schema { trace, policy }) => {
            commands::schema(SchemaOf::of(trace, policy), streams)
        }
        Some(Command::Rules(args)) => rules::rules(simulator, &args, streams),
        Some(Command::Explain(args)) => explain::explain(simulator, &args, streams),
        Some(Command::Shrink(args)) => shrink::shrink_file(simulator, &args, streams),
        Some(Command::Matrix(args)) => matrix::run(simulator, &args, streams),
        Some(Command::Fuzz(args)) => fuzz::fuzz(simulator, &args, streams),
        Some(Command::Merge(args)) => fuzz::merge(simulator, &args, streams),
        Some(Command::Mutants(args)) => mutants::run(simulator, &args, streams),
        Some(Command::Expand { file }) => commands::expand(&file, streams),
        None if RunArgs::default_folder_exists() => {
            run::run(simulator, &RunArgs::default(), streams)
        }
        None => commands::help(streams),
    }
}

#[cfg(test)]
mod tests;
