//! Codecs of plain values: flags, numbers, times, texts, and the lists and maps that hold other values.
//! It does not know names of things; those are in `names`.

use std::marker::PhantomData;

use serde_json::{Map as JsonMap, Value as Json, json};

use super::codec::{Codec, Definitions, Reader, Slot, defined};
use super::json::{self, Node};
use super::problem::{Span, quoted};
use crate::scenario::model::Scenario;
use crate::time::{SimDuration, SimTime};

/// The word for "no end".
pub(super) const END: &str = "end";
/// The word for "no restriction".
pub(super) const ANY: &str = "any";

impl Codec for bool {
    type Value = Self;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if let Node::BooleanLit(flag) = node {
            return Some(flag.value);
        }
        reader.unexpected(node, "true or false");
        None
    }

    fn encode(value: &Self, _: &Scenario) -> Json {
        (*value).into()
    }

    fn schema(_: &mut Definitions) -> Json {
        json!({ "type": "boolean" })
    }
}

/// A whole number from `MIN` to `MAX`.
#[derive(Debug)]
pub(super) enum Int<const MIN: u32, const MAX: u32> {}

impl<const MIN: u32, const MAX: u32> Codec for Int<MIN, MAX> {
    type Value = u32;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<u32> {
        let number = json::number(node).and_then(|digits| digits.parse().ok());
        let number = number.filter(|number| (MIN..=MAX).contains(number));
        if number.is_none() {
            reader.unexpected(node, format!("a whole number from {MIN} to {MAX}"));
        }
        number
    }

    fn encode(value: &u32, _: &Scenario) -> Json {
        (*value).into()
    }

    fn schema(_: &mut Definitions) -> Json {
        json!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

/// The version of the format: 1 is the only one so far.
#[derive(Debug)]
pub(super) enum Version {}

impl Codec for Version {
    type Value = u32;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<u32> {
        if json::number(node) == Some("1") {
            return Some(1);
        }
        reader.unexpected(node, "1, the only version of the format that this reader knows");
        None
    }

    fn encode(value: &u32, _: &Scenario) -> Json {
        (*value).into()
    }

    fn schema(_: &mut Definitions) -> Json {
        json!({ "const": 1 })
    }
}

/// A whole number of 64 bits.
#[derive(Debug)]
pub(super) enum Seed {}

impl Codec for Seed {
    type Value = u64;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<u64> {
        let number = json::number(node).and_then(|digits| digits.parse().ok());
        if number.is_none() {
            reader.unexpected(node, format!("a whole number from 0 to {}", u64::MAX));
        }
        number
    }

    fn encode(value: &u64, _: &Scenario) -> Json {
        (*value).into()
    }

    fn schema(_: &mut Definitions) -> Json {
        json!({ "type": "integer", "minimum": 0, "maximum": u64::MAX })
    }
}

/// What a duration looks like, as a regular expression.
const DURATION: &str = "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$";
/// What a duration looks like, in words.
const DURATION_WORDS: &str = "a time such as \"500ms\", \"10s\", \"1h30m\" or \"7d\"";

impl Codec for SimDuration {
    type Value = Self;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let span = json::text(node).and_then(|text| text.parse().ok());
        if span.is_none() {
            reader.unexpected(node, DURATION_WORDS);
        }
        span
    }

    fn encode(value: &Self, _: &Scenario) -> Json {
        value.to_string().into()
    }

    fn schema(definitions: &mut Definitions) -> Json {
        defined("duration", definitions, |_| {
            json!({
                "description": "A span of virtual time in days, hours, minutes, seconds and milliseconds, \
                    the largest unit first: \"500ms\", \"10s\", \"1h30m\", \"7d\".",
                "type": "string",
                "minLength": 2,
                "pattern": DURATION,
            })
        })
    }
}

impl Codec for SimTime {
    type Value = Self;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        SimDuration::decode(node, reader).map(|span| Self::ZERO + span)
    }

    fn encode(value: &Self, _: &Scenario) -> Json {
        value.to_string().into()
    }

    fn schema(definitions: &mut Definitions) -> Json {
        defined("time", definitions, |_| {
            json!({
                "description": "A point in virtual time, as the span since the start of the run: \"10s\".",
                "type": "string",
                "minLength": 2,
                "pattern": DURATION,
            })
        })
    }
}

/// A point in time or the word `end`, which stands for [`SimTime::MAX`].
#[derive(Debug)]
pub(super) enum Until {}

impl Codec for Until {
    type Value = SimTime;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<SimTime> {
        let text = json::text(node);
        if text == Some(END) {
            return Some(SimTime::MAX);
        }
        let span = text.and_then(|text| text.parse::<SimDuration>().ok());
        if span.is_none() {
            reader.unexpected(node, format!("{DURATION_WORDS}, or \"{END}\""));
        }
        span.map(|span| SimTime::ZERO + span)
    }

    fn encode(value: &SimTime, scenario: &Scenario) -> Json {
        if *value == SimTime::MAX { END.into() } else { SimTime::encode(value, scenario) }
    }

    fn schema(definitions: &mut Definitions) -> Json {
        json!({ "anyOf": [SimTime::schema(definitions), { "const": END }] })
    }
}

/// A text of a bounded length.
#[derive(Debug)]
pub(super) enum Text {}

impl Codec for Text {
    type Value = String;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<String> {
        let Some(text) = json::text(node) else {
            reader.unexpected(node, "a text");
            return None;
        };
        if text.len() > reader.limits.text_bytes {
            let found = format!("a text of {} bytes", text.len());
            let expected = format!("at most {} (limit \"text_bytes\")", reader.limits.text_bytes);
            reader.problems.report(json::span(node), found, expected);
            return None;
        }
        Some(text.to_owned())
    }

    fn encode(value: &String, _: &Scenario) -> Json {
        value.as_str().into()
    }

    fn schema(_: &mut Definitions) -> Json {
        json!({ "type": "string" })
    }
}

/// A digest in 16 hexadecimal digits, or `any`.
#[derive(Debug)]
pub(super) enum Digest {}

impl Codec for Digest {
    type Value = Option<u64>;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Option<u64>> {
        let text = json::text(node);
        if text == Some(ANY) {
            return Some(None);
        }
        let digits = text
            .filter(|text| text.len() == 16)
            .filter(|text| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
        let value = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        if value.is_none() {
            reader.unexpected(node, format!("16 digits from 0 to f, or \"{ANY}\""));
        }
        value.map(Some)
    }

    fn encode(value: &Option<u64>, _: &Scenario) -> Json {
        value.map_or_else(|| ANY.into(), |value| format!("{value:016x}").into())
    }

    fn schema(_: &mut Definitions) -> Json {
        json!({ "type": "string", "pattern": "^([0-9a-f]{16}|any)$" })
    }
}

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
