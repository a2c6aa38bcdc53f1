//! C-06 (server, MUST; extensions to /sync): an answer has `device_one_time_keys_count` while there are unclaimed keys; at zero
//! it may be left out. Every reading agrees. It does not know answers of which no other fact tells when they were written.

use crate::check::rules::one_time_keys::told::OfCounts;
use crate::check::view::View;
use crate::check::view::counts::Counts;
use crate::ids::{DeviceId, FactId};
use crate::rulebook::rule::Rule;

/// The judge of C-06: an answer that leaves the count out and was written while there were keys is a breach.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CountsTold;

impl OfCounts for CountsTold {
    const RULE: Rule = Rule::C06;

    fn since(view: &View, device: DeviceId) -> Option<FactId> {
        view.supply.one_time_since(device)
    }

    fn is_wrong(counts: &Counts) -> bool {
        counts.one_time.is_none()
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, HOME, Story, s};
    use crate::ids::KeyValue;
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::Party;
    use crate::trace::fact::FactKind;

    /// B1 has two keys, is told this, and gets an answer that was written after that if there is one.
    fn told(one_time: Option<u32>, answered: bool) -> Story {
        let mut story = Story::with_olm();
        let first = KeyValue::new(0);
        story.at(HOME, FactKind::OneTimeKeysUp { device: B1, first, count: 2 });
        let unused_fallback = Some(true);
        story.by(B1, FactKind::KeyCounts { device: B1, one_time, unused_fallback });
        if answered {
            let sent = story.give((A1, B1), s(0), 0);
            story.hear(sent);
        }
        story
    }

    #[test]
    fn a_count_that_is_told_is_right_and_one_that_is_left_out_a_breach() {
        let right = told(Some(2), true);
        assert_eq!(right.rules(), []);
        assert_eq!(right.judge().marks.of(Rule::C06), 1);
        let mut wrong = told(None, true);
        assert_eq!(wrong.rules(), [(Rule::C06, Party::Server(HOME))]);
        let (one_time, unused_fallback) = (Some(2), Some(true));
        wrong.by(B1, FactKind::KeyCounts { device: B1, one_time, unused_fallback });
        assert_eq!(wrong.judge_cut().violations.len(), 1, "it is seen before the end");
    }

    #[test]
    fn an_answer_that_may_have_been_written_before_decides_nothing() {
        assert_eq!(told(None, false).judge().marks.of(Rule::C06), 0);
        assert_eq!(told(None, false).rules(), []);
    }

    #[test]
    fn at_zero_the_count_may_be_left_out() {
        let mut story = told(None, false);
        for key in 0..2 {
            let (target, key, fallback, claim) = (B1, KeyValue::new(key), false, None);
            story.at(HOME, FactKind::KeyHandedOut { target, key, fallback, claim });
        }
        let sent = story.give((A1, B1), s(0), 0);
        story.hear(sent);
        assert_eq!(story.rules(), []);
    }
}
