//! Room messages that arrive: decrypted by the machine now, or tried again when a key or a notice has come.
//! It does not know where keys come from.

use matrix_sdk_crypto::{DecryptionSettings, MegolmError, TrustRequirement};
use ruma::serde::Raw;
use serde_json::json;
use vodozemac::megolm::DecryptionError;
use withheld::ids::{DeviceId, FactId, MegolmSessionId, MessageId, RoomId};
use withheld::protocol::room::RoomEvent;
use withheld::protocol::to_device::MegolmCiphertext;
use withheld::protocol::withheld::WithheldCode;
use withheld::time::SimTime;
use withheld::trace::fact::{Causes, FactKind, Shown, TryResult};

use crate::lockstep::unix_ms;

use super::{Hands, SdkDevice};

/// A message that was received.
#[derive(Debug, Clone, Copy)]
pub(super) struct Received {
    message: MessageId,
    room: RoomId,
    sender: DeviceId,
    sent_at: SimTime,
    body: MegolmCiphertext,
    by: FactId,
    result: Option<TryResult>,
}

/// What the machine is told of whom to trust: everybody, as clients do that do not exclude insecure devices.
pub(super) const fn trust() -> DecryptionSettings {
    DecryptionSettings { sender_device_trust_requirement: TrustRequirement::Untrusted }
}

impl SdkDevice {
    /// Handles a room message; `causes` are those of its arrival.
    pub(super) fn message(
        &mut self,
        room: RoomId,
        event: &RoomEvent,
        causes: Causes,
        hands: &mut Hands<'_, '_>,
    ) {
        let RoomEvent::Message { message, sender, sent_at, body } = *event else { return };
        let kind = FactKind::MessageReceived { device: self.me, message };
        let by = hands.fact(kind, causes);
        if sender != self.me {
            let received = Received { message, room, sender, sent_at, body, by, result: None };
            self.attempt(received, None, hands);
        }
    }

    /// Tries the unread messages of a session again.
    pub(super) fn try_again(
        &mut self,
        session: MegolmSessionId,
        by: Option<FactId>,
        hands: &mut Hands<'_, '_>,
    ) {
        let of_session = |received: &mut Received| received.body.session == session;
        let unread: Vec<Received> = self.app.unread.extract_if(.., of_session).collect();
        for received in unread {
            self.attempt(received, by, hands);
        }
    }

    fn attempt(&mut self, mut received: Received, by: Option<FactId>, hands: &mut Hands<'_, '_>) {
        let (result, reason) = self.decrypt(&received);
        if received.result != Some(result) {
            let (device, message) = (self.me, received.message);
            let causes = Causes::of([Some(received.by), by, reason]);
            hands.fact(FactKind::Try { device, message, result }, causes);
            received.result = Some(result);
        }
        if result != TryResult::Decrypted {
            self.app.unread.push(received);
        }
    }

    fn decrypt(&self, received: &Received) -> (TryResult, Option<FactId>) {
        let unexplained = (TryResult::Undecryptable(Shown::Unexplained), None);
        let Some(machine) = self.machine() else { return unexplained };
        let Some(content) = self.wire().message(received.message, received.body) else {
            return unexplained;
        };
        let room = self.room_id(received.room);
        let event = json!({
            "type": "m.room.encrypted",
            "event_id": format!("$message{}", received.message.raw()),
            "room_id": room,
            "sender": self.user_id(self.user_of(received.sender)),
            "origin_server_ts": unix_ms(received.sent_at),
            "content": content,
        });
        let event = Raw::from_json(
            serde_json::value::to_raw_value(&event).expect("an event can be written"),
        );
        let session = received.body.session;
        match self.wait(machine.olm.decrypt_room_event(&event, &room, &trust())) {
            Ok(_) => (TryResult::Decrypted, self.app.known.keys.get(&session).copied()),
            Err(MegolmError::MissingRoomKey(code)) => {
                let code = code.and_then(|code| WithheldCode::from_wire(code.as_str()));
                let notice = self.app.known.notices.get(&session);
                let shown = code.map_or(Shown::Unexplained, |code| Shown::Code {
                    code,
                    notice: notice.map(|(id, _)| *id),
                });
                (TryResult::Undecryptable(shown), notice.map(|(_, fact)| *fact))
            }
            Err(MegolmError::Decryption(DecryptionError::UnknownMessageIndex(..))) => unexplained,
            Err(_) => (TryResult::Invalid, None),
        }
    }
}
