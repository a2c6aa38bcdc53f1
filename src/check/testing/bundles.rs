//! Bundles in facts written by hand, for the tests of these rules: Alice's phone makes them for Carol, who is at home on
//! another server. It does not know what a judge makes of them.

use crate::check::testing::{A1, ALICE, AWAY, B1, C1, CAROL, HOME, R, Story, odd};
use crate::ids::{
    BundleId, DeviceId, FactId, MegolmSessionId, OlmSessionId, RoomId, ToDeviceId, TxnId, UserId,
};
use crate::protocol::room::{HistoryVisibility, Membership};
use crate::protocol::to_device::{
    OlmEvent, RoomKey, RoomKeyBundle, SenderKeys, SharedHistory, ToDeviceType,
};
use crate::protocol::withheld::{Field, WithheldCode, WithheldContent};
use crate::trace::fact::{
    BackupRead, Causes, FactKind, KeySource, OlmResult, QueryOutcome, SentContent,
};

/// The usual start, with Carol's phone up and this visibility, which everybody has seen.
pub(crate) fn shared(value: HistoryVisibility) -> Story {
    let mut story = Story::begin();
    story.at(AWAY, FactKind::DeviceUp { device: C1, crypto: true });
    visibility(&mut story, value, 3);
    story
}

/// The visibility changes, and A1 and B1 see it.
pub(crate) fn visibility(story: &mut Story, value: HistoryVisibility, seq: u32) {
    story.at(HOME, FactKind::HistoryVisibility { room: R, value, seq });
    story.seen(A1, seq);
    story.seen(B1, seq);
}

/// A device makes a session and keeps its key.
pub(crate) fn own(story: &mut Story, device: DeviceId, session: MegolmSessionId) {
    story.session(device, session);
    story.key_in(device, session, 0, KeySource::Own);
}

/// A device encrypts a room key for another.
pub(crate) fn give(
    story: &mut Story,
    ends: (DeviceId, DeviceId),
    session: MegolmSessionId,
    shared_history: SharedHistory,
) {
    let key = RoomKey { room: R, session, first: 0, shared_history };
    story.put(ends, ToDeviceType::Encrypted, SentContent::Olm(OlmEvent::RoomKey(key)));
}

/// A device gets a room key of somebody whom nobody observed.
pub(crate) fn received(
    story: &mut Story,
    device: DeviceId,
    session: MegolmSessionId,
    shared_history: SharedHistory,
) {
    let event = OlmEvent::RoomKey(RoomKey { room: R, session, first: 0, shared_history });
    decrypted(story, (B1, device), ToDeviceId::new(80), (event, SenderKeys::Agree));
    story.key_in(device, session, 0, KeySource::RoomKey);
}

fn decrypted(
    story: &mut Story,
    (peer, device): (DeviceId, DeviceId),
    message: ToDeviceId,
    (event, sender_keys): (OlmEvent, SenderKeys),
) {
    let session = OlmSessionId::new(0);
    let result = OlmResult::Decrypted { session, event, sender_keys };
    story.by(device, FactKind::OlmDecrypt { device, peer, message, result });
}

/// The device learns that Carol has cross-signed her phone.
pub(crate) fn signed(story: &mut Story, device: DeviceId) {
    let (user, query) = (CAROL, story.ask(device, CAROL));
    story.by(device, FactKind::QueryListed { device, query, listed: C1, cross_signed: true });
    let outcome = QueryOutcome::Applied { master: None, verified: false };
    story.by(device, FactKind::QueryEnd { device, user, query, outcome });
}

/// The bundle that was made last, or the first.
fn current(story: &Story) -> BundleId {
    BundleId::new(story.count(|kind| matches!(kind, FactKind::BundleMade { .. })))
}

/// The device makes a bundle for Carol, whose list was asked for since the invite was wanted.
pub(crate) fn made(story: &mut Story, device: DeviceId) {
    unprepared(story, device);
}

/// The device makes a bundle for Carol, and nobody knows why.
pub(crate) fn unprepared(story: &mut Story, device: DeviceId) {
    make(story, device, (CAROL, BackupRead::NoBackup), Causes::NONE);
}

/// The device makes a bundle because of an earlier fact.
pub(crate) fn made_from(
    story: &mut Story,
    device: DeviceId,
    for_whom: (UserId, BackupRead),
    asked: FactId,
) {
    make(story, device, for_whom, Causes::one(asked));
}

fn make(
    story: &mut Story,
    device: DeviceId,
    (recipient, backup): (UserId, BackupRead),
    causes: Causes,
) {
    let bundle = BundleId::new(current(story).raw() + 1);
    let kind = FactKind::BundleMade { device, room: R, bundle, recipient, backup };
    story.because(device, kind, causes);
}

/// The bundle lists the key of a session.
pub(crate) fn lists(story: &mut Story, device: DeviceId, session: MegolmSessionId) {
    let (bundle, room, first, creator) = (current(story), R, 0, A1);
    story.by(device, FactKind::BundleKey { device, bundle, room, session, first, creator });
}

/// The bundle lists a session as not shared.
pub(crate) fn not_shared(story: &mut Story, device: DeviceId, session: MegolmSessionId) {
    enters(story, device, odd(session, Field::Is(WithheldCode::HistoryNotShared)));
}

/// The bundle has an entry.
pub(crate) fn enters(story: &mut Story, device: DeviceId, content: WithheldContent) {
    let bundle = current(story);
    story.by(device, FactKind::BundleWithheld { device, bundle, content });
}

/// The bundle goes to a device, which reads the message.
pub(crate) fn send(story: &mut Story, ends: (DeviceId, DeviceId)) -> ToDeviceId {
    send_with(story, ends, SenderKeys::Agree)
}

/// The bundle goes to a device that need not be cross-signed.
pub(crate) fn send_to(story: &mut Story, ends: (DeviceId, DeviceId)) {
    send_with(story, ends, SenderKeys::Agree);
}

/// The bundle goes to a device with such device keys, and the device reads the message.
pub(crate) fn send_with(
    story: &mut Story,
    (device, peer): (DeviceId, DeviceId),
    sender_keys: SenderKeys,
) -> ToDeviceId {
    let number = current(story).raw() + 100 * (story.count(|_| true) + 1);
    let (txn, message) = (TxnId::new(number), ToDeviceId::new(number));
    let (session, bundle) = (OlmSessionId::new(0), current(story));
    let event = OlmEvent::RoomKeyBundle(RoomKeyBundle { room: R, bundle });
    let event_type = ToDeviceType::Encrypted;
    story.by(device, FactKind::Put { device, txn, event_type, targets: 1 });
    story.by(device, FactKind::OlmEncrypted { device, peer, session, event, sender_keys, txn });
    let content = SentContent::Olm(event);
    story.by(device, FactKind::PutTarget { device, txn, recipient: peer, content });
    let (sender, recipient) = (device, peer);
    let kind = FactKind::Enqueued { message, sender, recipient, txn, event_type, content };
    story.at(AWAY, kind);
    decrypted(story, (device, peer), message, (event, sender_keys));
    message
}

/// Carol's server has an invite of this user.
pub(crate) fn invited(story: &mut Story, by: UserId) {
    let (room, user, membership) = (R, CAROL, Membership::Invite);
    story.at(AWAY, FactKind::Member { room, user, membership, seq: 4 });
    story.at(AWAY, FactKind::InvitedBy { room, user, by });
}

/// Carol is invited by this user and joins.
pub(crate) fn accepted(story: &mut Story, by: UserId) {
    invited(story, by);
    let (room, user, membership) = (R, CAROL, Membership::Join);
    story.at(AWAY, FactKind::Member { room, user, membership, seq: 5 });
}

/// The device takes in the bundle of Alice that a message told it of.
pub(crate) fn open(story: &mut Story, device: DeviceId, via: ToDeviceId) {
    opens(story, device, R, via);
}

/// The device takes in a bundle of Alice for a room.
pub(crate) fn opens(story: &mut Story, device: DeviceId, room: RoomId, via: ToDeviceId) {
    let (bundle, from) = (current(story), ALICE);
    story.by(device, FactKind::BundleOpened { device, room, bundle, from, via });
}
