//! R-10 (sender, MAY; MSC2399): after an unblock the session in use may be used on, or replaced.
//! It does not know what the device that was unblocked is given; family B does.

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, s};
    use crate::scenario::policy::Target;

    #[test]
    fn after_an_unblock_the_session_may_be_replaced_or_used_on() {
        let mut story = Story::blocked();
        story.olm(A1, B1);
        story.unblock(A1, Target::Device(B1));
        let mut on = story.clone();
        story.session(A1, s(1));
        story.deliver((A1, B1), s(1), 0);
        story.message(s(1), 0, 0);
        on.deliver((A1, B1), s(0), 0);
        on.message(s(0), 0, 0);
        for story in [story, on] {
            assert_eq!(story.rules(), []);
        }
    }
}
