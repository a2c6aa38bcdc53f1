//! Logs that no simulated client would write: each in `broken` breaks the rules that its name begins with, each in `kept` looks as if
//! it did and does not. How facts are judged is not known here.

use std::fs;
use std::path::Path;

use withheld::rulebook::rule::Rule;

use super::{Text, judge};

/// The rules that the name of a file begins with.
fn rules(name: &str) -> Vec<Rule> {
    let named = |part: &str| {
        let (chapter, number) = part.split_at_checked(1)?;
        let id = format!("{}-{number}", chapter.to_uppercase());
        Rule::ALL.iter().copied().find(|rule| rule.id() == id)
    };
    name.split('_').map_while(named).collect()
}

/// The logs of a folder, each with the rules that it is about and those that are told of as broken.
fn judged(folder: &str) -> Vec<(String, Vec<Rule>, Vec<Rule>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/logs").join(folder);
    let mut logs = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let about = rules(&name);
        assert!(!about.is_empty(), "{name} names no rule");
        let outcome = judge(&[Text(fs::read(&path).unwrap())]).outcome;
        let counted = outcome.violations.iter().filter(|found| found.injected.is_none());
        logs.push((name, about, counted.map(|found| found.rule).collect()));
    }
    logs
}

#[test]
fn what_a_log_shows_to_be_broken_is_told() {
    let logs = judged("broken");
    assert!(logs.len() > 40, "the logs are there");
    for (name, about, told) in logs {
        let silent: Vec<&Rule> = about.iter().filter(|rule| !told.contains(rule)).collect();
        assert!(silent.is_empty(), "{name}: nothing is said of {silent:?}, but of {told:?}");
    }
}

#[test]
fn what_only_looks_broken_is_not_told() {
    let logs = judged("kept");
    assert!(logs.len() > 4, "the logs are there");
    for (name, about, told) in logs {
        let blamed: Vec<&Rule> = about.iter().filter(|rule| told.contains(rule)).collect();
        assert!(blamed.is_empty(), "{name}: {blamed:?} is told");
    }
}
