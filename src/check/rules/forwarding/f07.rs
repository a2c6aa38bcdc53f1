//! F-07 (sender, MUST; specification, `forwarding_curve25519_key_chain` of `m.forwarded_room_key`): the chain is empty
//! when a key is first forwarded, and each further hop appends the key of the device before. Every reading agrees.
//! Facts hold the length of the chain, not its keys; of a key from the backup it is not known.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::View;
use crate::check::view::life::Moment;
use crate::check::view::pairs::Pairs;
use crate::ids::{DeviceId, MegolmSessionId, ToDeviceId};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, KeySource};
use crate::trace::kind::{Kind, Kinds};

/// How many devices had forwarded a key before the one that holds it; `None` if that is not known.
#[derive(Debug, Clone, Copy)]
struct Held {
    hops: Option<u32>,
    taken: Moment,
}

/// The judge of F-07: the keys that did not come straight from their creator.
#[derive(Debug, Clone, Default)]
pub(crate) struct EachHop {
    held: Pairs<Held>,
}

/// The length of the chain that the message had which brought a key, and one for its sender.
fn after(view: &View, via: Option<ToDeviceId>) -> Option<u32> {
    let forwarded = view.forwards.get(view.transport.number(via?)?)?;
    Some(forwarded.hops + 1)
}

impl Judge for EachHop {
    const HEARS: Kinds =
        Kinds::of(&[Kind::KeyIn, Kind::OlmEncrypted, Kind::Enqueued, Kind::OlmDecrypt]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        if let FactKind::KeyIn { device, session, source, via, .. } = case.fact.kind {
            let taken = case.now();
            let held = match source {
                KeySource::Forwarded { .. } => Held { hops: after(case.view, via), taken },
                KeySource::Backup | KeySource::Bundle { .. } => Held { hops: None, taken },
                KeySource::RoomKey | KeySource::Own => {
                    self.held.remove(session.raw(), device.raw());
                    return;
                }
            };
            self.held.insert(session.raw(), device.raw(), held);
        } else if let Some(number) = case.view.forwards.fresh() {
            self.forwarded(case, number, findings);
        }
    }
}

impl EachHop {
    fn forwarded(&self, case: Case<'_>, number: u32, findings: &mut Findings) {
        let view = case.view;
        let Some(forwarded) = view.forwards.get(number) else { return };
        let sender = view.transport.get(number).sender;
        let Some(expected) = self.expected(view, sender, forwarded.key.session) else { return };
        findings.met(Rule::F07);
        if forwarded.hops != expected {
            findings.raise(Rule::F07, Party::Device(sender), [Some(case.fact.id)]);
        }
    }

    /// How long the chain is when this device forwards its key; `None` if that is not known.
    fn expected(&self, view: &View, device: DeviceId, session: MegolmSessionId) -> Option<u32> {
        view.held_since(device, session)?;
        match self.held.get(session.raw(), device.raw()) {
            None => Some(0),
            Some(held) if view.life.undone(device, held.taken).is_some() => None,
            Some(held) => held.hops,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, A2, B1, B2, Story, device, rules, s};
    use crate::protocol::to_device::{ForwardedRoomKey, OlmEvent, ToDeviceType};
    use crate::rulebook::reading::ReadingName;
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::{KeySource, SentContent};

    fn hopping(hops: u32) -> SentContent {
        let SentContent::Olm(OlmEvent::ForwardedRoomKey(plain)) = Story::forwarded(s(0), 0, None)
        else {
            unreachable!()
        };
        SentContent::Olm(OlmEvent::ForwardedRoomKey(ForwardedRoomKey { hops, ..plain }))
    }

    #[test]
    fn the_chain_is_empty_at_first_and_grows_with_each_hop() {
        for (hops, broken) in [([0, 1], false), ([1, 2], true), ([0, 0], true)] {
            let mut story = Story::with_olm();
            story.key_in(B1, s(0), 0, KeySource::RoomKey);
            let sent = story.send((B1, B2), ToDeviceType::Encrypted, hopping(hops[0]));
            story.take_forward(sent, None);
            story.send((B2, A1), ToDeviceType::Encrypted, hopping(hops[1]));
            for reading in ReadingName::ALL {
                let found = rules(&story.judge_as(reading));
                let mut found = found.iter().filter(|(rule, _)| *rule == Rule::F07);
                assert_eq!(found.next().is_some(), broken, "{hops:?}");
            }
            assert_eq!(story.judge().marks.of(Rule::F07), 2);
        }
    }

    #[test]
    fn of_a_key_from_the_backup_the_chain_is_not_known_nor_of_one_that_nobody_saw_come() {
        let mut story = Story::with_olm();
        story.key_in(B1, s(0), 0, KeySource::Backup);
        story.send((B1, B2), ToDeviceType::Encrypted, hopping(7));
        story.send((B2, B1), ToDeviceType::Encrypted, hopping(7));
        assert!(!story.rules().contains(&(Rule::F07, device(B1))));
        assert_eq!(story.judge().marks.of(Rule::F07), 0);
    }

    #[test]
    fn each_further_hop_counts_and_a_key_from_its_creator_has_none() {
        for (last, broken) in [(2, false), (1, true)] {
            let mut story = Story::with_olm();
            story.key_in(B1, s(0), 0, KeySource::RoomKey);
            for (hops, ends) in [(0, (B1, B2)), (1, (B2, A1))] {
                let sent = story.send(ends, ToDeviceType::Encrypted, hopping(hops));
                story.take_forward(sent, None);
            }
            story.send((A1, A2), ToDeviceType::Encrypted, hopping(last));
            assert_eq!(story.rules().contains(&(Rule::F07, device(A1))), broken, "{last}");
        }
        let mut better = Story::with_olm();
        better.key_in(B1, s(0), 0, KeySource::RoomKey);
        let sent = better.send((B1, B2), ToDeviceType::Encrypted, hopping(0));
        better.take_forward(sent, None);
        better.key_in(B2, s(0), 0, KeySource::RoomKey);
        better.send((B2, A2), ToDeviceType::Encrypted, hopping(0));
        assert!(!better.rules().contains(&(Rule::F07, device(B2))));
    }
}
