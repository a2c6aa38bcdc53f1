//! What history bundles say of messages that a device has no key for.
//! These tests do not ask whether a bundle was put together as it should be.

use crate::check::outcome::Verdict;
use crate::check::testing::bundles::{
    accepted, enters, made, not_shared, open, own, received, send, shared, signed,
};
use crate::check::testing::{A1, ALICE, C1, R, Story, leaf, m, odd, s};
use crate::protocol::room::{HistoryVisibility, Membership};
use crate::protocol::to_device::SharedHistory;
use crate::protocol::withheld::{Field, WithheldCode};
use crate::rulebook::leaf::Leaf;
use crate::trace::fact::{FactKind, KeySource};

/// A1 sends message 0 while nobody may read from before the join.
fn past() -> Story {
    let mut story = shared(HistoryVisibility::Joined);
    story.olm(A1, crate::check::testing::B1);
    own(&mut story, A1, s(0));
    story.deliver((A1, crate::check::testing::B1), s(0), 0);
    story.message(s(0), 0, 0);
    signed(&mut story, A1);
    made(&mut story, A1);
    story
}

/// The bundle goes to C1, whose user accepts the invite of Alice and takes it in.
fn taken(story: &mut Story) {
    let via = send(story, (A1, C1));
    accepted(story, ALICE);
    open(story, C1, via);
}

fn verdict(story: &Story) -> Verdict {
    let outcome = story.judge();
    let mut cells = outcome.verdicts.iter();
    *cells.find(|cell| (cell.message, cell.device) == (m(0), C1)).expect("C1 is on the roster")
}

#[test]
fn an_entry_of_a_bundle_explains_the_past_that_is_not_shared() {
    let mut story = past();
    not_shared(&mut story, A1, s(0));
    taken(&mut story);
    let verdict = verdict(&story);
    assert_eq!(verdict.leaf, Leaf::HistoryNotShared);
    assert_eq!(verdict.code, Some(WithheldCode::HistoryNotShared));
    assert_eq!(verdict.party, None);
    assert_eq!(story.rules(), []);
}

#[test]
fn a_bundle_that_was_not_taken_in_explains_nothing() {
    let mut story = past();
    not_shared(&mut story, A1, s(0));
    send(&mut story, (A1, C1));
    accepted(&mut story, ALICE);
    assert_eq!(verdict(&story).leaf, Leaf::NotAMember);
}

#[test]
fn an_entry_that_the_device_makes_nothing_of_leaves_the_excuse() {
    let mut story = past();
    not_shared(&mut story, A1, s(0));
    taken(&mut story);
    let mut shown = story.clone();
    story.shows_nothing(C1, 0);
    assert_eq!(verdict(&story).leaf, Leaf::NotAMember);
    shown.shows(C1, 0, WithheldCode::HistoryNotShared);
    assert_eq!(verdict(&shown).leaf, Leaf::HistoryNotShared);
}

#[test]
fn an_entry_about_a_session_that_could_be_shared_is_not_so() {
    let mut story = past();
    received(&mut story, A1, s(0), SharedHistory::Yes);
    not_shared(&mut story, A1, s(0));
    taken(&mut story);
    assert_eq!(verdict(&story).leaf, Leaf::NotAMember);
}

#[test]
fn entries_with_another_code_or_about_another_session_explain_nothing_here() {
    for content in [
        odd(s(0), Field::Is(WithheldCode::Unavailable)),
        odd(s(1), Field::Is(WithheldCode::HistoryNotShared)),
    ] {
        let mut story = past();
        enters(&mut story, A1, content);
        taken(&mut story);
        assert_eq!(verdict(&story).leaf, Leaf::NotAMember);
    }
}

#[test]
fn a_key_that_reads_the_message_comes_before_an_entry_and_a_part_of_one_behind_it() {
    for (first, expected) in [(0, Leaf::Delivered), (1, Leaf::HistoryNotShared)] {
        let mut story = past();
        not_shared(&mut story, A1, s(0));
        taken(&mut story);
        story.key_in(C1, s(0), first, KeySource::RoomKey);
        assert_eq!(verdict(&story).leaf, expected);
    }
}

#[test]
fn what_was_owed_is_not_explained_by_an_entry() {
    let mut story = past();
    not_shared(&mut story, A1, s(0));
    taken(&mut story);
    let membership = Membership::Join;
    story.member(crate::check::testing::CAROL, membership, 9);
    story.seen(A1, 9);
    signed(&mut story, A1);
    story.olm(A1, C1);
    story.by(C1, FactKind::RoomSeen { device: C1, room: R, seq: 5, limited: false });
    story.message(s(0), 1, 1);
    assert_eq!(leaf(&story.judge(), 1, C1), Leaf::Unexplained);
}
