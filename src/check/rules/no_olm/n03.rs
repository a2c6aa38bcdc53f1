//! N-03 (sender, SHOULD; specification, `m.room_key.withheld`): the one `m.no_olm` to a device stands for all rooms, so
//! another room is no reason for another report. Every reading agrees. It does not count; `n02` finds the repetition,
//! and this says which of the two rules it breaks.

use crate::check::rules::no_olm::n02::Standing;
use crate::check::view::notices::Notice;

/// Whether a repeated report is about another room than the one that stands: the room that it names, as it should
/// not, or else the one in which its sender was busy. Where either is not known it is not.
pub(crate) fn is_for_another_room(standing: &Standing, repeated: &Notice) -> bool {
    match (standing.room, repeated.room) {
        (Some(before), Some(now)) => before != now,
        (None, _) | (_, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, B1, R, R2, Story, device, s};
    use crate::protocol::withheld::{Field, WithheldContent, WithheldNotice};
    use crate::rulebook::rule::Rule;

    /// A1 has sessions in two rooms and could set up no Olm session with B1.
    fn two_rooms() -> Story {
        let mut story = Story::begin();
        story.session(A1, s(0));
        story.claim_fails(A1, B1);
        story
    }

    #[test]
    fn the_first_report_stands_for_both_rooms() {
        let mut story = two_rooms();
        story.no_olm(A1, B1);
        story.session_in(A1, R2, s(1));
        story.claim_fails(A1, B1);
        assert_eq!(story.rules(), []);
    }

    #[test]
    fn a_report_for_the_other_room_is_a_breach_of_its_own() {
        let mut story = two_rooms();
        story.no_olm(A1, B1);
        story.session_in(A1, R2, s(1));
        story.no_olm(A1, B1);
        assert_eq!(story.rules(), [(Rule::N03, device(A1))]);
    }

    #[test]
    fn a_repetition_for_the_same_room_is_not_this_breach() {
        let mut story = two_rooms();
        story.no_olm(A1, B1);
        story.replace(A1, s(2));
        story.no_olm(A1, B1);
        assert_eq!(story.rules(), [(Rule::N02, device(A1))]);
    }

    #[test]
    fn the_room_that_a_report_names_counts_before_the_one_where_its_sender_is_busy() {
        let mut story = two_rooms();
        let naming = |room| WithheldContent {
            room_id: Field::Is(room),
            ..WithheldNotice::NoOlm.content(A1)
        };
        story.tell((A1, B1), naming(R));
        story.tell((A1, B1), naming(R2));
        let expected = [Rule::W05, Rule::W05, Rule::N03].map(|rule| (rule, device(A1)));
        assert_eq!(story.rules(), expected);
    }
}
