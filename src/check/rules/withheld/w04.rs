//! W-04 (sender, MUST; specification, content of `m.room_key.withheld`): unless the code is `m.no_olm`, the notice
//! names its room, by an id that begins with `!`, and its session. It does not know whether these exist; W-20 judges
//! that.

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::check::view::View;
use crate::check::view::notices::Notice;
use crate::protocol::withheld::Field;
use crate::rulebook::rule::Rule;

/// The judge of W-04.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NamesSession;

/// Whether room or session are not named.
pub(crate) fn is_broken(view: &View, notice: &Notice) -> bool {
    let no_room_id = match notice.content.room_id {
        Field::Absent | Field::NotAString => true,
        Field::Other(text) => view.cast.text(text).is_some_and(|text| !text.starts_with('!')),
        Field::Is(_) => false,
    };
    no_room_id || !notice.content.session_id.is_string()
}

impl NoticeJudge for NamesSession {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        findings.met(Rule::W04);
        if is_broken(accepted.view, accepted.notice) {
            accepted.raise(Rule::W04, findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, about, device, rules, s};
    use crate::ids::Sym;
    use crate::protocol::withheld::{Field, SessionCode, WithheldContent, WithheldNotice};
    use crate::rulebook::reading::ReadingName;
    use crate::rulebook::rule::Rule;

    fn whole() -> WithheldContent {
        about(A1, s(0), SessionCode::Blacklisted)
    }

    fn broken(story: &mut Story, content: WithheldContent) -> bool {
        story.tell((A1, B1), content);
        story.rules().contains(&(Rule::W04, device(A1)))
    }

    #[test]
    fn room_and_session_are_named_unless_the_code_is_no_olm() {
        assert!(!broken(&mut Story::blocked(), whole()));
        let mut failing = Story::begin();
        failing.claim_fails(A1, B1);
        assert!(!broken(&mut failing, WithheldNotice::NoOlm.content(A1)));
        assert_eq!(failing.judge().marks.of(Rule::W04), 0);
        for content in [
            WithheldContent { room_id: Field::Absent, ..whole() },
            WithheldContent { room_id: Field::NotAString, ..whole() },
            WithheldContent { session_id: Field::Absent, ..whole() },
            WithheldContent { session_id: Field::NotAString, ..whole() },
        ] {
            let mut story = Story::blocked();
            assert!(broken(&mut story, content), "{content:?}");
            assert_eq!(rules(&story.judge_as(ReadingName::Lenient)), [(Rule::W04, device(A1))]);
        }
    }

    #[test]
    fn a_room_id_begins_with_an_exclamation_mark() {
        for (text, wrong) in [("!elsewhere:example.org", false), ("#room:example.org", true)] {
            let mut story = Story::blocked();
            let room_id = Field::Other(story.text(text));
            assert_eq!(broken(&mut story, WithheldContent { room_id, ..whole() }), wrong, "{text}");
        }
        let room_id = Field::Other(Sym::new(77));
        let unread = WithheldContent { room_id, ..whole() };
        assert!(!broken(&mut Story::blocked(), unread), "nobody told what it says");
    }
}
