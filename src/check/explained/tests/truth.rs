//! Stage 3 and 4: notices that do not say what is so, and those that do though it looks otherwise.
//! These tests do not ask how far a notice came.

use crate::check::explained::tests::{BLOCKED, code};
use crate::check::testing::{A1, A2, B1, R, R2, Story, about, device, leaf, odd, rules, s};
use crate::ids::Sym;
use crate::protocol::to_device::{KeyRequestAction, ToDeviceType};
use crate::protocol::withheld::{Field, SessionCode, WithheldCode, WithheldContent};
use crate::rulebook::leaf::Leaf;
use crate::rulebook::reading::ReadingName;
use crate::rulebook::rule::Rule;
use crate::scenario::policy::{SharePolicy, Target};
use crate::trace::fact::{ProcessOutcome, SentContent};

#[test]
fn a_notice_with_the_wrong_reason_is_false() {
    for (told, rule) in [
        (SessionCode::Unverified, Rule::W08),
        (SessionCode::Unauthorised, Rule::W08),
        (SessionCode::Unavailable, Rule::W12),
    ] {
        let mut story = Story::blocked();
        let sent = story.withhold(s(0), told);
        story.hear(sent);
        story.message(s(0), 0, 0);
        assert_eq!(story.leaf(), Leaf::FalseExplanation);
        assert_eq!(code(&story), Some(told.into()));
        assert_eq!(story.rules(), [(rule, device(A1))]);
    }
}

#[test]
fn a_reason_that_held_when_it_was_written_or_when_it_was_sent_is_true() {
    let content = SentContent::Withheld(about(A1, s(0), BLOCKED));
    let mut before = Story::blocked();
    let sent = before.put((A1, B1), ToDeviceType::Withheld, content);
    before.unblock(A1, Target::Device(B1));
    before.share_with(A1, SharePolicy::CrossSigned);
    before.accepted(sent);
    before.stored(sent);
    before.hear(sent);
    before.message(s(0), 0, 0);
    assert_eq!(before.leaf(), Leaf::Withheld);
    let mut after = Story::begin();
    after.session(A1, s(0));
    let sent = after.put((A1, B1), ToDeviceType::Withheld, content);
    after.block(A1, Target::Device(B1));
    after.accepted(sent);
    after.stored(sent);
    after.hear(sent);
    after.message(s(0), 0, 0);
    assert_eq!(after.leaf(), Leaf::Withheld);
}

#[test]
fn a_change_of_the_reason_after_the_notice_does_not_make_it_false() {
    let mut story = Story::begin();
    story.share_with(A1, SharePolicy::CrossSigned);
    story.session(A1, s(0));
    let sent = story.withhold(s(0), SessionCode::Unverified);
    story.hear(sent);
    story.block(A1, Target::Device(B1));
    story.message(s(0), 0, 0);
    assert_eq!(story.leaf(), Leaf::Withheld);
    assert_eq!(code(&story), Some(WithheldCode::Unverified));
}

#[test]
fn a_notice_of_an_unknown_type_or_without_what_it_must_have_is_false() {
    let blacklisted = Field::Is(WithheldCode::Blacklisted);
    let well = about(A1, s(0), BLOCKED);
    let session_id = Field::Absent;
    let nameless = WithheldContent { session_id, ..well };
    let room_id = Field::Is(R2);
    let misplaced = WithheldContent { room_id, ..well };
    let unstable = ToDeviceType::WithheldUnstable;
    let cases = [
        (unstable, well, Rule::W02),
        (ToDeviceType::Other(Sym::new(3)), well, Rule::W02),
        (ToDeviceType::Withheld, odd(s(0), Field::Absent), Rule::W03),
        (ToDeviceType::Withheld, nameless, Rule::W04),
        (ToDeviceType::Withheld, misplaced, Rule::W20),
        (ToDeviceType::Withheld, odd(s(9), blacklisted), Rule::W20),
        (ToDeviceType::Withheld, odd(s(0), Field::Is(WithheldCode::HistoryNotShared)), Rule::W14),
    ];
    for (event_type, content, rule) in cases {
        let mut story = Story::blocked();
        story.session(B1, s(9));
        let sent = story.send((A1, B1), event_type, SentContent::Withheld(content));
        story.listed(sent);
        story.processed(sent, ProcessOutcome::Ignored);
        story.acknowledged(sent);
        story.message(s(0), 0, 0);
        assert_eq!(story.leaf(), Leaf::FalseExplanation, "{rule:?}");
        assert_eq!(story.rules(), [(rule, device(A1))]);
    }
}

#[test]
fn the_draft_takes_unstable_types_and_notices_without_a_code() {
    for (event_type, content) in [
        (ToDeviceType::WithheldUnstable, about(A1, s(0), BLOCKED)),
        (ToDeviceType::WithheldMisspelt, about(A1, s(0), BLOCKED)),
        (ToDeviceType::Withheld, odd(s(0), Field::Absent)),
    ] {
        let mut story = Story::blocked();
        let sent = story.send((A1, B1), event_type, SentContent::Withheld(content));
        story.hear(sent);
        story.message(s(0), 0, 0);
        let draft = story.judge_as(ReadingName::Draft);
        assert_eq!(leaf(&draft, 0, B1), Leaf::Withheld);
        assert_eq!(rules(&draft), []);
        assert_eq!(story.leaf(), Leaf::FalseExplanation);
    }
}

#[test]
fn a_second_copy_of_a_wrong_type_does_not_spoil_the_right_one() {
    let mut story = Story::blocked();
    let sent = story.withhold(s(0), BLOCKED);
    let content = SentContent::Withheld(about(A1, s(0), BLOCKED));
    let copy = story.send((A1, B1), ToDeviceType::WithheldUnstable, content);
    story.hear(sent);
    story.hear(copy);
    story.message(s(0), 0, 0);
    assert_eq!(story.leaf(), Leaf::Withheld);
    // That B1 handled what it should not know is P-01.
    assert_eq!(story.rules(), [(Rule::W02, device(A1)), (Rule::P01, device(B1))]);
}

#[test]
fn a_code_of_ones_own_is_taken_for_what_it_says() {
    let mut story = Story::blocked();
    let sent = story.tell((A1, B1), odd(s(0), Field::Other(Sym::new(1))));
    story.hear(sent);
    story.message(s(0), 0, 0);
    assert_eq!(story.leaf(), Leaf::Withheld);
    assert_eq!(code(&story), None);
}

#[test]
fn an_answer_that_the_sender_lacks_the_key_explains_nothing() {
    let mut story = Story::blocked();
    story.message(s(0), 0, 0);
    let action = KeyRequestAction::Request { room: R, session: s(0) };
    story.request((B1, A1), 1, action);
    let sent = story.withhold(s(0), SessionCode::Unavailable);
    story.hear(sent);
    assert_eq!(story.leaf(), Leaf::Unexplained);
    story.request((B1, A1), 2, action);
    let sent = story.withhold(s(0), BLOCKED);
    story.hear(sent);
    assert_eq!(story.leaf(), Leaf::Withheld);
}

#[test]
fn a_notice_of_a_device_that_did_not_make_the_session_explains_nothing() {
    let mut story = Story::blocked();
    story.up(A2);
    let sent = story.tell((A2, B1), about(A2, s(0), BLOCKED));
    story.hear(sent);
    story.message(s(0), 0, 0);
    assert_eq!(story.leaf(), Leaf::Unexplained);
}

#[test]
fn a_blocked_device_without_an_olm_session_is_not_explained_by_no_olm() {
    let mut story = Story::blocked();
    story.claim_fails(A1, B1);
    let sent = story.no_olm(A1, B1);
    story.message(s(0), 0, 0);
    story.hear(sent);
    assert_eq!(story.leaf(), Leaf::FalseExplanation);
    assert_eq!(story.rules(), [(Rule::W21, device(A1)); 2], "the claim is a warning");
}

#[test]
fn a_notice_to_a_device_that_was_owed_the_key_is_false() {
    let mut story = Story::with_olm();
    let sent = story.withhold(s(0), BLOCKED);
    story.hear(sent);
    story.message(s(0), 0, 0);
    assert_eq!(story.leaf(), Leaf::FalseExplanation);
    assert_eq!(story.rules(), [(Rule::W08, device(A1))]);
}

#[test]
fn a_no_olm_without_a_failed_attempt_or_despite_a_session_is_false() {
    let mut early = Story::begin();
    early.session(A1, s(0));
    early.no_olm(A1, B1);
    early.message(s(0), 0, 0);
    assert_eq!(early.leaf(), Leaf::FalseExplanation);
    assert_eq!(early.rules(), [(Rule::N01, device(A1))]);
    let mut despite = Story::with_olm();
    despite.no_olm(A1, B1);
    despite.message(s(0), 0, 0);
    assert_eq!(despite.leaf(), Leaf::FalseExplanation);
    assert_eq!(despite.rules(), [(Rule::N06, device(A1))]);
}
