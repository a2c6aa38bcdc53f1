//! U-05 (recipient, MUST NOT; `m.olm`): a message that cannot be decrypted uses up no one-time key and leaves no session behind. Every
//! reading agrees. It does not know a session of which nobody saw which message it was made from.

use std::collections::BTreeMap;

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::life::Moment;
use crate::ids::{DeviceId, OlmSessionId, ToDeviceId};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{Direction, FactKind, LossCause, OlmError, OlmResult};
use crate::trace::kind::{Kind, Kinds};

/// The judge of U-05: a private key that goes with a message that failed, or a session that was made from one.
#[derive(Debug, Clone, Default)]
pub(crate) struct NotWasted {
    /// Inbound sessions on which nothing was decrypted yet.
    unproven: BTreeMap<(DeviceId, OlmSessionId), Moment>,
}

impl NotWasted {
    /// A message was opened, or was not. A session is proven by the message that it was made from.
    fn opened(
        &mut self,
        case: Case<'_>,
        (device, message): (DeviceId, ToDeviceId),
        result: OlmResult,
        findings: &mut Findings,
    ) {
        let error = match result {
            OlmResult::Decrypted { session, .. } => {
                if self.unproven.remove(&(device, session)).is_some() {
                    findings.met(Rule::U05);
                }
                return;
            }
            OlmResult::Duplicate => return,
            OlmResult::Failed(error) => error,
        };
        let transport = &case.view.transport;
        let session = transport.number(message).and_then(|number| transport.get(number).olm);
        let Some(session) = session else { return };
        let Some(made) = self.unproven.remove(&(device, session)) else { return };
        // What is thrown away for its sender or recipient was decrypted first.
        let decrypted = error == OlmError::Mismatch;
        let life = &case.view.life;
        let lost = life.cut_off(device, made).is_some() || life.forgiven(device, made).is_some();
        if !decrypted && !lost {
            findings.met(Rule::U05);
            let witnesses = [Some(made.fact), Some(case.fact.id)];
            findings.raise(Rule::U05, Party::Device(device), witnesses);
        }
    }
}

impl Judge for NotWasted {
    const HEARS: Kinds = Kinds::of(&[Kind::PrivateKeyGone, Kind::OlmNew, Kind::OlmDecrypt]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        if let FactKind::OlmNew { device, session, direction: Direction::Inbound, .. } =
            case.fact.kind
        {
            self.unproven.insert((device, session), case.now());
        } else if let FactKind::OlmDecrypt { device, message, result, .. } = case.fact.kind {
            self.opened(case, (device, message), result, findings);
        } else if let FactKind::PrivateKeyGone { device, why, .. } = case.fact.kind {
            findings.met(Rule::U05);
            if why == LossCause::FailedMessage {
                findings.raise(Rule::U05, Party::Device(device), [Some(case.fact.id)]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::sending::Sent;
    use crate::check::testing::{A1, B1, Story, device, key_gone, s};
    use crate::ids::{FactId, OlmSessionId};
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::{Direction, FactKind, LossCause, OlmCause, OlmError};

    /// A message of A1 is on its way, and B1 has made its session from it.
    fn stored() -> (Story, Sent, FactId) {
        let mut story = Story::with_olm();
        let sent = story.give((A1, B1), s(0), 0);
        let (device, peer, session, key) = (B1, A1, OlmSessionId::new(0), None);
        let (direction, why) = (Direction::Inbound, OlmCause::Received);
        let made = story.by(B1, FactKind::OlmNew { device, peer, session, direction, why, key });
        (story, sent, made)
    }

    fn broken(story: &Story) -> bool {
        story.rules().contains(&(Rule::U05, device(B1)))
    }

    #[test]
    fn a_session_is_stored_for_a_message_that_was_decrypted_only() {
        let (mut story, sent, made) = stored();
        let mut right = story.clone();
        right.take(sent);
        let later = right.give((A1, B1), s(1), 0);
        right.fails_to_open(later, OlmError::BadMac);
        assert!(!broken(&right), "the session was good when it was made");
        assert_eq!(right.judge().marks.of(Rule::U05), 1);
        let failure = story.fails_to_open(sent, OlmError::BadMac);
        assert!(broken(&story));
        let violations = story.judge().violations;
        let found = violations.iter().find(|one| one.rule == Rule::U05).unwrap();
        assert_eq!(found.witnesses, [Some(made), Some(failure), None]);
    }

    #[test]
    fn a_session_that_a_crash_cut_off_and_a_message_that_does_not_fit_its_envelope_are_no_waste() {
        let (mut cut, sent, _) = stored();
        let mut unfit = cut.clone();
        cut.crash(B1);
        cut.fails_to_open(sent, OlmError::BadMac);
        assert!(!broken(&cut));
        unfit.fails_to_open(sent, OlmError::Mismatch);
        assert!(!broken(&unfit));
    }

    #[test]
    fn a_key_goes_with_its_message_or_with_its_age_and_not_with_a_failure() {
        for why in [LossCause::Used, LossCause::Expired, LossCause::Wiped] {
            let mut story = Story::begin();
            story.by(B1, key_gone(B1, 4, why));
            assert_eq!(story.rules(), []);
            assert_eq!(story.judge().marks.of(Rule::U05), 1);
        }
        let mut story = Story::begin();
        let gone = story.by(B1, key_gone(B1, 4, LossCause::FailedMessage));
        assert_eq!(story.rules(), [(Rule::U05, device(B1))]);
        assert_eq!(story.judge().violations[0].witnesses[0], Some(gone));
    }
}
