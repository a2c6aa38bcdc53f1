//! K-10 (sender, implied; specification, "Sharing keys between devices"): the sending device itself is no recipient;
//! whatever it encrypts for itself, a key or the `m.dummy` of a recovery, is worth a warning in every reading. That own other devices
//! are recipients like any other is judged with K-01.
//! It does not know those.

use crate::check::findings::Findings;
use crate::check::rules::sharing::sealing_of;
use crate::check::rules::{Case, Judge};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of what K-10 says of the sending device.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NotToItself;

impl Judge for NotToItself {
    const HEARS: Kinds = Kinds::of(&[Kind::OlmEncrypted, Kind::Enqueued]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        if sealing_of(case.fact).is_some() {
            findings.met(Rule::K10);
        }
        if let FactKind::OlmEncrypted { device, peer, .. } = case.fact.kind
            && device == peer
        {
            findings.raise(Rule::K10, Party::Device(device), [Some(case.fact.id)]);
        } else if let FactKind::Enqueued { sender, recipient, txn, event_type, .. } = case.fact.kind
            && sender == recipient
            && event_type == crate::protocol::to_device::ToDeviceType::Encrypted
            && !case.view.transport.is_observed(txn)
        {
            findings.raise(Rule::K10, Party::Device(sender), [Some(case.fact.id)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, A2, ALICE, B1, Story, about, device, s};
    use crate::protocol::to_device::{OlmEvent, ToDeviceType};
    use crate::protocol::withheld::SessionCode;
    use crate::rulebook::reading::Severity;
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::SentContent;

    #[test]
    fn a_device_that_encrypts_for_itself_is_warned() {
        let dummy = SentContent::Olm(OlmEvent::Dummy { empty: true });
        for content in [Story::key(s(0), 0), dummy] {
            let mut story = Story::with_olm();
            let sent = story.put((A1, A1), ToDeviceType::Encrypted, content);
            let mut unobserved = Story::with_olm();
            unobserved.stored(sent);
            for story in [story, unobserved] {
                let of_itself = story.broken_of(&[Rule::K10]);
                assert_eq!(of_itself, [(Rule::K10, device(A1))]);
                let found = story.judge();
                let found = found.violations.iter().find(|found| found.rule == Rule::K10);
                assert_eq!(found.map(|found| found.severity), Some(Severity::Warning));
            }
        }
    }

    #[test]
    fn a_key_for_another_own_device_is_right() {
        let mut story = Story::with_olm();
        story.up(A2);
        story.learn(A1, ALICE, &[A1, A2]);
        story.deliver((A1, A2), s(0), 0);
        story.deliver((A1, B1), s(0), 0);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::K10), 2);
    }

    #[test]
    fn what_is_not_encrypted_may_be_sent_to_itself() {
        let mut story = Story::with_olm();
        let notice = SentContent::Withheld(about(A1, s(0), SessionCode::Unverified));
        let mut unobserved = story.clone();
        let sent = unobserved.clone().put((A1, A1), ToDeviceType::Withheld, notice);
        unobserved.stored(sent);
        story.send((A1, A1), ToDeviceType::Withheld, notice);
        for story in [story, unobserved] {
            assert!(!story.rules().contains(&(Rule::K10, device(A1))));
        }
    }
}
