//! The mailbox of one device: to-device messages in the order of arrival, kept until a sync token acknowledges them.
//! It does not know what a message says, who may read it, or when the device syncs.
//!
//! Source: client-server API, send-to-device messaging; rules T-01 to T-05.

use std::collections::VecDeque;

use crate::ids::{ToDeviceId, TxnId};
use crate::protocol::provenance::Provenance;
use crate::protocol::to_device::ToDeviceMessage;

/// A message as it lies in a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Stored {
    /// Which.
    pub id: ToDeviceId,
    /// The transaction that brought it.
    pub txn: TxnId,
    /// The message.
    pub message: ToDeviceMessage,
    /// The fact that it was stored.
    pub written: Provenance,
    /// The fact that it was last listed.
    pub listed: Provenance,
    /// The fact that kept it from being listed earlier, or brought it back.
    pub held_up: Provenance,
    position: u64,
}

/// What is waiting for a device. Positions start at 1 and are never used again, so that they can serve as tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Mailbox {
    rows: VecDeque<Stored>,
    last: u64,
}

impl Mailbox {
    /// Puts a message behind all others.
    pub fn store(
        &mut self,
        id: ToDeviceId,
        txn: TxnId,
        message: ToDeviceMessage,
        written: Provenance,
    ) {
        self.last += 1;
        let position = self.last;
        if self.rows.capacity() == 0 {
            // In most mailboxes one message waits at a time.
            self.rows.reserve_exact(1);
        }
        self.rows.push_back(Stored {
            id,
            txn,
            message,
            written,
            listed: Provenance::UNKNOWN,
            held_up: Provenance::UNKNOWN,
            position,
        });
    }

    /// Deletes the oldest message if it stands at or before `position`; called until it gives `None`, this carries
    /// out the acknowledgement by a token.
    pub fn acknowledge(&mut self, position: u64) -> Option<Stored> {
        self.rows.pop_front_if(|row| row.position <= position)
    }

    /// The oldest messages, `limit` at the most, in the order of arrival. They stay until they are acknowledged.
    pub fn batch(
        &mut self,
        limit: usize,
    ) -> impl DoubleEndedIterator<Item = &mut Stored> + ExactSizeIterator {
        self.rows.iter_mut().take(limit)
    }

    /// The messages behind the batch of this limit.
    pub fn beyond(&mut self, limit: usize) -> impl Iterator<Item = &mut Stored> {
        self.rows.iter_mut().skip(limit)
    }

    /// Takes out what no longer fits into a batch of this limit, oldest first: a bad server throws it away.
    pub fn drop_beyond(&mut self, limit: usize) -> VecDeque<Stored> {
        self.rows.split_off(limit.min(self.rows.len()))
    }

    /// The token position that acknowledges the batch of this limit; `since` if there is nothing to list.
    #[must_use]
    pub fn position_after(&self, limit: usize, since: u64) -> u64 {
        let last = limit.min(self.rows.len()).checked_sub(1);
        last.map_or(since, |index| self.rows[index].position)
    }

    /// Whether nothing is waiting.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Takes out what is waiting, oldest first: something else has read and acknowledged it, or it is thrown away.
    pub fn take_all(&mut self) -> VecDeque<Stored> {
        std::mem::take(&mut self.rows)
    }

    /// Makes this what `copy` was, and gives back what is lost by that. What comes back stands behind every token that
    /// the device has, because the positions go on: it is listed, again if it had been listed before.
    pub fn restore(&mut self, copy: &Self, by: Provenance) -> Vec<Stored> {
        let mut rows = copy.rows.clone();
        for row in &mut rows {
            self.last += 1;
            row.position = self.last;
            row.held_up = by;
        }
        let old = std::mem::replace(&mut self.rows, rows);
        old.into_iter().filter(|lost| self.rows.iter().all(|row| row.id != lost.id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Mailbox;
    use crate::ids::{DeviceId, RequestId, ToDeviceId, TxnId};
    use crate::protocol::provenance::Provenance;
    use crate::protocol::to_device::{
        KeyRequest, KeyRequestAction, ToDeviceBody, ToDeviceMessage, ToDeviceType,
    };

    fn put(mailbox: &mut Mailbox, id: u32) {
        let body = ToDeviceBody::KeyRequest(KeyRequest {
            request: RequestId::new(id),
            requester: DeviceId::new(0),
            action: KeyRequestAction::Cancel,
        });
        let message = ToDeviceMessage {
            sender: DeviceId::new(0),
            event_type: ToDeviceType::KeyRequest,
            body,
        };
        mailbox.store(ToDeviceId::new(id), TxnId::new(id), message, Provenance::UNKNOWN);
    }

    fn filled(count: u32) -> Mailbox {
        let mut mailbox = Mailbox::default();
        (0..count).for_each(|id| put(&mut mailbox, id));
        mailbox
    }

    fn listed(mailbox: &mut Mailbox, limit: usize) -> Vec<u32> {
        mailbox.batch(limit).map(|row| row.id.raw()).collect()
    }

    fn acknowledged(mailbox: &mut Mailbox, position: u64) -> Vec<u32> {
        std::iter::from_fn(|| mailbox.acknowledge(position)).map(|row| row.id.raw()).collect()
    }

    #[test]
    fn messages_are_listed_in_the_order_of_arrival_and_again_until_acknowledged() {
        let mut mailbox = filled(3);
        assert_eq!(listed(&mut mailbox, 100), [0, 1, 2]);
        assert_eq!(listed(&mut mailbox, 100), [0, 1, 2]);
        let token = mailbox.position_after(100, 0);
        put(&mut mailbox, 3);
        assert_eq!(acknowledged(&mut mailbox, token), [0, 1, 2]);
        assert_eq!(listed(&mut mailbox, 100), [3]);
    }

    #[test]
    fn a_batch_limit_neither_reorders_nor_drops() {
        let mut mailbox = filled(5);
        let mut seen = Vec::new();
        let mut token = 0;
        while !mailbox.is_empty() {
            seen.extend(listed(&mut mailbox, 2));
            token = mailbox.position_after(2, token);
            acknowledged(&mut mailbox, token);
        }
        assert_eq!(seen, [0, 1, 2, 3, 4]);
        assert_eq!(mailbox.position_after(2, token), token);
    }

    #[test]
    fn a_server_may_throw_away_what_exceeds_the_limit() {
        let mut mailbox = filled(3);
        let dropped: Vec<u32> = mailbox.drop_beyond(2).iter().map(|row| row.id.raw()).collect();
        assert_eq!(dropped, [2]);
        assert_eq!(listed(&mut mailbox, 9), [0, 1]);
        assert!(mailbox.drop_beyond(2).is_empty());
    }

    #[test]
    fn an_old_token_deletes_nothing_that_came_after_it() {
        let mut mailbox = filled(2);
        assert_eq!(acknowledged(&mut mailbox, 1), [0]);
        assert_eq!(acknowledged(&mut mailbox, 1), [] as [u32; 0]);
        assert_eq!(listed(&mut mailbox, 9), [1]);
    }

    #[test]
    fn a_restored_mailbox_lists_old_messages_again_and_names_those_that_it_lost() {
        let mut mailbox = filled(2);
        let copy = mailbox.clone();
        assert_eq!(acknowledged(&mut mailbox, 2), [0, 1]);
        put(&mut mailbox, 7);
        let by = Provenance::of(crate::ids::FactId::new(5));
        let lost: Vec<u32> = mailbox.restore(&copy, by).iter().map(|row| row.id.raw()).collect();
        assert_eq!(lost, [7]);
        assert!(mailbox.batch(9).all(|row| row.held_up == by), "they are there because of that");
        assert_eq!(acknowledged(&mut mailbox, 3), [] as [u32; 0]);
        assert_eq!(listed(&mut mailbox, 9), [0, 1]);
    }
}
