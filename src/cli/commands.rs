//! The small commands: help, the schema, a file with its defaults filled in.
//! They run nothing.

use std::io::Write;
use std::path::Path;

use clap::CommandFactory;

use crate::report::paint::Paint;
use crate::run::status::Exit;
use crate::scenario::file;
use crate::trace::jsonl;

use super::args::{Cli, SchemaOf};
use super::failure::Failure;
use super::inputs;
use super::streams::Streams;

/// Prints what can be done.
pub(super) fn help(streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let help = Cli::command().render_help();
    let printed = match streams.terminal.out {
        Paint::Plain => write!(streams.out, "{help}"),
        Paint::Colour => write!(streams.out, "{}", help.ansi()),
    };
    printed.map(|()| Exit::Holds).map_err(Failure::Output)
}

/// Prints the JSON Schema of scenario files, that of the lines of a log, or that of policies.
pub(super) fn schema(which: SchemaOf, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let schema = match which {
        SchemaOf::Scenario => file::schema(),
        SchemaOf::Trace => jsonl::schema(),
        SchemaOf::Policy => file::overlay_schema(),
    };
    writeln!(streams.out, "{schema:#}").map_err(Failure::Output)?;
    Ok(Exit::Holds)
}

/// Prints a scenario file with every default filled in.
pub(super) fn expand(path: &Path, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let inputs =
        inputs::read_all(vec![path.to_owned()], streams.terminal.err).map_err(|problems| {
            Failure::Input { problems, therefore: "nothing was printed".to_owned() }
        })?;
    for input in inputs {
        write!(streams.out, "{}", file::write(&input.scenario)).map_err(Failure::Output)?;
    }
    Ok(Exit::Holds)
}
