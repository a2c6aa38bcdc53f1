//! Codecs of plain values: flags, numbers, times and texts.
//! It does not know names of things (those are in `reference`), nor what holds other values (`container`).

use serde_json::{Value as Json, json};

use super::codec::{Codec, Definitions, Reader, defined};
use super::json::{self, Node};
use crate::scenario::limits::Limits;
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
pub(super) const DURATION_WORDS: &str = "a time such as \"500ms\", \"10s\", \"1h30m\" or \"7d\"";

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
        json!({ "type": "string", "maxLength": Limits::FILES.text_bytes })
    }
}

/// A device id as it stands on the wire: visible ASCII characters.
#[derive(Debug)]
pub(super) enum WireDeviceId {}

impl Codec for WireDeviceId {
    type Value = String;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<String> {
        let text = Text::decode(node, reader)?;
        if text.is_empty() || !text.chars().all(|letter| letter.is_ascii_graphic()) {
            reader.unexpected(node, "a device id of visible ASCII characters");
            return None;
        }
        Some(text)
    }

    fn encode(value: &String, _: &Scenario) -> Json {
        value.as_str().into()
    }

    fn schema(_: &mut Definitions) -> Json {
        json!({ "type": "string", "pattern": "^[!-~]+$", "maxLength": Limits::FILES.text_bytes })
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
