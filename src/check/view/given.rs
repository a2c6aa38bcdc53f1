//! To whom the creator of each Megolm session has given its key, from which index on: what it put together counts.
//! It does not know whether the keys arrived; `transport` does.

use crate::check::view::life::Moment;
use crate::check::view::pairs::row;
use crate::ids::{DeviceId, MegolmSessionId};

/// A key that the creator of its session put together for a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Given {
    /// For whom.
    pub(crate) device: DeviceId,
    /// The first index.
    pub(crate) first: u32,
    /// When.
    pub(crate) put: Moment,
}

/// All keys that were put together, by session.
#[derive(Debug, Clone, Default)]
pub(crate) struct Givens {
    sessions: Vec<Vec<Given>>,
}

impl Givens {
    /// The creator of the session put its key together for a device.
    pub(crate) fn add(&mut self, session: MegolmSessionId, given: Given) {
        row(&mut self.sessions, session.index()).push(given);
    }

    /// The keys of the session in the order in which they were put together.
    pub(crate) fn of(&self, session: MegolmSessionId) -> &[Given] {
        self.sessions.get(session.index()).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::{Given, Givens};
    use crate::check::view::life::Moment;
    use crate::ids::{DeviceId, FactId, MegolmSessionId};
    use crate::time::SimTime;

    #[test]
    fn keys_are_kept_by_session_in_their_order() {
        let mut givens = Givens::default();
        let session = MegolmSessionId::new(2);
        let given = |device, fact| Given {
            device: DeviceId::new(device),
            first: 0,
            put: Moment { fact: FactId::new(fact), at: SimTime::ZERO },
        };
        givens.add(session, given(1, 5));
        givens.add(session, given(3, 6));
        assert_eq!(givens.of(session), [given(1, 5), given(3, 6)]);
        assert_eq!(givens.of(MegolmSessionId::new(1)), []);
        assert_eq!(givens.of(MegolmSessionId::new(9)), []);
    }
}
