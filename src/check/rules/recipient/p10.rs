//! P-10 (recipient, implied; specification, `m.unavailable`): how a request ended, or what another user says, does not
//! take the place of the reason that the session's creator gave. It does not know reasons that come later (P-09).

use crate::check::findings::Findings;
use crate::check::rules::recipient::p09::is_weaker;
use crate::check::rules::unread::Unread;
use crate::check::rules::{Case, Judge};
use crate::rulebook::rule::Rule;
use crate::trace::fact::Shown;
use crate::trace::kind::{Kind, Kinds};

/// The judge of P-10.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OwnWordStays;

impl Judge for OwnWordStays {
    const HEARS: Kinds = Kinds::of(&[Kind::Try]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let Some(unread) = Unread::of(case) else { return };
        let (Shown::Code { notice: Some(stored), .. } | Shown::Reason { notice: stored, .. }) =
            unread.shown
        else {
            return;
        };
        let creator = unread.encrypted.sender;
        let own = case.view.own_word_about(unread.device, unread.encrypted.session, creator);
        let Some(own) = own else { return };
        findings.met(Rule::P10);
        let no_olm = unread.notice(case).is_some_and(|(notice, _)| notice.is_no_olm());
        if !no_olm && is_weaker(case.view, stored, creator) {
            unread.raise(Rule::P10, Some(own.moment.fact), findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::sending::Sent;
    use crate::check::testing::{B1, B2, R, Story, about, device, rules, s};
    use crate::protocol::to_device::KeyRequestAction;
    use crate::protocol::withheld::{SessionCode, WithheldCode};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::FactKind;

    /// B1 was told by the sender that it is blocked, and by B2 that B2 lacks the key.
    fn told_twice() -> (Story, [Sent; 2]) {
        let mut story = Story::blocked();
        story.up(B2);
        let own = story.withhold(s(0), SessionCode::Blacklisted);
        story.hear(own);
        story.message(s(0), 0, 0);
        story.request((B1, B2), 1, KeyRequestAction::Request { room: R, session: s(0) });
        let reply = story.tell((B2, B1), about(B2, s(0), SessionCode::Unavailable));
        story.hear(reply);
        (story, [own, reply])
    }

    #[test]
    fn the_senders_own_word_stays() {
        let (mut story, [own, _]) = told_twice();
        story.shows_from(B1, 0, (WithheldCode::Blacklisted, own));
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::P10), 1);
    }

    #[test]
    fn an_answer_in_its_place_is_a_breach_and_a_warning_in_the_lenient_reading() {
        let (mut story, [_, reply]) = told_twice();
        story.shows_from(B1, 0, (WithheldCode::Unavailable, reply));
        assert_eq!(story.rules(), [(Rule::P10, device(B1))]);
        let lenient = story.judge_as(ReadingName::Lenient);
        assert_eq!(rules(&lenient), [(Rule::P10, device(B1))]);
        assert_eq!(lenient.violations[0].severity, Severity::Warning);
    }

    #[test]
    fn an_answer_alone_may_be_shown_also_where_an_older_store_forgot_the_senders_word() {
        let (mut story, [_, reply]) = told_twice();
        let snapshot = SimTime::from_ms(5);
        story.by(B1, FactKind::StoreRestored { device: B1, snapshot });
        story.shows_from(B1, 0, (WithheldCode::Unavailable, reply));
        assert!(!story.rules().contains(&(Rule::P10, device(B1))));
    }
}
