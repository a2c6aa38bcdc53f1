//! T-10 (sender, implied; transaction identifiers): a request that failed or was not answered is sent again under the same
//! transaction id. A violation in strict, a warning in lenient. It does not know whether an answer reached the sender: of a key that was
//! encrypted once and accepted under two ids it knows that it was a retry, a notice that is accepted twice is judged as a
//! repetition, by W-09 and N-02.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::protocol::to_device::OlmEvent;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, SentContent};
use crate::trace::kind::{Kind, Kinds};

/// The judge of T-10: a key that was accepted goes out under a second transaction id without having been encrypted for it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SameTransaction;

impl Judge for SameTransaction {
    const HEARS: Kinds = Kinds::of(&[Kind::PutTarget]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::PutTarget { device, txn, recipient, content } = case.fact.kind else {
            return;
        };
        let SentContent::Olm(OlmEvent::RoomKey(key)) = content else { return };
        let view = case.view;
        let own = view.transport.find(txn, recipient).map(|number| view.transport.get(number));
        if own.is_none_or(|own| own.olm.is_some()) {
            return;
        }
        findings.met(Rule::T10);
        let mut before = view.transport.keys_to(key.session, recipient);
        let sealed = before.find(|one| {
            let accepted = view.transport.accepted(one.txn).is_some();
            one.sender == device && one.txn != txn && one.olm.is_some() && accepted
        });
        if let Some(sealed) = sealed {
            let witnesses = [Some(sealed.put.fact), Some(case.fact.id)];
            findings.raise(Rule::T10, Party::Device(device), witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, A2, B1, Story, about, device, s};
    use crate::ids::TxnId;
    use crate::protocol::to_device::ToDeviceType;
    use crate::protocol::withheld::SessionCode;
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::{FactKind, SentContent};

    fn again(story: &mut Story, content: SentContent) {
        let (device, txn, recipient) = (A1, TxnId::new(60), B1);
        story.by(A1, FactKind::PutTarget { device, txn, recipient, content });
    }

    fn broken(story: &Story) -> bool {
        story.rules().contains(&(Rule::T10, device(A1)))
    }

    #[test]
    fn an_accepted_key_that_goes_out_under_a_second_transaction_is_a_breach() {
        let mut story = Story::with_olm();
        let key = Story::key(s(0), 0);
        let sent = story.put((A1, B1), ToDeviceType::Encrypted, key);
        let mut refused = story.clone();
        story.accepted(sent);
        let mut anew = story.clone();
        again(&mut story, key);
        assert!(broken(&story));
        let lenient = story.judge_as(ReadingName::Lenient);
        let found = lenient.violations.iter().find(|found| found.rule == Rule::T10).unwrap();
        assert_eq!(found.severity, Severity::Warning);
        anew.put((A1, B1), ToDeviceType::Encrypted, key);
        assert!(!broken(&anew), "it was encrypted anew");
        assert_eq!(anew.judge().marks.of(Rule::T10), 0);
        again(&mut refused, key);
        assert!(!broken(&refused), "nobody got the first");
        assert_eq!(refused.judge().marks.of(Rule::T10), 1);
    }

    #[test]
    fn a_notice_that_goes_out_again_is_left_to_the_rules_on_repetitions() {
        let mut story = Story::blocked();
        let content = SentContent::Withheld(about(A1, s(0), SessionCode::Blacklisted));
        let sent = story.put((A1, B1), ToDeviceType::Withheld, content);
        story.accepted(sent);
        again(&mut story, content);
        assert!(!broken(&story));
    }

    #[test]
    fn the_key_of_another_device_of_the_user_is_no_first_send() {
        let mut story = Story::with_olm();
        let key = Story::key(s(0), 0);
        let sent = story.put((A2, B1), ToDeviceType::Encrypted, key);
        story.accepted(sent);
        again(&mut story, key);
        assert!(!broken(&story));
        assert_eq!(story.judge().marks.of(Rule::T10), 1);
    }
}
