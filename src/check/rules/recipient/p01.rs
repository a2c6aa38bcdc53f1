//! P-01 (recipient, SHOULD; specification, send-to-device messaging): a to-device message of a type that a client does
//! not know is ignored. Which types stand for a notice depends on the reading. It does not know what is inside
//! Olm messages.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::protocol::to_device::ToDeviceType;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, ProcessOutcome};
use crate::trace::kind::{Kind, Kinds};

/// The judge of P-01.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct UnknownType;

impl Judge for UnknownType {
    const HEARS: Kinds = Kinds::of(&[Kind::Processed]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::Processed { device, message, outcome } = case.fact.kind else { return };
        let Some(number) = case.view.transport.number(message) else { return };
        let message = case.view.transport.get(number);
        let Some(event_type) = case.view.transport.type_of(message.txn) else { return };
        let unknown = match event_type {
            ToDeviceType::Encrypted
            | ToDeviceType::KeyRequest
            | ToDeviceType::Withheld
            | ToDeviceType::ClearRoomKey
            | ToDeviceType::ClearForwardedRoomKey
            | ToDeviceType::ClearDummy => false,
            ToDeviceType::WithheldUnstable | ToDeviceType::WithheldMisspelt => {
                !case.view.reading.unstable_types
            }
            ToDeviceType::NoKey | ToDeviceType::Other(_) => true,
        };
        if !unknown {
            return;
        }
        findings.met(Rule::P01);
        match outcome {
            ProcessOutcome::Ignored | ProcessOutcome::Discarded | ProcessOutcome::Duplicate => {}
            ProcessOutcome::Handled => {
                let witnesses = [message.stored, Some(case.fact.id)];
                findings.raise(Rule::P01, Party::Device(device), witnesses);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, about, device, rules, s};
    use crate::ids::Sym;
    use crate::protocol::to_device::ToDeviceType;
    use crate::protocol::withheld::SessionCode;
    use crate::rulebook::reading::ReadingName;
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::{ProcessOutcome, SentContent};

    fn processed(event_type: ToDeviceType, outcome: ProcessOutcome) -> Story {
        let mut story = Story::blocked();
        let content = SentContent::Withheld(about(A1, s(0), SessionCode::Blacklisted));
        let sent = story.send((A1, B1), event_type, content);
        story.listed(sent);
        story.processed(sent, outcome);
        story.acknowledged(sent);
        story
    }

    fn broken(story: &Story, reading: ReadingName) -> bool {
        rules(&story.judge_as(reading)).contains(&(Rule::P01, device(B1)))
    }

    #[test]
    fn an_unknown_type_is_ignored() {
        let story = processed(ToDeviceType::Other(Sym::new(0)), ProcessOutcome::Ignored);
        assert!(!broken(&story, ReadingName::Strict));
        assert_eq!(story.judge().marks.of(Rule::P01), 1);
    }

    #[test]
    fn an_unknown_type_that_is_acted_upon_is_a_breach_and_the_draft_knows_two_more() {
        for event_type in [ToDeviceType::WithheldUnstable, ToDeviceType::WithheldMisspelt] {
            let story = processed(event_type, ProcessOutcome::Handled);
            let in_reading = |reading| broken(&story, reading);
            assert_eq!(ReadingName::ALL.map(in_reading), [true, true, false]);
        }
        let other = processed(ToDeviceType::Other(Sym::new(0)), ProcessOutcome::Handled);
        assert!(broken(&other, ReadingName::Draft));
    }

    #[test]
    fn a_known_type_is_not_this_rules_matter() {
        let story = processed(ToDeviceType::Withheld, ProcessOutcome::Handled);
        assert_eq!(story.judge().marks.of(Rule::P01), 0);
    }
}
