//! What stands behind what reference clients do: the recorded causes of keys, notices, queries and messages name the choice or the answer
//! that decided them and the failure that held them up, and what comes in leaves its mark once. How that is told is not known here.

use std::collections::{BTreeMap, BTreeSet};

use withheld::generate::plan::Subject;
use withheld::ids::{DeviceId, FactId, UserId};
use withheld::protocol::api::ListChange;
use withheld::protocol::to_device::OlmEvent;
use withheld::protocol::withheld::{Field, WithheldCode};
use withheld::scenario::fault::Party;
use withheld::scenario::model::Scenario;
use withheld::scenario::policy::Target;
use withheld::time::SimDuration;
use withheld::trace::fact::{
    ClaimFailed, ClaimOutcome, Fact, FactKind, Observer, ProcessOutcome, QueryOutcome, SentContent,
};

use crate::room::{Room, files, in_file};

/// A request that fails is tried again after so long at the earliest.
const FIRST_WAIT: SimDuration = SimDuration::from_secs(2);
/// Where requests and answers travel longer than this, late does not mean tried again.
const SHORT_WAY: SimDuration = SimDuration::from_ms(500);

/// The facts of a run up to one of them, seen from a device.
struct Before<'a> {
    scenario: &'a Scenario,
    facts: &'a [Fact],
    device: DeviceId,
}

impl Before<'_> {
    fn user_of(&self, device: DeviceId) -> UserId {
        self.scenario.devices[device.index()].user
    }

    /// The device as itself, and as one of its user's.
    fn targets(&self, device: DeviceId) -> [Target; 2] {
        [Target::Device(device), Target::User(self.user_of(device))]
    }

    /// The last fact that says so.
    fn last(&self, says: impl Fn(&FactKind) -> bool) -> Option<FactId> {
        self.facts.iter().rev().find(|fact| says(&fact.kind)).map(|fact| fact.id)
    }

    /// The answer from which the device knows what it knows of another one.
    fn learnt(&self, other: DeviceId) -> Option<FactId> {
        let of = self.user_of(other);
        self.last(|kind| {
            matches!(*kind, FactKind::QueryEnd { device, user, outcome: QueryOutcome::Applied { .. }, .. }
                if device == self.device && user == of)
        })
    }

    /// What the device's user said last of each target that stands for another device: whether that was in its favour.
    fn said(
        &self,
        other: DeviceId,
        counts: impl Fn(&FactKind) -> Option<(Target, bool)>,
    ) -> Vec<(FactId, bool)> {
        let mut last = BTreeMap::new();
        for fact in self.facts {
            if let Some((target, favour)) = counts(&fact.kind) {
                last.insert(target, (fact.id, favour));
            }
        }
        self.targets(other).iter().filter_map(|target| last.get(target).copied()).collect()
    }

    /// Whom the device's user blocked with this, or unblocked.
    fn blocked(&self, kind: &FactKind) -> Option<(Target, bool)> {
        let FactKind::BlockedSet { device, target, blocked } = *kind else { return None };
        (device == self.device).then_some((target, blocked))
    }

    /// Whom the device's user verified with this, or not any more.
    fn verified(&self, kind: &FactKind) -> Option<(Target, bool)> {
        let FactKind::VerifiedSet { device, target, verified } = *kind else { return None };
        (device == self.device).then_some((target, verified))
    }

    /// The last thing that let the other device off: it was unblocked or verified.
    fn allowed(&self, other: DeviceId) -> Option<FactId> {
        let said = self.said(other, |kind| {
            let blocked = self.blocked(kind).map(|(target, blocked)| (target, !blocked));
            blocked.or_else(|| self.verified(kind))
        });
        said.into_iter().filter(|(_, favour)| *favour).map(|(fact, _)| fact).max()
    }

    /// The block that keeps the other device out.
    fn block(&self, other: DeviceId) -> Option<FactId> {
        let said = self.said(other, |kind| self.blocked(kind));
        said.into_iter().find(|(_, blocked)| *blocked).map(|(fact, _)| fact)
    }

    /// The last verification that was taken back and not given again.
    fn withdrawn(&self, other: DeviceId) -> Option<FactId> {
        let said = self
            .said(other, |kind| self.verified(kind).map(|(target, verified)| (target, !verified)));
        said.into_iter().filter(|(_, withdrawn)| *withdrawn).map(|(fact, _)| fact).max()
    }
}

/// Whether `cause` stands among the causes of a fact, or of those, and so on.
fn led_to(facts: &[Fact], is_cause: impl Fn(&Fact) -> bool, effect: &Fact) -> bool {
    let mut pending: BTreeSet<FactId> = effect.causes.iter().collect();
    while let Some(id) = pending.pop_last() {
        let fact = &facts[id.index()];
        if is_cause(fact) {
            return true;
        }
        pending.extend(fact.causes.iter());
    }
    false
}

/// Whose store is not the one that was written last.
fn lost_by(kind: &FactKind) -> Option<DeviceId> {
    if let FactKind::StoreRestored { device, .. }
    | FactKind::Crashed { device }
    | FactKind::LoggedOut { device } = *kind
    {
        Some(device)
    } else {
        None
    }
}

/// Devices that follow every rule and have the store that they wrote.
fn careful(room: &Room) -> BTreeSet<DeviceId> {
    let all = 0..room.scenario.devices.len();
    let follows = |device: &DeviceId| {
        Subject::Specification.is_on_trial(&room.scenario, Party::Device(*device))
    };
    let lost = room.trace.facts().iter().filter_map(|fact| lost_by(&fact.kind));
    let lost: BTreeSet<DeviceId> = lost.collect();
    all.map(DeviceId::at).filter(follows).filter(|device| !lost.contains(device)).collect()
}

/// All scenario files that a test of single facts has time for.
fn rooms() -> impl Iterator<Item = (String, Room)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    files("").into_iter().filter_map(move |path| {
        let name = path.strip_prefix(&root).expect("a file below it").with_extension("");
        let name = name.to_string_lossy().into_owned();
        let scenario = in_file(&name);
        (scenario.devices.len() <= 40).then(|| (name, Room::run(scenario)))
    })
}

/// What is wanted of the causes of a fact, each with what it is called, and whether it is there.
type Wanted = Vec<(&'static str, bool)>;

/// A fact of a run whose causes are looked at.
struct About<'a> {
    room: &'a Room,
    fact: &'a Fact,
    careful: &'a BTreeSet<DeviceId>,
}

impl About<'_> {
    fn facts(&self) -> &[Fact] {
        self.room.trace.facts()
    }

    fn before(&self, device: DeviceId) -> Before<'_> {
        let facts = &self.facts()[..self.fact.id.index()];
        Before { scenario: &self.room.scenario, facts, device }
    }

    /// Whether the fact names this cause, if there is one.
    fn names(&self, cause: Option<FactId>) -> bool {
        cause.is_none_or(|cause| self.fact.causes.iter().any(|id| id == cause))
    }

    /// Whether one of its own causes is such a fact.
    fn rests_on(&self, says: impl Fn(&FactKind) -> bool) -> bool {
        self.fact.causes.iter().any(|id| says(&self.facts()[id.index()].kind))
    }

    /// Whether it is no later than it would be without a failure, or a fault stands behind it.
    fn is_in_time(&self, since: Option<&Fact>) -> bool {
        let near = self.room.scenario.network.client.max <= SHORT_WAY;
        let late = since.is_some_and(|since| self.fact.at.since(since.at) >= FIRST_WAIT);
        !(near && late) || led_to(self.facts(), is_fault, self.fact)
    }

    fn notice(&self) -> Wanted {
        let FactKind::PutTarget {
            device, recipient, content: SentContent::Withheld(content), ..
        } = self.fact.kind
        else {
            return vec![];
        };
        let before = self.before(device);
        if self.rests_on(|kind| matches!(kind, FactKind::Processed { .. })) {
            vec![]
        } else if content.code == Field::Is(WithheldCode::Blacklisted) {
            vec![("the block", self.names(before.block(recipient)))]
        } else if content.code == Field::Is(WithheldCode::Unverified) {
            let set = before.last(
                |kind| matches!(*kind, FactKind::SharingSet { device: by, .. } if by == device),
            );
            vec![
                ("the policy", set.is_some() && self.names(set)),
                ("the list", self.names(before.learnt(recipient))),
                ("the verification taken back", self.names(before.withdrawn(recipient))),
            ]
        } else {
            vec![]
        }
    }

    fn key(&self) -> Wanted {
        let FactKind::OlmEncrypted { device, peer, event: OlmEvent::RoomKey(key), .. } =
            self.fact.kind
        else {
            return vec![];
        };
        let before = self.before(device);
        let allowed = before.allowed(peer);
        let is_made = self.rests_on(
            |kind| matches!(*kind, FactKind::MegolmNew { session, .. } if session == key.session),
        );
        let is_asked = self.rests_on(|kind| matches!(kind, FactKind::OlmDecrypt { .. }));
        vec![
            ("the list", self.names(before.learnt(peer))),
            (
                "the unblock or the verification",
                allowed.is_none_or(|by| led_to(self.facts(), |fact| fact.id == by, self.fact)),
            ),
            ("the session or the message that asks for it again", is_made || is_asked),
        ]
    }

    fn message(&self) -> Wanted {
        let FactKind::MegolmEncrypted { device, session: of, .. } = self.fact.kind else {
            return vec![];
        };
        let made = self
            .rests_on(|kind| matches!(*kind, FactKind::MegolmNew { session, .. } if session == of));
        let held_up = held_up_by(self.room, self.fact, device);
        vec![("the session", made), ("what held its keys up", held_up)]
    }

    fn query(&self) -> Wanted {
        let FactKind::QueryStart { device, user: of, .. } = self.fact.kind else { return vec![] };
        let before = self.before(device);
        let asked = before.last(|kind| {
            matches!(*kind, FactKind::QueryStart { device: by, user, .. }
                if by == device && user == of)
        });
        let told = before.last(|kind| {
            matches!(*kind, FactKind::ListNote { device: by, user, change: ListChange::Changed }
                if by == device && user == of)
        });
        // A note about somebody whose list was never asked for says nothing.
        let note = told.filter(|note| asked.is_some_and(|asked| asked < *note));
        vec![("the note", self.names(note))]
    }

    fn claim(&self) -> Wanted {
        let FactKind::ClaimEnd { device, outcome: ClaimOutcome::Failed(why), .. } = self.fact.kind
        else {
            return vec![];
        };
        let is_told = match why {
            ClaimFailed::Unreachable | ClaimFailed::Timeout | ClaimFailed::Http => {
                led_to(self.facts(), is_fault, self.fact)
            }
            ClaimFailed::BadSignature => true,
        };
        vec![("what made the claim fail", is_told || !self.careful.contains(&device))]
    }

    fn acceptance(&self) -> Wanted {
        if let FactKind::PutAccepted { device, txn: of } = self.fact.kind {
            let put = self
                .before(device)
                .last(|kind| matches!(*kind, FactKind::Put { txn, .. } if txn == of));
            vec![("what held it up", self.is_in_time(put.map(|put| &self.facts()[put.index()])))]
        } else if let FactKind::MessageAccepted { message: of, .. } = self.fact.kind {
            let sent = self.facts().iter().find(|fact| {
                matches!(fact.kind, FactKind::MegolmEncrypted { message, device, .. }
                    if message == of && self.careful.contains(&device))
            });
            vec![("what held it up", self.is_in_time(sent))]
        } else {
            vec![]
        }
    }

    fn all(&self) -> impl Iterator<Item = (&'static str, bool)> {
        let sent = [self.notice(), self.key(), self.message(), self.query()];
        let ended = [self.claim(), self.acceptance()];
        sent.into_iter().chain(ended).flatten()
    }
}

fn is_fault(fact: &Fact) -> bool {
    matches!(fact.kind, FactKind::FaultStart(_))
}

/// Whether a message whose keys were accepted late says why.
fn held_up_by(room: &Room, message: &Fact, device: DeviceId) -> bool {
    if room.scenario.network.client.max > SHORT_WAY {
        return true;
    }
    let facts = &room.trace.facts()[..message.id.index()];
    let asked =
        message.causes.iter().find(|id| matches!(facts[id.index()].kind, FactKind::UserStep(_)));
    let puts = facts.iter().filter(|fact| {
        matches!(fact.kind, FactKind::Put { device: by, .. } if by == device)
            && fact.causes.iter().any(|id| Some(id) == asked)
    });
    let late = puts.into_iter().any(|put| {
        let FactKind::Put { txn: of, .. } = put.kind else { return false };
        facts.iter().any(|fact| {
            matches!(fact.kind, FactKind::PutAccepted { txn, .. } if txn == of)
                && fact.at.since(put.at) >= FIRST_WAIT
        })
    });
    !late || led_to(room.trace.facts(), is_fault, message)
}

fn actor(kind: &FactKind) -> Option<DeviceId> {
    if let FactKind::PutTarget { device, .. }
    | FactKind::OlmEncrypted { device, .. }
    | FactKind::MegolmEncrypted { device, .. }
    | FactKind::QueryStart { device, .. }
    | FactKind::PutAccepted { device, .. } = *kind
    {
        Some(device)
    } else {
        None
    }
}

#[test]
fn what_a_client_does_names_what_decided_it_and_what_held_it_up() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut missing = Vec::new();
    for (name, room) in rooms() {
        let careful = careful(&room);
        for fact in room.trace.facts() {
            if actor(&fact.kind).is_some_and(|device| !careful.contains(&device)) {
                continue;
            }
            for (what, is_there) in (About { room: &room, fact, careful: &careful }).all() {
                *seen.entry(what).or_default() += 1;
                if !is_there {
                    missing.push(format!("{name}: {what} of #{} {:?}", fact.id.raw(), fact.kind));
                }
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    assert!(seen.len() >= 10 && seen.values().all(|times| *times > 10), "{seen:?}");
}

#[test]
fn each_message_that_is_listed_is_dealt_with_once_and_known_when_it_comes_again() {
    let mut wrong = Vec::new();
    let mut again = 0;
    for (name, room) in rooms() {
        let careful = careful(&room);
        let mut listed: BTreeMap<_, usize> = BTreeMap::new();
        let mut processed: BTreeMap<_, Vec<ProcessOutcome>> = BTreeMap::new();
        let mut opened: BTreeMap<_, usize> = BTreeMap::new();
        let mut contents = BTreeMap::new();
        for fact in room.trace.facts() {
            if let FactKind::Enqueued { message, content, .. } = fact.kind {
                contents.insert(message, content);
            } else if let FactKind::Listed { device, message } = fact.kind {
                *listed.entry((device, message)).or_default() += 1;
            } else if let FactKind::Processed { device, message, outcome } = fact.kind {
                processed.entry((device, message)).or_default().push(outcome);
            } else if let FactKind::OlmDecrypt { device, message, .. } = fact.kind {
                *opened.entry((device, message)).or_default() += 1;
            }
        }
        for (place, outcomes) in &processed {
            let (device, message) = *place;
            if !careful.contains(&device) {
                continue;
            }
            let is_olm = matches!(contents.get(&message), Some(SentContent::Olm(_)));
            let is_notice = matches!(contents.get(&message), Some(SentContent::Withheld(_)));
            if is_olm && opened.get(place).copied().unwrap_or(0) != outcomes.len() {
                wrong.push(format!("{name}: opened {place:?} {outcomes:?}"));
            }
            if is_notice && outcomes[0] == ProcessOutcome::Duplicate {
                wrong.push(format!("{name}: first {place:?} {outcomes:?}"));
            }
            if is_notice && outcomes.len() > 1 {
                again += 1;
                if outcomes[0] == ProcessOutcome::Handled
                    && outcomes[1..].iter().any(|o| *o != ProcessOutcome::Duplicate)
                {
                    wrong.push(format!("{name}: again {place:?} {outcomes:?}"));
                }
            }
        }
        for (place, times) in &listed {
            if careful.contains(&place.0) && processed.get(place).map_or(0, Vec::len) != *times {
                wrong.push(format!("{name}: listed {place:?} {times}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(again > 0, "{again}");
}

#[test]
fn what_a_client_records_is_news_to_it() {
    let mut wrong = Vec::new();
    for (name, room) in rooms() {
        let careful = careful(&room);
        let server_of = |device: DeviceId| {
            Observer::Server(
                room.scenario.users[room.scenario.devices[device.index()].user.index()].server,
            )
        };
        let mut state: BTreeMap<_, Vec<u32>> = BTreeMap::new();
        let mut seen: BTreeMap<_, u32> = BTreeMap::new();
        let mut counts = BTreeMap::new();
        let mut sent = BTreeMap::new();
        for fact in room.trace.facts() {
            let is_news = if let FactKind::Member { room, seq, .. }
            | FactKind::HistoryVisibility { room, seq, .. }
            | FactKind::Encryption { room, seq, .. } = fact.kind
            {
                state.entry((fact.observer, room)).or_default().push(seq);
                true
            } else if let FactKind::RoomSeen { device, room, seq, limited } = fact.kind {
                let told = seen.insert((device, room), seq);
                let events = state.get(&(server_of(device), room)).map_or(&[][..], Vec::as_slice);
                let is_new = |told| events.iter().any(|event| (told + 1..=seq).contains(event));
                limited || told.is_none_or(is_new) || !careful.contains(&device)
            } else if let FactKind::KeyCounts { device, one_time, unused_fallback } = fact.kind {
                let told = (one_time, unused_fallback);
                counts.insert(device, told) != Some(told) || !careful.contains(&device)
            } else if let FactKind::MegolmEncrypted { device, message, .. } = fact.kind {
                sent.insert(message, device);
                true
            } else if let FactKind::Try { device, message, .. } = fact.kind {
                sent.get(&message) != Some(&device)
            } else {
                true
            };
            if !is_news {
                wrong.push(format!("{name}: #{} {:?}", fact.id.raw(), fact.kind));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn what_takes_the_place_of_something_is_recorded_with_its_loss() {
    let mut wrong = Vec::new();
    let (mut keys_lost, mut sessions_dropped) = (0, 0);
    for (name, room) in rooms() {
        let restored = room.count(|kind| lost_by(kind).is_some());
        if restored > 0 {
            continue;
        }
        let mut keys: BTreeMap<_, u32> = BTreeMap::new();
        let mut sessions: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for fact in room.trace.facts() {
            if let FactKind::KeyIn { device, session, first, .. } = fact.kind {
                let held = keys.insert((device, session), first);
                if held.is_some_and(|held| held <= first) {
                    wrong.push(format!("{name}: {:?} over {held:?}", fact.kind));
                }
            } else if let FactKind::KeyLost { device, session, .. } = fact.kind {
                keys_lost += 1;
                keys.remove(&(device, session));
            } else if let FactKind::OlmNew { device, peer, session, .. } = fact.kind {
                sessions.entry((device, peer)).or_default().insert(session);
            } else if let FactKind::OlmDropped { device, peer, session, .. } = fact.kind {
                sessions_dropped += 1;
                sessions.entry((device, peer)).or_default().remove(&session);
            }
        }
        for ((device, peer), held) in sessions {
            let most = room.scenario.devices[device.index()].habits.olm_sessions_max as usize;
            if held.len() > most {
                wrong.push(format!("{name}: {device:?} has {} sessions with {peer:?}", held.len()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(keys_lost > 0 && sessions_dropped > 0);
}
