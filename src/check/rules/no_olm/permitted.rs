//! N-04 and N-09 (MAY), N-05 and N-08 (how reports are counted): what they allow raises nothing.
//! That one report is enough is asked by N-02.

use crate::check::testing::{A1, A2, ALICE, B1, BOB, Story, s};
use crate::trace::fact::{FactKind, LossCause};

#[test]
fn a_sender_may_try_again_and_say_nothing_more() {
    let mut story = Story::begin();
    story.session(A1, s(0));
    story.claim_fails(A1, B1);
    let sent = story.no_olm(A1, B1);
    for message in 0..3 {
        story.message(s(0), message, message);
        story.wait(60_000);
        story.claim_fails(A1, B1);
    }
    story.hear(sent);
    assert_eq!(story.rules(), []);
}

#[test]
fn after_a_session_a_new_report_is_allowed_and_every_pair_counts_for_itself() {
    let mut story = Story::begin();
    story.up(A2);
    story.learn(A2, BOB, &[B1]);
    story.learn(B1, ALICE, &[A1, A2]);
    for sender in [A1, A2] {
        story.claim_fails(sender, B1);
        story.no_olm(sender, B1);
    }
    let session = story.olm(A1, B1);
    let why = LossCause::Wiped;
    story.by(A1, FactKind::OlmDropped { device: A1, peer: B1, session, why });
    story.claim_fails(A1, B1);
    story.no_olm(A1, B1);
    assert_eq!(story.rules(), []);
}
