//! Stage 4: keys that were owed while there was no Olm session, and the report that says so.
//! These tests do not ask for session notices, except where one comes before the report.

use crate::check::explained::tests::{BLOCKED, code, failing};
use crate::check::testing::{A1, A2, B1, BOB, C1, CAROL, Story, device, leaf, rules, s};
use crate::ids::{DeviceId, FactId, FaultId, MessageId};
use crate::protocol::to_device::ToDeviceType;
use crate::protocol::withheld::{CodeSet, WithheldCode};
use crate::rulebook::leaf::{Leaf, LeafClass};
use crate::rulebook::reading::ReadingName;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::{Fault, FaultKind};
use crate::scenario::policy::Target;
use crate::time::SimTime;
use crate::trace::fact::{FactKind, LossCause, Observer, ProcessOutcome};

#[test]
fn a_no_olm_explains_what_was_sent_before_it_was_heard() {
    let mut story = failing();
    let sent = story.no_olm(A1, B1);
    story.message(s(0), 0, 0);
    story.hear(sent);
    story.message(s(0), 1, 1);
    let outcome = story.judge();
    assert_eq!(leaf(&outcome, 0, B1), Leaf::NoOlm);
    assert_eq!(code(&story), Some(WithheldCode::NoOlm));
    assert_eq!(leaf(&outcome, 1, B1), Leaf::StandingNoOlm);
    assert_eq!(rules(&outcome), []);
}

#[test]
fn a_standing_no_olm_is_a_gap_of_the_specification_or_explains_what_comes_after_it() {
    let mut story = failing();
    let sent = story.no_olm(A1, B1);
    story.hear(sent);
    story.message(s(0), 0, 0);
    let class = |reading| {
        let outcome = story.judge_as(reading);
        let verdict = outcome.verdicts.iter().find(|verdict| verdict.device == B1).unwrap();
        (verdict.leaf, verdict.class(&outcome.reading))
    };
    let leaf = Leaf::StandingNoOlm;
    assert_eq!(class(ReadingName::Strict), (leaf, LeafClass::SpecGap));
    assert_eq!(class(ReadingName::Lenient), (leaf, LeafClass::Explained));
}

#[test]
fn a_device_may_make_nothing_of_a_no_olm() {
    let mut story = failing();
    let sent = story.no_olm(A1, B1);
    story.message(s(0), 0, 0);
    story.shows_nothing(B1, 0);
    story.hear(sent);
    assert_eq!(story.leaf(), Leaf::NoOlmNotUsed);
    assert_eq!(story.rules(), []);
    story.shows(B1, 0, WithheldCode::NoOlm);
    assert_eq!(story.leaf(), Leaf::NoOlm);
}

#[test]
fn a_failed_attempt_that_is_not_reported_is_unexplained_once_an_epoch() {
    let mut story = failing();
    story.message(s(0), 0, 0);
    story.message(s(0), 1, 1);
    assert_eq!(story.leaf(), Leaf::Unexplained);
    assert_eq!(story.rules(), [(Rule::N01, device(A1))]);
    assert_eq!(leaf(&story.judge_cut(), 0, B1), Leaf::Pending);
    let sent = story.no_olm(A1, B1);
    assert_eq!(story.leaf(), Leaf::Pending);
    story.hear(sent);
    assert_eq!(story.leaf(), Leaf::NoOlm);
}

#[test]
fn a_sender_that_is_cut_off_before_the_second_try_does_not_get_to_a_report() {
    let cut_off = |kind| Fault { from: SimTime::from_ms(1), until: SimTime::MAX, kind };
    let leaf_of = |fails: fn(&mut Story, DeviceId, DeviceId) -> FactId, comes_back, kind| {
        let mut story = Story::begin();
        story.session(A1, s(0));
        fails(&mut story, A1, B1);
        story.message(s(0), 0, 0);
        if comes_back {
            story.by(A1, FactKind::MessageReceived { device: A1, message: MessageId::new(0) });
        }
        story.fault(cut_off(kind));
        assert_eq!(leaf(&story.judge_cut(), 0, B1), Leaf::Pending);
        story.leaf()
    };
    let [own, other] = [A1, B1].map(|device| FaultKind::ClientOffline { device });
    assert_eq!(leaf_of(Story::claim_unreachable, true, own.clone()), Leaf::SenderGone);
    assert_eq!(leaf_of(Story::claim_unreachable, true, other.clone()), Leaf::Unexplained);
    assert_eq!(leaf_of(Story::claim_fails, true, own.clone()), Leaf::Unexplained, "it was due");
    assert_eq!(leaf_of(Story::claim_fails, false, own), Leaf::SenderGone, "nobody told it to");
    assert_eq!(leaf_of(Story::claim_fails, false, other), Leaf::Unexplained);
}

#[test]
fn a_list_that_loses_the_device_before_a_sender_is_heard_again_leaves_nobody_to_tell() {
    let kind = FaultKind::ClientOffline { device: A1 };
    let judged = |is_cut_off: bool, is_heard: bool, knows: bool| {
        let mut story = Story::begin();
        story.session(A1, s(0));
        story.claim_unreachable(A1, B1);
        story.message(s(0), 0, 0);
        story.by(A1, FactKind::MessageReceived { device: A1, message: MessageId::new(0) });
        if is_cut_off {
            story.fault(Fault {
                from: SimTime::from_ms(1),
                until: SimTime::MAX,
                kind: kind.clone(),
            });
        }
        story.claim_unreachable(A1, B1);
        if is_cut_off {
            story.fact(Observer::World, FactKind::FaultEnd(FaultId::new(0)));
        }
        if is_heard {
            story.no_olm(A1, C1);
        }
        if knows {
            story.learn(A1, CAROL, &[C1]);
        }
        story.learn(A1, BOB, &[]);
        let outcome = story.judge();
        let at_b1 = Some((MessageId::new(0), B1));
        outcome.violations.iter().find(|one| one.cell == at_b1).map(|one| one.rule)
    };
    assert_eq!(judged(true, false, true), Some(Rule::D04), "nothing got through");
    assert_eq!(judged(true, true, false), Some(Rule::D04), "it asked as soon as it knew");
    assert_eq!(judged(true, true, true), Some(Rule::N01), "it could have told B1, too");
    assert_eq!(judged(false, false, false), Some(Rule::N01), "nothing kept it from telling");
}

#[test]
fn who_is_barred_in_silence_before_the_list_has_the_device_back_need_not_be_told() {
    for is_barred_first in [true, false] {
        let mut story = Story::begin();
        story.session(A1, s(0));
        story.report(A1, None, CodeSet::NONE.with(WithheldCode::NoOlm));
        story.claim_unreachable(A1, B1);
        story.message(s(0), 0, 0);
        story.by(A1, FactKind::MessageReceived { device: A1, message: MessageId::new(0) });
        let query = story.ask(A1, BOB);
        story.claim_unreachable(A1, B1);
        story.answer((A1, BOB), query, &[]);
        if is_barred_first {
            story.block(A1, Target::User(BOB));
        }
        story.learn(A1, BOB, &[B1]);
        if !is_barred_first {
            story.block(A1, Target::User(BOB));
        }
        assert_eq!(story.rules().contains(&(Rule::N01, device(A1))), !is_barred_first);
    }
}

#[test]
fn a_sender_that_does_not_report_no_olm_need_not_tell_if_it_tried() {
    let mut story = failing();
    story.report(A1, None, CodeSet::NONE);
    story.message(s(0), 0, 0);
    assert_eq!(story.leaf(), Leaf::OptedOut);
    let mut idle = Story::begin();
    idle.session(A1, s(0));
    idle.report(A1, None, CodeSet::NONE);
    idle.message(s(0), 0, 0);
    assert_eq!(idle.leaf(), Leaf::Unexplained);
    assert_eq!(idle.rules(), [(Rule::K01, device(A1))]);
}

#[test]
fn a_session_that_comes_up_before_the_report_makes_the_key_due_instead() {
    let mut story = failing();
    story.message(s(0), 0, 0);
    story.olm(A1, B1);
    assert_eq!(story.rules(), [(Rule::K01, device(A1))]);
    let mut late = story.clone();
    late.deliver((A1, B1), s(0), 1);
    assert_eq!(late.leaf(), Leaf::SharedTooLate);
    story.deliver((A1, B1), s(0), 0);
    assert_eq!(story.leaf(), Leaf::Delivered);
    assert_eq!(story.rules(), []);
}

#[test]
fn after_a_report_that_was_heard_the_key_may_start_later() {
    let mut story = failing();
    let sent = story.no_olm(A1, B1);
    story.message(s(0), 0, 0);
    story.hear(sent);
    story.olm(A1, B1);
    story.deliver((A1, B1), s(0), 1);
    story.message(s(0), 1, 1);
    let outcome = story.judge();
    assert_eq!(leaf(&outcome, 0, B1), Leaf::NoOlm);
    assert_eq!(leaf(&outcome, 1, B1), Leaf::Delivered);
    assert_eq!(rules(&outcome), []);
}

#[test]
fn the_report_of_one_epoch_does_not_explain_the_next() {
    let mut story = failing();
    let sent = story.no_olm(A1, B1);
    story.hear(sent);
    let session = story.olm(A1, B1);
    let why = LossCause::Wiped;
    story.by(A1, FactKind::OlmDropped { device: A1, peer: B1, session, why });
    story.claim_fails(A1, B1);
    story.message(s(0), 0, 0);
    assert_eq!(story.leaf(), Leaf::Unexplained);
    assert_eq!(story.rules(), [(Rule::N01, device(A1))]);
    let sent = story.no_olm(A1, B1);
    story.hear(sent);
    assert_eq!(story.leaf(), Leaf::NoOlm);
    assert_eq!(story.rules(), []);
}

#[test]
fn a_notice_about_the_session_comes_before_a_no_olm() {
    let mut story = Story::blocked();
    let sent = story.withhold(s(0), BLOCKED);
    story.hear(sent);
    story.unblock(A1, Target::Device(B1));
    story.wait(10_000);
    story.claim_fails(A1, B1);
    let report = story.no_olm(A1, B1);
    story.message(s(0), 0, 0);
    story.session(A1, s(1));
    story.message(s(1), 0, 1);
    story.hear(report);
    let outcome = story.judge();
    assert_eq!(leaf(&outcome, 0, B1), Leaf::Withheld);
    assert_eq!(leaf(&outcome, 1, B1), Leaf::NoOlm);
    assert_eq!(rules(&outcome), []);
}

#[test]
fn another_device_of_the_user_speaks_for_all_of_them_in_the_lenient_reading_only() {
    let mut story = failing();
    story.report(A1, None, CodeSet::NONE);
    story.up(A2);
    story.learn(A2, BOB, &[B1]);
    story.claim_fails(A2, B1);
    let sent = story.no_olm(A2, B1);
    story.message(s(0), 0, 0);
    story.hear(sent);
    assert_eq!(story.leaf(), Leaf::OptedOut);
    assert_eq!(leaf(&story.judge_as(ReadingName::Lenient), 0, B1), Leaf::NoOlm);
}

#[test]
fn a_no_olm_that_was_dealt_with_before_the_message_stands_though_a_crash_followed() {
    let mut story = failing();
    let sent = story.no_olm(A1, B1);
    story.listed(sent);
    story.processed(sent, ProcessOutcome::Handled);
    story.crash(B1);
    story.acknowledged(sent);
    story.by(B1, FactKind::Restarted { device: B1 });
    story.message(s(0), 0, 0);
    story.shows_nothing(B1, 0);
    assert_eq!(story.leaf(), Leaf::StandingNoOlm);
    assert_eq!(story.rules(), []);
}

#[test]
fn what_was_said_after_the_message_comes_before_a_key_that_got_lost() {
    let mut story = failing();
    let report = story.no_olm(A1, B1);
    story.message(s(0), 0, 0);
    story.olm(A1, B1);
    let key = story.put((A1, B1), ToDeviceType::Encrypted, Story::key(s(0), 0));
    story.accepted(key);
    story.lost(key);
    story.hear(report);
    assert_eq!(story.leaf(), Leaf::NoOlm);
}

#[test]
fn a_key_that_follows_without_a_word_is_judged_by_what_became_of_it() {
    let mut story = failing();
    story.message(s(0), 0, 0);
    story.olm(A1, B1);
    let key = story.put((A1, B1), ToDeviceType::Encrypted, Story::key(s(0), 0));
    assert_eq!(story.leaf(), Leaf::Unexplained, "its server has not accepted it");
    story.accepted(key);
    story.lost(key);
    assert_eq!(story.leaf(), Leaf::ExplanationLost);
}

#[test]
fn a_report_that_is_not_wanted_when_the_message_is_encrypted_is_not_owed_for_it() {
    let mut story = failing();
    story.report(A1, None, CodeSet::NONE);
    story.encrypt(s(0), 0, 0);
    story.report(A1, None, CodeSet::ALL);
    story.accept(0);
    assert_eq!(story.leaf(), Leaf::OptedOut);
}

#[test]
fn a_failure_that_was_not_to_be_told_when_it_was_known_need_not_be_told_later() {
    let only_no_olm = CodeSet::NONE.with(WithheldCode::NoOlm);
    let known_under = |codes, barred: bool| {
        let mut story = Story::begin();
        story.session(A1, s(0));
        story.report(A1, None, codes);
        if barred {
            story.block(A1, Target::Device(B1));
        }
        story.claim_fails(A1, B1);
        story.unblock(A1, Target::Device(B1));
        story.report(A1, None, CodeSet::ALL);
        story.wait(10_000);
        story.message(s(0), 0, 0);
        story.leaf()
    };
    assert_eq!(known_under(CodeSet::NONE, false), Leaf::OptedOut);
    assert_eq!(known_under(only_no_olm, true), Leaf::OptedOut, "its reason was another");
    assert_eq!(known_under(only_no_olm, false), Leaf::Unexplained);
}

#[test]
fn a_failure_that_was_to_be_told_is_not_excused_by_a_later_one() {
    let mut story = failing();
    story.report(A1, None, CodeSet::NONE);
    story.claim_fails(A1, B1);
    story.report(A1, None, CodeSet::ALL);
    story.wait(10_000);
    story.message(s(0), 0, 0);
    assert_eq!(story.rules(), [(Rule::N01, device(A1))]);
}

#[test]
fn who_opts_out_long_after_the_report_was_due_owed_it() {
    let mut story = failing();
    story.message(s(0), 0, 0);
    story.wait(7_200_000);
    story.report(A1, None, CodeSet::NONE);
    assert_eq!(story.leaf(), Leaf::Unexplained);
    assert_eq!(story.rules(), [(Rule::N01, device(A1))]);
}

#[test]
fn a_later_message_that_was_kept_back_in_silence_ends_what_could_not_be_given() {
    let mut story = Story::begin();
    story.session(A1, s(0));
    story.claim_unreachable(A1, B1);
    story.message(s(0), 0, 0);
    let mut told = story.clone();
    story.report(A1, None, CodeSet::NONE);
    for (story, expected) in [(&mut story, Leaf::OptedOut), (&mut told, Leaf::Withheld)] {
        story.block(A1, Target::Device(B1));
        if expected == Leaf::Withheld {
            let sent = story.withhold(s(0), crate::protocol::withheld::SessionCode::Blacklisted);
            story.hear(sent);
        }
        story.message(s(0), 1, 1);
        story.unblock(A1, Target::Device(B1));
        story.report(A1, None, CodeSet::ALL);
        story.olm(A1, B1);
        assert_eq!(leaf(&story.judge(), 0, B1), expected);
    }
}
