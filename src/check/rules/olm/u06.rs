//! U-06 (recipient, MUST; `m.olm`): a pre-key message is first tried on the session that it belongs to, and makes no second one. Every
//! reading agrees. It does not know how messages without a pre-key part are tried: of those a failure is all that can be seen, and
//! what follows it is U-01.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::ids::{DeviceId, OlmSessionId};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{Direction, FactKind, OlmError, OlmResult};
use crate::trace::kind::{Kind, Kinds};

/// The judge of U-06: a pre-key message that was not tried on the session that it belongs to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TriedOnItsSession;

impl Judge for TriedOnItsSession {
    const HEARS: Kinds = Kinds::of(&[Kind::OlmNew, Kind::OlmDecrypt]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let Some((device, peer, session)) = made_or_wanted(case) else { return };
        let before = (case.fact.id, &case.view.life);
        findings.met(Rule::U06);
        if let Some(held) = case.view.olm.surely_held((device, peer), session, before) {
            findings.raise(Rule::U06, Party::Device(device), [Some(held), Some(case.fact.id)]);
        }
    }
}

/// The session that a pre-key message made, or could not make for want of the private key: neither may be there.
fn made_or_wanted(case: Case<'_>) -> Option<(DeviceId, DeviceId, OlmSessionId)> {
    if let FactKind::OlmNew { device, peer, session, direction, .. } = case.fact.kind {
        return (direction == Direction::Inbound).then_some((device, peer, session));
    }
    let FactKind::OlmDecrypt { device, peer, message, result } = case.fact.kind else {
        return None;
    };
    let OlmResult::Failed(OlmError::MissingKey(_)) = result else { return None };
    let transport = &case.view.transport;
    Some((device, peer, transport.get(transport.number(message)?).olm?))
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device, s};
    use crate::ids::{FactId, KeyValue, OlmSessionId};
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::{Direction, FactKind, LossCause, OlmCause, OlmError};

    /// B1 has the other end of session 0, which the messages of A1 go over.
    fn inbound(story: &mut Story) -> FactId {
        let (device, peer, session, key) = (B1, A1, OlmSessionId::new(0), None);
        let (direction, why) = (Direction::Inbound, OlmCause::Received);
        story.by(B1, FactKind::OlmNew { device, peer, session, direction, why, key })
    }

    fn wants_key(story: &mut Story) -> FactId {
        let sent = story.give((A1, B1), s(0), 0);
        story.fails_to_open(sent, OlmError::MissingKey(KeyValue::new(5)))
    }

    fn found(story: &Story) -> Vec<[Option<FactId>; 3]> {
        let violations = story.judge().violations;
        let rule = violations.iter().filter(|one| one.rule == Rule::U06);
        rule.inspect(|one| assert_eq!(one.party, device(B1))).map(|one| one.witnesses).collect()
    }

    #[test]
    fn a_message_of_a_session_that_is_there_needs_no_one_time_key() {
        let mut story = Story::with_olm();
        wants_key(&mut story);
        assert_eq!(found(&story), [] as [[Option<FactId>; 3]; 0]);
        let made = inbound(&mut story);
        let failure = wants_key(&mut story);
        assert_eq!(found(&story), [[Some(made), Some(failure), None]]);
        assert_eq!(story.judge().marks.of(Rule::U06), 3);
    }

    #[test]
    fn a_session_is_made_once() {
        let mut story = Story::with_olm();
        let first = inbound(&mut story);
        let mut cut = story.clone();
        cut.crash(B1);
        inbound(&mut cut);
        assert_eq!(found(&cut), [] as [[Option<FactId>; 3]; 0], "the first was not written down");
        let second = inbound(&mut story);
        assert_eq!(found(&story), [[Some(first), Some(second), None]]);
    }

    #[test]
    fn a_session_that_is_gone_or_went_back_with_the_store_is_not_there() {
        let mut dropped = Story::with_olm();
        inbound(&mut dropped);
        let mut restored = dropped.clone();
        let (device, peer, session, why) = (B1, A1, OlmSessionId::new(0), LossCause::Expired);
        dropped.by(B1, FactKind::OlmDropped { device, peer, session, why });
        restored.by(B1, FactKind::StoreRestored { device: B1, snapshot: SimTime::from_ms(1) });
        for story in [&mut dropped, &mut restored] {
            wants_key(story);
            inbound(story);
            assert_eq!(found(story), [] as [[Option<FactId>; 3]; 0]);
        }
    }
}
