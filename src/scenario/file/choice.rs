//! Choices: values of which each has a name in files, and nothing else.
//! It does not know which choices there are.

use serde_json::{Value as Json, json};

use super::codec::Reader;
use super::json::{self, Node};

/// A type whose values have names.
pub(super) trait Choice: Clone + 'static {
    /// What is chosen, as a noun phrase that fits after "expected".
    const ABOUT: &'static str;
    /// Every value with its name and what it means, the usual one first.
    const ALL: &'static [(Self, &'static str, &'static str)];

    /// The name of a value.
    fn name(&self) -> &'static str;
}

/// Reads a value by its name.
pub(super) fn decode<T: Choice>(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<T> {
    let found = json::text(node)
        .and_then(|text| T::ALL.iter().find(|(_, name, _)| *name == text))
        .map(|(value, _, _)| value.clone());
    if found.is_none() {
        reader.unknown(node, T::ABOUT.trim(), T::ALL.iter().map(|(_, name, _)| *name));
    }
    found
}

/// Describes the names.
pub(super) fn schema<T: Choice>() -> Json {
    let names: Vec<Json> =
        T::ALL.iter().map(|(_, name, doc)| json!({ "const": name, "description": doc })).collect();
    json!({ "type": "string", "oneOf": names })
}
