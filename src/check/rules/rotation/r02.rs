//! R-02 (sender, MUST; specification, "m.megolm.v1.aes-sha2", rotation_period_msgs): a session encrypts as many messages
//! as the room allows and not one more. Every reading agrees.
//! It does not know how old the session is.

use crate::check::findings::Findings;
use crate::check::rules::rotation::r01::is_forgotten;
use crate::check::rules::rotation::use_of;
use crate::check::rules::{Case, Judge};
use crate::protocol::room::Rotation;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::kind::{Kind, Kinds};

/// The judge of R-02: the index tells how many messages there were.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NotTooOften;

impl Judge for NotTooOften {
    const HEARS: Kinds = Kinds::of(&[Kind::MegolmEncrypted]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let Some(used) = use_of(case) else { return };
        let server = case.view.cast.server_of(used.device);
        let settings = case.view.rooms.settings_seen(server, used.device, used.room);
        findings.met(Rule::R02);
        if used.index >= settings.unwrap_or(Rotation::DEFAULT).messages
            && !is_forgotten(case, used.room)
        {
            let witnesses = [Some(used.known.made.fact), Some(case.fact.id)];
            findings.raise(Rule::R02, Party::Device(used.device), witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, HOME, R, Story, device, s};
    use crate::protocol::room::Rotation;
    use crate::rulebook::reading::ReadingName;
    use crate::rulebook::rule::Rule;
    use crate::time::{SimDuration, SimTime};
    use crate::trace::fact::FactKind;

    fn room(messages: u32) -> Story {
        let mut story = Story::begin();
        let rotation = Rotation::megolm(SimDuration::from_hours(2), messages);
        story.at(HOME, FactKind::Encryption { room: R, rotation, seq: 3 });
        story.seen(A1, 3);
        story.olm(A1, B1);
        story.session(A1, s(0));
        story.deliver((A1, B1), s(0), 0);
        story
    }

    #[test]
    fn the_message_after_the_last_one_is_too_much() {
        let mut story = room(2);
        story.message(s(0), 0, 0);
        story.message(s(0), 1, 1);
        assert_eq!(story.rules(), []);
        story.message(s(0), 2, 2);
        assert_eq!(story.rules(), [(Rule::R02, device(A1))]);
        assert_eq!(story.judge_as(ReadingName::Lenient).counted().count(), 1);
        assert_eq!(story.judge().marks.of(Rule::R02), 3);
    }

    #[test]
    fn without_settings_a_hundred_messages_are_allowed() {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        story.message(s(0), 99, 0);
        assert_eq!(story.rules(), []);
        story.message(s(0), 100, 1);
        assert_eq!(story.rules(), [(Rule::R02, device(A1))]);
    }

    #[test]
    fn settings_that_the_sender_has_not_seen_do_not_bind_it_yet() {
        let mut story = room(5);
        let rotation = Rotation::megolm(SimDuration::from_hours(2), 1);
        story.at(HOME, FactKind::Encryption { room: R, rotation, seq: 4 });
        story.message(s(0), 1, 0);
        assert_eq!(story.rules(), []);
        story.seen(A1, 4);
        story.message(s(0), 2, 1);
        assert_eq!(story.rules(), [(Rule::R02, device(A1))]);
    }

    #[test]
    fn settings_lost_with_a_newer_store_or_in_a_crash_do_not_bind() {
        let mut story = room(1);
        let mut crashed = Story::begin();
        crashed.olm(A1, B1);
        crashed.session(A1, s(0));
        crashed.deliver((A1, B1), s(0), 0);
        let rotation = Rotation::megolm(SimDuration::from_hours(2), 1);
        crashed.at(HOME, FactKind::Encryption { room: R, rotation, seq: 3 });
        crashed.seen(A1, 3);
        crashed.crash(A1);
        crashed.by(A1, FactKind::Restarted { device: A1 });
        let snapshot = SimTime::from_ms(1);
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        for mut story in [story, crashed] {
            story.message(s(0), 1, 0);
            assert_eq!(story.rules(), []);
        }
    }
}
