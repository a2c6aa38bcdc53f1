//! C-07 (server, MUST; extensions to /sync, MSC2732): every sync answer has `device_unused_fallback_key_types`. Every reading
//! agrees. It does not know whether what the field says is true; C-04 does.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of C-07: an answer without the field is a breach.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FallbackTypesTold;

impl Judge for FallbackTypesTold {
    const HEARS: Kinds = Kinds::of(&[Kind::KeyCounts]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        if let FactKind::KeyCounts { device, unused_fallback, .. } = case.fact.kind {
            findings.met(Rule::C07);
            if unused_fallback.is_none() {
                let server = Party::Server(case.view.cast.server_of(device));
                findings.raise(Rule::C07, server, [Some(case.fact.id)]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{AWAY, C1, Story};
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::Party;
    use crate::trace::fact::FactKind;

    fn told(unused_fallback: Option<bool>) -> Story {
        let mut story = Story::begin();
        story.by(C1, FactKind::KeyCounts { device: C1, one_time: Some(0), unused_fallback });
        story
    }

    #[test]
    fn the_field_is_always_there_and_may_be_empty() {
        for told in [Some(true), Some(false)].map(told) {
            assert_eq!(told.rules(), []);
            assert_eq!(told.judge().marks.of(Rule::C07), 1);
        }
    }

    #[test]
    fn an_answer_without_it_is_a_breach_of_the_devices_own_server() {
        let story = told(None);
        assert_eq!(story.rules(), [(Rule::C07, Party::Server(AWAY))]);
        assert_eq!(story.judge_cut().violations.len(), 1);
    }

    #[test]
    fn without_answers_there_is_nothing_to_decide() {
        assert_eq!(Story::begin().judge().marks.of(Rule::C07), 0);
    }
}
