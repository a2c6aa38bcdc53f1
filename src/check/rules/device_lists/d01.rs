//! D-01 (sender, implied; tracking the device list): who encrypts for a room has asked for the lists of its members. A violation in
//! strict, a warning in lenient. It does not know what came of the query: one that failed is enough here.

use crate::check::findings::Findings;
use crate::check::rules::{Case, Judge};
use crate::check::view::duties::Duty;
use crate::check::view::lists::Gap;
use crate::ids::BitSet;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of D-01: a message for a member with devices for encryption whose list was never asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct AskedFor {
    /// The tables of duties that were looked at: most messages share one.
    looked_at: BitSet,
}

impl Judge for AskedFor {
    const HEARS: Kinds = Kinds::of(&[Kind::MegolmEncrypted]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let FactKind::MegolmEncrypted { device, room, message, .. } = case.fact.kind else {
            return;
        };
        let view = case.view;
        let Some(encrypted) = view.messages.encryption(message) else { return };
        findings.met(Rule::D01);
        if self.looked_at.contains(encrypted.snapshot as usize) {
            return;
        }
        let mut is_late = false;
        let known = |place| view.duties.get(encrypted.snapshot, place);
        let mut roster = view.rooms.roster(room).iter().enumerate();
        let unasked = roster.find_map(|(place, other)| {
            let never = matches!(known(place), Some(Duty::Unlisted(Gap::Outdated(None))));
            // The membership must have been seen before the message was begun: what comes later is for the next one.
            let seen = view.member_seen(device, room, view.cast.user(*other));
            let in_time = seen.is_some_and(|seen| seen.fact < encrypted.prepared_from);
            is_late |= never && !in_time;
            view.life.crypto(*other).filter(|_| never && in_time && *other != device)
        });
        // Whoever came too late for this message is in time for the next one.
        if !is_late {
            self.looked_at.insert(encrypted.snapshot as usize);
        }
        if let Some(up) = unasked {
            let mut witnesses = [Some(up.fact), Some(case.fact.id)];
            witnesses.sort_unstable();
            findings.raise(Rule::D01, Party::Device(device), witnesses);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, AWAY, B1, BOB, C1, CAROL, Story, device, s};
    use crate::protocol::room::Membership;
    use crate::rulebook::reading::{ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::{FactKind, QueryOutcome};

    /// Carol, who has a device for encryption or none, joins and A1 sees it.
    fn carol(crypto: bool) -> Story {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        story.message(s(0), 0, 0);
        story.at(AWAY, FactKind::DeviceUp { device: C1, crypto });
        story.member(CAROL, Membership::Join, 3);
        story.seen(A1, 3);
        story
    }

    fn broken(story: &Story) -> bool {
        story.rules().contains(&(Rule::D01, device(A1)))
    }

    #[test]
    fn a_member_whose_list_was_never_asked_for_is_a_breach() {
        let mut story = carol(true);
        story.message(s(0), 1, 1);
        assert!(broken(&story));
        let lenient = story.judge_as(ReadingName::Lenient);
        let found = lenient.violations.iter().find(|one| one.rule == Rule::D01).unwrap();
        assert_eq!(found.severity, Severity::Warning);
        story.message(s(0), 2, 2);
        let count = story.rules().iter().filter(|(rule, _)| *rule == Rule::D01).count();
        assert_eq!(count, 1, "nothing has changed since");
    }

    #[test]
    fn a_query_that_failed_and_a_member_without_encryption_are_no_breach() {
        let mut failed = carol(true);
        let query = failed.ask(A1, CAROL);
        let (device, user, outcome) = (A1, CAROL, QueryOutcome::Failed);
        failed.by(A1, FactKind::QueryEnd { device, user, query, outcome });
        failed.message(s(0), 1, 1);
        assert!(!broken(&failed));
        let mut without = carol(false);
        without.message(s(0), 1, 1);
        assert!(!broken(&without));
        assert_eq!(without.judge().marks.of(Rule::D01), 2);
    }

    #[test]
    fn a_member_that_the_sender_has_not_seen_is_nobody_to_ask_for() {
        let mut story = Story::with_olm();
        story.learn(A1, BOB, &[B1]);
        story.at(AWAY, FactKind::DeviceUp { device: C1, crypto: true });
        story.member(CAROL, Membership::Join, 3);
        story.message(s(0), 0, 0);
        assert!(!broken(&story));
    }
}
