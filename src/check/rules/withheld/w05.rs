//! W-05 (sender, SHOULD NOT; specification, content of `m.room_key.withheld`): a `m.no_olm` names neither room nor
//! session. A breach is a warning in the lenient reading. It does not know whether the report was due.

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::protocol::withheld::Field;
use crate::rulebook::rule::Rule;

/// The judge of W-05.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NamesNothing;

impl NoticeJudge for NamesNothing {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        findings.met(Rule::W05);
        let content = accepted.notice.content;
        if content.room_id != Field::Absent || content.session_id != Field::Absent {
            accepted.raise(Rule::W05, findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, R, Story, device, rules, s};
    use crate::protocol::withheld::{Field, WithheldContent, WithheldNotice};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;

    fn with(content: WithheldContent) -> Story {
        let mut story = Story::begin();
        story.claim_fails(A1, B1);
        story.tell((A1, B1), content);
        story
    }

    #[test]
    fn a_report_that_names_nothing_is_right() {
        let story = with(WithheldNotice::NoOlm.content(A1));
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::W05), 1);
    }

    #[test]
    fn a_room_or_a_session_is_a_breach_and_a_warning_in_the_lenient_reading() {
        let plain = WithheldNotice::NoOlm.content(A1);
        for content in [
            WithheldContent { room_id: Field::Is(R), ..plain },
            WithheldContent { session_id: Field::Is(s(0)), ..plain },
            WithheldContent { session_id: Field::NotAString, ..plain },
        ] {
            let story = with(content);
            assert_eq!(story.rules(), [(Rule::W05, device(A1))]);
            let lenient = story.judge_as(ReadingName::Lenient);
            assert_eq!(rules(&lenient), [(Rule::W05, device(A1))]);
            assert_eq!(lenient.violations[0].severity, Severity::Warning);
        }
    }
}
