//! Lines that the schema allows, made up at random, are read; and what was read is written and read again as the same.
//! So schema, reader and writer are held together, for every kind and every form of its fields.

use std::io::Cursor;

use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use serde_json::{Map, Value as Json, json};

use crate::ids::FactId;
use crate::trace::fact::{Fact, FactKind};
use crate::trace::jsonl::{Entry, LogNames, LogReader, fact_as_json, schema, skeleton};
use crate::trace::kind::Kind;

pub(super) const HEADER: &str = r#"{"trace_version":1,"facts_version":2,"servers":[{"name":"s1"},{"name":"s2"}],"users":[{"name":"alice","server":"s1"},{"name":"bob","server":"s2"}],"devices":[{"name":"A1","user":"alice"},{"name":"B1","user":"bob"}],"rooms":[{"name":"room"},{"name":"other"}],"faults":[{"fault":"outage","from":0,"parties":["world"],"excuses":["T-01"]}]}"#;

fn pick<'a, T>(random: &mut StdRng, all: &'a [T]) -> &'a T {
    &all[random.random_range(0..all.len())]
}

/// A value that a schema allows.
fn value(schema: &Json, definitions: &Json, random: &mut StdRng) -> Json {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.trim_start_matches("#/$defs/");
        return match name {
            "server" => (*pick(random, &["s1", "s2"])).into(),
            "user" => (*pick(random, &["alice", "bob"])).into(),
            "device" => (*pick(random, &["A1", "B1"])).into(),
            "room" => (*pick(random, &["room", "other"])).into(),
            "message" => (*pick(random, &["m1", "m\"2\n"])).into(),
            "fault" => 0.into(),
            "bundle" | "claim" | "one_time_key" | "olm_session" | "query" | "key_request_id"
            | "transaction" | "megolm_session" | "signing_key" | "to_device_message" => {
                random.random_range(0..60_000).into()
            }
            _ => value(&definitions[name], definitions, random),
        };
    }
    if let Some(options) = schema["anyOf"].as_array() {
        return value(pick(random, options), definitions, random);
    }
    if let Some(options) = schema["enum"].as_array() {
        return pick(random, options).clone();
    }
    if !schema["const"].is_null() {
        return schema["const"].clone();
    }
    match schema["type"].as_str() {
        Some("integer") => {
            let most = schema["maximum"].as_u64().unwrap_or(u64::MAX);
            random.random_range(0..=most.min(10_000)).into()
        }
        Some("boolean") => random.random::<bool>().into(),
        Some("string") => (*pick(random, &["", "m.unverified", "room", "é\u{1b}\\"])).into(),
        Some("null") => Json::Null,
        Some("array") => {
            let items = &schema["items"];
            (0..random.random_range(0..3)).map(|_| value(items, definitions, random)).collect()
        }
        Some("object") => object(schema, definitions, random).into(),
        other => panic!("no value for the type {other:?} of {schema}"),
    }
}

fn object(schema: &Json, definitions: &Json, random: &mut StdRng) -> Map<String, Json> {
    let required = schema["required"].as_array().unwrap();
    let mut fields = Map::new();
    for (name, field) in schema["properties"].as_object().unwrap() {
        if required.iter().any(|one| one == name) || random.random() {
            fields.insert(name.clone(), value(field, definitions, random));
        }
    }
    fields
}

/// A line with a fact of this kind, with its fields in any order and fields that nobody knows.
pub(super) fn line_of(name: Kind, random: &mut impl Rng) -> Json {
    let mut random = StdRng::from_rng(random);
    let schema = schema();
    let definitions = &schema["$defs"];
    let mut kind = &definitions[format!("fact_{}", name.as_str())];
    if name == Kind::OneTimeKeysUp {
        kind = &kind["anyOf"][0];
    }
    let mut fields = object(kind, definitions, &mut random);
    fields.insert("id".to_owned(), json!(50_000));
    fields.insert("causes".to_owned(), json!([1, 7, 9]));
    fields.insert("nobody_knows".to_owned(), json!({"this": [{"a": 1}, null, -2.5e-3, true]}));
    let mut fields: Vec<(String, Json)> = fields.into_iter().collect();
    let start = random.random_range(0..fields.len());
    fields.rotate_left(start);
    fields.into_iter().collect::<Map<_, _>>().into()
}

/// The last fact of these lines.
fn read(lines: &str) -> (Fact, LogNames) {
    let mut names = LogNames::default();
    let mut reader = LogReader::open(Cursor::new(lines), &mut names).unwrap();
    let mut last = None;
    while let Some(entry) = reader.next(&mut names).unwrap() {
        last = Some(entry);
    }
    match last {
        Some(Entry::Fact(fact)) => (fact, names),
        other => panic!("{other:?}: {lines}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn what_the_schema_allows_is_read_and_comes_back_as_the_same(seed: u64) {
        let mut random = StdRng::seed_from_u64(seed);
        let validator = jsonschema::validator_for(&schema()).unwrap();
        for name in Kind::ALL {
            let line = line_of(*name, &mut random);
            prop_assert!(validator.is_valid(&line), "{}", line);
            let (fact, names) = read(&format!("{HEADER}\n{line}\n"));
            prop_assert_eq!(Kind::of(&fact.kind), *name);
            let written = fact_as_json(&fact, &skeleton(&names));
            let as_json: Json = serde_json::from_str(&written).unwrap();
            prop_assert!(validator.is_valid(&as_json), "{}", written);
            // Texts are numbered as they come, so the second line is read behind the first.
            if let FactKind::RunEnd(_) = fact.kind {
                prop_assert_eq!(&line["end"], &as_json["end"]);
                continue;
            }
            let later = written.replacen("50000", "50001", 1);
            let (again, _) = read(&format!("{HEADER}\n{line}\n{later}"));
            prop_assert_eq!(Fact { id: FactId::new(50_001), ..fact }, again);
            // Numbers, names and times stand in both lines as the same.
            for (key, value) in line.as_object().unwrap() {
                if value.is_number() && key != "clock" {
                    prop_assert_eq!(value, &as_json[key], "{}", written);
                }
            }
        }
    }
}
