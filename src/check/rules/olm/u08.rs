//! U-08 (both, implied; `m.dummy`, MSC1719): `m.dummy` has an empty content and is encrypted with Olm. A violation in strict, a
//! warning in lenient. It does not know what an Olm message holds that nobody opened.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::protocol::to_device::OlmEvent;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, SentContent};
use crate::trace::kind::{Kind, Kinds};

/// The judge of U-08: a dummy with a content, or in clear.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct EmptyDummy;

impl Judge for EmptyDummy {
    const HEARS: Kinds = Kinds::of(&[Kind::OlmEncrypted, Kind::PutTarget, Kind::Enqueued]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let fact = case.fact.id;
        let (device, content) = if let FactKind::OlmEncrypted { device, event, .. } = case.fact.kind
        {
            (device, SentContent::Olm(event))
        } else if let FactKind::PutTarget { device, content, .. } = case.fact.kind {
            (device, content)
        } else if let FactKind::Enqueued { sender, txn, content, .. } = case.fact.kind
            && !case.view.transport.is_observed(txn)
        {
            // What its sender was seen to put together has been judged there.
            (sender, content)
        } else {
            return;
        };
        let encrypted = matches!(case.fact.kind, FactKind::OlmEncrypted { .. });
        let wrong = match content {
            SentContent::Olm(OlmEvent::Dummy { empty }) if encrypted => !empty,
            SentContent::Clear(OlmEvent::Dummy { .. }) => true,
            SentContent::Olm(_)
            | SentContent::Sealed
            | SentContent::Clear(_)
            | SentContent::Withheld(_)
            | SentContent::KeyRequest(_) => return,
        };
        findings.met(Rule::U08);
        if wrong {
            findings.raise(Rule::U08, Party::Device(device), [Some(fact)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device};
    use crate::protocol::to_device::{OlmEvent, ToDeviceType};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::SentContent;

    fn sent(event_type: ToDeviceType, content: SentContent) -> Story {
        let mut story = Story::with_olm();
        let sent = story.send((A1, B1), event_type, content);
        story.hear(sent);
        story
    }

    #[test]
    fn an_empty_encrypted_dummy_is_right() {
        let dummy = SentContent::Olm(OlmEvent::Dummy { empty: true });
        let story = sent(ToDeviceType::Encrypted, dummy);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::U08), 1);
    }

    #[test]
    fn a_dummy_with_a_content_or_in_clear_is_one_breach() {
        let full = SentContent::Olm(OlmEvent::Dummy { empty: false });
        let clear = SentContent::Clear(OlmEvent::Dummy { empty: true });
        for (event_type, content) in
            [(ToDeviceType::Encrypted, full), (ToDeviceType::ClearDummy, clear)]
        {
            let story = sent(event_type, content);
            assert_eq!(story.rules(), [(Rule::U08, device(A1))]);
            let lenient = story.judge_as(ReadingName::Lenient);
            assert_eq!(lenient.violations[0].severity, Severity::Warning);
        }
    }

    #[test]
    fn a_dummy_in_clear_whose_sender_nobody_saw_counts_where_it_lies() {
        let clear = SentContent::Clear(OlmEvent::Dummy { empty: true });
        let mut unobserved = Story::with_olm();
        let sent = unobserved.clone().put((A1, B1), ToDeviceType::ClearDummy, clear);
        unobserved.stored(sent);
        assert_eq!(unobserved.rules(), [(Rule::U08, device(A1))]);
    }
}
