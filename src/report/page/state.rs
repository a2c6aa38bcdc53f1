//! What each device has at any time, as the changes that facts make to it: sessions, keys, notices, choices, and what its user
//! is told. It does not know what is inside a client; only what was observed of it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::ids::{DeviceId, ToDeviceId};
use crate::protocol::withheld::WithheldContent;
use crate::report::names::Names;
use crate::report::words::Word;
use crate::scenario::model::Scenario;
use crate::trace::fact::{
    Fact, FactKind, LossCause, ProcessOutcome, SentContent, Shown, TryResult,
};

/// A part of what a device has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Slot {
    /// Whether its client runs.
    Life,
    /// What its user is shown of each message.
    Shown,
    /// Its outbound Megolm session of each room.
    Outbound,
    /// The keys of Megolm sessions that it can decrypt.
    Keys,
    /// Its Olm sessions.
    Olm,
    /// The notices that it has sent: what its marks remember.
    Told,
    /// The notices that it has taken in.
    WasTold,
    /// What its user chose.
    Choices,
}

impl Slot {
    /// All of them, in the order in which they are shown.
    const ALL: [Self; 8] = [
        Self::Life,
        Self::Shown,
        Self::Outbound,
        Self::Keys,
        Self::Olm,
        Self::Told,
        Self::WasTold,
        Self::Choices,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Life => "client",
            Self::Shown => "its user sees",
            Self::Outbound => "sends with",
            Self::Keys => "room keys",
            Self::Olm => "Olm sessions",
            Self::Told => "has told",
            Self::WasTold => "was told",
            Self::Choices => "its user chose",
        }
    }
}

/// The names of the parts, in order.
pub(super) fn slots() -> Vec<&'static str> {
    Slot::ALL.map(Slot::name).to_vec()
}

/// A change: the fact that made it, the device, the part, what in it, and what that is now; `None` if it is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Change(u32, usize, usize, String, Option<String>);

/// The changes that these facts make; `None` if there are more than `limit`.
pub(super) fn changes(names: &Names<'_>, facts: &[Fact], limit: usize) -> Option<Vec<Change>> {
    let mut reader = Reader { names, notices: BTreeMap::new(), found: Vec::new() };
    for device in present(names.scenario) {
        let Some(first) = facts.first() else { break };
        reader.set(first, (device, Slot::Life), "state", Some("running".to_owned()));
    }
    for fact in facts {
        reader.read(fact);
        if reader.found.len() > limit {
            return None;
        }
    }
    Some(reader.found)
}

/// The devices that are there from the start.
fn present(scenario: &Scenario) -> impl Iterator<Item = DeviceId> + '_ {
    let all = scenario.devices.iter().enumerate();
    all.filter(|(_, device)| device.present).map(|(place, _)| DeviceId::at(place))
}

struct Reader<'a> {
    names: &'a Names<'a>,
    /// Notices by the rows of mailboxes that hold them, each with its sender.
    notices: BTreeMap<ToDeviceId, (DeviceId, WithheldContent)>,
    found: Vec<Change>,
}

impl Reader<'_> {
    fn set(
        &mut self,
        fact: &Fact,
        (device, slot): (DeviceId, Slot),
        key: impl Into<String>,
        value: Option<String>,
    ) {
        self.found.push(Change(fact.id.raw(), device.index(), slot as usize, key.into(), value));
    }

    fn read(&mut self, fact: &Fact) {
        self.life(fact);
        self.keys(fact);
        self.olm(fact);
        self.notices(fact);
        self.choices(fact);
        if let FactKind::Try { device, message, result } = fact.kind {
            let message = self.names.message(message);
            let seen = self.seen(result);
            self.set(fact, (device, Slot::Shown), message, Some(seen));
        }
    }

    fn seen(&self, result: TryResult) -> String {
        match result {
            TryResult::Decrypted => "the message".to_owned(),
            TryResult::Hidden => "nothing: the message is hidden".to_owned(),
            TryResult::Invalid => "that the message is not valid".to_owned(),
            TryResult::Undecryptable(Shown::Unexplained) => {
                "that it cannot be read, and no reason".to_owned()
            }
            TryResult::Undecryptable(shown) => {
                format!("that it cannot be read: {}", shown.word(self.names))
            }
        }
    }

    fn life(&mut self, fact: &Fact) {
        let (device, state) = if let FactKind::DeviceUp { device, crypto } = fact.kind {
            (device, if crypto { "running" } else { "running, without encryption" }.to_owned())
        } else if let FactKind::Crashed { device } = fact.kind {
            (device, "crashed".to_owned())
        } else if let FactKind::Restarted { device } = fact.kind {
            (device, "running again".to_owned())
        } else if let FactKind::LoggedOut { device } = fact.kind {
            (device, "logged out".to_owned())
        } else if let FactKind::StoreRestored { device, snapshot } = fact.kind {
            (device, format!("its store is that of {snapshot}"))
        } else {
            return;
        };
        self.set(fact, (device, Slot::Life), "state", Some(state));
    }

    fn keys(&mut self, fact: &Fact) {
        let names = self.names;
        if let FactKind::MegolmNew { device, room, session } = fact.kind {
            let value = format!("{}, next index 0", session.word(names));
            self.set(fact, (device, Slot::Outbound), names.room(room), Some(value));
        } else if let FactKind::MegolmEncrypted { device, room, session, index, .. } = fact.kind {
            let value = format!("{}, next index {}", session.word(names), u64::from(index) + 1);
            self.set(fact, (device, Slot::Outbound), names.room(room), Some(value));
        } else if let FactKind::SessionDiscarded { device, room } = fact.kind {
            self.set(fact, (device, Slot::Outbound), names.room(room), None);
        } else if let FactKind::KeyIn { device, session, first, source, .. } = fact.kind {
            let value = format!("from index {first} on, {}", source.word(names));
            self.set(fact, (device, Slot::Keys), session.word(names), Some(value));
        } else if let FactKind::KeyLost { device, session, why } = fact.kind
            // What takes its place is told by a fact of its own.
            && why != LossCause::Overwritten
        {
            self.set(fact, (device, Slot::Keys), session.word(names), None);
        }
    }

    fn olm(&mut self, fact: &Fact) {
        let names = self.names;
        if let FactKind::OlmNew { device, peer, session, direction, why, .. } = fact.kind {
            let how = format!(
                "with {}, {} {}",
                names.device(peer),
                direction.word(names),
                why.word(names)
            );
            self.set(fact, (device, Slot::Olm), session.word(names), Some(how));
        } else if let FactKind::OlmDropped { device, session, .. } = fact.kind {
            self.set(fact, (device, Slot::Olm), session.word(names), None);
        }
    }

    fn notices(&mut self, fact: &Fact) {
        if let FactKind::PutTarget {
            device,
            recipient,
            content: SentContent::Withheld(notice),
            ..
        } = fact.kind
        {
            let key = format!("{}: {}", self.names.device(recipient), self.notice(&notice));
            self.set(fact, (device, Slot::Told), key, Some(format!("at {}", fact.at)));
        } else if let FactKind::Enqueued {
            message,
            sender,
            content: SentContent::Withheld(notice),
            ..
        } = fact.kind
        {
            self.notices.insert(message, (sender, notice));
        } else if let FactKind::Processed { device, message, outcome: ProcessOutcome::Handled } =
            fact.kind
            && let Some((sender, notice)) = self.notices.get(&message).copied()
        {
            let key = format!("{}: {}", self.names.device(sender), self.notice(&notice));
            self.set(fact, (device, Slot::WasTold), key, Some(format!("at {}", fact.at)));
        }
    }

    /// A notice with the session that it is about.
    fn notice(&self, notice: &WithheldContent) -> String {
        let code = notice.word(self.names);
        match notice.session_id.value() {
            Some(session) => format!("{code} for {}", session.word(self.names)),
            None => code,
        }
    }

    fn choices(&mut self, fact: &Fact) {
        let names = self.names;
        if let FactKind::SharingSet { device, share, .. } = fact.kind {
            self.set(fact, (device, Slot::Choices), "shares keys with", Some(share.word(names)));
        } else if let FactKind::ReportingSet { device, target, codes, .. } = fact.kind {
            let key = format!("reports to {}", target.word(names));
            self.set(fact, (device, Slot::Choices), key, Some(codes.word(names)));
        } else if let FactKind::VerifiedSet { device, target, verified } = fact.kind {
            let value = verified.then(|| format!("at {}", fact.at));
            let key = format!("verified {}", target.word(names));
            self.set(fact, (device, Slot::Choices), key, value);
        } else if let FactKind::BlockedSet { device, target, blocked } = fact.kind {
            let value = blocked.then(|| format!("at {}", fact.at));
            let key = format!("blocked {}", target.word(names));
            self.set(fact, (device, Slot::Choices), key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, Slot, changes, slots};
    use crate::report::names::Names;
    use crate::scenario::sample::room_of;
    use crate::trace::fact::{FactKind, KeySource, LossCause};
    use crate::trace::sample::{A1, B1, ROOM, SESSION, fact_of};

    fn of(kinds: &[FactKind], limit: usize) -> Option<Vec<Change>> {
        let scenario = room_of(1, 1);
        let facts: Vec<_> = (0..).zip(kinds).map(|(id, kind)| fact_of(id, 0, *kind)).collect();
        changes(&Names::of(&scenario), &facts, limit)
    }

    #[test]
    fn a_key_comes_and_goes_and_one_that_is_replaced_stays() {
        let key_in = |first| FactKind::KeyIn {
            device: B1,
            room: ROOM,
            session: SESSION,
            first,
            source: KeySource::RoomKey,
            via: None,
        };
        let lost = |why| FactKind::KeyLost { device: B1, session: SESSION, why };
        let found =
            of(&[key_in(0), key_in(2), lost(LossCause::Overwritten), lost(LossCause::Wiped)], 9)
                .unwrap();
        let keys: Vec<Option<&str>> = found
            .iter()
            .filter(|change| change.2 == Slot::Keys as usize)
            .map(|change| change.4.as_deref())
            .collect();
        let from = |index| format!("from index {index} on, from its creator");
        assert_eq!(keys, [Some(&*from(0)), Some(&*from(2)), None]);
    }

    #[test]
    fn devices_that_are_there_from_the_start_run() {
        let found = of(&[FactKind::Crashed { device: A1 }], 9).unwrap();
        let told: Vec<(usize, &str)> =
            found.iter().map(|one| (one.1, one.4.as_deref().unwrap())).collect();
        assert_eq!(told, [(0, "running"), (1, "running"), (0, "crashed")]);
    }

    #[test]
    fn too_many_changes_are_none() {
        assert_eq!(of(&[FactKind::Crashed { device: A1 }], 2), None);
        for (place, slot) in Slot::ALL.into_iter().enumerate() {
            assert_eq!((slot as usize, slots()[place]), (place, slot.name()));
        }
    }
}
