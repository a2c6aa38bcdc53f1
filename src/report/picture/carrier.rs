//! What kind of thing a fact is, and what carried it to the lane where it was observed, if it came from another.
//! It does not know what a fact holds.

use serde::Serialize;

use crate::trace::kind::Kind;

/// What a fact is about: the sections of the list of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::report) enum Topic {
    /// Steps of users, faults, the end.
    Run,
    /// State of rooms and who knows of it.
    Rooms,
    /// Devices, their lists and signatures.
    Lists,
    /// What users chose.
    Choices,
    /// One-time and fallback keys.
    Supply,
    /// Olm sessions and their messages.
    Olm,
    /// Megolm sessions and their keys.
    Keys,
    /// Room messages.
    Messages,
    /// To-device transactions and mailboxes.
    ToDevice,
    /// Key requests.
    Requests,
    /// Crashes, restarts, restored stores.
    Life,
    /// History bundles.
    History,
}

impl Topic {
    /// All of them, in order.
    pub(in crate::report) const ALL: [Self; 12] = [
        Self::Run,
        Self::Rooms,
        Self::Lists,
        Self::Choices,
        Self::Supply,
        Self::Olm,
        Self::Keys,
        Self::Messages,
        Self::ToDevice,
        Self::Requests,
        Self::Life,
        Self::History,
    ];

    /// What it is called.
    pub(in crate::report) const fn name(self) -> &'static str {
        match self {
            Self::Run => "Users and faults",
            Self::Rooms => "Room state",
            Self::Lists => "Device lists",
            Self::Choices => "Choices of users",
            Self::Supply => "One-time keys",
            Self::Olm => "Olm",
            Self::Keys => "Room keys",
            Self::Messages => "Room messages",
            Self::ToDevice => "To-device",
            Self::Requests => "Key requests",
            Self::Life => "Life of clients",
            Self::History => "History bundles",
        }
    }
}

/// What carries a cause on one lane to its effect on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::report) enum Carrier {
    /// A request of the client-server or the server-server API, or its answer.
    Request,
    /// A to-device message.
    ToDevice,
    /// An event of a room's timeline or state.
    RoomEvent,
}

impl Carrier {
    /// All of them, in order.
    pub(in crate::report) const ALL: [Self; 3] = [Self::Request, Self::ToDevice, Self::RoomEvent];

    /// What it is called.
    pub(in crate::report) const fn name(self) -> &'static str {
        match self {
            Self::Request => "request or answer",
            Self::ToDevice => "to-device message",
            Self::RoomEvent => "room event",
        }
    }
}

/// Declares topic and carrier of every kind of fact.
macro_rules! kinds {
    ($($variant:ident $topic:ident $carrier:ident;)*) => {
        /// What a kind of fact is about.
        pub(in crate::report) const fn topic(kind: Kind) -> Topic {
            match kind { $(Kind::$variant => Topic::$topic,)* }
        }

        /// What carried a fact of this kind to its lane.
        pub(in crate::report) const fn carrier(kind: Kind) -> Carrier {
            match kind { $(Kind::$variant => Carrier::$carrier,)* }
        }
    };
}

kinds! {
    UserStep Run Request;
    FaultStart Run Request;
    FaultEnd Run Request;
    RunEnd Run Request;
    Member Rooms RoomEvent;
    HistoryVisibility Rooms RoomEvent;
    Encryption Rooms RoomEvent;
    RoomSeen Rooms RoomEvent;
    MemberNotTold Rooms RoomEvent;
    DeviceUp Lists Request;
    DeviceDeleted Lists Request;
    CrossSigned Lists Request;
    IdentitySet Lists Request;
    IdentityMade Lists Request;
    IdentityReceived Lists Request;
    ListChangedAt Lists Request;
    ListNote Lists Request;
    QueryStart Lists Request;
    QueryListed Lists Request;
    QueryEnd Lists Request;
    SharingSet Choices Request;
    ReportingSet Choices Request;
    VerifiedSet Choices Request;
    BlockedSet Choices Request;
    IdentityAcknowledged Choices Request;
    OneTimeKeysUp Supply Request;
    FallbackKeyUp Supply Request;
    UploadRefused Supply Request;
    Claim Supply Request;
    KeyHandedOut Supply Request;
    ClaimEnd Supply Request;
    KeyCounts Supply Request;
    PrivateKeyGone Supply ToDevice;
    OlmNew Olm ToDevice;
    OlmDropped Olm ToDevice;
    OlmEncrypted Olm ToDevice;
    OlmDecrypt Olm ToDevice;
    MegolmNew Keys Request;
    MegolmEncrypted Messages RoomEvent;
    SendRefused Messages RoomEvent;
    MessageAccepted Messages RoomEvent;
    MessageReceived Messages RoomEvent;
    KeyIn Keys ToDevice;
    KeyRefused Keys ToDevice;
    KeyLost Keys ToDevice;
    Try Messages RoomEvent;
    Put ToDevice ToDevice;
    PutTarget ToDevice ToDevice;
    PutAccepted ToDevice ToDevice;
    Enqueued ToDevice ToDevice;
    Lost ToDevice ToDevice;
    Listed ToDevice ToDevice;
    Acknowledged ToDevice Request;
    Processed ToDevice ToDevice;
    KeyRequested Requests Request;
    RequestCancelled Requests Request;
    LoggedOut Life Request;
    Crashed Life Request;
    Restarted Life Request;
    StoreRestored Life Request;
    HealStart Run Request;
    SessionDiscarded Keys Request;
    InvitedBy Rooms RoomEvent;
    BundleMade History Request;
    BundleKey History Request;
    BundleWithheld History Request;
    BundleOpened History ToDevice;
    ServerRestored Life Request;
}

#[cfg(test)]
mod tests {
    use super::{Carrier, Topic, topic};
    use crate::trace::kind::Kind;

    #[test]
    fn every_topic_has_a_kind_and_stands_in_its_place() {
        for (place, one) in Topic::ALL.into_iter().enumerate() {
            assert_eq!(one as usize, place);
            assert!(Kind::ALL.iter().any(|kind| topic(*kind) == one), "{}", one.name());
        }
        for (place, one) in Carrier::ALL.into_iter().enumerate() {
            assert_eq!(one as usize, place);
        }
    }
}
