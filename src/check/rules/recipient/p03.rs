//! P-03 (recipient, SHOULD; MSC2399 only, A-02): once a device has a key for the session, a notice covers what comes
//! before the first index of that key, and what the key fits is decrypted. It does not know keys that a crash or an
//! older store took away.

use crate::check::findings::Findings;
use crate::check::rules::unread::Unread;
use crate::check::rules::{AtRest, Case, Judge};
use crate::check::view::View;
use crate::check::view::messages::Encrypted;
use crate::ids::{DeviceId, FactId};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::Shown;
use crate::trace::kind::{Kind, Kinds};

/// The judge of P-03.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct BelowTheKey;

/// The key that the device has and that fits the message, without doubt.
fn fitting_key(view: &View, device: DeviceId, encrypted: &Encrypted) -> Option<FactId> {
    let held = view.holdings.of(device, encrypted.session)?;
    // At the very instant of a snapshot it is not known which came first.
    let fits =
        held.first <= encrypted.index && held.worse.is_none() && view.remembers(device, held.taken);
    view.held_since(device, encrypted.session).filter(|_| fits)
}

/// Whether a notice is blamed for that the message cannot be read.
const fn blames_a_notice(shown: Shown) -> bool {
    match shown {
        Shown::Unexplained => false,
        Shown::Code { .. } | Shown::Reason { .. } => true,
    }
}

impl Judge for BelowTheKey {
    const HEARS: Kinds = Kinds::of(&[Kind::Try]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let Some(unread) = Unread::of(case) else { return };
        if case.view.holdings.of(unread.device, unread.encrypted.session).is_none() {
            return;
        }
        findings.met(Rule::P03);
        if blames_a_notice(unread.shown)
            && let Some(key) = fitting_key(case.view, unread.device, unread.encrypted)
        {
            unread.raise(Rule::P03, Some(key), findings);
        }
    }

    fn rest(&mut self, at_rest: AtRest<'_>, findings: &mut Findings) {
        let view = at_rest.view;
        for Unread { message, device, encrypted, shown, attempt } in at_rest.unread() {
            let excused = view.life.ended(device).is_some()
                || view.life.lost_since(device, attempt).is_some();
            if let Some(key) = fitting_key(view, device, encrypted)
                && key > attempt
                && blames_a_notice(shown)
                && !excused
            {
                let witnesses = [Some(attempt), Some(key)];
                findings.raise_at((message, device), Rule::P03, Party::Device(device), witnesses);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device, rules, s};
    use crate::protocol::withheld::{SessionCode, WithheldCode};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::scenario::policy::Target;
    use crate::time::SimTime;
    use crate::trace::fact::{FactKind, LossCause, TryResult};

    /// B1 was blocked for message 0 and has the key from 1 on.
    fn unblocked() -> Story {
        let mut story = Story::blocked();
        let sent = story.withhold(s(0), SessionCode::Blacklisted);
        story.hear(sent);
        story.message(s(0), 0, 0);
        story.shows_from(B1, 0, (WithheldCode::Blacklisted, sent));
        story.unblock(A1, Target::Device(B1));
        story.olm(A1, B1);
        story.wait(60_000);
        story.deliver((A1, B1), s(0), 1);
        story.message(s(0), 1, 1);
        story
    }

    #[test]
    fn below_the_key_the_notice_holds_and_above_it_is_read() {
        let mut story = unblocked();
        story.tries(B1, 1, TryResult::Decrypted);
        story.shows(B1, 0, WithheldCode::Blacklisted);
        assert_eq!(story.rules(), []);
        assert!(story.judge().marks.of(Rule::P03) > 0);
    }

    #[test]
    fn a_code_where_the_key_fits_is_a_breach_and_a_warning_in_the_lenient_reading() {
        let mut story = unblocked();
        story.shows(B1, 1, WithheldCode::Blacklisted);
        assert_eq!(story.rules(), [(Rule::P03, device(B1))]);
        let lenient = story.judge_as(ReadingName::Lenient);
        assert_eq!(rules(&lenient), [(Rule::P03, device(B1))]);
        assert_eq!(lenient.violations[0].severity, Severity::Warning);
    }

    #[test]
    fn who_does_not_try_again_when_the_key_comes_breaks_it_at_rest() {
        let mut story = Story::with_olm();
        story.message(s(0), 0, 0);
        story.shows(B1, 0, WithheldCode::Blacklisted);
        story.deliver((A1, B1), s(0), 0);
        assert!(story.rules().contains(&(Rule::P03, device(B1))));
        assert!(!rules(&story.judge_cut()).contains(&(Rule::P03, device(B1))));
        story.goes_back_a_little(B1);
        assert!(story.rules().contains(&(Rule::P03, device(B1))), "nothing of that is lost");
        let mut lost = story.clone();
        lost.by(B1, FactKind::StoreRestored { device: B1, snapshot: SimTime::from_ms(1) });
        assert!(!lost.rules().contains(&(Rule::P03, device(B1))));
        story.crash(B1);
        assert!(!story.rules().contains(&(Rule::P03, device(B1))), "it can do nothing any more");
    }

    #[test]
    fn a_key_that_was_lost_fits_nothing() {
        let mut story = unblocked();
        let (device, session, why) = (B1, s(0), LossCause::Wiped);
        story.by(B1, FactKind::KeyLost { device, session, why });
        story.shows(B1, 1, WithheldCode::Blacklisted);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn who_blames_no_notice_for_a_message_that_its_key_fits_is_left_to_other_rules() {
        let mut before = Story::with_olm();
        let key = before.give((A1, B1), s(0), 0);
        before.message(s(0), 0, 0);
        let mut after = before.clone();
        before.take(key);
        before.shows_nothing(B1, 0);
        after.shows_nothing(B1, 0);
        after.take(key);
        for story in [before, after] {
            assert_eq!(story.broken_of(&[Rule::P03]), []);
        }
    }
}
