//! A campaign that ctrl-C ends: it tells what it came to, says so by its exit code, and goes on from there when it is asked again.
//! What a kill does is tested with campaigns.

#![expect(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests may")]

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use assert_cmd::cargo::CommandCargoExt;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// More than anybody waits for, of clients that keep the rules among their like: there is nothing to find.
const CAMPAIGN: [&str; 6] =
    ["fuzz", "--out=c", "--cases=1000000000", "--jobs=2", "--no-scenarios", "--no-neighbours"];

/// Ends the campaign by a signal as soon as it has saved something.
fn interrupted(folder: &Path, more: &[&str]) -> Output {
    let running = Command::cargo_bin("withheld")
        .unwrap()
        .current_dir(folder)
        .args(CAMPAIGN)
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lanes = folder.join("c/lanes");
    let is_begun = || lanes.read_dir().is_ok_and(|mut lanes| lanes.next().is_some());
    while !is_begun() {
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(500));
    let process = Pid::from_child(&running);
    kill_process(process, Signal::INT).unwrap();
    running.wait_with_output().unwrap()
}

#[test]
fn a_campaign_that_is_interrupted_tells_what_it_came_to_and_goes_on_from_there() {
    let folder = tempfile::tempdir().unwrap();
    let first = interrupted(folder.path(), &[]);
    let told = String::from_utf8(first.stdout).unwrap();
    assert_eq!(first.status.code(), Some(2), "{told}{}", String::from_utf8_lossy(&first.stderr));
    assert!(told.contains("interrupted"), "{told}");
    let so_far = |folder: &Path| {
        let result: Value =
            serde_json::from_slice(&std::fs::read(folder.join("c/campaign.json")).unwrap())
                .unwrap();
        result["cases"]["all"].as_u64().unwrap()
    };
    let before = so_far(folder.path());
    assert!(before > 0);
    let second = interrupted(folder.path(), &["--json"]);
    assert_eq!(second.status.code(), Some(2));
    let told: Value = serde_json::from_slice(&second.stdout).unwrap();
    assert_eq!(told["cases"]["all"].as_u64(), Some(so_far(folder.path())));
    assert!(so_far(folder.path()) > before, "it goes on from where it was");
}
