//! V-04 (recipient, MUST; specification, "Verification of the sending user"; MSC4147): a key is kept only if it is known whose
//! the Olm session is: by the device keys in the message or by an answer that lists the device. A warning in every reading.
//! It does not know whether the sender is trusted.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::pairs::row;
use crate::ids::ToDeviceId;
use crate::protocol::to_device::SenderKeys;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::time::SimTime;
use crate::trace::fact::{FactKind, KeySource, OlmResult};
use crate::trace::kind::{Kind, Kinds};

/// The judge of V-04.
#[derive(Debug, Clone, Default)]
pub(crate) struct SenderVouchedFor {
    /// When each device last opened something, and what it opened then, with the keys that were inside.
    opened: Vec<(SimTime, Vec<(ToDeviceId, SenderKeys)>)>,
}

impl Judge for SenderVouchedFor {
    const HEARS: Kinds = Kinds::of(&[Kind::OlmDecrypt, Kind::KeyIn]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let view = case.view;
        if let FactKind::OlmDecrypt {
            device,
            message,
            result: OlmResult::Decrypted { sender_keys, .. },
            ..
        } = case.fact.kind
        {
            let (at, opened) = row(&mut self.opened, device.index());
            if *at != case.fact.at {
                (*at, _) = (case.fact.at, opened.clear());
            }
            opened.push((message, sender_keys));
        }
        let FactKind::KeyIn { device, source: KeySource::RoomKey, via: Some(via), .. } =
            case.fact.kind
        else {
            return;
        };
        let opened = self.opened.get(device.index()).map_or(&[][..], |(_, opened)| opened);
        let opened = opened.iter().rev().find(|(message, _)| *message == via);
        let Some((_, keys)) = opened.copied() else { return };
        let Some(number) = view.transport.number(via) else { return };
        findings.met(Rule::V04);
        let message = view.transport.get(number);
        let sender = message.sender;
        let listed = view.lists.entry(device, view.cast.user(sender), sender);
        if keys == SenderKeys::Absent && listed.is_none() {
            let witnesses = [Some(message.put.fact), Some(case.fact.id)];
            findings.raise(Rule::V04, Party::Device(device), witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, ALICE, B1, R, Story, device, s};
    use crate::protocol::to_device::{OlmEvent, SenderKeys};
    use crate::rulebook::reading::Severity;
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::{FactKind, KeySource, OlmResult, SentContent};

    /// B1 takes a key of A1 that came with these device keys.
    fn taken(listed: bool, sender_keys: SenderKeys, named: bool) -> Story {
        let mut story = Story::with_olm();
        if !listed {
            story.learn(B1, ALICE, &[]);
        }
        let key = story.give((A1, B1), s(0), 0);
        let SentContent::Olm(event @ OlmEvent::RoomKey(_)) = key.content else {
            panic!("it is a key")
        };
        let session = crate::ids::OlmSessionId::new(0);
        let result = OlmResult::Decrypted { session, event, sender_keys };
        story.by(B1, FactKind::OlmDecrypt { device: B1, peer: A1, message: key.row, result });
        let via = named.then_some(key.row);
        let source = KeySource::RoomKey;
        story.by(B1, FactKind::KeyIn { device: B1, room: R, session: s(0), first: 0, source, via });
        story
    }

    #[test]
    fn a_key_of_nobody_known_is_worth_a_warning() {
        let story = taken(false, SenderKeys::Absent, true);
        assert_eq!(story.broken_of(&[Rule::V04]), [(Rule::V04, device(B1))]);
        let outcome = story.judge();
        let found = outcome.violations.iter().find(|found| found.rule == Rule::V04);
        assert_eq!(found.map(|found| found.severity), Some(Severity::Warning));
    }

    #[test]
    fn the_list_or_the_message_itself_may_vouch_for_the_sender() {
        for story in [taken(true, SenderKeys::Absent, true), taken(false, SenderKeys::Agree, true)]
        {
            assert_eq!(story.broken_of(&[Rule::V04]), []);
            assert_eq!(story.judge().marks.of(Rule::V04), 1);
        }
    }

    #[test]
    fn of_a_key_that_came_nobody_knows_how_nothing_can_be_said() {
        let story = taken(false, SenderKeys::Absent, false);
        assert_eq!(story.broken_of(&[Rule::V04]), []);
        assert_eq!(story.judge().marks.of(Rule::V04), 0);
    }
}
