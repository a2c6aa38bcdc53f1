//! What became of messages at devices, as the devices saw it: when they arrived, were read or were explained.
//! It does not know what should have become of them.

use hashbrown::HashMap;

use crate::engine::hash::FixedState;
use crate::ids::{DeviceId, MessageId};
use crate::time::SimTime;
use crate::trace::fact::{Shown, TryResult};

/// What a device makes of a message at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// It has not tried.
    Untried,
    /// It is decrypted.
    Decrypted,
    /// It is not, and the device shows why.
    Explained,
    /// It is not, and the device cannot say why.
    Dark,
}

#[derive(Debug, Clone, Copy)]
struct Cell {
    arrived: SimTime,
    seen: Seen,
    explained: bool,
    decrypted: bool,
}

/// Messages at devices, as far as they have arrived.
#[derive(Debug, Clone, Default)]
pub(super) struct Reads {
    cells: HashMap<(MessageId, DeviceId), Cell, FixedState>,
    explanations_ms: Vec<u64>,
    decryptions_ms: Vec<u64>,
}

impl Reads {
    /// A message arrives at a device; again if the device came back with an older store.
    pub(super) fn arrive(&mut self, at: SimTime, message: MessageId, device: DeviceId) {
        self.cells.entry((message, device)).or_insert(Cell {
            arrived: at,
            seen: Seen::Untried,
            explained: false,
            decrypted: false,
        });
    }

    /// A device tries to decrypt a message; true if that works for the first time.
    pub(super) fn tried(
        &mut self,
        at: SimTime,
        (message, device): (MessageId, DeviceId),
        result: TryResult,
    ) -> bool {
        self.arrive(at, message, device);
        let Some(cell) = self.cells.get_mut(&(message, device)) else { return false };
        let after = at.since(cell.arrived).as_ms();
        cell.seen = match result {
            TryResult::Decrypted | TryResult::Hidden => Seen::Decrypted,
            TryResult::Undecryptable(Shown::Code { .. } | Shown::Reason { text: Some(_), .. }) => {
                Seen::Explained
            }
            TryResult::Undecryptable(Shown::Unexplained | Shown::Reason { text: None, .. })
            | TryResult::Invalid => Seen::Dark,
        };
        match cell.seen {
            Seen::Decrypted if !cell.decrypted => {
                cell.decrypted = true;
                self.decryptions_ms.push(after);
                true
            }
            Seen::Explained if !cell.explained => {
                cell.explained = true;
                self.explanations_ms.push(after);
                false
            }
            Seen::Untried | Seen::Decrypted | Seen::Explained | Seen::Dark => false,
        }
    }

    /// What a device makes of a message in the end.
    pub(super) fn seen(&self, message: MessageId, device: DeviceId) -> Seen {
        self.cells.get(&(message, device)).map_or(Seen::Untried, |cell| cell.seen)
    }

    /// How long after their arrival messages were explained and decrypted, each ascending.
    pub(super) fn into_delays(mut self) -> (Vec<u64>, Vec<u64>) {
        self.explanations_ms.sort_unstable();
        self.decryptions_ms.sort_unstable();
        (self.explanations_ms, self.decryptions_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::{Reads, Seen};
    use crate::ids::{DeviceId, MessageId};
    use crate::protocol::withheld::WithheldCode;
    use crate::time::SimTime;
    use crate::trace::fact::{Shown, TryResult};

    #[test]
    fn a_message_may_be_explained_first_and_decrypted_later() {
        let mut reads = Reads::default();
        let cell = (MessageId::new(0), DeviceId::new(1));
        let at = SimTime::from_ms;
        let code = Shown::Code { code: WithheldCode::NoOlm, notice: None };
        reads.arrive(at(100), cell.0, cell.1);
        assert_eq!(reads.seen(cell.0, cell.1), Seen::Untried);
        let tries = [
            (100, TryResult::Undecryptable(Shown::Unexplained), Seen::Dark, false),
            (150, TryResult::Undecryptable(code), Seen::Explained, false),
            (400, TryResult::Decrypted, Seen::Decrypted, true),
            (500, TryResult::Undecryptable(code), Seen::Explained, false),
            (600, TryResult::Decrypted, Seen::Decrypted, false),
        ];
        for (ms, result, seen, is_first) in tries {
            assert_eq!(reads.tried(at(ms), cell, result), is_first, "{ms}");
            assert_eq!(reads.seen(cell.0, cell.1), seen, "{ms}");
        }
        assert_eq!(reads.into_delays(), (vec![50], vec![300]));
    }
}
