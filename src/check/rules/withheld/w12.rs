//! W-12 (sender, implied; specification, `m.unavailable`; MSC2399): `m.unavailable` is said in reply only, and only by
//! a device that lacks the key at some time between the request and the reply. It does not know whether a reply was
//! due.

use crate::check::findings::Findings;
use crate::check::rules::notice::{Accepted, NoticeJudge};
use crate::check::view::View;
use crate::check::view::notices::Notice;
use crate::check::view::requests::Class;
use crate::ids::FactId;
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::rule::Rule;

/// The judge of W-12.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LacksKey;

/// Whether nobody had asked.
pub(crate) fn is_unasked(_: &View, notice: &Notice) -> bool {
    notice.code.known() == Some(WithheldCode::Unavailable) && notice.class == Class::Proactive
}

/// The key that the sender had had since before it was asked.
fn held(accepted: &Accepted<'_>) -> Option<FactId> {
    let Class::Reply { since, .. } = accepted.notice.class else { return None };
    let (sender, put) = (accepted.message.sender, accepted.message.put);
    let is_sure = |held| accepted.view.life.unsettled_since(sender, held, put).is_none();
    accepted.notice.circumstances.held_since.filter(|held| *held < since && is_sure(*held))
}

impl NoticeJudge for LacksKey {
    fn accepted(&mut self, accepted: &Accepted<'_>, findings: &mut Findings) {
        if accepted.notice.code.known() != Some(WithheldCode::Unavailable) {
            return;
        }
        findings.met(Rule::W12);
        if is_unasked(accepted.view, accepted.notice) {
            accepted.raise(Rule::W12, findings);
        } else if let Some(held) = held(accepted) {
            accepted.raise_after(held, Rule::W12, findings);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, A2, B1, R, Story, about, device, rules, s};
    use crate::ids::DeviceId;
    use crate::protocol::to_device::KeyRequestAction;
    use crate::protocol::withheld::SessionCode;
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::{FactKind, KeySource, LossCause};

    fn ask(story: &mut Story) {
        story.request((B1, A2), 1, KeyRequestAction::Request { room: R, session: s(0) });
    }

    fn says_unavailable(story: &mut Story, sender: DeviceId) {
        story.tell((sender, B1), about(sender, s(0), SessionCode::Unavailable));
    }

    /// A2 is there; A1 has made session 0.
    fn story() -> Story {
        let mut story = Story::with_olm();
        story.up(A2);
        story
    }

    #[test]
    fn a_device_that_lacks_the_key_may_answer_so() {
        let mut story = story();
        ask(&mut story);
        says_unavailable(&mut story, A2);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::W12), 1);
    }

    #[test]
    fn who_has_the_key_from_any_index_may_not() {
        let mut story = story();
        story.key_in(A2, s(0), 9, KeySource::Backup);
        ask(&mut story);
        says_unavailable(&mut story, A2);
        assert_eq!(story.rules(), [(Rule::W12, device(A2))]);
        let lenient = story.judge_as(ReadingName::Lenient);
        assert_eq!(lenient.violations[0].severity, Severity::Warning);
    }

    #[test]
    fn a_key_that_came_after_the_request_or_was_lost_before_is_no_lie() {
        let mut late = story();
        ask(&mut late);
        late.key_in(A2, s(0), 0, KeySource::Backup);
        says_unavailable(&mut late, A2);
        assert_eq!(late.rules(), []);
        let mut lost = story();
        lost.key_in(A2, s(0), 0, KeySource::Backup);
        let (device, session, why) = (A2, s(0), LossCause::Wiped);
        lost.by(A2, FactKind::KeyLost { device, session, why });
        ask(&mut lost);
        says_unavailable(&mut lost, A2);
        assert_eq!(lost.rules(), []);
    }

    #[test]
    fn nobody_says_it_unasked() {
        let mut story = story();
        says_unavailable(&mut story, A1);
        assert_eq!(rules(&story.judge()), [(Rule::W12, device(A1))]);
    }

    #[test]
    fn a_store_that_went_back_may_lack_what_its_device_once_had() {
        let mut story = story();
        story.key_in(A2, s(0), 0, KeySource::Backup);
        let snapshot = SimTime::from_ms(5);
        story.by(A2, FactKind::StoreRestored { device: A2, snapshot });
        ask(&mut story);
        says_unavailable(&mut story, A2);
        assert_eq!(story.rules(), []);
    }
}
