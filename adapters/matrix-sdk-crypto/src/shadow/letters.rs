//! What is inside of messages between a device that has symbols and one that has keys: written out of symbols, and read into them.
//! It does not know how messages are sealed.

use serde_json::{Value, json};
use withheld::ids::DeviceId;
use withheld::protocol::api::MessagePut;
use withheld::protocol::json;
use withheld::protocol::spelling::Spelling;
use withheld::protocol::to_device::{
    ForwardedRoomKey, OlmEvent, OlmPayload, RoomKey, SenderKeys, SharedHistory,
};

use crate::wire::Wire;

use super::Shadow;

impl Shadow {
    /// What an Olm message holds.
    pub(super) fn plaintext(&self, payload: &OlmPayload) -> Value {
        let wire = &mut self.around.wire.borrow_mut();
        let mut event = json::plaintext(payload, self.me, &**wire);
        if !event["sender_device_keys"].is_null() {
            let mut keys = wire.device_keys(self.me).cloned().unwrap_or_default();
            if payload.sender_keys == SenderKeys::Differ {
                let id = wire.device_id(self.me);
                keys["keys"][format!("curve25519:{id}")] =
                    wire.curve25519(payload.recipient).into();
            }
            event["sender_device_keys"] = keys;
        }
        let content = &mut event["content"];
        match payload.event {
            OlmEvent::RoomKey(RoomKey { session, first, .. }) => {
                if let Some(key) = wire.room_keys.session_key(session, first) {
                    content["session_key"] = key.into();
                }
            }
            OlmEvent::ForwardedRoomKey(ForwardedRoomKey { key, .. }) => {
                if let Some(key) = wire.room_keys.exported_key(key.session, key.first) {
                    content["session_key"] = key.into();
                }
            }
            OlmEvent::Dummy { .. } | OlmEvent::Withheld(_) | OlmEvent::RoomKeyBundle(_) => {}
        }
        event
    }

    /// What an Olm message held, in symbols; `taken_for` is what its sender was taken to have written.
    pub(super) fn payload(
        &self,
        taken_for: &OlmPayload,
        sender: DeviceId,
        text: &[u8],
    ) -> OlmPayload {
        let plaintext: Value = serde_json::from_slice(text).unwrap_or_default();
        let wire = &mut self.around.wire.borrow_mut();
        let event = event(&plaintext, wire).unwrap_or(taken_for.event);
        OlmPayload { event, sender_keys: sender_keys(&plaintext, sender, wire), ..*taken_for }
    }

    /// Writes a room message.
    pub(super) fn make_message_real(&self, put: &MessagePut) {
        let wire = &mut self.around.wire.borrow_mut();
        let (session, index) = (put.body.session, put.body.index);
        wire.room_keys.speaks_of(session, self.me);
        let text = json!({
            "type": "m.room.message",
            "room_id": wire.names().room(put.room),
            "content": { "msgtype": "m.text", "body": format!("message {}", put.message.raw()) },
        });
        let Some(text) = wire.room_keys.encrypt(session, index, &text.to_string()) else { return };
        let content = json!({
            "algorithm": "m.megolm.v1.aes-sha2",
            "sender_key": wire.curve25519(self.me),
            "device_id": wire.device_id(self.me),
            "session_id": wire.session(session),
            "ciphertext": text,
        });
        wire.send_message(put.message, put.body, content);
    }
}

/// The event in a plaintext, if it is one of those that the simulator knows.
fn event(plaintext: &Value, wire: &mut Wire) -> Option<OlmEvent> {
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
    let (inside, first) = wire.room_keys.take(content["session_key"].as_str()?)?;
    let named = content["session_id"].as_str()?;
    let session = wire.room_keys.named(named).filter(|_| named == inside)?;
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
    Some(OlmEvent::ForwardedRoomKey(ForwardedRoomKey { key, creator, hops, withheld: None }))
}

/// What a plaintext says of its sender's keys.
fn sender_keys(plaintext: &Value, sender: DeviceId, wire: &Wire) -> SenderKeys {
    let names = ["sender_device_keys", "org.matrix.msc4147.device_keys"];
    let Some(keys) = names.iter().find_map(|name| plaintext.get(name)) else {
        return SenderKeys::Absent;
    };
    let own = keys["keys"].as_object().into_iter().flatten();
    let mut own = own.filter(|(id, _)| id.starts_with("curve25519:")).map(|(_, key)| key);
    let agrees = own.next().and_then(Value::as_str) == wire.key_of_device(sender);
    if agrees { SenderKeys::Agree } else { SenderKeys::Differ }
}
