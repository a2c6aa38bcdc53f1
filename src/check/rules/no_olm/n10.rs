//! N-10 (sender, implied; MSC2732; specification, claiming keys): a fallback key serves as well as a one-time key, so
//! after a claim that brought one, and no failure, there is nothing to report. It does not know bad signatures; such a
//! claim failed.

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::check::rules::{Case, Judge};
use crate::check::view::View;
use crate::check::view::notices::Notice;
use crate::rulebook::rule::Rule;
use crate::trace::fact::{ClaimOutcome, FactKind};
use crate::trace::kind::{Kind, Kinds};

/// The judge of N-10.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FallbackServes;

/// Whether a claim of the epoch had brought a fallback key and none had failed.
pub(crate) fn is_broken(_: &View, notice: &Notice) -> bool {
    let so = &notice.circumstances;
    so.fallback.is_some() && so.failure.is_none() && !so.has_olm
}

/// Counts the fallback keys that senders were handed: each is an occasion to report nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FallbackHanded;

impl Judge for FallbackHanded {
    const HEARS: Kinds = Kinds::of(&[Kind::ClaimEnd]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        if let FactKind::ClaimEnd { outcome: ClaimOutcome::Key { fallback: true, .. }, .. } =
            case.fact.kind
        {
            findings.met(Rule::N10);
        }
    }
}

impl NoticeJudge for FallbackServes {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        let Some(claim) = accepted.notice.circumstances.fallback else { return };
        let (sender, put) = (accepted.message.sender, accepted.message.put);
        let memory = accepted.view.life.unsettled_since(sender, claim, put);
        if is_broken(accepted.view, accepted.notice) && memory.is_none() {
            accepted.raise_after(claim, Rule::N10, findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device};
    use crate::ids::KeyValue;
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::{ClaimFailed, ClaimOutcome, FactKind};

    fn after(outcomes: &[ClaimOutcome]) -> Story {
        let mut story = Story::begin();
        for outcome in outcomes {
            let (device, target, outcome) = (A1, B1, *outcome);
            let claim = story.claim(A1, B1);
            story.by(A1, FactKind::ClaimEnd { device, target, claim, outcome });
        }
        story.no_olm(A1, B1);
        story
    }

    const FALLBACK: ClaimOutcome = ClaimOutcome::Key { key: KeyValue::new(1), fallback: true };

    #[test]
    fn a_fallback_key_leaves_nothing_to_report() {
        let story = after(&[FALLBACK]);
        assert_eq!(story.rules(), [(Rule::N10, device(A1))]);
        let lenient = story.judge_as(ReadingName::Lenient);
        assert_eq!(lenient.violations[0].severity, Severity::Warning);
    }

    #[test]
    fn a_claim_that_failed_may_be_reported_before_or_after() {
        let bad = ClaimOutcome::Failed(ClaimFailed::BadSignature);
        for outcomes in [[ClaimOutcome::NoKey, FALLBACK], [FALLBACK, bad]] {
            let story = after(&outcomes);
            assert_eq!(story.rules(), []);
            assert_eq!(story.judge().marks.of(Rule::N10), 1);
        }
    }

    #[test]
    fn a_one_time_key_is_not_this_rules_matter() {
        let key = ClaimOutcome::Key { key: KeyValue::new(1), fallback: false };
        assert_eq!(after(&[key]).judge().marks.of(Rule::N10), 0);
    }
}
