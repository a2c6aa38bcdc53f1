//! H-06 (sender, MUST; recipient, SHOULD; `m.room_key_bundle`; MSC4268): a bundle message has `sender_device_keys`, and one
//! without them is ignored. Every reading agrees. It does not compare those keys: that is V-05.

use std::collections::BTreeMap;

use crate::check::findings::Findings;
use crate::check::rules::history::sending;
use crate::check::rules::{Case, Judge};
use crate::ids::{FactId, ToDeviceId};
use crate::protocol::to_device::{OlmEvent, SenderKeys};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, OlmResult};
use crate::trace::kind::{Kind, Kinds};

/// The judge of H-06: each message without the keys is a breach of its sender, and each use of one a breach of who makes it.
#[derive(Debug, Clone, Default)]
pub(crate) struct WithDeviceKeys {
    /// Bundle messages as they were decrypted: whether they had the keys.
    decrypted: BTreeMap<ToDeviceId, (SenderKeys, FactId)>,
}

impl Judge for WithDeviceKeys {
    const HEARS: Kinds = Kinds::of(&[Kind::OlmEncrypted, Kind::OlmDecrypt, Kind::BundleOpened]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        if let Some(sending) = sending(&case.fact.kind) {
            findings.met(Rule::H06);
            if sending.sender_keys == SenderKeys::Absent {
                findings.raise(Rule::H06, Party::Device(sending.device), [Some(case.fact.id)]);
            }
        } else if let FactKind::OlmDecrypt {
            message,
            result: OlmResult::Decrypted { event: OlmEvent::RoomKeyBundle(_), sender_keys, .. },
            ..
        } = case.fact.kind
        {
            self.decrypted.insert(message, (sender_keys, case.fact.id));
        } else if let FactKind::BundleOpened { device, via, .. } = case.fact.kind {
            let Some((sender_keys, decrypted)) = self.decrypted.get(&via) else { return };
            findings.met(Rule::H06);
            if *sender_keys == SenderKeys::Absent {
                let witnesses = [Some(*decrypted), Some(case.fact.id)];
                findings.raise(Rule::H06, Party::Device(device), witnesses);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::bundles::{accepted, made, open, opens, send_with, shared, signed};
    use crate::check::testing::{A1, C1, Story, device};
    use crate::ids::ToDeviceId;
    use crate::protocol::room::HistoryVisibility;
    use crate::protocol::to_device::SenderKeys;
    use crate::rulebook::rule::Rule;

    /// A1 sends C1 a bundle with such keys, and C1 reads the message.
    fn sent(sender_keys: SenderKeys) -> (Story, ToDeviceId) {
        let mut story = shared(HistoryVisibility::Shared);
        signed(&mut story, A1);
        made(&mut story, A1);
        let via = send_with(&mut story, (A1, C1), sender_keys);
        accepted(&mut story, crate::check::testing::ALICE);
        (story, via)
    }

    #[test]
    fn a_message_with_device_keys_is_right_and_may_be_used() {
        let (mut story, via) = sent(SenderKeys::Agree);
        open(&mut story, C1, via);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::H06), 2);
    }

    #[test]
    fn one_without_is_a_breach_of_its_sender_and_none_of_who_ignores_it() {
        let (story, _) = sent(SenderKeys::Absent);
        assert_eq!(story.rules(), [(Rule::H06, device(A1))]);
    }

    #[test]
    fn who_uses_one_without_breaks_the_rule_as_well() {
        let (mut story, via) = sent(SenderKeys::Absent);
        open(&mut story, C1, via);
        assert_eq!(story.rules(), [(Rule::H06, device(A1)), (Rule::H06, device(C1))]);
    }

    #[test]
    fn keys_that_differ_are_there() {
        let (story, _) = sent(SenderKeys::Differ);
        let ours = story.rules().into_iter().filter(|(rule, _)| *rule == Rule::H06);
        assert_eq!(ours.count(), 0);
    }

    #[test]
    fn a_message_that_nobody_saw_decrypted_leaves_its_use_undecided() {
        let mut story = shared(HistoryVisibility::Shared);
        accepted(&mut story, crate::check::testing::ALICE);
        opens(&mut story, C1, crate::check::testing::R, ToDeviceId::new(90));
        assert_eq!(story.judge().marks.of(Rule::H06), 0);
    }
}
