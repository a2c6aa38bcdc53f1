//! U-04 (both, SHOULD; `m.olm`, MSC1719): of several sessions the one is used that was the last to decrypt a message; one that never
//! did counts by its making. Every reading agrees. It does not know which of two sessions is better that are equally old, by
//! virtual time or by the device's own clock, nor what a store that went back still held.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of U-04: an Olm message on a session that is not the best.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct BestChosen;

impl Judge for BestChosen {
    const HEARS: Kinds = Kinds::of(&[Kind::OlmEncrypted]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::OlmEncrypted { device, peer, session, .. } = case.fact.kind else { return };
        findings.met(Rule::U04);
        if let Some(better) = case.view.olm.better_than((device, peer), session, &case.view.life) {
            let witnesses = [Some(better), Some(case.fact.id)];
            findings.raise(Rule::U04, Party::Device(device), witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device};
    use crate::ids::{FactId, OlmSessionId, ToDeviceId, TxnId};
    use crate::protocol::to_device::{OlmEvent, SenderKeys};
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::{FactKind, LossCause, OlmError, OlmResult};

    const EVENT: OlmEvent = OlmEvent::Dummy { empty: true };

    fn encrypts(story: &mut Story, session: OlmSessionId) -> FactId {
        let (sender_keys, txn) = (SenderKeys::Agree, TxnId::new(900));
        let (device, peer, event) = (A1, B1, EVENT);
        story.by(A1, FactKind::OlmEncrypted { device, peer, session, event, sender_keys, txn })
    }

    fn decrypts(story: &mut Story, result: OlmResult) -> FactId {
        let (device, peer, message) = (A1, B1, ToDeviceId::new(900));
        story.by(A1, FactKind::OlmDecrypt { device, peer, message, result })
    }

    fn decrypted(session: OlmSessionId) -> OlmResult {
        OlmResult::Decrypted { session, event: EVENT, sender_keys: SenderKeys::Agree }
    }

    fn two() -> (Story, OlmSessionId, OlmSessionId) {
        let mut story = Story::begin();
        let (older, newer) = (story.olm(A1, B1), story.olm(A1, B1));
        (story, older, newer)
    }

    #[test]
    fn of_sessions_that_never_decrypted_the_newest_is_used() {
        let (mut story, older, newer) = two();
        encrypts(&mut story, newer);
        assert_eq!(story.rules(), []);
        encrypts(&mut story, older);
        assert_eq!(story.rules(), [(Rule::U04, device(A1))]);
        assert_eq!(story.judge().marks.of(Rule::U04), 2);
    }

    #[test]
    fn a_session_that_decrypted_something_since_comes_before_a_newer_one() {
        let (mut story, older, newer) = two();
        let got = decrypts(&mut story, decrypted(older));
        encrypts(&mut story, older);
        assert_eq!(story.rules(), []);
        let wrong = encrypts(&mut story, newer);
        let violations = story.judge().violations;
        assert_eq!(violations.len(), 1);
        assert_eq!(violations[0].witnesses, [Some(got), Some(wrong), None]);
    }

    #[test]
    fn sessions_of_the_same_instant_are_equal() {
        let (mut story, older, newer) = two();
        decrypts(&mut story, decrypted(older));
        story.wait(10);
        decrypts(&mut story, decrypted(newer));
        let mut tie = story.clone();
        tie.same_instant();
        decrypts(&mut tie, decrypted(older));
        for session in [older, newer] {
            let mut tie = tie.clone();
            encrypts(&mut tie, session);
            assert_eq!(tie.rules(), []);
        }
        encrypts(&mut story, older);
        assert_eq!(story.rules(), [(Rule::U04, device(A1))]);
    }

    #[test]
    fn a_session_that_is_gone_or_may_be_gone_is_not_asked_for() {
        let (mut story, older, newer) = two();
        let (mut restored, mut cut) = (story.clone(), story.clone());
        let (device, peer, session, why) = (A1, B1, newer, LossCause::Wiped);
        story.by(A1, FactKind::OlmDropped { device, peer, session, why });
        restored.by(A1, FactKind::StoreRestored { device: A1, snapshot: SimTime::from_ms(1) });
        cut.crash(A1);
        for story in [&mut story, &mut restored, &mut cut] {
            encrypts(story, older);
            assert_eq!(story.rules(), []);
        }
    }

    #[test]
    fn a_message_that_was_decrypted_and_thrown_away_may_have_come_on_any_session() {
        let (mut story, older, newer) = two();
        decrypts(&mut story, OlmResult::Failed(OlmError::Mismatch));
        encrypts(&mut story, older);
        encrypts(&mut story, newer);
        assert_eq!(story.rules(), []);
        decrypts(&mut story, decrypted(newer));
        encrypts(&mut story, older);
        assert_eq!(story.rules(), [(Rule::U04, device(A1))]);
        let mut unknown = Story::begin();
        unknown.olm(A1, B1);
        encrypts(&mut unknown, OlmSessionId::new(90));
        assert_eq!(unknown.rules(), [], "a session that nobody saw made decides nothing");
    }
}
