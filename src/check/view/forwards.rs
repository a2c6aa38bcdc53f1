//! Forwarded room keys as they became known: what each says, by the message that carries it.
//! It does not know whether it was right to forward or to take them.

use std::collections::BTreeMap;

use crate::check::view::pairs::Pairs;
use crate::ids::{DeviceId, MegolmSessionId};
use crate::protocol::to_device::ForwardedRoomKey;

/// All forwarded keys.
#[derive(Debug, Clone, Default)]
pub(crate) struct Forwards {
    by_message: BTreeMap<u32, ForwardedRoomKey>,
    by_recipient: Pairs<Vec<u32>>,
    fresh: Option<u32>,
}

impl Forwards {
    /// Another fact comes: what the last one told is known by now.
    pub(crate) fn next_fact(&mut self) {
        self.fresh = None;
    }

    /// The message with this number carries a forwarded key.
    pub(crate) fn add(&mut self, number: u32, recipient: DeviceId, forwarded: ForwardedRoomKey) {
        let session = forwarded.key.session;
        self.by_recipient.entry(session.raw(), recipient.raw()).push(number);
        self.by_message.insert(number, forwarded);
        self.fresh = Some(number);
    }

    /// What the message with this number carries.
    pub(crate) fn get(&self, number: u32) -> Option<&ForwardedRoomKey> {
        self.by_message.get(&number)
    }

    /// The keys of the session that were forwarded to the device, each with the number of its message.
    pub(crate) fn to(
        &self,
        recipient: DeviceId,
        session: MegolmSessionId,
    ) -> impl Iterator<Item = (u32, &ForwardedRoomKey)> {
        let numbers = self.by_recipient.get(session.raw(), recipient.raw());
        let numbers = numbers.into_iter().flatten();
        numbers.filter_map(|number| Some((*number, self.by_message.get(number)?)))
    }

    /// The number of the message of which the present fact made known that it carries a forwarded key.
    pub(crate) fn fresh(&self) -> Option<u32> {
        self.fresh
    }
}

#[cfg(test)]
mod tests {
    use super::Forwards;
    use crate::ids::{DeviceId, MegolmSessionId, RoomId};
    use crate::protocol::to_device::{ForwardedRoomKey, RoomKey, SharedHistory};

    #[test]
    fn a_forwarded_key_is_news_for_one_fact() {
        let (room, session) = (RoomId::new(0), MegolmSessionId::new(0));
        let key = RoomKey { room, session, first: 4, shared_history: SharedHistory::No };
        let forwarded =
            ForwardedRoomKey { key, creator: DeviceId::new(1), hops: 0, withheld: None };
        let mut forwards = Forwards::default();
        forwards.add(9, DeviceId::new(2), forwarded);
        assert_eq!(forwards.to(DeviceId::new(2), session).count(), 1);
        assert_eq!(forwards.to(DeviceId::new(1), session).count(), 0);
        assert_eq!(forwards.fresh(), Some(9));
        forwards.next_fact();
        assert_eq!(forwards.fresh(), None);
        assert_eq!(forwards.get(9), Some(&forwarded));
        assert_eq!(forwards.get(8), None);
    }
}
