//! Files that are damaged in every way are answered with problems at places that exist, and never with a panic.
//! Which problems are told does not matter here.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::examples::{BLOCKED, CROWD, EVERYTHING, SHORT, good};
use crate::scenario::file::{read_bytes, render, write};
use crate::scenario::limits::Limits;

/// How many damaged files the test reads.
const INPUTS: u32 = 10_000;

/// One way to damage a file; numbers choose places, each modulo what there is to choose from.
#[derive(Debug, Clone)]
enum Damage {
    Flip(usize, u8),
    Delete(usize, usize),
    Insert(usize, &'static str),
    Truncate(usize),
    SwapTokens(usize, usize),
    CopyToken(usize, usize),
    Nest(usize, usize),
}

/// Pieces that are good somewhere and wrong nearly everywhere else.
const PIECES: [&str; 16] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "null",
    "1e999",
    "-0",
    "\"any\"",
    "\u{feff}",
    "\u{0}",
    "\"\\ud800\"",
    "99999999999999999999",
];

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        1 => (any::<usize>(), any::<u8>()).prop_map(|(at, to)| Damage::Flip(at, to)),
        1 => (any::<usize>(), 1_usize..40).prop_map(|(at, count)| Damage::Delete(at, count)),
        1 => (any::<usize>(), proptest::sample::select(&PIECES[..]))
            .prop_map(|(at, it)| Damage::Insert(at, it)),
        1 => any::<usize>().prop_map(Damage::Truncate),
        // Damage that leaves JSON whole goes deepest.
        4 => any::<(usize, usize)>().prop_map(|(one, other)| Damage::SwapTokens(one, other)),
        4 => any::<(usize, usize)>().prop_map(|(from, to)| Damage::CopyToken(from, to)),
        1 => (any::<usize>(), 1_usize..100).prop_map(|(at, deep)| Damage::Nest(at, deep)),
    ]
}

/// The places of strings, numbers and words in JSON text.
fn tokens(text: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let start = at;
        if text[at] == b'"' {
            at += 1;
            while at < text.len() && text[at] != b'"' {
                at += 1;
            }
            at = (at + 1).min(text.len());
            tokens.push(start..at);
        } else if text[at].is_ascii_alphanumeric() {
            while at < text.len() && text[at].is_ascii_alphanumeric() {
                at += 1;
            }
            tokens.push(start..at);
        } else {
            at += 1;
        }
    }
    tokens
}

impl Damage {
    fn to(&self, text: &mut Vec<u8>) {
        let length = text.len();
        match *self {
            _ if length == 0 => {}
            Self::Flip(at, to) => text[at % length] = to,
            Self::Delete(at, count) => {
                let at = at % length;
                text.drain(at..(at + count).min(length));
            }
            Self::Insert(at, piece) => {
                let at = at % length;
                text.splice(at..at, piece.bytes());
            }
            Self::Truncate(at) => text.truncate(at % length),
            Self::SwapTokens(one, other) => {
                let tokens = tokens(text);
                if tokens.is_empty() {
                    return;
                }
                let (one, other) = (one % tokens.len(), other % tokens.len());
                let (first, last) = (&tokens[one.min(other)], &tokens[one.max(other)]);
                let (early, late) = (text[first.clone()].to_vec(), text[last.clone()].to_vec());
                text.splice(last.clone(), early);
                text.splice(first.clone(), late);
            }
            Self::CopyToken(from, to) => {
                let tokens = tokens(text);
                if tokens.is_empty() {
                    return;
                }
                let copy = text[tokens[from % tokens.len()].clone()].to_vec();
                text.splice(tokens[to % tokens.len()].clone(), copy);
            }
            Self::Nest(at, deep) => {
                let at = at % length;
                text.splice(at..at, std::iter::repeat_n(b'[', deep));
            }
        }
    }
}

/// Reads a damaged file: either it is still good, and then it can be written and read again, or every problem has a
/// place in it. Returns how many problems there are.
fn survives(bytes: &[u8]) -> usize {
    let problems = match read_bytes(bytes, &Limits::FILES) {
        Ok(scenario) => {
            assert_eq!(good(&write(&scenario)), scenario);
            return 0;
        }
        Err(problems) => problems,
    };
    assert!(!problems.is_empty());
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.split('\n').collect();
    for problem in &problems {
        let range = &problem.range;
        assert!(range.start <= range.end && range.end <= bytes.len(), "{problem:?}");
        let line =
            lines.get(problem.line - 1).unwrap_or_else(|| panic!("no such line: {problem:?}"));
        assert!((1..=line.chars().count() + 1).contains(&problem.column), "{problem:?}");
        assert!(!problem.found.is_empty() && !problem.expected.is_empty(), "{problem:?}");
    }
    assert!(problems.is_sorted_by_key(|problem| problem.range.start));
    // What is shown must not panic either; the first few stand for all.
    let shown = render(&problems[..problems.len().min(5)], "damaged.json", &text);
    assert!(shown.contains("damaged.json:"));
    problems.len()
}

#[test]
fn damaged_files_are_answered_with_problems_at_places_that_exist() {
    let files = [SHORT, BLOCKED, EVERYTHING, CROWD];
    let strategy = (0..files.len(), proptest::collection::vec(damage(), 1..4));
    let mut runner =
        TestRunner::new(Config { cases: INPUTS, failure_persistence: None, ..Config::default() });
    let (ran, still_good) = (std::cell::Cell::new(0_u32), std::cell::Cell::new(0_u32));
    runner
        .run(&strategy, |(file, damages)| {
            let mut text = files[file].as_bytes().to_vec();
            for damage in damages {
                damage.to(&mut text);
            }
            ran.set(ran.get() + 1);
            if survives(&text) == 0 {
                still_good.set(still_good.get() + 1);
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(ran.get(), INPUTS);
    eprintln!("{INPUTS} damaged files were read, {} of them were still good", still_good.get());
    assert!(still_good.get() < INPUTS / 2, "most damage does none: {}", still_good.get());
}

#[test]
fn every_beginning_of_a_file_is_answered() {
    for end in 0..BLOCKED.len() {
        assert_ne!(survives(&BLOCKED.as_bytes()[..end]), 0, "{end} bytes are enough");
    }
}
