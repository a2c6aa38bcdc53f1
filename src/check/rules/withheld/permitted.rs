//! W-01 (MAY), W-19 (MAY), W-23 (MAY), and what W-11 and W-15 allow: permissions that raise nothing.
//! That W-01's duty, where a user reports, is kept is asked by the decision tree.

use crate::check::testing::{A1, B1, R, Story, about, rules, s};
use crate::protocol::to_device::{KeyRequestAction, ToDeviceType};
use crate::protocol::withheld::{CodeSet, SessionCode};
use crate::rulebook::reading::ReadingName;
use crate::scenario::policy::SharePolicy;
use crate::trace::fact::SentContent;

#[test]
fn nobody_has_to_report_and_everybody_may() {
    let mut silent = Story::begin();
    silent.report(A1, None, CodeSet::NONE);
    silent.block(A1, crate::scenario::policy::Target::Device(B1));
    silent.session(A1, s(0));
    silent.message(s(0), 0, 0);
    assert_eq!(silent.rules(), []);
    let mut told = Story::blocked();
    let sent = told.withhold(s(0), SessionCode::Blacklisted);
    told.hear(sent);
    told.message(s(0), 0, 0);
    assert_eq!(told.rules(), []);
}

#[test]
fn a_device_that_is_not_cross_signed_may_be_told_that_it_is_unverified() {
    let mut story = Story::begin();
    story.share_with(A1, SharePolicy::CrossSigned);
    story.session(A1, s(0));
    story.withhold(s(0), SessionCode::Unverified);
    assert_eq!(story.rules(), []);
}

#[test]
fn the_unstable_type_may_be_used_where_the_draft_is_read() {
    let mut story = Story::blocked();
    let content = SentContent::Withheld(about(A1, s(0), SessionCode::Blacklisted));
    story.send((A1, B1), ToDeviceType::WithheldUnstable, content);
    assert_eq!(rules(&story.judge_as(ReadingName::Draft)), []);
}

#[test]
fn a_request_may_be_answered_by_a_notice_or_by_silence() {
    for answered in [true, false] {
        let mut story = Story::blocked();
        story.request((B1, A1), 1, KeyRequestAction::Request { room: R, session: s(0) });
        if answered {
            story.withhold(s(0), SessionCode::Blacklisted);
        }
        assert_eq!(story.rules(), []);
    }
}
