//! One fact: what was observed, when, by whom, and which earlier facts made it happen.
//! It does not know how facts come about; causes are given to it at birth and never inferred.
//!
//! The judge sees nothing else.

use crate::ids::{
    BundleId, ClaimId, DeviceId, FactId, FaultId, KeyValue, MegolmSessionId, MessageId,
    OlmSessionId, QueryId, RequestId, RoomId, ServerId, SigningKey, Sym, ToDeviceId, TxnId, UserId,
};
use crate::protocol::api::ListChange;
use crate::protocol::room::{HistoryVisibility, Membership, Rotation};
use crate::protocol::to_device::{KeyRequest, OlmEvent, SenderKeys, ToDeviceType};
use crate::protocol::withheld::{CodeSet, WithheldCode, WithheldContent};
use crate::scenario::policy::{SharePolicy, Target};
use crate::time::SimTime;

/// The version of the list of facts. Digests are comparable within one version.
pub const FACTS_VERSION: u32 = 2;

/// Who observed a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Observer {
    /// The simulator: steps of users, faults, the end.
    World,
    /// A homeserver.
    Server(ServerId),
    /// A device.
    Device(DeviceId),
}

/// Earlier facts that made a fact happen: at the most four, the most direct ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Causes {
    ids: [Option<FactId>; 4],
}

impl Causes {
    /// No cause: the fact stands for itself.
    pub const NONE: Self = Self { ids: [None; 4] };

    /// The causes among these, up to four; `None` and repetitions are passed over.
    #[must_use]
    pub fn of<const N: usize>(ids: [Option<FactId>; N]) -> Self {
        ids.into_iter().flatten().fold(Self::NONE, Self::and)
    }

    /// One cause.
    #[must_use]
    pub const fn one(id: FactId) -> Self {
        Self { ids: [Some(id), None, None, None] }
    }

    /// These and one more, if there is room and it is not among them.
    #[must_use]
    pub fn and(mut self, id: FactId) -> Self {
        if !self.ids.contains(&Some(id))
            && let Some(free) = self.ids.iter_mut().find(|slot| slot.is_none())
        {
            *free = Some(id);
        }
        self
    }

    /// The causes.
    pub fn iter(self) -> impl Iterator<Item = FactId> {
        self.ids.into_iter().flatten()
    }
}

/// What was observed, when, by whom, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fact {
    /// Its position in the run.
    pub id: FactId,
    /// Virtual time.
    pub at: SimTime,
    /// The observer's own clock; the same as `at` unless that clock is wrong.
    pub clock: SimTime,
    /// Who observed it.
    pub observer: Observer,
    /// What was observed.
    pub kind: FactKind,
    /// Which facts made it happen; all have lower ids.
    pub causes: Causes,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunEnd {
    /// Nothing is on its way, nobody waits for anything: the run is *quiescent*.
    Quiescent,
    /// The horizon was reached with something still to come.
    Horizon,
    /// The limit of actions was reached.
    ActionLimit,
}

/// How a device-list query ended for one user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QueryOutcome {
    /// The answer replaced what was known of the user.
    Applied {
        /// The user's master key, if there is one.
        master: Option<SigningKey>,
        /// Whether the asking user's own user-signing key has signed that master key.
        verified: bool,
    },
    /// The answer was older than what is known and was not used.
    Overtaken,
    /// No answer, or the user's server could not be reached.
    Failed,
}

/// Why a claim brought nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimFailed {
    /// The target's server is in `failures`.
    Unreachable,
    /// No answer came in time, or the own server could not be reached.
    Timeout,
    /// The server answered with an error.
    Http,
    /// A key came whose signature is not the device's.
    BadSignature,
}

/// What a claim brought for one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimOutcome {
    /// A key.
    Key {
        /// The key.
        key: KeyValue,
        /// Whether it is the fallback key.
        fallback: bool,
    },
    /// The server has no key for the device.
    NoKey,
    /// It failed.
    Failed(ClaimFailed),
}

/// Which side made an Olm session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// This device, from a claimed key.
    Outbound,
    /// The other, by a pre-key message.
    Inbound,
}

/// What an Olm session was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OlmCause {
    /// To send a key.
    Share,
    /// To answer a key request.
    Reply,
    /// After an undecryptable Olm message (U-01).
    Unwedge,
    /// After `m.no_olm` (P-06).
    NoOlm,
    /// The other side opened it.
    Received,
}

/// Why something went out of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LossCause {
    /// The store became an older one.
    Rollback,
    /// The store, or a part of it, is gone.
    Wiped,
    /// A notice made the client drop it.
    Notice,
    /// A key with a later index replaced it.
    Overwritten,
    /// It was used, as keys of one use are.
    Used,
    /// It was used up by a message that could not be decrypted (X52).
    FailedMessage,
    /// It was retired by age or number.
    Expired,
}

/// Why an Olm message could not be decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OlmError {
    /// Not a pre-key message, and no session fits.
    NoSession,
    /// A pre-key message on a one-time or fallback key that this device does not have.
    MissingKey(KeyValue),
    /// Its message key was used or thrown away.
    MissingMessageKey,
    /// The message authentication code does not fit: the session is out of step, or the text was damaged.
    BadMac,
    /// Decrypted, and sender, recipient or keys inside do not fit the envelope (U-11).
    Mismatch,
}

/// The end of an attempt to decrypt an Olm message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OlmResult {
    /// Decrypted on this session; this was inside.
    Decrypted {
        /// The session.
        session: OlmSessionId,
        /// What was inside.
        event: OlmEvent,
        /// The sender's device keys inside.
        sender_keys: SenderKeys,
    },
    /// This very ciphertext was decrypted before (P-12).
    Duplicate,
    /// It could not be decrypted.
    Failed(OlmError),
}

/// Where a key came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeySource {
    /// `m.room_key` of the session's creator.
    RoomKey,
    /// `m.forwarded_room_key`.
    Forwarded {
        /// The code of its `withheld` object, if it had one that is known.
        withheld: Option<WithheldCode>,
    },
    /// The key backup.
    Backup,
    /// The device made the session.
    Own,
    /// A history bundle.
    Bundle {
        /// The user whom the device remembers as the giver (H-09); `None` if it remembers nobody.
        from: Option<UserId>,
    },
}

/// Whether a device read its user's key backup before it put a history bundle together (H-07).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BackupRead {
    /// It uses none.
    NoBackup,
    /// It did.
    Read,
    /// It tried and was not answered.
    Failed,
    /// It did not.
    NotRead,
}

/// What is shown for a message that cannot be decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shown {
    /// Nothing but that it cannot be decrypted.
    Unexplained,
    /// The client's own words for this code, from this notice.
    Code {
        /// The code.
        code: WithheldCode,
        /// The notice, or the message that brought a history bundle; `None` if it came with a forwarded key.
        notice: Option<ToDeviceId>,
    },
    /// The text of `reason`, because the code is unknown (or absent, in `draft`).
    Reason {
        /// The text; `None` if the notice has none.
        text: Option<Sym>,
        /// The notice.
        notice: ToDeviceId,
    },
}

/// The end of an attempt to decrypt a room message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TryResult {
    /// Decrypted and shown.
    Decrypted,
    /// Decrypted and hidden, because the sender's device is not cross-signed (V-03).
    Hidden,
    /// Not decrypted: replayed index or damaged ciphertext.
    Invalid,
    /// Not decrypted for want of a key.
    Undecryptable(Shown),
}

/// What a device did with a to-device message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProcessOutcome {
    /// Did what it asks for, or stored it.
    Handled,
    /// Had seen it before; nothing changed.
    Duplicate,
    /// Could not read it or did not trust it.
    Discarded,
    /// Does not know its type, or makes nothing of it.
    Ignored,
}

/// Why a message was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// A user's identity has changed and the user has not accepted it (V-02).
    IdentityChanged(UserId),
    /// The share policy would leave this device out, and the user wants an error then.
    WouldWithhold(DeviceId),
    /// The sender is not in the room, as far as its device knows.
    NotInRoom,
    /// The device is not logged in.
    NotLoggedIn,
    /// The device has no encryption, or the room's messages cannot be encrypted by it.
    NoEncryption,
}

/// The content of a to-device message, as far as it is known without decrypting it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SentContent {
    /// An Olm message whose payload the observer knows.
    Olm(OlmEvent),
    /// An Olm message whose payload is not known: never "not a key".
    Sealed,
    /// What belongs into an Olm message, in clear (K-05, F-01, U-08).
    Clear(OlmEvent),
    /// A withheld notice.
    Withheld(WithheldContent),
    /// A key request.
    KeyRequest(KeyRequest),
}

/// What can be observed. Fields named `device` are the observer where the observer is a device.
#[expect(
    missing_docs,
    reason = "fields are named after their types; the variant's doc says the rest"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FactKind {
    // The run.
    /// A user did this step of the timeline (its position).
    UserStep(u32),
    /// A fault came into force.
    FaultStart(FaultId),
    /// A fault ended.
    FaultEnd(FaultId),
    /// The run ended. Always the last fact.
    RunEnd(RunEnd),

    // Rooms, in the order of one server.
    /// A server's room state changed: a user's membership. `seq` counts a server's events of the room from 1.
    Member { room: RoomId, user: UserId, membership: Membership, seq: u32 },
    /// A server's room state changed: history visibility.
    HistoryVisibility { room: RoomId, value: HistoryVisibility, seq: u32 },
    /// A server's room state changed: rotation settings.
    Encryption { room: RoomId, rotation: Rotation, seq: u32 },
    /// The device processed a sync that told it of its server's room events up to `seq`; `limited` if some before
    /// the timeline were left out (the state that they led to was told).
    RoomSeen { device: DeviceId, room: RoomId, seq: u32, limited: bool },
    /// What `RoomSeen` says does not hold for this user's membership: the server left it out.
    MemberNotTold { device: DeviceId, room: RoomId, user: UserId },

    // Devices and their lists.
    /// The device's server learnt of the device; `crypto` if it has identity keys and lists the algorithms.
    DeviceUp { device: DeviceId, crypto: bool },
    /// The device's server forgot the device.
    DeviceDeleted { device: DeviceId },
    /// The user's server has the user's current self-signing key's signature for the device.
    CrossSigned { device: DeviceId },
    /// The user's server has new cross-signing keys; signatures by older ones no longer count.
    IdentitySet { user: UserId, master: SigningKey },
    /// The device made new cross-signing keys for its user: it knows of them before any server does.
    IdentityMade { device: DeviceId, master: SigningKey },
    /// A server learnt that a user's device list or identity changed (`dl_at`).
    ListChangedAt { user: UserId },
    /// The device processed a note that a user's list changed, or that it need not follow the user any more.
    ListNote { device: DeviceId, user: UserId, change: ListChange },
    /// The device asks for a user's list.
    QueryStart { device: DeviceId, user: UserId, query: QueryId },
    /// A device that the answer lists. All of a query's come directly before its `QueryEnd`.
    QueryListed { device: DeviceId, query: QueryId, listed: DeviceId, cross_signed: bool },
    /// The query ended.
    QueryEnd { device: DeviceId, user: UserId, query: QueryId, outcome: QueryOutcome },

    // Choices of users.
    /// Whom the device shares keys with from now on.
    SharingSet { device: DeviceId, share: SharePolicy, with_invited: bool },
    /// What the device reports from now on: to everybody (`None`; `strangers` are users not verified) or to one
    /// target (both sets are equal then; later facts win).
    ReportingSet { device: DeviceId, target: Option<Target>, codes: CodeSet, strangers: CodeSet },
    /// The device's user verified a user or a device, or took that back.
    VerifiedSet { device: DeviceId, target: Target, verified: bool },
    /// The device's user blocked a user or a device, or took that back.
    BlockedSet { device: DeviceId, target: Target, blocked: bool },
    /// The device's user accepted another user's changed identity.
    IdentityAcknowledged { device: DeviceId, user: UserId },

    // One-time keys.
    /// The server took `count` one-time keys in one upload: the values from `first` on.
    OneTimeKeysUp { device: DeviceId, first: KeyValue, count: u32 },
    /// The server took a fallback key.
    FallbackKeyUp { device: DeviceId, key: KeyValue },
    /// The server refused a key upload for good, or the fallback key in one.
    UploadRefused { device: DeviceId },
    /// The device asks for a key of `target`.
    Claim { device: DeviceId, target: DeviceId, claim: ClaimId },
    /// A server handed out a key of `target`; `claim` is `None` if it went to a stranger.
    KeyHandedOut { target: DeviceId, key: KeyValue, fallback: bool, claim: Option<ClaimId> },
    /// The claim ended.
    ClaimEnd { device: DeviceId, target: DeviceId, claim: ClaimId, outcome: ClaimOutcome },
    /// A sync answer told the device these counts; `None` for what was left out.
    KeyCounts { device: DeviceId, one_time: Option<u32>, unused_fallback: Option<bool> },
    /// The device no longer has the private part of a one-time or fallback key.
    PrivateKeyGone { device: DeviceId, key: KeyValue, why: LossCause },

    // Olm.
    /// The device has a new Olm session with `peer`.
    OlmNew {
        device: DeviceId,
        peer: DeviceId,
        session: OlmSessionId,
        direction: Direction,
        why: OlmCause,
        key: Option<KeyValue>,
    },
    /// The device no longer has the session.
    OlmDropped { device: DeviceId, peer: DeviceId, session: OlmSessionId, why: LossCause },
    /// The device encrypted this for `peer`; it goes out under `txn`.
    OlmEncrypted {
        device: DeviceId,
        peer: DeviceId,
        session: OlmSessionId,
        event: OlmEvent,
        sender_keys: SenderKeys,
        txn: TxnId,
    },
    /// The device tried to decrypt an Olm message of `peer`.
    OlmDecrypt { device: DeviceId, peer: DeviceId, message: ToDeviceId, result: OlmResult },

    // Megolm.
    /// The device made a session; recorded when it is durable.
    MegolmNew { device: DeviceId, room: RoomId, session: MegolmSessionId },
    /// The device encrypted a message.
    MegolmEncrypted {
        device: DeviceId,
        room: RoomId,
        session: MegolmSessionId,
        index: u32,
        message: MessageId,
    },
    /// The device did not send the message, and told its user why.
    SendRefused { device: DeviceId, room: RoomId, message: MessageId, why: Refusal },
    /// The sender's server accepted the message (`accept`).
    MessageAccepted { room: RoomId, message: MessageId },
    /// The device got the message in a sync.
    MessageReceived { device: DeviceId, message: MessageId },
    /// The device has a key for the session from index `first` on; `via` is the to-device message that brought it.
    KeyIn {
        device: DeviceId,
        room: RoomId,
        session: MegolmSessionId,
        first: u32,
        source: KeySource,
        via: Option<ToDeviceId>,
    },
    /// The device got a key by the to-device message `via` and did not take it.
    KeyRefused { device: DeviceId, session: MegolmSessionId, first: u32, via: Option<ToDeviceId> },
    /// The device no longer has a key for the session.
    KeyLost { device: DeviceId, session: MegolmSessionId, why: LossCause },
    /// The device tried to decrypt the message. Recorded for the first attempt and when the result changes.
    Try { device: DeviceId, message: MessageId, result: TryResult },

    // To-device transport.
    /// The device put a transaction together; its contents follow as `PutTarget`. Recorded once, not for retries.
    Put { device: DeviceId, txn: TxnId, event_type: ToDeviceType, targets: u32 },
    /// One target of the transaction.
    PutTarget { device: DeviceId, txn: TxnId, recipient: DeviceId, content: SentContent },
    /// The sender's server accepted the transaction (`td_ok`); copies are not recorded again.
    PutAccepted { device: DeviceId, txn: TxnId },
    /// The recipient's server stored the message (`td_enq`).
    Enqueued {
        message: ToDeviceId,
        sender: DeviceId,
        recipient: DeviceId,
        txn: TxnId,
        event_type: ToDeviceType,
        content: SentContent,
    },
    /// A server lost the message: from the mailbox (`message`), or before it was stored there (`None`).
    Lost { txn: TxnId, recipient: DeviceId, message: Option<ToDeviceId> },
    /// A sync answer listed the message to the device.
    Listed { device: DeviceId, message: ToDeviceId },
    /// The device's next sync acknowledged it, and the server deleted it.
    Acknowledged { device: DeviceId, message: ToDeviceId },
    /// The device handled the message.
    Processed { device: DeviceId, message: ToDeviceId, outcome: ProcessOutcome },

    // Key requests, as the asking device sees them.
    /// The device asks for a session under this request id.
    KeyRequested { device: DeviceId, session: MegolmSessionId, request: RequestId },
    /// The device takes the request back, at those it has asked.
    RequestCancelled { device: DeviceId, request: RequestId },

    // The life of a client.
    /// The device is logged out for good.
    LoggedOut { device: DeviceId },
    /// The client stopped without warning.
    Crashed { device: DeviceId },
    /// The client runs again.
    Restarted { device: DeviceId },
    /// The client's store is the one of `snapshot` again.
    StoreRestored { device: DeviceId, snapshot: SimTime },

    // The heal phase.
    /// The heal phase begins: nothing breaks from here on. Messages from `first_probe` on are probes.
    HealStart { first_probe: MessageId },

    // Later additions, at the end so that digests of runs without them stay what they were.
    /// The device's user threw the room's outbound session away: the next message needs a new one.
    SessionDiscarded { device: DeviceId, room: RoomId },

    // History bundles.
    /// The server has an invite of `user`, written by `by`. Directly follows the `Member` that it is about.
    InvitedBy { room: RoomId, user: UserId, by: UserId },
    /// The device put a history bundle together for `recipient`. What it lists follows directly, as `BundleKey` and
    /// `BundleWithheld`; whom it goes to is told by the `OlmEncrypted` that carry it.
    BundleMade {
        device: DeviceId,
        room: RoomId,
        bundle: BundleId,
        recipient: UserId,
        backup: BackupRead,
    },
    /// The bundle lists this key among its `room_keys`; `creator` is whom it names as the maker of the session.
    BundleKey {
        device: DeviceId,
        bundle: BundleId,
        room: RoomId,
        session: MegolmSessionId,
        first: u32,
        creator: DeviceId,
    },
    /// The bundle has this entry in its `withheld` list.
    BundleWithheld { device: DeviceId, bundle: BundleId, content: WithheldContent },
    /// The device fetched a bundle, which the to-device message `via` of a device of `from` told it of, and takes in
    /// what it lists.
    BundleOpened { device: DeviceId, room: RoomId, bundle: BundleId, from: UserId, via: ToDeviceId },

    // What a server lost.
    /// The server's one-time keys, fallback keys and mailboxes are those of `snapshot` again.
    ServerRestored { server: ServerId, snapshot: SimTime },

    // Later additions: the number of a kind is part of digests.
    /// The device was given its user's present cross-signing keys, which it did not have.
    IdentityReceived { device: DeviceId, master: SigningKey },
}
