//! C-09 (sender, implied; key algorithms, device keys): a claimed key whose signature is not the target's is a failed claim, and
//! no session is made of it. A violation in strict, a warning in lenient. It does not know keys whose way nobody saw.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::pairs::{Pairs, row};
use crate::ids::{DeviceId, FactId, KeyValue};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{ClaimFailed, ClaimOutcome, Direction, FactKind};
use crate::trace::kind::{Kind, Kinds};

/// The judge of C-09: a session made of a key that came badly signed.
#[derive(Debug, Clone, Default)]
pub(crate) struct SignatureChecked {
    /// The key that went out for each claim.
    keys: Vec<Option<KeyValue>>,
    /// Keys that came to a device badly signed and never well, by device and key.
    bad: Pairs<(DeviceId, FactId)>,
}

impl Judge for SignatureChecked {
    const HEARS: Kinds = Kinds::of(&[Kind::KeyHandedOut, Kind::ClaimEnd, Kind::OlmNew]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        if let FactKind::KeyHandedOut { key, claim: Some(claim), .. } = case.fact.kind {
            *row(&mut self.keys, claim.index()) = Some(key);
        } else if let FactKind::ClaimEnd { device, target, claim, outcome } = case.fact.kind {
            match outcome {
                ClaimOutcome::Key { key, .. } => {
                    self.bad.remove(device.raw(), key.raw());
                }
                ClaimOutcome::Failed(ClaimFailed::BadSignature) => {
                    if let Some(key) = self.keys.get(claim.index()).copied().flatten() {
                        self.bad.insert(device.raw(), key.raw(), (target, case.fact.id));
                    }
                }
                ClaimOutcome::NoKey
                | ClaimOutcome::Failed(
                    ClaimFailed::Unreachable | ClaimFailed::Timeout | ClaimFailed::Http,
                ) => {}
            }
        } else if let FactKind::OlmNew {
            device,
            peer,
            direction: Direction::Outbound,
            key: Some(key),
            ..
        } = case.fact.kind
        {
            findings.met(Rule::C09);
            if let Some((target, ended)) = self.bad.get(device.raw(), key.raw())
                && *target == peer
            {
                let witnesses = [Some(*ended), Some(case.fact.id)];
                findings.raise(Rule::C09, Party::Device(device), witnesses);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, HOME, Story, device};
    use crate::ids::{FactId, KeyValue, OlmSessionId};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::{ClaimFailed, ClaimOutcome, Direction, FactKind, OlmCause};

    const K: KeyValue = KeyValue::new(5);
    const BAD: ClaimOutcome = ClaimOutcome::Failed(ClaimFailed::BadSignature);

    fn claimed(story: &mut Story, outcome: ClaimOutcome) -> FactId {
        let claim = story.claim(A1, B1);
        let (target, key, fallback) = (B1, K, true);
        story.at(HOME, FactKind::KeyHandedOut { target, key, fallback, claim: Some(claim) });
        story.by(A1, FactKind::ClaimEnd { device: A1, target, claim, outcome })
    }

    fn open(story: &mut Story) -> FactId {
        let (session, direction) = (OlmSessionId::new(70), Direction::Outbound);
        let (device, peer, why, key) = (A1, B1, OlmCause::Share, Some(K));
        story.by(A1, FactKind::OlmNew { device, peer, session, direction, why, key })
    }

    #[test]
    fn a_well_signed_key_makes_a_session() {
        let mut story = Story::begin();
        claimed(&mut story, ClaimOutcome::Key { key: K, fallback: true });
        open(&mut story);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::C09), 1);
    }

    #[test]
    fn a_badly_signed_key_that_makes_a_session_is_a_breach_which_lenient_weighs_less() {
        let mut story = Story::begin();
        let bad = claimed(&mut story, BAD);
        assert_eq!(story.rules(), []);
        let made = open(&mut story);
        assert_eq!(story.rules(), [(Rule::C09, device(A1))]);
        let severity = |reading| story.judge_as(reading).violations[0].severity;
        assert_eq!(severity(ReadingName::Strict), Severity::Violation);
        assert_eq!(severity(ReadingName::Lenient), Severity::Warning);
        assert_eq!(story.judge().violations[0].witnesses, [Some(bad), Some(made), None]);
    }

    #[test]
    fn a_fallback_key_that_comes_again_and_well_signed_is_good() {
        let mut story = Story::begin();
        claimed(&mut story, BAD);
        claimed(&mut story, ClaimOutcome::Key { key: K, fallback: true });
        open(&mut story);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn a_key_that_nobody_saw_handed_out_decides_nothing() {
        let mut story = Story::begin();
        let claim = story.claim(A1, B1);
        let (target, outcome) = (B1, BAD);
        story.by(A1, FactKind::ClaimEnd { device: A1, target, claim, outcome });
        open(&mut story);
        assert_eq!(story.rules(), []);
    }
}
