//! R-07 (sender, MUST; specification 1.19, "m.megolm.v1.aes-sha2" and "Shareable encryption sessions"): a
//! session is replaced once its creator has seen a user leave who has the key or who counts as having it,
//! once an answer no longer lists a device that has the key, once the history visibility became shareable or
//! stopped being so, and once a limited sync may have hidden a stay in the room.
//!
//! Strict: any membership but the known join counts in a limited sync, lenient: only leave and ban. Strict: a room
//! without visibility is private, lenient: either. What is forgotten with an older store is not held against anybody.
//! It does not know when a session was made for no reason; R-08 does.

use crate::check::findings::Findings;
use crate::check::rules::rotation::use_of;
use crate::check::rules::{Case, Judge};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::trace::fact::FactKind;
use crate::trace::kind::{Kind, Kinds};

/// The judge of the four rules, by what the view knows of sessions in use.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ReplacedWhenItMust;

impl Judge for ReplacedWhenItMust {
    const HEARS: Kinds = Kinds::of(&[Kind::MegolmNew, Kind::MegolmEncrypted]);

    fn hear(&mut self, case: Case<'_>, findings: &mut Findings) {
        if let FactKind::MegolmNew { session, .. } = case.fact.kind {
            return replaced(case, session, findings);
        }
        let Some(used) = use_of(case) else { return };
        let mut last = None;
        for must in used.known.must.iter().filter(|must| must.rule != Rule::R11) {
            if last == Some(must.rule) || !case.view.remembers(used.device, must.because) {
                continue;
            }
            last = Some(must.rule);
            findings.met(must.rule);
            let witnesses =
                [Some(used.known.made.fact), Some(must.because.fact), Some(case.fact.id)];
            findings.raise(must.rule, Party::Device(used.device), witnesses);
        }
    }
}

/// A session was replaced as it had to be.
fn replaced(case: Case<'_>, session: crate::ids::MegolmSessionId, findings: &mut Findings) {
    let expiries = &case.view.expiries;
    let old = expiries.of(session).and_then(|new| expiries.of(new.replaced?));
    for must in old.into_iter().flat_map(|old| &old.must) {
        findings.met(must.rule);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, A2, ALICE, B1, BOB, CAROL, HOME, R, Story, device, s};
    use crate::ids::FactId;
    use crate::protocol::room::{HistoryVisibility, Membership};
    use crate::rulebook::reading::ReadingName;
    use crate::rulebook::rule::Rule;
    use crate::time::SimTime;
    use crate::trace::fact::FactKind;

    /// A1 has given session 0 to B1 and sent a message with it.
    fn in_use() -> Story {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        story.message(s(0), 0, 0);
        story.wait(10_000);
        story
    }

    /// What a message with the session that was in use breaks now.
    fn broken(mut story: Story) -> Vec<Rule> {
        story.message(s(0), 1, 1);
        let outcome = story.judge();
        let found = outcome.violations.iter().map(|violation| violation.rule);
        // That a list leaves out a device which is there is another's fault (D-04).
        found.filter(|rule| *rule != Rule::D04).collect()
    }

    fn in_lenient(mut story: Story) -> Vec<Rule> {
        story.message(s(0), 1, 1);
        let outcome = story.judge_as(ReadingName::Lenient);
        outcome.violations.iter().map(|violation| violation.rule).collect()
    }

    fn limited(story: &mut Story, seq: u32) -> FactId {
        story.by(A1, FactKind::RoomSeen { device: A1, room: R, seq, limited: true })
    }

    fn visibility(story: &mut Story, value: HistoryVisibility, seq: u32) {
        story.at(HOME, FactKind::HistoryVisibility { room: R, value, seq });
    }

    #[test]
    fn a_session_whose_holder_was_seen_to_leave_is_not_used_again() {
        for membership in [Membership::Leave, Membership::Ban] {
            let mut story = in_use();
            story.member(BOB, membership, 3);
            assert_eq!(broken(story.clone()), [], "the sender has not seen it");
            let seen = story.seen(A1, 3);
            let mut outcome = story.clone();
            let late = outcome.encrypt(s(0), 1, 1);
            assert_eq!(outcome.rules(), [(Rule::R03, device(A1))]);
            let witnesses = outcome.judge().violations[0].witnesses;
            assert_eq!(witnesses[1..], [Some(seen), Some(late)]);
            story.session(A1, s(1));
            story.message(s(1), 0, 1);
            assert_eq!(story.rules(), []);
            assert_eq!(story.judge().marks.of(Rule::R03), 1);
        }
    }

    #[test]
    fn who_never_got_the_key_counts_as_a_holder_all_the_same() {
        let mut story = in_use();
        story.member(CAROL, Membership::Invite, 3);
        story.seen(A1, 3);
        assert_eq!(broken(story.clone()), []);
        story.member(CAROL, Membership::Leave, 4);
        story.seen(A1, 4);
        assert_eq!(broken(story), [Rule::R04]);
    }

    #[test]
    fn who_is_banned_or_let_in_again_without_having_been_there_takes_nothing_along() {
        let mut story = in_use();
        story.member(CAROL, Membership::Ban, 3);
        story.member(CAROL, Membership::Leave, 4);
        story.seen(A1, 4);
        assert_eq!(broken(story.clone()), []);
        story.session(A1, s(1));
        assert_eq!(story.rules(), [], "to be careful is no breach of R-08");
    }

    #[test]
    fn a_device_with_the_key_that_is_listed_no_more_takes_the_session_along() {
        let mut story = in_use();
        story.learn(A1, BOB, &[B1]);
        assert_eq!(broken(story.clone()), []);
        story.learn(A1, ALICE, &[A1, A2]);
        story.learn(A1, ALICE, &[A1]);
        assert_eq!(broken(story.clone()), [], "A2 never had the key (A-23)");
        story.learn(A1, BOB, &[]);
        assert_eq!(broken(story), [Rule::R03]);
    }

    #[test]
    fn a_history_that_becomes_shareable_and_back_ends_the_session() {
        let mut story = in_use();
        visibility(&mut story, HistoryVisibility::Joined, 3);
        visibility(&mut story, HistoryVisibility::Invited, 4);
        story.seen(A1, 4);
        assert_eq!(broken(story.clone()), []);
        visibility(&mut story, HistoryVisibility::Shared, 5);
        visibility(&mut story, HistoryVisibility::Joined, 6);
        let mut passed = story.clone();
        story.seen(A1, 6);
        assert_eq!(broken(story), [Rule::R06]);
        limited(&mut passed, 6);
        assert_eq!(broken(passed), [], "between two answers it may have gone unseen");
    }

    #[test]
    fn a_room_without_visibility_is_private_or_in_a_lenient_reading_either() {
        let mut story = in_use();
        visibility(&mut story, HistoryVisibility::WorldReadable, 3);
        story.seen(A1, 3);
        assert_eq!(broken(story.clone()), [Rule::R06]);
        assert_eq!(in_lenient(story), []);
    }

    #[test]
    fn a_leave_and_a_join_within_one_limited_sync_end_the_session() {
        let mut story = in_use();
        story.member(BOB, Membership::Leave, 3);
        story.member(BOB, Membership::Join, 4);
        limited(&mut story, 4);
        assert_eq!(broken(story.clone()), [Rule::R07]);
        assert_eq!(in_lenient(story), []);
    }

    #[test]
    fn a_stay_that_a_limited_sync_hid_ends_the_session_in_every_reading() {
        let mut story = in_use();
        story.member(CAROL, Membership::Join, 3);
        story.member(CAROL, Membership::Leave, 4);
        limited(&mut story, 4);
        assert_eq!(broken(story.clone()), [Rule::R07]);
        assert_eq!(in_lenient(story), [Rule::R07]);
    }

    #[test]
    fn an_invite_in_a_limited_sync_ends_the_session_by_the_letter_only() {
        let mut story = in_use();
        story.member(CAROL, Membership::Invite, 3);
        let mut whole = story.clone();
        limited(&mut story, 3);
        assert_eq!(broken(story.clone()), [Rule::R07]);
        assert_eq!(in_lenient(story), []);
        whole.seen(A1, 3);
        assert_eq!(broken(whole), []);
    }

    #[test]
    fn a_first_join_in_a_limited_sync_changes_nothing() {
        let mut story = in_use();
        story.member(CAROL, Membership::Invite, 3);
        story.seen(A1, 3);
        story.member(CAROL, Membership::Join, 4);
        limited(&mut story, 4);
        assert_eq!(broken(story), []);
    }

    #[test]
    fn a_leave_that_the_server_left_out_was_not_seen() {
        let mut story = in_use();
        story.member(BOB, Membership::Leave, 3);
        story.at(HOME, FactKind::MemberNotTold { device: A1, room: R, user: BOB });
        story.seen(A1, 3);
        assert_eq!(broken(story), []);
    }

    #[test]
    fn a_leave_that_went_with_a_newer_store_or_in_a_crash_is_not_held_against_the_sender() {
        let mut story = in_use();
        let snapshot = story.now();
        story.wait(1);
        story.member(BOB, Membership::Leave, 3);
        story.seen(A1, 3);
        let mut crashed = story.clone();
        crashed.crash(A1);
        crashed.by(A1, FactKind::Restarted { device: A1 });
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        assert_eq!(broken(crashed), []);
        assert_eq!(broken(story.clone()), []);
        let mut early = in_use();
        early.member(BOB, Membership::Leave, 3);
        early.seen(A1, 3);
        early.wait(1);
        let snapshot = SimTime::from_ms(early.now().as_ms());
        early.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        assert_eq!(broken(early), [Rule::R03], "the store of after the leave still knows of it");
    }

    #[test]
    fn whom_an_older_store_never_gave_the_key_takes_nothing_along() {
        let mut story = Story::with_olm();
        story.session(A1, s(0));
        story.wait(1_000);
        let snapshot = story.now();
        story.wait(1_000);
        story.deliver((A1, B1), s(0), 0);
        story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
        story.learn(A1, BOB, &[]);
        assert_eq!(broken(story.clone()), []);
        let mut careful = story.clone();
        careful.session(A1, s(1));
        let is_needless = careful.rules().contains(&(Rule::R08, device(A1)));
        assert!(!is_needless, "to be careful is no breach of R-08");
        story.learn(A1, BOB, &[B1]);
        story.deliver((A1, B1), s(0), 0);
        story.learn(A1, BOB, &[]);
        assert!(broken(story).contains(&Rule::R03), "it was given it again");
    }

    #[test]
    fn a_session_whose_making_nobody_saw_cannot_be_judged() {
        let mut story = Story::begin();
        story.olm(A1, B1);
        story.deliver((A1, B1), s(0), 0);
        story.member(BOB, Membership::Leave, 3);
        story.seen(A1, 3);
        assert_eq!(broken(story), []);
    }

    #[test]
    fn who_leaves_another_room_changes_nothing_here() {
        let mut story = in_use();
        story.at(
            HOME,
            FactKind::Member {
                room: crate::check::testing::R2,
                user: BOB,
                membership: Membership::Leave,
                seq: 3,
            },
        );
        let room = crate::check::testing::R2;
        story.by(A1, FactKind::RoomSeen { device: A1, room, seq: 3, limited: false });
        assert_eq!(broken(story), []);
    }

    #[test]
    fn a_leave_that_a_limited_sync_shows_as_such_is_a_leave() {
        for (user, expected) in [(BOB, Rule::R03), (CAROL, Rule::R07)] {
            let mut story = in_use();
            story.member(user, Membership::Leave, 3);
            limited(&mut story, 3);
            assert_eq!(broken(story), [expected], "a leave may hide a stay of who was not there");
        }
    }
}
