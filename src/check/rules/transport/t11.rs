//! T-11 (recipient, implied; send-to-device messaging): the sync token is not stored before what came with it. A violation in
//! strict, a warning in lenient, unless a message cannot be read because of it. It does not know what was in the message.

use crate::check::breaches::Breach;
use crate::check::findings::Findings;
use crate::check::rules::{AtRest, Case, Judge};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::kind::Kinds;

/// The judge of T-11: a message that was acknowledged, whose recipient stopped after it was listed, and that it never handled.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StoredFirst;

impl Judge for StoredFirst {
    const HEARS: Kinds = Kinds::NONE;

    fn hear(&mut self, _: Case<'_>, _: &mut Findings) {}

    fn rest(&mut self, at_rest: AtRest<'_>, findings: &mut Findings) {
        let view = at_rest.view;
        let severity = view.reading.severity(Rule::T11);
        for message in view.transport.all() {
            let device = message.recipient;
            let (Some(listed), Some(_)) = (message.listed, message.acknowledged) else { continue };
            findings.met(Rule::T11);
            let crash = view.life.crash_after(device, listed);
            let running = view.life.ended(device).is_none();
            let forgotten = view.life.restored_since(device, listed).is_some();
            if message.processed.is_none() && crash.is_some() && running && !forgotten {
                let party = Party::Device(device);
                let witnesses = [Some(listed), crash, None];
                let cell = None;
                findings.confirm(Breach { rule: Rule::T11, party, severity, cell, witnesses });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device, s};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::FactKind;

    /// B1 stops after a key was listed to it; it is acknowledged after that or before.
    fn crashed(acknowledged: bool) -> Story {
        let mut story = Story::with_olm();
        let sent = story.give((A1, B1), s(0), 0);
        story.listed(sent);
        story.by(B1, FactKind::Crashed { device: B1 });
        story.by(B1, FactKind::Restarted { device: B1 });
        if acknowledged {
            story.acknowledged(sent);
        } else {
            story.take(sent);
        }
        story
    }

    #[test]
    fn a_message_that_comes_again_after_a_crash_is_right() {
        let story = crashed(false);
        assert_eq!(story.rules(), []);
        assert_eq!(story.judge().marks.of(Rule::T11), 1);
    }

    #[test]
    fn a_message_that_is_acknowledged_and_gone_is_a_breach() {
        let story = crashed(true);
        assert_eq!(story.rules(), [(Rule::T11, device(B1))]);
        let severity = |reading| story.judge_as(reading).violations[0].severity;
        assert_eq!(severity(ReadingName::Strict), Severity::Violation);
        assert_eq!(severity(ReadingName::Lenient), Severity::Warning);
        assert_eq!(story.judge_cut().violations, [], "it may still come");
    }

    #[test]
    fn a_message_that_it_left_unread_is_the_same_breach() {
        let mut story = crashed(true);
        story.message(s(0), 0, 0);
        let outcome = story.judge_as(ReadingName::Lenient);
        let found: Vec<_> = outcome.violations.iter().filter(|one| one.rule == Rule::T11).collect();
        assert_eq!((found.len(), found[0].severity), (1, Severity::Violation));
        assert!(found[0].cell.is_some());
    }

    #[test]
    fn what_a_rolled_back_store_has_forgotten_is_not_held_against_it() {
        let mut story = crashed(true);
        story.by(B1, FactKind::StoreRestored { device: B1, snapshot: SimTime::from_ms(1) });
        assert_eq!(story.rules(), []);
    }
}
