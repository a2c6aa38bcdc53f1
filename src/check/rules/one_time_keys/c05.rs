//! C-05 (server, MUST; keys API): in the answer to a claim servers that could not be reached are in `failures`, and a device is
//! absent only if it has no key. Every reading agrees. It does not know what a server said that was cut off from its clients.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::pairs::row;
use crate::ids::FactId;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{ClaimOutcome, FactKind};
use crate::trace::kind::{Kind, Kinds};

/// What is known of a claim.
#[derive(Debug, Clone, Copy, Default)]
struct Claimed {
    /// A key went out for it.
    handed_out: Option<FactId>,
    /// The asking server and the target's could not reach each other when it was made.
    apart: Option<FactId>,
}

/// The judge of C-05: a device that is absent though a key went out for it, or though nobody could ask for one.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClaimResult {
    claims: Vec<Claimed>,
}

impl Judge for ClaimResult {
    const HEARS: Kinds = Kinds::of(&[Kind::Claim, Kind::KeyHandedOut, Kind::ClaimEnd]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let (view, fact) = (case.view, case.fact.id);
        if let FactKind::Claim { device, target, claim } = case.fact.kind {
            let [asking, asked] = [device, target].map(|device| view.cast.server_of(device));
            let apart = view.outages.apart(&view.cast, asking, asked).then_some(fact);
            row(&mut self.claims, claim.index()).apart = apart;
        } else if let FactKind::KeyHandedOut { claim: Some(claim), .. } = case.fact.kind {
            row(&mut self.claims, claim.index()).handed_out = Some(fact);
        } else if let FactKind::ClaimEnd { device, target, claim, outcome } = case.fact.kind {
            findings.met(Rule::C05);
            let Some(claimed) = self.claims.get(claim.index()) else { return };
            let [asking, asked] = [device, target].map(|device| view.cast.server_of(device));
            // The two were apart before and are apart now; that they were together in between is possible only if a key
            // went out, or if the outage was interrupted, and then this is a new one.
            let apart = claimed.apart.filter(|_| view.outages.apart(&view.cast, asking, asked));
            // A claim that is repeated, because its answer was lost, finds nothing any more once the device is gone, or if the key that
            // went out before was its last.
            let gone = view.life.gone(target);
            let is_kept =
                |out: FactId| !view.outages.hindered_within(&view.cast, device, [out, fact]);
            let handed_out = claimed
                .handed_out
                .filter(|out| gone.is_none_or(|gone| gone < *out) && is_kept(*out));
            let because = handed_out.or(apart);
            if outcome == ClaimOutcome::NoKey && because.is_some() {
                findings.raise(Rule::C05, Party::Server(asking), [because, Some(fact)]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, AWAY, B1, C1, HOME, Story};
    use crate::ids::{ClaimId, DeviceId, FactId, KeyValue};
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::{Fault, FaultKind, Party};
    use crate::time::SimTime;
    use crate::trace::fact::{ClaimFailed, ClaimOutcome, FactKind};

    fn hand_out(story: &mut Story, target: DeviceId, claim: ClaimId) -> FactId {
        let (key, fallback, claim) = (KeyValue::new(1), false, Some(claim));
        story.at(HOME, FactKind::KeyHandedOut { target, key, fallback, claim })
    }

    fn end(story: &mut Story, target: DeviceId, claim: ClaimId, outcome: ClaimOutcome) -> FactId {
        story.by(A1, FactKind::ClaimEnd { device: A1, target, claim, outcome })
    }

    #[test]
    fn a_key_that_goes_out_and_arrives_and_one_that_is_not_there_are_right() {
        let mut story = Story::begin();
        let claim = story.claim(A1, B1);
        hand_out(&mut story, B1, claim);
        let outcome = ClaimOutcome::Key { key: KeyValue::new(1), fallback: false };
        end(&mut story, B1, claim, outcome);
        story.claim_fails(A1, B1);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::C05), 2);
    }

    #[test]
    fn a_key_that_goes_out_and_is_not_in_the_answer_is_a_breach_of_the_asking_server() {
        let mut story = Story::begin();
        let claim = story.claim(A1, B1);
        let out = hand_out(&mut story, B1, claim);
        let empty = end(&mut story, B1, claim, ClaimOutcome::NoKey);
        assert_eq!(story.rules(), [(Rule::C05, Party::Server(HOME))]);
        assert_eq!(story.judge().violations[0].witnesses, [Some(out), Some(empty), None]);
    }

    #[test]
    fn an_answer_that_was_lost_after_the_key_went_out_is_a_failure_and_no_breach() {
        let mut story = Story::begin();
        let claim = story.claim(A1, C1);
        hand_out(&mut story, C1, claim);
        end(&mut story, C1, claim, ClaimOutcome::Failed(ClaimFailed::Unreachable));
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn a_claim_that_is_repeated_after_the_device_is_gone_finds_no_key() {
        let mut story = Story::begin();
        let claim = story.claim(A1, B1);
        hand_out(&mut story, B1, claim);
        story.at(HOME, FactKind::DeviceDeleted { device: B1 });
        end(&mut story, B1, claim, ClaimOutcome::NoKey);
        assert_eq!(story.rules(), []);
        let of_nobody = story.claim(A1, B1);
        hand_out(&mut story, B1, of_nobody);
        end(&mut story, B1, of_nobody, ClaimOutcome::NoKey);
        let found = story.rules();
        assert!(found.contains(&(Rule::C05, Party::Server(HOME))), "it was gone before: {found:?}");
    }

    #[test]
    fn a_claim_that_is_repeated_after_an_outage_may_find_that_its_first_try_took_the_last_key() {
        for is_cut_off in [true, false] {
            let mut story = Story::begin();
            let claim = story.claim(A1, B1);
            hand_out(&mut story, B1, claim);
            let device = if is_cut_off { A1 } else { B1 };
            let kind = FaultKind::ClientOffline { device };
            story.fault(Fault { from: SimTime::from_ms(1), until: SimTime::MAX, kind });
            end(&mut story, B1, claim, ClaimOutcome::NoKey);
            assert_eq!(story.rules().is_empty(), is_cut_off);
        }
    }

    #[test]
    fn a_server_that_could_not_be_reached_belongs_into_failures() {
        let mut story = Story::begin();
        let kind = FaultKind::FederationDown { between: HOME, and: AWAY };
        story.fault(Fault { from: SimTime::from_ms(1), until: SimTime::MAX, kind });
        let mut right = story.clone();
        story.claim_fails(A1, C1);
        assert_eq!(story.rules(), [(Rule::C05, Party::Server(HOME))]);
        right.claim_unreachable(A1, C1);
        right.claim_fails(A1, B1);
        assert_eq!(right.rules(), []);
    }
}
