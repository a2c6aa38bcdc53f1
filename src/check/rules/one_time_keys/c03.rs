//! C-03 (server, MUST; keys API, MSC2732): the fallback key goes out only when no one-time key is left, and while there is one a
//! claim does not come back empty. Every reading agrees. It does not know when in the course of a claim the server looked.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::pairs::row;
use crate::ids::FactId;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{ClaimOutcome, FactKind};
use crate::trace::kind::{Kind, Kinds};

/// The judge of C-03.
#[derive(Debug, Clone, Default)]
pub(crate) struct FallbackLast {
    /// When each claim was made.
    claims: Vec<Option<FactId>>,
}

impl Judge for FallbackLast {
    const HEARS: Kinds = Kinds::of(&[Kind::Claim, Kind::KeyHandedOut, Kind::ClaimEnd]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let supply = &case.view.supply;
        if let FactKind::Claim { claim, .. } = case.fact.kind {
            *row(&mut self.claims, claim.index()) = Some(case.fact.id);
        } else if let FactKind::KeyHandedOut { target, fallback: true, .. } = case.fact.kind {
            findings.met(Rule::C03);
            if let Some(since) = supply.one_time_since(target) {
                let witnesses = [Some(since), Some(case.fact.id)];
                findings.raise(Rule::C03, case.server(target), witnesses);
            }
        } else if let FactKind::ClaimEnd { device, target, claim, outcome: ClaimOutcome::NoKey } =
            case.fact.kind
        {
            let Some(claimed) = self.claims.get(claim.index()).copied().flatten() else { return };
            // A server that nobody could ask has refused nobody a key.
            let servers = [device, target].map(|one| case.view.cast.server_of(one));
            if case.view.outages.apart(&case.view.cast, servers[0], servers[1]) {
                return;
            }
            findings.met(Rule::C03);
            // What was there before the claim was made and is there still was there when the server looked.
            let there = [supply.fallback_since(target), supply.one_time_since(target)];
            let there = there.into_iter().flatten().find(|since| *since < claimed);
            if let Some(since) = there {
                let server = Party::Server(case.view.cast.server_of(target));
                let witnesses = [Some(since), Some(claimed), Some(case.fact.id)];
                findings.raise(Rule::C03, server, witnesses);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, AWAY, B1, C1, HOME, Story};
    use crate::ids::{DeviceId, FactId, KeyValue};
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::{Fault, FaultKind, Party};
    use crate::time::SimTime;
    use crate::trace::fact::{ClaimOutcome, FactKind};

    fn fallback_up(story: &mut Story, device: DeviceId) -> FactId {
        story.at(HOME, FactKind::FallbackKeyUp { device, key: KeyValue::new(9) })
    }

    fn one_time_up(story: &mut Story) -> FactId {
        let first = KeyValue::new(0);
        story.at(HOME, FactKind::OneTimeKeysUp { device: B1, first, count: 1 })
    }

    fn hand_out(story: &mut Story, key: u32, fallback: bool) -> FactId {
        let key = KeyValue::new(key);
        story.at(HOME, FactKind::KeyHandedOut { target: B1, key, fallback, claim: None })
    }

    #[test]
    fn the_fallback_key_after_the_last_one_time_key_is_right() {
        let mut story = Story::begin();
        one_time_up(&mut story);
        fallback_up(&mut story, B1);
        hand_out(&mut story, 0, false);
        hand_out(&mut story, 9, true);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::C03), 1);
    }

    #[test]
    fn the_fallback_key_before_a_one_time_key_is_a_breach() {
        let mut story = Story::begin();
        let up = one_time_up(&mut story);
        fallback_up(&mut story, B1);
        let wrong = hand_out(&mut story, 9, true);
        let outcome = story.judge();
        assert_eq!(story.rules(), [(Rule::C03, Party::Server(HOME))]);
        assert_eq!(outcome.violations[0].witnesses, [Some(up), Some(wrong), None]);
    }

    #[test]
    fn an_empty_claim_with_a_fallback_key_on_file_is_a_breach_of_the_targets_server() {
        let mut story = Story::begin();
        fallback_up(&mut story, C1);
        story.claim_fails(A1, C1);
        assert_eq!(story.rules(), [(Rule::C03, Party::Server(AWAY))]);
    }

    #[test]
    fn a_key_that_came_during_the_claim_may_have_come_too_late() {
        let mut story = Story::begin();
        let claim = story.claim(A1, B1);
        fallback_up(&mut story, B1);
        let (device, target, outcome) = (A1, B1, ClaimOutcome::NoKey);
        story.by(A1, FactKind::ClaimEnd { device, target, claim, outcome });
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn a_server_that_forgot_the_device_has_nothing_to_give_and_an_announced_loss_excuses_it() {
        let mut story = Story::begin();
        fallback_up(&mut story, B1);
        let mut deleted = story.clone();
        deleted.at(HOME, FactKind::DeviceDeleted { device: B1 });
        deleted.claim_fails(A1, B1);
        assert_eq!(deleted.rules(), []);
        let kind = FaultKind::NoFallbackKey { device: B1 };
        let fault = story.fault(Fault { from: SimTime::from_ms(1), until: SimTime::MAX, kind });
        story.claim_fails(A1, B1);
        story.came_of(fault);
        assert_eq!(story.rules(), [(Rule::C03, Party::Server(HOME))]);
        assert_eq!(story.judge().counted().count(), 0);
    }

    #[test]
    fn a_claim_whose_beginning_nobody_saw_decides_nothing() {
        let mut story = Story::begin();
        fallback_up(&mut story, B1);
        let (device, target, outcome) = (A1, B1, ClaimOutcome::NoKey);
        let claim = crate::ids::ClaimId::new(77);
        story.by(A1, FactKind::ClaimEnd { device, target, claim, outcome });
        assert_eq!(story.judge().marks.of(Rule::C03), 0);
    }
}
