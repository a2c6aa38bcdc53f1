//! T-03 (server, SHOULD; send-to-device messaging): a message stays in the mailbox until it is delivered, for as long as its device
//! is there. Every reading agrees. It does not know what got lost before it was in a mailbox; that is T-01 alone.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::rulebook::rule::Rule;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of T-03: a message that goes out of the mailbox of a device that is there.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Kept;

impl Judge for Kept {
    const HEARS: Kinds = Kinds::of(&[Kind::Lost, Kind::Enqueued]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        if let FactKind::Enqueued { .. } = case.fact.kind {
            findings.met(Rule::T03);
        } else if let FactKind::Lost { recipient, message: Some(message), .. } = case.fact.kind
            && case.view.life.gone(recipient).is_none()
        {
            let transport = &case.view.transport;
            let number = transport.number(message);
            let stored = number.and_then(|number| transport.get(number).stored);
            findings.raise(Rule::T03, case.server(recipient), [stored, Some(case.fact.id)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::sending::Sent;
    use crate::check::testing::{A1, B1, HOME, Story, s};
    use crate::ids::FactId;
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::Party;
    use crate::trace::fact::FactKind;

    fn thrown_away(story: &mut Story, sent: Sent) -> FactId {
        let (txn, recipient, message) = (sent.txn, sent.recipient, Some(sent.row));
        story.at(HOME, FactKind::Lost { txn, recipient, message })
    }

    fn broken(story: &Story) -> bool {
        story.rules().contains(&(Rule::T03, Party::Server(HOME)))
    }

    #[test]
    fn a_mailbox_keeps_what_is_not_delivered() {
        let mut story = Story::with_olm();
        let sent = story.give((A1, B1), s(0), 0);
        assert!(!broken(&story));
        assert_eq!(story.judge().marks.of(Rule::T03), 1);
        thrown_away(&mut story, sent);
        assert!(broken(&story));
    }

    #[test]
    fn what_goes_with_its_device_or_never_was_in_the_mailbox_is_no_breach() {
        let mut story = Story::with_olm();
        let sent = story.give((A1, B1), s(0), 0);
        let mut before = story.clone();
        story.at(HOME, FactKind::DeviceDeleted { device: B1 });
        thrown_away(&mut story, sent);
        assert!(!broken(&story));
        before.lost(sent);
        assert!(!broken(&before));
    }
}
