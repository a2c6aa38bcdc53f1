//! W-06 (sender, MUST; specification, `code` of `m.room_key.withheld`): codes that begin with `m.` are of the defined
//! set; one of a client's own that has no dotted prefix is a warning. It does not know whether the code is true.

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::protocol::withheld::Field;
use crate::rulebook::reading::Severity;
use crate::rulebook::rule::Rule;

/// The judge of W-06.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct KnownCode;

/// Whether the code has a prefix that is separated by dots, as a reversed domain is.
fn has_prefix(code: &str) -> bool {
    code.split_once('.').is_some_and(|(first, rest)| !first.is_empty() && !rest.is_empty())
}

impl NoticeJudge for KnownCode {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        let code = match accepted.notice.content.code {
            Field::Absent | Field::NotAString => return,
            Field::Is(_) => None,
            Field::Other(text) => match accepted.view.cast.text(text) {
                Some(text) => Some(text),
                None => return,
            },
        };
        findings.met(Rule::W06);
        match code {
            Some(code) if code.starts_with("m.") => accepted.raise(Rule::W06, findings),
            Some(code) if !has_prefix(code) => {
                accepted.raise_as(Severity::Warning, Rule::W06, findings);
            }
            Some(_) | None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device, odd, s};
    use crate::ids::Sym;
    use crate::protocol::withheld::{Field, WithheldCode};
    use crate::rulebook::reading::Severity;
    use crate::rulebook::rule::Rule;

    fn with(code: &str) -> Vec<(Rule, Severity)> {
        let mut story = Story::blocked();
        let code = Field::Other(story.text(code));
        story.tell((A1, B1), odd(s(0), code));
        let violations = story.judge().violations;
        assert!(violations.iter().all(|violation| violation.party == device(A1)));
        violations.iter().map(|violation| (violation.rule, violation.severity)).collect()
    }

    #[test]
    fn codes_of_the_specification_and_codes_with_a_reversed_domain_are_right() {
        assert_eq!(with("org.example.too_busy"), []);
        let mut story = Story::blocked();
        story.tell((A1, B1), odd(s(0), Field::Is(WithheldCode::Blacklisted)));
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::W06), 1);
    }

    #[test]
    fn another_code_of_the_specifications_namespace_is_a_breach() {
        assert_eq!(with("m.unauthorized"), [(Rule::W06, Severity::Violation)]);
    }

    #[test]
    fn a_code_without_a_prefix_is_a_warning() {
        for code in ["too_busy", ".too_busy", "too_busy."] {
            assert_eq!(with(code), [(Rule::W06, Severity::Warning)], "{code}");
        }
    }

    #[test]
    fn a_code_of_which_nobody_told_the_text_is_not_judged() {
        let mut story = Story::blocked();
        story.tell((A1, B1), odd(s(0), Field::Other(Sym::new(50))));
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::W06), 0);
    }
}
