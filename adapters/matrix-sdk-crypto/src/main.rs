//! `withheld` with matrix-sdk-crypto: every command of the core.
//! It knows no flag of its own.

use std::io::{BufWriter, stderr, stdout};
use std::process::ExitCode;

use withheld::cli::streams::{Streams, Terminal};
use withheld_matrix_sdk::simulator::SdkRooms;

fn main() -> ExitCode {
    let (mut out, mut err) = (BufWriter::new(stdout().lock()), stderr());
    let mut streams = Streams::new(&mut out, &mut err, Terminal::of_process());
    let simulator = SdkRooms::default();
    ExitCode::from(withheld::cli::main(&simulator, std::env::args_os(), &mut streams))
}
