//! U-02 (recipient, SHOULD NOT; recovering from undecryptable messages, MSC1719) and with it U-12: no session is made to recover within
//! an hour of another outbound one, on the device's own clock; exactly an hour is enough. Lenient counts only earlier ones that were
//! made to recover, too. It does not know sessions that a store has lost, nor those that are needed to send a key.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::life::Moment;
use crate::check::view::pairs::Pairs;
use crate::ids::OlmSessionId;
use crate::rulebook::reading::RecoveryCount;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::time::{SimDuration, SimTime};
use crate::trace::fact::{Direction, FactKind, LossCause, OlmCause};
use crate::trace::kind::{Kind, Kinds};

/// The least time between two sessions of which the second is made to recover.
const INTERVAL: SimDuration = SimDuration::from_hours(1);

/// An outbound session.
#[derive(Debug, Clone, Copy)]
struct Made {
    session: OlmSessionId,
    moment: Moment,
    clock: SimTime,
    to_recover: bool,
}

/// The judge of U-02.
#[derive(Debug, Clone, Default)]
pub(crate) struct OncePerHour {
    made: Pairs<Vec<Made>>,
}

impl Judge for OncePerHour {
    const HEARS: Kinds = Kinds::of(&[Kind::OlmNew]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::OlmNew { device, peer, session, direction: Direction::Outbound, why, .. } =
            case.fact.kind
        else {
            return;
        };
        let (view, clock) = (case.view, case.fact.clock);
        let to_recover = matches!(why, OlmCause::Unwedge | OlmCause::NoOlm);
        let made = self.made.entry(device.raw(), peer.raw());
        // A clock that went back says nothing about the time between.
        made.retain(|one| one.clock <= clock && clock.since(one.clock) < INTERVAL);
        if to_recover {
            findings.met(Rule::U02);
            findings.met(Rule::U12);
            let remembered = |one: &&Made| {
                let lost = view.olm.drop_of(device, peer, one.session).is_some_and(|dropped| {
                    matches!(dropped.why, LossCause::Wiped | LossCause::Rollback)
                });
                !lost
                    && view.life.forgiven(device, one.moment).is_none()
                    && view.life.cut_off(device, one.moment).is_none()
            };
            let counts = |one: &&Made| match view.reading.recovery_count {
                RecoveryCount::AnyOutbound => true,
                RecoveryCount::RecoveryOnly => one.to_recover,
            };
            if let Some(one) = made.iter().rev().filter(counts).find(remembered) {
                let witnesses = [Some(one.moment.fact), Some(case.fact.id)];
                findings.raise(Rule::U02, Party::Device(device), witnesses);
            }
        }
        made.push(Made { session, moment: case.now(), clock, to_recover });
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device};
    use crate::ids::{FactId, OlmSessionId};
    use crate::rulebook::reading::ReadingName;
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::{Direction, FactKind, LossCause, OlmCause};

    const HOUR: u64 = 3_600_000;

    fn open(story: &mut Story, session: u32, why: OlmCause) -> FactId {
        let (device, peer, session) = (B1, A1, OlmSessionId::new(session));
        let (direction, key) = (Direction::Outbound, None);
        story.by(B1, FactKind::OlmNew { device, peer, session, direction, why, key })
    }

    fn broken(story: &Story, reading: ReadingName) -> bool {
        let found = crate::check::testing::rules(&story.judge_as(reading));
        found.contains(&(Rule::U02, device(B1)))
    }

    #[test]
    fn two_recoveries_within_an_hour_are_a_breach_and_an_hour_apart_they_are_right() {
        for (wait, expected) in [(HOUR - 2, true), (HOUR - 1, false)] {
            for why in [OlmCause::Unwedge, OlmCause::NoOlm] {
                let mut story = Story::begin();
                let first = open(&mut story, 70, OlmCause::Unwedge);
                story.wait(wait);
                let second = open(&mut story, 71, why);
                assert_eq!(broken(&story, ReadingName::Strict), expected);
                assert_eq!(broken(&story, ReadingName::Lenient), expected);
                let violations = story.judge().violations;
                let found = violations.iter().find(|one| one.rule == Rule::U02);
                let witnesses = [Some(first), Some(second), None];
                assert_eq!(found.map(|one| one.witnesses), expected.then_some(witnesses));
                assert_eq!(story.judge().marks.of(Rule::U02), 2);
            }
        }
    }

    #[test]
    fn a_session_that_was_made_to_send_counts_in_strict_only_and_may_follow_at_any_time() {
        let mut story = Story::begin();
        open(&mut story, 70, OlmCause::Share);
        open(&mut story, 71, OlmCause::Unwedge);
        assert!(broken(&story, ReadingName::Strict));
        assert!(!broken(&story, ReadingName::Lenient));
        let mut needed = Story::begin();
        open(&mut needed, 70, OlmCause::Unwedge);
        open(&mut needed, 71, OlmCause::Share);
        assert!(!broken(&needed, ReadingName::Strict));
    }

    #[test]
    fn a_session_that_the_store_has_lost_is_not_held_against_it() {
        let mut story = Story::begin();
        open(&mut story, 70, OlmCause::Unwedge);
        let mut wiped = story.clone();
        story.by(B1, FactKind::StoreRestored { device: B1, snapshot: SimTime::from_ms(1) });
        open(&mut story, 71, OlmCause::Unwedge);
        assert!(!broken(&story, ReadingName::Strict));
        let (device, peer, session) = (B1, A1, OlmSessionId::new(70));
        let why = LossCause::Wiped;
        wiped.by(B1, FactKind::OlmDropped { device, peer, session, why });
        open(&mut wiped, 71, OlmCause::Unwedge);
        assert!(!broken(&wiped, ReadingName::Strict));
    }
}
