//! The `withheld` command: hands its arguments to the library and exits with its code.
//! It knows no flag and no file.

use std::io::{BufWriter, stderr, stdout};
use std::process::ExitCode;

use withheld::cli::streams::{Streams, Terminal};
use withheld::run::clients::{InWorld, References};

fn main() -> ExitCode {
    let (mut out, mut err) = (BufWriter::new(stdout().lock()), stderr().lock());
    let mut streams = Streams::new(&mut out, &mut err, Terminal::of_process());
    let simulator = InWorld(References);
    ExitCode::from(withheld::cli::main(&simulator, std::env::args_os(), &mut streams))
}
