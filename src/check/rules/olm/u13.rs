//! U-13 (sender, MAY; follows from recovering): the same room key is sent to the same device again after a new Olm session between them;
//! without one it is worth a warning, in every reading. It does not know sends that no server took, nor those that a store forgot.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::View;
use crate::check::view::transport::{Content, ToDevice};
use crate::ids::{FactId, MegolmSessionId, TxnId};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of U-13: a room key that is sent again for nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NotAgain;

impl Judge for NotAgain {
    const HEARS: Kinds = Kinds::of(&[Kind::PutAccepted]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::PutAccepted { txn, .. } = case.fact.kind else { return };
        // A copy of what was accepted before is no second send.
        if case.view.transport.accepted(txn) != Some(case.fact.id) {
            return;
        }
        for number in case.view.transport.of_txn(txn) {
            let sent = case.view.transport.get(number);
            if let Content::Key { .. } = sent.content
                && let Some(earlier) = earlier(case, txn, sent)
            {
                findings.met(Rule::U13);
                if !case.view.olm.made_after(sent.sender, sent.recipient, earlier.put.fact) {
                    let witnesses = [Some(earlier.put.fact), Some(sent.put.fact)];
                    findings.raise(Rule::U13, Party::Device(sent.sender), witnesses);
                }
            }
        }
    }
}

/// The last time before that the sender sent this key to this device, as far as it must remember it.
fn earlier<'a>(case: Case<'a>, txn: TxnId, sent: &ToDevice) -> Option<&'a ToDevice> {
    let Content::Key { session, .. } = sent.content else { return None };
    let (transport, life) = (&case.view.transport, &case.view.life);
    transport.keys_to(session, sent.recipient).find(|other| {
        other.txn != txn
            && other.sender == sent.sender
            && other.put.fact < sent.put.fact
            && transport.accepted(other.txn).is_some_and(|accepted| accepted < sent.put.fact)
            && life.forgiven(sent.sender, other.put).is_none()
            && life
                .crash_after(sent.sender, other.put.fact)
                .is_none_or(|crash| had_answer(case.view, (session, other), crash))
    })
}

/// Whether the sender knew before it crashed that the key was accepted: it went on with the session after that, and not at the very
/// instant of the crash.
fn had_answer(view: &View, (session, key): (MegolmSessionId, &ToDevice), crash: FactId) -> bool {
    let last = view.expiries.of(session).and_then(|known| known.last);
    last.is_some_and(|(_, used)| {
        view.transport.accepted(key.txn).is_some_and(|accepted| accepted < used.fact)
            && used.fact < crash
            && view.life.cut_off(key.sender, used).is_none()
    })
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, A2, B1, Story, device, s};
    use crate::protocol::to_device::ToDeviceType;
    use crate::rulebook::reading::Severity;
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::FactKind;

    fn given() -> Story {
        let mut story = Story::with_olm();
        story.give((A1, B1), s(0), 0);
        story
    }

    fn again(mut story: Story) -> Story {
        story.give((A1, B1), s(0), 0);
        story
    }

    #[test]
    fn the_same_key_again_without_a_new_session_is_worth_a_warning() {
        let story = again(given());
        assert_eq!(story.rules(), [(Rule::U13, device(A1))]);
        let violations = story.judge().violations;
        assert_eq!(violations[0].severity, Severity::Warning);
        assert_eq!(given().judge().marks.of(Rule::U13), 0);
        let mut other = given();
        other.give((A1, B1), s(1), 0);
        assert_eq!(other.rules(), [], "another session is another key");
    }

    #[test]
    fn after_a_new_session_of_either_side_it_is_allowed() {
        let mut story = given();
        story.olm(A1, B1);
        let story = again(story);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::U13), 1);
    }

    #[test]
    fn a_send_that_no_server_took_or_that_is_forgotten_is_none() {
        let mut unsent = Story::with_olm();
        unsent.put((A1, B1), ToDeviceType::Encrypted, Story::key(s(0), 0));
        assert_eq!(again(unsent).rules(), []);
        let mut restored = given();
        restored.by(A1, FactKind::StoreRestored { device: A1, snapshot: SimTime::from_ms(1) });
        assert_eq!(again(restored).rules(), []);
        let mut crashed = given();
        crashed.crash(A1);
        assert_eq!(again(crashed).rules(), []);
    }

    #[test]
    fn a_copy_of_an_answer_is_no_second_send() {
        let mut story = Story::with_olm();
        let sent = story.give((A1, B1), s(0), 0);
        story.accepted(sent);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn the_same_key_from_another_device_is_no_repetition() {
        let mut story = Story::with_olm();
        story.give((A2, B1), s(0), 0);
        let story = again(story);
        assert!(story.rules().iter().all(|(rule, _)| *rule != Rule::U13));
        assert_eq!(story.judge().marks.of(Rule::U13), 0);
    }
}
