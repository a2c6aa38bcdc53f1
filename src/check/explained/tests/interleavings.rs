//! Races and repetitions in the order in which a correct client and a correct server would record them, told by their
//! number in the rule book; each with what must not be raised, or the near miss that must.
//! These tests do not ask for single leaves; those have tests of their own.

use crate::check::explained::tests::BLOCKED;
use crate::check::testing::{A1, A2, B1, B2, BOB, HOME, R2, Story, about, device, leaf, rules, s};
use crate::protocol::to_device::ToDeviceType;
use crate::protocol::withheld::{SessionCode, WithheldCode};
use crate::rulebook::leaf::Leaf;
use crate::rulebook::rule::Rule;
use crate::scenario::policy::{SharePolicy, Target};
use crate::trace::fact::{FactKind, OlmError, ProcessOutcome, SentContent, TryResult};

/// The leaves of these messages at B1, at rest.
fn leaves<const N: usize>(story: &Story, messages: [u32; N]) -> [Leaf; N] {
    let outcome = story.judge();
    messages.map(|message| leaf(&outcome, message, B1))
}

#[test]
fn i04_an_unblocked_device_gets_the_next_index_and_keeps_the_reason_for_what_was_before() {
    let mut story = Story::blocked();
    story.olm(A1, B1);
    let sent = story.withhold(s(0), BLOCKED);
    story.message(s(0), 0, 0);
    story.hear(sent);
    story.shows(B1, 0, WithheldCode::Blacklisted);
    story.wait(60_000);
    story.unblock(A1, Target::Device(B1));
    story.deliver((A1, B1), s(0), 1);
    story.message(s(0), 1, 1);
    assert_eq!(leaves(&story, [0, 1]), [Leaf::Withheld, Leaf::Delivered]);
    assert_eq!(story.rules(), []);
    let mut late = Story::blocked();
    late.olm(A1, B1);
    let sent = late.withhold(s(0), BLOCKED);
    late.message(s(0), 0, 0);
    late.hear(sent);
    late.wait(60_000);
    late.unblock(A1, Target::Device(B1));
    late.deliver((A1, B1), s(0), 2);
    late.message(s(0), 1, 1);
    assert_eq!(leaves(&late, [0, 1]), [Leaf::Withheld, Leaf::SharedTooLate]);
}

#[test]
fn i04_an_unblocked_device_that_is_still_left_out_is_not_explained_by_the_old_notice() {
    let mut story = Story::blocked();
    story.olm(A1, B1);
    let sent = story.withhold(s(0), BLOCKED);
    story.message(s(0), 0, 0);
    story.hear(sent);
    story.wait(60_000);
    story.unblock(A1, Target::Device(B1));
    story.message(s(0), 1, 1);
    assert_eq!(leaves(&story, [0, 1]), [Leaf::Withheld, Leaf::Unexplained]);
    assert_eq!(story.rules(), [(Rule::B04, device(A1))]);
}

#[test]
fn i04_a_client_that_never_tries_again_is_not_excused_by_the_want_of_an_olm_session() {
    let mut story = Story::blocked();
    let sent = story.withhold(s(0), BLOCKED);
    story.message(s(0), 0, 0);
    story.hear(sent);
    story.wait(60_000);
    story.unblock(A1, Target::Device(B1));
    let mut trying = story.clone();
    story.message(s(0), 1, 1);
    assert_eq!(leaves(&story, [1]), [Leaf::Unexplained]);
    assert_eq!(story.rules(), [(Rule::B04, device(A1))]);
    trying.claim_fails(A1, B1);
    trying.message(s(0), 1, 1);
    assert_eq!(leaves(&trying, [1]), [Leaf::Withheld]);
}

#[test]
fn a_device_that_is_barred_before_it_was_served_may_be_told_either_reason_and_must_be_told_one() {
    let mut story = Story::begin();
    story.session(A1, s(0));
    story.claim_fails(A1, B1);
    story.message(s(0), 0, 0);
    story.block(A1, Target::Device(B1));
    let mut no_olm = story.clone();
    let sent = no_olm.no_olm(A1, B1);
    no_olm.hear(sent);
    assert_eq!(no_olm.leaf(), Leaf::NoOlm);
    let mut blacklisted = story.clone();
    let sent = blacklisted.withhold(s(0), BLOCKED);
    blacklisted.hear(sent);
    assert_eq!(blacklisted.leaf(), Leaf::Withheld);
    for told in [no_olm, blacklisted] {
        assert_eq!(told.rules(), []);
    }
    story.olm(A1, B1);
    assert_eq!(story.leaf(), Leaf::Unexplained);
    assert_eq!(story.rules(), [(Rule::N01, device(A1))], "no key may be given any more");
}

#[test]
fn i06_blocking_again_before_any_message_needs_no_second_notice() {
    let mut story = Story::blocked();
    let sent = story.withhold(s(0), BLOCKED);
    story.message(s(0), 0, 0);
    story.hear(sent);
    story.unblock(A1, Target::Device(B1));
    story.block(A1, Target::Device(B1));
    story.message(s(0), 1, 1);
    assert_eq!(leaves(&story, [0, 1]), [Leaf::Withheld; 2]);
    assert_eq!(story.rules(), []);
}

#[test]
fn i07_a_new_session_after_blocking_again_needs_a_notice_of_its_own() {
    let mut story = Story::with_olm();
    story.deliver((A1, B1), s(0), 0);
    story.message(s(0), 0, 0);
    story.block(A1, Target::User(BOB));
    story.session(A1, s(1));
    let mut silent = story.clone();
    let sent = story.withhold(s(1), BLOCKED);
    story.hear(sent);
    story.message(s(1), 0, 1);
    assert_eq!(leaves(&story, [0, 1]), [Leaf::Delivered, Leaf::Withheld]);
    assert_eq!(story.rules(), []);
    silent.message(s(1), 0, 1);
    assert_eq!(leaves(&silent, [1]), [Leaf::Unexplained]);
}

#[test]
fn i09_a_block_while_the_key_is_on_its_way_leaves_that_session_readable() {
    let mut story = Story::with_olm();
    let key = story.put((A1, B1), ToDeviceType::Encrypted, Story::key(s(0), 0));
    story.block(A1, Target::Device(B1));
    story.accepted(key);
    story.stored(key);
    story.session(A1, s(1));
    let sent = story.withhold(s(1), BLOCKED);
    story.message(s(1), 0, 0);
    story.take(key);
    story.hear(sent);
    assert_eq!(story.leaf(), Leaf::Withheld);
    assert_eq!(story.rules(), []);
}

#[test]
fn i10_a_device_that_gets_cross_signed_gets_the_key_and_no_further_notice() {
    let mut story = Story::begin();
    story.share_with(A1, SharePolicy::CrossSigned);
    story.session(A1, s(0));
    let sent = story.withhold(s(0), SessionCode::Unverified);
    story.message(s(0), 0, 0);
    story.hear(sent);
    story.wait(60_000);
    let query = story.ask(A1, BOB);
    let (listed, cross_signed) = (B1, true);
    story.by(A1, FactKind::QueryListed { device: A1, query, listed, cross_signed });
    story.answer((A1, BOB), query, &[]);
    story.olm(A1, B1);
    story.deliver((A1, B1), s(0), 1);
    story.message(s(0), 1, 1);
    assert_eq!(leaves(&story, [0, 1]), [Leaf::Withheld, Leaf::Delivered]);
    assert_eq!(story.rules(), []);
}

#[test]
fn i12_one_no_olm_stands_for_both_rooms() {
    let mut story = Story::begin();
    story.session(A1, s(0));
    story.claim_fails(A1, B1);
    let sent = story.no_olm(A1, B1);
    story.message(s(0), 0, 0);
    story.session_in(A1, R2, s(1));
    story.encrypt_in(R2, s(1), 0, 1);
    story.at(HOME, FactKind::MessageAccepted { room: R2, message: crate::check::testing::m(1) });
    story.hear(sent);
    story.message(s(0), 1, 2);
    let expected = [Leaf::NoOlm, Leaf::NoOlm, Leaf::StandingNoOlm];
    assert_eq!(leaves(&story, [0, 1, 2]), expected);
    assert_eq!(story.rules(), []);
}

#[test]
fn i14_a_device_that_recovered_is_owed_the_very_next_message_of_the_same_session() {
    let mut story = Story::begin();
    story.session(A1, s(0));
    story.claim_fails(A1, B1);
    let sent = story.no_olm(A1, B1);
    story.message(s(0), 0, 0);
    story.hear(sent);
    story.olm(B1, A1);
    story.olm(A1, B1);
    story.wait(10_000);
    let mut forgotten = story.clone();
    story.deliver((A1, B1), s(0), 0);
    story.message(s(0), 1, 1);
    assert_eq!(leaves(&story, [0, 1]), [Leaf::Delivered; 2]);
    assert_eq!(story.rules(), []);
    forgotten.message(s(0), 1, 1);
    assert_eq!(leaves(&forgotten, [0, 1]), [Leaf::NoOlm, Leaf::Unexplained]);
    assert_eq!(forgotten.rules(), [(Rule::N07, device(A1))]);
}

#[test]
fn i17_two_devices_of_the_sender_report_each_for_its_own_messages() {
    let mut story = Story::begin();
    story.up(A2);
    story.session(A1, s(0));
    story.claim_fails(A1, B1);
    let first = story.no_olm(A1, B1);
    story.message(s(0), 0, 0);
    story.learn(A2, crate::check::testing::BOB, &[B1]);
    story.claim_fails(A2, B1);
    let second = story.no_olm(A2, B1);
    story.hear(first);
    story.hear(second);
    assert_eq!(story.leaf(), Leaf::NoOlm);
    assert_eq!(story.rules(), [(Rule::D01, device(A1))], "it has not asked for the own list");
}

#[test]
fn i19_a_server_that_cannot_be_reached_for_a_moment_may_be_reported_or_waited_for() {
    let mut waiting = Story::begin();
    waiting.session(A1, s(0));
    waiting.claim_unreachable(A1, B1);
    let mut reporting = waiting.clone();
    waiting.message(s(0), 0, 0);
    waiting.olm(A1, B1);
    waiting.deliver((A1, B1), s(0), 0);
    assert_eq!(waiting.leaf(), Leaf::Delivered);
    assert_eq!(waiting.rules(), []);
    reporting.claim_unreachable(A1, B1);
    let sent = reporting.no_olm(A1, B1);
    reporting.message(s(0), 0, 0);
    reporting.hear(sent);
    reporting.olm(A1, B1);
    reporting.deliver((A1, B1), s(0), 1);
    reporting.message(s(0), 1, 1);
    assert_eq!(leaves(&reporting, [0, 1]), [Leaf::NoOlm, Leaf::Delivered]);
    assert_eq!(reporting.rules(), []);
}

#[test]
fn i22_a_report_that_crosses_with_a_new_session_is_right_if_it_was_written_before() {
    use crate::protocol::withheld::WithheldNotice;
    let mut story = Story::begin();
    story.session(A1, s(0));
    story.claim_fails(A1, B1);
    let content = SentContent::Withheld(WithheldNotice::NoOlm.content(A1));
    let sent = story.put((A1, B1), ToDeviceType::Withheld, content);
    story.message(s(0), 0, 0);
    story.olm(A1, B1);
    story.accepted(sent);
    story.stored(sent);
    story.hear(sent);
    assert_eq!(story.leaf(), Leaf::NoOlm);
    assert_eq!(story.rules(), []);
}

#[test]
fn i23_and_i24_a_late_notice_explains_and_never_takes_a_key_away() {
    let mut story = Story::with_olm();
    story.deliver((A1, B1), s(0), 0);
    story.message(s(0), 0, 0);
    story.tries(B1, 0, TryResult::Decrypted);
    story.block(A1, Target::Device(B1));
    let sent = story.withhold(s(0), BLOCKED);
    story.hear(sent);
    assert_eq!(story.leaf(), Leaf::Delivered);
}

#[test]
fn i25_a_notice_that_is_listed_again_after_a_crash_is_heard_once() {
    let mut story = Story::blocked();
    let sent = story.withhold(s(0), BLOCKED);
    story.message(s(0), 0, 0);
    story.listed(sent);
    story.processed(sent, ProcessOutcome::Handled);
    story.crash(B1);
    story.shows_nothing(B1, 0);
    assert_eq!(story.leaf(), Leaf::Pending);
    story.by(B1, FactKind::Restarted { device: B1 });
    story.hear(sent);
    story.shows(B1, 0, WithheldCode::Blacklisted);
    assert_eq!(story.leaf(), Leaf::Withheld);
    assert_eq!(story.rules(), []);
    assert_eq!(story.judge().notices[0].count, 1);
}

#[test]
fn i25_a_notice_that_was_acknowledged_before_it_was_stored_is_lost_by_its_recipient() {
    let mut story = Story::blocked();
    let sent = story.withhold(s(0), BLOCKED);
    story.message(s(0), 0, 0);
    story.listed(sent);
    story.processed(sent, ProcessOutcome::Handled);
    story.crash(B1);
    story.by(B1, FactKind::Restarted { device: B1 });
    story.acknowledged(sent);
    story.shows_nothing(B1, 0);
    assert_eq!(story.leaf(), Leaf::LostAtRecipient);
    assert_eq!(story.rules(), [(Rule::T11, device(B1))]);
}

#[test]
fn i27_the_next_message_reaches_a_device_whose_query_was_under_way() {
    let mut story = Story::with_olm();
    story.deliver((A1, B1), s(0), 0);
    story.wait(60_000);
    story.up(B2);
    story.list_changed(HOME, BOB);
    story.noted(A1, BOB);
    let query = story.ask(A1, BOB);
    story.message(s(0), 0, 0);
    story.answer((A1, BOB), query, &[B1, B2]);
    story.olm(A1, B2);
    story.deliver((A1, B2), s(0), 1);
    story.message(s(0), 1, 1);
    let outcome = story.judge();
    assert_eq!(
        [0, 1].map(|message| leaf(&outcome, message, B2)),
        [Leaf::StaleList, Leaf::Delivered]
    );
    assert_eq!(rules(&outcome), [(Rule::D03, device(A1))], "one was sent before the answer");
}

#[test]
fn i29_a_device_id_with_new_keys_is_a_new_target() {
    let mut story = Story::begin();
    story.session(A1, s(0));
    story.claim_fails(A1, B1);
    story.no_olm(A1, B1);
    story.at(HOME, FactKind::DeviceDeleted { device: B1 });
    story.up(B2);
    story.list_changed(HOME, BOB);
    story.noted(A1, BOB);
    story.learn(A1, BOB, &[B2]);
    story.claim_fails(A1, B2);
    let mut silent = story.clone();
    let sent = story.no_olm(A1, B2);
    story.message(s(0), 0, 0);
    story.hear(sent);
    let outcome = story.judge();
    assert_eq!(leaf(&outcome, 0, B2), Leaf::NoOlm);
    assert_eq!(rules(&outcome), []);
    silent.wait(10_000);
    silent.message(s(0), 0, 0);
    assert_eq!(silent.rules(), [(Rule::N01, device(A1))]);
}

#[test]
fn i34_a_rolled_back_recipient_is_wedged_until_the_key_comes_again() {
    let mut story = Story::with_olm();
    story.wait(1_000);
    let snapshot = crate::time::SimTime::from_ms(500);
    story.by(B1, FactKind::StoreRestored { device: B1, snapshot });
    let key = story.give((A1, B1), s(0), 0);
    story.message(s(0), 0, 0);
    story.fails_to_open(key, OlmError::BadMac);
    story.olm(B1, A1);
    assert_eq!(story.leaf(), Leaf::Wedged);
    story.olm(A1, B1);
    story.deliver((A1, B1), s(0), 0);
    assert_eq!(story.leaf(), Leaf::Delivered);
    assert_eq!(story.rules(), []);
}

#[test]
fn i44_and_i45_reporting_that_is_switched_on_later_covers_what_was_sent_before() {
    use crate::protocol::withheld::CodeSet;
    let mut story = Story::blocked();
    story.report(A1, Some(Target::User(BOB)), CodeSet::NONE);
    story.message(s(0), 0, 0);
    assert_eq!(story.leaf(), Leaf::OptedOut);
    story.report(A1, Some(Target::User(BOB)), CodeSet::ALL);
    let sent = story.withhold(s(0), BLOCKED);
    story.message(s(0), 1, 1);
    story.hear(sent);
    assert_eq!(leaves(&story, [0, 1]), [Leaf::Withheld; 2]);
    assert_eq!(story.rules(), []);
}

#[test]
fn a_sender_that_lost_its_olm_session_with_its_store_stays_silent_after_its_one_report() {
    let mut story = Story::begin();
    story.session(A1, s(0));
    story.claim_fails(A1, B1);
    let sent = story.no_olm(A1, B1);
    story.hear(sent);
    story.wait(1_000);
    let snapshot = crate::time::SimTime::from_ms(500);
    story.olm(A1, B1);
    story.by(A1, FactKind::StoreRestored { device: A1, snapshot });
    story.message(s(0), 0, 0);
    assert_eq!(story.leaf(), Leaf::StandingNoOlm);
    story.no_olm(A1, B1);
    assert_eq!(story.rules(), [(Rule::N02, device(A1))], "the snapshot knew of the report");
}

#[test]
fn a_session_that_a_crash_cut_off_is_not_held_against_the_sender() {
    let mut story = Story::begin();
    story.session(A1, s(0));
    story.olm(A1, B1);
    story.crash(A1);
    story.by(A1, FactKind::Restarted { device: A1 });
    story.claim_fails(A1, B1);
    let sent = story.no_olm(A1, B1);
    story.message(s(0), 0, 0);
    story.hear(sent);
    assert_eq!(story.leaf(), Leaf::NoOlm);
    assert_eq!(story.rules(), []);
}

#[test]
fn a_retry_under_a_new_transaction_id_is_spam_and_changes_no_verdict() {
    let mut story = Story::blocked();
    let content = SentContent::Withheld(about(A1, s(0), BLOCKED));
    let first = story.put((A1, B1), ToDeviceType::Withheld, content);
    let second = story.put((A1, B1), ToDeviceType::Withheld, content);
    story.accepted(second);
    story.stored(second);
    story.hear(second);
    story.message(s(0), 0, 0);
    assert_eq!(story.leaf(), Leaf::Withheld);
    assert_eq!(story.rules(), [], "the first was never accepted");
    story.accepted(first);
    let never_stored =
        (Rule::T01, crate::scenario::fault::Party::Server(crate::check::testing::HOME));
    assert_eq!(story.rules(), [(Rule::W09, device(A1)), never_stored]);
}
