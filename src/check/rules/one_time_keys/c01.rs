//! C-01 (server, MUST; specification, one-time keys): each one-time key is handed out at most once. Every reading
//! agrees. It does not know what became of the messages that were built on the key.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, Observer};
use crate::trace::kind::{Kind, Kinds};

/// The judge of C-01: each time that a key is handed out once more is a breach.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct HandedOutOnce;

impl Judge for HandedOutOnce {
    const HEARS: Kinds = Kinds::of(&[Kind::KeyHandedOut]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::KeyHandedOut { target, key, fallback, .. } = case.fact.kind else {
            return;
        };
        let first = case.view.one_time_keys.first_handed_out(key);
        // What was a one-time key once does not become a fallback key.
        if fallback && first.is_none() {
            return;
        }
        findings.met(Rule::C01);
        if first == Some(case.fact.id) {
            return;
        }
        let server = match case.fact.observer {
            Observer::Server(server) => server,
            Observer::World | Observer::Device(_) => case.view.cast.server_of(target),
        };
        findings.raise(Rule::C01, Party::Server(server), [first, Some(case.fact.id)]);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{B1, HOME, Story};
    use crate::ids::{FactId, KeyValue};
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::Party;
    use crate::trace::fact::FactKind;

    fn hand_out(story: &mut Story, key: u32, fallback: bool) -> FactId {
        let (target, key, claim) = (B1, KeyValue::new(key), None);
        story.at(HOME, FactKind::KeyHandedOut { target, key, fallback, claim })
    }

    #[test]
    fn a_key_that_is_handed_out_once_is_right() {
        let mut story = Story::begin();
        hand_out(&mut story, 1, false);
        hand_out(&mut story, 2, false);
        let outcome = story.judge();
        assert_eq!(outcome.violations, []);
        assert_eq!(outcome.marks.of(Rule::C01), 2);
    }

    #[test]
    fn a_key_that_is_handed_out_twice_is_a_breach_of_its_server() {
        let mut story = Story::begin();
        let first = hand_out(&mut story, 1, false);
        let second = hand_out(&mut story, 1, false);
        let outcome = story.judge();
        assert_eq!(story.rules(), [(Rule::C01, Party::Server(HOME))]);
        assert_eq!(outcome.violations[0].witnesses, [Some(first), Some(second), None]);
    }

    #[test]
    fn a_fallback_key_may_be_handed_out_again() {
        let mut story = Story::begin();
        hand_out(&mut story, 1, true);
        hand_out(&mut story, 1, true);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::C01), 0);
    }

    #[test]
    fn without_the_servers_facts_there_is_nothing_to_decide() {
        let mut story = Story::begin();
        story.claim(crate::check::testing::A1, B1);
        assert_eq!(story.judge().marks.of(Rule::C01), 0);
    }
}
