//! The client-server API as values: what a client may ask of its homeserver, and what it is answered.
//! It does not know how a request travels, how long it takes, or what the server keeps.

use smallvec::SmallVec;

use crate::ids::{
    ClaimId, DeviceId, KeyValue, MegolmSessionId, QueryId, RoomId, ServerId, SigningKey,
    ToDeviceId, TxnId, UserId,
};
use crate::protocol::provenance::Provenance;
use crate::protocol::room::{Membership, RoomEvent, SharedRoomState};
use crate::protocol::to_device::{MegolmCiphertext, ToDeviceBody, ToDeviceMessage, ToDeviceType};
use crate::time::SimDuration;

/// A request of a client to its own homeserver.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Request {
    /// `POST /keys/upload`
    UploadKeys(KeyUpload),
    /// `POST /keys/query`, one entry for each user asked for.
    QueryKeys(Vec<(UserId, QueryId)>),
    /// `POST /keys/claim`, one entry for each device a key is asked for.
    ClaimKeys(Vec<(DeviceId, ClaimId)>),
    /// `GET /keys/changes` since this token.
    KeyChanges(SyncToken),
    /// `POST /keys/device_signing/upload`
    UploadSigningKeys(CrossSigningKeys),
    /// `POST /keys/signatures/upload`
    UploadSignature(Signature),
    /// `PUT /sendToDevice/{type}/{txn}`
    SendToDevice(ToDevicePut),
    /// `PUT /rooms/{room}/send/m.room.encrypted/{txn}`
    SendMessage(MessagePut),
    /// `PUT /rooms/{room}/state/...`, or `/join`, `/leave`, `/invite`, `/ban`: a state event.
    SendState {
        /// The room.
        room: RoomId,
        /// The new state; never [`RoomEvent::Message`].
        event: RoomEvent,
    },
    /// `GET /rooms/{room}/members`
    Members(RoomId),
    /// `GET /sync`: the token acknowledges everything before it.
    Sync(SyncToken),
    /// `PUT /room_keys/keys`: session with the first index that the uploader holds.
    PutBackup(Vec<BackedUpKey>),
    /// `GET /room_keys/keys`
    GetBackup,
    /// `POST /logout`
    Logout,
}

/// The kind of a request, for faults that hit one endpoint and for printing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// `/keys/upload`
    UploadKeys,
    /// `/keys/query`
    QueryKeys,
    /// `/keys/claim`
    ClaimKeys,
    /// `/keys/changes`
    KeyChanges,
    /// `/keys/device_signing/upload` and `/keys/signatures/upload`
    Signing,
    /// `/sendToDevice`
    SendToDevice,
    /// `/rooms/{room}/send`
    SendMessage,
    /// State events.
    SendState,
    /// `/rooms/{room}/members`
    Members,
    /// `/sync`
    Sync,
    /// `/room_keys`
    Backup,
    /// `/logout`
    Logout,
}

impl Endpoint {
    /// All endpoints with their names in scenario files.
    pub const ALL: [(Self, &'static str); 12] = [
        (Self::UploadKeys, "keys/upload"),
        (Self::QueryKeys, "keys/query"),
        (Self::ClaimKeys, "keys/claim"),
        (Self::KeyChanges, "keys/changes"),
        (Self::Signing, "keys/signatures"),
        (Self::SendToDevice, "sendToDevice"),
        (Self::SendMessage, "send"),
        (Self::SendState, "state"),
        (Self::Members, "members"),
        (Self::Sync, "sync"),
        (Self::Backup, "room_keys"),
        (Self::Logout, "logout"),
    ];

    /// The name in scenario files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(endpoint, _)| *endpoint == self).map_or("?", |(_, name)| name)
    }
}

impl Request {
    /// Which endpoint this goes to.
    #[must_use]
    pub const fn endpoint(&self) -> Endpoint {
        match self {
            Self::UploadKeys(_) => Endpoint::UploadKeys,
            Self::QueryKeys(_) => Endpoint::QueryKeys,
            Self::ClaimKeys(_) => Endpoint::ClaimKeys,
            Self::KeyChanges(_) => Endpoint::KeyChanges,
            Self::UploadSigningKeys(_) | Self::UploadSignature(_) => Endpoint::Signing,
            Self::SendToDevice(_) => Endpoint::SendToDevice,
            Self::SendMessage(_) => Endpoint::SendMessage,
            Self::SendState { .. } => Endpoint::SendState,
            Self::Members(_) => Endpoint::Members,
            Self::Sync(_) => Endpoint::Sync,
            Self::PutBackup(_) | Self::GetBackup => Endpoint::Backup,
            Self::Logout => Endpoint::Logout,
        }
    }
}

/// What `/keys/upload` carries.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct KeyUpload {
    /// The device's identity keys, the first time.
    pub device_keys: Option<DeviceKeys>,
    /// New one-time keys: key id and value, in the order of their ids.
    pub one_time_keys: Vec<(u32, KeyValue)>,
    /// A new fallback key: key id and value.
    pub fallback_key: Option<(u32, KeyValue)>,
}

/// The device keys of one device, as published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeviceKeys {
    /// The device.
    pub device: DeviceId,
    /// Whether it lists Olm and Megolm among its algorithms.
    pub lists_algorithms: bool,
    /// The self-signing key that signed it, if any did.
    pub signed_by: Option<SigningKey>,
}

/// The public cross-signing keys of one user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CrossSigningKeys {
    /// The master key.
    pub master: SigningKey,
    /// Signs the user's own devices; itself signed by the master key.
    pub self_signing: SigningKey,
    /// Signs other users' master keys; itself signed by the master key.
    pub user_signing: SigningKey,
}

/// A signature that a client uploads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signature {
    /// A self-signing key signs a device.
    Device {
        /// The self-signing key.
        signer: SigningKey,
        /// The device.
        device: DeviceId,
    },
    /// A user-signing key signs another user's master key.
    Master {
        /// The user-signing key.
        signer: SigningKey,
        /// Whose master key.
        user: UserId,
        /// The master key.
        master: SigningKey,
    },
}

/// One user's part of the answer to `/keys/query`, as that user's server had it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserKeys {
    /// The user.
    pub user: UserId,
    /// Which query this answers.
    pub query: QueryId,
    /// Cross-signing keys, if the user has any. `user_signing` is meant for the user's own devices only.
    pub identity: Option<CrossSigningKeys>,
    /// Whether the asking user's own user-signing key signed `identity.master`, and which key that was.
    pub master_signed_by: Option<SigningKey>,
    /// The devices with device keys, ascending.
    pub devices: Vec<DeviceKeys>,
    /// The last change of this list.
    pub cause: Provenance,
}

/// One device's part of the answer to `/keys/claim`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClaimedKey {
    /// The device.
    pub device: DeviceId,
    /// Which claim this answers.
    pub claim: ClaimId,
    /// The key.
    pub key: KeyValue,
    /// Whether it is the device's fallback key.
    pub fallback: bool,
    /// Whether its signature is the device's.
    pub signature_valid: bool,
    /// The fact that it was handed out.
    pub cause: Provenance,
}

/// A device that the answer to `/keys/claim` has no key for, though its server was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AbsentKey {
    /// The device.
    pub device: DeviceId,
    /// The fact that took the last one-time key away, or kept one from being published.
    pub one_time: Provenance,
    /// The fact that keeps the device from having a fallback key.
    pub fallback: Provenance,
}

/// What `PUT /sendToDevice` carries: one message a device, all of one type (rule T-06).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ToDevicePut {
    /// The transaction id; the same on every retry.
    pub txn: TxnId,
    /// `type`
    pub event_type: ToDeviceType,
    /// The targets with their contents.
    pub messages: Vec<(DeviceId, ToDeviceBody)>,
}

/// What `PUT /send` carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessagePut {
    /// The room.
    pub room: RoomId,
    /// The transaction id; the same on every retry.
    pub txn: TxnId,
    /// Which of the run's messages.
    pub message: crate::ids::MessageId,
    /// The ciphertext.
    pub body: MegolmCiphertext,
}

/// A place in everything that a server has for one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SyncToken {
    /// To-device messages up to this mailbox position have been listed.
    pub to_device: u64,
    /// Device-list changes up to this position of the server's change stream have been listed.
    pub device_lists: u64,
    /// Room events up to this position of the server's event stream have been listed.
    pub rooms: u64,
}

/// Whether a user's device list changed, or is no longer of interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListChange {
    /// `device_lists.changed`
    Changed,
    /// `device_lists.left`
    Left,
}

/// The answer to `/sync`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct SyncResponse {
    /// The token that was asked with.
    pub since: SyncToken,
    /// `next_batch`
    pub next: SyncToken,
    /// `to_device.events`, in the server's order, each with the fact that this answer listed it.
    pub to_device: Vec<(ToDeviceId, ToDeviceMessage, Provenance)>,
    /// `device_lists`, each with the fact that the server learnt of the change.
    pub device_lists: Vec<(UserId, ListChange, Provenance)>,
    /// `device_one_time_keys_count`; `None` if left out.
    pub one_time_key_count: Option<u32>,
    /// Whether `device_unused_fallback_key_types` names the algorithm; `None` if left out.
    pub unused_fallback_key: Option<bool>,
    /// The fact that left the counts out.
    pub counts_cause: Provenance,
    /// The rooms with something new: of most answers one, which needs no memory of its own.
    pub rooms: SmallVec<[RoomSync; 1]>,
}

/// One room's part of a sync answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoomSync {
    /// The room.
    pub room: RoomId,
    /// Whether events were left out between the last answer and `timeline`.
    pub limited: bool,
    /// The state before `timeline`: in the first answer for a room and in a limited one.
    pub state: Option<SharedRoomState>,
    /// The new events, in the server's order, each with the fact that the server has it.
    pub timeline: SmallVec<[(RoomEvent, Provenance); 1]>,
    /// The server's number of the last event that this answer covers, whether it is in `timeline` or in `state`; the
    /// server counts the events of a room from 1.
    pub seq: u32,
    /// The fact that the server has the last event that changed the room's state.
    pub cause: Provenance,
}

/// A room key as it stands in a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BackedUpKey {
    /// The room.
    pub room: RoomId,
    /// The session.
    pub session: MegolmSessionId,
    /// The first index that can be decrypted with it.
    pub first: u32,
    /// `sender_key`: the device that made the session, as the uploader was told.
    pub creator: DeviceId,
    /// `shared_history`: whether the uploader may give the key to later members.
    pub shared_history: bool,
}

/// The answer to a request that reached the server and was done.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Response {
    /// `/keys/upload`: how many unclaimed one-time keys the server now has (`None` if it left that out).
    UploadKeys(Option<u32>),
    /// `/keys/query`: answers by user, and the queries of users whose server could not be reached.
    QueryKeys {
        /// Users that were answered for.
        users: Vec<UserKeys>,
        /// Users that were not, because of `failures`.
        failed: Vec<(UserId, QueryId)>,
    },
    /// `/keys/claim`: keys by device.
    ClaimKeys {
        /// The keys.
        keys: Vec<ClaimedKey>,
        /// The devices that have none. On the wire they are those that are not named.
        absent: Vec<AbsentKey>,
        /// Servers that could not be reached (`failures`).
        failures: Vec<ServerId>,
    },
    /// `/keys/changes`
    KeyChanges(Vec<(UserId, ListChange, Provenance)>),
    /// `/rooms/{room}/members`
    Members {
        /// The room.
        room: RoomId,
        /// Everyone with a membership.
        members: Vec<(UserId, Membership)>,
    },
    /// `/sync`. The largest answer by far, and often moved.
    Sync(Box<SyncResponse>),
    /// `GET /room_keys/keys`
    Backup(Vec<BackedUpKey>),
    /// Any request whose answer is only "done".
    Done,
}

/// Why a request failed, as the client can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failure {
    /// No connection; the server may or may not have acted.
    Unreachable,
    /// No answer within the client's patience; the server may or may not have acted.
    Timeout,
    /// 429 with `retry_after_ms`.
    RateLimited(SimDuration),
    /// 400: the server refuses this request for good, for example a key id that is already in use.
    Rejected,
    /// 5xx: the server failed inside.
    ServerError,
    /// 401 or 403: the device is logged out, or may not do this.
    Forbidden,
}
