//! C-04 (server, MUST; one-time keys, MSC2732, keys API): a fallback key that was handed out counts as used until it is replaced,
//! and sync answers say so. Every reading agrees. It does not know answers of which no other fact tells when they were written.

use crate::check::rules::one_time_keys::told::OfCounts;
use crate::check::view::View;
use crate::check::view::counts::Counts;
use crate::ids::{DeviceId, FactId};
use crate::rulebook::rule::Rule;

/// The judge of C-04: an answer that was written after the key went out and still names it as unused is a breach.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct MarkedUsed;

impl OfCounts for MarkedUsed {
    const RULE: Rule = Rule::C04;

    fn since(view: &View, device: DeviceId) -> Option<FactId> {
        view.supply.fallback_used(device)
    }

    fn is_wrong(counts: &Counts) -> bool {
        counts.unused_fallback == Some(true)
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, HOME, Story, s};
    use crate::ids::{FactId, KeyValue};
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::Party;
    use crate::trace::fact::FactKind;

    fn up(story: &mut Story, key: u32) -> FactId {
        story.at(HOME, FactKind::FallbackKeyUp { device: B1, key: KeyValue::new(key) })
    }

    fn used(story: &mut Story, key: u32) -> FactId {
        let (target, key, fallback, claim) = (B1, KeyValue::new(key), true, None);
        story.at(HOME, FactKind::KeyHandedOut { target, key, fallback, claim })
    }

    fn counts(story: &mut Story, unused: bool) -> FactId {
        let (one_time, unused_fallback) = (Some(0), Some(unused));
        story.by(B1, FactKind::KeyCounts { device: B1, one_time, unused_fallback })
    }

    /// An answer that was written now reaches B1.
    fn answer(story: &mut Story) {
        story.session(A1, s(9));
        let sent = story.give((A1, B1), s(9), 0);
        story.hear(sent);
    }

    fn begin() -> Story {
        let mut story = Story::with_olm();
        up(&mut story, 3);
        counts(&mut story, true);
        story
    }

    #[test]
    fn a_used_key_that_is_told_as_used_is_right() {
        let mut story = begin();
        used(&mut story, 3);
        counts(&mut story, false);
        answer(&mut story);
        up(&mut story, 4);
        assert_eq!(story.broken_of(&[Rule::C04]), []);
    }

    #[test]
    fn a_used_key_that_later_answers_do_not_tell_of_is_a_breach() {
        let mut story = begin();
        used(&mut story, 3);
        answer(&mut story);
        story.wait(5);
        assert_eq!(story.broken_of(&[Rule::C04]), [(Rule::C04, Party::Server(HOME))]);
        counts(&mut story, false);
        let cut = story.judge_cut();
        let seen = cut.violations.iter().filter(|found| found.rule == Rule::C04);
        assert_eq!(seen.count(), 1, "and that is seen before the end");
    }

    #[test]
    fn an_answer_that_may_have_been_written_before_decides_nothing() {
        let mut story = begin();
        used(&mut story, 3);
        counts(&mut story, true);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::C04), 0);
    }

    #[test]
    fn a_replaced_key_is_unused_again() {
        let mut story = begin();
        used(&mut story, 3);
        up(&mut story, 4);
        answer(&mut story);
        assert_eq!(story.broken_of(&[Rule::C04]), []);
    }
}
