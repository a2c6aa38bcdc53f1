//! One fact of every kind, for the tests of everything that writes or tells facts.
//! They tell no story together: each stands for its kind alone.

use crate::ids::{
    BundleId, ClaimId, DeviceId, FactId, FaultId, KeyValue, MegolmSessionId, MessageId,
    OlmSessionId, QueryId, RequestId, RoomId, ServerId, SigningKey, Sym, ToDeviceId, TxnId, UserId,
};
use crate::protocol::api::ListChange;
use crate::protocol::room::{HistoryVisibility, Membership, Rotation};
use crate::protocol::to_device::{OlmEvent, RoomKey, SenderKeys, SharedHistory, ToDeviceType};
use crate::protocol::withheld::{Algorithm, CodeSet, Field, WithheldCode, WithheldContent};
use crate::scenario::policy::{SharePolicy, Target};
use crate::time::{SimDuration, SimTime};
use crate::trace::fact::{
    BackupRead, Causes, ClaimFailed, ClaimOutcome, Direction, Fact, FactKind, KeySource, LossCause,
    Observer, OlmCause, OlmError, OlmResult, ProcessOutcome, QueryOutcome, Refusal, RunEnd,
    SentContent, Shown, TryResult,
};

pub(crate) const A1: DeviceId = DeviceId::new(0);
pub(crate) const B1: DeviceId = DeviceId::new(1);
pub(crate) const BOB: UserId = UserId::new(1);
pub(crate) const ROOM: RoomId = RoomId::new(0);
pub(crate) const M1: MessageId = MessageId::new(0);
pub(crate) const SESSION: MegolmSessionId = MegolmSessionId::new(3);
pub(crate) const OLM: OlmSessionId = OlmSessionId::new(4);
pub(crate) const KEY: KeyValue = KeyValue::new(5);
pub(crate) const TXN: TxnId = TxnId::new(6);
pub(crate) const X: ToDeviceId = ToDeviceId::new(7);
pub(crate) const NOTICE: WithheldContent = WithheldContent {
    algorithm: Field::Is(Algorithm::MegolmV1),
    room_id: Field::Is(ROOM),
    session_id: Field::NotAString,
    sender_key: Field::Absent,
    code: Field::Is(WithheldCode::Blacklisted),
    reason: Field::Other(Sym::new(0)),
};
pub(crate) const ROOM_KEY: RoomKey =
    RoomKey { room: ROOM, session: SESSION, first: 2, shared_history: SharedHistory::No };

/// One of every kind, in the order of [`FactKind`].
pub(crate) fn every_kind() -> Vec<FactKind> {
    [rooms_and_lists(), keys_and_sessions(), transport_and_life(), bundles()].concat()
}

/// The fact of this kind that an id, a time and an observer make of it.
pub(crate) fn fact_of(id: u32, ms: u64, kind: FactKind) -> Fact {
    Fact {
        id: FactId::new(id),
        at: SimTime::from_ms(ms),
        clock: SimTime::from_ms(ms),
        observer: Observer::Device(A1),
        kind,
        causes: Causes::NONE,
    }
}

fn rooms_and_lists() -> Vec<FactKind> {
    let rotation = Rotation::megolm(SimDuration::from_hours(1), 100);
    vec![
        FactKind::UserStep(0),
        FactKind::FaultStart(FaultId::new(0)),
        FactKind::FaultEnd(FaultId::new(0)),
        FactKind::RunEnd(RunEnd::Quiescent),
        FactKind::Member { room: ROOM, user: BOB, membership: Membership::Join, seq: 1 },
        FactKind::HistoryVisibility { room: ROOM, value: HistoryVisibility::Shared, seq: 2 },
        FactKind::Encryption { room: ROOM, rotation, seq: 3 },
        FactKind::RoomSeen { device: A1, room: ROOM, seq: 3, limited: false },
        FactKind::MemberNotTold { device: A1, room: ROOM, user: BOB },
        FactKind::DeviceUp { device: A1, crypto: true },
        FactKind::DeviceDeleted { device: A1 },
        FactKind::CrossSigned { device: A1 },
        FactKind::IdentitySet { user: BOB, master: SigningKey::new(1) },
        FactKind::IdentityMade { device: B1, master: SigningKey::new(1) },
        FactKind::ListChangedAt { user: BOB },
        FactKind::ListNote { device: A1, user: BOB, change: ListChange::Changed },
        FactKind::QueryStart { device: A1, user: BOB, query: QueryId::new(1) },
        FactKind::QueryListed {
            device: A1,
            query: QueryId::new(1),
            listed: B1,
            cross_signed: true,
        },
        FactKind::QueryEnd {
            device: A1,
            user: BOB,
            query: QueryId::new(1),
            outcome: QueryOutcome::Applied { master: None, verified: false },
        },
        FactKind::SharingSet { device: A1, share: SharePolicy::Verified, with_invited: false },
        FactKind::ReportingSet {
            device: A1,
            target: Some(Target::User(BOB)),
            codes: CodeSet::ALL,
            strangers: CodeSet::NONE,
        },
        FactKind::VerifiedSet { device: A1, target: Target::Device(B1), verified: true },
        FactKind::BlockedSet { device: A1, target: Target::Device(B1), blocked: true },
        FactKind::IdentityAcknowledged { device: A1, user: BOB },
    ]
}

fn keys_and_sessions() -> Vec<FactKind> {
    let claim = ClaimId::new(1);
    vec![
        FactKind::OneTimeKeysUp { device: A1, first: KEY, count: 10 },
        FactKind::FallbackKeyUp { device: A1, key: KEY },
        FactKind::UploadRefused { device: A1 },
        FactKind::Claim { device: A1, target: B1, claim },
        FactKind::KeyHandedOut { target: B1, key: KEY, fallback: true, claim: None },
        FactKind::ClaimEnd {
            device: A1,
            target: B1,
            claim,
            outcome: ClaimOutcome::Failed(ClaimFailed::BadSignature),
        },
        FactKind::KeyCounts { device: A1, one_time: None, unused_fallback: Some(true) },
        FactKind::PrivateKeyGone { device: A1, key: KEY, why: LossCause::Used },
        FactKind::OlmNew {
            device: A1,
            peer: B1,
            session: OLM,
            direction: Direction::Outbound,
            why: OlmCause::Share,
            key: Some(KEY),
        },
        FactKind::OlmDropped { device: A1, peer: B1, session: OLM, why: LossCause::Rollback },
        FactKind::OlmEncrypted {
            device: A1,
            peer: B1,
            session: OLM,
            event: OlmEvent::RoomKey(ROOM_KEY),
            sender_keys: SenderKeys::Agree,
            txn: TXN,
        },
        FactKind::OlmDecrypt {
            device: B1,
            peer: A1,
            message: X,
            result: OlmResult::Failed(OlmError::MissingKey(KEY)),
        },
        FactKind::MegolmNew { device: A1, room: ROOM, session: SESSION },
        FactKind::MegolmEncrypted {
            device: A1,
            room: ROOM,
            session: SESSION,
            index: 0,
            message: M1,
        },
        FactKind::SendRefused { device: A1, room: ROOM, message: M1, why: Refusal::NotInRoom },
        FactKind::MessageAccepted { room: ROOM, message: M1 },
        FactKind::MessageReceived { device: B1, message: M1 },
        FactKind::KeyIn {
            device: B1,
            room: ROOM,
            session: SESSION,
            first: 2,
            source: KeySource::Forwarded { withheld: Some(WithheldCode::Unverified) },
            via: Some(X),
        },
        FactKind::KeyRefused { device: B1, session: SESSION, first: 2, via: Some(X) },
        FactKind::KeyLost { device: B1, session: SESSION, why: LossCause::Wiped },
        FactKind::Try {
            device: B1,
            message: M1,
            result: TryResult::Undecryptable(Shown::Reason { text: Some(Sym::new(0)), notice: X }),
        },
    ]
}

fn transport_and_life() -> Vec<FactKind> {
    let event_type = ToDeviceType::Withheld;
    let content = SentContent::Withheld(NOTICE);
    vec![
        FactKind::Put { device: A1, txn: TXN, event_type, targets: 1 },
        FactKind::PutTarget { device: A1, txn: TXN, recipient: B1, content },
        FactKind::PutAccepted { device: A1, txn: TXN },
        FactKind::Enqueued { message: X, sender: A1, recipient: B1, txn: TXN, event_type, content },
        FactKind::Lost { txn: TXN, recipient: B1, message: None },
        FactKind::Listed { device: B1, message: X },
        FactKind::Acknowledged { device: B1, message: X },
        FactKind::Processed { device: B1, message: X, outcome: ProcessOutcome::Handled },
        FactKind::KeyRequested { device: B1, session: SESSION, request: RequestId::new(1) },
        FactKind::RequestCancelled { device: B1, request: RequestId::new(1) },
        FactKind::LoggedOut { device: B1 },
        FactKind::Crashed { device: B1 },
        FactKind::Restarted { device: B1 },
        FactKind::StoreRestored { device: B1, snapshot: SimTime::from_ms(5) },
        FactKind::HealStart { first_probe: M1 },
        FactKind::SessionDiscarded { device: A1, room: ROOM },
    ]
}

fn bundles() -> Vec<FactKind> {
    let bundle = BundleId::new(1);
    let (device, room) = (A1, ROOM);
    vec![
        FactKind::InvitedBy { room, user: BOB, by: UserId::new(0) },
        FactKind::BundleMade { device, room, bundle, recipient: BOB, backup: BackupRead::Read },
        FactKind::BundleKey { device, bundle, room, session: SESSION, first: 2, creator: A1 },
        FactKind::BundleWithheld { device, bundle, content: NOTICE },
        FactKind::BundleOpened { device: B1, room, bundle, from: UserId::new(0), via: X },
        FactKind::ServerRestored { server: ServerId::new(0), snapshot: SimTime::from_ms(5) },
        FactKind::IdentityReceived { device: A1, master: SigningKey::new(1) },
    ]
}
