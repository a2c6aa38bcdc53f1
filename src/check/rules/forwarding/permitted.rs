//! F-04 (MAY) and F-10 (nothing is required): what they allow raises nothing.
//! That a reason which is given is the one that was received is asked by F-05.

use crate::check::testing::{A1, B1, B2, BOB, R, Story, s};
use crate::protocol::to_device::KeyRequestAction;
use crate::protocol::withheld::{SessionCode, WithheldCode};
use crate::scenario::policy::Target;
use crate::trace::fact::{FactKind, KeySource};

/// B1 and B2 know and trust each other; B1 was blocked at first, and has the key from 3 on.
fn story() -> Story {
    let mut story = Story::blocked();
    let sent = story.withhold(s(0), SessionCode::Blacklisted);
    story.hear(sent);
    story.up(B2);
    for (device, other) in [(B1, B2), (B2, B1)] {
        story.learn(device, BOB, &[B1, B2]);
        let target = Target::Device(other);
        story.by(device, FactKind::VerifiedSet { device, target, verified: true });
    }
    story.unblock(A1, Target::Device(B1));
    story.key_in(B1, s(0), 3, KeySource::RoomKey);
    story
}

#[test]
fn a_partial_key_may_be_forwarded_without_the_reason() {
    let mut story = story();
    story.request((B2, B1), 1, KeyRequestAction::Request { room: R, session: s(0) });
    let sent = story.forward((B1, B2), s(0), 3);
    story.take_forward(sent, None);
    assert_eq!(story.rules(), []);
}

#[test]
fn a_backup_cannot_carry_the_reason() {
    let mut story = story();
    story.message(s(0), 0, 0);
    story.key_in(B2, s(0), 3, KeySource::Backup);
    story.shows_nothing(B2, 0);
    story.shows(B1, 0, WithheldCode::Blacklisted);
    assert_eq!(story.rules(), []);
}
