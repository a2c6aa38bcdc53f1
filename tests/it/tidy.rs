//! The house rules that no compiler holds: floors, sizes, docs, names, and a README that says what is so.
//! Each check looks at text and knows nothing of Rust beyond what it looks for; each is shown to fail on a bad sample.

#![expect(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests may")]

use std::fs;
use std::path::{Path, PathBuf};

/// The floors, the lowest first. A module may use what is on lower floors; those on one floor do not know each other.
const FLOORS: &[&[&str]] = &[
    &["ids", "time"],
    &["engine", "protocol", "rulebook", "store"],
    &["scenario"],
    &["trace"],
    &["check", "explain", "generate", "minimise"],
    &["homeserver", "client"],
    &["sim"],
    &["run"],
    &["campaign", "overhead"],
    &["report"],
    &["cli", "property"],
];
/// Lines of code in a file, without blank lines, comments and tests.
const CODE_LINES: usize = 400;
/// Lines in a file.
const LINES: usize = 600;

/// A file of text by its path from the root of the repository.
struct Source {
    path: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below these folders or files with one of these endings, in the order of names.
fn sources(below: &[&str], endings: &[&str]) -> Vec<Source> {
    let mut pending: Vec<PathBuf> = below.iter().map(|path| root().join(path)).collect();
    let mut found = Vec::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).unwrap();
            pending.extend(entries.map(|entry| entry.unwrap().path()));
        } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
            let text = fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
            found.push(Source { path, text });
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn rust() -> Vec<Source> {
    sources(&["src", "tests", "benches"], &[".rs"])
}

fn source(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

/// Runs `check` over all of these and fails with everything that it says.
fn hold(sources: &[Source], check: impl Fn(&Source) -> Vec<String>) {
    assert!(!sources.is_empty(), "there is something to look at");
    let complaints: Vec<String> = sources
        .iter()
        .flat_map(|one| check(one).into_iter().map(|said| format!("{}: {said}", one.path)))
        .collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// The text of a line without what follows `//`, unless that stands in a string.
fn without_comment(line: &str) -> &str {
    let mut in_string = false;
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            '/' if !in_string && line[at..].starts_with("//") => return &line[..at],
            _ => {}
        }
    }
    line
}

fn code(text: &str) -> String {
    text.lines().map(|line| without_comment(line).to_owned() + "\n").collect()
}

// Floors.

/// The module at the top that a file belongs to; `None` for the roots of the library and the program.
fn module_of(path: &str) -> Option<&str> {
    let below = path.strip_prefix("src/")?;
    let module = below.split('/').next()?.trim_end_matches(".rs");
    (module != "lib" && module != "main").then_some(module)
}

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// The modules at the top that `text` names: after `crate::`, alone or as a list in braces.
fn modules_used(text: &str) -> Vec<String> {
    let mut used = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &text[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => used.extend(heads_of_list(list)),
            None => used.push(name(rest)),
        }
    }
    used
}

fn name(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The first names of the entries of a list whose opening brace has been read.
fn heads_of_list(list: &str) -> Vec<String> {
    let mut heads = Vec::new();
    let mut depth = 0_usize;
    let mut at_head = true;
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_head = true,
            c if at_head && !c.is_whitespace() => {
                heads.push(name(&list[at..]));
                at_head = false;
            }
            _ => {}
        }
    }
    heads
}

fn check_floors(source: &Source) -> Vec<String> {
    let Some(module) = module_of(&source.path) else { return Vec::new() };
    let Some(here) = floor(module) else {
        return vec![format!("the module {module} stands on no floor")];
    };
    let text = code(&source.text);
    let mut complaints: Vec<String> = modules_used(&text)
        .into_iter()
        .filter(|used| used != module)
        .filter_map(|used| match floor(&used) {
            None => Some(format!("uses {used}, which stands on no floor")),
            Some(there) if there > here => Some(format!("uses {used}, which is above it")),
            Some(there) if there == here => Some(format!("uses {used}, which is beside it")),
            Some(_) => None,
        })
        .collect();
    complaints.dedup();
    complaints.extend(check_supers(source));
    complaints
}

/// `super::` must not lead out of the module at the top, where the floors would not see it.
fn check_supers(source: &Source) -> Option<String> {
    let below = source.path.trim_start_matches("src/").trim_end_matches(".rs");
    let depth = below.trim_end_matches("/mod").split('/').count();
    let text = code(&source.text);
    let (outside, tests) = text.split_at(text.find("mod tests {").unwrap_or(text.len()));
    let climbs = |text: &str, depth: usize| text.contains(&"super::".repeat(depth));
    (climbs(outside, depth) || climbs(tests, depth + 1))
        .then(|| "leaves its module by super::, expected crate::".to_owned())
}

#[test]
fn modules_use_lower_floors_only() {
    hold(&sources(&["src"], &[".rs"]), check_floors);
}

#[test]
fn the_modules_of_the_library_and_no_others_stand_on_floors() {
    let library = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let modules =
        library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let (mut modules, mut floors): (Vec<&str>, Vec<&str>) = (modules.collect(), FLOORS.concat());
    modules.sort_unstable();
    floors.sort_unstable();
    assert_eq!(modules, floors);
}

/// The floors as a page lists them, the lowest first: each row of the table that begins with a number, with the names in its
/// second column.
fn floors_listed(page: &str) -> Vec<Vec<&str>> {
    let rows = page.lines().filter_map(|line| {
        let mut columns = line.strip_prefix("| ")?.split(" | ");
        columns.next()?.parse::<usize>().ok()?;
        Some(columns.next()?.split(' ').map(|name| name.trim_matches('`')).collect())
    });
    let mut floors: Vec<Vec<&str>> = rows.collect();
    floors.reverse();
    floors
}

#[test]
fn the_architecture_lists_the_same_floors() {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    assert_eq!(floors_listed(&page), FLOORS);
    let row = "| floor | modules |\n|---|---|\n| 1 | `b` `c` | x |\n| 0 | `a` | |\n";
    assert_eq!(floors_listed(row), [vec!["a"], vec!["b", "c"]]);
}

#[test]
fn a_look_upwards_or_sideways_is_seen_however_it_is_written() {
    for (path, text, said) in [
        ("src/check/x.rs", "use crate::sim::World;", "uses sim, which is above it"),
        ("src/check/mod.rs", "fn f() { crate::cli::main() }", "uses cli, which is above it"),
        (
            "src/engine/x.rs",
            "use crate::{ids::A, protocol::{B, c::D}};",
            "uses protocol, which is beside it",
        ),
        ("src/client/x.rs", "use crate::homeserver::A;", "uses homeserver, which is beside it"),
        ("src/check/x.rs", "use crate::party::A;", "uses party, which stands on no floor"),
        ("src/attic/x.rs", "", "the module attic stands on no floor"),
        ("src/check/mod.rs", "use super::sim::A;", "leaves its module by super::"),
        ("src/check/a/b.rs", "use super::super::super::sim::A;", "leaves its module by super::"),
        ("src/time.rs", "mod tests { use super::super::sim::A; }", "leaves its module by super::"),
    ] {
        let complaints = check_floors(&source(path, text));
        assert_eq!(complaints.len(), 1, "{path}: {text}: {complaints:?}");
        assert!(complaints[0].starts_with(said), "{complaints:?}");
    }
}

#[test]
fn a_look_downwards_or_around_is_fine() {
    for (path, text) in [
        ("src/check/x.rs", "use crate::{ids::A, check::b::C, trace::{D, e::F}};"),
        ("src/check/x.rs", "// See crate::cli.\n/// [`crate::sim`]\nuse super::outcome::A;"),
        ("src/time.rs", "mod tests { use super::SimTime; }"),
        ("src/main.rs", "use withheld::cli;"),
        ("src/engine/x.rs", "macro_rules! m { () => { $crate::cli::A } }"),
    ] {
        assert_eq!(check_floors(&source(path, text)), [""; 0], "{path}: {text}");
    }
}

// Sizes.

fn is_test_only(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.starts_with("tests/")
        || path.split('/').any(|folder| folder == "tests" || folder == "testing")
        || matches!(name, "tests.rs" | "testing.rs" | "sample.rs")
}

/// The part of a file before its tests.
fn before_tests(text: &str) -> &str {
    &text[..text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len())]
}

fn check_size(source: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    let lines = source.text.lines().count();
    if lines > LINES {
        complaints.push(format!("has {lines} lines, expected at most {LINES}"));
    }
    let code = code(before_tests(&source.text));
    let code = code.lines().filter(|line| !line.trim().is_empty()).count();
    if !is_test_only(&source.path) && code > CODE_LINES {
        complaints.push(format!("has {code} lines of code, expected at most {CODE_LINES}"));
    }
    complaints
}

#[test]
fn files_are_small() {
    hold(&rust(), check_size);
}

#[test]
fn a_large_file_is_seen_and_comments_and_tests_are_no_code() {
    let code = "let a = 1;\n";
    assert_eq!(check_size(&source("src/x.rs", &code.repeat(401))).len(), 1);
    assert_eq!(check_size(&source("src/x.rs", &code.repeat(601))).len(), 2);
    assert_eq!(check_size(&source("tests/it/x.rs", &code.repeat(601))).len(), 1);
    assert_eq!(check_size(&source("tests/it/x.rs", &code.repeat(600))), [""; 0]);
    let commented = format!("{}{}", "// Why.\n\n".repeat(50), code.repeat(400));
    assert_eq!(check_size(&source("src/x.rs", &commented)), [""; 0]);
    let tested =
        format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", code.repeat(400), code.repeat(100));
    assert_eq!(check_size(&source("src/x.rs", &tested)), [""; 0]);
}

// Docs.

/// How many sentences a text has: ends of sentences before a blank, a line's end or the end.
fn sentences(text: &str) -> usize {
    let ends = |at: usize| text[at + 1..].chars().next().is_none_or(char::is_whitespace);
    text.match_indices(['.', '?', '!']).filter(|(at, _)| ends(*at)).count()
}

fn check_doc(source: &Source) -> Vec<String> {
    let doc: String = source
        .text
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(|line| line.to_owned() + "\n")
        .collect();
    match sentences(&doc) {
        0 => vec!["does not begin with a doc of its module".to_owned()],
        1 => vec![
            "has one sentence of doc, expected what it is and what it does not know".to_owned(),
        ],
        _ => Vec::new(),
    }
}

#[test]
fn every_file_says_what_it_is_and_what_it_does_not_know() {
    hold(&rust(), check_doc);
}

#[test]
fn a_missing_or_short_doc_is_seen() {
    assert_eq!(check_doc(&source("src/x.rs", "use a;")).len(), 1);
    assert_eq!(check_doc(&source("src/x.rs", "//! One sentence about e.g.this.\nuse a;")).len(), 1);
    assert_eq!(check_doc(&source("src/x.rs", "//! It is a.\n//! It does not know b.\n")), [""; 0]);
}

// Left-overs.

/// What has no place in the repository, spelled in halves so that this file may say it.
const LEFT_OVERS: &[(&str, &str)] = &[
    ("to", "do!("),
    ("unimple", "mented!("),
    ("FIX", "ME"),
    ("XX", "X"),
    ("#[ig", "nore"),
    ("should_", "panic"),
    ("db", "g!("),
];
/// Paths that exist on one machine only, in halves as well.
const MACHINES: &[(&str, &str)] =
    &[("/ho", "me/"), ("/Us", "ers/"), ("/ro", "ot/"), ("/tm", "p/"), ("C:", "\\")];

fn check_words(source: &Source, words: &[(&str, &str)]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (number, line) in source.text.lines().enumerate() {
        for word in words.iter().map(|(one, other)| format!("{one}{other}")) {
            if line.contains(&word) {
                complaints.push(format!("line {} has {word}", number + 1));
            }
        }
    }
    complaints
}

#[test]
fn nothing_is_left_over() {
    hold(&rust(), |source| check_words(source, LEFT_OVERS));
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    let folders = ["src", "tests", "benches", "docs", "scenarios", "profiles", "policies", ".ci"];
    let files = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "Cargo.toml"];
    let all = sources(&[&folders[..], &files].concat(), &[".rs", ".md", ".toml", ".json", "run"]);
    hold(&all, |source| check_words(source, MACHINES));
}

#[test]
fn left_overs_and_paths_are_seen() {
    for (one, other) in LEFT_OVERS {
        let line = format!("fine\n    {one}{other} x");
        assert_eq!(check_words(&source("src/x.rs", &line), LEFT_OVERS).len(), 1, "{line}");
    }
    for (one, other) in MACHINES {
        let line = format!("see {one}{other}me");
        assert_eq!(check_words(&source("x.md", &line), MACHINES).len(), 1, "{line}");
    }
    assert_eq!(check_words(&source("src/x.rs", "a list to do"), LEFT_OVERS), [""; 0]);
}

// Scenarios.

/// The folders that scenario files lie in, by behaviour.
const BEHAVIOURS: &[&str] = &[
    "no_olm",
    "policy",
    "rotation",
    "key_requests",
    "history",
    "transport",
    "device_lists",
    "incidents",
    "regressions",
];

fn check_scenario_name(source: &Source) -> Vec<String> {
    let parts: Vec<&str> = source.path.split('/').collect();
    let [_, behaviour, file] = parts[..] else {
        return vec![
            "lies too high or too deep, expected scenarios/<behaviour>/<file>.json".to_owned(),
        ];
    };
    let mut complaints = Vec::new();
    if !BEHAVIOURS.contains(&behaviour) {
        complaints.push(format!("found the folder {behaviour}, expected one of {BEHAVIOURS:?}"));
    }
    let words: Vec<&str> = file.trim_end_matches(".json").split('_').collect();
    let is_word = |word: &&str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    if words.len() < 4 || !words.iter().all(is_word) {
        complaints.push("expected a sentence in snake case for a name".to_owned());
    }
    complaints
}

#[test]
fn scenario_files_are_named_by_the_sentence_that_they_show() {
    hold(&sources(&["scenarios"], &[".json"]), check_scenario_name);
}

#[test]
fn a_name_that_is_no_sentence_is_seen() {
    for path in [
        "scenarios/a_device_is_told_once.json",
        "scenarios/misc/a_device_is_told_once.json",
        "scenarios/policy/Told_once_and_again.json",
        "scenarios/policy/told.json",
        "scenarios/policy/told__once_and_again.json",
    ] {
        assert_eq!(check_scenario_name(&source(path, "")).len(), 1, "{path}");
    }
    let fine = source("scenarios/policy/a_device_is_told_once.json", "");
    assert_eq!(check_scenario_name(&fine), [""; 0]);
}

// The tables of lints.

/// Lints that must be denied in Cargo.toml.
const LINTS: &[&str] = &[
    "missing_docs",
    "unreachable_pub",
    "disallowed_types",
    "disallowed_methods",
    "iter_over_hash_type",
    "wildcard_enum_match_arm",
    "match_wildcard_for_single_variants",
    "too_many_lines",
    "too_many_arguments",
    "unwrap_used",
    "float_arithmetic",
    "cast_possible_truncation",
    "print_stdout",
    "missing_errors_doc",
    "missing_panics_doc",
    "allow_attributes_without_reason",
];

fn check_lints(source: &Source) -> Vec<String> {
    LINTS
        .iter()
        .filter(|lint| !source.text.lines().any(|line| line == format!("{lint} = \"deny\"")))
        .map(|lint| format!("does not deny {lint}"))
        .collect()
}

#[test]
fn the_lints_are_denied() {
    hold(&sources(&["Cargo.toml"], &[".toml"]), check_lints);
}

#[test]
fn a_missing_lint_is_seen() {
    let all: String = LINTS.iter().map(|lint| format!("{lint} = \"deny\"\n")).collect();
    assert_eq!(check_lints(&source("Cargo.toml", &all)), [""; 0]);
    let warned = all.replace("missing_docs = \"deny\"", "missing_docs = \"warn\"");
    assert_eq!(check_lints(&source("Cargo.toml", &warned)), ["does not deny missing_docs"]);
}

// The README.

/// The commands of a README: the lines of its blocks that are marked as `sh`.
fn commands(readme: &str) -> Vec<&str> {
    let mut commands = Vec::new();
    let mut inside = false;
    for line in readme.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            command if inside => commands.push(command),
            _ => {}
        }
    }
    commands
}

/// `.ci/run` runs every command of the README, so the README must have the commands that matter, on files that exist.
fn check_commands(readme: &Source) -> Vec<String> {
    let commands = commands(&readme.text);
    let mut complaints = Vec::new();
    for needed in ["cargo test", "cargo run --release -- run scenarios"] {
        if !commands.contains(&needed) {
            complaints.push(format!("does not have the command {needed}"));
        }
    }
    let words = commands.iter().flat_map(|command| command.split(' '));
    for file in words.filter(|word| word.starts_with("scenarios/")) {
        if !root().join(file).exists() {
            complaints.push(format!("names {file}, which does not exist"));
        }
    }
    complaints
}

#[test]
fn the_readme_has_commands_that_work_and_that_are_run() {
    hold(&sources(&["README.md"], &[".md"]), check_commands);
    let script = fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(script.contains("README.md"), "the script runs the commands of the README");
}

#[test]
fn a_readme_with_a_stale_command_is_seen() {
    let fine = "x\n```sh\ncargo test\ncargo run --release -- run scenarios\n```\n";
    assert_eq!(check_commands(&source("README.md", fine)), [""; 0]);
    assert_eq!(check_commands(&source("README.md", "```\ncargo test\n```\n")).len(), 2);
    let stale = fine.replace("scenarios\n", "scenarios\ncargo run -- run scenarios/gone.json\n");
    assert_eq!(check_commands(&source("README.md", &stale)).len(), 1);
}
