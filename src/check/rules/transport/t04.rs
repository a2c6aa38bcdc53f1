//! T-04 (server, SHOULD; send-to-device messaging): a message is listed until a sync with the token of the answer that listed it
//! comes, and not after that. Every reading agrees. It does not know the tokens, only what the server made of them.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::pairs::row;
use crate::ids::{BitSet, FactId};
use crate::rulebook::rule::Rule;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of T-04: a message that is listed after it was acknowledged, or acknowledged though no answer listed it.
///
/// Each row of a mailbox counts by itself: a copy of a message may be waiting when the first one is acknowledged.
#[derive(Debug, Clone, Default)]
pub(crate) struct UntilAcknowledged {
    listed: BitSet,
    acknowledged: Vec<Option<FactId>>,
}

impl Judge for UntilAcknowledged {
    const HEARS: Kinds = Kinds::of(&[Kind::Listed, Kind::Acknowledged]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let (FactKind::Listed { device, message } | FactKind::Acknowledged { device, message }) =
            case.fact.kind
        else {
            return;
        };
        let transport = &case.view.transport;
        let Some(known) = transport.number(message).map(|number| transport.get(number)) else {
            return;
        };
        findings.met(Rule::T04);
        let fact = case.fact.id;
        let acknowledged = row(&mut self.acknowledged, message.index());
        if let FactKind::Listed { .. } = case.fact.kind {
            self.listed.insert(message.index());
            if let Some(before) = *acknowledged {
                findings.raise(Rule::T04, case.server(device), [Some(before), Some(fact)]);
            }
            return;
        }
        let is_first = acknowledged.is_none();
        acknowledged.get_or_insert(fact);
        if is_first && !self.listed.contains(message.index()) {
            findings.raise(Rule::T04, case.server(device), [known.stored, Some(fact)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, HOME, Story, s};
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::Party;

    const BROKEN: [(Rule, Party); 1] = [(Rule::T04, Party::Server(HOME))];

    #[test]
    fn a_message_may_be_listed_again_until_it_is_acknowledged() {
        let mut story = Story::with_olm();
        let sent = story.give((A1, B1), s(0), 0);
        story.listed(sent);
        story.take(sent);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::T04), 3);
        story.listed(sent);
        assert_eq!(story.rules(), BROKEN);
    }

    #[test]
    fn a_copy_waits_for_an_acknowledgement_of_its_own() {
        let mut story = Story::with_olm();
        let sent = story.give((A1, B1), s(0), 0);
        let copy = story.stored_again(sent);
        story.listed(sent);
        story.acknowledged(sent);
        story.listed(copy);
        story.acknowledged(copy);
        let broken = |story: &Story| story.rules().iter().any(|(rule, _)| *rule == Rule::T04);
        assert!(!broken(&story), "the second row was not acknowledged before");
        story.listed(copy);
        assert!(broken(&story));
    }

    #[test]
    fn what_no_answer_listed_cannot_be_acknowledged() {
        let mut story = Story::with_olm();
        let sent = story.give((A1, B1), s(0), 0);
        story.acknowledged(sent);
        assert_eq!(story.rules(), BROKEN);
    }
}
