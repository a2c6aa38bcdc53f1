//! P-09 (recipient, implied; specification, reporting that decryption keys are withheld): a notice that comes after its
//! message changes what is shown for it. Judged at rest: where the sender's own word was heard after something weaker
//! was shown, that must not still be shown. It does not know a device that shows nothing, which the decision tree finds
//! under the same rule.

use crate::check::findings::Findings;
use crate::check::rules::unread::Unread;
use crate::check::rules::{AtRest, Case, Judge};
use crate::check::view::View;
use crate::ids::{DeviceId, ToDeviceId};
use crate::protocol::withheld::{Field, WithheldCode};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::Shown;
use crate::trace::kind::Kinds;

/// The judge of P-09.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LooksBack;

/// Whether a notice is weaker than the own word of the session's creator: `m.no_olm`, the word of another user, or a mere
/// answer to a request.
pub(super) fn is_weaker(view: &View, stored: ToDeviceId, creator: DeviceId) -> bool {
    let Some((notice, message)) = view.notice_of(stored) else { return false };
    let of_other = view.cast.user(message.sender) != view.cast.user(creator);
    let answer =
        matches!(notice.code.known(), Some(WithheldCode::Unavailable | WithheldCode::Unauthorised));
    notice.is_no_olm() || of_other || answer
}

impl Judge for LooksBack {
    const HEARS: Kinds = Kinds::NONE;

    fn hear(&mut self, _: Case<'_>, _: &mut Findings) {}

    fn rest(&mut self, at_rest: AtRest<'_>, findings: &mut Findings) {
        let view = at_rest.view;
        for Unread { message, device, encrypted, shown, attempt } in at_rest.unread() {
            let mut heard = view.heard_about(device, encrypted.session);
            let late = heard.find(|heard| {
                // Of another room it says nothing about this message, whatever session it names.
                let is_elsewhere = match heard.notice.content.room_id {
                    Field::Is(room) => room != encrypted.room,
                    Field::Other(_) => true,
                    Field::Absent | Field::NotAString => false,
                };
                heard.moment.fact > attempt
                    && heard.is_own_word_of(encrypted.sender)
                    && !is_elsewhere
            });
            let Some(late) = late else { continue };
            findings.met(Rule::P09);
            let stands = match shown {
                Shown::Code { notice: Some(stored), .. } | Shown::Reason { notice: stored, .. } => {
                    is_weaker(view, stored, encrypted.sender)
                }
                Shown::Code { notice: None, .. } | Shown::Unexplained => false,
            };
            let held = view.holdings.of(device, encrypted.session);
            let readable = held.is_none_or(|held| held.first <= encrypted.index)
                && view.held_since(device, encrypted.session).is_some();
            if stands && !readable && view.life.lost_since(device, attempt).is_none() {
                let witnesses = [Some(attempt), Some(late.moment.fact)];
                findings.raise_at((message, device), Rule::P09, Party::Device(device), witnesses);
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
    use crate::trace::fact::FactKind;

    /// B1 shows `m.no_olm` for message 0, then hears that it is blocked.
    fn late() -> (Story, crate::check::testing::sending::Sent) {
        let mut story = Story::begin();
        story.session(A1, s(0));
        story.claim_fails(A1, B1);
        let no_olm = story.no_olm(A1, B1);
        story.message(s(0), 0, 0);
        story.hear(no_olm);
        story.shows_from(B1, 0, (WithheldCode::NoOlm, no_olm));
        story.block(A1, Target::Device(B1));
        let sent = story.withhold(s(0), SessionCode::Blacklisted);
        story.hear(sent);
        (story, sent)
    }

    #[test]
    fn what_is_shown_follows_the_late_notice() {
        let (mut story, sent) = late();
        story.shows_from(B1, 0, (WithheldCode::Blacklisted, sent));
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn a_device_that_never_looks_back_breaks_it_at_rest_and_is_warned_in_the_lenient_reading() {
        let (story, _) = late();
        assert_eq!(story.rules(), [(Rule::P09, device(B1))]);
        assert_eq!(rules(&story.judge_cut()), []);
        let lenient = story.judge_as(ReadingName::Lenient);
        assert_eq!(lenient.violations[0].severity, Severity::Warning);
        let mut kept = story.clone();
        kept.goes_back_a_little(B1);
        assert_eq!(kept.rules(), [(Rule::P09, device(B1))], "nothing of that is lost");
        let mut lost = story;
        lost.by(B1, FactKind::StoreRestored { device: B1, snapshot: SimTime::from_ms(1) });
        assert_eq!(lost.rules(), []);
    }

    #[test]
    fn a_device_that_shows_nothing_after_a_late_notice_breaks_the_same_rule() {
        let mut story = Story::blocked();
        let sent = story.withhold(s(0), SessionCode::Blacklisted);
        story.message(s(0), 0, 0);
        story.shows_nothing(B1, 0);
        story.hear(sent);
        assert_eq!(story.rules(), [(Rule::P09, device(B1))]);
        let lenient = story.judge_as(ReadingName::Lenient);
        assert_eq!(lenient.violations[0].severity, Severity::Warning);
    }
}
