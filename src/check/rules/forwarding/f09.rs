//! F-09 (recipient, implied; MSC2399; P-03): what comes before a forwarded key that says why it is partial is shown
//! with that reason. Judged at rest. It does not know other reasons that the device was told for the session: any of
//! these may be shown instead.

use crate::check::findings::Findings;
use crate::check::rules::unread::Unread;
use crate::check::rules::{AtRest, Case, Judge};
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::{KeySource, Shown};
use crate::trace::kind::Kinds;

/// The judge of F-09.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ReasonBelow;

impl Judge for ReasonBelow {
    const HEARS: Kinds = Kinds::NONE;

    fn hear(&mut self, _: Case<'_>, _: &mut Findings) {}

    fn rest(&mut self, at_rest: AtRest<'_>, findings: &mut Findings) {
        let view = at_rest.view;
        for Unread { message, device, encrypted, shown, attempt } in at_rest.unread() {
            let Some(held) = view.holdings.of(device, encrypted.session) else { continue };
            let code = match held.source {
                KeySource::Forwarded { withheld: Some(code) } if encrypted.index < held.first => {
                    code
                }
                KeySource::Forwarded { .. }
                | KeySource::RoomKey
                | KeySource::Backup
                | KeySource::Bundle { .. }
                | KeySource::Own => continue,
            };
            if view.held_since(device, encrypted.session).is_none()
                || view.life.lost_since(device, attempt).is_some()
                || view.life.ended(device).is_some() && attempt < held.taken.fact
            {
                continue;
            }
            findings.met(Rule::F09);
            let fits = match shown {
                Shown::Code { code: shown, .. } => {
                    let mut heard = view.heard_about(device, encrypted.session);
                    let bundled = view.bundles.not_shared(device, encrypted.session);
                    shown == code
                        || heard.any(|heard| heard.notice.code.known() == Some(shown))
                        || shown == WithheldCode::HistoryNotShared && bundled.is_some()
                }
                Shown::Reason { .. } => true,
                Shown::Unexplained => false,
            };
            if !fits {
                let witnesses = [Some(held.taken.fact), Some(attempt)];
                findings.raise_at((message, device), Rule::F09, Party::Device(device), witnesses);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{B1, B2, Story, device, rules, s};
    use crate::ids::{DeviceId, FactId};
    use crate::protocol::to_device::{ForwardedWithheld, ToDeviceType};
    use crate::protocol::withheld::{Field, SessionCode, WithheldCode};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::FactKind;

    /// B1 has a forwarded key from 3 on that says why, and could not read message 0.
    fn partial() -> Story {
        let mut story = Story::blocked();
        story.message(s(0), 0, 0);
        let code = Field::Is(WithheldCode::Blacklisted);
        let withheld = Some(ForwardedWithheld { code, reason: Field::Absent });
        let sent =
            story.send((B2, B1), ToDeviceType::Encrypted, Story::forwarded(s(0), 3, withheld));
        story.take_forward(sent, Some(WithheldCode::Blacklisted));
        story
    }

    fn shows(story: &mut Story, device: DeviceId, code: WithheldCode) -> FactId {
        story.shows(device, 0, code)
    }

    fn broken(story: &Story) -> bool {
        story.rules().contains(&(Rule::F09, device(B1)))
    }

    #[test]
    fn the_reason_that_came_with_the_key_is_shown() {
        let mut story = partial();
        shows(&mut story, B1, WithheldCode::Blacklisted);
        assert!(!broken(&story));
        assert_eq!(story.judge().marks.of(Rule::F09), 1);
    }

    #[test]
    fn nothing_or_another_is_a_breach_and_a_warning_in_the_lenient_reading() {
        let mut nothing = partial();
        nothing.shows_nothing(B1, 0);
        let mut other = partial();
        shows(&mut other, B1, WithheldCode::Unverified);
        for story in [nothing, other] {
            assert!(broken(&story));
            assert!(!rules(&story.judge_cut()).contains(&(Rule::F09, device(B1))));
            let lenient = story.judge_as(ReadingName::Lenient).violations;
            let found = lenient.iter().find(|found| found.rule == Rule::F09).unwrap();
            assert_eq!(found.severity, Severity::Warning);
        }
    }

    #[test]
    fn another_reason_that_was_told_for_the_session_may_be_shown() {
        let mut story = partial();
        let sent = story.withhold(s(0), SessionCode::Unverified);
        story.hear(sent);
        shows(&mut story, B1, WithheldCode::Unverified);
        assert!(!broken(&story));
    }

    #[test]
    fn who_forgot_the_key_or_went_before_it_could_look_again_is_excused() {
        let mut restored = partial();
        restored.shows_nothing(B1, 0);
        let mut ended = restored.clone();
        let snapshot = restored.now();
        let mut kept = restored.clone();
        restored.by(B1, FactKind::StoreRestored { device: B1, snapshot });
        assert!(!broken(&restored));
        kept.goes_back_a_little(B1);
        assert!(broken(&kept), "nothing of that is lost");
        ended.by(B1, FactKind::Crashed { device: B1 });
        assert!(broken(&ended), "it tried with the key at hand");
        let mut early = Story::blocked();
        early.message(s(0), 0, 0);
        early.shows_nothing(B1, 0);
        let code = Field::Is(WithheldCode::Blacklisted);
        let withheld = Some(ForwardedWithheld { code, reason: Field::Absent });
        let content = Story::forwarded(s(0), 3, withheld);
        let sent = early.send((B2, B1), ToDeviceType::Encrypted, content);
        early.take_forward(sent, Some(WithheldCode::Blacklisted));
        assert!(broken(&early), "it never looked again");
        early.by(B1, FactKind::Crashed { device: B1 });
        assert!(!broken(&early));
    }
}
