//! T-10 (sender, implied; transaction identifiers): a request that failed or was not answered is sent again under the same
//! transaction id. A violation in strict, a warning in lenient. It does not know whether an answer reached the sender: a notice that
//! is repeated after it was accepted is judged as a repetition, by W-09 and N-02.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::View;
use crate::check::view::pairs::Pairs;
use crate::check::view::requests::Class;
use crate::check::view::transport::Content;
use crate::ids::{DeviceId, FactId, TxnId};
use crate::protocol::to_device::OlmEvent;
use crate::protocol::withheld::WithheldContent;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, SentContent};
use crate::trace::kind::{Kind, Kinds};

/// The last notice that a device put together for another.
#[derive(Debug, Clone, Copy)]
struct Told {
    txn: TxnId,
    content: WithheldContent,
    put: FactId,
    /// Whether it answers a request that waited for one.
    answers: bool,
}

/// The judge of T-10: an Olm message that goes out under a second transaction id without having been encrypted for it, and a
/// notice that is put together again while the first one has not been accepted.
#[derive(Debug, Clone, Default)]
pub(crate) struct SameTransaction {
    told: Pairs<Told>,
}

/// Whether a notice answers a request that waited for one. It is sent apart from one of the sender's own accord that says the
/// same, and neither repeats the other.
fn is_answer(view: &View, txn: TxnId, recipient: DeviceId) -> bool {
    let number = view.transport.find(txn, recipient);
    match number.map(|number| view.transport.get(number).content) {
        Some(Content::Notice(notice)) => match view.notices.get(notice).class {
            Class::Reply { waited_for, .. } => waited_for,
            Class::Proactive => false,
        },
        Some(
            Content::Key { .. }
            | Content::Forwarded(_)
            | Content::Bundle(_)
            | Content::Dummy
            | Content::Request(_)
            | Content::Sealed
            | Content::Clear
            | Content::Stray,
        )
        | None => false,
    }
}

impl Judge for SameTransaction {
    const HEARS: Kinds = Kinds::of(&[Kind::PutTarget]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::PutTarget { device, txn, recipient, content } = case.fact.kind else {
            return;
        };
        let (view, fact) = (case.view, case.fact.id);
        let first = match content {
            SentContent::Olm(OlmEvent::RoomKey(key)) => {
                let number = view.transport.find(txn, recipient);
                let own = number.map(|number| view.transport.get(number));
                if own.is_none_or(|own| own.olm.is_some()) {
                    return;
                }
                let mut before = view.transport.keys_to(key.session, recipient);
                let sealed =
                    before.find(|one| one.sender == device && one.txn != txn && one.olm.is_some());
                sealed.map(|one| one.put.fact)
            }
            SentContent::Withheld(content) => {
                let answers = is_answer(view, txn, recipient);
                let told = Told { txn, content, put: fact, answers };
                let before = self.told.insert(device.raw(), recipient.raw(), told);
                let same = before.filter(|before| {
                    before.txn != txn
                        && before.content == content
                        && !answers
                        && !(before.answers && view.bar(device, recipient).is_some())
                });
                same.filter(|before| {
                    view.transport.accepted(before.txn).is_none()
                        && !view.olm.made_after(device, recipient, before.put)
                        && view.life.restored_after(device, before.put).is_none()
                })
                .map(|before| before.put)
            }
            SentContent::Olm(_)
            | SentContent::Sealed
            | SentContent::Clear(_)
            | SentContent::KeyRequest(_) => return,
        };
        findings.met(Rule::T10);
        if first.is_some() {
            findings.raise(Rule::T10, Party::Device(device), [first, Some(fact)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, R, Story, about, device, s};
    use crate::ids::TxnId;
    use crate::protocol::to_device::{KeyRequestAction, ToDeviceType};
    use crate::protocol::withheld::{SessionCode, WithheldNotice};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::scenario::policy::Target;
    use crate::time::SimTime;
    use crate::trace::fact::{FactKind, SentContent};

    fn again(story: &mut Story, content: SentContent) {
        let (device, txn, recipient) = (A1, TxnId::new(60), B1);
        story.by(A1, FactKind::PutTarget { device, txn, recipient, content });
    }

    fn notice() -> SentContent {
        SentContent::Withheld(about(A1, s(0), SessionCode::Blacklisted))
    }

    fn broken(story: &Story) -> bool {
        story.rules().contains(&(Rule::T10, device(A1)))
    }

    #[test]
    fn an_encrypted_key_that_goes_out_under_a_second_transaction_is_a_breach() {
        let mut story = Story::with_olm();
        let key = Story::key(s(0), 0);
        story.put((A1, B1), ToDeviceType::Encrypted, key);
        let mut anew = story.clone();
        again(&mut story, key);
        assert!(broken(&story));
        let lenient = story.judge_as(ReadingName::Lenient);
        let found = lenient.violations.iter().find(|found| found.rule == Rule::T10).unwrap();
        assert_eq!(found.severity, Severity::Warning);
        anew.put((A1, B1), ToDeviceType::Encrypted, key);
        assert!(!broken(&anew), "it was encrypted anew");
        assert_eq!(anew.judge().marks.of(Rule::T10), 0);
    }

    #[test]
    fn a_notice_that_is_put_together_again_before_it_is_accepted_is_a_breach() {
        let mut story = Story::blocked();
        let sent = story.put((A1, B1), ToDeviceType::Withheld, notice());
        let mut accepted = story.clone();
        let mut restored = story.clone();
        again(&mut story, notice());
        assert!(broken(&story));
        accepted.accepted(sent);
        again(&mut accepted, notice());
        assert!(!broken(&accepted), "whether the answer came is not known");
        let snapshot = SimTime::from_ms(1);
        restored.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        again(&mut restored, notice());
        assert!(!broken(&restored), "the store has forgotten it");
    }

    #[test]
    fn an_answer_and_a_notice_of_ones_own_that_say_the_same_are_no_retries() {
        let asked = |story: &mut Story| {
            let action = KeyRequestAction::Request { room: R, session: s(0) };
            story.request((B1, A1), 1, action);
        };
        let mut answer_second = Story::blocked();
        answer_second.put((A1, B1), ToDeviceType::Withheld, notice());
        asked(&mut answer_second);
        again(&mut answer_second, notice());
        assert!(!broken(&answer_second));
        let mut answer_first = Story::blocked();
        asked(&mut answer_first);
        answer_first.put((A1, B1), ToDeviceType::Withheld, notice());
        let mut unblocked = answer_first.clone();
        again(&mut answer_first, notice());
        assert!(!broken(&answer_first));
        unblocked.unblock(A1, Target::Device(B1));
        again(&mut unblocked, notice());
        assert!(broken(&unblocked), "there is no reason for a second notice");
    }

    #[test]
    fn another_notice_and_one_of_another_epoch_are_no_retries() {
        let mut story = Story::blocked();
        story.put((A1, B1), ToDeviceType::Withheld, notice());
        again(&mut story, SentContent::Withheld(about(A1, s(1), SessionCode::Blacklisted)));
        assert!(!broken(&story));
        let mut epochs = Story::begin();
        let no_olm = SentContent::Withheld(WithheldNotice::NoOlm.content(A1));
        epochs.put((A1, B1), ToDeviceType::Withheld, no_olm);
        epochs.olm(A1, B1);
        again(&mut epochs, no_olm);
        assert!(!broken(&epochs));
    }
}
