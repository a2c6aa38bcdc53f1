//! Unions: objects of several kinds, told apart by a tag.
//! It does not know the kinds, nor the fields that all kinds of one union share.

use serde_json::{Map, Value as Json};

use super::codec::{Codec, Definitions, Field, Object, Reader, object_schema};
use super::json;
use super::problem::quoted;
use crate::scenario::model::Scenario;

/// One kind of a union.
pub(super) struct Case {
    /// The tag that names it.
    pub(super) tag: &'static str,
    /// What it means.
    pub(super) doc: &'static str,
    /// Its own fields.
    pub(super) fields: &'static [Field],
}

/// A type of several kinds.
pub(super) trait Union {
    /// The values.
    type Model;
    /// Every kind.
    const CASES: &'static [Case];

    /// Reads the own fields of the kind `tag`; `None` if one could not be read or there is no such kind.
    fn decode_case(tag: &str, object: &Object<'_>, reader: &mut Reader<'_>) -> Option<Self::Model>;

    /// The tag and the own fields of a value.
    fn encode_case(value: &Self::Model, scenario: &Scenario) -> (&'static str, Map<String, Json>);
}

/// The kind with this tag.
pub(super) fn case<U: Union>(tag: &str) -> Option<&'static Case> {
    U::CASES.iter().find(|case| case.tag == tag)
}

/// Reads the tag of an object, which stands in its field `key`; notes if there is none that is known.
pub(super) fn tag<U: Union>(
    node: &json::Node<'_>,
    key: &str,
    what: &str,
    reader: &mut Reader<'_>,
) -> Option<&'static Case> {
    if json::properties(node).is_none() {
        reader.unexpected(node, "an object");
        return None;
    }
    let Some(value) = json::member(node, key) else {
        let known = U::CASES.iter().flat_map(|case| case.fields).map(|field| field.name);
        let known: Vec<_> = known.collect();
        let names = json::properties(node).into_iter().flatten().map(|(name, _, _)| name);
        let near = names.filter(|name| !known.contains(name)).collect::<Vec<_>>();
        let near = reader.problems.nearest(key, near);
        let hint = near.map(|near| format!("did you mean \"{key}\" by {}?", quoted(near)));
        let found = format!("an object without \"{key}\"");
        let expected = format!("the field \"{key}\" with {what}");
        reader.problems.report_with_hint(json::span(node).head(), found, expected, hint);
        return None;
    };
    let found = json::text(value).and_then(case::<U>);
    if found.is_none() {
        reader.unknown(value, what, U::CASES.iter().map(|case| case.tag));
    }
    found
}

/// Describes one kind: its own fields and those of `shared`, among which `key` holds the tag.
pub(super) fn case_schema(
    case: &Case,
    shared: &'static [Field],
    key: &str,
    definitions: &mut Definitions,
) -> Json {
    let mut fields = shared.iter().chain(case.fields);
    let mut schema = object_schema(case.doc, &mut fields, definitions);
    let description = schema["properties"][key]["description"].clone();
    schema["properties"][key] =
        serde_json::json!({ "description": description, "const": case.tag });
    schema
}

/// The codec of a tag, for lists of shared fields: a text.
#[derive(Debug)]
pub(super) enum Tag {}

impl Codec for Tag {
    type Value = String;

    fn decode(node: &json::Node<'_>, reader: &mut Reader<'_>) -> Option<String> {
        let text = json::text(node).map(str::to_owned);
        if text.is_none() {
            reader.unexpected(node, "a text");
        }
        text
    }

    fn encode(value: &String, _: &Scenario) -> Json {
        value.as_str().into()
    }

    fn schema(_: &mut Definitions) -> Json {
        serde_json::json!({ "type": "string" })
    }
}
