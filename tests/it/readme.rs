//! What the README shows is what its commands print, as far as that is the same every time.
//! How long anything takes is not; what a search finds in ten seconds, and how long mutants take, is shown there as an example.

#![expect(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests may")]

use std::fs;
use std::path::Path;

use super::cli::{folder, text, withheld};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The blocks of the README, each with what it is marked as.
fn blocks() -> Vec<(String, String)> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let fenced = readme.split("\n```").skip(1).step_by(2);
    let block = |fenced: &str| {
        let (kind, body) = fenced.split_once('\n').unwrap();
        (kind.to_owned(), format!("{body}\n"))
    };
    fenced.map(block).collect()
}

/// The arguments of the first command that begins so, and the blocks of text behind it.
fn shown(begin: &str) -> (Vec<String>, Vec<String>) {
    let blocks = blocks();
    let begin = format!("cargo run --release -- {begin}");
    let at = blocks.iter().position(|(kind, body)| kind == "sh" && body.starts_with(&begin));
    let at = at.unwrap_or_else(|| panic!("the README has no block that begins with {begin}"));
    let line = blocks[at].1.lines().next().unwrap();
    let args = line.strip_prefix("cargo run --release -- ").unwrap().split(' ');
    let texts = blocks[at + 1..].iter().take_while(|(kind, _)| kind == "text");
    (args.map(str::to_owned).collect(), texts.map(|(_, body)| body.clone()).collect())
}

fn output(args: &[String]) -> (String, String) {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let output = withheld(root(), &args);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{args:?}: {}", text(&output.stderr));
    (text(&output.stdout).to_owned(), text(&output.stderr).to_owned())
}

/// Without the number of facts and their digest, which change whenever anything at all does.
fn lasting(text: &str) -> String {
    let (head, rest) = text.split_once("seed 0, ").unwrap();
    let (_, tail) = rest.split_once("digest ").unwrap();
    format!("{head}{}", &tail[16..])
}

#[test]
fn the_scenario_in_the_readme_holds() {
    let scenarios: Vec<String> =
        blocks().into_iter().filter(|(kind, _)| kind == "json").map(|(_, body)| body).collect();
    assert!(!scenarios.is_empty());
    for scenario in scenarios {
        let folder = folder(&[("room.json", scenario.as_bytes())]);
        let output = withheld(folder.path(), &["run", "room.json"]);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{out}{err}");
    }
}

#[test]
fn a_run_is_shown_as_it_is_printed_but_for_how_long_it_took() {
    let (args, shown) = shown("run scenarios/policy/a_blocked_device");
    let (out, _) = output(&args);
    let without_time = |text: &str| lasting(text.rsplit_once("1 run: ").unwrap().0);
    assert_eq!(without_time(&shown[0]), without_time(&out));
}

#[test]
fn an_explanation_is_shown_as_it_is_printed() {
    let (args, shown) = shown("explain ");
    assert_eq!(lasting(&shown[0]), lasting(&output(&args).0));
}

#[test]
fn a_room_that_is_made_small_is_shown_with_what_is_told_of_it() {
    let (mut args, shown) = shown("shrink ");
    let folder = tempfile::tempdir().unwrap();
    let small = folder.path().join("small.json");
    let place = args.iter().position(|arg| arg == "target/small.json").unwrap();
    args[place] = small.to_str().unwrap().to_owned();
    let (_, told) = output(&args);
    assert_eq!(shown[0], told.replace(args[place].as_str(), "target/small.json"));
    assert_eq!(shown[1], fs::read_to_string(small).unwrap());
}

#[test]
fn the_lines_of_the_matrix_that_are_shown_are_printed() {
    let (args, shown) = shown("rules W N");
    assert_eq!(args[0], "rules");
    let all = blocks();
    let command = all.iter().find_map(|(_, body)| {
        body.lines().find_map(|line| line.strip_prefix("cargo run --release -- matrix "))
    });
    let args: Vec<&str> = std::iter::once("matrix").chain(command.unwrap().split(' ')).collect();
    let output = withheld(root(), &args);
    let out = text(&output.stdout);
    for line in shown[0].lines() {
        assert!(out.lines().any(|printed| printed == line), "{line}\n{out}");
    }
}
