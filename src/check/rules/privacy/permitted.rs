//! O-01 (sender, MAY; MSC2399): reports are optional. O-03 (sender, implied): keys are not.
//! It does not know why a user keeps silent.

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device, s};
    use crate::protocol::withheld::{CodeSet, WithheldCode};
    use crate::rulebook::leaf::Leaf;
    use crate::rulebook::rule::Rule;
    use crate::scenario::policy::Target;

    #[test]
    fn who_keeps_silent_owes_no_report() {
        let mut story = Story::blocked();
        story.report(A1, None, CodeSet::NONE);
        story.message(s(0), 0, 0);
        assert_eq!((story.leaf(), story.rules()), (Leaf::OptedOut, Vec::new()));
    }

    /// A key was owed, the first claim failed, and then the device was blocked by a sender that tells no such thing.
    fn blocked_before_the_second_try(in_passing: bool, tells: bool) -> Story {
        let mut story = Story::begin();
        if !tells {
            story.report(A1, None, CodeSet::NONE.with(WithheldCode::NoOlm));
        }
        story.session(A1, s(0));
        if in_passing {
            story.claim_unreachable(A1, B1);
        } else {
            story.claim_fails(A1, B1);
        }
        story.message(s(0), 0, 0);
        story.block(A1, Target::Device(B1));
        story
    }

    #[test]
    fn who_is_blocked_before_a_second_try_need_not_be_told_what_is_kept_silent() {
        let story = blocked_before_the_second_try(true, false);
        assert_eq!((story.leaf(), story.rules()), (Leaf::OptedOut, Vec::new()));
        let mut again = Story::begin();
        again.report(A1, None, CodeSet::NONE.with(WithheldCode::NoOlm));
        again.session(A1, s(0));
        again.claim_unreachable(A1, B1);
        again.claim_unreachable(A1, B1);
        again.message(s(0), 0, 0);
        again.block(A1, Target::Device(B1));
        let failing = blocked_before_the_second_try(false, false);
        let telling = blocked_before_the_second_try(true, true);
        for story in [failing, telling, again] {
            assert_eq!(story.rules(), [(Rule::N01, device(A1))]);
        }
    }

    #[test]
    fn who_keeps_silent_owes_the_key_all_the_same() {
        let mut story = Story::with_olm();
        story.report(A1, None, CodeSet::NONE);
        story.message(s(0), 0, 0);
        assert_eq!(story.rules(), [(Rule::K01, device(A1))]);
        story.deliver((A1, B1), s(0), 0);
        assert_eq!(story.leaf(), Leaf::Delivered);
    }
}
