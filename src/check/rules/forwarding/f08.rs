//! F-08 (sender, implied; Megolm, as the ratchet cannot go back): a forwarded key starts no earlier than the one that
//! the forwarder has. It does not know forwarders whose keys nobody saw come.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::kind::{Kind, Kinds};

/// The judge of F-08.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NoEarlier;

impl Judge for NoEarlier {
    const HEARS: Kinds = Kinds::of(&[Kind::OlmEncrypted, Kind::Enqueued, Kind::OlmDecrypt]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let view = case.view;
        let Some(number) = view.forwards.fresh() else { return };
        let Some(forwarded) = view.forwards.get(number) else { return };
        let sender = view.transport.get(number).sender;
        let Some(held) = view.holdings.of(sender, forwarded.key.session) else { return };
        findings.met(Rule::F08);
        // What was lost may have been forwarded before that was told.
        let earliest = held.better.map_or(held.first, |better| better.first.min(held.first));
        if forwarded.key.first < earliest {
            let witnesses = [Some(held.taken.fact), Some(case.fact.id)];
            findings.raise(Rule::F08, Party::Device(sender), witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{B1, B2, Story, device, s};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::KeySource;

    fn forwarding(held: Option<u32>, first: u32) -> Story {
        let mut story = Story::with_olm();
        if let Some(held) = held {
            story.key_in(B1, s(0), held, KeySource::RoomKey);
        }
        story.forward((B1, B2), s(0), first);
        story
    }

    fn broken(story: &Story) -> bool {
        story.rules().contains(&(Rule::F08, device(B1)))
    }

    #[test]
    fn from_the_first_index_on_or_later_it_is_right() {
        for first in [3, 4] {
            let story = forwarding(Some(3), first);
            assert!(!broken(&story));
            assert_eq!(story.judge().marks.of(Rule::F08), 1);
        }
    }

    #[test]
    fn earlier_it_is_a_breach_and_a_warning_in_the_lenient_reading() {
        let story = forwarding(Some(3), 2);
        assert!(broken(&story));
        let lenient = story.judge_as(ReadingName::Lenient).violations;
        let found = lenient.iter().find(|found| found.rule == Rule::F08).unwrap();
        assert_eq!(found.severity, Severity::Warning);
    }

    #[test]
    fn of_a_forwarder_whose_key_nobody_saw_come_it_is_not_known() {
        assert!(!broken(&forwarding(None, 0)));
    }
}
