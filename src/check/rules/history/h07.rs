//! H-07 (sender, SHOULD; specification, "Construction and sharing of the key bundle"): the key backup is read and the list of
//! the invited user's devices brought up to date before a bundle is sent. Worth a warning in every reading.
//! It does not know which devices the bundle goes to, nor what it lists.

use std::collections::BTreeSet;

use crate::check::findings::Findings;
use crate::check::rules::history::{Sending, sending};
use crate::check::rules::{Case, Judge};
use crate::check::view::bundles::Made;
use crate::check::view::lists::Gap;
use crate::ids::{BundleId, FactId};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::BackupRead;
use crate::trace::kind::{Kind, Kinds};

/// The judge of H-07: each bundle that goes out unprepared is a breach, once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Prepared {
    sent: BTreeSet<BundleId>,
}

impl Judge for Prepared {
    const HEARS: Kinds = Kinds::of(&[Kind::OlmEncrypted]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        let Some(sending) = sending(&case.fact.kind) else { return };
        let Some(made) = case.view.bundles.made(sending.bundle) else { return };
        if !self.sent.insert(sending.bundle) {
            return;
        }
        let read = match made.backup {
            BackupRead::NoBackup | BackupRead::Read | BackupRead::Failed => true,
            BackupRead::NotRead => false,
        };
        let fresh = is_list_fresh(case, sending, made);
        if fresh.is_some() || !read {
            findings.met(Rule::H07);
        }
        if !read || fresh == Some(false) {
            let witnesses = [Some(made.fact), Some(case.fact.id)];
            findings.raise(Rule::H07, Party::Device(sending.device), witnesses);
        }
    }
}

/// Whether the sender's list of the invited user's devices is up to date; `None` if that cannot be told. A list that was
/// asked for in vain is as good as can be had.
fn is_list_fresh(case: Case<'_>, sending: Sending, made: &Made) -> Option<bool> {
    let view = case.view;
    let server = view.cast.server_of(sending.device);
    let start = match view.lists.gap(sending.device, made.recipient) {
        Gap::Settled { start, .. } => start,
        Gap::Outdated(None) => return Some(false),
        Gap::Outdated(Some(since)) => {
            let (by, user) = (sending.device, made.recipient);
            // What made it outdated may be unknown to a store that went back since.
            if view.life.restored_since(by, since).is_some() {
                return None;
            }
            // That nobody tells of changes any more is no change.
            let had = [view.lists.failed(by, user), view.lists.left_with(by, user)];
            return Some(had.into_iter().flatten().any(|had| Some(had) > made.asked));
        }
    };
    // Who shares a room is told of changes, or did as far as the sender had been told, also where a leave was left out of that; of
    // anybody else the list must have been asked for since.
    let users = [view.cast.user(sending.device), made.recipient];
    let told = view.answers.newest(sending.device, case.fact.at);
    // A store that went back since does not know of it.
    if told.is_some_and(|told| view.life.restored_since(sending.device, told).is_some()) {
        return None;
    }
    let after_it = told.map(|told| FactId::new(told.raw() + 1));
    let moments = [Some(made.fact), after_it.filter(|after| *after < made.fact)];
    if moments.into_iter().flatten().any(|fact| view.rooms.share_as_joined(server, users, fact))
        || view.rooms.sees_shared(server, sending.device, users)
    {
        return Some(true);
    }
    made.asked.map(|asked| start > asked)
}

#[cfg(test)]
mod tests {
    use crate::check::testing::bundles::{made_from, send, send_to, shared, signed, unprepared};
    use crate::check::testing::{A1, B1, BOB, C1, CAROL, HOME, R, R2, Story, device};
    use crate::protocol::room::{HistoryVisibility, Membership};
    use crate::rulebook::reading::Severity;
    use crate::rulebook::rule::Rule;
    use crate::trace::fact::{BackupRead, FactKind, QueryOutcome};

    fn warned(story: &Story) -> bool {
        let outcome = story.judge();
        let ours = outcome.violations.iter().find(|found| found.rule == Rule::H07);
        assert!(ours.is_none_or(|found| found.severity == Severity::Warning));
        ours.is_some_and(|found| found.party == device(A1))
    }

    #[test]
    fn a_fresh_list_and_a_look_into_the_backup_are_right() {
        for backup in [BackupRead::NoBackup, BackupRead::Read, BackupRead::Failed] {
            let mut story = shared(HistoryVisibility::Shared);
            let asked = story.by(A1, FactKind::UserStep(0));
            signed(&mut story, A1);
            made_from(&mut story, A1, (CAROL, backup), asked);
            send(&mut story, (A1, C1));
            assert!(!warned(&story), "{backup:?}");
            assert_eq!(story.judge().marks.of(Rule::H07), 1);
        }
    }

    #[test]
    fn a_backup_that_was_not_read_is_worth_a_warning() {
        let mut story = shared(HistoryVisibility::Shared);
        let asked = story.by(A1, FactKind::UserStep(0));
        signed(&mut story, A1);
        made_from(&mut story, A1, (CAROL, BackupRead::NotRead), asked);
        send(&mut story, (A1, C1));
        assert!(warned(&story));
    }

    #[test]
    fn a_list_from_before_the_invite_is_old_unless_a_room_is_shared() {
        let mut story = shared(HistoryVisibility::Shared);
        signed(&mut story, A1);
        let asked = story.by(A1, FactKind::UserStep(0));
        made_from(&mut story, A1, (CAROL, BackupRead::NoBackup), asked);
        send(&mut story, (A1, C1));
        assert!(warned(&story));
        let mut neighbour = shared(HistoryVisibility::Shared);
        let asked = neighbour.by(A1, FactKind::UserStep(0));
        made_from(&mut neighbour, A1, (BOB, BackupRead::NoBackup), asked);
        send_to(&mut neighbour, (A1, B1));
        assert!(!warned(&neighbour));
        neighbour.noted(A1, BOB);
        let asked = neighbour.by(A1, FactKind::UserStep(1));
        made_from(&mut neighbour, A1, (BOB, BackupRead::NoBackup), asked);
        send_to(&mut neighbour, (A1, B1));
        assert!(warned(&neighbour), "a change that was told makes the list old");
    }

    #[test]
    fn a_sender_that_was_not_told_of_a_leave_takes_the_user_for_a_neighbour() {
        for is_hidden in [true, false] {
            let mut story = shared(HistoryVisibility::Shared);
            let (user, membership) = (BOB, Membership::Leave);
            story.at(HOME, FactKind::Member { room: R2, user, membership, seq: 3 });
            story.by(A1, FactKind::RoomSeen { device: A1, room: R2, seq: 3, limited: false });
            story.member(user, membership, 4);
            if is_hidden {
                story.at(HOME, FactKind::MemberNotTold { device: A1, room: R, user: BOB });
            }
            story.seen(A1, 4);
            let asked = story.by(A1, FactKind::UserStep(0));
            made_from(&mut story, A1, (BOB, BackupRead::NoBackup), asked);
            send_to(&mut story, (A1, B1));
            assert_eq!(warned(&story), !is_hidden);
        }
    }

    #[test]
    fn a_list_that_was_asked_for_in_vain_is_as_good_as_can_be_had() {
        let mut story = shared(HistoryVisibility::Shared);
        signed(&mut story, A1);
        let asked = story.by(A1, FactKind::UserStep(0));
        let query = story.ask(A1, CAROL);
        let (user, outcome) = (CAROL, QueryOutcome::Failed);
        story.by(A1, FactKind::QueryEnd { device: A1, user, query, outcome });
        made_from(&mut story, A1, (CAROL, BackupRead::NoBackup), asked);
        send(&mut story, (A1, C1));
        assert!(!warned(&story));
    }

    #[test]
    fn without_knowing_when_the_invite_was_asked_for_nothing_is_decided() {
        let mut story = shared(HistoryVisibility::Shared);
        signed(&mut story, A1);
        unprepared(&mut story, A1);
        send(&mut story, (A1, C1));
        assert!(!warned(&story));
        assert_eq!(story.judge().marks.of(Rule::H07), 0);
    }
}
