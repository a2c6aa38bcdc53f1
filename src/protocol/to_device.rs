//! What travels between devices: Olm ciphertexts with their payloads, withheld notices, key requests.
//! It does not know whether any of it is right; it can hold whatever a foreign client may put on the wire.

use std::hash::{Hash, Hasher};

use crate::ids::{
    BundleId, DeviceId, KeyValue, MegolmSessionId, OlmSessionId, RequestId, RoomId, Sym,
};
use crate::protocol::withheld::{Field, WithheldCode, WithheldContent};

/// The `type` of a to-device event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ToDeviceType {
    /// `m.room.encrypted`
    Encrypted,
    /// `m.room_key.withheld`
    Withheld,
    /// `org.matrix.room_key.withheld`: how the event was called before MSC2399 was accepted.
    WithheldUnstable,
    /// `org.matrix.room_key.witheld`: the misspelling of the first draft.
    WithheldMisspelt,
    /// `m.room_key_request`
    KeyRequest,
    /// `m.room_key` in clear, where it must not be (K-05).
    ClearRoomKey,
    /// `m.forwarded_room_key` in clear, where it must not be (F-01).
    ClearForwardedRoomKey,
    /// `m.dummy` in clear, where it means nothing (U-08).
    ClearDummy,
    /// Any other type, by its spelling.
    Other(Sym),
    /// `m.room.no_key`: another name in the first draft.
    NoKey,
}

impl ToDeviceType {
    /// The types with a spelling of their own.
    pub const NAMED: [(Self, &'static str); 9] = [
        (Self::Encrypted, "m.room.encrypted"),
        (Self::Withheld, "m.room_key.withheld"),
        (Self::WithheldUnstable, "org.matrix.room_key.withheld"),
        (Self::WithheldMisspelt, "org.matrix.room_key.witheld"),
        (Self::KeyRequest, "m.room_key_request"),
        (Self::NoKey, "m.room.no_key"),
        (Self::ClearRoomKey, "m.room_key"),
        (Self::ClearForwardedRoomKey, "m.forwarded_room_key"),
        (Self::ClearDummy, "m.dummy"),
    ];

    /// The spelling; `None` for [`ToDeviceType::Other`], whose spelling is interned.
    #[must_use]
    pub fn as_str(self) -> Option<&'static str> {
        Self::NAMED.iter().find(|(named, _)| *named == self).map(|(_, text)| *text)
    }

    /// Whether a client takes this for the withheld event; `unstable_too` is how the first draft reads.
    #[must_use]
    pub const fn is_withheld(self, unstable_too: bool) -> bool {
        match self {
            Self::Withheld => true,
            Self::WithheldUnstable | Self::WithheldMisspelt => unstable_too,
            Self::Encrypted
            | Self::KeyRequest
            | Self::ClearRoomKey
            | Self::ClearForwardedRoomKey
            | Self::ClearDummy
            | Self::NoKey
            | Self::Other(_) => false,
        }
    }
}

/// One to-device event as its sender wrote it: the sending *user* is vouched for by the servers, the device is
/// ground truth that only the simulator and the checker may look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ToDeviceMessage {
    /// The device that sent it. A recipient may use no more than its user.
    pub sender: DeviceId,
    /// `type`
    pub event_type: ToDeviceType,
    /// `content`
    pub body: ToDeviceBody,
}

/// The content of a to-device event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ToDeviceBody {
    /// An Olm ciphertext.
    Olm(OlmCiphertext),
    /// A withheld notice, well formed or not.
    Withheld(WithheldContent),
    /// A key request or its cancellation.
    KeyRequest(KeyRequest),
    /// What belongs into an Olm message, in clear.
    Clear(OlmEvent),
}

/// An Olm message to one device. Its keys are symbolic: two values are equal exactly when the real keys would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OlmCiphertext {
    /// `sender_key`: the Curve25519 identity key of the sending device.
    pub sender_key: DeviceId,
    /// The session that the sender used. A recipient may look at it for pre-key messages only.
    pub session: OlmSessionId,
    /// For a type-0 message: the one-time or fallback key that the session was built on.
    pub pre_key: Option<KeyValue>,
    /// The sender's ratchet key.
    pub ratchet_key: u32,
    /// The index in the chain of that ratchet key.
    pub index: u32,
    /// The message key, in the place of the MAC: decryption works if the recipient derives the same.
    pub mac: u64,
    /// What is inside. Only a recipient whose derived key equals `mac` may look at it.
    pub payload: OlmPayload,
}

/// The decrypted content of an Olm message. `sender`, `recipient` and the keys of the envelope are the sending and
/// the target device's own unless `envelope` says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OlmPayload {
    /// The device that it was encrypted for (`recipient`, `recipient_keys`).
    pub recipient: DeviceId,
    /// `sender_device_keys`
    pub sender_keys: SenderKeys,
    /// The event inside.
    pub event: OlmEvent,
}

/// `sender_device_keys` of a decrypted Olm message (MSC4147): the sender's signed device keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SenderKeys {
    /// Left out.
    Absent,
    /// There, and the same keys as in `keys` and in the envelope.
    Agree,
    /// There, with other keys than the message's own (V-05).
    Differ,
}

/// The event inside an Olm message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OlmEvent {
    /// `m.room_key`
    RoomKey(RoomKey),
    /// `m.forwarded_room_key`
    ForwardedRoomKey(ForwardedRoomKey),
    /// `m.dummy`
    Dummy {
        /// Whether its content is empty, as it should be (U-08).
        empty: bool,
    },
    /// `m.room_key.withheld`, which should not be encrypted.
    Withheld(WithheldContent),
    /// `m.room_key_bundle`
    RoomKeyBundle(RoomKeyBundle),
}

/// `m.room_key`: a Megolm session from one index on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RoomKey {
    /// The room.
    pub room: RoomId,
    /// The session.
    pub session: MegolmSessionId,
    /// The first message index that the key can decrypt.
    pub first: u32,
    /// `shared_history` (specification 1.19).
    pub shared_history: SharedHistory,
}

/// `shared_history` of an `m.room_key` as it stood on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SharedHistory {
    /// `false`
    No,
    /// `true`
    Yes,
    /// Left out, as clients do that are older than specification 1.19.
    Absent,
    /// There, and no boolean.
    NotABoolean,
}

impl SharedHistory {
    /// What a client writes that gives this answer.
    #[must_use]
    pub const fn of(shared: bool) -> Self {
        if shared { Self::Yes } else { Self::No }
    }

    /// What it means: only `true` lets the key be given to later members (H-02).
    #[must_use]
    pub const fn is_shared(self) -> bool {
        matches!(self, Self::Yes)
    }
}

/// A value that is written as a boolean is hashed as one, as it was when it could be nothing else.
impl Hash for SharedHistory {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u8(*self as u8);
    }
}

/// `m.room_key_bundle`: where a history bundle is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RoomKeyBundle {
    /// `room_id`
    pub room: RoomId,
    /// `file`
    pub bundle: BundleId,
}

/// `m.forwarded_room_key`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ForwardedRoomKey {
    /// The key.
    pub key: RoomKey,
    /// The device that made the session (`sender_key`).
    pub creator: DeviceId,
    /// How many devices forwarded it before this one (`forwarding_curve25519_key_chain`).
    pub hops: u32,
    /// `withheld`: why the forwarder has a part of the session only.
    pub withheld: Option<ForwardedWithheld>,
}

/// The `withheld` object of a forwarded key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ForwardedWithheld {
    /// `code`
    pub code: Field<WithheldCode>,
    /// `reason`
    pub reason: Field<Sym>,
}

/// `m.room_key_request`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyRequest {
    /// `request_id`
    pub request: RequestId,
    /// `requesting_device_id`, resolved to the identity that asks.
    pub requester: DeviceId,
    /// `action` with what it needs.
    pub action: KeyRequestAction,
}

/// `action` of a key request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyRequestAction {
    /// `request`: please forward this session.
    Request {
        /// `room_id`
        room: RoomId,
        /// `session_id`
        session: MegolmSessionId,
    },
    /// `request_cancellation`
    Cancel,
}

/// The ciphertext of a room message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MegolmCiphertext {
    /// The session.
    pub session: MegolmSessionId,
    /// `message_index`, authenticated.
    pub index: u32,
    /// False if the ciphertext was damaged on its way.
    pub intact: bool,
}
