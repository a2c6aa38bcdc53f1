//! What is inside of messages between a device that has symbols and one that has keys: written out of symbols, and read into them.
//! It does not know how messages are sealed.

use serde_json::{Value, json};
use withheld::ids::{DeviceId, MegolmSessionId};
use withheld::protocol::api::MessagePut;
use withheld::protocol::json;
use withheld::protocol::spelling::Spelling;
use withheld::protocol::to_device::{ForwardedRoomKey, OlmEvent, OlmPayload, RoomKey, SenderKeys};

use crate::wire::{Wire, event, sender_keys};

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
        let event = event(&plaintext, wire, key).unwrap_or(taken_for.event);
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

/// The key in a content: its session, which has to be the one that is named, and its first index.
fn key(content: &Value, wire: &mut Wire) -> Option<(MegolmSessionId, u32)> {
    let (inside, first) = wire.room_keys.take(content["session_key"].as_str()?)?;
    let named = content["session_id"].as_str()?;
    Some((wire.room_keys.named(named).filter(|_| named == inside)?, first))
}
