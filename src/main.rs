//! The `withheld` command: hands its arguments to the library and exits with its code.
//! It knows no flag and no file.

use mimalloc::MiMalloc;
use std::io::{BufWriter, stderr, stdout};
use std::process::ExitCode;

use withheld::cli::streams::{Streams, Terminal};
use withheld::run::clients::{InWorld, References};

/// A small room is some thousand short-lived small blocks: how fast these are had is a good part of how fast it runs.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    // Neither is locked for the whole run: a bar of progress is drawn on the same terminal by whatever thread is ahead.
    let (mut out, mut err) = (BufWriter::new(stdout()), stderr());
    let mut streams = Streams::new(&mut out, &mut err, Terminal::of_process());
    let simulator = InWorld(References);
    ExitCode::from(withheld::cli::main(&simulator, std::env::args_os(), &mut streams))
}
