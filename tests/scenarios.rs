//! Every scenario file is a test of its own, named by its path: it is run twice in the strict reading, must be the same
//! both times, and everything that it expects must be exactly so.
//!
//! `cargo test --test scenarios no_olm` runs those whose path has `no_olm` in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use withheld::report::paint::Paint;
use withheld::report::room::{Layout, Told, room_view};
use withheld::rulebook::reading::ReadingName;
use withheld::run::clients::{InWorld, References};
use withheld::run::judged::{DigestCheck, Judging, run_one};
use withheld::run::kept::Kept;
use withheld::run::status::Status;
use withheld::run::twice::run_again;
use withheld::scenario::file;
use withheld::scenario::limits::Limits;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(!files.is_empty(), "there are scenario files below {}", root.display());
    let trials = files.into_iter().map(|path| trial(&root, path)).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// All scenario files below `folder`, in the order of names.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("the folder of scenarios can be read");
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("its entries can be read").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "json") {
            files.push(path);
        }
    }
}

fn trial(root: &Path, path: PathBuf) -> Trial {
    let name = path.strip_prefix(root).expect("the file was found below the root");
    let name = name.with_extension("").to_string_lossy().replace('\\', "/");
    Trial::test(name.clone(), move || holds(&format!("scenarios/{name}.json"), &path))
}

/// Runs the file as `withheld run --locked` does; the full view of the run is what a failure shows.
fn holds(name: &str, path: &Path) -> Result<(), Failed> {
    let bytes = fs::read(path)?;
    let scenario = file::read_bytes(&bytes, &Limits::FILES).map_err(|problems| {
        Failed::from(file::render(&problems, name, &String::from_utf8_lossy(&bytes)))
    })?;
    let simulator = InWorld(References);
    let reading = ReadingName::Strict;
    let judging = Judging { reading, digest: DigestCheck::Locked };
    let mut report = run_one(&simulator, &scenario, judging, &mut Kept::default());
    let kept = run_again(&simulator, &scenario, reading, &mut report);
    if report.status == Status::Holds {
        return Ok(());
    }
    let told = Told {
        path: name,
        scenario: &scenario,
        report: &report,
        kept: &kept,
        replay: &format!("withheld run {name} --locked"),
        why: None,
    };
    Err(room_view(&told, Layout { columns: 100, paint: Paint::Plain }).into())
}
