//! C-02 (server, MUST; keys API, server-server API, MSC4225): one-time keys are handed out in the order of their uploads, those of
//! one upload in any order. Every reading agrees. It does not know what a server has that nobody saw uploaded.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::rulebook::rule::Rule;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of C-02: a key that goes out while one of an earlier upload is left is a breach.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct UploadOrder;

impl Judge for UploadOrder {
    const HEARS: Kinds = Kinds::of(&[Kind::KeyHandedOut]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::KeyHandedOut { target, key, fallback: false, .. } = case.fact.kind else {
            return;
        };
        let view = case.view;
        let again = view.one_time_keys.first_handed_out(key) != Some(case.fact.id);
        if again || view.supply.batch_of(key).is_none() {
            return;
        }
        findings.met(Rule::C02);
        let before = view.supply.batches_before(key);
        if let Some(older) = before.iter().find(|batch| batch.unclaimed > 0) {
            let witnesses = [Some(older.up.fact), Some(case.fact.id)];
            findings.raise(Rule::C02, case.server(target), witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{B1, HOME, Story};
    use crate::ids::{FactId, KeyValue};
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::Party;
    use crate::trace::fact::FactKind;

    fn up(story: &mut Story, first: u32, count: u32) -> FactId {
        let first = KeyValue::new(first);
        story.at(HOME, FactKind::OneTimeKeysUp { device: B1, first, count })
    }

    fn hand_out(story: &mut Story, key: u32) -> FactId {
        let key = KeyValue::new(key);
        story.at(HOME, FactKind::KeyHandedOut { target: B1, key, fallback: false, claim: None })
    }

    #[test]
    fn uploads_go_out_one_after_the_other_and_each_in_any_order() {
        let mut story = Story::begin();
        up(&mut story, 0, 2);
        up(&mut story, 2, 2);
        for key in [1, 0, 3, 2] {
            hand_out(&mut story, key);
        }
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::C02), 4);
    }

    #[test]
    fn a_later_upload_before_an_earlier_one_is_used_up_is_a_breach() {
        let mut story = Story::begin();
        let older = up(&mut story, 0, 2);
        up(&mut story, 2, 2);
        hand_out(&mut story, 0);
        let wrong = hand_out(&mut story, 2);
        let outcome = story.judge();
        assert_eq!(story.rules(), [(Rule::C02, Party::Server(HOME))]);
        assert_eq!(outcome.violations[0].witnesses, [Some(older), Some(wrong), None]);
    }

    #[test]
    fn an_upload_that_the_server_lost_is_not_waited_for() {
        let mut story = Story::begin();
        let before = story.now();
        up(&mut story, 0, 2);
        story.at(HOME, FactKind::ServerRestored { server: HOME, snapshot: before });
        up(&mut story, 2, 2);
        hand_out(&mut story, 2);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::C02), 1);
    }

    #[test]
    fn a_key_that_nobody_saw_uploaded_and_one_that_goes_out_again_decide_nothing() {
        let mut story = Story::begin();
        hand_out(&mut story, 9);
        up(&mut story, 0, 1);
        hand_out(&mut story, 0);
        up(&mut story, 1, 1);
        hand_out(&mut story, 0);
        let outcome = story.judge();
        assert_eq!(outcome.marks.of(Rule::C02), 1);
        assert!(outcome.violations.iter().all(|violation| violation.rule != Rule::C02));
    }
}
