//! The pages on readings and ambiguities list what the rule book and the source name.
//! They do not know why; the rule book does.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use withheld::rulebook::reading::{Reading, ReadingName, Severity};
use withheld::rulebook::rule::Rule;

fn listed(such: impl Fn(Severity, Severity) -> bool) -> String {
    let of = |name, rule| Reading::named(name).severity(rule);
    let judged = Rule::ALL.iter().filter(|rule| rule.judgement().is_judged());
    let fit = judged
        .filter(|rule| such(of(ReadingName::Strict, **rule), of(ReadingName::Lenient, **rule)));
    let ids: Vec<&str> = fit.map(|rule| rule.id()).collect();
    ids.join(", ")
}

#[test]
fn the_page_says_what_a_breach_is_worth_in_each_reading() {
    let mild = listed(|strict, _| strict == Severity::Warning);
    let milder = listed(|strict, lenient| strict > lenient);
    let expected = format!(
        "* Warnings in every reading: {mild}.\n* Violations in `strict` and `draft`, warnings in `lenient`: {milder}.\n"
    );
    let page = include_str!("../../docs/readings.md");
    assert!(page.ends_with(&expected), "expected at the end of docs/readings.md:\n{expected}");
}

/// Whatever stands in the source between blanks, brackets and other marks, without the full stop at the end of a sentence.
fn words_of_the_source() -> io::Result<BTreeSet<String>> {
    let mut pending: Vec<PathBuf> =
        ["src", "adapters"].iter().map(|folder| root().join(folder)).collect();
    let mut words = BTreeSet::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            for entry in fs::read_dir(&path)? {
                pending.push(entry?.path());
            }
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path)?;
            let is_mark = |c: char| !c.is_ascii_alphanumeric() && !"-_./".contains(c);
            words.extend(text.split(is_mark).map(|word| word.trim_end_matches('.').to_owned()));
        }
    }
    Ok(words)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Whether a word is the number of an ambiguity: `A-06b`.
fn is_ambiguity(word: &str) -> bool {
    let Some(number) = word.strip_prefix("A-") else { return false };
    let digits = number.trim_end_matches('b');
    digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[test]
fn every_ambiguity_and_every_page_that_the_source_names_is_there() {
    let page = fs::read_to_string(root().join("docs/ambiguities.md")).unwrap();
    let words = words_of_the_source().unwrap();
    let named: Vec<&String> = words.iter().filter(|word| is_ambiguity(word)).collect();
    assert!(named.len() > 30, "{named:?}");
    let missing: Vec<_> =
        named.iter().filter(|word| !page.contains(&format!("\n| {word} | "))).collect();
    assert!(missing.is_empty(), "docs/ambiguities.md has no {missing:?}");
    let pages = words.iter().filter(|word| word.starts_with("docs/"));
    let missing: Vec<&String> = pages.filter(|page| !root().join(page).exists()).collect();
    assert!(missing.is_empty(), "the source names pages that are not there: {missing:?}");
}
