//! U-11 (recipient, MUST; validation of incoming decrypted events): an Olm message whose sender, recipient or keys inside do not fit
//! its envelope is thrown away, and no key is taken from it. Every reading agrees. It does not know keys of which no fact tells
//! which message brought them.

use std::collections::BTreeMap;

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::transport::Opened;
use crate::ids::{FactId, ToDeviceId};
use crate::protocol::to_device::SenderKeys;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, OlmError, OlmResult};
use crate::trace::kind::{Kind, Kinds};

/// The judge of U-11: a key that came with a message which did not pass the checks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Discarded {
    /// Messages that were opened though the keys inside do not fit, and when.
    differing: BTreeMap<ToDeviceId, FactId>,
}

impl Judge for Discarded {
    const HEARS: Kinds = Kinds::of(&[Kind::KeyIn, Kind::OlmDecrypt]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        if let FactKind::OlmDecrypt {
            message,
            result: OlmResult::Decrypted { sender_keys: SenderKeys::Differ, .. },
            ..
        } = case.fact.kind
        {
            self.differing.insert(message, case.fact.id);
        }
        let FactKind::KeyIn { device, via: Some(via), .. } = case.fact.kind else { return };
        let transport = &case.view.transport;
        let Some(number) = transport.number(via) else { return };
        findings.met(Rule::U11);
        let failed = match transport.get(number).opened {
            Some(Opened::Failed { error: OlmError::Mismatch, fact, .. }) => Some(fact),
            Some(Opened::Failed { .. } | Opened::Decrypted) | None => None,
        };
        if let Some(fact) = failed.or_else(|| self.differing.get(&via).copied()) {
            let witnesses = [Some(fact), Some(case.fact.id)];
            findings.raise(Rule::U11, Party::Device(device), witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::sending::Sent;
    use crate::check::testing::{A1, B1, R, Story, device, s};
    use crate::ids::ToDeviceId;
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::{FactKind, KeySource, OlmError};

    fn key_in(story: &mut Story, via: Option<ToDeviceId>) {
        let (device, room, session, first, source) = (B1, R, s(0), 0, KeySource::RoomKey);
        story.by(B1, FactKind::KeyIn { device, room, session, first, source, via });
    }

    fn story() -> (Story, Sent) {
        let mut story = Story::with_olm();
        let sent = story.give((A1, B1), s(0), 0);
        (story, sent)
    }

    fn broken(story: &Story) -> bool {
        story.rules().contains(&(Rule::U11, device(B1)))
    }

    #[test]
    fn a_key_of_a_message_that_passes_is_taken_and_one_of_a_message_that_does_not_is_a_breach() {
        let (mut right, sent) = story();
        right.listed(sent);
        right.opened(sent);
        key_in(&mut right, Some(sent.row));
        assert!(!broken(&right));
        assert_eq!(right.judge().marks.of(Rule::U11), 1);
        let (mut wrong, sent) = story();
        wrong.fails_to_open(sent, OlmError::Mismatch);
        let mut elsewhere = wrong.clone();
        key_in(&mut wrong, Some(sent.row));
        assert!(broken(&wrong));
        key_in(&mut elsewhere, None);
        assert!(!broken(&elsewhere), "it may have come with another message");
    }
}
