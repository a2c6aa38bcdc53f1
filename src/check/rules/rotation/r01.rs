//! R-01 (sender, MUST; specification, "m.megolm.v1.aes-sha2", rotation_period_ms): a session that is older than the room's
//! period is not used any more; its full age is allowed. Strict: the age counts from the session's making, lenient: from
//! its first message. Periods below an hour, which clients do not take at their word, are worth a warning.
//! It does not know how often the session was used.

use crate::check::findings::Findings;
use crate::check::rules::rotation::use_of;
use crate::check::rules::{Case, Judge};
use crate::protocol::room::Rotation;
use crate::rulebook::reading::{SessionAge, Severity};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::time::SimDuration;
use crate::trace::kind::{Kind, Kinds};

/// Shorter periods are lengthened by clients, so that a room cannot make them rotate all the time.
const SHORTEST_PERIOD: SimDuration = SimDuration::from_hours(1);

/// The judge of R-01, by the clock of the sender.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NotTooOld;

impl Judge for NotTooOld {
    const HEARS: Kinds = Kinds::of(&[Kind::MegolmEncrypted]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let Some(used) = use_of(case) else { return };
        let view = case.view;
        let server = view.cast.server_of(used.device);
        let settings = view.rooms.settings_seen(server, used.device, used.room);
        let period = settings.unwrap_or(Rotation::DEFAULT).period;
        let since = match view.reading.session_age {
            SessionAge::FromCreation => used.known.made_clock,
            SessionAge::FromFirstMessage => used.known.first_used.unwrap_or(used.known.made_clock),
        };
        findings.met(Rule::R01);
        if case.fact.clock.since(since) <= period || is_forgotten(case, used.room) {
            return;
        }
        let severity = if period < SHORTEST_PERIOD {
            Severity::Warning
        } else {
            view.reading.severity(Rule::R01)
        };
        let witnesses = [Some(used.known.made.fact), Some(case.fact.id)];
        findings.raise_as(severity, Rule::R01, Party::Device(used.device), witnesses);
    }
}

/// Whether the sender may have forgotten the settings that it saw last, by an older store or a crash.
pub(super) fn is_forgotten(case: Case<'_>, room: crate::ids::RoomId) -> bool {
    let Some(device) = actor(case) else { return false };
    let seen = case.view.rooms.seen_last(device, room);
    seen.is_some_and(|moment| !case.view.remembers(device, moment))
}

fn actor(case: Case<'_>) -> Option<crate::ids::DeviceId> {
    use_of(case).map(|used| used.device)
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, HOME, R, Story, device, s};
    use crate::protocol::room::Rotation;
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::time::{SimDuration, SimTime};
    use crate::trace::fact::FactKind;

    const HOUR: u64 = 3_600_000;

    /// A room whose sessions may become so old, in which A1 has made one and given it to B1.
    fn room(period: SimDuration) -> Story {
        let mut story = Story::begin();
        let rotation = Rotation::megolm(period, 100);
        story.at(HOME, FactKind::Encryption { room: R, rotation, seq: 3 });
        story.seen(A1, 3);
        story.olm(A1, B1);
        story.session(A1, s(0));
        story
    }

    #[test]
    fn a_session_may_be_used_at_its_full_age_and_not_after() {
        let mut story = room(SimDuration::from_hours(2));
        let made = story.last();
        story.deliver((A1, B1), s(0), 0);
        story.wait_until(made, 2 * HOUR);
        story.message(s(0), 0, 0);
        assert_eq!(story.rules(), []);
        let late = story.encrypt(s(0), 1, 1);
        story.accept(1);
        let outcome = story.judge();
        assert_eq!(story.rules(), [(Rule::R01, device(A1))]);
        assert_eq!(outcome.violations[0].witnesses, [Some(made), Some(late), None]);
        assert_eq!(outcome.marks.of(Rule::R01), 2);
    }

    #[test]
    fn a_lenient_reading_counts_from_the_first_message() {
        let mut story = room(SimDuration::from_hours(2));
        story.deliver((A1, B1), s(0), 0);
        story.wait(HOUR);
        story.message(s(0), 0, 0);
        story.wait(HOUR + HOUR / 2);
        story.message(s(0), 1, 1);
        assert_eq!(story.rules(), [(Rule::R01, device(A1))]);
        assert_eq!(story.judge_as(ReadingName::Lenient).violations, []);
        assert_eq!(story.judge_as(ReadingName::Draft).violations.len(), 1);
    }

    #[test]
    fn a_period_below_an_hour_is_worth_a_warning() {
        let mut story = room(SimDuration::from_secs(60));
        story.deliver((A1, B1), s(0), 0);
        story.wait(HOUR / 2);
        story.message(s(0), 0, 0);
        assert_eq!(story.judge().violations[0].severity, Severity::Warning);
    }

    #[test]
    fn without_settings_seven_days_are_the_period() {
        let mut story = Story::with_olm();
        let made = story.last();
        story.deliver((A1, B1), s(0), 0);
        story.wait_until(made, 168 * HOUR);
        let mut late = story.clone();
        story.message(s(0), 0, 0);
        assert_eq!(story.rules(), []);
        late.wait(1);
        late.message(s(0), 0, 0);
        assert_eq!(late.rules(), [(Rule::R01, device(A1))]);
    }

    #[test]
    fn a_session_whose_making_nobody_saw_has_no_age() {
        let mut story = Story::begin();
        story.olm(A1, B1);
        story.deliver((A1, B1), s(4), 0);
        story.wait(200 * HOUR);
        story.message(s(4), 0, 0);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::R01), 0);
    }

    #[test]
    fn settings_that_went_with_a_newer_store_are_not_held_against_anybody() {
        let mut story = room(SimDuration::from_hours(2));
        story.deliver((A1, B1), s(0), 0);
        story.wait(3 * HOUR);
        let mut kept = story.clone();
        let snapshot = SimTime::from_ms(1);
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        story.message(s(0), 0, 0);
        assert_eq!(story.rules(), []);
        kept.message(s(0), 0, 0);
        assert_eq!(kept.rules(), [(Rule::R01, device(A1))]);
    }
}
