//! W-03 (sender, MUST; specification, content of `m.room_key.withheld`): `algorithm`, `sender_key` and `code` are there
//! and are strings. The draft has `code` optional. It does not know what they should say.

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::check::view::View;
use crate::check::view::notices::{Notice, NoticeCode};
use crate::rulebook::rule::Rule;

/// The judge of W-03.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Required;

/// Whether the code is missing where it must not be.
pub(crate) fn has_no_code(view: &View, notice: &Notice) -> bool {
    notice.code == NoticeCode::Missing && !view.reading.code_optional
}

impl NoticeJudge for Required {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        findings.met(Rule::W03);
        let content = accepted.notice.content;
        let complete = content.algorithm.is_string() && content.sender_key.is_string();
        if !complete || has_no_code(accepted.view, accepted.notice) {
            accepted.raise(Rule::W03, findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, about, device, rules, s};
    use crate::protocol::withheld::{Field, SessionCode, WithheldContent};
    use crate::rulebook::reading::ReadingName;
    use crate::rulebook::rule::Rule;

    fn with(content: WithheldContent) -> Story {
        let mut story = Story::blocked();
        story.tell((A1, B1), content);
        story
    }

    fn whole() -> WithheldContent {
        about(A1, s(0), SessionCode::Blacklisted)
    }

    #[test]
    fn a_notice_that_has_all_three_is_right() {
        assert_eq!(with(whole()).rules(), []);
        assert_eq!(with(whole()).judge().marks.of(Rule::W03), 1);
    }

    #[test]
    fn each_of_them_must_be_there_and_be_a_string() {
        for content in [
            WithheldContent { algorithm: Field::Absent, ..whole() },
            WithheldContent { algorithm: Field::NotAString, ..whole() },
            WithheldContent { sender_key: Field::Absent, ..whole() },
            WithheldContent { sender_key: Field::NotAString, ..whole() },
            WithheldContent { code: Field::Absent, ..whole() },
            WithheldContent { code: Field::NotAString, ..whole() },
        ] {
            assert_eq!(with(content).rules(), [(Rule::W03, device(A1))], "{content:?}");
        }
    }

    #[test]
    fn the_draft_does_without_a_code_and_without_nothing_else() {
        let no_code = WithheldContent { code: Field::Absent, ..whole() };
        assert_eq!(rules(&with(no_code).judge_as(ReadingName::Draft)), []);
        assert_eq!(rules(&with(no_code).judge_as(ReadingName::Lenient)).len(), 1);
        let no_key = WithheldContent { sender_key: Field::Absent, ..whole() };
        assert_eq!(rules(&with(no_key).judge_as(ReadingName::Draft)), [(Rule::W03, device(A1))]);
    }
}
