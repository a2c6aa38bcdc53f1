//! F-06 (sender, implied; specification, `withheld` of `m.forwarded_room_key`): a reason goes with a key that is
//! partial, which one from index 0 is not. It does not know whether the reason is the one that was received (F-05).

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::kind::{Kind, Kinds};

/// The judge of F-06.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PartOnly;

impl Judge for PartOnly {
    const HEARS: Kinds = Kinds::of(&[Kind::OlmEncrypted, Kind::Enqueued, Kind::OlmDecrypt]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let view = case.view;
        let Some(number) = view.forwards.fresh() else { return };
        let Some(forwarded) = view.forwards.get(number).filter(|one| one.withheld.is_some()) else {
            return;
        };
        findings.met(Rule::F06);
        let sender = view.transport.get(number).sender;
        let session = forwarded.key.session;
        let held = view.holdings.of(sender, session).filter(|held| held.first == 0);
        let whole = held.filter(|_| view.held_since(sender, session).is_some());
        if forwarded.key.first == 0 || whole.is_some() {
            let witnesses = [whole.map(|held| held.taken.fact), Some(case.fact.id)];
            findings.raise(Rule::F06, Party::Device(sender), witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{B1, B2, Story, device, s};
    use crate::protocol::to_device::{ForwardedWithheld, ToDeviceType};
    use crate::protocol::withheld::{Field, WithheldCode};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::KeySource;

    fn forwarding(held: u32, first: u32, reason: bool) -> Story {
        let mut story = Story::with_olm();
        story.key_in(B1, s(0), held, KeySource::RoomKey);
        let code = Field::Is(WithheldCode::Blacklisted);
        let withheld = reason.then_some(ForwardedWithheld { code, reason: Field::Absent });
        story.send((B1, B2), ToDeviceType::Encrypted, Story::forwarded(s(0), first, withheld));
        story
    }

    fn broken(story: &Story) -> bool {
        story.rules().contains(&(Rule::F06, device(B1)))
    }

    #[test]
    fn a_partial_key_may_carry_a_reason_and_a_whole_one_carries_none() {
        let partial = forwarding(3, 3, true);
        assert!(!broken(&partial));
        assert_eq!(partial.judge().marks.of(Rule::F06), 1);
        assert!(!broken(&forwarding(0, 0, false)));
    }

    #[test]
    fn a_reason_for_a_whole_key_is_a_breach_and_a_warning_in_the_lenient_reading() {
        for story in [forwarding(0, 0, true), forwarding(0, 3, true)] {
            assert!(broken(&story));
            let lenient = story.judge_as(ReadingName::Lenient).violations;
            let found = lenient.iter().find(|found| found.rule == Rule::F06).unwrap();
            assert_eq!(found.severity, Severity::Warning);
        }
    }
}
