//! H-10 (sender, implied; `RoomKeyBundle`): withheld entries of a bundle have the form of `m.room_key.withheld`, name room and
//! session, and have another code than `m.no_olm`. A lenient reading warns.
//! It does not know whether the session should have been withheld.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::View;
use crate::protocol::withheld::{Field, WithheldCode, WithheldContent};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of H-10: each entry of another form is a breach.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct EntriesWellFormed;

impl Judge for EntriesWellFormed {
    const HEARS: Kinds = Kinds::of(&[Kind::BundleWithheld]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::BundleWithheld { device, content, .. } = case.fact.kind else { return };
        findings.met(Rule::H10);
        if !is_well_formed(case.view, &content) {
            findings.raise(Rule::H10, Party::Device(device), [Some(case.fact.id)]);
        }
    }
}

fn is_well_formed(view: &View, content: &WithheldContent) -> bool {
    // As W-04 and W-06 have it of notices.
    let other = |text, is_good: fn(&str) -> bool| view.cast.text(text).is_none_or(is_good);
    let names_room = match content.room_id {
        Field::Other(text) => other(text, |text| text.starts_with('!')),
        Field::Is(_) => true,
        Field::Absent | Field::NotAString => false,
    };
    let is_known = match content.code {
        Field::Other(text) => other(text, |text| !text.starts_with("m.")),
        Field::Is(_) | Field::Absent | Field::NotAString => true,
    };
    content.algorithm.value().is_some()
        && names_room
        && is_known
        && content.session_id.is_string()
        && content.sender_key.is_string()
        && content.code.is_string()
        && content.code != Field::Is(WithheldCode::NoOlm)
        && content.reason != Field::NotAString
}

#[cfg(test)]
mod tests {
    use crate::check::testing::bundles::{enters, made, shared};
    use crate::check::testing::{A1, Story, device, odd, rules, s};
    use crate::ids::Sym;
    use crate::protocol::room::HistoryVisibility;
    use crate::protocol::withheld::{Field, WithheldCode, WithheldContent};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;

    fn with(content: WithheldContent) -> Story {
        let mut story = shared(HistoryVisibility::Shared);
        made(&mut story, A1);
        enters(&mut story, A1, content);
        story
    }

    const fn good() -> WithheldContent {
        odd(s(0), Field::Is(WithheldCode::HistoryNotShared))
    }

    #[test]
    fn an_entry_with_everything_is_right_whatever_its_code_says() {
        for code in [
            Field::Is(WithheldCode::HistoryNotShared),
            Field::Is(WithheldCode::Blacklisted),
            Field::Other(Sym::new(0)),
        ] {
            let story = with(odd(s(0), code));
            assert_eq!(story.rules(), [], "{code:?}");
            assert_eq!(story.judge().marks.of(Rule::H10), 1);
        }
    }

    #[test]
    fn an_entry_that_lacks_a_field_or_speaks_of_olm_is_a_breach() {
        for content in [
            WithheldContent { algorithm: Field::Absent, ..good() },
            WithheldContent { room_id: Field::Absent, ..good() },
            WithheldContent { session_id: Field::NotAString, ..good() },
            WithheldContent { sender_key: Field::Absent, ..good() },
            WithheldContent { code: Field::Absent, ..good() },
            WithheldContent { reason: Field::NotAString, ..good() },
            odd(s(0), Field::Is(WithheldCode::NoOlm)),
        ] {
            let story = with(content);
            assert_eq!(story.rules(), [(Rule::H10, device(A1))], "{content:?}");
            let lenient = story.judge_as(ReadingName::Lenient);
            assert_eq!(rules(&lenient), [(Rule::H10, device(A1))]);
            assert_eq!(lenient.violations[0].severity, Severity::Warning);
        }
    }

    #[test]
    fn a_notice_outside_a_bundle_is_no_matter_of_this_rule() {
        let mut story = Story::with_olm();
        story.tell((A1, crate::check::testing::B1), good());
        assert_eq!(story.judge().marks.of(Rule::H10), 0);
    }
}
