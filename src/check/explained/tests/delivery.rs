//! Stages 0 and 6 to 9: what became of keys and notices that were sent, and of messages that a key fits.
//! These tests do not ask whether a key was due.

use crate::check::testing::sending::Sent;
use crate::check::testing::{
    A1, ALICE, B1, BOB, HOME, Story, about, device, key_gone, leaf, rules, s,
};
use crate::ids::{ClaimId, DeviceId, KeyValue, OlmSessionId, ToDeviceId};
use crate::protocol::room::Membership;
use crate::protocol::to_device::ToDeviceType;
use crate::protocol::withheld::SessionCode;
use crate::rulebook::leaf::Leaf;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::{Fault, FaultKind, Party, ToDeviceFilter};
use crate::scenario::policy::{SharePolicy, Target};
use crate::time::SimTime;
use crate::trace::fact::{
    Direction, FactKind, KeySource, LossCause, OlmCause, OlmError, ProcessOutcome, SentContent,
    TryResult,
};

const SERVER: Party = Party::Server(HOME);

/// A1 gives B1 the key and sends message 0.
fn given() -> (Story, Sent) {
    let mut story = Story::with_olm();
    let key = story.give((A1, B1), s(0), 0);
    story.message(s(0), 0, 0);
    (story, key)
}

#[test]
fn a_message_that_was_read_is_delivered_and_so_is_one_whose_key_is_held() {
    let (mut story, key) = given();
    assert_eq!(story.leaf(), Leaf::Pending);
    story.take(key);
    assert_eq!(story.leaf(), Leaf::Delivered);
    story.tries(B1, 0, TryResult::Decrypted);
    let outcome = story.judge();
    assert_eq!(leaf(&outcome, 0, B1), Leaf::Delivered);
    assert!(outcome.verdicts.iter().all(|verdict| verdict.party.is_none()));
    assert_eq!(leaf(&story.judge_cut(), 0, B1), Leaf::Delivered);
}

#[test]
fn a_message_that_is_hidden_or_no_good_is_not_a_matter_of_keys() {
    let (mut story, key) = given();
    story.take(key);
    story.tries(B1, 0, TryResult::Hidden);
    assert_eq!(story.leaf(), Leaf::NotDisplayed);
    story.tries(B1, 0, TryResult::Invalid);
    assert_eq!(story.leaf(), Leaf::InvalidMessage);
    story.tries(B1, 0, TryResult::Decrypted);
    assert_eq!(story.leaf(), Leaf::Delivered);
}

#[test]
fn a_key_on_its_way_to_a_device_that_is_not_there_is_pending() {
    let (mut story, key) = given();
    story.crash(B1);
    assert_eq!(story.leaf(), Leaf::Pending);
    assert_eq!(story.rules(), []);
    let mut federated = Story::with_olm();
    let key_there = federated.put((A1, B1), ToDeviceType::Encrypted, Story::key(s(0), 0));
    federated.accepted(key_there);
    federated.message(s(0), 0, 0);
    assert_eq!(federated.leaf(), Leaf::Pending, "accepted and not yet at the other server");
    story.by(B1, FactKind::Restarted { device: B1 });
    story.take(key);
    assert_eq!(story.leaf(), Leaf::Delivered);
}

#[test]
fn a_key_or_a_notice_that_a_server_loses_is_its_fault_once_for_all_messages() {
    let mut story = Story::with_olm();
    let key = story.put((A1, B1), ToDeviceType::Encrypted, Story::key(s(0), 0));
    story.accepted(key);
    story.lost(key);
    story.message(s(0), 0, 0);
    story.message(s(0), 1, 1);
    assert_eq!(story.leaf(), Leaf::ExplanationLost);
    assert_eq!(story.rules(), [(Rule::T01, SERVER)]);
    let mut notice = Story::blocked();
    let content = SentContent::Withheld(about(A1, s(0), SessionCode::Blacklisted));
    let sent = notice.put((A1, B1), ToDeviceType::Withheld, content);
    notice.accepted(sent);
    notice.stored(sent);
    let message = Some(sent.row);
    notice.at(HOME, FactKind::Lost { txn: sent.txn, recipient: B1, message });
    notice.message(s(0), 0, 0);
    assert_eq!(notice.leaf(), Leaf::ExplanationLost);
    assert_eq!(notice.rules(), [(Rule::T01, SERVER), (Rule::T03, SERVER)]);
}

#[test]
fn a_loss_that_a_fault_announces_counts_against_nobody() {
    let mut story = Story::with_olm();
    let which = ToDeviceFilter { recipient: Some(B1), ..ToDeviceFilter::default() };
    let [from, until] = [SimTime::from_ms(1), SimTime::MAX];
    let fault = story.fault(Fault { from, until, kind: FaultKind::ToDeviceDropped { which } });
    let key = story.put((A1, B1), ToDeviceType::Encrypted, Story::key(s(0), 0));
    story.accepted(key);
    story.lost(key);
    let mut unrelated = story.clone();
    unrelated.message(s(0), 0, 0);
    assert_eq!(unrelated.judge().counted().count(), 1, "the fault had nothing to do with it");
    story.came_of(fault);
    story.message(s(0), 0, 0);
    let outcome = story.judge();
    assert_eq!(leaf(&outcome, 0, B1), Leaf::ExplanationLost);
    assert!(outcome.violations[0].injected.is_some());
    assert_eq!(outcome.counted().count(), 0);
}

#[test]
fn a_key_that_was_lost_and_sent_again_is_judged_by_what_became_of_the_second() {
    let mut story = Story::with_olm();
    let key = story.put((A1, B1), ToDeviceType::Encrypted, Story::key(s(0), 0));
    story.accepted(key);
    story.lost(key);
    story.message(s(0), 0, 0);
    story.olm(A1, B1);
    let again = story.give((A1, B1), s(0), 0);
    assert_eq!(story.leaf(), Leaf::Pending);
    story.take(again);
    assert_eq!(story.leaf(), Leaf::Delivered);
    assert_eq!(story.rules(), [(Rule::T01, SERVER)], "it was lost all the same");
}

#[test]
fn what_is_acknowledged_and_never_processed_was_taken_by_another_or_dropped_in_a_crash() {
    let (mut story, key) = given();
    story.listed(key);
    let mut crashed = story.clone();
    story.acknowledged(key);
    assert_eq!(story.leaf(), Leaf::ExplanationLost);
    assert_eq!(story.rules(), [(Rule::T01, SERVER)]);
    crashed.crash(B1);
    assert_eq!(crashed.leaf(), Leaf::Pending, "it will be listed again");
    crashed.acknowledged(key);
    assert_eq!(crashed.leaf(), Leaf::LostAtRecipient);
    assert_eq!(crashed.rules(), [(Rule::T11, device(B1))]);
}

#[test]
fn a_key_that_a_crash_cut_off_before_it_was_stored_comes_again_unless_it_was_acknowledged() {
    let (mut story, key) = given();
    story.listed(key);
    story.opened(key);
    story.processed(key, ProcessOutcome::Handled);
    story.crash(B1);
    story.by(B1, FactKind::Restarted { device: B1 });
    assert_eq!(story.leaf(), Leaf::Pending);
    let mut again = story.clone();
    story.acknowledged(key);
    assert_eq!(story.leaf(), Leaf::LostAtRecipient);
    assert_eq!(story.rules(), [(Rule::T11, device(B1))]);
    again.take(key);
    assert_eq!(again.leaf(), Leaf::Delivered);
    assert_eq!(again.rules(), []);
}

#[test]
fn a_key_that_was_taken_just_before_a_crash_counts_unless_reading_with_it_fails() {
    let (mut story, key) = given();
    story.listed(key);
    story.opened(key);
    story.processed(key, ProcessOutcome::Handled);
    story.key_in(B1, s(0), 0, KeySource::RoomKey);
    story.crash(B1);
    story.acknowledged(key);
    assert_eq!(story.leaf(), Leaf::Delivered);
    story.shows_nothing(B1, 0);
    assert_eq!(story.leaf(), Leaf::LostAtRecipient);
}

#[test]
fn a_key_that_was_decrypted_and_not_taken_was_never_stored() {
    let (mut story, key) = given();
    story.listed(key);
    story.opened(key);
    story.processed(key, ProcessOutcome::Handled);
    story.acknowledged(key);
    assert_eq!(story.leaf(), Leaf::LostAtRecipient);
    assert_eq!(story.rules(), [(Rule::K12, device(B1))]);
    let (session, first) = (s(0), 0);
    story.by(B1, FactKind::KeyRefused { device: B1, session, first, via: None });
    assert_eq!(story.leaf(), Leaf::Rejected);
}

#[test]
fn a_key_whose_payload_does_not_fit_its_envelope_is_rejected() {
    let (mut story, key) = given();
    story.fails_to_open(key, OlmError::Mismatch);
    assert_eq!(story.leaf(), Leaf::Rejected);
    let (mut silent, key) = given();
    silent.processed(key, ProcessOutcome::Ignored);
    assert_eq!(silent.leaf(), Leaf::Rejected);
    assert_eq!(silent.rules(), []);
}

/// B1 could not decrypt the key, because the session was out of step.
fn out_of_step(error: OlmError) -> Story {
    let (mut story, key) = given();
    story.fails_to_open(key, error);
    story
}

#[test]
fn a_device_that_opens_a_new_session_after_a_failure_did_its_part() {
    for error in [OlmError::BadMac, OlmError::NoSession, OlmError::MissingMessageKey] {
        let mut story = out_of_step(error);
        assert_eq!(story.leaf(), Leaf::NotUnwedged);
        assert_eq!(story.rules(), [(Rule::U01, device(B1))]);
        assert_eq!(leaf(&story.judge_cut(), 0, B1), Leaf::Wedged, "it may still come");
        story.olm(B1, A1);
        assert_eq!(story.leaf(), Leaf::Wedged);
        assert_eq!(story.rules(), []);
    }
}

#[test]
fn an_attempt_to_recover_that_fails_is_an_attempt_before_or_after() {
    let mut after = out_of_step(OlmError::BadMac);
    after.claim_fails(B1, A1);
    assert_eq!(after.leaf(), Leaf::Wedged);
    let mut before = Story::with_olm();
    before.claim_unreachable(B1, A1);
    let key = before.give((A1, B1), s(0), 0);
    before.message(s(0), 0, 0);
    before.fails_to_open(key, OlmError::BadMac);
    assert_eq!(before.leaf(), Leaf::Wedged);
}

#[test]
fn the_one_hour_limit_excuses_a_device_for_less_than_an_hour() {
    for (ms, expected) in [(3_500_000, Leaf::Wedged), (3_600_000, Leaf::NotUnwedged)] {
        let mut story = Story::with_olm();
        story.olm(B1, A1);
        story.wait(ms);
        let key = story.give((A1, B1), s(0), 0);
        story.message(s(0), 0, 0);
        story.fails_to_open(key, OlmError::BadMac);
        assert_eq!(story.leaf(), expected);
    }
}

#[test]
fn a_device_that_does_not_know_or_trust_the_sender_or_is_gone_need_not_recover() {
    let mut barred = Story::with_olm();
    barred.block(B1, Target::User(ALICE));
    let mut strict = Story::with_olm();
    strict.share_with(B1, SharePolicy::Verified);
    let mut ignorant = Story::with_olm();
    ignorant.learn(B1, ALICE, &[]);
    for mut story in [barred, strict, ignorant] {
        let key = story.give((A1, B1), s(0), 0);
        story.message(s(0), 0, 0);
        story.fails_to_open(key, OlmError::BadMac);
        assert_eq!(story.leaf(), Leaf::Wedged);
    }
    let mut gone = out_of_step(OlmError::BadMac);
    gone.crash(B1);
    assert_eq!(gone.leaf(), Leaf::Wedged);
}

/// B1 could not decrypt the key, because it lacks the private part of one-time key 5.
fn without_private_part(before: impl FnOnce(&mut Story)) -> Story {
    let mut story = Story::with_olm();
    before(&mut story);
    let key = story.give((A1, B1), s(0), 0);
    story.message(s(0), 0, 0);
    story.fails_to_open(key, OlmError::MissingKey(KeyValue::new(5)));
    story
}

#[test]
fn a_private_part_that_was_retired_or_never_seen_to_go_is_an_expired_key() {
    assert_eq!(without_private_part(|_| {}).leaf(), Leaf::KeyExpired);
    for why in [LossCause::Expired, LossCause::Wiped] {
        let mut story = without_private_part(|story| {
            story.by(B1, key_gone(B1, 5, why));
        });
        story.olm(B1, A1);
        assert_eq!(story.leaf(), Leaf::KeyExpired);
        assert_eq!(story.rules(), []);
    }
}

#[test]
fn the_second_message_that_an_expired_key_spoils_is_a_matter_of_recovery() {
    let mut story = without_private_part(|_| {});
    let mut recovered = story.clone();
    recovered.claim_fails(B1, A1);
    for story in [&mut story, &mut recovered] {
        story.wait(60_000);
        story.replace(A1, s(1));
        let key = story.give((A1, B1), s(1), 0);
        story.message(s(1), 0, 1);
        story.fails_to_open(key, OlmError::MissingKey(KeyValue::new(5)));
    }
    let outcome = story.judge();
    assert_eq!(leaf(&outcome, 0, B1), Leaf::KeyExpired);
    assert_eq!(leaf(&outcome, 1, B1), Leaf::NotUnwedged);
    assert_eq!(rules(&outcome), [(Rule::U01, device(B1))]);
    assert_eq!(leaf(&recovered.judge(), 1, B1), Leaf::KeyExpired);
}

#[test]
fn a_private_part_that_was_used_or_rolled_back_is_a_matter_of_sessions_out_of_step() {
    for why in [LossCause::Used, LossCause::Rollback] {
        let mut story = without_private_part(|story| {
            story.by(B1, key_gone(B1, 5, why));
        });
        assert_eq!(story.leaf(), Leaf::NotUnwedged);
        story.olm(B1, A1);
        assert_eq!(story.leaf(), Leaf::Wedged);
    }
}

#[test]
fn a_private_part_that_a_failed_message_used_up_was_dropped_too_early() {
    let mut story = without_private_part(|story| {
        story.by(B1, key_gone(B1, 5, LossCause::FailedMessage));
    });
    story.olm(B1, A1);
    assert_eq!(story.leaf(), Leaf::DroppedEarly);
    assert_eq!(story.rules(), [(Rule::U05, device(B1))]);
}

#[test]
fn a_one_time_key_that_was_handed_out_twice_is_the_fault_of_its_server() {
    let hand_out = |story: &mut Story, fallback| {
        let (target, key) = (B1, KeyValue::new(5));
        for claim in [Some(ClaimId::new(1)), None] {
            story.at(HOME, FactKind::KeyHandedOut { target, key, fallback, claim });
        }
        story.by(B1, key_gone(B1, 5, LossCause::Used));
    };
    let mut twice = without_private_part(|story| hand_out(story, false));
    twice.olm(B1, A1);
    assert_eq!(twice.leaf(), Leaf::KeyHandedOutTwice);
    assert_eq!(twice.rules(), [(Rule::C01, SERVER)]);
    let fallback = without_private_part(|story| hand_out(story, true));
    assert_ne!(fallback.leaf(), Leaf::KeyHandedOutTwice);
}

#[test]
fn a_session_that_was_expired_with_fewer_than_four_left_was_dropped_too_early() {
    for (others, expected) in [(3, Leaf::DroppedEarly), (4, Leaf::Wedged)] {
        let mut story = Story::with_olm();
        // The session of the builder's Olm messages has this number.
        let session = OlmSessionId::new(0);
        for number in 0..=others {
            let made = FactKind::OlmNew {
                device: B1,
                peer: A1,
                session: OlmSessionId::new(number * 100),
                direction: Direction::Outbound,
                why: OlmCause::Share,
                key: None,
            };
            story.by(B1, made);
        }
        let why = LossCause::Expired;
        story.by(B1, FactKind::OlmDropped { device: B1, peer: A1, session, why });
        let key = story.give((A1, B1), s(0), 0);
        story.message(s(0), 0, 0);
        story.fails_to_open(key, OlmError::NoSession);
        assert_eq!(story.leaf(), expected);
        let broken = expected == Leaf::DroppedEarly;
        let expected_rules: &[_] = if broken { &[(Rule::U07, device(B1))] } else { &[] };
        assert_eq!(story.rules(), expected_rules);
    }
}

#[test]
fn a_session_that_goes_after_a_failure_has_nothing_to_do_with_it() {
    let mut story = Story::with_olm();
    let (device, peer, session) = (B1, A1, OlmSessionId::new(0));
    let (direction, cause) = (Direction::Inbound, OlmCause::Received);
    story.by(B1, FactKind::OlmNew { device, peer, session, direction, why: cause, key: None });
    let key = story.give((A1, B1), s(0), 0);
    story.message(s(0), 0, 0);
    let failure = story.fails_to_open(key, OlmError::BadMac);
    let why = LossCause::Expired;
    story.by(B1, FactKind::OlmDropped { device, peer, session, why });
    assert_eq!(story.leaf(), Leaf::NotUnwedged, "one that had too few left would be blamed");
    let outcome = story.judge();
    let u01 = outcome.violations.iter().find(|one| one.rule == Rule::U01).unwrap();
    assert_eq!(u01.witnesses.iter().flatten().max(), Some(&failure));
}

#[test]
fn a_key_that_went_with_the_store_is_a_storage_loss() {
    for why in [LossCause::Wiped, LossCause::Rollback, LossCause::Notice] {
        let (mut story, key) = given();
        story.take(key);
        story.by(B1, FactKind::KeyLost { device: B1, session: s(0), why });
        assert_eq!(story.leaf(), Leaf::StorageLoss);
        let by_notice = why == LossCause::Notice;
        let expected: &[_] = if by_notice { &[(Rule::P08, device(B1))] } else { &[] };
        assert_eq!(story.rules(), expected);
    }
}

#[test]
fn a_key_that_came_after_the_snapshot_of_a_restored_store_is_a_storage_loss() {
    let mut story = Story::with_olm();
    story.wait(100);
    let before = SimTime::from_ms(50);
    story.deliver((A1, B1), s(0), 0);
    story.message(s(0), 0, 0);
    story.tries(B1, 0, TryResult::Decrypted);
    story.by(B1, FactKind::StoreRestored { device: B1, snapshot: before });
    assert_eq!(story.leaf(), Leaf::Delivered, "it was read");
    story.shows_nothing(B1, 0);
    assert_eq!(story.leaf(), Leaf::StorageLoss);
    story.deliver((A1, B1), s(0), 1);
    assert_eq!(story.leaf(), Leaf::StorageLoss, "the new key starts later");
    story.deliver((A1, B1), s(0), 0);
    story.tries(B1, 0, TryResult::Decrypted);
    assert_eq!(story.leaf(), Leaf::Delivered);
}

#[test]
fn a_key_that_a_later_one_replaces_is_overwritten() {
    let (mut story, key) = given();
    story.take(key);
    let why = LossCause::Overwritten;
    story.by(B1, FactKind::KeyLost { device: B1, session: s(0), why });
    assert_eq!(story.leaf(), Leaf::Overwritten);
    story.key_in(B1, s(0), 3, KeySource::RoomKey);
    assert_eq!(story.leaf(), Leaf::Overwritten);
    assert_eq!(story.rules(), [(Rule::P14, device(B1))]);
}

#[test]
fn a_later_key_beside_a_better_one_overwrites_it_only_if_reading_fails() {
    let (mut story, key) = given();
    story.take(key);
    story.key_in(B1, s(0), 3, KeySource::RoomKey);
    assert_eq!(story.leaf(), Leaf::Delivered);
    story.shows_nothing(B1, 0);
    assert_eq!(story.leaf(), Leaf::Overwritten);
}

#[test]
fn a_copy_that_a_server_made_changes_nothing() {
    let (mut story, key) = given();
    let copy = Sent { row: ToDeviceId::new(500), ..key };
    story.stored(copy);
    story.take(key);
    story.listed(copy);
    story.processed(copy, ProcessOutcome::Duplicate);
    assert_eq!(story.leaf(), Leaf::Delivered);
    let mut lost = story.clone();
    let message = Some(copy.row);
    lost.at(HOME, FactKind::Lost { txn: copy.txn, recipient: B1, message });
    assert_eq!(lost.leaf(), Leaf::Delivered);
}

#[test]
fn a_sealed_message_is_a_key_once_it_is_opened() {
    let mut story = Story::with_olm();
    let sealed = story.send((A1, B1), ToDeviceType::Encrypted, SentContent::Sealed);
    story.message(s(0), 0, 0);
    assert_eq!(story.leaf(), Leaf::Unexplained);
    let known = Sent { content: Story::key(s(0), 0), ..sealed };
    story.take(known);
    assert_eq!(story.leaf(), Leaf::Delivered);
    story.by(B1, FactKind::KeyLost { device: B1, session: s(0), why: LossCause::Wiped });
    assert_eq!(story.leaf(), Leaf::StorageLoss);
}

#[test]
fn a_key_for_a_device_that_had_the_device_id_before_is_not_given_to_the_new_one() {
    let mut story = Story::with_olm();
    let former: DeviceId = crate::check::testing::B2;
    let key = story.put((A1, former), ToDeviceType::Encrypted, Story::key(s(0), 0));
    story.accepted(key);
    let misdelivered = Sent { recipient: B1, ..key };
    story.stored(misdelivered);
    story.fails_to_open(misdelivered, OlmError::NoSession);
    story.olm(B1, A1);
    story.message(s(0), 0, 0);
    assert_eq!(story.leaf(), Leaf::Unexplained);
    assert_eq!(rules(&story.judge()), [(Rule::K01, device(A1))]);
}

#[test]
fn a_second_failure_after_a_recovery_that_found_no_key_is_nobodys_neglect() {
    for tried in [false, true] {
        let mut story = Story::with_olm();
        if tried {
            story.claim_fails(B1, A1);
        }
        let first = story.give((A1, B1), s(0), 0);
        story.fails_to_open(first, OlmError::BadMac);
        story.olm(A1, B1);
        let second = story.give((A1, B1), s(0), 0);
        story.message(s(0), 0, 0);
        story.fails_to_open(second, OlmError::BadMac);
        assert_eq!(story.rules().is_empty(), tried);
    }
}

#[test]
fn who_was_no_member_is_not_owed_what_it_has_a_part_of() {
    let mut story = Story::with_olm();
    story.member(BOB, Membership::Leave, 3);
    story.seen(A1, 3);
    story.session(A1, s(1));
    story.message(s(1), 0, 0);
    story.key_in(B1, s(1), 3, KeySource::Backup);
    assert_eq!(story.leaf(), Leaf::NotAMember);
}
