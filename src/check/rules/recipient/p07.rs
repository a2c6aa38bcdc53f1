//! P-07 (recipient, SHOULD; specification, `reason` of `m.room_key.withheld`): the text of a notice is shown only if
//! its code is not understood; in the draft also if there is none. It does not know how a client words a code.

use crate::check::findings::Findings;
use crate::check::rules::unread::Unread;
use crate::check::rules::{Case, Judge};
use crate::protocol::withheld::Field;
use crate::rulebook::rule::Rule;
use crate::trace::fact::Shown;
use crate::trace::kind::{Kind, Kinds};

/// The judge of P-07.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct KnownCodeFirst;

impl Judge for KnownCodeFirst {
    const HEARS: Kinds = Kinds::of(&[Kind::Try]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let Some(unread) = Unread::of(case) else { return };
        let Shown::Reason { text, notice: stored } = unread.shown else { return };
        let view = case.view;
        let said = match unread.notice(case) {
            Some((notice, _)) => Some((notice.content.code, notice.content.reason)),
            None => view.transport.number(stored).and_then(|number| {
                let withheld = view.forwards.get(number)?.withheld?;
                Some((withheld.code, withheld.reason))
            }),
        };
        let Some((code, reason)) = said else { return };
        findings.met(Rule::P07);
        let may_be_shown = match code {
            Field::Is(_) => false,
            Field::Other(_) => true,
            Field::Absent | Field::NotAString => view.reading.code_optional,
        };
        if !may_be_shown || text != reason.value() {
            let put = view.transport.number(stored).map(|number| view.transport.get(number).put);
            unread.raise(Rule::P07, put.map(|put| put.fact), findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device, odd, rules, s};
    use crate::ids::Sym;
    use crate::protocol::withheld::{Field, WithheldCode, WithheldContent};
    use crate::rulebook::reading::ReadingName;
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::{Shown, TryResult};

    const TEXT: Sym = Sym::new(40);

    fn shown(code: Field<WithheldCode>, text: Option<Sym>, reading: ReadingName) -> bool {
        let mut story = Story::blocked();
        let reason = Field::Is(TEXT);
        let sent = story.tell((A1, B1), WithheldContent { reason, ..odd(s(0), code) });
        story.hear(sent);
        story.message(s(0), 0, 0);
        let shown = Shown::Reason { text, notice: sent.row };
        story.tries(B1, 0, TryResult::Undecryptable(shown));
        rules(&story.judge_as(reading)).contains(&(Rule::P07, device(B1)))
    }

    #[test]
    fn the_text_of_a_code_that_is_not_understood_may_be_shown() {
        assert!(!shown(Field::Other(Sym::new(41)), Some(TEXT), ReadingName::Strict));
    }

    #[test]
    fn the_text_of_a_known_code_may_not_nor_any_other_text() {
        let known = Field::Is(WithheldCode::Blacklisted);
        for reading in ReadingName::ALL {
            assert!(shown(known, Some(TEXT), reading));
        }
        let custom = Field::Other(Sym::new(41));
        assert!(shown(custom, Some(Sym::new(42)), ReadingName::Strict));
        assert!(shown(custom, None, ReadingName::Strict));
    }

    #[test]
    fn where_there_is_no_code_the_draft_shows_the_text() {
        assert!(shown(Field::Absent, Some(TEXT), ReadingName::Strict));
        assert!(!shown(Field::Absent, Some(TEXT), ReadingName::Draft));
    }

    #[test]
    fn a_text_from_a_message_that_nobody_saw_is_not_judged() {
        let mut story = Story::blocked();
        story.message(s(0), 0, 0);
        let notice = crate::ids::ToDeviceId::new(800);
        let shown = Shown::Reason { text: None, notice };
        story.tries(B1, 0, TryResult::Undecryptable(shown));
        assert_eq!(story.judge().marks.of(Rule::P07), 0);
    }
}
