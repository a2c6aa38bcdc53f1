//! O-01 (sender, MAY; MSC2399): reports are optional. O-03 (sender, implied): keys are not.
//! It does not know why a user keeps silent.

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, device, s};
    use crate::protocol::withheld::CodeSet;
    use crate::rulebook::leaf::Leaf;
    use crate::rulebook::rule::Rule;

    #[test]
    fn who_keeps_silent_owes_no_report() {
        let mut story = Story::blocked();
        story.report(A1, None, CodeSet::NONE);
        story.message(s(0), 0, 0);
        assert_eq!((story.leaf(), story.rules()), (Leaf::OptedOut, Vec::new()));
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
