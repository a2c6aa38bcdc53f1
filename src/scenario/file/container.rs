//! Codecs of what holds other values: lists, maps, values with their places, values that may be any.
//! It does not know what is held.

use std::marker::PhantomData;

use serde_json::{Map as JsonMap, Value as Json, json};

use super::codec::{Codec, Definitions, Reader, Slot};
use super::json::{self, Node};
use super::problem::{Span, quoted};
use super::values::ANY;
use crate::scenario::model::Scenario;

/// A value, or the word `any` for none.
#[derive(Debug)]
pub(super) struct OrAny<C>(PhantomData<C>);

impl<C: Codec> Codec for OrAny<C> {
    type Value = Option<C::Value>;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self::Value> {
        if json::text(node) == Some(ANY) { Some(None) } else { C::decode(node, reader).map(Some) }
    }

    fn encode(value: &Self::Value, scenario: &Scenario) -> Json {
        value.as_ref().map_or_else(|| ANY.into(), |value| C::encode(value, scenario))
    }

    fn schema(definitions: &mut Definitions) -> Json {
        json!({ "anyOf": [C::schema(definitions), { "const": ANY }] })
    }
}

/// A list that is of no use if one of its elements cannot be read.
#[derive(Debug)]
pub(super) struct List<C>(PhantomData<C>);

impl<C: Codec> Codec for List<C> {
    type Value = Vec<C::Value>;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self::Value> {
        let slots = Many::<C>::decode(node, reader)?;
        slots.into_iter().map(|slot| slot.value.into_option()).collect()
    }

    fn encode(value: &Self::Value, scenario: &Scenario) -> Json {
        value.iter().map(|value| C::encode(value, scenario)).collect()
    }

    fn schema(definitions: &mut Definitions) -> Json {
        json!({ "type": "array", "items": C::schema(definitions) })
    }
}

/// A value with its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct At<T> {
    /// The value.
    pub(super) value: T,
    /// Its place.
    pub(super) span: Span,
}

/// A value whose place is of interest later.
#[derive(Debug)]
pub(super) struct Placed<C>(PhantomData<C>);

impl<C: Codec> Codec for Placed<C> {
    type Value = At<C::Value>;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self::Value> {
        C::decode(node, reader).map(|value| At { value, span: json::span(node) })
    }

    fn encode(value: &Self::Value, scenario: &Scenario) -> Json {
        C::encode(&value.value, scenario)
    }

    fn schema(definitions: &mut Definitions) -> Json {
        C::schema(definitions)
    }
}

/// A list of which each element stands for itself: one that cannot be read does not spoil the others.
#[derive(Debug)]
pub(super) struct Many<C>(PhantomData<C>);

impl<C: Codec> Codec for Many<C> {
    type Value = Vec<At<Slot<C::Value>>>;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self::Value> {
        let Some(elements) = json::elements(node) else {
            reader.unexpected(node, "a list");
            return None;
        };
        let read = |element| At {
            value: C::decode(element, reader).map_or(Slot::Bad, Slot::Is),
            span: json::span(element),
        };
        Some(elements.iter().map(read).collect())
    }

    fn encode(value: &Self::Value, scenario: &Scenario) -> Json {
        value
            .iter()
            .filter_map(|slot| slot.value.get())
            .map(|value| C::encode(value, scenario))
            .collect()
    }

    fn schema(definitions: &mut Definitions) -> Json {
        json!({ "type": "array", "items": C::schema(definitions) })
    }
}

/// An object whose field names are up to the author.
#[derive(Debug)]
pub(super) struct Map<C>(PhantomData<C>);

/// One field of a [`Map`].
#[derive(Debug, Clone)]
pub(super) struct Entry<T> {
    /// The name with its place.
    pub(super) name: At<String>,
    /// The value.
    pub(super) value: Slot<T>,
}

impl<C: Codec> Codec for Map<C> {
    type Value = Vec<Entry<C::Value>>;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self::Value> {
        let Some(properties) = json::properties(node) else {
            reader.unexpected(node, "an object");
            return None;
        };
        let mut seen = std::collections::BTreeSet::new();
        let mut entries = Vec::new();
        for (name, span, value) in properties {
            let value = C::decode(value, reader).map_or(Slot::Bad, Slot::Is);
            if seen.insert(name) {
                entries.push(Entry { name: At { value: name.to_owned(), span }, value });
            } else {
                reader.problems.report(span, format!("a second {}", quoted(name)), "it once");
            }
        }
        Some(entries)
    }

    fn encode(value: &Self::Value, scenario: &Scenario) -> Json {
        let mut map = JsonMap::new();
        for entry in value {
            if let Some(value) = entry.value.get() {
                map.insert(entry.name.value.clone(), C::encode(value, scenario));
            }
        }
        map.into()
    }

    fn schema(definitions: &mut Definitions) -> Json {
        json!({ "type": "object", "additionalProperties": C::schema(definitions) })
    }
}

impl<T> Entry<T> {
    /// A field that is written.
    pub(super) fn new(name: impl Into<String>, value: T) -> Self {
        let name = At { value: name.into(), span: Span::default() };
        Self { name, value: Slot::Is(value) }
    }
}
