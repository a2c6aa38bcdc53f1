//! D-03 (sender, implied; tracking the device list): who knows that a list is outdated refreshes it before encrypting. A warning in
//! strict, nothing where implied rules are only advice. It does not know how long a sender should wait for an answer.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::ids::{BitSet, UserId};
use crate::protocol::room::Membership;
use crate::rulebook::reading::Severity;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of D-03: a message that was encrypted between a note and the answer to the query that it led to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fresh {
    /// The tables of duties that were looked at: most messages share one.
    looked_at: BitSet,
}

impl Judge for Fresh {
    const HEARS: Kinds = Kinds::of(&[Kind::MegolmEncrypted]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::MegolmEncrypted { device, room, message, .. } = case.fact.kind else {
            return;
        };
        let view = case.view;
        let Some(encrypted) = view.messages.encryption(message) else { return };
        findings.met(Rule::D03);
        if view.reading.implied == Severity::Warning
            || self.looked_at.contains(encrypted.snapshot as usize)
        {
            return;
        }
        let mut is_late = false;
        let mut last: Option<UserId> = None;
        for other in view.rooms.roster(room) {
            let user = view.cast.user(*other);
            // The roster holds the devices of a user side by side.
            if last.replace(user) == Some(user) {
                continue;
            }
            let seen = view.member_seen(device, room, user).map(|seen| seen.membership);
            let note = view.lists.outdated_by(device, user);
            is_late |= note.is_some_and(|note| note >= encrypted.prepared_from);
            let note = note.filter(|note| {
                *note < encrypted.prepared_from && view.life.lost_since(device, *note).is_none()
            });
            if let (Some(Membership::Join), Some(note)) = (seen, note) {
                let witnesses = [Some(note), Some(case.fact.id)];
                findings.raise(Rule::D03, Party::Device(device), witnesses);
            }
        }
        // What was noted too late for this message is in time for the next one.
        if !is_late {
            self.looked_at.insert(encrypted.snapshot as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, BOB, Story, device, s};
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::{FactKind, QueryOutcome};

    fn told() -> Story {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        story.message(s(0), 0, 0);
        story.noted(A1, BOB);
        story
    }

    fn found(
        story: &Story,
        reading: ReadingName,
    ) -> Vec<(crate::scenario::fault::Party, Severity)> {
        let violations = story.judge_as(reading).violations.into_iter();
        let found = violations.filter(|one| one.rule == Rule::D03);
        found.map(|one| (one.party, one.severity)).collect()
    }

    #[test]
    fn a_message_before_the_answer_is_worth_a_warning_in_strict_only() {
        let mut story = told();
        story.ask(A1, BOB);
        story.message(s(0), 1, 1);
        assert_eq!(found(&story, ReadingName::Strict), [(device(A1), Severity::Warning)]);
        assert_eq!(found(&story, ReadingName::Lenient), []);
    }

    #[test]
    fn a_message_after_the_answer_and_one_after_a_failure_are_right() {
        let mut story = told();
        let mut failed = story.clone();
        story.learn(A1, BOB, &[B1]);
        story.message(s(0), 1, 1);
        assert_eq!(found(&story, ReadingName::Strict), []);
        assert_eq!(story.judge().marks.of(Rule::D03), 2);
        let query = failed.ask(A1, BOB);
        let (device, user, outcome) = (A1, BOB, QueryOutcome::Failed);
        failed.by(A1, FactKind::QueryEnd { device, user, query, outcome });
        failed.message(s(0), 1, 1);
        assert_eq!(found(&failed, ReadingName::Strict), []);
    }
}
