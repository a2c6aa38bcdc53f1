//! U-10 (recipient, SHOULD; uploading keys, MSC2732): the private parts of at the most two fallback keys are kept. Every reading
//! agrees. It does not know what a store that went back still has.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::life::Moment;
use crate::check::view::pairs::row;
use crate::ids::{FactId, KeyValue};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// How many are kept.
const KEPT_MAX: usize = 2;

/// The judge of U-10: a third fallback key.
#[derive(Debug, Clone, Default)]
pub(crate) struct TwoAtMost {
    /// By device: the fallback keys whose private half did not go.
    held: Vec<Vec<(KeyValue, Moment)>>,
    /// By device: the last fallback key that its server took.
    last: Vec<Option<FactId>>,
}

impl Judge for TwoAtMost {
    const HEARS: Kinds = Kinds::of(&[Kind::FallbackKeyUp, Kind::PrivateKeyGone]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        if let FactKind::PrivateKeyGone { device, key, .. } = case.fact.kind {
            row(&mut self.held, device.index()).retain(|(held, _)| *held != key);
        } else if let FactKind::FallbackKeyUp { device, key } = case.fact.kind {
            let (life, now) = (&case.view.life, case.fact.id);
            let last = row(&mut self.last, device.index()).replace(now);
            // Of the first that comes after a store went back it is not known whether it was made before that and is lost. Nor is
            // it of one that came of something from before.
            let because = case.fact.causes.iter().min().unwrap_or(now);
            let since = last.unwrap_or(FactId::new(0)).min(because);
            let may_be_lost = life.restored_since(device, since).is_some();
            let held = row(&mut self.held, device.index());
            held.retain(|(_, up)| life.forgiven(device, *up).is_none());
            if !may_be_lost && held.iter().all(|(known, _)| *known != key) {
                held.push((key, case.now()));
            }
            findings.met(Rule::U10);
            if held.len() > KEPT_MAX {
                let witnesses = [Some(held[0].1.fact), Some(case.fact.id)];
                findings.raise(Rule::U10, Party::Device(device), witnesses);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{B1, HOME, Story, device, key_gone};
    use crate::ids::{FactId, KeyValue};
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::{FactKind, LossCause};

    fn up(story: &mut Story, key: u32) -> FactId {
        story.at(HOME, FactKind::FallbackKeyUp { device: B1, key: KeyValue::new(key) })
    }

    /// B1 tells of keys that go, and has two fallback keys.
    fn two() -> (Story, FactId) {
        let mut story = Story::begin();
        story.by(B1, key_gone(B1, 90, LossCause::Used));
        let first = up(&mut story, 0);
        up(&mut story, 1);
        (story, first)
    }

    #[test]
    fn the_oldest_goes_before_the_third_comes() {
        let (mut story, first) = two();
        let mut kept = story.clone();
        story.by(B1, key_gone(B1, 0, LossCause::Expired));
        up(&mut story, 2);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::U10), 3);
        let third = up(&mut kept, 2);
        assert_eq!(kept.rules(), [(Rule::U10, device(B1))]);
        assert_eq!(kept.judge().violations[0].witnesses, [Some(first), Some(third), None]);
    }

    #[test]
    fn the_same_key_once_more_is_no_third() {
        let (mut story, _) = two();
        up(&mut story, 1);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn a_key_that_was_on_its_way_when_the_store_went_back_may_be_lost() {
        let (mut story, _) = two();
        story.wait(1_000);
        let snapshot = story.now();
        story.wait(1_000);
        story.by(B1, FactKind::StoreRestored { device: B1, snapshot });
        up(&mut story, 2);
        assert_eq!(story.rules(), []);
        story.by(B1, key_gone(B1, 0, LossCause::Expired));
        up(&mut story, 3);
        assert_eq!(story.rules(), [], "it holds 1 and 3");
        up(&mut story, 4);
        assert_eq!(story.rules(), [(Rule::U10, device(B1))]);
    }

    #[test]
    fn so_may_be_every_key_that_comes_of_something_from_before() {
        let (mut story, first) = two();
        story.wait(1_000);
        let snapshot = story.now();
        story.wait(1_000);
        story.by(B1, FactKind::StoreRestored { device: B1, snapshot });
        up(&mut story, 2);
        story.by(B1, key_gone(B1, 0, LossCause::Expired));
        let key = KeyValue::new(3);
        story.at(HOME, FactKind::FallbackKeyUp { device: B1, key });
        story.came_of(first);
        up(&mut story, 4);
        assert_eq!(story.rules(), [], "it holds 1 and 4");
    }

    #[test]
    fn a_device_that_drops_none_keeps_too_many() {
        let mut story = Story::begin();
        (0..2).for_each(|key| {
            up(&mut story, key);
        });
        assert_eq!(story.rules(), []);
        up(&mut story, 2);
        assert_eq!(story.rules(), [(Rule::U10, device(B1))]);
    }

    #[test]
    fn a_store_that_went_back_decides_nothing() {
        let (mut story, _) = two();
        story.by(B1, FactKind::StoreRestored { device: B1, snapshot: SimTime::from_ms(1) });
        up(&mut story, 2);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn the_key_that_goes_is_the_one_that_is_named() {
        let (mut story, first) = two();
        story.by(B1, key_gone(B1, 0, LossCause::Expired));
        up(&mut story, 2);
        let third = up(&mut story, 3);
        assert_eq!(story.rules(), [(Rule::U10, device(B1))]);
        let [oldest, ..] = story.judge().violations[0].witnesses;
        assert!(oldest > Some(first) && oldest < Some(third), "not the first, which is gone");
    }

    #[test]
    fn what_an_older_store_does_not_have_any_more_does_not_count() {
        let (mut story, _) = two();
        story.by(B1, FactKind::StoreRestored { device: B1, snapshot: SimTime::from_ms(1) });
        for key in 2..5 {
            up(&mut story, key);
        }
        assert_eq!(story.rules(), [], "2 may be lost as well, and two more are there");
        up(&mut story, 5);
        assert_eq!(story.rules(), [(Rule::U10, device(B1))]);
    }
}
