//! R-11 (sender, implied; specification, "m.room.encryption"): messages are encrypted with the algorithm that the room
//! names, and a session does not outlive a change to another one and back. Strict: a violation, lenient: a warning.
//! It does not know the other settings of a room.

use crate::check::findings::Findings;
use crate::check::rules::rotation::r01::is_forgotten;
use crate::check::rules::rotation::use_of;
use crate::check::rules::{Case, Judge};
use crate::protocol::room::RoomAlgorithm;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::kind::{Kind, Kinds};

/// The judge of R-11.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AlgorithmOfTheRoom;

impl Judge for AlgorithmOfTheRoom {
    const HEARS: Kinds = Kinds::of(&[Kind::MegolmEncrypted]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let Some(used) = use_of(case) else { return };
        let view = case.view;
        let server = view.cast.server_of(used.device);
        let settings = view.rooms.settings_seen(server, used.device, used.room);
        let is_other = settings.is_some_and(|settings| settings.algorithm == RoomAlgorithm::Other);
        let changed = used.known.must.iter().find(|must| must.rule == Rule::R11);
        if !is_other && changed.is_none() {
            return;
        }
        findings.met(Rule::R11);
        let known = changed.is_none_or(|must| view.remembers(used.device, must.because));
        if known && !is_forgotten(case, used.room) {
            let because = changed.map(|must| must.because.fact);
            let witnesses = [Some(used.known.made.fact), because, Some(case.fact.id)];
            findings.raise(Rule::R11, Party::Device(used.device), witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, HOME, R, Story, device, s};
    use crate::protocol::room::{RoomAlgorithm, Rotation};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::time::{SimDuration, SimTime};
    use crate::trace::fact::FactKind;

    const USUAL: Rotation = Rotation::megolm(SimDuration::from_hours(2), 100);
    const OTHER: Rotation = Rotation { algorithm: RoomAlgorithm::Other, ..USUAL };

    /// A1 has given session 0 to B1 in a room whose settings then become these.
    fn room(settings: &[Rotation]) -> Story {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        story.at(HOME, FactKind::Encryption { room: R, rotation: USUAL, seq: 3 });
        story.seen(A1, 3);
        for (rotation, seq) in settings.iter().copied().zip(4..) {
            story.at(HOME, FactKind::Encryption { room: R, rotation, seq });
            story.seen(A1, seq);
        }
        story
    }

    #[test]
    fn nothing_is_sent_under_another_algorithm() {
        let mut story = room(&[OTHER]);
        let mut unseen = room(&[]);
        unseen.at(HOME, FactKind::Encryption { room: R, rotation: OTHER, seq: 4 });
        unseen.message(s(0), 0, 0);
        assert_eq!(unseen.rules(), []);
        story.message(s(0), 0, 0);
        assert_eq!(story.rules(), [(Rule::R11, device(A1))]);
        let lenient = story.judge_as(ReadingName::Lenient);
        assert_eq!(lenient.violations[0].severity, Severity::Warning);
    }

    #[test]
    fn a_session_does_not_outlive_the_way_there_and_back() {
        let mut story = room(&[OTHER, USUAL]);
        let mut fresh = story.clone();
        story.message(s(0), 0, 0);
        assert_eq!(story.rules(), [(Rule::R11, device(A1))]);
        fresh.session(A1, s(1));
        fresh.deliver((A1, B1), s(1), 0);
        fresh.message(s(1), 0, 0);
        assert_eq!(fresh.rules(), []);
        assert_eq!(fresh.judge().marks.of(Rule::R11), 2, "there and back");
    }

    #[test]
    fn other_settings_change_nothing() {
        let mut story = room(&[Rotation::megolm(SimDuration::from_hours(3), 50)]);
        story.message(s(0), 0, 0);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::R11), 0);
    }

    #[test]
    fn a_change_that_went_with_a_newer_store_is_not_held_against_the_sender() {
        let mut story = room(&[OTHER]);
        let snapshot = SimTime::from_ms(1);
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        story.message(s(0), 0, 0);
        assert_eq!(story.rules(), []);
    }
}
