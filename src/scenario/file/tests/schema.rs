//! The schema takes what the reader takes, and refuses what is misspelt.
//! What a field means does not matter here.

use serde_json::{Value as Json, json};

use super::examples::{BLOCKED, EVERYTHING, EXAMPLES, good};
use crate::scenario::file::{read, schema, write};
use crate::scenario::limits::Limits;

fn validator() -> jsonschema::Validator {
    jsonschema::validator_for(&schema()).unwrap()
}

#[test]
fn the_schema_is_one_of_draft_2020_12() {
    jsonschema::meta::validate(&schema()).unwrap();
    assert_eq!(schema()["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn every_example_fulfils_the_schema_as_it_is_and_as_it_is_written() {
    let validator = validator();
    for example in EXAMPLES {
        for text in [example.to_owned(), write(&good(example))] {
            let json: Json = serde_json::from_str(&text).unwrap();
            let errors: Vec<String> = validator
                .iter_errors(&json)
                .map(|error| format!("{error} at {}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{errors:#?}\n{text}");
        }
    }
}

#[test]
fn every_property_has_a_description() {
    fn walk(schema: &Json, path: &str) {
        if let Some(properties) = schema.get("properties").and_then(Json::as_object) {
            for (name, property) in properties {
                let text = property.get("description").and_then(Json::as_str).unwrap_or("");
                assert!(text.ends_with('.'), "{path}/{name} is described as {text:?}");
            }
        }
        for (name, part) in schema.as_object().into_iter().flatten() {
            walk(part, &format!("{path}/{name}"));
        }
        for part in schema.as_array().into_iter().flatten() {
            walk(part, path);
        }
    }
    walk(&schema(), "");
}

#[test]
fn a_default_of_the_schema_is_what_the_reader_takes_for_what_is_left_out() {
    let schema = schema();
    let written: Json = serde_json::from_str(&write(&good(super::examples::SHORT))).unwrap();
    for (part, at) in [
        ("policy", &written["each_device"]["policy"]),
        ("habits", &written["each_device"]["habits"]),
        ("network", &written["network"]),
        ("rotation", &written["rooms"]["room"]["rotation"]),
        ("server", &written["servers"]["s1"]),
    ] {
        let properties = schema["$defs"][part]["properties"].as_object().unwrap();
        assert!(!properties.is_empty());
        for (name, property) in properties {
            assert_eq!(property["default"], at[name], "{part}/{name}");
        }
    }
    assert_eq!(schema["$defs"]["scenario"]["properties"]["horizon"]["default"], "1d");
    assert_eq!(schema["$defs"]["fault_crash"]["properties"]["until"]["default"], "end");
}

/// Every way to spell one thing of `json` wrong: each object key and each text, one at a time.
fn misspelt(json: &Json, out: &mut Vec<Json>, put: &dyn Fn(Json) -> Json) {
    match json {
        Json::Object(map) => {
            let mut more = map.clone();
            more.insert("unheard_of".into(), json!(1));
            out.push(put(more.into()));
            for (name, value) in map {
                let put = |value: Json| {
                    let mut map = map.clone();
                    map.insert(name.clone(), value);
                    put(map.into())
                };
                misspelt(value, out, &put);
            }
        }
        Json::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                let put = |value: Json| {
                    let mut list = list.clone();
                    list[index] = value;
                    put(list.into())
                };
                misspelt(value, out, &put);
            }
        }
        Json::String(text) => out.push(put(format!("{text}\u{1}").into())),
        Json::Bool(_) => out.push(put(json!("true"))),
        Json::Number(_) => out.push(put(json!(-1))),
        Json::Null => out.push(put(json!(false))),
    }
}

#[test]
fn the_reader_and_the_schema_refuse_every_single_misspelling() {
    let validator = validator();
    // Texts that mean nothing may be anything, and so may the types of to-device messages.
    let free = ["about", "$schema", "text", "reason", "type"];
    let mut tried = 0;
    for example in [BLOCKED, EVERYTHING] {
        let json: Json = serde_json::from_str(example).unwrap();
        let mut wrong = Vec::new();
        misspelt(&json, &mut wrong, &|json| json);
        for wrong in wrong {
            let text = wrong.to_string();
            let before = text.split_once("\\u0001").map_or("", |(before, _)| before);
            let field = before.rsplit("\":").nth(1).and_then(|text| text.rsplit('"').next());
            if field.is_some_and(|field| free.contains(&field)) {
                continue;
            }
            tried += 1;
            assert!(read(&text, &Limits::FILES).is_err(), "the reader takes {text}");
            assert!(!validator.is_valid(&wrong), "the schema takes {text}");
        }
    }
    assert!(tried > 500, "{tried} misspellings are too few to say anything");
}
