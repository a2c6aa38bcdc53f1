//! One order of the facts of several logs: each log's own order, then what shared ids tell, then time.
//! It does not know what the facts mean beyond that something is put before it is accepted, stored, listed and opened.

use std::collections::BTreeMap;

use crate::ids::{
    ClaimId, DeviceId, KeyValue, MegolmSessionId, MessageId, OlmSessionId, RoomId, ServerId,
    ToDeviceId, TxnId,
};
use crate::trace::fact::{ClaimOutcome, Direction, Fact, FactKind, Observer};

/// A fact by its log and its place among the facts of that log, both counted from 0.
pub type Place = (usize, usize);

/// Two facts of different logs that cannot have one order: `later` rests on `earlier`, and `earlier` stands in its log behind
/// something that rests, in the end, on what stands behind `later`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contradiction {
    /// What rests on the other.
    pub later: Place,
    /// What the other one is.
    pub earlier: Place,
}

/// Something that facts of other observers name afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Put(TxnId),
    Sent(TxnId, DeviceId),
    Stored(ToDeviceId),
    Listed(ToDeviceId),
    Encrypted(MessageId),
    Accepted(MessageId),
    Made(MegolmSessionId),
    Asked(ClaimId),
    HandedOut(ClaimId, KeyValue),
    Opened(OlmSessionId),
    RoomAt(ServerId, RoomId, u32),
}

/// What the fact is the beginning of.
fn event_of(fact: &Fact) -> Option<Event> {
    to_device_event(&fact.kind).or_else(|| room_event(fact)).or_else(|| key_event(&fact.kind))
}

fn to_device_event(kind: &FactKind) -> Option<Event> {
    if let FactKind::Put { txn, .. } = kind {
        return Some(Event::Put(*txn));
    }
    if let FactKind::PutTarget { txn, recipient, .. } = kind {
        return Some(Event::Sent(*txn, *recipient));
    }
    if let FactKind::Enqueued { message, .. } = kind {
        return Some(Event::Stored(*message));
    }
    if let FactKind::Listed { message, .. } = kind {
        return Some(Event::Listed(*message));
    }
    None
}

fn room_event(fact: &Fact) -> Option<Event> {
    if let FactKind::MegolmEncrypted { message, .. } = fact.kind {
        return Some(Event::Encrypted(message));
    }
    if let FactKind::MessageAccepted { message, .. } = fact.kind {
        return Some(Event::Accepted(message));
    }
    if let FactKind::Member { room, seq, .. }
    | FactKind::HistoryVisibility { room, seq, .. }
    | FactKind::Encryption { room, seq, .. } = fact.kind
        && let Observer::Server(server) = fact.observer
    {
        return Some(Event::RoomAt(server, room, seq));
    }
    None
}

fn key_event(kind: &FactKind) -> Option<Event> {
    if let FactKind::MegolmNew { session, .. } = kind {
        return Some(Event::Made(*session));
    }
    if let FactKind::Claim { claim, .. } = kind {
        return Some(Event::Asked(*claim));
    }
    if let FactKind::KeyHandedOut { claim: Some(claim), key, .. } = kind {
        return Some(Event::HandedOut(*claim, *key));
    }
    if let FactKind::OlmNew { session, direction: Direction::Outbound, .. } = kind {
        return Some(Event::Opened(*session));
    }
    None
}

/// What must have happened before the fact; `home` is the server of a device.
fn rests_on(fact: &Fact, home: impl Fn(DeviceId) -> ServerId) -> Option<Event> {
    if let FactKind::RoomSeen { device, room, seq, .. } = fact.kind {
        return Some(Event::RoomAt(home(device), room, seq));
    }
    to_device_before(&fact.kind)
        .or_else(|| message_before(&fact.kind))
        .or_else(|| key_before(&fact.kind))
}

fn to_device_before(kind: &FactKind) -> Option<Event> {
    if let FactKind::PutAccepted { txn, .. } = kind {
        return Some(Event::Put(*txn));
    }
    if let FactKind::Enqueued { txn, recipient, .. } = kind {
        return Some(Event::Sent(*txn, *recipient));
    }
    if let FactKind::Listed { message, .. } = kind {
        return Some(Event::Stored(*message));
    }
    if let FactKind::Acknowledged { message, .. }
    | FactKind::Processed { message, .. }
    | FactKind::OlmDecrypt { message, .. } = kind
    {
        return Some(Event::Listed(*message));
    }
    None
}

fn message_before(kind: &FactKind) -> Option<Event> {
    if let FactKind::MessageAccepted { message, .. } | FactKind::Try { message, .. } = kind {
        return Some(Event::Encrypted(*message));
    }
    if let FactKind::MessageReceived { message, .. } = kind {
        return Some(Event::Accepted(*message));
    }
    None
}

fn key_before(kind: &FactKind) -> Option<Event> {
    if let FactKind::KeyIn { session, .. } = kind {
        return Some(Event::Made(*session));
    }
    if let FactKind::KeyHandedOut { claim: Some(claim), .. } = kind {
        return Some(Event::Asked(*claim));
    }
    if let FactKind::ClaimEnd { claim, outcome: ClaimOutcome::Key { key, .. }, .. } = kind {
        return Some(Event::HandedOut(*claim, *key));
    }
    if let FactKind::OlmNew { session, direction: Direction::Inbound, .. } = kind {
        return Some(Event::Opened(*session));
    }
    None
}

/// The places of all facts in one order. Where neither a log nor an id tells, the earlier time comes first, and of equal times
/// the earlier log.
///
/// # Errors
/// If there is no such order.
pub fn merge(
    logs: &[Vec<Fact>],
    home: impl Fn(DeviceId) -> ServerId,
) -> Result<Vec<Place>, Contradiction> {
    let mut first: BTreeMap<Event, Vec<Place>> = BTreeMap::new();
    for (log, facts) in logs.iter().enumerate() {
        for (position, fact) in facts.iter().enumerate() {
            if let Some(event) = event_of(fact) {
                let places = first.entry(event).or_default();
                if places.iter().all(|(other, _)| *other != log) {
                    places.push((log, position));
                }
            }
            // What is accepted is all of a transaction, and its targets come of one thing with it.
            if let FactKind::PutTarget { txn, .. } = fact.kind {
                let places = first.get_mut(&Event::Put(txn)).into_iter().flatten();
                for place in
                    places.filter(|(other, put)| *other == log && facts[*put].at == fact.at)
                {
                    place.1 = position;
                }
            }
        }
    }
    let needs = |(log, position): Place| -> Vec<Place> {
        let event = logs[log].get(position).and_then(|fact| rests_on(fact, &home));
        let Some(event) = event else { return Vec::new() };
        let places = match event {
            // A state that no fact made leaves no place: the last one before it must have been.
            Event::RoomAt(server, room, seq) => first
                .range(Event::RoomAt(server, room, 0)..=Event::RoomAt(server, room, seq))
                .next_back()
                .map(|(_, places)| places),
            Event::Put(_)
            | Event::Sent(..)
            | Event::Stored(_)
            | Event::Listed(_)
            | Event::Encrypted(_)
            | Event::Accepted(_)
            | Event::Made(_)
            | Event::Asked(_)
            | Event::HandedOut(..)
            | Event::Opened(_) => first.get(&event),
        };
        let elsewhere = places.into_iter().flatten().filter(|(other, _)| *other != log);
        // What one log tells twice, the own one among them, happened at the latest when the first of them told it.
        let own = places.is_some_and(|places| places.iter().any(|(other, _)| *other == log));
        if own { Vec::new() } else { elsewhere.copied().collect() }
    };
    let mut heads: Vec<usize> = vec![0; logs.len()];
    let mut waits: Vec<Vec<Place>> = (0..logs.len()).map(|log| needs((log, 0))).collect();
    let total = logs.iter().map(Vec::len).sum();
    let mut order = Vec::with_capacity(total);
    while order.len() < total {
        for wait in &mut waits {
            wait.retain(|(log, position)| heads[*log] <= *position);
        }
        let ready = (0..logs.len()).filter(|log| waits[*log].is_empty());
        let next =
            ready.filter_map(|log| logs[log].get(heads[log]).map(|fact| (fact.at, log))).min();
        let Some((_, log)) = next else { return Err(circle(&heads, &waits)) };
        order.push((log, heads[log]));
        heads[log] += 1;
        waits[log] = needs((log, heads[log]));
    }
    Ok(order)
}

/// Two facts of a circle: each log waits for another one.
fn circle(heads: &[usize], waits: &[Vec<Place>]) -> Contradiction {
    let mut log = waits.iter().position(|wait| !wait.is_empty()).unwrap_or(0);
    // After as many steps as there are logs the way has come into the circle.
    for _ in 0..waits.len() {
        log = waits[log].first().map_or(log, |(other, _)| *other);
    }
    let earlier = waits[log].first().copied().unwrap_or((log, heads[log]));
    Contradiction { later: (log, heads[log]), earlier }
}

#[cfg(test)]
mod tests {
    use super::{Contradiction, merge};
    use crate::ids::{DeviceId, ServerId};
    use crate::protocol::to_device::ToDeviceType;
    use crate::trace::fact::{Fact, FactKind, ProcessOutcome, SentContent};
    use crate::trace::sample::{A1, B1, M1, ROOM, SESSION, TXN, X, fact_of};

    fn put(ms: u64) -> Fact {
        let content = SentContent::Sealed;
        fact_of(0, ms, FactKind::PutTarget { device: A1, txn: TXN, recipient: B1, content })
    }

    fn stored(ms: u64) -> Fact {
        let (message, sender, recipient, txn) = (X, A1, B1, TXN);
        let (event_type, content) = (ToDeviceType::Encrypted, SentContent::Sealed);
        let kind = FactKind::Enqueued { message, sender, recipient, txn, event_type, content };
        fact_of(0, ms, kind)
    }

    fn listed(ms: u64) -> Fact {
        fact_of(0, ms, FactKind::Listed { device: B1, message: X })
    }

    fn processed(ms: u64) -> Fact {
        let outcome = ProcessOutcome::Handled;
        fact_of(0, ms, FactKind::Processed { device: B1, message: X, outcome })
    }

    fn received(ms: u64) -> Fact {
        fact_of(0, ms, FactKind::MessageReceived { device: B1, message: M1 })
    }

    fn accepted(ms: u64) -> Fact {
        fact_of(0, ms, FactKind::MessageAccepted { room: ROOM, message: M1 })
    }

    fn encrypted(ms: u64) -> Fact {
        let (device, room, session, index, message) = (A1, ROOM, SESSION, 0, M1);
        fact_of(0, ms, FactKind::MegolmEncrypted { device, room, session, index, message })
    }

    fn home(_: DeviceId) -> ServerId {
        ServerId::new(0)
    }

    #[test]
    fn ids_tell_the_order_where_clocks_are_wrong() {
        let logs = [vec![processed(1)], vec![put(900)], vec![stored(50), listed(60)]];
        assert_eq!(merge(&logs, home), Ok(vec![(1, 0), (2, 0), (2, 1), (0, 0)]));
        let logs = [vec![received(1)], vec![encrypted(9)], vec![accepted(5)]];
        assert_eq!(merge(&logs, home), Ok(vec![(1, 0), (2, 0), (0, 0)]));
    }

    #[test]
    fn a_transaction_is_accepted_after_all_that_was_put_into_it() {
        let event_type = ToDeviceType::Encrypted;
        let begun = FactKind::Put { device: A1, txn: TXN, event_type, targets: 1 };
        let taken = FactKind::PutAccepted { device: A1, txn: TXN };
        let logs = |later| {
            [vec![fact_of(0, 900, begun), put(later)], vec![fact_of(0, 1, taken), stored(1)]]
        };
        assert_eq!(merge(&logs(900), home), Ok(vec![(0, 0), (0, 1), (1, 0), (1, 1)]));
        // What was put there later was not in it yet.
        assert_eq!(merge(&logs(901), home), Ok(vec![(0, 0), (1, 0), (0, 1), (1, 1)]));
    }

    #[test]
    fn time_tells_it_where_ids_do_not_and_a_log_keeps_its_order() {
        let step = |ms| fact_of(0, ms, FactKind::UserStep(0));
        let logs = [vec![step(5), step(1)], vec![step(3), step(5)]];
        assert_eq!(merge(&logs, home), Ok(vec![(1, 0), (0, 0), (0, 1), (1, 1)]));
        let nobody: [Vec<Fact>; 2] = [Vec::new(), Vec::new()];
        assert_eq!(merge(&nobody, home), Ok(Vec::new()));
    }

    #[test]
    fn what_no_other_log_tells_holds_nothing_up() {
        let logs = [vec![processed(7)], vec![received(1)]];
        assert_eq!(merge(&logs, home), Ok(vec![(1, 0), (0, 0)]));
    }

    #[test]
    fn logs_that_contradict_each_other_are_found_with_two_facts() {
        let logs = [vec![accepted(1), put(2)], vec![stored(3), encrypted(4)]];
        let contradiction = Contradiction { later: (0, 0), earlier: (1, 1) };
        assert_eq!(merge(&logs, home), Err(contradiction));
    }

    #[test]
    fn a_room_is_seen_after_the_state_that_was_told() {
        let seen = |seq| {
            let kind = FactKind::RoomSeen { device: B1, room: ROOM, seq, limited: false };
            fact_of(0, 1, kind)
        };
        let member = |seq, ms| {
            let (user, membership) =
                (crate::trace::sample::BOB, crate::protocol::room::Membership::Join);
            let kind = FactKind::Member { room: ROOM, user, membership, seq };
            Fact {
                observer: crate::trace::fact::Observer::Server(ServerId::new(0)),
                ..fact_of(0, ms, kind)
            }
        };
        let logs = [vec![seen(3)], vec![member(1, 5), member(2, 6), member(4, 7)]];
        assert_eq!(merge(&logs, home), Ok(vec![(1, 0), (1, 1), (0, 0), (1, 2)]));
    }
}
