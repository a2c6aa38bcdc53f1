//! N-11 (sender, implied; specification, `m.room_key.withheld`, as the report stays in the recipient's mailbox): that a
//! device was told is remembered over a restart. It does not know what a rolled back store forgot; `n02`, which counts,
//! lets that pass.

use crate::check::findings::Findings;
use crate::check::rules::no_olm::n02::Standing;
use crate::check::rules::notice::Accepted;
use crate::rulebook::rule::Rule;

/// A report was repeated: did the sender's client start anew in between?
pub(crate) fn repeated(accepted: &Accepted<'_>, standing: &Standing, findings: &mut Findings) {
    let (life, message) = (&accepted.view.life, accepted.message);
    let crash = life.crash_after(message.sender, standing.put.fact);
    let Some(crash) = crash.filter(|crash| *crash < message.put.fact) else { return };
    findings.met(Rule::N11);
    let witnesses = [Some(standing.put.fact), Some(crash), Some(accepted.fact)];
    findings.raise(Rule::N11, accepted.party(), witnesses);
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device, rules, s};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::FactKind;

    /// B1 was told, and A1 starts anew.
    fn restarted() -> Story {
        let mut story = Story::begin();
        story.session(A1, s(0));
        story.claim_fails(A1, B1);
        story.no_olm(A1, B1);
        story.wait(10);
        story.crash(A1);
        story.by(A1, FactKind::Restarted { device: A1 });
        story
    }

    #[test]
    fn a_client_that_remembers_stays_silent() {
        let mut story = restarted();
        story.claim_fails(A1, B1);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn a_client_that_forgets_repeats_itself() {
        let mut story = restarted();
        story.no_olm(A1, B1);
        assert_eq!(story.rules(), [(Rule::N02, device(A1)), (Rule::N11, device(A1))]);
        let lenient = story.judge_as(ReadingName::Lenient);
        let found = lenient.violations.iter().find(|found| found.rule == Rule::N11).unwrap();
        assert_eq!(found.severity, Severity::Warning);
    }

    #[test]
    fn a_repetition_before_the_restart_or_in_a_new_epoch_is_not_this_breach() {
        let mut before = Story::begin();
        before.claim_fails(A1, B1);
        before.no_olm(A1, B1);
        before.no_olm(A1, B1);
        before.crash(A1);
        assert_eq!(before.rules(), [(Rule::N02, device(A1))]);
        let mut anew = restarted();
        let session = anew.olm(A1, B1);
        let why = crate::trace::fact::LossCause::Wiped;
        anew.by(A1, FactKind::OlmDropped { device: A1, peer: B1, session, why });
        anew.claim_fails(A1, B1);
        anew.no_olm(A1, B1);
        assert_eq!(rules(&anew.judge()), []);
    }

    #[test]
    fn what_a_rolled_back_store_forgot_is_not_held_against_its_device() {
        let mut story = restarted();
        let snapshot = SimTime::from_ms(1);
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        story.no_olm(A1, B1);
        assert_eq!(story.rules(), []);
    }
}
