//! The codecs of delays, of the network, and of the rotation settings of a room.
//! It does not know who is connected with whom.

use serde_json::{Value as Json, json};

use super::codec::{Codec, Definitions, Reader};
use super::json::{self, Node};
use super::record::{record, settings};
use super::values::Int;
use crate::protocol::room::{RoomAlgorithm, Rotation};
use crate::scenario::model::{Delay, Network, Scenario};
use crate::time::SimDuration;

settings! {
    /// How long things travel. What lies between a least and a greatest delay is left to chance.
    Network as NetworkChanges in "network" from default_network();
    /// Between a client and its homeserver, one way.
    client: Delay,
    /// Between two homeservers, one way.
    federation: Delay,
    /// How long a client waits for an answer before it takes the request for failed.
    request_timeout: SimDuration,
}

settings! {
    /// How a room's messages are encrypted, and when a Megolm session must be replaced.
    Rotation as RotationChanges in "rotation" from Rotation::DEFAULT;
    /// How old a session may become.
    period: SimDuration,
    /// How many messages a session may encrypt.
    messages: Int<1, 1_000_000_000>,
    /// How messages are encrypted.
    algorithm: RoomAlgorithm,
}

/// The delays of a network of which a file says nothing.
#[must_use]
pub const fn default_network() -> Network {
    const fn fixed(ms: u64) -> Delay {
        Delay { min: SimDuration::from_ms(ms), max: SimDuration::from_ms(ms) }
    }
    Network {
        client: fixed(10),
        federation: fixed(50),
        request_timeout: SimDuration::from_secs(10),
    }
}

record! {
    /// A delay between two bounds.
    DelayFile in "delay" {
        /// At least this.
        min: SimDuration [],
        /// At the most this.
        max: SimDuration [],
    }
}

impl Codec for Delay {
    type Value = Self;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        if json::properties(node).is_none() {
            return SimDuration::decode(node, reader).map(|both| Self { min: both, max: both });
        }
        let file = DelayFile::decode(node, reader)?;
        let delay = Self { min: file.min.into_option()?, max: file.max.into_option()? };
        if delay.min > delay.max {
            let found = format!("a delay from {} to {}", delay.min, delay.max);
            reader.problems.report(json::span(node), found, "a \"min\" that is not above \"max\"");
            return None;
        }
        Some(delay)
    }

    fn encode(value: &Self, _: &Scenario) -> Json {
        if value.min == value.max {
            value.min.to_string().into()
        } else {
            json!({ "min": value.min.to_string(), "max": value.max.to_string() })
        }
    }

    fn schema(definitions: &mut Definitions) -> Json {
        json!({ "anyOf": [SimDuration::schema(definitions), DelayFile::schema(definitions)] })
    }
}
