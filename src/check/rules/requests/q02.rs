//! Q-02 (recipient, SHOULD; specification, `request_id` of `m.room_key_request`): a request keeps its id when it is
//! repeated, and an id stands for one session. A request is open until it is taken back or a key of the session came.
//! It does not know who was asked.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::life::Moment;
use crate::check::view::pairs::Pairs;
use crate::ids::{DeviceId, MegolmSessionId, RequestId};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of Q-02.
#[derive(Debug, Clone, Default)]
pub(crate) struct OneId {
    /// The open request of each device for each session.
    open: Pairs<(RequestId, Moment)>,
    /// The session of each request of each device.
    sessions: Pairs<(MegolmSessionId, Moment)>,
}

impl Judge for OneId {
    const HEARS: Kinds = Kinds::of(&[Kind::KeyRequested, Kind::RequestCancelled, Kind::KeyIn]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        if let FactKind::KeyRequested { device, session, request } = case.fact.kind {
            self.requested(case, device, (session, request), findings);
        } else if let FactKind::RequestCancelled { device, request } = case.fact.kind {
            if let Some((session, _)) = self.sessions.get(device.raw(), request.raw()).copied() {
                self.open.remove(device.raw(), session.raw());
            }
        } else if let FactKind::KeyIn { device, session, .. } = case.fact.kind {
            self.open.remove(device.raw(), session.raw());
        }
    }
}

impl OneId {
    fn requested(
        &mut self,
        case: Case<'_>,
        device: DeviceId,
        (session, request): (MegolmSessionId, RequestId),
        findings: &mut Findings,
    ) {
        findings.met(Rule::Q02);
        let life = &case.view.life;
        let remembered = |moment: Moment| {
            life.forgiven(device, moment).is_none() && life.cut_off(device, moment).is_none()
        };
        let open = self.open.insert(device.raw(), session.raw(), (request, case.now()));
        let of_id = self.sessions.insert(device.raw(), request.raw(), (session, case.now()));
        let other_id = open.filter(|(other, asked)| *other != request && remembered(*asked));
        let other_session = of_id.filter(|(other, asked)| *other != session && remembered(*asked));
        let earlier =
            other_id.map(|(_, asked)| asked).or_else(|| other_session.map(|(_, asked)| asked));
        if let Some(earlier) = earlier {
            let witnesses = [Some(earlier.fact), Some(case.fact.id)];
            findings.raise(Rule::Q02, Party::Device(device), witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{B1, Story, device, rules, s};
    use crate::ids::RequestId;
    use crate::rulebook::reading::ReadingName;
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::{FactKind, KeySource};

    fn ask(story: &mut Story, session: u32, request: u32) {
        let (device, session, request) = (B1, s(session), RequestId::new(request));
        story.by(B1, FactKind::KeyRequested { device, session, request });
    }

    fn asked() -> Story {
        let mut story = Story::with_olm();
        story.wait(100);
        ask(&mut story, 0, 1);
        story
    }

    #[test]
    fn a_repetition_under_the_same_id_is_right() {
        let mut story = asked();
        ask(&mut story, 0, 1);
        ask(&mut story, 1, 2);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::Q02), 3);
    }

    #[test]
    fn a_new_id_for_an_open_request_or_one_id_for_two_sessions_is_a_breach() {
        for (session, request) in [(0, 2), (1, 1)] {
            let mut story = asked();
            ask(&mut story, session, request);
            for reading in ReadingName::ALL {
                assert_eq!(rules(&story.judge_as(reading)), [(Rule::Q02, device(B1))]);
            }
        }
    }

    #[test]
    fn a_request_that_is_over_may_be_followed_by_another() {
        let mut cancelled = asked();
        let request = RequestId::new(1);
        cancelled.by(B1, FactKind::RequestCancelled { device: B1, request });
        let mut served = asked();
        served.key_in(B1, s(0), 3, KeySource::Backup);
        for mut story in [cancelled, served] {
            ask(&mut story, 0, 2);
            assert_eq!(story.rules(), []);
        }
    }

    #[test]
    fn what_a_crash_or_an_older_store_forgot_is_not_held_against_the_device() {
        let mut crashed = asked();
        crashed.crash(B1);
        let mut rolled_back = asked();
        let snapshot = SimTime::from_ms(5);
        rolled_back.by(B1, FactKind::StoreRestored { device: B1, snapshot });
        for mut story in [crashed, rolled_back] {
            ask(&mut story, 0, 2);
            assert_eq!(story.rules(), []);
        }
    }
}
