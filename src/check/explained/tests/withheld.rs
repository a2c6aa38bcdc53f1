//! Stage 3: what a device that gets no key on purpose was told, and what it makes of that.
//! These tests do not ask whether a notice is true.

use crate::check::explained::tests::{BLOCKED, code};
use crate::check::testing::{A1, A2, ALICE, B1, BOB, HOME, Story, about, device, leaf, rules, s};
use crate::ids::{MessageId, SigningKey};
use crate::protocol::room::Membership;
use crate::protocol::to_device::ToDeviceType;
use crate::protocol::withheld::{CodeSet, SessionCode, WithheldCode};
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
