//! V-03 (recipient, SHOULD NOT; specification, "Recommended client behaviour"): messages of devices that are not cross-signed may
//! be hidden, which is a verdict, or shown, as the user likes.
//! It does not know which devices are.

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, Story, s};
    use crate::rulebook::leaf::Leaf;
    use crate::trace::fact::TryResult;

    #[test]
    fn a_message_of_an_unsigned_device_may_be_shown_or_hidden() {
        for (result, leaf) in
            [(TryResult::Decrypted, Leaf::Delivered), (TryResult::Hidden, Leaf::NotDisplayed)]
        {
            let mut story = Story::with_olm();
            story.deliver((A1, B1), s(0), 0);
            story.message(s(0), 0, 0);
            story.tries(B1, 0, result);
            assert_eq!(story.rules(), []);
            assert_eq!(story.leaf(), leaf);
        }
    }
}
