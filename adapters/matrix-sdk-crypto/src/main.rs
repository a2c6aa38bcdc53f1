//! `withheld` with matrix-sdk-crypto on the devices: every command of the core, and `conform`.
//! It knows no flag of its own.

use std::io::{BufWriter, Write, stderr, stdout};
use std::process::ExitCode;

use withheld::cli::streams::{Streams, Terminal};
use withheld_matrix_sdk::conform;
use withheld_matrix_sdk::simulator::SdkRooms;

fn main() -> ExitCode {
    let (mut out, mut err) = (BufWriter::new(stdout().lock()), stderr());
    let args: Vec<_> = std::env::args_os().collect();
    if args.get(1).is_some_and(|command| command == "conform") {
        let code = conform::main(args.into_iter().skip(1), &mut out, &mut err);
        let _ = out.flush();
        return ExitCode::from(code);
    }
    let mut streams = Streams::new(&mut out, &mut err, Terminal::of_process());
    let simulator = SdkRooms::default();
    ExitCode::from(withheld::cli::main(&simulator, args, &mut streams))
}
