//! Everything that a scenario file can say is said by some generated room: the list of what there is comes from the JSON Schema.
//! It does not know what any of it means.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::made;
use crate::generate::plan::Plan;
use crate::scenario::file;

/// Rooms that are looked at.
const ROOMS: u64 = 6_000;

/// Definitions that are about other things than what happens in a room: expectations and the rules that a file is about.
const NOT_OF_ROOMS: [&str; 5] = ["expect", "verdict", "violation", "notices", "rule"];
/// What the writer of files never writes, because it says the same in another way: messages in a row, groups of users,
/// profiles by their name; and what belongs to a file and not to its room.
const NOT_WRITTEN: [&str; 6] = ["profile", "count", "every", "$schema", "format", "rules"];

/// Values that the writer never writes: a number of devices, because each has a name; `false` where a field stands for the flag.
const NEVER_SO: [(&str, &str); 2] = [("devices", "number"), ("not_a_string", "false")];

/// A field with a value, or with the kind of its value where that says nothing by itself.
type Said = BTreeSet<(String, String)>;

/// Everything that the schema allows a field to say.
fn allowed(field: &str, schema: &Json, definitions: &Json, said: &mut Said) {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
        let definition = &definitions[name];
        // Records stand for themselves; what else is defined is a kind of value.
        if definition["properties"].is_null() {
            allowed(field, definition, definitions, said);
        }
    }
    for word in ["anyOf", "oneOf"] {
        for one in schema[word].as_array().into_iter().flatten() {
            allowed(field, one, definitions, said);
        }
    }
    allowed_values(field, schema, said);
    if schema["items"].is_object() {
        allowed(field, &schema["items"], definitions, said);
    }
}

fn allowed_values(field: &str, schema: &Json, said: &mut Said) {
    let mut say = |value: &str| said.insert((field.to_owned(), value.to_owned()));
    for list in ["enum", "examples"] {
        for value in schema[list].as_array().into_iter().flatten().filter_map(Json::as_str) {
            say(value);
        }
    }
    if let Some(value) = schema["const"].as_str() {
        say(value);
    }
    match schema["type"].as_str() {
        Some("boolean") => {
            say("true");
            say("false");
        }
        Some("integer") => {
            say("number");
        }
        Some("null") => {
            say("null");
        }
        Some(_) | None => {}
    }
}

/// Everything that a file says.
fn told(field: &str, value: &Json, said: &mut Said) {
    let mut say = |value: String| said.insert((field.to_owned(), value));
    match value {
        Json::Null => {
            say("null".to_owned());
        }
        Json::Bool(flag) => {
            say(flag.to_string());
        }
        Json::Number(_) => {
            say("number".to_owned());
        }
        Json::String(text) => {
            say(text.clone());
        }
        Json::Array(list) => list.iter().for_each(|value| told(field, value, said)),
        Json::Object(fields) => fields.iter().for_each(|(name, value)| told(name, value, said)),
    }
}

fn everything() -> Said {
    let schema = file::schema();
    let definitions = &schema["$defs"];
    let mut said = Said::new();
    for (name, definition) in definitions.as_object().expect("the schema has definitions") {
        let is_of_rooms = !NOT_OF_ROOMS.contains(&name.as_str()) && name != "step_send_many";
        for (field, schema) in definition["properties"].as_object().into_iter().flatten() {
            if is_of_rooms && !NOT_WRITTEN.contains(&field.as_str()) && field != "expect" {
                allowed(field, schema, definitions, &mut said);
            }
        }
    }
    said.retain(|(field, value)| !NEVER_SO.contains(&(field.as_str(), value.as_str())));
    said
}

#[test]
fn generated_rooms_say_everything_that_a_file_can_say() {
    let everything = everything();
    assert!(everything.len() > 300, "the schema is read: {}", everything.len());
    let mut said = Said::new();
    for seed in 0..ROOMS {
        let text = file::write(&made(&Plan::default(), seed));
        let json = serde_json::from_str(&text).expect("what is written is JSON");
        told("", &json, &mut said);
    }
    let missing: Vec<_> = everything.difference(&said).collect();
    assert!(missing.is_empty(), "never said by {ROOMS} rooms: {missing:#?}");
}
