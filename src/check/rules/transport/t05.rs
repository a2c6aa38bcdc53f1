//! T-05 (server, SHOULD; send-to-device messaging): one sync answer lists a limited number of messages; a hundred is recommended.
//! A warning in every reading. It does not know how large an answer is otherwise.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::life::Moment;
use crate::ids::DeviceId;
use crate::rulebook::rule::Rule;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The recommended limit.
const LISTED_MAX: u32 = 100;

/// The judge of T-05. A server writes down in one go what one answer lists.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct BatchSize {
    run: Option<(DeviceId, Moment, u32)>,
}

impl Judge for BatchSize {
    const HEARS: Kinds = Kinds::of(&[Kind::Listed]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::Listed { device, .. } = case.fact.kind else { return };
        let (now, fact) = (case.now(), case.fact.id);
        let follows = |last: Moment| last.fact.raw() + 1 == fact.raw() && last.at == now.at;
        let length = match self.run {
            Some((of, last, length)) if of == device && follows(last) => length + 1,
            Some(_) | None => {
                findings.met(Rule::T05);
                1
            }
        };
        self.run = Some((device, now, length));
        if length == LISTED_MAX + 1 {
            findings.raise(Rule::T05, case.server(device), [Some(fact)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, HOME, Story, s};
    use crate::rulebook::reading::Severity;
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::Party;
    use crate::trace::fact::ProcessOutcome;

    /// An answer that lists so many messages.
    fn answer(count: u32) -> Story {
        let mut story = Story::with_olm();
        let sent: Vec<_> = (0..count).map(|first| story.give((A1, B1), s(first), 0)).collect();
        for sent in &sent {
            story.same_instant();
            story.listed(*sent);
        }
        for sent in sent {
            story.opened(sent);
            story.processed(sent, ProcessOutcome::Ignored);
            story.acknowledged(sent);
        }
        story
    }

    #[test]
    fn a_hundred_messages_in_one_answer_are_right_and_more_are_worth_one_warning() {
        let right = answer(100);
        assert_eq!(right.broken_of(&[Rule::T05]), []);
        let wrong = answer(105);
        assert_eq!(wrong.broken_of(&[Rule::T05]), [(Rule::T05, Party::Server(HOME))]);
        let outcome = wrong.judge();
        let found = outcome.violations.iter().find(|found| found.rule == Rule::T05);
        assert_eq!(found.map(|found| found.severity), Some(Severity::Warning));
    }

    #[test]
    fn many_answers_may_list_more_together() {
        let mut story = Story::with_olm();
        for first in 0..120 {
            story.deliver((A1, B1), s(first), 0);
        }
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::T05), 120);
    }
}
