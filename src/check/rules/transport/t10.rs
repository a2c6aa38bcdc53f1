//! T-10 (sender, implied; transaction identifiers): a request that failed or was not answered is sent again under the same
//! transaction id. A violation in strict, a warning in lenient. It does not know whether an answer reached the sender: of a key that was
//! encrypted once and accepted under two ids it knows that it was a retry, a notice that is accepted twice is judged as a
//! repetition, by W-09 and N-02.

use crate::check::findings::Findings;
use crate::check::rules::{AtRest, Case, Judge};
use crate::check::view::View;
use crate::check::view::life::Moment;
use crate::ids::FactId;
use crate::protocol::to_device::OlmEvent;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::time::SimTime;
use crate::trace::fact::{FactKind, SentContent};
use crate::trace::kind::{Kind, Kinds};

/// The judge of T-10: a key that was accepted goes out under a second transaction id without having been encrypted for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct SameTransaction {
    /// Keys that go out as they were sealed before, unless the same instant tells that they were encrypted anew.
    suspects: Vec<Suspect>,
}

/// A key that goes out under a second transaction id.
#[derive(Debug, Clone, Copy)]
struct Suspect {
    /// Its number among the messages.
    number: u32,
    /// When it went out.
    again: Moment,
    /// When it went out for the first time.
    first: FactId,
}

impl SameTransaction {
    /// Judges what went out before `now`.
    fn settle(&mut self, view: &View, now: SimTime, findings: &mut Findings) {
        self.suspects.retain(|suspect| {
            let is_over = suspect.again.at < now;
            let message = view.transport.get(suspect.number);
            if is_over && message.olm.is_none() {
                let witnesses = [Some(suspect.first), Some(suspect.again.fact)];
                findings.raise(Rule::T10, Party::Device(message.sender), witnesses);
            }
            !is_over
        });
    }
}

impl Judge for SameTransaction {
    const HEARS: Kinds = Kinds::of(&[Kind::PutTarget]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::PutTarget { device, txn, recipient, content } = case.fact.kind else {
            return;
        };
        let view = case.view;
        self.settle(view, case.fact.at, findings);
        let SentContent::Olm(OlmEvent::RoomKey(key)) = content else { return };
        let Some(number) = view.transport.find(txn, recipient) else { return };
        if view.transport.get(number).olm.is_some() {
            return;
        }
        findings.met(Rule::T10);
        let mut before = view.transport.keys_to(key.session, recipient);
        let sealed = before.find(|one| {
            let accepted = view.transport.accepted(one.txn).is_some();
            one.sender == device && one.txn != txn && one.olm.is_some() && accepted
        });
        if let Some(sealed) = sealed {
            self.suspects.push(Suspect { number, again: case.now(), first: sealed.put.fact });
        }
    }

    fn rest(&mut self, at_rest: AtRest<'_>, findings: &mut Findings) {
        self.settle(at_rest.view, SimTime::MAX, findings);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, A2, B1, C1, Story, about, device, s};
    use crate::ids::{OlmSessionId, TxnId};
    use crate::protocol::to_device::{SenderKeys, ToDeviceType};
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

    #[test]
    fn the_encryption_may_be_told_after_the_target() {
        let mut story = Story::with_olm();
        let key = Story::key(s(0), 0);
        let SentContent::Olm(event) = key else { unreachable!() };
        let sent = story.put((A1, B1), ToDeviceType::Encrypted, key);
        story.accepted(sent);
        again(&mut story, key);
        story.same_instant();
        let mut untold = story.clone();
        let (device, peer, txn) = (A1, B1, TxnId::new(60));
        let (session, sender_keys) = (OlmSessionId::new(0), SenderKeys::Agree);
        story.by(A1, FactKind::OlmEncrypted { device, peer, session, event, sender_keys, txn });
        for story in [&mut story, &mut untold] {
            story.put((A1, C1), ToDeviceType::Encrypted, key);
        }
        assert!(!broken(&story));
        assert!(broken(&untold));
    }
}
