//! Stage 5: keys that were owed and could have been sent.
//! These tests do not ask what became of a key once it was accepted.

use crate::check::explained::tests::BLOCKED;
use crate::check::testing::{A1, B1, Story, device, leaf, rules, s};
use crate::protocol::to_device::ToDeviceType;
use crate::rulebook::leaf::Leaf;
use crate::rulebook::rule::Rule;
use crate::scenario::policy::Target;
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
