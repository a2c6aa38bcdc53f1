//! The kinds of facts, each declared once: its name, who records it, what it means, and its fields. What writes, reads
//! and describes facts is made of this list. It does not know what any fact means for a rule.

use crate::ids::{
    BundleId, ClaimId, DeviceId, FaultId, KeyValue, MegolmSessionId, MessageId, OlmSessionId,
    QueryId, RequestId, RoomId, ServerId, SigningKey, ToDeviceId, TxnId, UserId,
};
use crate::protocol::api::ListChange;
use crate::protocol::room::{HistoryVisibility, Membership, Rotation};
use crate::protocol::to_device::{OlmEvent, SenderKeys, ToDeviceType};
use crate::protocol::withheld::{CodeSet, WithheldContent};
use crate::scenario::policy::{SharePolicy, Target};
use crate::time::SimTime;
use crate::trace::fact::{
    BackupRead, ClaimOutcome, Direction, FactKind, KeySource, LossCause, OlmCause, OlmResult,
    ProcessOutcome, QueryOutcome, Refusal, RunEnd, SentContent, TryResult,
};
use crate::trace::kind::Kind;

use super::cursor::{Fields, Reading};
use super::form::{Definitions, Property, field, property};
use super::line::Object;
use super::names::{Names, Numbered};

/// Who records facts of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recorder {
    /// Whoever watches the whole: a simulator, a test.
    World,
    /// A homeserver.
    Server,
    /// The client of a device.
    Device,
}

/// The key of a field: its own name unless another is given.
macro_rules! key {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $key:literal) => {
        $key
    };
}

/// Reads a fact of a kind by its fields, or by a function of its own.
macro_rules! read {
    ([$custom:ident] $fields:ident $names:ident $($rest:tt)*) => { $custom($fields, $names) };
    ([] $fields:ident $names:ident $variant:ident ($single:ident)) => {
        Ok(FactKind::$variant(field($fields, stringify!($single), $names)?))
    };
    ([] $fields:ident $names:ident $variant:ident { $($field:ident $($key:literal)?),* }) => {
        Ok(FactKind::$variant {
            $($field: field($fields, key!($field $($key)?), $names)?,)*
        })
    };
}

/// Declares the kinds. A field stands in a line under its own name or under the one behind it: a row of a mailbox is a
/// `to_device` there, so that `message` is a room message everywhere.
macro_rules! kinds {
    ($(
        $(#[doc = $doc:literal])+
        $variant:ident $name:literal by $recorder:ident
            $(($single:ident: $single_type:ty))?
            $({ $($field:ident $($key:literal)?: $type:ty),* })?
            $(as $custom:ident)?;
    )*) => {
        impl Kind {
            /// The name in traces.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The kind with this name in traces.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// Who records it.
            #[must_use]
            pub const fn recorder(self) -> Recorder {
                match self { $(Self::$variant => Recorder::$recorder,)* }
            }

            /// What it means.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+),)* }
            }

            /// The fields that it has besides those of every fact.
            pub(super) fn properties(self, definitions: &mut Definitions) -> Vec<Property> {
                match self {
                    $(Self::$variant => vec![
                        $(property::<$single_type>(stringify!($single), definitions),)?
                        $($(property::<$type>(key!($field $($key)?), definitions),)*)?
                    ],)*
                }
            }
        }

        /// Writes the fields of a fact.
        pub(super) fn put_fields(kind: &FactKind, object: &mut Object<'_, '_>) {
            match kind {
                $(FactKind::$variant $(($single))? $({ $($field),* })? => {
                    $(object.field(stringify!($single), $single);)?
                    $($(object.field(key!($field $($key)?), $field);)*)?
                })*
            }
        }

        /// Reads the fields of a fact of this kind.
        pub(super) fn read_fields(
            name: Kind,
            fields: &mut Fields<'_>,
            names: &mut Names,
        ) -> Reading<FactKind> {
            match name {
                $(Kind::$variant => read!(
                    [$($custom)?] fields names $variant
                    $(($single))? $({ $($field $($key)?),* })?
                ),)*
            }
        }
    };
}

kinds! {
    /// A user did a step of the timeline of a scenario: its position, counted from 0.
    UserStep "user_step" by World (step: u32);
    /// An announced fault came into force.
    FaultStart "fault_start" by World (fault: FaultId);
    /// An announced fault ended.
    FaultEnd "fault_end" by World (fault: FaultId);
    /// Nothing more comes. `quiescent` says that everything had come to rest: nothing on its way, nobody waiting or about to
    /// try again. Without this fact, or with another end, nobody is blamed for what is still missing.
    RunEnd "run_end" by World (end: RunEnd);

    /// The server's state of the room changed: a user's membership. `seq` counts the server's events of the room from 1.
    Member "member" by Server { room: RoomId, user: UserId, membership: Membership, seq: u32 };
    /// The server's state of the room changed: who may read its history.
    HistoryVisibility "history_visibility" by Server {
        room: RoomId, value: HistoryVisibility, seq: u32
    };
    /// The server's state of the room changed: when its sessions are replaced.
    Encryption "encryption" by Server { room: RoomId, rotation: Rotation, seq: u32 };
    /// The device processed a sync that told it of its server's events of the room up to `seq`. `limited` if events before the
    /// timeline were left out; the state that they led to was told.
    RoomSeen "room_seen" by Device { device: DeviceId, room: RoomId, seq: u32, limited: bool };
    /// What the device is told of the room leaves out this user's membership.
    MemberNotTold "member_not_told" by Server { device: DeviceId, room: RoomId, user: UserId };

    /// The server learnt of one of its devices; `crypto` if that has identity keys and lists Olm and Megolm.
    DeviceUp "device_up" by Server { device: DeviceId, crypto: bool };
    /// The server forgot one of its devices.
    DeviceDeleted "device_deleted" by Server { device: DeviceId };
    /// The server has the user's signature for the device by the self-signing key in force.
    CrossSigned "cross_signed" by Server { device: DeviceId };
    /// The server has new cross-signing keys of a user; what older ones signed no longer counts.
    IdentitySet "identity_set" by Server { user: UserId, master: SigningKey };
    /// The device made new cross-signing keys for its user, before any server has them.
    IdentityMade "identity_made" by Device { device: DeviceId, master: SigningKey };
    /// The server learnt that a user's devices or keys changed.
    ListChangedAt "list_changed_at" by Server { user: UserId };
    /// The device processed a note that a user's devices changed, or that it need not follow the user any more.
    ListNote "list_note" by Device { device: DeviceId, user: UserId, change: ListChange };
    /// The device asks for a user's devices.
    QueryStart "query_start" by Device { device: DeviceId, user: UserId, query: QueryId };
    /// A device that the answer lists; all of a query come directly before its end.
    QueryListed "query_listed" by Device {
        device: DeviceId, query: QueryId, listed: DeviceId, cross_signed: bool
    };
    /// The query for a user's devices ended.
    QueryEnd "query_end" by Device {
        device: DeviceId, user: UserId, query: QueryId, outcome: QueryOutcome
    };

    /// Whom the device gives keys to from now on, and whether invited users count.
    SharingSet "sharing_set" by Device { device: DeviceId, share: SharePolicy, with_invited: bool };
    /// Which codes the device reports from now on: to everybody, or to one target if one is named. `strangers` are users who
    /// are not verified.
    ReportingSet "reporting_set" by Device {
        device: DeviceId, target: Option<Target>, codes: CodeSet, strangers: CodeSet
    };
    /// The device's user verified a user or a device, or took that back.
    VerifiedSet "verified_set" by Device { device: DeviceId, target: Target, verified: bool };
    /// The device's user blocked a user or a device, or took that back.
    BlockedSet "blocked_set" by Device { device: DeviceId, target: Target, blocked: bool };
    /// The device's user accepted another user's changed identity.
    IdentityAcknowledged "identity_acknowledged" by Device { device: DeviceId, user: UserId };

    /// The server took one-time keys of a device in one upload: `count` keys from `first` on, if keys are numbers. If they
    /// are texts, the field `keys` lists them, and there is no `first` and no `count`.
    OneTimeKeysUp "one_time_keys_up" by Server {
        device: DeviceId, first: KeyValue, count: u32
    } as one_time_keys_up;
    /// The server took a fallback key of a device.
    FallbackKeyUp "fallback_key_up" by Server { device: DeviceId, key: KeyValue };
    /// The server refused a key upload of a device for good.
    UploadRefused "upload_refused" by Server { device: DeviceId };
    /// The device asks for a one-time key of another.
    Claim "claim" by Device { device: DeviceId, target: DeviceId, claim: ClaimId };
    /// The server handed out a key of one of its devices; no `claim` if the claim is nobody's here.
    KeyHandedOut "key_handed_out" by Server {
        target: DeviceId, key: KeyValue, fallback: bool, claim: Option<ClaimId>
    };
    /// The claim ended.
    ClaimEnd "claim_end" by Device {
        device: DeviceId, target: DeviceId, claim: ClaimId, outcome: ClaimOutcome
    };
    /// A sync answer told the device how many one-time keys the server has and whether the fallback key is unused; what was left
    /// out of the answer is left out here.
    KeyCounts "key_counts" by Device {
        device: DeviceId, one_time: Option<u32>, unused_fallback: Option<bool>
    };
    /// The device no longer has the private part of a key that it published.
    PrivateKeyGone "private_key_gone" by Device { device: DeviceId, key: KeyValue, why: LossCause };

    /// The device has a new Olm session with a peer, made of `key`. Both ends call the session by one id.
    OlmNew "olm_new" by Device {
        device: DeviceId, peer: DeviceId, session: OlmSessionId, direction: Direction,
        why: OlmCause, key: Option<KeyValue>
    };
    /// The device no longer has the Olm session.
    OlmDropped "olm_dropped" by Device {
        device: DeviceId, peer: DeviceId, session: OlmSessionId, why: LossCause
    };
    /// The device encrypted an event for a peer, which goes out in a transaction.
    OlmEncrypted "olm_encrypted" by Device {
        device: DeviceId, peer: DeviceId, session: OlmSessionId, event: OlmEvent,
        sender_keys: SenderKeys, txn: TxnId
    };
    /// The device tried to decrypt an Olm message of a peer.
    OlmDecrypt "olm_decrypt" by Device {
        device: DeviceId, peer: DeviceId, message "to_device": ToDeviceId, result: OlmResult
    };

    /// The device made a Megolm session for a room, and its store has it.
    MegolmNew "megolm_new" by Device { device: DeviceId, room: RoomId, session: MegolmSessionId };
    /// The device encrypted a message.
    MegolmEncrypted "megolm_encrypted" by Device {
        device: DeviceId, room: RoomId, session: MegolmSessionId, index: u32, message: MessageId
    };
    /// The device did not send a message and told its user why.
    SendRefused "send_refused" by Device {
        device: DeviceId, room: RoomId, message: MessageId, why: Refusal
    };
    /// The sender's server accepted a message.
    MessageAccepted "message_accepted" by Server { room: RoomId, message: MessageId };
    /// The device got a message in a sync.
    MessageReceived "message_received" by Device { device: DeviceId, message: MessageId };
    /// The device has a key of a Megolm session from the index `first` on; `via` brought it, if a to-device message did.
    KeyIn "key_in" by Device {
        device: DeviceId, room: RoomId, session: MegolmSessionId, first: u32, source: KeySource,
        via: Option<ToDeviceId>
    };
    /// The device got a key of a Megolm session and did not take it.
    KeyRefused "key_refused" by Device {
        device: DeviceId, session: MegolmSessionId, first: u32, via: Option<ToDeviceId>
    };
    /// The device no longer has a key of a Megolm session.
    KeyLost "key_lost" by Device { device: DeviceId, session: MegolmSessionId, why: LossCause };
    /// The device tried to decrypt a message: the first time, and whenever the result changes.
    Try "try" by Device { device: DeviceId, message: MessageId, result: TryResult };

    /// The device put a to-device transaction together; its `targets` targets follow. Recorded once, not for retries.
    Put "put" by Device { device: DeviceId, txn: TxnId, event_type: ToDeviceType, targets: u32 };
    /// One target of a transaction, with what it is sent.
    PutTarget "put_target" by Device {
        device: DeviceId, txn: TxnId, recipient: DeviceId, content: SentContent
    };
    /// The sender's server accepted a transaction; copies of it are not recorded again.
    PutAccepted "put_accepted" by Server { device: DeviceId, txn: TxnId };
    /// The recipient's server put a to-device message into the recipient's mailbox.
    Enqueued "enqueued" by Server {
        message "to_device": ToDeviceId, sender: DeviceId, recipient: DeviceId, txn: TxnId,
        event_type: ToDeviceType, content: SentContent
    };
    /// A server lost a to-device message: from the mailbox, or before it had a place there.
    Lost "lost" by Server {
        txn: TxnId, recipient: DeviceId, message "to_device": Option<ToDeviceId>
    };
    /// A sync answer listed a to-device message.
    Listed "listed" by Server { device: DeviceId, message "to_device": ToDeviceId };
    /// The device's next sync acknowledged a to-device message, and the server deleted it.
    Acknowledged "acknowledged" by Server { device: DeviceId, message "to_device": ToDeviceId };
    /// The device dealt with a to-device message.
    Processed "processed" by Device {
        device: DeviceId, message "to_device": ToDeviceId, outcome: ProcessOutcome
    };

    /// The device asks for the key of a Megolm session.
    KeyRequested "key_requested" by Device {
        device: DeviceId, session: MegolmSessionId, request: RequestId
    };
    /// The device takes a key request back.
    RequestCancelled "request_cancelled" by Device { device: DeviceId, request: RequestId };

    /// The device is logged out for good.
    LoggedOut "logged_out" by Device { device: DeviceId };
    /// The client stopped without warning.
    Crashed "crashed" by Device { device: DeviceId };
    /// The client runs again.
    Restarted "restarted" by Device { device: DeviceId };
    /// The client's store is as it was at the time `snapshot`.
    StoreRestored "store_restored" by Device { device: DeviceId, snapshot: SimTime };

    /// Nothing breaks from here on, and every client that can come back is back: messages from `first_probe` on, in the order in
    /// which messages are named, show whether keys flow again.
    HealStart "heal_start" by World { first_probe: MessageId };
    /// The device's user threw the room's outbound session away: the next message needs a new one.
    SessionDiscarded "session_discarded" by Device { device: DeviceId, room: RoomId };
    /// The server has an invite of `user`, written by `by`; directly follows the `member` that it is about.
    InvitedBy "invited_by" by Server { room: RoomId, user: UserId, by: UserId };

    /// The device put a history bundle together for a user; what it lists follows directly.
    BundleMade "bundle_made" by Device {
        device: DeviceId, room: RoomId, bundle: BundleId, recipient: UserId, backup: BackupRead
    };
    /// The bundle lists this key among its `room_keys`; `creator` is whom it names as the maker of the session.
    BundleKey "bundle_key" by Device {
        device: DeviceId, bundle: BundleId, room: RoomId, session: MegolmSessionId, first: u32,
        creator: DeviceId
    };
    /// The bundle has this entry in its `withheld` list.
    BundleWithheld "bundle_withheld" by Device {
        device: DeviceId, bundle: BundleId, content: WithheldContent
    };
    /// The device fetched a bundle, which the to-device message `via` of a device of `from` told it of, and takes in what it
    /// lists.
    BundleOpened "bundle_opened" by Device {
        device: DeviceId, room: RoomId, bundle: BundleId, from: UserId, via: ToDeviceId
    };
    /// The server's one-time keys, fallback keys and mailboxes are those of the time `snapshot` again.
    ServerRestored "server_restored" by Server { server: ServerId, snapshot: SimTime };

    /// The device was given its user's present cross-signing keys, which it did not have.
    IdentityReceived "identity_received" by Device { device: DeviceId, master: SigningKey };
}

/// How many one-time keys one upload may bring.
const KEYS_OF_AN_UPLOAD: u32 = 10_000;

/// Reads an upload: a range of numbers, or a list of texts that nothing named before, so that they are numbered in a row.
fn one_time_keys_up(fields: &mut Fields<'_>, names: &mut Names) -> Reading<FactKind> {
    let device = field(fields, "device", names)?;
    let Some(keys) = fields.find("keys") else {
        let first = field(fields, "first", names)?;
        let count = field(fields, "count", names)?;
        if count > KEYS_OF_AN_UPLOAD {
            let count = fields.need("count")?;
            return Err(
                count.unexpected(&format!("at most {KEYS_OF_AN_UPLOAD} keys in one upload"))
            );
        }
        return Ok(FactKind::OneTimeKeysUp { device, first, count });
    };
    const EXPECTED: &str = "a list of keys as texts that no line before names";
    let known = names.count_of_texts(Numbered::Key).ok_or_else(|| keys.unexpected(EXPECTED))?;
    let mut count = 0;
    for key in keys.array(EXPECTED)? {
        let number = names.numbered(Numbered::Key, key)?;
        if !key.is_string() || number != known + count || count == KEYS_OF_AN_UPLOAD {
            return Err(key.unexpected(EXPECTED));
        }
        count += 1;
    }
    Ok(FactKind::OneTimeKeysUp { device, first: KeyValue::new(known), count })
}
