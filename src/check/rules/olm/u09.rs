//! U-09 (recipient, MAY; uploading keys, MSC4225): private one-time keys that were not used may be thrown away, the oldest first. Every
//! reading agrees. It does not know an order among the keys of one upload, nor what a store that went back still has.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, LossCause};
use crate::trace::kind::{Kind, Kinds};

/// The judge of U-09: a key that is thrown away while there is one of an earlier upload.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OldestFirst;

impl Judge for OldestFirst {
    const HEARS: Kinds = Kinds::of(&[Kind::PrivateKeyGone]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::PrivateKeyGone { device, key, why: LossCause::Expired } = case.fact.kind
        else {
            return;
        };
        let (supply, life) = (&case.view.supply, &case.view.life);
        if supply.batch_of(key).is_none() {
            return;
        }
        findings.met(Rule::U09);
        let kept = supply
            .batches_before(key)
            .iter()
            .find(|batch| batch.kept > 0 && life.forgiven(device, batch.up).is_none());
        if let Some(older) = kept {
            let witnesses = [Some(older.up.fact), Some(case.fact.id)];
            findings.raise(Rule::U09, Party::Device(device), witnesses);
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

    /// Keys 0 and 1 in one upload, 2 and 3 in the next.
    fn uploaded() -> (Story, FactId) {
        let mut story = Story::begin();
        let ups = [0, 2].map(|first| {
            story.wait(1_000);
            let first = KeyValue::new(first);
            story.at(HOME, FactKind::OneTimeKeysUp { device: B1, first, count: 2 })
        });
        (story, ups[0])
    }

    #[test]
    fn the_keys_of_the_first_upload_go_first_and_in_any_order() {
        let (mut story, _) = uploaded();
        for key in [1, 0, 3, 2] {
            story.by(B1, key_gone(B1, key, LossCause::Expired));
        }
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::U09), 4);
    }

    #[test]
    fn a_key_that_goes_before_an_older_one_is_a_breach_unless_it_was_used() {
        let (mut story, up) = uploaded();
        story.by(B1, key_gone(B1, 0, LossCause::Used));
        story.by(B1, key_gone(B1, 2, LossCause::Used));
        assert_eq!(story.rules(), []);
        let gone = story.by(B1, key_gone(B1, 3, LossCause::Expired));
        assert_eq!(story.rules(), [(Rule::U09, device(B1))]);
        assert_eq!(story.judge().violations[0].witnesses, [Some(up), Some(gone), None]);
    }

    #[test]
    fn keys_that_a_store_lost_and_keys_of_no_upload_are_not_asked_for() {
        let (mut story, _) = uploaded();
        story.by(B1, key_gone(B1, 90, LossCause::Expired));
        assert_eq!(story.judge().marks.of(Rule::U09), 0);
        story.by(B1, FactKind::StoreRestored { device: B1, snapshot: SimTime::from_ms(1) });
        story.by(B1, key_gone(B1, 3, LossCause::Expired));
        assert_eq!(story.rules(), []);
    }
}
