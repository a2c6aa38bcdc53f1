//! Which message was decrypted at which index of a session, to tell a replay from a repetition (P-15).
//! It does not know which session it is, nor why a message comes twice.

use smallvec::SmallVec;

use crate::ids::MessageId;

/// Indices that follow each other, with messages that do so too, as when one device has sent them one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    index: u32,
    message: u32,
    len: u32,
}

/// The indices that were used, as spans, ascending: what a session has to remember does not grow while nothing comes between
/// its messages.
#[derive(Debug, Clone, Default)]
pub(super) struct Used {
    spans: SmallVec<[Span; 1]>,
}

impl Used {
    /// An index was used for a message. False if another message had used it.
    pub(super) fn note(&mut self, index: u32, message: MessageId) -> bool {
        // Most come in their order.
        let place = match self.spans.last() {
            Some(last) if last.index > index => {
                self.spans.partition_point(|span| span.index <= index)
            }
            Some(_) | None => self.spans.len(),
        };
        if let Some(before) = place.checked_sub(1) {
            let span = &mut self.spans[before];
            let (distance, expected) =
                (index - span.index, message.raw().checked_sub(span.message));
            if distance < span.len {
                return expected == Some(distance);
            }
            if distance == span.len && expected == Some(distance) {
                span.len += 1;
                return true;
            }
        }
        self.spans.insert(place, Span { index, message: message.raw(), len: 1 });
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Used;
    use crate::engine::choices::{Choices, Label, Seeded};
    use crate::ids::MessageId;

    #[test]
    fn messages_in_a_row_take_one_span() {
        let mut used = Used::default();
        assert!((0..1_000).all(|index| used.note(index, MessageId::new(index + 7))));
        assert!((0..1_000).all(|index| used.note(index, MessageId::new(index + 7))));
        assert_eq!(used.spans.len(), 1);
        assert!(!used.note(3, MessageId::new(11)));
        assert!(!used.note(3, MessageId::new(0)));
    }

    /// Against a map, in any order.
    #[test]
    fn an_index_belongs_to_the_message_that_used_it_first() {
        let mut choices = Seeded::new(5);
        let mut draw = |bound| u32::try_from(choices.draw(bound, Label(0))).unwrap();
        for _ in 0..200 {
            let (mut used, mut map) = (Used::default(), BTreeMap::new());
            for _ in 0..60 {
                let index = draw(20);
                let message = MessageId::new(if draw(4) == 0 { draw(40) } else { index + 10 });
                let is_free = *map.entry(index).or_insert(message) == message;
                assert_eq!(used.note(index, message), is_free);
            }
        }
    }
}
