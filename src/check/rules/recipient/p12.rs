//! P-12 (recipient, implied; specification, send-to-device messaging, as a message is listed until it is acknowledged):
//! an Olm message that was decrypted once and comes again is a duplicate and no failure. It does not know what a device
//! makes of a second copy otherwise.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::transport::Opened;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, OlmResult, ProcessOutcome};
use crate::trace::kind::{Kind, Kinds};

/// The judge of P-12.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Idempotent;

impl Judge for Idempotent {
    const HEARS: Kinds = Kinds::of(&[Kind::OlmDecrypt]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::OlmDecrypt { device, message, result, .. } = case.fact.kind else { return };
        let failed = match result {
            OlmResult::Decrypted { .. } => return,
            OlmResult::Duplicate => false,
            OlmResult::Failed(_) => true,
        };
        let Some(number) = case.view.transport.number(message) else { return };
        let message = case.view.transport.get(number);
        // A copy that was discarded last shows that an older store had forgotten the first.
        let (
            Some(Opened::Decrypted),
            Some((first, ProcessOutcome::Handled | ProcessOutcome::Duplicate)),
        ) = (message.opened, message.processed)
        else {
            return;
        };
        let life = &case.view.life;
        if life.undone(device, first).is_some() || life.cut_off(device, first).is_some() {
            return;
        }
        findings.met(Rule::P12);
        if failed {
            let witnesses = [Some(first.fact), Some(case.fact.id)];
            findings.raise(Rule::P12, Party::Device(device), witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::sending::Sent;
    use crate::check::testing::{A1, B1, Story, device, s};
    use crate::ids::FactId;
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::{FactKind, OlmError, OlmResult, ProcessOutcome};

    fn taken() -> (Story, Sent) {
        let mut story = Story::with_olm();
        let sent = story.give((A1, B1), s(0), 0);
        story.take(sent);
        (story, sent)
    }

    fn again(story: &mut Story, sent: Sent, result: OlmResult) -> FactId {
        let (device, peer, message) = (B1, A1, sent.row);
        story.by(B1, FactKind::OlmDecrypt { device, peer, message, result })
    }

    const FAILED: OlmResult = OlmResult::Failed(OlmError::MissingMessageKey);

    fn broken(story: &Story) -> bool {
        story.rules().contains(&(Rule::P12, device(B1)))
    }

    #[test]
    fn a_second_copy_is_a_duplicate() {
        let (mut story, sent) = taken();
        again(&mut story, sent, OlmResult::Duplicate);
        assert!(!broken(&story));
        assert_eq!(story.judge().marks.of(Rule::P12), 1);
    }

    #[test]
    fn a_second_copy_that_fails_is_a_breach_and_a_warning_in_the_lenient_reading() {
        let (mut story, sent) = taken();
        again(&mut story, sent, FAILED);
        assert!(broken(&story));
        let lenient = story.judge_as(ReadingName::Lenient).violations;
        let found = lenient.iter().find(|found| found.rule == Rule::P12).unwrap();
        assert_eq!(found.severity, Severity::Warning);
    }

    #[test]
    fn what_never_was_decrypted_may_fail_as_often_as_it_comes() {
        let mut story = Story::with_olm();
        let sent = story.give((A1, B1), s(0), 0);
        story.fails_to_open(sent, OlmError::BadMac);
        again(&mut story, sent, FAILED);
        assert!(!broken(&story));
    }

    #[test]
    fn what_a_crash_or_an_older_store_undid_was_not_decrypted() {
        let (mut story, sent) = taken();
        let snapshot = SimTime::from_ms(5);
        story.by(B1, FactKind::StoreRestored { device: B1, snapshot });
        again(&mut story, sent, FAILED);
        assert!(!broken(&story));
        let (device, message, outcome) = (B1, sent.row, ProcessOutcome::Discarded);
        story.by(B1, FactKind::Processed { device, message, outcome });
        again(&mut story, sent, FAILED);
        assert!(!broken(&story), "it was discarded the second time");
    }
}
