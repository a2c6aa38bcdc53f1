//! `withheld` with matrix-sdk-crypto on the devices: every command of the core, and `conform`.
//! Of its own it knows one flag, which says what runs on a device.

use std::ffi::OsString;
use std::io::{BufWriter, Write, stderr, stdout};
use std::process::ExitCode;

use withheld::cli::streams::{Streams, Terminal};
use withheld::run::status::Exit;
use withheld_matrix_sdk::casting::Casting;
use withheld_matrix_sdk::simulator::SdkRooms;
use withheld_matrix_sdk::{conform, fidelity};

const HELP: &str = "
Also: conform, fidelity, and with every command that runs files
      --device <DEVICE>=<CLIENT>  What runs on a device: matrix-sdk-crypto, as on all that are not named, or reference
";

/// A command of this program's own.
type Own = fn(Vec<OsString>, &mut dyn Write, &mut dyn Write) -> u8;

fn main() -> ExitCode {
    let (mut out, mut err) = (BufWriter::new(stdout().lock()), stderr());
    let (args, casting) = match taken_out(std::env::args_os()) {
        Ok(taken) => taken,
        Err(problem) => {
            let _ = writeln!(err, "error: --device: {problem}");
            return ExitCode::from(Exit::BadInput.code());
        }
    };
    let own: Option<Own> = match args.get(1).and_then(|command| command.to_str()) {
        Some("conform") => Some(conform::main),
        Some("fidelity") => Some(fidelity::main),
        Some(_) | None => None,
    };
    if let Some(own) = own {
        if casting != Casting::default() {
            let _ = writeln!(err, "error: --device: this command says itself what runs where");
            return ExitCode::from(Exit::BadInput.code());
        }
        let code = own(args.into_iter().skip(1).collect(), &mut out, &mut err);
        let _ = out.flush();
        return ExitCode::from(code);
    }
    let asks_for_help = args.iter().skip(1).all(|one| one == "--help" || one == "-h");
    let mut streams = Streams::new(&mut out, &mut err, Terminal::of_process());
    let simulator = SdkRooms::default().cast(casting);
    let code = withheld::cli::main(&simulator, args, &mut streams);
    if asks_for_help {
        let _ = out.write_all(HELP.as_bytes());
    }
    ExitCode::from(code)
}

/// Takes what is said of devices out of the arguments.
fn taken_out(args: impl Iterator<Item = OsString>) -> Result<(Vec<OsString>, Casting), String> {
    let (mut rest, mut casting) = (Vec::new(), Casting::default());
    let mut args = args;
    while let Some(arg) = args.next() {
        let text = arg.to_string_lossy().into_owned();
        if text == "--" {
            rest.push(arg);
            rest.extend(args);
            break;
        } else if let Some(one) =
            text.strip_prefix("--device=").filter(|one| one.contains('=') || !is_explained(&rest))
        {
            casting.read(one)?;
        } else if text == "--device" && !is_explained(&rest) {
            let one = args.next().ok_or("expected DEVICE=CLIENT behind it")?;
            casting.read(&one.to_string_lossy())?;
        } else {
            rest.push(arg);
        }
    }
    Ok((rest, casting))
}

/// Whether the command has a flag of that name itself: `explain` has, for the device that it is about.
fn is_explained(args: &[OsString]) -> bool {
    args.get(1).is_some_and(|command| command == "explain")
}
