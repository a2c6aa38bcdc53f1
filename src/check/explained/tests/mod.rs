//! Tests of the verdicts, a file for each stage: facts written by hand, and the leaf that they lead to.
//! They do not know how a leaf is found out.

mod delivery;
mod history;
mod interleavings;
mod not_shared;
mod truth;
mod withheld;
mod without_olm;

use crate::check::testing::{A1, B1, Story, s};
use crate::protocol::withheld::{SessionCode, WithheldCode};

const BLOCKED: SessionCode = SessionCode::Blacklisted;

/// A1 has session 0 and could set up no Olm session with B1.
fn failing() -> Story {
    let mut story = Story::begin();
    story.session(A1, s(0));
    story.claim_fails(A1, B1);
    story
}

/// The code of the verdict of message 0 at B1.
fn code(story: &Story) -> Option<WithheldCode> {
    let outcome = story.judge();
    let found = outcome.verdicts.iter().find(|verdict| verdict.device == B1);
    found.and_then(|verdict| verdict.code)
}
