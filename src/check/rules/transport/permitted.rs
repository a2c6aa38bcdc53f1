//! What the transport rules permit. T-12 (server, no duty): nothing is promised about the order of to-device messages of different
//! senders, nor of messages in rooms and to devices. It does not know the other rules.

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, A2, B1, Story, s};

    #[test]
    fn the_order_of_senders_and_of_rooms_and_mailboxes_is_free() {
        for turn in 0..6 {
            let mut story = Story::with_olm();
            story.session(A2, s(1));
            story.olm(A2, B1);
            let from_a1 = story.put(
                (A1, B1),
                crate::protocol::to_device::ToDeviceType::Encrypted,
                Story::key(s(0), 0),
            );
            let from_a2 = story.put(
                (A2, B1),
                crate::protocol::to_device::ToDeviceType::Encrypted,
                Story::key(s(1), 0),
            );
            let mut arrivals = [from_a1, from_a2];
            if turn % 2 == 1 {
                arrivals.reverse();
            }
            arrivals.iter().for_each(|sent| {
                story.accepted(*sent);
            });
            if turn / 2 == 0 {
                story.message(s(0), 0, 0);
            }
            for sent in arrivals {
                story.stored(sent);
            }
            if turn / 2 == 1 {
                story.message(s(0), 0, 0);
            }
            arrivals.iter().for_each(|sent| story.take(*sent));
            if turn / 2 == 2 {
                story.message(s(0), 0, 0);
            }
            assert_eq!(story.rules(), [], "order {turn}");
        }
    }
}
