//! The documentation of logs: its reference is what the source says, and its example comes out as the text says.
//! What the other sections say is for people to judge.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;

use withheld::check::needs::{self, Need, Order, VERDICTS};
use withheld::rulebook::rule::Rule;
use withheld::trace::jsonl::{Recorder, schema};
use withheld::trace::kind::{Kind, Kinds};

use super::{Text, judge};

const BEGINNING: &str = "<!-- What follows is made of the source; a test compares it. -->\n";

fn document() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/trace-format.md");
    fs::read_to_string(path).unwrap()
}

/// A type in few words, from its schema.
fn form(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.trim_start_matches("#/$defs/");
        return format!("`{name}`");
    }
    if let Some(options) = schema["anyOf"].as_array() {
        let options: Vec<String> = options.iter().map(form).collect();
        return options.join(" or ");
    }
    if let Some(options) = schema["enum"].as_array() {
        return options.iter().map(|one| format!("`{one}`")).collect::<Vec<_>>().join(", ");
    }
    if !schema["const"].is_null() {
        return format!("`{}`", schema["const"]);
    }
    match schema["type"].as_str() {
        Some("integer") => "a whole number".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("string") => "a text".to_owned(),
        Some("null") => "null".to_owned(),
        Some("array") => format!("a list of {}", form(&schema["items"])),
        Some("object") => fields(schema, &[]),
        other => panic!("no words for the type {other:?}"),
    }
}

/// The fields of an object, those that may be left out in brackets.
fn fields(schema: &Value, but: &[&str]) -> String {
    let required: BTreeSet<&str> =
        schema["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let all = schema["properties"].as_object().unwrap();
    let fields = all.iter().filter(|(name, _)| !but.contains(&name.as_str()));
    let words = fields.map(|(name, value)| {
        let word = format!("`{name}`: {}", form(value));
        if required.contains(name.as_str()) { word } else { format!("[{word}]") }
    });
    format!("{{ {} }}", words.collect::<Vec<_>>().join("; "))
}

fn kinds(reference: &mut String, definitions: &Value) {
    const SHARED: &[&str] = &["id", "at", "clock", "observer", "fact", "causes"];
    writeln!(reference, "\n## The kinds of facts\n").unwrap();
    writeln!(
        reference,
        "Fields in brackets may be left out. Who records a kind is its observer.\n"
    )
    .unwrap();
    writeln!(reference, "| fact | observer | what it means | fields |\n|---|---|---|---|").unwrap();
    for kind in Kind::ALL {
        let name = kind.as_str();
        let by = match kind.recorder() {
            Recorder::World => "the world",
            Recorder::Server => "a server",
            Recorder::Device => "a device",
        };
        let schema = &definitions[format!("fact_{name}")];
        let own = match schema["anyOf"].as_array() {
            Some(options) => {
                options.iter().map(|one| fields(one, SHARED)).collect::<Vec<_>>().join(" or ")
            }
            None => fields(schema, SHARED),
        };
        writeln!(reference, "| `{name}` | {by} | {} | {own} |", kind.meaning().trim()).unwrap();
    }
}

fn forms(reference: &mut String, definitions: &Value) {
    writeln!(reference, "\n## The forms of fields\n").unwrap();
    writeln!(reference, "| name | what it is |\n|---|---|").unwrap();
    for (name, definition) in definitions.as_object().unwrap() {
        if name == "header" || name.starts_with("fact_") {
            continue;
        }
        let about = definition["description"].as_str();
        let about = about.map(|text| format!("{text} ")).unwrap_or_default();
        writeln!(reference, "| `{name}` | {about}{} |", form(definition)).unwrap();
    }
}

fn set(kinds: Kinds) -> String {
    if kinds == VERDICTS {
        return "everything below".to_owned();
    }
    let names: Vec<String> = kinds.iter().map(|kind| format!("`{}`", kind.as_str())).collect();
    names.join(" ")
}

fn rules(reference: &mut String) {
    writeln!(reference, "\n## What each rule needs\n").unwrap();
    writeln!(
        reference,
        "*Its own* are facts that the party itself records, or its server; *of others* those that the devices it deals with\n\
         record, or their servers. *One log* says that the order matters also where no id tells it. Rules that are not in the table\n\
         forbid nothing, or nothing that facts show.\n"
    )
    .unwrap();
    writeln!(reference, "| rule | its own | of others | order |\n|---|---|---|---|").unwrap();
    for rule in Rule::ALL {
        let Some(Need { own, others, order }) = needs::of(*rule) else { continue };
        let order = match order {
            Order::ByIds => "by ids",
            Order::OneLog => "one log",
        };
        writeln!(reference, "| {} | {} | {} | {order} |", rule.id(), set(own), set(others))
            .unwrap();
    }
    let all: Vec<String> = VERDICTS.iter().map(|kind| format!("`{}`", kind.as_str())).collect();
    writeln!(
        reference,
        "\nEverything, which verdicts need as well, of sender and recipient: {}.",
        all.join(" ")
    )
    .unwrap();
}

#[test]
fn the_reference_is_what_the_source_says() {
    let schema = schema();
    let mut reference = String::new();
    kinds(&mut reference, &schema["$defs"]);
    forms(&mut reference, &schema["$defs"]);
    rules(&mut reference);
    let document = document();
    let (_, written) = document.split_once(BEGINNING).unwrap();
    if written != reference {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("trace-format-reference.md");
        fs::write(&path, &reference).unwrap();
        panic!("docs/trace-format.md is not what {} says", path.display());
    }
}

#[test]
fn the_example_comes_out_as_the_text_says() {
    let document = document();
    let (_, example) = document.split_once("```jsonl\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let judged = judge(&[Text(example.as_bytes().to_vec())]);
    let [violation] = &judged.outcome.violations[..] else {
        panic!("{:?}", judged.outcome.violations)
    };
    assert_eq!(violation.rule, Rule::W09);
    let lines: Vec<u64> =
        violation.witnesses.iter().flatten().map(|id| judged.witnesses[id].0.line).collect();
    assert_eq!(lines, [4, 7, 8]);
    assert!(judged.outcome.gaps.rules.len() > 50);
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for line in example.lines() {
        assert!(validator.is_valid(&serde_json::from_str(line).unwrap()), "{line}");
    }
}
