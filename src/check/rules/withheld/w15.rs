//! W-15 (sender, MAY; specification, `reason` of `m.room_key.withheld`): a notice may carry a text, which then is a
//! string (a breach in every reading); one that names another reason than the code is a warning. It does not know other
//! languages than English.

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::protocol::withheld::{Field, WithheldCode};
use crate::rulebook::reading::Severity;
use crate::rulebook::rule::Rule;

/// The judge of W-15.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ReasonFits;

/// Words that tell a code, in lower case.
const fn words(code: WithheldCode) -> &'static [&'static str] {
    match code {
        WithheldCode::Blacklisted => &["blacklist", "blocked", "banned"],
        WithheldCode::Unverified => &["unverified", "not verified", "cross-signed", "untrusted"],
        WithheldCode::Unauthorised => {
            &["unauthorised", "unauthorized", "not authorised", "not authorized", "not allowed"]
        }
        WithheldCode::Unavailable => &["unavailable", "not available", "not found"],
        WithheldCode::NoOlm => &["olm", "secure channel", "one-time key"],
        WithheldCode::HistoryNotShared => &["history"],
    }
}

/// Whether a text in lower case tells of another code and not of this one.
fn names_another(text: &str, code: WithheldCode) -> bool {
    // Every notice may speak of Megolm.
    let text = text.replace("megolm", "");
    let tells = |code| words(code).iter().any(|word| text.contains(word));
    !tells(code) && WithheldCode::ALL.into_iter().any(tells)
}

impl NoticeJudge for ReasonFits {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        let reason = accepted.notice.content.reason;
        if reason == Field::Absent {
            return;
        }
        findings.met(Rule::W15);
        if !reason.is_string() {
            accepted.raise_as(Severity::Violation, Rule::W15, findings);
            return;
        }
        let (Field::Is(text) | Field::Other(text)) = reason else { return };
        if let (Some(code), Some(text)) =
            (accepted.notice.code.known(), accepted.view.cast.text(text))
            && names_another(&text.to_lowercase(), code)
        {
            accepted.raise(Rule::W15, findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{names_another, words};
    use crate::check::testing::{A1, B1, Story, about, device, s};
    use crate::ids::Sym;
    use crate::protocol::withheld::{Field, SessionCode, WithheldCode, WithheldContent};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::Party;

    fn with(reason: Field<Sym>, mut story: Story) -> Vec<(Rule, Party, Severity)> {
        let content = about(A1, s(0), SessionCode::Blacklisted);
        story.tell((A1, B1), WithheldContent { reason, ..content });
        let lenient = story.judge_as(ReadingName::Lenient).violations;
        let found = story.judge().violations;
        assert_eq!(found, lenient, "every reading agrees");
        found.iter().map(|found| (found.rule, found.party, found.severity)).collect()
    }

    fn saying(text: &str) -> Vec<(Rule, Party, Severity)> {
        let mut story = Story::blocked();
        let reason = Field::Is(story.text(text));
        with(reason, story)
    }

    #[test]
    fn a_text_that_fits_or_says_nothing_of_a_code_is_right() {
        assert_eq!(saying("The sender has blocked you."), []);
        assert_eq!(saying("Ask again tomorrow."), []);
        assert_eq!(saying("This Megolm session is not for you"), []);
        assert_eq!(saying("Blocked, as your device is unverified"), []);
        assert_eq!(with(Field::Absent, Story::blocked()), []);
        assert_eq!(with(Field::Is(Sym::new(60)), Story::blocked()), [], "nobody told the text");
    }

    #[test]
    fn a_text_of_another_code_is_a_warning() {
        let warning = [(Rule::W15, device(A1), Severity::Warning)];
        assert_eq!(saying("Unable to establish a secure channel"), warning);
    }

    #[test]
    fn what_is_no_string_is_a_breach() {
        let breach = [(Rule::W15, device(A1), Severity::Violation)];
        assert_eq!(with(Field::NotAString, Story::blocked()), breach);
    }

    #[test]
    fn every_code_has_words_that_tell_it_from_the_others() {
        for code in WithheldCode::ALL {
            assert!(!names_another(words(code)[0], code));
            let others = WithheldCode::ALL.into_iter().filter(|other| *other != code);
            assert!(others.into_iter().all(|other| names_another(words(code)[0], other)));
        }
    }
}
