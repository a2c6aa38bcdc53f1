//! The JSON Schema of scenario files, made of the same records by which they are read.
//! It does not know the rules between parts of a file, which no schema can say: names, times, memberships.

use serde_json::{Map, Value as Json, json};

use super::codec::{Codec, Definitions};
use super::document::ScenarioFile;
use super::names::{NAME_PATTERN, RESERVED};

/// A JSON Schema (draft 2020-12) that every scenario file fulfils.
#[must_use]
pub fn schema() -> Json {
    let mut definitions = Definitions::new();
    let root = ScenarioFile::schema(&mut definitions);
    // Names that the author gives are names wherever they stand.
    for (definition, field) in
        [("scenario", "servers"), ("scenario", "users"), ("scenario", "rooms")]
    {
        definitions[definition]["properties"][field]["propertyNames"] =
            json!({ "pattern": NAME_PATTERN, "not": { "enum": RESERVED } });
    }
    let mut schema = Map::new();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".into(), "A scenario of withheld".into());
    schema.insert("$ref".into(), root["$ref"].clone());
    schema.insert("$defs".into(), definitions.into());
    schema.into()
}
