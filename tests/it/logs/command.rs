//! `withheld check` as a shell sees it: what it prints where, and its exit codes.
//! What is judged is tested elsewhere.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::CommandCargoExt;
use serde_json::Value;

use withheld::trace::jsonl::schema;

use super::Told;

fn check(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::cargo_bin("withheld").unwrap();
    command.current_dir(folder).arg("check").args(args).env_remove("CLICOLOR_FORCE");
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A folder with logs: one that holds, one with a broken rule, one that says that it records little.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let file = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let good = Told::of("good", &file("no_olm/one_no_olm_stands_for_all_rooms.json"));
    let spam = "policy/a_client_without_marks_tells_with_every_message.json";
    let bad = Told::of("bad", &file(spam));
    fs::write(folder.path().join("good.jsonl"), good.lines(good.facts.clone())).unwrap();
    let lines = bad.lines(bad.facts.clone());
    fs::write(folder.path().join("bad.jsonl"), &lines).unwrap();
    let observes = r#","observes":[{"observer":{"device":"A1"},"facts":["put","put_target"]}]}"#;
    let lines = String::from_utf8(lines).unwrap();
    let (header, rest) = lines.split_once('\n').unwrap();
    let header = format!("{}{observes}", header.strip_suffix('}').unwrap());
    fs::write(folder.path().join("little.jsonl"), format!("{header}\n{rest}")).unwrap();
    folder
}

#[test]
fn exit_codes_tell_what_came_out() {
    let folder = folder();
    for (file, code, last) in [
        ("good.jsonl", 0, "ok: 0 broken rules"),
        ("bad.jsonl", 1, "violated: "),
        ("little.jsonl", 2, "inconclusive: 0 broken rules"),
    ] {
        let output = check(folder.path(), &[file]);
        let out = text(&output.stdout);
        assert_eq!(output.status.code(), Some(code), "{out}{}", text(&output.stderr));
        assert!(out.lines().last().unwrap().starts_with(last), "{out}");
        assert_eq!(text(&output.stderr), "");
    }
}

#[test]
fn a_broken_rule_is_shown_with_the_lines_that_show_it() {
    let folder = folder();
    let output = check(folder.path(), &["bad.jsonl"]);
    let out = text(&output.stdout);
    let line = out.lines().find(|line| line.contains("    bad.jsonl:")).unwrap();
    assert!(out.contains("  W-09 by A1 (violation, 2 times); the rule: "), "{out}");
    let number = line.trim().split(':').nth(1).unwrap().parse::<usize>().unwrap();
    let log = fs::read_to_string(folder.path().join("bad.jsonl")).unwrap();
    let shown: Value = serde_json::from_str(log.lines().nth(number - 1).unwrap()).unwrap();
    assert_eq!(shown["observer"]["device"], "A1", "{line}");
}

#[test]
fn as_data_it_is_the_same() {
    let folder = folder();
    let output = check(folder.path(), &["bad.jsonl", "--format", "json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["status"], "violated");
    assert_eq!(document["exit_code"], 1);
    assert_eq!(document["logs"][0]["file"], "bad.jsonl");
    assert_eq!(document["violations"][0]["rule"], "W-09");
    assert_eq!(document["violations"][0]["witnesses"][0]["file"], "bad.jsonl");
    assert!(document["verdicts"].as_array().unwrap().iter().all(|one| one["why"].is_null()));
    let output = check(folder.path(), &["little.jsonl", "--format", "json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let undecided = document["undecided"].as_array().unwrap();
    let w09 = undecided.iter().find(|one| one["rule"] == "W-09").unwrap();
    let whys: Vec<&str> = undecided
        .iter()
        .filter(|one| one["rule"] == "K-01" && one["parties"][0] == "A1")
        .map(|one| one["why"].as_str().unwrap())
        .collect();
    assert!(whys.len() > 1, "everybody who left something out is named: {whys:?}");
    assert!(whys.contains(&"nothing is recorded of what s1 saw"), "{whys:?}");
    let own = "the log of A1 does not record `room_seen`, `identity_made`, ";
    assert!(
        whys.iter().any(|why| why.starts_with(own) && why.ends_with(" more kinds")),
        "{whys:?}"
    );
    assert!(w09["parties"].as_array().unwrap().iter().any(|party| party == "A1"));
}

#[test]
fn a_line_that_is_wrong_is_an_error_with_file_line_and_column() {
    let folder = folder();
    let good = fs::read_to_string(folder.path().join("good.jsonl")).unwrap();
    let wrong = good.replacen("\"seq\":2", "\"seq\":\"\u{1b}[2J\"", 1).replace('\u{1b}', "\\u001b");
    fs::write(folder.path().join("wrong.jsonl"), wrong).unwrap();
    let output = check(folder.path(), &["wrong.jsonl"]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(text(&output.stdout), "");
    let err = text(&output.stderr);
    assert!(err.starts_with("wrong.jsonl:3:"), "{err}");
    assert!(err.contains("expected a whole number below 2^32\n  "), "{err}");
    assert!(err.ends_with("error: nothing was judged\n"), "{err}");
    for (file, said) in [
        ("nobody.jsonl", "nobody.jsonl: cannot be read: no such file or directory"),
        (".", ".: cannot be read: is a directory"),
    ] {
        let output = check(folder.path(), &[file]);
        assert_eq!(output.status.code(), Some(3));
        assert!(text(&output.stderr).starts_with(said), "{}", text(&output.stderr));
    }
}

#[test]
fn all_lines_that_are_wrong_are_told_with_their_text_up_to_twenty() {
    let folder = folder();
    let good = fs::read_to_string(folder.path().join("good.jsonl")).unwrap();
    let mut lines: Vec<&str> = good.lines().collect();
    lines[4] = r#"{"at":1,"observer":"nobody"}"#;
    lines[7] = "so";
    let write = |lines: &[&str]| {
        fs::write(folder.path().join("wrong.jsonl"), lines.join("\n") + "\n").unwrap();
        let output = check(folder.path(), &["wrong.jsonl"]);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(3), ""));
        text(&output.stderr).to_owned()
    };
    let err = write(&lines);
    let told: Vec<&str> = err.lines().collect();
    assert_eq!(told.len(), 7, "{err}");
    assert!(told[0].starts_with("wrong.jsonl:5:20: found \"nobody\", expected "), "{err}");
    assert_eq!(told[1], r#"  {"at":1,"observer":"nobody"}"#);
    assert_eq!(told[2], format!("{}^", " ".repeat(2 + 19)));
    assert!(told[3].starts_with("wrong.jsonl:8:1: "), "{err}");
    assert_eq!(told[6], "error: nothing was judged");

    for line in &mut lines[10..40] {
        *line = "{}";
    }
    let err = write(&lines);
    assert_eq!(err.lines().filter(|line| line.starts_with("wrong.jsonl:")).count(), 20, "{err}");
    assert!(err.contains("\nthere are more lines that are wrong\nerror: "), "{err}");
}

#[test]
fn a_log_that_is_given_twice_is_refused_and_blames_nobody() {
    let folder = folder();
    let lines = fs::read_to_string(folder.path().join("little.jsonl")).unwrap();
    fs::write(folder.path().join("copy.jsonl"), &lines).unwrap();
    // One line of another log is enough.
    let one: Vec<&str> = lines.lines().take(6).collect();
    fs::write(folder.path().join("one.jsonl"), one.join("\n")).unwrap();
    for again in ["good.jsonl", "./good.jsonl"] {
        let output = check(folder.path(), &["good.jsonl", again]);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(3), ""), "{again}");
        let told = format!("{again}: found twice, expected each log once\n");
        assert!(text(&output.stderr).starts_with(&told), "{}", text(&output.stderr));
    }
    for other in ["copy.jsonl", "one.jsonl"] {
        let output = check(folder.path(), &["little.jsonl", other]);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(3), ""), "{other}");
        let err = text(&output.stderr);
        assert!(err.starts_with(&format!("{other}:2: found the same fact")), "{err}");
        assert!(err.contains("as in little.jsonl:2, expected it in one"), "{err}");
    }
}

#[test]
fn what_cannot_be_decided_is_a_line_for_each_observer_and_a_list_on_request() {
    let folder = folder();
    let [short, full] = [&["little.jsonl"][..], &["little.jsonl", "--undecided"]].map(|args| {
        let output = check(folder.path(), args);
        let out = text(&output.stdout).to_owned();
        let (before, _) = out.trim_end().rsplit_once('\n').unwrap();
        assert!(before.lines().all(|line| line.chars().count() <= 100), "{out}");
        out.split_once("Rules that cannot be decided\n").unwrap().1.to_owned()
    });
    assert!(short.contains("  nothing is recorded of what B1 saw: "), "{short}");
    assert!(short.contains("  A1 does not record `"), "{short}");
    assert!(short.contains("(--undecided lists each rule"), "{short}");
    assert!(short.lines().count() < 14, "{short}");
    assert!(full.contains("W-09") && !full.contains("--undecided"), "{full}");
    assert!(full.lines().count() > 20, "{full}");
}

#[test]
fn what_a_log_calls_by_texts_is_told_by_them() {
    let folder = folder();
    let bad = fs::read_to_string(folder.path().join("bad.jsonl")).unwrap();
    let named: Vec<String> = bad
        .lines()
        .map(|line| {
            let mut fact: Value = serde_json::from_str(line).unwrap();
            if let Some(txn) = fact.get_mut("txn") {
                *txn = format!("m{}\u{7}", 100 + txn.as_u64().unwrap()).into();
            }
            fact.to_string()
        })
        .collect();
    fs::write(folder.path().join("bad.jsonl"), named.join("\n") + "\n").unwrap();
    let [told, data] = [&["bad.jsonl"][..], &["bad.jsonl", "--json"]]
        .map(|args| text(&check(folder.path(), args).stdout).to_owned());
    for out in [told, data] {
        assert!(out.contains("(m10") && out.contains("u{7})"), "{out}");
        assert!(!out.contains("(t1)"), "{out}");
    }
}

#[test]
fn what_is_odd_about_a_log_is_said() {
    let folder = folder();
    let mut good = fs::read(folder.path().join("good.jsonl")).unwrap();
    good.truncate(good.len() - 20);
    let mut lines: Vec<&[u8]> = good.split(|byte| *byte == b'\n').collect();
    let flare = br#"{"at":0,"observer":"world","fact":"solar_flare"}"#;
    lines.insert(1, flare);
    fs::write(folder.path().join("odd.jsonl"), lines.join(&b'\n')).unwrap();
    let output = check(folder.path(), &["odd.jsonl"]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{out}{}", text(&output.stderr));
    assert!(out.contains("of kinds that are not known here: solar_flare (1)\n"), "{out}");
    assert!(
        out.contains(
            "odd.jsonl: the last line breaks off; the log is judged as one that was cut\n"
        )
    );
}

#[test]
fn the_schema_of_the_repository_is_the_one_that_is_printed_and_every_trace_fulfils_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::cargo_bin("withheld").unwrap();
    let printed = command.args(["schema", "--trace"]).output().unwrap().stdout;
    let kept = fs::read(root.join("docs/trace.schema.json")).unwrap();
    assert_eq!(text(&printed), text(&kept), "`withheld schema --trace > docs/trace.schema.json`");
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for told in super::all().iter().step_by(10) {
        for line in text(&told.lines(told.facts.clone())).lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            assert!(validator.is_valid(&line), "{line}");
        }
    }
}
