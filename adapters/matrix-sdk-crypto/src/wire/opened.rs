//! What Olm messages of real devices hold, as whoever opened them read it. Facts are told where a message is written, and its writer does not
//! show what it put inside: what the adapter took it for is held against what was read. It does not know who is right.

use std::collections::BTreeMap;

use serde_json::Value;
use withheld::ids::{DeviceId, MegolmSessionId};
use withheld::protocol::json;
use withheld::protocol::to_device::{
    ForwardedRoomKey, ForwardedWithheld, OlmCiphertext, OlmEvent, OlmPayload, RoomKey, SenderKeys,
    SharedHistory,
};

use super::Wire;

/// The contents of messages by their number: the event, and what it says of its sender's keys.
pub type Opened = BTreeMap<u64, (SenderKeys, OlmEvent)>;

impl Wire {
    /// The wire of a run that was made before, in which this was read that had been taken for something else.
    #[must_use]
    pub fn knowing(self, told: Opened) -> Self {
        Self { told, ..self }
    }

    /// What was read in this run and had been taken for something else.
    #[must_use]
    pub const fn misread(&self) -> &Opened {
        &self.misread
    }

    /// What a message with this number holds.
    pub(super) fn told(&self, number: u32, taken_for: OlmEvent) -> (SenderKeys, OlmEvent) {
        self.told.get(&number.into()).copied().unwrap_or((SenderKeys::Agree, taken_for))
    }

    /// Somebody has opened a message of a real device, and read this.
    pub fn opened(&mut self, ciphertext: &OlmCiphertext, sender_keys: SenderKeys, event: OlmEvent) {
        let OlmPayload { sender_keys: keys, event: taken_for, .. } = ciphertext.payload;
        if (keys, taken_for) != (sender_keys, event) {
            self.misread.insert(ciphertext.mac, (sender_keys, event));
        }
    }
}

/// The event in a plaintext, if it is one of those that the simulator knows; `key` tells of a content with a key which session that is, and from
/// which index on.
pub fn event(
    plaintext: &Value,
    wire: &mut Wire,
    key: impl FnOnce(&Value, &mut Wire) -> Option<(MegolmSessionId, u32)>,
) -> Option<OlmEvent> {
    let content = &plaintext["content"];
    let forwarded = match plaintext["type"].as_str()? {
        "m.room_key" => false,
        "m.forwarded_room_key" => true,
        "m.dummy" => {
            let empty = content.as_object().is_some_and(serde_json::Map::is_empty);
            return Some(OlmEvent::Dummy { empty });
        }
        _ => return None,
    };
    let room: ruma::OwnedRoomId = content["room_id"].as_str()?.try_into().ok()?;
    let room = wire.names().room_named(&room)?;
    let (session, first) = key(content, wire)?;
    let shared_history = content.get("shared_history").map_or(SharedHistory::Absent, |value| {
        value.as_bool().map_or(SharedHistory::NotABoolean, SharedHistory::of)
    });
    let key = RoomKey { room, session, first, shared_history };
    if !forwarded {
        return Some(OlmEvent::RoomKey(key));
    }
    let creator = wire.device_of_key(content["sender_key"].as_str()?)?;
    let hops = content["forwarding_curve25519_key_chain"].as_array().map_or(0, Vec::len);
    let hops = u32::try_from(hops).unwrap_or(u32::MAX);
    let withheld = content.get("withheld").map(|reason| {
        let read = json::read_withheld(reason, wire);
        ForwardedWithheld { code: read.code, reason: read.reason }
    });
    Some(OlmEvent::ForwardedRoomKey(ForwardedRoomKey { key, creator, hops, withheld }))
}

/// What a plaintext says of its sender's keys.
#[must_use]
pub fn sender_keys(plaintext: &Value, sender: DeviceId, wire: &Wire) -> SenderKeys {
    let names = ["sender_device_keys", "org.matrix.msc4147.device_keys"];
    let Some(keys) = names.iter().find_map(|name| plaintext.get(name)) else {
        return SenderKeys::Absent;
    };
    let own = keys["keys"].as_object().into_iter().flatten();
    let mut own = own.filter(|(id, _)| id.starts_with("curve25519:")).map(|(_, key)| key);
    let agrees = own.next().and_then(Value::as_str) == wire.key_of_device(sender);
    if agrees { SenderKeys::Agree } else { SenderKeys::Differ }
}
