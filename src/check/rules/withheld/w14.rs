//! W-14 (sender, SHOULD NOT; specification 1.19, `m.history_not_shared`): that code occurs in bundles and not in a
//! notice. A breach is a warning in the lenient reading. It does not know bundles.

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::check::view::View;
use crate::check::view::notices::Notice;
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::rule::Rule;

/// The judge of W-14.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct BundlesOnly;

/// Whether the notice has the code of bundles.
pub(crate) fn is_broken(_: &View, notice: &Notice) -> bool {
    notice.code.known() == Some(WithheldCode::HistoryNotShared)
}

impl NoticeJudge for BundlesOnly {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        findings.met(Rule::W14);
        if is_broken(accepted.view, accepted.notice) {
            accepted.raise(Rule::W14, findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device, odd, s};
    use crate::protocol::withheld::{Field, WithheldCode};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;

    fn with(code: WithheldCode) -> Story {
        let mut story = Story::blocked();
        story.tell((A1, B1), odd(s(0), Field::Is(code)));
        story
    }

    #[test]
    fn another_code_is_right_and_this_one_a_breach_that_the_lenient_reading_warns_of() {
        let right = with(WithheldCode::Blacklisted);
        assert_eq!(right.rules(), []);
        assert_eq!(right.judge().marks.of(Rule::W14), 1);
        let wrong = with(WithheldCode::HistoryNotShared);
        assert_eq!(wrong.rules(), [(Rule::W14, device(A1))]);
        for (reading, severity) in [
            (ReadingName::Strict, Severity::Violation),
            (ReadingName::Draft, Severity::Violation),
            (ReadingName::Lenient, Severity::Warning),
        ] {
            assert_eq!(wrong.judge_as(reading).violations[0].severity, severity);
        }
    }
}
