//! The JSON Schema of the lines of a log, made of the same declarations by which they are written and read.
//! It does not know what no schema can say: that names are declared, that ids grow, that kinds of ids are not mixed.

use serde_json::{Map, Value as Json, json};

use crate::ids::FactId;
use crate::time::SimTime;
use crate::trace::fact::Observer;

use super::form::{Definitions, Form, Property, object_schema, property};
use super::header::header_schema;
use crate::trace::kind::Kind;

/// A JSON Schema (draft 2020-12) that every line of a log fulfils: its header, and a fact of each kind that is known here.
#[must_use]
pub fn schema() -> Json {
    let mut definitions = Definitions::new();
    let header = header_schema(&mut definitions);
    definitions.insert("header".into(), header);
    let mut options = vec![json!({ "$ref": "#/$defs/header" })];
    for name in Kind::ALL {
        let fact = fact_schema(*name, &mut definitions);
        let definition = format!("fact_{}", name.as_str());
        options.push(json!({ "$ref": format!("#/$defs/{definition}") }));
        definitions.insert(definition, fact);
    }
    let mut schema = Map::new();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".into(), "A line of a log of facts for withheld".into());
    schema.insert("anyOf".into(), options.into());
    schema.insert("$defs".into(), definitions.into());
    schema.into()
}

/// The fields of every fact around those of its kind.
fn with_shared(name: Kind, own: Vec<Property>, definitions: &mut Definitions) -> Json {
    let optional = |(name, schema, _): Property| (name, schema, false);
    let causes = json!({ "type": "array", "items": FactId::schema(definitions) });
    let mut all = vec![
        optional(property::<FactId>("id", definitions)),
        property::<SimTime>("at", definitions),
        optional(property::<SimTime>("clock", definitions)),
        property::<Observer>("observer", definitions),
        ("fact", json!({ "const": name.as_str() }), true),
    ];
    all.extend(own);
    all.push(("causes", causes, false));
    object_schema(all)
}

fn fact_schema(name: Kind, definitions: &mut Definitions) -> Json {
    let own = name.properties(definitions);
    let mut schema = if name == Kind::OneTimeKeysUp {
        let listed = json!({ "type": "array", "items": { "type": "string" } });
        let mut keys: Vec<Property> =
            own.iter().filter(|(name, ..)| *name == "device").cloned().collect();
        keys.push(("keys", listed, true));
        let of_numbers = with_shared(name, own, definitions);
        json!({ "anyOf": [of_numbers, with_shared(name, keys, definitions)] })
    } else {
        with_shared(name, own, definitions)
    };
    schema["description"] = name.meaning().trim().into();
    schema
}
