//! V-05 (sender, MUST; specification, "Validation of incoming decrypted events"; MSC4147): `sender_device_keys`, where they are
//! in an Olm message, are the keys of its sender. Every reading agrees; to leave them out is allowed but in bundles, which are not
//! modelled.
//! It does not know what the recipient makes of it; U-11 does.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::protocol::to_device::SenderKeys;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, OlmResult};
use crate::trace::kind::{Kind, Kinds};

/// The judge of V-05: the encryption tells, or where that was not observed, whoever opened the message.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct KeysAgree;

impl Judge for KeysAgree {
    const HEARS: Kinds = Kinds::of(&[Kind::OlmEncrypted, Kind::OlmDecrypt]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let transport = &case.view.transport;
        let (sender, keys) =
            if let FactKind::OlmEncrypted { device, sender_keys, .. } = case.fact.kind {
                (device, sender_keys)
            } else if let FactKind::OlmDecrypt { peer, message, result, .. } = case.fact.kind
                && let OlmResult::Decrypted { sender_keys, .. } = result
                && let Some(number) = transport.number(message)
                && !transport.is_observed(transport.get(number).txn)
            {
                (peer, sender_keys)
            } else {
                return;
            };
        match keys {
            SenderKeys::Absent => return,
            SenderKeys::Agree => {}
            SenderKeys::Differ => {
                findings.raise(Rule::V05, Party::Device(sender), [Some(case.fact.id)]);
            }
        }
        findings.met(Rule::V05);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::sending::Sent;
    use crate::check::testing::{A1, B1, Story, device};
    use crate::ids::{OlmSessionId, ToDeviceId, TxnId};
    use crate::protocol::to_device::{OlmEvent, SenderKeys, ToDeviceType};
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::{FactKind, OlmResult, SentContent};

    const EVENT: OlmEvent = OlmEvent::Dummy { empty: true };

    fn sealed(sender_keys: SenderKeys) -> Story {
        let mut story = Story::with_olm();
        let (session, txn) = (OlmSessionId::new(0), TxnId::new(900));
        let (device, peer, event) = (A1, B1, EVENT);
        story.by(A1, FactKind::OlmEncrypted { device, peer, session, event, sender_keys, txn });
        story
    }

    fn opened(sender_keys: SenderKeys) -> Story {
        let mut story = Story::with_olm();
        let sent = Sent {
            sender: A1,
            recipient: B1,
            txn: TxnId::new(900),
            event_type: ToDeviceType::Encrypted,
            content: SentContent::Sealed,
            row: ToDeviceId::new(900),
        };
        story.stored(sent);
        let session = OlmSessionId::new(0);
        let result = OlmResult::Decrypted { session, event: EVENT, sender_keys };
        story.by(B1, FactKind::OlmDecrypt { device: B1, peer: A1, message: sent.row, result });
        story
    }

    #[test]
    fn keys_of_another_device_are_a_breach_of_the_sender() {
        for story in [sealed(SenderKeys::Differ), opened(SenderKeys::Differ)] {
            assert_eq!(story.rules(), [(Rule::V05, device(A1))]);
        }
    }

    #[test]
    fn what_was_seen_sealed_and_opened_counts_once() {
        let mut story = Story::with_olm();
        let sent = story.send((A1, B1), ToDeviceType::Encrypted, SentContent::Olm(EVENT));
        story.opened(sent);
        assert_eq!(story.judge().marks.of(Rule::V05), 1);
    }

    #[test]
    fn the_own_keys_and_none_are_right() {
        for story in [sealed(SenderKeys::Agree), opened(SenderKeys::Agree)] {
            assert_eq!(story.rules(), []);
            assert_eq!(story.judge().marks.of(Rule::V05), 1);
        }
        for story in [sealed(SenderKeys::Absent), opened(SenderKeys::Absent)] {
            assert_eq!(story.rules(), []);
            assert_eq!(story.judge().marks.of(Rule::V05), 0);
        }
    }
}
