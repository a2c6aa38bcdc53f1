//! What the queue of a run holds: small entries that refer to what they are about.
//! It does not know how an action is carried out.

use crate::ids::{DeviceId, FaultId, ServerId};

/// One entry of the queue. Numbers without a type are places in the simulator's stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Everything that is so when the run starts is made so.
    SetUp,
    /// A user does this step of the timeline (its position).
    Step(u32),
    /// A fault comes into force.
    FaultStart(FaultId),
    /// A fault ends.
    FaultEnd(FaultId),
    /// The heal phase begins.
    Heal,
    /// What a fault will need later is copied.
    Copy(FaultId),
    /// A request arrives at its homeserver.
    Request(u32),
    /// An answer, or the certainty that none will come, arrives at its client.
    Answer(u32),
    /// A client is woken, unless it asked for another time since.
    Wake(DeviceId, u32),
    /// A to-device message that was held up reaches its server.
    Deliver(u32),
    /// A room event that was held up reaches its server.
    LateEvent(u32),
    /// A query, claim or join arrives at another server.
    Call(u32),
    /// Its answer arrives.
    CallAnswer(u32),
    /// It is certain that no answer will come.
    CallLost(u32),
    /// A federation transaction arrives.
    Transaction {
        /// Its origin.
        from: ServerId,
        /// Its destination.
        to: ServerId,
    },
    /// The origin learns that a transaction arrived.
    Confirmation {
        /// Its origin.
        from: ServerId,
        /// Its destination.
        to: ServerId,
    },
    /// The wait after a failed transaction is over.
    Retry {
        /// Its origin.
        from: ServerId,
        /// Its destination.
        to: ServerId,
    },
}

/// An action in the queue, and whether something may still come of it. A run is at rest when no such entry is left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Queued {
    pub(super) action: Action,
    pub(super) live: bool,
}

#[cfg(test)]
mod tests {
    use super::Queued;

    #[test]
    fn an_entry_of_the_queue_is_no_larger_than_32_bytes() {
        // Time and sequence number take 16 bytes.
        assert!(size_of::<Queued>() <= 16);
    }
}
