//! `withheld` with matrix-sdk-crypto on the devices: every command of the core, and `conform` and `fidelity`.
//! Of its own it knows three flags, which say what runs on a device, in what that keeps its keys, and what is known of it.

use std::ffi::OsString;
use std::io::{BufWriter, Write, stderr, stdout};
use std::path::Path;
use std::process::ExitCode;

use withheld::cli::streams::{Streams, Terminal};
use withheld::run::status::Exit;
use withheld_matrix_sdk::casting::Casting;
use withheld_matrix_sdk::known::Known;
use withheld_matrix_sdk::simulator::SdkRooms;
use withheld_matrix_sdk::store::StoreKind;
use withheld_matrix_sdk::{conform, fidelity};

const HELP: &str = "
Also: conform, fidelity, and with every command that runs files
      --device <DEVICE>=<CLIENT>  What runs on a device: matrix-sdk-crypto, as on all that are not named, or reference
      --known <FOLDER>            Findings that are known: what is broken as their rooms show it is told and does not count
      --store <STORE>             In what matrix-sdk-crypto keeps its keys: pickles in memory, as if nothing is said, or sqlite
";

/// A command of this program's own.
type Own = fn(Vec<OsString>, &mut dyn Write, &mut dyn Write) -> u8;

fn main() -> ExitCode {
    let (mut out, mut err) = (BufWriter::new(stdout().lock()), stderr());
    let args: Vec<OsString> = std::env::args_os().collect();
    let own: Option<Own> = match args.get(1).and_then(|command| command.to_str()) {
        Some("conform") => Some(conform::main),
        Some("fidelity") => Some(fidelity::main),
        Some(_) | None => None,
    };
    if let Some(own) = own {
        let code = own(args.into_iter().skip(1).collect(), &mut out, &mut err);
        let _ = out.flush();
        return ExitCode::from(code);
    }
    let (args, simulator) = match taken_out(args.into_iter()) {
        Ok(taken) => taken,
        Err(problem) => {
            let _ = writeln!(err, "error: {problem}");
            return ExitCode::from(Exit::BadInput.code());
        }
    };
    let asks_for_help = args.iter().skip(1).all(|one| one == "--help" || one == "-h");
    let mut streams = Streams::new(&mut out, &mut err, Terminal::of_process());
    let code = withheld::cli::main(&simulator, args, &mut streams);
    if asks_for_help {
        let _ = out.write_all(HELP.as_bytes());
    }
    ExitCode::from(code)
}

/// Takes what is said of devices, of their stores and of what is known out of the arguments.
fn taken_out(args: impl Iterator<Item = OsString>) -> Result<(Vec<OsString>, SdkRooms), String> {
    let (mut rest, mut casting, mut known) = (Vec::new(), Casting::default(), Known::default());
    let mut args = args;
    while let Some(arg) = args.next() {
        let text = arg.to_string_lossy().into_owned();
        let device =
            text.strip_prefix("--device=").filter(|one| one.contains('=') || !is_explained(&rest));
        if text == "--" {
            rest.push(arg);
            rest.extend(args);
            break;
        } else if let Some(one) = device {
            casting = of_device(casting, one)?;
        } else if text == "--device" && !is_explained(&rest) {
            let one = args.next().ok_or("--device: expected DEVICE=CLIENT behind it")?;
            casting = of_device(casting, &one.to_string_lossy())?;
        } else if let Some(name) = text.strip_prefix("--store=") {
            casting = in_store(casting, name)?;
        } else if text == "--store" {
            let name = args.next().ok_or("--store: expected pickles or sqlite behind it")?;
            casting = in_store(casting, &name.to_string_lossy())?;
        } else if let Some(folder) = text.strip_prefix("--known=") {
            known = Known::read(Path::new(folder))?;
        } else if text == "--known" {
            let folder = args.next().ok_or("--known: expected a folder behind it")?;
            known = Known::read(Path::new(&folder))?;
        } else {
            rest.push(arg);
        }
    }
    Ok((rest, SdkRooms::default().cast(casting).knowing(known)))
}

fn of_device(mut casting: Casting, text: &str) -> Result<Casting, String> {
    casting.read(text).map_err(|problem| format!("--device: {problem}"))?;
    Ok(casting)
}

fn in_store(casting: Casting, name: &str) -> Result<Casting, String> {
    let store = StoreKind::read(name).map_err(|problem| format!("--store: `{name}`: {problem}"))?;
    Ok(casting.stored_in(store))
}

/// Whether the command has a flag of that name itself: `explain` has, for the device that it is about.
fn is_explained(args: &[OsString]) -> bool {
    args.get(1).is_some_and(|command| command == "explain")
}
