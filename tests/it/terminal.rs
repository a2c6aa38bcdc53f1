//! The program with its error stream on a terminal: progress is drawn there, and every command comes to its end.
//! It does not know what the commands find.

#![expect(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests may")]

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use assert_cmd::cargo::CommandCargoExt;
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// How long a command may take: each takes a second or two.
const SECONDS: u64 = 120;

/// A terminal of usual size: the end that a person looks at, and the end that a program writes to.
fn terminal() -> (OwnedFd, OwnedFd) {
    let seen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&seen).unwrap();
    unlockpt(&seen).unwrap();
    let name = ptsname(&seen, Vec::new()).unwrap();
    let written = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    tcsetwinsize(&written, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    (seen, written)
}

/// The exit code, if the command ends in time. One that does not is killed.
fn ended(child: &mut Child) -> Option<i32> {
    const STEPS_A_SECOND: u64 = 20;
    for _ in 0..SECONDS * STEPS_A_SECOND {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        thread::sleep(Duration::from_millis(1_000 / STEPS_A_SECOND));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

/// What a command shows on a terminal, and its exit code.
fn watched(folder: &Path, args: &[&str]) -> (String, Option<i32>) {
    let (seen, written) = terminal();
    let mut command = Command::cargo_bin("withheld").unwrap();
    command.current_dir(folder).args(args).env("TERM", "xterm").env_remove("NO_COLOR");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::from(written));
    let mut child = command.spawn().unwrap();
    // The end that is written to must be closed here as well, or the other one would never come to an end.
    drop(command);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut shown = Vec::new();
            // Reading ends with an error when nobody has the other end any more.
            let _ = File::from(seen).read_to_end(&mut shown);
            String::from_utf8_lossy(&shown).into_owned()
        });
        let code = ended(&mut child);
        (reader.join().unwrap(), code)
    })
}

#[test]
fn commands_with_a_progress_display_come_to_their_end_on_a_terminal() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = tempfile::tempdir().unwrap();
    let out = target.path().join("campaign");
    let commands: [(&[&str], i32); 4] = [
        (&["run", "scenarios/no_olm"], 0),
        (
            &[
                "overhead",
                "--worlds",
                "family",
                "--seeds",
                "1",
                "--policies",
                "both",
                "--jobs",
                "2",
            ],
            0,
        ),
        (&["mutants", "X01", "X64", "--cases", "1", "--jobs", "2"], 0),
        (
            &[
                "fuzz",
                "--cases",
                "64",
                "--no-scenarios",
                "--jobs",
                "2",
                "--out",
                out.to_str().unwrap(),
            ],
            0,
        ),
    ];
    for (args, expected) in commands {
        let (shown, code) = watched(root, args);
        assert_eq!(code, Some(expected), "{args:?} shows {shown:?}");
        assert!(shown.contains("\u{1b}[2K") || shown.contains('\r'), "{args:?} shows {shown:?}");
    }
}
