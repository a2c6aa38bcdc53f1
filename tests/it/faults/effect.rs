//! Numbers that a run leaves behind, for effects that no verdict shows.
//! They do not know what the number should be.

use std::collections::BTreeSet;

use withheld::time::SimTime;
use withheld::trace::fact::{Fact, FactKind, TryResult};

use crate::room::Room;

/// When the last fact came that `is` holds of, in milliseconds.
fn last(room: &Room, is: impl Fn(&FactKind) -> bool) -> usize {
    let mut facts = room.trace.facts().iter().rev();
    let found = facts.find(|fact| is(&fact.kind)).expect("such a fact in the run");
    usize::try_from(found.at.as_ms()).expect("milliseconds of a short run")
}

/// At how many instants there was a fact that `is` holds of.
fn instants(room: &Room, is: impl Fn(&FactKind) -> bool) -> usize {
    let facts = room.trace.facts().iter().filter(|fact| is(&fact.kind));
    facts.map(|fact: &Fact| fact.at).collect::<BTreeSet<SimTime>>().len()
}

/// When a device last came to read a message.
pub(super) fn read_at(room: &Room) -> usize {
    last(room, |kind| matches!(kind, FactKind::Try { result: TryResult::Decrypted, .. }))
}

/// When a server last accepted a message.
pub(super) fn accepted_at(room: &Room) -> usize {
    last(room, |kind| matches!(kind, FactKind::MessageAccepted { .. }))
}

/// How many to-device messages were put into mailboxes.
pub(super) fn stored(room: &Room) -> usize {
    room.count(|kind| matches!(kind, FactKind::Enqueued { .. }))
}

/// At how many instants to-device messages were put into mailboxes.
pub(super) fn instants_of_storing(room: &Room) -> usize {
    instants(room, |kind| matches!(kind, FactKind::Enqueued { .. }))
}

/// How many notices were sent.
pub(super) fn notices(room: &Room) -> usize {
    let counts = room.outcome.notices.iter();
    counts.map(|line| usize::try_from(line.count).expect("a number of notices")).sum()
}

/// At how many instants B1 was sent to-device messages.
pub(super) fn answers_with_messages(room: &Room) -> usize {
    let reader = room.device("B1");
    instants(room, |kind| matches!(kind, FactKind::Listed { device, .. } if *device == reader))
}

/// How many to-device messages were listed to B1 after a newer one.
pub(super) fn listed_backwards(room: &Room) -> usize {
    let reader = room.device("B1");
    let mut listed = Vec::new();
    for fact in room.trace.facts() {
        if let FactKind::Listed { device, message } = fact.kind
            && device == reader
        {
            listed.push(message);
        }
    }
    listed.windows(2).filter(|pair| pair[0] > pair[1]).count()
}

/// Which one-time key of B1 was handed out first, counted from its oldest one.
pub(super) fn first_key_given(room: &Room) -> usize {
    let owner = room.device("B1");
    let mut oldest = None;
    for fact in room.trace.facts() {
        if let FactKind::OneTimeKeysUp { device, first, .. } = fact.kind
            && device == owner
        {
            oldest.get_or_insert(first);
        }
        if let FactKind::KeyHandedOut { target, key, .. } = fact.kind
            && target == owner
        {
            return key.index() - oldest.expect("a key is uploaded before it goes out").index();
        }
    }
    panic!("a key of B1 is claimed")
}

/// How many sync answers told nothing of one-time keys.
pub(super) fn counts_left_out(room: &Room) -> usize {
    room.count(|kind| matches!(kind, FactKind::KeyCounts { one_time: None, .. }))
}

/// How many Megolm sessions were made.
pub(super) fn sessions(room: &Room) -> usize {
    room.count(|kind| matches!(kind, FactKind::MegolmNew { .. }))
}

/// How many messages came to devices in a sync.
pub(super) fn received(room: &Room) -> usize {
    room.count(|kind| matches!(kind, FactKind::MessageReceived { .. }))
}
