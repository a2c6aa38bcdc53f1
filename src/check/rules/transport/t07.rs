//! T-07 (server, SHOULD; transaction identifiers) and T-09 (server, implied; `m.direct_to_device`): the same transaction of the
//! same device has no second effect, and an EDU that comes twice has one. T-09 is a warning in lenient.
//! It does not know `message_id`s: in one transaction a server sends another one no device twice, so two rows show the same.

use crate::check::findings::Findings;
use crate::check::rules::transport::t01::second_row;
use crate::check::rules::{Case, Judge};
use crate::rulebook::rule::Rule;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of T-07 on one server and of T-09 between two: a second row for what was sent once.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NoSecondEffect;

impl Judge for NoSecondEffect {
    const HEARS: Kinds = Kinds::of(&[Kind::Enqueued]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::Enqueued { message, sender, recipient, .. } = case.fact.kind else { return };
        let cast = &case.view.cast;
        let local = cast.server_of(sender) == cast.server_of(recipient);
        let rule = if local { Rule::T07 } else { Rule::T09 };
        findings.met(rule);
        if let Some(first) = second_row(case.view, message) {
            findings.raise(rule, case.server(recipient), [Some(first), Some(case.fact.id)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, AWAY, B1, B2, C1, HOME, Story, s};
    use crate::ids::{DeviceId, ServerId, ToDeviceId};
    use crate::protocol::to_device::ToDeviceType;
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::Party;
    use crate::trace::fact::FactKind;

    /// A1 sends once, and the recipient's server stores it under these rows.
    fn stored(recipient: DeviceId, server: ServerId, rows: &[u32]) -> Story {
        let mut story = Story::with_olm();
        let sent = story.put((A1, recipient), ToDeviceType::Encrypted, Story::key(s(0), 0));
        story.accepted(sent);
        for row in rows {
            let (message, sender, txn) = (ToDeviceId::new(*row), A1, sent.txn);
            let (event_type, content) = (sent.event_type, sent.content);
            let kind = FactKind::Enqueued { message, sender, recipient, txn, event_type, content };
            story.at(server, kind);
        }
        story
    }

    fn found(story: &Story) -> Vec<(Rule, Party)> {
        let rules = story.rules().into_iter();
        rules.filter(|(rule, _)| [Rule::T07, Rule::T09].contains(rule)).collect()
    }

    #[test]
    fn one_row_is_right_and_a_second_one_a_breach_of_the_server_that_stored_it() {
        assert_eq!(found(&stored(B1, HOME, &[90])), []);
        assert_eq!(found(&stored(B1, HOME, &[90, 91])), [(Rule::T07, Party::Server(HOME))]);
        let far = stored(C1, AWAY, &[90, 91]);
        assert_eq!(found(&far), [(Rule::T09, Party::Server(AWAY))]);
        let lenient = far.judge_as(ReadingName::Lenient);
        let breach = lenient.violations.iter().find(|found| found.rule == Rule::T09).unwrap();
        assert_eq!(breach.severity, Severity::Warning);
    }

    #[test]
    fn what_was_meant_for_the_former_holder_of_a_device_id_is_no_second_row() {
        let mut story = Story::with_olm();
        story.at(HOME, FactKind::DeviceDeleted { device: B1 });
        let sent = story.put((A1, B2), ToDeviceType::Encrypted, Story::key(s(0), 0));
        let (txn, content) = (sent.txn, sent.content);
        story.by(A1, FactKind::PutTarget { device: A1, txn, recipient: B1, content });
        story.accepted(sent);
        story.stored(sent);
        let mut copy = sent;
        copy.row = ToDeviceId::new(95);
        story.stored(copy);
        assert_eq!(found(&story), []);
    }
}
