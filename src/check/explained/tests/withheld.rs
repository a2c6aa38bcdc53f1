//! Stage 3: what a device that gets no key on purpose was told, and what it makes of that.
//! These tests do not ask whether a notice is true.

use crate::check::explained::tests::{BLOCKED, code};
use crate::check::testing::{
    A1, A2, ALICE, B1, B2, BOB, HOME, Story, about, device, leaf, rules, s,
};
use crate::ids::{MessageId, SigningKey};
use crate::protocol::room::Membership;
use crate::protocol::to_device::ToDeviceType;
use crate::protocol::withheld::{CodeSet, Field, SessionCode, WithheldCode, WithheldContent};
use crate::rulebook::leaf::Leaf;
use crate::rulebook::reading::{ReadingName, Severity};
use crate::rulebook::rule::Rule;
use crate::scenario::policy::{SharePolicy, Target};
use crate::time::SimTime;
use crate::trace::fact::{FactKind, ProcessOutcome, QueryOutcome, SentContent, Shown, TryResult};

#[test]
fn a_true_notice_that_the_device_heard_explains_every_message_of_the_session() {
    let mut story = Story::blocked();
    let sent = story.withhold(s(0), BLOCKED);
    story.hear(sent);
    for message in 0..3 {
        story.message(s(0), message, message);
        story.shows(B1, message, WithheldCode::Blacklisted);
    }
    let outcome = story.judge();
    for message in 0..3 {
        assert_eq!(leaf(&outcome, message, B1), Leaf::Withheld);
    }
    assert_eq!(code(&story), Some(WithheldCode::Blacklisted));
    assert_eq!(rules(&outcome), []);
}

#[test]
fn a_notice_may_come_after_the_message() {
    let mut story = Story::blocked();
    story.message(s(0), 0, 0);
    story.shows_nothing(B1, 0);
    assert_eq!(story.leaf(), Leaf::Unexplained);
    let sent = story.withhold(s(0), BLOCKED);
    assert_eq!(story.leaf(), Leaf::Pending);
    story.hear(sent);
    story.shows(B1, 0, WithheldCode::Blacklisted);
    assert_eq!(story.leaf(), Leaf::Withheld);
}

#[test]
fn a_device_that_is_barred_and_told_nothing_is_left_unexplained_once_a_session() {
    let mut story = Story::blocked();
    for message in 0..3 {
        story.message(s(0), message, message);
    }
    let outcome = story.judge();
    assert_eq!(leaf(&outcome, 2, B1), Leaf::Unexplained);
    assert_eq!(rules(&outcome), [(Rule::W01, device(A1))]);
    assert_eq!(outcome.violations[0].cell, Some((MessageId::new(0), B1)));
    assert_eq!(outcome.violations[0].severity, Severity::Violation);
}

#[test]
fn before_everything_is_at_rest_a_missing_notice_is_pending() {
    let mut story = Story::blocked();
    story.message(s(0), 0, 0);
    for outcome in [story.judge_cut(), story.judge_open()] {
        assert_eq!(leaf(&outcome, 0, B1), Leaf::Pending);
        assert_eq!(rules(&outcome), []);
        assert!(outcome.is_inconclusive());
    }
}

#[test]
fn a_sender_that_does_not_report_the_code_need_not_tell() {
    let only_no_olm = CodeSet::NONE.with(WithheldCode::NoOlm);
    for (target, codes) in [
        (None, CodeSet::NONE),
        (None, only_no_olm),
        (Some(Target::User(BOB)), CodeSet::NONE),
        (Some(Target::Device(B1)), CodeSet::NONE),
    ] {
        let mut story = Story::blocked();
        story.report(A1, target, codes);
        story.message(s(0), 0, 0);
        assert_eq!(story.leaf(), Leaf::OptedOut);
        assert_eq!(story.rules(), []);
    }
    let mut other = Story::blocked();
    other.report(A1, Some(Target::Device(A2)), CodeSet::NONE);
    other.message(s(0), 0, 0);
    assert_eq!(other.leaf(), Leaf::Unexplained);
}

#[test]
fn strangers_are_told_what_strangers_are_told() {
    let mut story = Story::blocked();
    let (device, target) = (A1, None);
    let (codes, strangers) = (CodeSet::ALL, CodeSet::NONE);
    story.by(A1, FactKind::ReportingSet { device, target, codes, strangers });
    let mut verified = story.clone();
    story.message(s(0), 0, 0);
    assert_eq!(story.leaf(), Leaf::OptedOut);
    let target = Target::User(BOB);
    verified.by(A1, FactKind::VerifiedSet { device, target, verified: true });
    verified.message(s(0), 0, 0);
    assert_eq!(verified.leaf(), Leaf::Unexplained);
}

#[test]
fn of_a_sender_whose_settings_nobody_saw_nothing_can_be_demanded() {
    let mut story = Story::empty();
    let join = Membership::Join;
    for (user, seq) in [(ALICE, 1), (BOB, 2)] {
        story.member(user, join, seq);
    }
    story.up(B1);
    story.seen(A1, 2);
    story.learn(A1, BOB, &[B1]);
    story.block(A1, Target::Device(B1));
    story.session(A1, s(0));
    story.message(s(0), 0, 0);
    assert_eq!(story.leaf(), Leaf::Pending);
    assert_eq!(story.rules(), []);
}

#[test]
fn a_sender_that_went_for_good_before_it_could_tell_is_excused() {
    for kind in [FactKind::Crashed { device: A1 }, FactKind::LoggedOut { device: A1 }] {
        let mut story = Story::blocked();
        story.message(s(0), 0, 0);
        story.by(A1, kind);
        assert_eq!(story.leaf(), Leaf::SenderGone);
        assert_eq!(story.rules(), []);
    }
    let mut back = Story::blocked();
    back.message(s(0), 0, 0);
    back.crash(A1);
    back.by(A1, FactKind::Restarted { device: A1 });
    assert_eq!(back.leaf(), Leaf::Unexplained);
}

#[test]
fn a_notice_that_its_server_never_accepted_was_never_sent_once_all_is_at_rest() {
    let mut story = Story::blocked();
    let content = SentContent::Withheld(about(A1, s(0), BLOCKED));
    story.put((A1, B1), ToDeviceType::Withheld, content);
    story.message(s(0), 0, 0);
    assert_eq!(leaf(&story.judge_cut(), 0, B1), Leaf::Pending);
    assert_eq!(story.leaf(), Leaf::Unexplained);
    assert_eq!(story.rules(), [(Rule::W01, device(A1))]);
}

#[test]
fn a_device_that_makes_nothing_of_a_notice_breaks_the_rule_once() {
    let mut story = Story::blocked();
    let sent = story.withhold(s(0), BLOCKED);
    story.hear(sent);
    for message in 0..2 {
        story.message(s(0), message, message);
        story.shows_nothing(B1, message);
    }
    assert_eq!(story.leaf(), Leaf::NoticeNotUsed);
    assert_eq!(story.rules(), [(Rule::P02, device(B1))]);
    let lenient = story.judge_as(ReadingName::Lenient);
    assert_eq!(lenient.violations[0].severity, Severity::Warning);
    assert_eq!(leaf(&story.judge_cut(), 0, B1), Leaf::Pending);
    story.tries(
        B1,
        0,
        TryResult::Undecryptable(Shown::Code {
            code: WithheldCode::Blacklisted,
            notice: Some(sent.row),
        }),
    );
    assert_eq!(story.leaf(), Leaf::Withheld);
}

#[test]
fn a_device_that_ignores_or_discards_a_notice_makes_nothing_of_it() {
    for outcome in [ProcessOutcome::Ignored, ProcessOutcome::Discarded] {
        let mut story = Story::blocked();
        let sent = story.withhold(s(0), BLOCKED);
        story.processed(sent, outcome);
        story.message(s(0), 0, 0);
        assert_eq!(story.leaf(), Leaf::NoticeNotUsed);
    }
}

#[test]
fn a_notice_that_an_older_store_has_forgotten_was_heard_all_the_same() {
    let mut story = Story::blocked();
    story.wait(100);
    let sent = story.withhold(s(0), BLOCKED);
    story.hear(sent);
    story.message(s(0), 0, 0);
    let snapshot = SimTime::from_ms(50);
    story.by(B1, FactKind::StoreRestored { device: B1, snapshot });
    story.shows_nothing(B1, 0);
    assert_eq!(story.leaf(), Leaf::Withheld);
}

/// A1 shares with the verified only, and has verified BOB and signed B1 by keys that it has made anew since.
fn after_new_keys(resets: bool) -> Story {
    let mut story = Story::with_olm();
    story.share_with(A1, SharePolicy::Verified);
    let identity = |master| {
        let master = SigningKey::new(master);
        FactKind::IdentitySet { user: ALICE, master }
    };
    story.at(HOME, identity(1));
    story.at(HOME, FactKind::CrossSigned { device: A1 });
    let query = story.ask(A1, BOB);
    let (device, user) = (A1, BOB);
    story.by(A1, FactKind::QueryListed { device, query, listed: B1, cross_signed: true });
    let outcome = QueryOutcome::Applied { master: None, verified: true };
    story.by(A1, FactKind::QueryEnd { device, user, query, outcome });
    if resets {
        story.at(HOME, identity(2));
        story.at(HOME, FactKind::CrossSigned { device: A1 });
    }
    story
}

#[test]
fn what_was_verified_by_keys_that_were_made_anew_is_not_verified() {
    for resets in [false, true] {
        let mut story = after_new_keys(resets);
        let sent = story.withhold(s(0), SessionCode::Unverified);
        story.message(s(0), 0, 0);
        story.hear(sent);
        assert_eq!(story.rules().is_empty(), resets);
    }
    let mut learnt = after_new_keys(false);
    let user = ALICE;
    let query = learnt.ask(A1, user);
    let master = Some(SigningKey::new(2));
    let outcome = QueryOutcome::Applied { master, verified: false };
    let (device, listed, cross_signed) = (A1, A1, false);
    learnt.by(A1, FactKind::QueryListed { device, query, listed, cross_signed });
    learnt.by(A1, FactKind::QueryEnd { device: A1, user, query, outcome });
    let sent = learnt.withhold(s(0), SessionCode::Unverified);
    learnt.message(s(0), 0, 0);
    learnt.hear(sent);
    assert_eq!(learnt.rules(), []);
}

#[test]
fn what_was_opted_out_of_stays_so_though_a_word_was_to_be_sent_later() {
    let mut story = Story::blocked();
    story.report(A1, None, CodeSet::NONE);
    story.message(s(0), 0, 0);
    story.report(A1, None, CodeSet::ALL);
    story.put((A1, B1), ToDeviceType::Withheld, SentContent::Withheld(about(A1, s(0), BLOCKED)));
    assert_eq!(story.leaf(), Leaf::OptedOut);
}

#[test]
fn a_choice_between_a_notice_for_the_message_and_the_message_need_not_be_told_with_it() {
    let mut story = Story::with_olm();
    story.up(B2);
    story.learn(A1, BOB, &[B1, B2]);
    story.block(A1, Target::Device(B2));
    story.wait(10_000);
    let told = story.tell((A1, B2), about(A1, s(0), BLOCKED));
    story.block(A1, Target::Device(B1));
    story.message(s(0), 0, 0);
    story.hear(told);
    assert_eq!(story.leaf(), Leaf::OptedOut);
    story.wait(10_000);
    story.message(s(0), 1, 1);
    assert_eq!(leaf(&story.judge(), 1, B1), Leaf::Unexplained);
}

#[test]
fn only_the_notice_that_explains_a_message_is_an_occasion_to_go_by_another_key() {
    let names = |key| WithheldContent { sender_key: Field::Is(key), ..about(A1, s(0), BLOCKED) };
    for (key, expected) in [(A1, 0), (A2, 1)] {
        let mut story = Story::blocked();
        let sent = story.tell((A1, B1), names(key));
        story.hear(sent);
        story.message(s(0), 0, 0);
        story.shows(B1, 0, WithheldCode::Blacklisted);
        assert_eq!(story.leaf(), Leaf::Withheld);
        assert_eq!(story.judge().marks.of(Rule::P13), expected);
    }
    let mut other = Story::blocked();
    let sent = other.withhold(s(0), BLOCKED);
    other.hear(sent);
    other.tell((A2, B1), names(A1));
    other.message(s(0), 0, 0);
    other.shows(B1, 0, WithheldCode::Blacklisted);
    assert_eq!(other.judge().marks.of(Rule::P13), 0, "nobody heard the other one");
}

#[test]
fn verdicts_come_by_message_and_then_by_device_whoever_came_first() {
    let mut story = Story::empty();
    for (user, seq) in [(BOB, 1), (ALICE, 2)] {
        story.member(user, Membership::Join, seq);
    }
    for device in [B1, A1, A2] {
        story.up(device);
    }
    story.session(A1, s(0));
    for message in 0..2 {
        story.message(s(0), message, message);
    }
    let verdicts = story.judge().verdicts;
    let cells: Vec<_> = verdicts.iter().map(|one| (one.message.raw(), one.device)).collect();
    let mut sorted = cells.clone();
    sorted.sort_unstable();
    assert_eq!(cells, sorted);
    assert!(cells.contains(&(1, A2)) && cells.contains(&(1, B1)));
}

#[test]
fn with_its_own_keys_gone_a_device_has_verified_nobody_by_word() {
    let own = |story: &mut Story, verified| {
        let (device, user, query) = (A1, ALICE, story.ask(A1, ALICE));
        let outcome = QueryOutcome::Applied { master: Some(SigningKey::new(7)), verified };
        story.by(device, FactKind::QueryEnd { device, user, query, outcome });
    };
    let word = |story: &mut Story, user, verified| {
        let (device, target) = (A1, Target::User(user));
        story.by(device, FactKind::VerifiedSet { device, target, verified });
    };
    let barred = |withdrawn: bool, verified: bool| {
        let mut story = Story::with_olm();
        story.share_with(A1, SharePolicy::CrossSigned);
        let (device, user, query) = (A1, BOB, story.ask(A1, BOB));
        story.by(A1, FactKind::QueryListed { device, query, listed: B1, cross_signed: true });
        let outcome = QueryOutcome::Applied { master: Some(SigningKey::new(8)), verified: false };
        story.by(A1, FactKind::QueryEnd { device, user, query, outcome });
        story.share_with(A1, SharePolicy::Verified);
        word(&mut story, BOB, true);
        if withdrawn {
            word(&mut story, ALICE, false);
        }
        own(&mut story, verified);
        story.wait(10_000);
        story.message(s(0), 0, 0);
        story.broken_of(&[Rule::W01, Rule::K01])
    };
    let told = [(Rule::W01, device(A1))];
    let given = [(Rule::K01, device(A1))];
    assert_eq!(barred(false, true), given, "Bob is verified");
    assert_eq!(barred(false, false), told, "by keys that are gone");
    assert_eq!(barred(true, false), given, "the user's own word explains it");
}
