//! T-02 (server, SHOULD; send-to-device messaging): waiting messages are listed in the order in which they arrived at the
//! recipient's server. Every reading agrees. It does not know in which order they were sent.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::pairs::row;
use crate::ids::FactId;
use crate::rulebook::rule::Rule;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The last arrived message that was listed to a device.
#[derive(Debug, Clone, Copy)]
struct Front {
    stored: FactId,
    listed: FactId,
    /// Whether it has been found to come too early.
    told: bool,
}

/// The judge of T-02: a message that is listed for the first time after one that arrived later.
#[derive(Debug, Clone, Default)]
pub(crate) struct InOrder {
    fronts: Vec<Option<Front>>,
}

impl Judge for InOrder {
    const HEARS: Kinds = Kinds::of(&[Kind::Listed]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::Listed { device, message } = case.fact.kind else { return };
        let transport = &case.view.transport;
        let Some(known) = transport.number(message).map(|number| transport.get(number)) else {
            return;
        };
        let listed = case.fact.id;
        let (Some(stored), true) = (known.stored, known.listed == Some(listed)) else { return };
        findings.met(Rule::T02);
        let front = row(&mut self.fronts, device.index());
        match front {
            Some(front) if stored < front.stored => {
                if !std::mem::replace(&mut front.told, true) {
                    let witnesses = [Some(stored), Some(front.listed), Some(listed)];
                    findings.raise(Rule::T02, case.server(device), witnesses);
                }
            }
            Some(_) | None => *front = Some(Front { stored, listed, told: false }),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, HOME, Story, s};
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::Party;
    use crate::trace::fact::FactKind;

    #[test]
    fn the_order_of_arrival_is_right_and_what_is_listed_again_has_no_order() {
        let mut story = Story::with_olm();
        let [first, second] = [0, 1].map(|session| story.give((A1, B1), s(session), 0));
        story.listed(first);
        story.take(second);
        story.take(first);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::T02), 2);
    }

    #[test]
    fn a_mailbox_that_is_read_backwards_is_one_breach() {
        let mut story = Story::with_olm();
        let sent = [0, 1, 2].map(|session| story.give((A1, B1), s(session), 0));
        let listed: Vec<_> = sent.iter().rev().map(|sent| story.listed(*sent)).collect();
        sent.iter().for_each(|sent| story.take(*sent));
        let outcome = story.judge();
        assert_eq!(story.rules(), [(Rule::T02, Party::Server(HOME))]);
        assert_eq!(outcome.violations[0].witnesses[1..], [Some(listed[0]), Some(listed[1])]);
    }

    #[test]
    fn a_message_that_nobody_saw_arrive_decides_nothing() {
        let mut story = Story::begin();
        let message = crate::ids::ToDeviceId::new(80);
        story.at(HOME, FactKind::Listed { device: B1, message });
        assert_eq!(story.judge().marks.of(Rule::T02), 0);
    }
}
