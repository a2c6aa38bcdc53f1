//! W-22 (sender, implied; specification, reporting that decryption keys are withheld): a report goes to another device,
//! never to the one that sends it. It does not know other devices of the same user, which are recipients like any
//! other.

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::rulebook::rule::Rule;

/// The judge of W-22.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NotToItself;

impl NoticeJudge for NotToItself {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        findings.met(Rule::W22);
        if accepted.message.sender == accepted.message.recipient {
            accepted.raise(Rule::W22, findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, A2, ALICE, B1, Story, about, device, s};
    use crate::protocol::withheld::SessionCode;
    use crate::rulebook::rule::Rule;
    use crate::scenario::policy::Target;

    #[test]
    fn another_device_may_be_told_even_an_own_one() {
        let mut story = Story::blocked();
        story.up(A2);
        story.learn(A1, ALICE, &[A1, A2]);
        story.block(A1, Target::Device(A2));
        story.session(A1, s(1));
        for recipient in [B1, A2] {
            story.tell((A1, recipient), about(A1, s(1), SessionCode::Blacklisted));
        }
        assert_eq!(story.broken_of(&[Rule::W22]), []);
        assert_eq!(story.judge().marks.of(Rule::W22), 2);
    }

    #[test]
    fn a_device_does_not_tell_itself() {
        let mut story = Story::blocked();
        story.tell((A1, A1), about(A1, s(0), SessionCode::Blacklisted));
        assert!(story.rules().contains(&(Rule::W22, device(A1))));
    }
}
