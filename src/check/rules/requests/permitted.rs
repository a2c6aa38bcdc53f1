//! Q-01 and Q-06 (MAY), Q-09 (nothing is required): what they allow raises nothing.
//! Who may be asked is asked by Q-04, who may be served by Q-05.

use crate::check::testing::{B1, B2, R, Story, about, s};
use crate::protocol::to_device::KeyRequestAction;
use crate::protocol::withheld::SessionCode;

const ASK: KeyRequestAction = KeyRequestAction::Request { room: R, session: s(0) };

#[test]
fn a_device_may_ask_and_those_who_are_asked_may_refuse_or_say_nothing() {
    for refuses in [true, false] {
        let mut story = Story::with_olm();
        story.up(B2);
        story.request((B1, B2), 1, ASK);
        if refuses {
            let sent = story.tell((B2, B1), about(B2, s(0), SessionCode::Unavailable));
            story.hear(sent);
        }
        assert_eq!(story.rules(), []);
    }
}
