//! W-13 (sender, implied; specification, `m.unauthorised`): a device that is not allowed to have the key is told so,
//! usually in reply and by one that has it. Unasked it is a warning, and so it is towards an own verified device
//! from a device that lacks the key it is a breach. It does not know the reasons of a user's choice, which W-08
//! judges.

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::check::view::View;
use crate::check::view::notices::Notice;
use crate::check::view::requests::Class;
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::reading::Severity;
use crate::rulebook::rule::Rule;

/// The judge of W-13.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NotAllowed;

/// Whether nobody had asked, and the sender's user had not barred the recipient.
pub(crate) fn is_unasked(_: &View, notice: &Notice) -> bool {
    let so = &notice.circumstances;
    notice.code.known() == Some(WithheldCode::Unauthorised)
        && notice.class == Class::Proactive
        && [so.bar, so.bar_accepted].contains(&None)
}

impl NoticeJudge for NotAllowed {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        let (view, notice) = (accepted.view, accepted.notice);
        if notice.code.known() != Some(WithheldCode::Unauthorised) {
            return;
        }
        findings.met(Rule::W13);
        let (sender, recipient) = (accepted.message.sender, accepted.message.recipient);
        let Class::Reply { since, .. } = notice.class else {
            if is_unasked(view, notice) {
                accepted.raise_as(Severity::Warning, Rule::W13, findings);
            }
            return;
        };
        let so = &notice.circumstances;
        // Whether a crash came before the key was written down nobody can tell.
        let held = notice.session.and_then(|session| view.holdings.of(sender, session));
        let may_hold = held.is_some_and(|held| view.life.cut_off(sender, held.taken).is_some());
        let lacks = so.held_since.is_none() && so.lost.is_none_or(|lost| lost < since) && !may_hold;
        let own = view.cast.user(sender) == view.cast.user(recipient);
        // Who was seen to take in the request is a device that facts tell of: what it has would be known.
        // What it never had is in no older store of it, nor is what had gone before the copy was made.
        let put = accepted.message.put;
        let has_gone =
            so.lost.is_some_and(|lost| view.life.unsettled_since(sender, lost, put).is_none());
        let knows = held.is_none() || has_gone || view.life.unsettled_by(sender, put).is_none();
        if lacks && knows {
            accepted.raise(Rule::W13, findings);
        } else if own && so.trusted && so.bar.is_none() && so.held_since.is_some() {
            accepted.raise_as(Severity::Warning, Rule::W13, findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, A2, ALICE, B1, R, Story, about, device, s};
    use crate::ids::DeviceId;
    use crate::protocol::to_device::KeyRequestAction;
    use crate::protocol::withheld::SessionCode;
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::Party;
    use crate::scenario::policy::Target;
    use crate::trace::fact::{FactKind, KeySource, LossCause};

    fn ask(story: &mut Story, ends: (DeviceId, DeviceId)) {
        story.request(ends, 1, KeyRequestAction::Request { room: R, session: s(0) });
    }

    fn refuse(story: &mut Story, ends: (DeviceId, DeviceId)) {
        story.tell(ends, about(ends.0, s(0), SessionCode::Unauthorised));
    }

    fn found(story: &Story) -> Vec<(Rule, Party, Severity)> {
        let violations = story.judge().violations;
        violations.iter().map(|found| (found.rule, found.party, found.severity)).collect()
    }

    #[test]
    fn who_has_the_key_may_refuse_it_when_asked() {
        let mut story = Story::with_olm();
        ask(&mut story, (B1, A1));
        refuse(&mut story, (A1, B1));
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::W13), 1);
    }

    #[test]
    fn who_lacks_the_key_has_another_answer() {
        let mut story = Story::with_olm();
        story.up(A2);
        story.report(A2, None, crate::protocol::withheld::CodeSet::ALL);
        ask(&mut story, (B1, A2));
        refuse(&mut story, (A2, B1));
        assert_eq!(found(&story), [(Rule::W13, device(A2), Severity::Violation)]);
        let lenient = story.judge_as(ReadingName::Lenient);
        assert_eq!(lenient.violations[0].severity, Severity::Warning);
    }

    #[test]
    fn unasked_it_is_a_warning() {
        let mut story = Story::with_olm();
        refuse(&mut story, (A1, B1));
        assert_eq!(found(&story), [(Rule::W13, device(A1), Severity::Warning)]);
    }

    #[test]
    fn towards_an_own_verified_device_it_is_a_warning() {
        for verified in [true, false] {
            let mut story = Story::with_olm();
            story.up(A2);
            story.learn(A1, ALICE, &[A1, A2]);
            let (device, target) = (A1, Target::Device(A2));
            story.by(A1, FactKind::VerifiedSet { device, target, verified });
            story.key_in(A1, s(0), 0, KeySource::Own);
            ask(&mut story, (A2, A1));
            refuse(&mut story, (A1, A2));
            let warned = (Rule::W13, crate::check::testing::device(A1), Severity::Warning);
            assert_eq!(found(&story).contains(&warned), verified);
        }
    }

    #[test]
    fn who_had_the_key_when_it_was_asked_may_refuse_it_and_who_lost_it_before_may_not() {
        let lost = |story: &mut Story| {
            let (device, session, why) = (A2, s(0), LossCause::Wiped);
            story.by(A2, FactKind::KeyLost { device, session, why });
        };
        for before in [true, false] {
            let mut story = Story::with_olm();
            story.up(A2);
            story.report(A2, None, crate::protocol::withheld::CodeSet::ALL);
            story.key_in(A2, s(0), 0, KeySource::RoomKey);
            if before {
                lost(&mut story);
            }
            ask(&mut story, (B1, A2));
            if !before {
                lost(&mut story);
            }
            let mut restored = story.clone();
            refuse(&mut story, (A2, B1));
            assert_eq!(story.rules().contains(&(Rule::W13, device(A2))), before);
            restored.goes_back_a_little(A2);
            refuse(&mut restored, (A2, B1));
            assert_eq!(restored.rules().contains(&(Rule::W13, device(A2))), before);
        }
    }
}
