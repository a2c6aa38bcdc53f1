//! B-01 (sender, MAY; MSC2399): the session in use may be given to a device that was told it was withheld. B-06: nothing takes a
//! notice back but the key. B-03 (recipient): what came before stays explained by the old notice, and B-05 (sender): who is
//! blocked again before any key was given is not told again.
//! It does not know from where on the key may be read; B-02 does.

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, leaf, s};
    use crate::protocol::withheld::{SessionCode, WithheldCode};
    use crate::rulebook::leaf::Leaf;
    use crate::scenario::policy::Target;

    fn told() -> Story {
        let mut story = Story::blocked();
        let notice = story.withhold(s(0), SessionCode::Blacklisted);
        story.hear(notice);
        story.message(s(0), 0, 0);
        story.shows(B1, 0, WithheldCode::Blacklisted);
        story.wait(10_000);
        story
    }

    #[test]
    fn an_unblocked_device_may_be_given_the_session_that_it_was_told_of() {
        let mut story = told();
        story.unblock(A1, Target::Device(B1));
        story.olm(A1, B1);
        story.deliver((A1, B1), s(0), 1);
        story.message(s(0), 1, 1);
        assert_eq!(story.rules(), []);
        let outcome = story.judge();
        assert_eq!(leaf(&outcome, 0, B1), Leaf::Withheld);
        assert_eq!(leaf(&outcome, 1, B1), Leaf::Delivered);
    }

    #[test]
    fn who_is_blocked_again_before_any_key_was_given_is_not_told_again() {
        let mut story = told();
        story.unblock(A1, Target::Device(B1));
        story.block(A1, Target::Device(B1));
        story.message(s(0), 1, 1);
        assert_eq!(story.rules(), []);
        assert_eq!(leaf(&story.judge(), 1, B1), Leaf::Withheld);
    }
}
