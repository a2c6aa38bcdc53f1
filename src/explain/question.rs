//! What is to be explained, and which facts are about that: where a slice begins.
//! It does not know what led to these facts.

use std::collections::BTreeSet;

use crate::explain::unsent::UnsentMessage;
use crate::ids::{
    BundleId, DeviceId, FactId, KeyValue, MegolmSessionId, MessageId, ToDeviceId, TxnId, UserId,
};
use crate::protocol::to_device::OlmEvent;
use crate::protocol::withheld::WithheldCode;
use crate::time::SimTime;
use crate::trace::fact::{
    ClaimOutcome, Fact, FactKind, KeySource, Observer, OlmResult, SentContent,
};

/// A question: why is it so?
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Question {
    /// The message and the device that it is about, where it is about one of each; what became of the message there is
    /// told then. A message without a device is one that was never sent.
    pub message: Option<MessageId>,
    /// The device.
    pub device: Option<DeviceId>,
    /// The user of the device: who the sender has to know of.
    pub user: Option<UserId>,
    /// The message, if it was never sent.
    pub unsent: Option<UnsentMessage>,
    /// The facts that a judgement rests on, in any order. They are always told.
    pub witnesses: Vec<FactId>,
    /// Facts that show what was so without being a cause, in any order.
    pub asides: Vec<FactId>,
}

/// How a message was encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Encrypted {
    fact: FactId,
    sender: DeviceId,
    session: MegolmSessionId,
    index: u32,
}

/// The facts of `facts` that are about `question`, ascending, its witnesses included. `facts` are in the order of
/// their ids.
#[must_use]
pub fn seeds(facts: &[Fact], question: &Question) -> Vec<FactId> {
    let mut found = question.witnesses.clone();
    found.extend(question.unsent.iter().flat_map(|unsent| unsent.seeds(facts)));
    if let Some(message) = question.message {
        let encrypted = facts.iter().find_map(|fact| encryption(fact, message));
        let mut about = About {
            message,
            encrypted,
            device: question.device,
            txns: BTreeSet::new(),
            rows: BTreeSet::new(),
            bundles: BTreeSet::new(),
        };
        if let (Some(encrypted), Some(device)) = (encrypted, question.device) {
            let (standing, txns) = standing(facts, &encrypted, device);
            found.extend(standing);
            about.txns.extend(txns);
        }
        found.extend(facts.iter().filter(|fact| about.takes(&fact.kind)).map(|fact| fact.id));
        if let Some(settled) = settled(facts, question) {
            found.retain(|fact| *fact <= settled);
        }
        // Whom nothing was sent to, the sender may not have known of, or may not have wanted to tell.
        if let (Some(encrypted), Some(user), true) =
            (encrypted, question.user, about.txns.is_empty())
        {
            found.extend(knowledge(facts, &encrypted, user));
            found.extend(reporting(facts, &encrypted));
        }
        found.extend(handed_out_too(facts, &found));
        let sender = encrypted.map(|encrypted| encrypted.sender);
        if let (Some(sender), Some(device)) = (sender, question.device) {
            found.extend(lost_olm(facts, &found, [sender, device]));
        }
        for device in [question.device, sender].into_iter().flatten() {
            found.sort_unstable();
            found.extend(setbacks(facts, &found, device));
        }
    }
    found.extend(&question.asides);
    found.sort_unstable();
    found.dedup();
    found
}

/// The last fact that matters for what became of a message at a device: the last attempt to read it, if there was one, or a witness
/// that came later.
fn settled(facts: &[Fact], question: &Question) -> Option<FactId> {
    let cell = question.message.zip(question.device);
    let is_attempt = |fact: &&Fact| matches!(fact.kind, FactKind::Try { device, message, .. } if cell == Some((message, device)));
    let attempt = facts.iter().rfind(is_attempt)?.id;
    Some(question.witnesses.iter().copied().fold(attempt, FactId::max))
}

/// Where a key was handed out, the other times at which it was.
fn handed_out_too(facts: &[Fact], found: &[FactId]) -> Vec<FactId> {
    let key_of = |fact: &Fact| {
        let FactKind::KeyHandedOut { key, .. } = fact.kind else { return None };
        Some(key)
    };
    let keys: BTreeSet<KeyValue> =
        found.iter().filter_map(|id| key_of(fact_of(facts, *id)?)).collect();
    if keys.is_empty() {
        return Vec::new();
    }
    let same = facts.iter().filter(|fact| key_of(fact).is_some_and(|key| keys.contains(&key)));
    same.map(|fact| fact.id).collect()
}

/// What the sender reported to whom, by its last choice before it encrypted.
fn reporting(facts: &[Fact], encrypted: &Encrypted) -> Option<FactId> {
    let chose = |fact: &&Fact| matches!(fact.kind, FactKind::ReportingSet { device, .. } if device == encrypted.sender);
    facts
        .iter()
        .take_while(|fact| fact.id < encrypted.fact)
        .filter(chose)
        .last()
        .map(|fact| fact.id)
}

/// Where an Olm message of the pair could not be decrypted, the last time before that at which each of the two had lost a session with
/// the other.
fn lost_olm(facts: &[Fact], found: &[FactId], pair: [DeviceId; 2]) -> Vec<FactId> {
    let failed = found.iter().filter_map(|id| fact_of(facts, *id)).find(|fact| {
        matches!(fact.kind, FactKind::OlmDecrypt { result: OlmResult::Failed(_), .. })
    });
    let Some(failed) = failed else { return Vec::new() };
    let lost_by = |of: DeviceId, with: DeviceId| {
        let before = facts.iter().take_while(|fact| fact.id < failed.id);
        let lost = |fact: &&Fact| matches!(fact.kind, FactKind::OlmDropped { device, peer, .. } if (device, peer) == (of, with));
        before.filter(lost).last().map(|fact| fact.id)
    };
    let [one, other] = pair;
    lost_by(one, other).into_iter().chain(lost_by(other, one)).collect()
}

/// The fact with this id, of facts in the order of their ids.
fn fact_of(facts: &[Fact], id: FactId) -> Option<&Fact> {
    facts.binary_search_by_key(&id, |fact| fact.id).ok().map(|at| &facts[at])
}

/// The times at which the device's store went back to before something that was found, ascending, if the device did anything of it
/// later. Both `facts` and `found` ascend.
fn setbacks(facts: &[Fact], found: &[FactId], device: DeviceId) -> Vec<FactId> {
    let told: Vec<&Fact> = found
        .iter()
        .filter_map(|id| fact_of(facts, *id))
        .filter(|fact| fact.observer == Observer::Device(device))
        .collect();
    let undoes = |restore: &Fact, copied: SimTime| {
        let (before, after) = told.split_at(told.partition_point(|fact| fact.id < restore.id));
        before.iter().any(|fact| fact.at >= copied) && !after.is_empty()
    };
    let setback = |fact: &Fact| {
        let FactKind::StoreRestored { device: of, snapshot } = fact.kind else { return None };
        (of == device && undoes(fact, snapshot)).then_some(fact.id)
    };
    facts.iter().filter_map(setback).collect()
}

fn encryption(fact: &Fact, wanted: MessageId) -> Option<Encrypted> {
    if let FactKind::MegolmEncrypted { device: sender, session, index, message, .. } = fact.kind
        && message == wanted
    {
        return Some(Encrypted { fact: fact.id, sender, session, index });
    }
    None
}

/// The `m.no_olm` and the failed claim that stood when the message was encrypted, and the first of each after it; with
/// the transactions of the former.
fn standing(facts: &[Fact], encrypted: &Encrypted, device: DeviceId) -> (Vec<FactId>, Vec<TxnId>) {
    let pair = (encrypted.sender, device);
    let no_olm = |fact: &Fact| {
        if let FactKind::PutTarget { device, txn, recipient, content } = fact.kind
            && (device, recipient) == pair
            && is_no_olm(&content)
        {
            return Some((fact.id, Some(txn)));
        }
        None
    };
    let claim = |fact: &Fact| {
        if let FactKind::ClaimEnd { device, target, outcome, .. } = fact.kind
            && (device, target) == pair
            && !matches!(outcome, ClaimOutcome::Key { .. })
        {
            return Some((fact.id, None));
        }
        None
    };
    let around = |candidates: Vec<(FactId, Option<TxnId>)>| {
        let split = candidates.partition_point(|(fact, _)| *fact < encrypted.fact);
        let (before, after) = candidates.split_at(split);
        [before.last().copied(), after.first().copied()]
    };
    let notices = around(facts.iter().filter_map(no_olm).collect());
    let claims = around(facts.iter().filter_map(claim).collect());
    let all = notices.into_iter().chain(claims).flatten();
    let (found, txns): (Vec<FactId>, Vec<Option<TxnId>>) = all.unzip();
    (found, txns.into_iter().flatten().collect())
}

/// What the sender, and the servers before it, learnt of a user around the time at which it encrypted: of each kind of
/// news the last before that and the first after it.
fn knowledge(facts: &[Fact], encrypted: &Encrypted, of: UserId) -> Vec<FactId> {
    let mut news: [Vec<FactId>; 5] = std::array::from_fn(|_| Vec::new());
    for fact in facts {
        let Some(kind) = kind_of_news(&fact.kind, encrypted.sender, of) else { continue };
        news[kind].push(fact.id);
    }
    let around = |known: &Vec<FactId>| {
        let (before, after) = known.split_at(known.partition_point(|fact| *fact < encrypted.fact));
        [before.last().copied(), after.first().copied()]
    };
    news.iter().flat_map(around).flatten().collect()
}

/// Which kind of news of a user this is for a sender, if it is any.
fn kind_of_news(kind: &FactKind, sender: DeviceId, of: UserId) -> Option<usize> {
    if let FactKind::Member { user, .. } = *kind {
        return (user == of).then_some(0);
    }
    if let FactKind::ListChangedAt { user } = *kind {
        return (user == of).then_some(1);
    }
    let (place, device, user) = if let FactKind::MemberNotTold { device, user, .. } = *kind {
        (2, device, user)
    } else if let FactKind::ListNote { device, user, .. } = *kind {
        (3, device, user)
    } else if let FactKind::QueryEnd { device, user, .. } = *kind {
        (4, device, user)
    } else {
        return None;
    };
    ((device, user) == (sender, of)).then_some(place)
}

fn is_no_olm(content: &SentContent) -> bool {
    matches!(content, SentContent::Withheld(notice) if notice.code.value() == Some(WithheldCode::NoOlm))
}

/// Picks the facts that are about a message at a device, as they come.
struct About {
    message: MessageId,
    encrypted: Option<Encrypted>,
    device: Option<DeviceId>,
    /// Transactions with something about it for the device.
    txns: BTreeSet<TxnId>,
    /// What these became in the device's mailbox.
    rows: BTreeSet<ToDeviceId>,
    /// History bundles with something about its session.
    bundles: BTreeSet<BundleId>,
}

impl About {
    /// Whether the fact is about it.
    fn takes(&mut self, kind: &FactKind) -> bool {
        self.is_of_message(kind)
            || self.device.is_some_and(|device| {
                self.is_sent(kind, device)
                    || self.is_bundled(kind, device)
                    || self.is_in_mailbox(kind, device)
                    || self.is_of_key(kind, device)
            })
    }

    fn is_of_message(&self, kind: &FactKind) -> bool {
        // Another message with the same place in the session makes a replay of one of the two.
        if let FactKind::MegolmEncrypted { session, index, .. } = *kind
            && let Some(encrypted) = self.encrypted
            && (encrypted.session, encrypted.index) == (session, index)
        {
            return true;
        }
        if let FactKind::MegolmEncrypted { message, .. }
        | FactKind::MessageAccepted { message, .. }
        | FactKind::SendRefused { message, .. } = *kind
        {
            return message == self.message;
        }
        if let FactKind::MessageReceived { device, message }
        | FactKind::Try { device, message, .. } = *kind
        {
            return message == self.message && self.device == Some(device);
        }
        false
    }

    /// Whether it is about something that was sent to the device.
    fn is_sent(&mut self, kind: &FactKind, target: DeviceId) -> bool {
        if let FactKind::PutTarget { txn, recipient, content, .. } = kind
            && *recipient == target
        {
            let bears = self.bears(content);
            if bears {
                self.txns.insert(*txn);
            }
            return bears || self.txns.contains(txn);
        }
        // What was smuggled into a mailbox was not sent by anybody.
        if let FactKind::Enqueued { message, recipient, txn, content, .. } = kind
            && *recipient == target
        {
            let bears = self.txns.contains(txn) || self.bears(content);
            if bears {
                self.rows.insert(*message);
            }
            return bears;
        }
        if let FactKind::Lost { txn, recipient, .. } = kind {
            return *recipient == target && self.txns.contains(txn);
        }
        matches!(kind, FactKind::PutAccepted { txn, .. } if self.txns.contains(txn))
    }

    /// Whether a history bundle lists something about the session, or the device takes such a bundle in.
    fn is_bundled(&mut self, kind: &FactKind, target: DeviceId) -> bool {
        let Some(encrypted) = self.encrypted else { return false };
        let listed = if let FactKind::BundleKey { bundle, session, .. } = *kind {
            Some((bundle, session))
        } else if let FactKind::BundleWithheld { bundle, content, .. } = kind {
            content.session_id.value().map(|session| (*bundle, session))
        } else {
            None
        };
        if let Some((bundle, session)) = listed {
            // What is never on its way to the device is of no matter to it; what is, is told with it.
            if session == encrypted.session {
                self.bundles.insert(bundle);
            }
            return false;
        }
        matches!(*kind, FactKind::BundleOpened { device, bundle, .. } if device == target && self.bundles.contains(&bundle))
    }

    fn is_in_mailbox(&self, kind: &FactKind, target: DeviceId) -> bool {
        if let FactKind::Listed { device, message }
        | FactKind::Acknowledged { device, message }
        | FactKind::Processed { device, message, .. }
        | FactKind::OlmDecrypt { device, message, .. } = *kind
        {
            return device == target && self.rows.contains(&message);
        }
        false
    }

    /// Whether it is about the keys that the device has of the session, or asks for.
    fn is_of_key(&self, kind: &FactKind, target: DeviceId) -> bool {
        let Some(encrypted) = self.encrypted else { return false };
        if let FactKind::KeyIn { device, session, first, source, .. } = *kind {
            let from_others = matches!(
                source,
                KeySource::Forwarded { .. } | KeySource::Backup | KeySource::Bundle { .. }
            );
            return (device, session) == (target, encrypted.session)
                && (first <= encrypted.index || from_others);
        }
        if let FactKind::KeyRefused { device, session, .. }
        | FactKind::KeyLost { device, session, .. }
        | FactKind::KeyRequested { device, session, .. } = *kind
        {
            return (device, session) == (target, encrypted.session);
        }
        false
    }

    /// Whether what was sent bears on the message: a key of its session that fits, or a notice about that session.
    fn bears(&self, content: &SentContent) -> bool {
        let Some(encrypted) = self.encrypted else { return false };
        match content {
            SentContent::Olm(OlmEvent::RoomKey(key))
            | SentContent::Clear(OlmEvent::RoomKey(key)) => {
                key.session == encrypted.session && key.first <= encrypted.index
            }
            SentContent::Olm(OlmEvent::ForwardedRoomKey(forwarded))
            | SentContent::Clear(OlmEvent::ForwardedRoomKey(forwarded)) => {
                forwarded.key.session == encrypted.session
            }
            SentContent::Olm(OlmEvent::Withheld(notice))
            | SentContent::Clear(OlmEvent::Withheld(notice))
            | SentContent::Withheld(notice) => notice.session_id.value() == Some(encrypted.session),
            // A bundle bears on the message by what it lists, which facts of its own tell.
            SentContent::Olm(OlmEvent::RoomKeyBundle(told))
            | SentContent::Clear(OlmEvent::RoomKeyBundle(told)) => {
                self.bundles.contains(&told.bundle)
            }
            SentContent::Olm(OlmEvent::Dummy { .. })
            | SentContent::Clear(OlmEvent::Dummy { .. })
            | SentContent::Sealed
            | SentContent::KeyRequest(_) => false,
        }
    }
}
