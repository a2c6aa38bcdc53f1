//! N-09 (sender, MAY; MSC2399; specification, `failures` of a claim): a server that cannot be reached may count as a
//! failed attempt; reported before a second try it is a warning, unless the reading lets that pass. It does not
//! know the claims of others, nor whether the report was due.

use crate::check::findings::Findings;
use crate::check::rules::notice::TELL_OF_NOTICES;
use crate::check::rules::{Case, Judge};
use crate::check::view::olm::Epoch;
use crate::check::view::pairs::Pairs;
use crate::ids::{DeviceId, FactId};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{ClaimFailed, ClaimOutcome, FactKind};
use crate::trace::kind::{Kind, Kinds};

/// How the attempts of an epoch went.
#[derive(Debug, Clone, Copy, Default)]
struct Attempts {
    epoch: Epoch,
    /// Those that failed in passing.
    transient: u32,
    first: Option<FactId>,
    /// Whether one failed for good.
    definite: bool,
}

/// The judge of N-09, by who claims and for whom.
#[derive(Debug, Clone, Default)]
pub(crate) struct SecondTry {
    attempts: Pairs<Attempts>,
}

impl Judge for SecondTry {
    const HEARS: Kinds = TELL_OF_NOTICES.or(Kinds::of(&[Kind::ClaimEnd]));

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        if let FactKind::ClaimEnd { device, target, outcome, .. } = case.fact.kind {
            self.ended(case, (device, target), outcome);
        } else if case.view.notices.has_fresh() && case.view.reading.transient_needs_retry {
            self.reported(case, findings);
        }
    }
}

impl SecondTry {
    fn ended(
        &mut self,
        case: Case<'_>,
        (device, target): (DeviceId, DeviceId),
        outcome: ClaimOutcome,
    ) {
        let transient = match outcome {
            ClaimOutcome::Key { .. } => return,
            ClaimOutcome::NoKey | ClaimOutcome::Failed(ClaimFailed::BadSignature) => false,
            ClaimOutcome::Failed(
                ClaimFailed::Unreachable | ClaimFailed::Timeout | ClaimFailed::Http,
            ) => true,
        };
        let epoch = case.view.epoch(device, target);
        let attempts = self.attempts.entry(device.raw(), target.raw());
        if attempts.epoch != epoch {
            *attempts = Attempts { epoch, ..Attempts::default() };
        }
        if transient {
            attempts.transient += 1;
            attempts.first.get_or_insert(case.fact.id);
        } else {
            attempts.definite = true;
        }
    }

    fn reported(&self, case: Case<'_>, findings: &mut Findings) {
        for notice in case.view.notices.fresh().filter(|notice| notice.is_no_olm()) {
            let message = case.view.transport.get(notice.number);
            let (sender, recipient) = (message.sender, message.recipient);
            let Some(attempts) = self.attempts.get(sender.raw(), recipient.raw()) else { continue };
            let passing = attempts.transient > 0 && !attempts.definite;
            if attempts.epoch != notice.epoch || !passing {
                continue;
            }
            findings.met(Rule::N09);
            if attempts.transient == 1 && !notice.circumstances.has_olm {
                let witnesses = [attempts.first, Some(message.put.fact), Some(case.fact.id)];
                findings.raise(Rule::N09, Party::Device(sender), witnesses);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device, rules};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;

    #[test]
    fn a_failure_in_passing_may_be_reported_after_the_second_try() {
        let mut story = Story::begin();
        story.claim_unreachable(A1, B1);
        story.claim_unreachable(A1, B1);
        story.no_olm(A1, B1);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::N09), 1);
    }

    #[test]
    fn before_the_second_try_it_is_a_warning_in_the_strict_reading_only() {
        let mut story = Story::begin();
        story.claim_unreachable(A1, B1);
        story.no_olm(A1, B1);
        let strict = story.judge();
        assert_eq!(rules(&strict), [(Rule::N09, device(A1))]);
        assert_eq!(strict.violations[0].severity, Severity::Warning);
        assert_eq!(rules(&story.judge_as(ReadingName::Lenient)), []);
    }

    #[test]
    fn a_failure_for_good_needs_no_second_try() {
        let mut story = Story::begin();
        story.claim_unreachable(A1, B1);
        story.claim_fails(A1, B1);
        story.no_olm(A1, B1);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn a_try_of_an_earlier_epoch_does_not_count() {
        let mut story = Story::begin();
        story.claim_unreachable(A1, B1);
        let session = story.olm(A1, B1);
        let (device, peer) = (A1, B1);
        let why = crate::trace::fact::LossCause::Wiped;
        story.by(A1, crate::trace::fact::FactKind::OlmDropped { device, peer, session, why });
        story.claim_unreachable(A1, B1);
        story.no_olm(A1, B1);
        assert_eq!(story.rules(), [(Rule::N09, crate::check::testing::device(A1))]);
    }
}
