//! P-02 (recipient, SHOULD; MSC2399 only, A-02): what is shown for a message of a session that a notice withholds is
//! that notice's code. It does not know a device that shows nothing at all, which the decision tree finds, nor answers
//! (P-10).

use crate::check::findings::Findings;
use crate::check::rules::unread::Unread;
use crate::check::rules::{Case, Judge};
use crate::check::view::View;
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::rule::Rule;
use crate::trace::fact::Shown;
use crate::trace::kind::{Kind, Kinds};

/// The judge of P-02 where something is shown.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SaysWhatItHeard;

impl Judge for SaysWhatItHeard {
    const HEARS: Kinds = Kinds::of(&[Kind::Try]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let Some(unread) = Unread::of(case) else { return };
        let Shown::Code { code, notice: named } = unread.shown else { return };
        if named.is_none() {
            return unnamed(unread, code, case.view, findings);
        }
        let Some((notice, message)) = unread.notice(case) else { return };
        let session = unread.encrypted.session;
        findings.met(Rule::P02);
        if notice.is_no_olm() {
            let creator = unread.encrypted.sender;
            let better = case.view.own_word_about(unread.device, session, creator);
            if let Some(better) = better.filter(|_| code == WithheldCode::NoOlm) {
                unread.raise(Rule::P02, Some(better.moment.fact), findings);
            }
        }
        let other_code = notice.code.known() != Some(code);
        if message.recipient != unread.device || other_code {
            unread.raise(Rule::P02, Some(message.put.fact), findings);
        }
    }
}

/// A code of which nobody tells where it is from, though the creator of the session has given a reason: it is to be that of a notice that
/// was sent to the device.
fn unnamed(unread: Unread<'_>, code: WithheldCode, view: &View, findings: &mut Findings) {
    let Unread { device, encrypted, .. } = unread;
    let session = encrypted.session;
    // Forwarded keys and bundles bring codes that no notice says.
    if view.forwards.to(device, session).next().is_some() || view.bundles.has_taken(device) {
        return;
    }
    let Some(heard) = view.own_word_about(device, session, encrypted.sender) else { return };
    findings.met(Rule::P02);
    let mut notices = view.notices.naming(session, device);
    let is_told = notices.any(|notice| notice.code.known() == Some(code))
        || code == WithheldCode::NoOlm
            && view.notices.no_olm(encrypted.sender, device).next().is_some();
    if !is_told {
        unread.raise(Rule::P02, Some(heard.moment.fact), findings);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, B2, Story, about, device, rules, s};
    use crate::protocol::withheld::{SessionCode, WithheldCode};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;

    #[test]
    fn the_code_of_the_notice_is_right_and_another_is_not() {
        for (shown, broken) in
            [(WithheldCode::Blacklisted, false), (WithheldCode::Unverified, true)]
        {
            let mut story = Story::blocked();
            let sent = story.withhold(s(0), SessionCode::Blacklisted);
            story.hear(sent);
            story.message(s(0), 0, 0);
            story.shows_from(B1, 0, (shown, sent));
            assert_eq!(story.rules().contains(&(Rule::P02, device(B1))), broken);
            assert!(story.judge().marks.of(Rule::P02) > 0);
            if broken {
                let lenient = story.judge_as(ReadingName::Lenient);
                assert_eq!(rules(&lenient), [(Rule::P02, device(B1))]);
                assert_eq!(lenient.violations[0].severity, Severity::Warning);
            }
        }
    }

    #[test]
    fn a_notice_about_the_session_comes_before_a_no_olm() {
        for heard in [true, false] {
            let mut story = Story::begin();
            story.session(A1, s(0));
            story.claim_fails(A1, B1);
            let no_olm = story.no_olm(A1, B1);
            story.message(s(0), 0, 0);
            story.hear(no_olm);
            story.block(A1, crate::scenario::policy::Target::Device(B1));
            let sent = story.withhold(s(0), SessionCode::Blacklisted);
            if heard {
                story.hear(sent);
            }
            story.shows_from(B1, 0, (WithheldCode::NoOlm, no_olm));
            assert_eq!(story.rules().contains(&(Rule::P02, device(B1))), heard);
        }
    }

    #[test]
    fn a_notice_to_another_device_says_nothing_here() {
        let mut story = Story::blocked();
        story.up(B2);
        story.block(A1, crate::scenario::policy::Target::Device(B2));
        let sent = story.tell((A1, B2), about(A1, s(0), SessionCode::Blacklisted));
        story.message(s(0), 0, 0);
        story.shows_from(B1, 0, (WithheldCode::Blacklisted, sent));
        assert!(story.rules().contains(&(Rule::P02, device(B1))));
    }

    #[test]
    fn a_code_without_a_notice_is_that_of_one_that_was_sent() {
        for (shown, broken) in [
            (WithheldCode::Blacklisted, false),
            (WithheldCode::Unverified, true),
            (WithheldCode::NoOlm, true),
        ] {
            let mut story = Story::blocked();
            let sent = story.withhold(s(0), SessionCode::Blacklisted);
            story.message(s(0), 0, 0);
            let mut early = story.clone();
            early.shows(B1, 0, shown);
            assert!(!early.rules().contains(&(Rule::P02, device(B1))), "it has heard nothing");
            story.hear(sent);
            let mut forwarded = story.clone();
            story.shows(B1, 0, shown);
            assert_eq!(story.rules().contains(&(Rule::P02, device(B1))), broken, "{shown:?}");
            forwarded.forward((B2, B1), s(0), 3);
            forwarded.shows(B1, 0, shown);
            assert!(!forwarded.rules().contains(&(Rule::P02, device(B1))), "B2 may have said it");
        }
    }

    #[test]
    fn of_a_notice_that_nobody_saw_the_code_is_not_known() {
        let mut story = Story::blocked();
        story.message(s(0), 0, 0);
        story.shows(B1, 0, WithheldCode::Unverified);
        assert!(!story.rules().contains(&(Rule::P02, device(B1))));
    }
}
