//! When each sender was seen for the first time after its server had accepted something of it: earlier it cannot know that it gets through.
//! It does not know what was accepted.

use crate::check::view::life::Moment;
use crate::check::view::pairs::row;
use crate::ids::{BitSet, DeviceId, FactId};

/// All senders.
#[derive(Debug, Clone, Default)]
pub(crate) struct Contacts {
    /// Those that were not seen since.
    accepted: BitSet,
    /// When each was seen, ascending.
    seen: Vec<Vec<Moment>>,
}

impl Contacts {
    /// The sender's server accepted something.
    pub(crate) fn accepted(&mut self, sender: DeviceId) {
        self.accepted.insert(sender.index());
    }

    /// A fact of the device's own.
    pub(crate) fn seen(&mut self, device: DeviceId, now: Moment) {
        if self.accepted.contains(device.index()) {
            self.accepted.remove(device.index());
            row(&mut self.seen, device.index()).push(now);
        }
    }

    /// Whether the sender may have learnt after one fact, and at an earlier instant than another, that it gets through.
    pub(crate) fn any_between(&self, sender: DeviceId, after: FactId, before: Moment) -> bool {
        let seen = self.seen.get(sender.index()).into_iter().flatten();
        seen.into_iter().any(|moment| moment.fact > after && moment.at < before.at)
    }
}

#[cfg(test)]
mod tests {
    use super::Contacts;
    use crate::check::view::life::Moment;
    use crate::ids::{DeviceId, FactId};
    use crate::time::SimTime;

    const A: DeviceId = DeviceId::new(0);

    fn moment(fact: u32, ms: u64) -> Moment {
        Moment { fact: FactId::new(fact), at: SimTime::from_ms(ms) }
    }

    #[test]
    fn a_sender_knows_that_it_gets_through_once_it_is_seen_after_that() {
        let mut contacts = Contacts::default();
        contacts.seen(A, moment(1, 10));
        contacts.accepted(A);
        let between = |contacts: &Contacts, after, before| {
            contacts.any_between(A, FactId::new(after), before)
        };
        assert!(!between(&contacts, 0, moment(9, 90)), "it was not seen since");
        contacts.seen(A, moment(3, 30));
        contacts.seen(A, moment(4, 40));
        assert!(between(&contacts, 2, moment(5, 50)));
        assert!(!between(&contacts, 3, moment(5, 50)), "it was seen once");
        assert!(!between(&contacts, 2, moment(5, 30)), "what is of one instant has no order");
    }
}
