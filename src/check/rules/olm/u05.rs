//! U-05 (recipient, MUST NOT; `m.olm`): a message that cannot be decrypted uses up no one-time key. Every reading agrees. It does not
//! know sessions that were stored for such a message: no fact tells them from others.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, LossCause};
use crate::trace::kind::{Kind, Kinds};

/// The judge of U-05: a private key that goes with a message that failed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NotWasted;

impl Judge for NotWasted {
    const HEARS: Kinds = Kinds::of(&[Kind::PrivateKeyGone]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::PrivateKeyGone { device, why, .. } = case.fact.kind else { return };
        findings.met(Rule::U05);
        if why == LossCause::FailedMessage {
            findings.raise(Rule::U05, Party::Device(device), [Some(case.fact.id)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{B1, Story, device, key_gone};
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::LossCause;

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
