//! Stage 5: keys that were owed and could have been sent.
//! These tests do not ask what became of a key once it was accepted.

use crate::check::explained::tests::BLOCKED;
use crate::check::testing::{A1, A2, B1, BOB, HOME, R, Story, about, device, leaf, rules, s};
use crate::protocol::room::{HistoryVisibility, Membership};
use crate::protocol::to_device::{KeyRequestAction, ToDeviceType};
use crate::protocol::withheld::{CodeSet, SessionCode};
use crate::rulebook::leaf::Leaf;
use crate::rulebook::rule::Rule;
use crate::scenario::policy::{SharePolicy, Target};
use crate::time::SimTime;
use crate::trace::fact::FactKind;

#[test]
fn a_key_that_was_owed_and_never_sent_is_unexplained() {
    let mut story = Story::with_olm();
    story.message(s(0), 0, 0);
    assert_eq!(story.leaf(), Leaf::Unexplained);
    assert_eq!(story.rules(), [(Rule::K01, device(A1))]);
    assert_eq!(leaf(&story.judge_cut(), 0, B1), Leaf::Pending);
    story.deliver((A1, B1), s(0), 0);
    assert_eq!(story.leaf(), Leaf::Delivered);
}

#[test]
fn a_key_that_was_put_together_and_never_accepted_is_unexplained() {
    let mut story = Story::with_olm();
    story.put((A1, B1), ToDeviceType::Encrypted, Story::key(s(0), 0));
    story.message(s(0), 0, 0);
    assert_eq!(story.leaf(), Leaf::Unexplained);
    assert_eq!(story.rules(), [(Rule::K01, device(A1))]);
    story.crash(A1);
    assert_eq!(story.leaf(), Leaf::SenderGone);
}

#[test]
fn a_key_that_starts_after_the_first_message_that_it_was_owed_for_is_too_late() {
    let mut story = Story::with_olm();
    for index in 0..3 {
        story.message(s(0), index, index);
    }
    story.deliver((A1, B1), s(0), 2);
    let outcome = story.judge();
    let leaves = [0, 1, 2].map(|message| leaf(&outcome, message, B1));
    assert_eq!(leaves, [Leaf::SharedTooLate, Leaf::SharedTooLate, Leaf::Delivered]);
    let late = [(Rule::K01, device(A1)), (Rule::K02, device(A1))];
    assert_eq!(rules(&outcome), late, "of the last message it is late");
    assert_eq!(leaf(&story.judge_cut(), 0, B1), Leaf::Pending);
}

#[test]
fn a_choice_that_is_taken_back_while_its_message_is_under_way_still_explains_it() {
    let mut story = Story::with_olm();
    story.block(A1, Target::Device(B1));
    let sent = story.withhold(s(0), BLOCKED);
    story.unblock(A1, Target::Device(B1));
    story.message(s(0), 0, 0);
    story.hear(sent);
    assert_eq!(story.leaf(), Leaf::Withheld);
    story.message(s(0), 1, 1);
    let outcome = story.judge();
    assert_eq!(leaf(&outcome, 1, B1), Leaf::Unexplained, "the next message is owed");
    assert_eq!(rules(&outcome), [(Rule::B04, device(A1))]);
}

#[test]
fn a_sender_with_an_older_store_is_not_held_to_what_it_has_forgotten() {
    let mut story = Story::blocked();
    story.wait(100);
    story.message(s(0), 0, 0);
    let snapshot = SimTime::from_ms(50);
    story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
    assert_eq!(story.leaf(), Leaf::StorageLoss);
    assert_eq!(story.rules(), []);
}

#[test]
fn a_message_whose_encryption_nobody_observed_cannot_be_judged() {
    let mut story = Story::with_olm();
    story.accept(0);
    let outcome = story.judge();
    assert_eq!(outcome.verdicts.len(), 4, "nobody is known to be the sender");
    assert!(outcome.verdicts.iter().all(|verdict| verdict.leaf == Leaf::Pending));
}

#[test]
fn a_message_that_was_not_accepted_has_no_verdict() {
    let mut story = Story::with_olm();
    story.encrypt(s(0), 0, 0);
    assert_eq!(story.judge().verdicts, []);
}

#[test]
fn a_device_that_was_barred_and_told_nothing_is_due_its_key_by_the_rule_on_that() {
    let mut story = Story::with_olm();
    story.report(A1, None, CodeSet::NONE);
    story.block(A1, Target::Device(B1));
    story.message(s(0), 0, 0);
    story.unblock(A1, Target::Device(B1));
    story.message(s(0), 1, 1);
    assert_eq!(story.rules(), [(Rule::B04, device(A1))]);
}

#[test]
fn a_key_that_was_due_before_the_device_was_barred_is_judged_without_that() {
    let mut silent = Story::with_olm();
    silent.message(s(0), 0, 0);
    silent.report(A1, None, CodeSet::NONE);
    silent.block(A1, Target::Device(B1));
    silent.message(s(0), 1, 1);
    assert_eq!(silent.rules(), [(Rule::K01, device(A1))]);
}

#[test]
fn only_an_earlier_word_of_the_sender_that_nobody_asked_for_tells_of_a_bar() {
    let of_another = |story: &mut Story| {
        story.tell((A2, B1), about(A2, s(0), BLOCKED));
    };
    let answer = |story: &mut Story| {
        let action = KeyRequestAction::Request { room: R, session: s(0) };
        story.request((B1, A1), 1, action);
        story.tell((A1, B1), about(A1, s(0), SessionCode::Unauthorised));
    };
    for (told, expected) in [(&of_another as &dyn Fn(&mut Story), Rule::K01), (&answer, Rule::K01)]
    {
        let mut story = Story::with_olm();
        told(&mut story);
        story.wait(10_000);
        story.message(s(0), 0, 0);
        assert_eq!(story.broken_of(&[Rule::K01, Rule::B04]), [(expected, device(A1))]);
    }
}

#[test]
fn who_was_seen_to_leave_and_is_invited_again_counts_as_not_seen() {
    let mut story = Story::with_olm();
    let share = SharePolicy::Everyone;
    story.by(A1, FactKind::SharingSet { device: A1, share, with_invited: true });
    let value = HistoryVisibility::Invited;
    story.at(HOME, FactKind::HistoryVisibility { room: R, value, seq: 3 });
    story.member(BOB, Membership::Leave, 4);
    story.seen(A1, 4);
    story.member(BOB, Membership::Invite, 5);
    story.session(A1, s(1));
    story.message(s(1), 0, 0);
    assert_eq!(story.leaf(), Leaf::MembershipNotSeen);
}
