//! P-04 and P-06 (MAY): permissions that raise nothing.
//! What a `m.no_olm` must not cover is asked by P-05.

use crate::check::testing::{A1, B1, R2, Story, s};
use crate::protocol::to_device::{OlmEvent, ToDeviceType};
use crate::protocol::withheld::WithheldCode;
use crate::trace::fact::SentContent;

/// A1 could not set up a session with B1, which was told so after message 0.
fn told() -> (Story, crate::check::testing::sending::Sent) {
    let mut story = Story::begin();
    story.session(A1, s(0));
    story.claim_fails(A1, B1);
    let sent = story.no_olm(A1, B1);
    story.message(s(0), 0, 0);
    story.hear(sent);
    (story, sent)
}

#[test]
fn a_no_olm_may_be_shown_for_all_rooms_and_need_not_be_shown_at_all() {
    let (mut story, sent) = told();
    story.shows_from(B1, 0, (WithheldCode::NoOlm, sent));
    assert_eq!(story.rules(), []);
    let (mut silent, _) = told();
    silent.shows_nothing(B1, 0);
    assert_eq!(silent.rules(), []);
    let mut elsewhere = Story::begin();
    elsewhere.session_in(A1, R2, s(1));
    elsewhere.claim_fails(A1, B1);
    let sent = elsewhere.no_olm(A1, B1);
    elsewhere.encrypt_in(R2, s(1), 0, 0);
    elsewhere.accept(0);
    elsewhere.hear(sent);
    elsewhere.shows_from(B1, 0, (WithheldCode::NoOlm, sent));
    assert_eq!(elsewhere.rules(), []);
}

#[test]
fn a_recipient_may_open_a_session_when_it_is_told_and_need_not() {
    for opens in [true, false] {
        let (mut story, _) = told();
        if opens {
            story.olm(B1, A1);
            let dummy = SentContent::Olm(OlmEvent::Dummy { empty: true });
            let sent = story.put((B1, A1), ToDeviceType::Encrypted, dummy);
            story.accepted(sent);
            story.stored(sent);
        }
        assert_eq!(story.rules(), []);
    }
}
