//! D-08 (sender, implied; `m.megolm`, tracking the device list): a device that the list no longer holds is given nothing more. A
//! violation in strict, a warning in lenient. It does not know whether the session is replaced; that is R-03.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::life::Moment;
use crate::protocol::to_device::OlmEvent;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of D-08: a key for a device that was listed once and is not in the list that is in use.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct GoneIsGone;

impl Judge for GoneIsGone {
    const HEARS: Kinds = Kinds::of(&[Kind::OlmEncrypted]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::OlmEncrypted { device, peer, event, .. } = case.fact.kind else { return };
        if matches!(event, OlmEvent::Dummy { .. } | OlmEvent::Withheld(_)) {
            return;
        }
        findings.met(Rule::D08);
        let (view, now) = (case.view, case.now());
        let user = view.cast.user(peer);
        let Some(answers) = view.lists.answers_without(device, user, peer) else { return };
        // What was begun while the device was listed may be finished; and a store that went back or was cut off may hold an
        // older list.
        let begun = view.olm.claiming_since(device, now.at).unwrap_or(now.fact);
        let is_known = |answer: &Moment| {
            answer.fact < begun
                && view.life.cut_off(device, *answer).is_none()
                && view.life.unsettled_since(device, answer.fact, now).is_none()
        };
        if let Some(known) = answers.into_iter().find(is_known) {
            findings.raise(Rule::D08, Party::Device(device), [Some(known.fact), Some(now.fact)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, BOB, Story, device, s};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::FactKind;

    fn found(story: &Story, reading: ReadingName) -> Vec<Severity> {
        let violations = story.judge_as(reading).violations.into_iter();
        let found = violations.filter(|one| (one.rule, one.party) == (Rule::D08, device(A1)));
        found.map(|one| one.severity).collect()
    }

    #[test]
    fn a_listed_device_may_be_given_keys_and_one_that_went_may_not() {
        let mut story = Story::with_olm();
        story.give((A1, B1), s(0), 0);
        assert_eq!(found(&story, ReadingName::Strict), []);
        assert_eq!(story.judge().marks.of(Rule::D08), 1);
        story.learn(A1, BOB, &[]);
        let mut back = story.clone();
        story.give((A1, B1), s(1), 0);
        assert_eq!(found(&story, ReadingName::Strict), [Severity::Violation]);
        assert_eq!(found(&story, ReadingName::Lenient), [Severity::Warning]);
        back.learn(A1, BOB, &[B1]);
        back.give((A1, B1), s(1), 0);
        assert_eq!(found(&back, ReadingName::Strict), []);
    }

    #[test]
    fn what_was_begun_before_may_be_finished_and_an_older_store_may_know_an_older_list() {
        let mut story = Story::with_olm();
        story.claim(A1, B1);
        story.learn(A1, BOB, &[]);
        let mut restored = Story::with_olm();
        story.give((A1, B1), s(0), 0);
        assert_eq!(found(&story, ReadingName::Strict), []);
        restored.learn(A1, BOB, &[]);
        let snapshot = SimTime::from_ms(1);
        restored.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        restored.give((A1, B1), s(0), 0);
        assert_eq!(found(&restored, ReadingName::Strict), []);
    }

    #[test]
    fn a_device_that_no_list_ever_held_decides_nothing() {
        let mut story = Story::with_olm();
        story.give((A1, crate::check::testing::B2), s(0), 0);
        assert_eq!(found(&story, ReadingName::Strict), []);
    }
}
