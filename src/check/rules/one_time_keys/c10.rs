//! C-10 (sender, implied; one-time keys): a one-time key that was claimed makes one outbound session. A violation in strict, a
//! warning in lenient. It does not know keys that the server gave the device twice: those are the server's breach of C-01.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::life::Moment;
use crate::check::view::pairs::Pairs;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{ClaimOutcome, Direction, FactKind};
use crate::trace::kind::{Kind, Kinds};

/// What a device did with a one-time key.
#[derive(Debug, Clone, Copy, Default)]
struct Use {
    /// How often the device was given it and has not used it.
    left: u32,
    last: Option<Moment>,
}

/// The judge of C-10: a second session of one key.
#[derive(Debug, Clone, Default)]
pub(crate) struct OneSession {
    uses: Pairs<Use>,
}

impl Judge for OneSession {
    const HEARS: Kinds = Kinds::of(&[Kind::ClaimEnd, Kind::OlmNew]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        if let FactKind::ClaimEnd {
            device,
            outcome: ClaimOutcome::Key { key, fallback: false },
            ..
        } = case.fact.kind
        {
            self.uses.entry(device.raw(), key.raw()).left += 1;
        } else if let FactKind::OlmNew {
            device,
            direction: Direction::Outbound,
            key: Some(key),
            ..
        } = case.fact.kind
            && let Some(known) = self.uses.get_mut(device.raw(), key.raw())
        {
            findings.met(Rule::C10);
            // A store that lost the first session does not know that the key was used.
            let before = known.last.filter(|last| {
                let life = &case.view.life;
                life.forgiven(device, *last).is_none() && life.cut_off(device, *last).is_none()
            });
            if let (0, Some(before)) = (known.left, before) {
                let witnesses = [Some(before.fact), Some(case.fact.id)];
                findings.raise(Rule::C10, Party::Device(device), witnesses);
            }
            known.left = known.left.saturating_sub(1);
            known.last = Some(case.now());
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device};
    use crate::ids::{FactId, KeyValue, OlmSessionId};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::{ClaimOutcome, Direction, FactKind, OlmCause};

    fn claimed(story: &mut Story, fallback: bool) {
        let claim = story.claim(A1, B1);
        let outcome = ClaimOutcome::Key { key: KeyValue::new(5), fallback };
        story.by(A1, FactKind::ClaimEnd { device: A1, target: B1, claim, outcome });
    }

    fn open(story: &mut Story, session: u32) -> FactId {
        let (session, direction) = (OlmSessionId::new(session), Direction::Outbound);
        let (device, peer, why, key) = (A1, B1, OlmCause::Share, Some(KeyValue::new(5)));
        story.by(A1, FactKind::OlmNew { device, peer, session, direction, why, key })
    }

    #[test]
    fn one_key_makes_one_session() {
        let mut story = Story::begin();
        claimed(&mut story, false);
        let first = open(&mut story, 70);
        assert_eq!(story.rules(), []);
        let second = open(&mut story, 71);
        assert_eq!(story.rules(), [(Rule::C10, device(A1))]);
        assert_eq!(story.judge().violations[0].witnesses, [Some(first), Some(second), None]);
        let lenient = story.judge_as(ReadingName::Lenient);
        assert_eq!(lenient.violations[0].severity, Severity::Warning);
    }

    #[test]
    fn a_key_that_came_twice_may_be_used_twice_and_a_fallback_key_any_number_of_times() {
        let mut story = Story::begin();
        claimed(&mut story, false);
        open(&mut story, 70);
        claimed(&mut story, false);
        open(&mut story, 71);
        assert_eq!(story.rules(), []);
        let mut fallback = Story::begin();
        claimed(&mut fallback, true);
        open(&mut fallback, 70);
        open(&mut fallback, 71);
        assert_eq!(fallback.rules(), []);
        assert_eq!(fallback.judge().marks.of(Rule::C10), 0);
    }

    #[test]
    fn a_session_that_the_store_lost_does_not_count() {
        let mut story = Story::begin();
        claimed(&mut story, false);
        open(&mut story, 70);
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot: SimTime::from_ms(5) });
        open(&mut story, 71);
        assert_eq!(story.rules(), []);
    }
}
