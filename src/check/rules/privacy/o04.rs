//! O-04 (sender, implied; MSC2399, security considerations): who does not report a reason to a device sends it no notice with that
//! reason, unasked or as an answer. Strict: a violation, lenient: a warning.
//! It does not know whether the notice is true; W-08 does.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::notices::NoticeCode;
use crate::check::view::transport::Content;
use crate::protocol::withheld::CodeSet;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of O-04: the request that carries the notice breaks it, or where that was not observed, the mailbox that holds it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SilentWhereOptedOut;

impl Judge for SilentWhereOptedOut {
    const HEARS: Kinds = Kinds::of(&[Kind::PutTarget, Kind::Enqueued]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let view = case.view;
        let number = if let FactKind::PutTarget { txn, recipient, .. } = case.fact.kind {
            view.transport.find(txn, recipient)
        } else if let FactKind::Enqueued { txn, message, .. } = case.fact.kind
            && !view.transport.is_observed(txn)
        {
            view.transport.number(message)
        } else {
            None
        };
        let Some(message) = number.map(|number| view.transport.get(number)) else { return };
        let Content::Notice(notice) = message.content else { return };
        let Some(codes) = view.reports(message.sender, message.recipient) else { return };
        findings.met(Rule::O04);
        let is_reported = match view.notices.get(notice).code {
            NoticeCode::Known(code) => codes.contains(code),
            NoticeCode::Custom(_) | NoticeCode::Missing => codes != CodeSet::NONE,
        };
        if !is_reported && !view.doubts.of(message.sender) {
            findings.raise(Rule::O04, Party::Device(message.sender), [Some(case.fact.id)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, BOB, Story, device, odd, s};
    use crate::ids::Sym;
    use crate::protocol::withheld::{CodeSet, Field, SessionCode};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::scenario::policy::Target;
    use crate::time::SimTime;
    use crate::trace::fact::FactKind;

    fn ours(story: &Story) -> usize {
        story.rules().iter().filter(|found| **found == (Rule::O04, device(A1))).count()
    }

    #[test]
    fn who_keeps_silent_towards_a_device_or_of_a_reason_tells_it_nothing() {
        let unverified = CodeSet::NONE.with(crate::protocol::withheld::WithheldCode::Unverified);
        for (target, codes) in [
            (None, CodeSet::NONE),
            (Some(Target::User(BOB)), CodeSet::NONE),
            (Some(Target::Device(B1)), unverified),
        ] {
            let mut story = Story::blocked();
            story.report(A1, target, codes);
            story.withhold(s(0), SessionCode::Blacklisted);
            assert_eq!(ours(&story), 1, "{codes:?}");
            let lenient = story.judge_as(ReadingName::Lenient);
            let found = lenient.violations.iter().find(|found| found.rule == Rule::O04).unwrap();
            assert_eq!(found.severity, Severity::Warning);
        }
    }

    #[test]
    fn what_is_reported_may_be_told() {
        let mut story = Story::blocked();
        story.withhold(s(0), SessionCode::Blacklisted);
        assert_eq!(ours(&story), 0);
        assert_eq!(story.judge().marks.of(Rule::O04), 1);
        story.report(A1, None, CodeSet::NONE);
        assert_eq!(ours(&story), 0, "the choice came later");
    }

    #[test]
    fn a_reason_of_ones_own_is_told_only_by_who_tells_anything() {
        for (codes, expected) in [(CodeSet::ALL, 0), (CodeSet::NONE, 1)] {
            let mut story = Story::blocked();
            story.report(A1, None, codes);
            story.tell((A1, B1), odd(s(0), Field::Other(Sym::new(3))));
            assert_eq!(ours(&story), expected);
        }
    }

    #[test]
    fn a_choice_that_nobody_saw_or_that_the_sender_forgot_is_not_held_against_it() {
        let mut story = Story::empty();
        story.withhold(s(0), SessionCode::Blacklisted);
        assert_eq!(story.judge().marks.of(Rule::O04), 0);
        let mut forgot = Story::blocked();
        forgot.report(A1, None, CodeSet::NONE);
        forgot.by(A1, FactKind::StoreRestored { device: A1, snapshot: SimTime::from_ms(1) });
        forgot.withhold(s(0), SessionCode::Blacklisted);
        assert_eq!(ours(&forgot), 0);
    }

    #[test]
    fn a_notice_whose_sender_nobody_saw_write_it_counts_where_it_lies_and_any_other_once() {
        let mut story = Story::blocked();
        story.report(A1, None, CodeSet::NONE);
        let mut unobserved = story.clone();
        let sent = story.withhold(s(0), SessionCode::Blacklisted);
        unobserved.stored(sent);
        for story in [story, unobserved] {
            assert_eq!(ours(&story), 1);
            assert_eq!(story.judge().marks.of(Rule::O04), 1);
        }
    }

    #[test]
    fn a_wish_for_silence_that_went_with_a_newer_store_is_not_held_against_the_sender() {
        let mut story = Story::blocked();
        story.wait(10);
        let snapshot = story.now();
        story.wait(10);
        story.report(A1, None, CodeSet::NONE);
        let mut told = story.clone();
        told.withhold(s(0), SessionCode::Blacklisted);
        assert_eq!(ours(&told), 1);
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        story.withhold(s(0), SessionCode::Blacklisted);
        assert_eq!(ours(&story), 0);
    }
}
