//! Transaction ids that a server has seen, so that a request that is sent again has no second effect.
//! It does not know what the requests asked for.
//!
//! Source: client-server API, transaction identifiers; rule T-07.

use crate::ids::{DeviceId, TxnId};
use crate::protocol::provenance::Provenance;

type Key = (TxnId, DeviceId);

/// The transactions of one endpoint that were done, with the fact that each was accepted. The same id from another device is
/// another transaction.
///
/// They are a list by id: ids ascend, so that a new one stands at the end or near it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Transactions {
    done: Vec<(Key, Provenance)>,
}

impl Transactions {
    /// None yet, with memory for so many.
    #[must_use]
    pub fn with_memory(count: usize) -> Self {
        Self { done: Vec::with_capacity(count) }
    }

    /// The fact that this transaction was accepted, if it was.
    #[must_use]
    pub fn find(&self, device: DeviceId, txn: TxnId) -> Option<Provenance> {
        self.place((txn, device)).ok().map(|place| self.done[place].1)
    }

    /// Remembers that the transaction was accepted.
    pub fn insert(&mut self, device: DeviceId, txn: TxnId, by: Provenance) {
        let key = (txn, device);
        match self.place(key) {
            Ok(place) => self.done[place].1 = by,
            Err(place) => self.done.insert(place, (key, by)),
        }
    }

    fn place(&self, key: Key) -> Result<usize, usize> {
        self.done.binary_search_by_key(&key, |(key, _)| *key)
    }
}

#[cfg(test)]
mod tests {
    use super::Transactions;
    use crate::ids::{DeviceId, FactId, TxnId};
    use crate::protocol::provenance::Provenance;

    #[test]
    fn a_transaction_is_known_by_device_and_id() {
        let mut transactions = Transactions::default();
        let (device, txn) = (DeviceId::new(1), TxnId::new(5));
        let accepted = Provenance::of(FactId::new(3));
        transactions.insert(device, txn, accepted);
        assert_eq!(transactions.find(device, txn).and_then(|by| by.0), accepted.0);
        for (device, txn) in [(DeviceId::new(2), txn), (device, TxnId::new(6))] {
            assert!(transactions.find(device, txn).is_none());
        }
    }

    #[test]
    fn a_transaction_that_comes_late_is_found_and_so_are_those_that_came_before_it() {
        let mut transactions = Transactions::with_memory(2);
        let device = DeviceId::new(1);
        let late = [9, 5, 7, 1];
        for txn in late {
            let by = Provenance::of(FactId::new(txn));
            transactions.insert(device, TxnId::new(txn), by);
        }
        for txn in late {
            let found = transactions.find(device, TxnId::new(txn));
            assert_eq!(found.and_then(|by| by.0), Some(FactId::new(txn)));
        }
    }
}
