//! P-08 (recipient, implied; MSC2399; a notice is in clear and anybody can send one): a notice takes no key away and
//! keeps no later key out. It does not know keys that are refused for other reasons: one that reaches no further back
//! may be (P-14).

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{FactKind, LossCause};
use crate::trace::kind::{Kind, Kinds};

/// The judge of P-08.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct KeyStays;

impl Judge for KeyStays {
    const HEARS: Kinds = Kinds::of(&[Kind::KeyLost, Kind::KeyRefused, Kind::Processed]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let (view, fact) = (case.view, case.fact);
        if let FactKind::Processed { message, .. } = fact.kind {
            if view.notice_of(message).is_some() {
                findings.met(Rule::P08);
            }
            return;
        }
        let (device, session) = if let FactKind::KeyLost { device, session, why } = fact.kind {
            if why != LossCause::Notice {
                return;
            }
            (device, session)
        } else if let FactKind::KeyRefused { device, session, first, via } = fact.kind {
            // Only the creator's own room key has a claim to be taken.
            if via.is_some_and(|via| !view.brings_creators_key(via, session)) {
                return;
            }
            let held = view.held_since(device, session).is_some();
            let better = view.holdings.of(device, session).is_some_and(|held| held.first <= first);
            let told = view.heard_about(device, session).next().is_some();
            if !told || held && better {
                return;
            }
            (device, session)
        } else {
            return;
        };
        let heard = view.heard_about(device, session).last().map(|heard| heard.moment.fact);
        findings.raise(Rule::P08, Party::Device(device), [heard, Some(fact.id)]);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device, rules, s};
    use crate::ids::FactId;
    use crate::protocol::withheld::SessionCode;
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::{FactKind, KeySource, LossCause};

    fn told() -> Story {
        let mut story = Story::blocked();
        let sent = story.withhold(s(0), SessionCode::Blacklisted);
        story.hear(sent);
        story
    }

    fn refuse(story: &mut Story, first: u32) -> FactId {
        let (device, session, via) = (B1, s(0), None);
        story.by(B1, FactKind::KeyRefused { device, session, first, via })
    }

    #[test]
    fn a_notice_that_only_is_remembered_is_right() {
        let mut story = told();
        story.key_in(B1, s(0), 3, KeySource::RoomKey);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::P08), 1);
    }

    #[test]
    fn to_drop_a_key_or_to_refuse_one_is_a_breach_and_a_warning_in_the_lenient_reading() {
        let mut dropping = told();
        dropping.key_in(B1, s(0), 3, KeySource::RoomKey);
        let (device, session, why) = (B1, s(0), LossCause::Notice);
        dropping.by(B1, FactKind::KeyLost { device, session, why });
        let mut refusing = told();
        refuse(&mut refusing, 0);
        for story in [dropping, refusing] {
            assert_eq!(story.rules(), [(Rule::P08, crate::check::testing::device(B1))]);
            let lenient = story.judge_as(ReadingName::Lenient);
            assert_eq!(lenient.violations[0].severity, Severity::Warning);
            assert_eq!(rules(&lenient).len(), 1);
        }
    }

    #[test]
    fn a_key_that_is_no_better_may_be_refused_and_so_may_any_where_nothing_was_told() {
        let mut story = told();
        story.key_in(B1, s(0), 3, KeySource::RoomKey);
        refuse(&mut story, 3);
        assert_eq!(story.rules(), []);
        refuse(&mut story, 2);
        assert_eq!(story.rules(), [(Rule::P08, device(B1))]);
        let mut untold = Story::with_olm();
        refuse(&mut untold, 0);
        assert!(!untold.rules().contains(&(Rule::P08, device(B1))));
    }

    #[test]
    fn a_notice_that_a_rolled_back_store_forgot_is_no_reason() {
        let mut story = told();
        let snapshot = SimTime::from_ms(5);
        story.by(B1, FactKind::StoreRestored { device: B1, snapshot });
        refuse(&mut story, 0);
        assert!(!story.rules().contains(&(Rule::P08, device(B1))));
    }

    #[test]
    fn what_is_no_notice_is_no_occasion() {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        assert_eq!(story.judge().marks.of(Rule::P08), 0);
    }
}
