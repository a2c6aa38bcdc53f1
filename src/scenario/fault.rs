//! Faults: what breaks, when, whose doing it is, and which rules that party may break because of it.
//! It does not know how a fault is carried out; that is `sim`.

use crate::ids::{DeviceId, ServerId, UserId};
use crate::protocol::api::Endpoint;
use crate::protocol::to_device::ToDeviceType;
use crate::protocol::withheld::WithheldContent;
use crate::rulebook::rule::Rule;
use crate::time::{SimDuration, SimTime};

/// A fault with its window: it is in force at `t` if `from <= t < until`. Faults that strike once strike at `from`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fault {
    /// The first instant of the window.
    pub from: SimTime,
    /// The first instant after it; [`SimTime::MAX`] for "to the end".
    pub until: SimTime,
    /// What breaks.
    pub kind: FaultKind,
}

/// Who does or suffers something: a device, a server, or nobody in particular.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// A device.
    Device(DeviceId),
    /// A homeserver.
    Server(ServerId),
    /// The network, or the user outside: nobody that a rule binds.
    World,
}

/// How a claim fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimFailure {
    /// The target's server is in `failures`.
    Unreachable,
    /// No answer comes.
    Timeout,
    /// 5xx
    ServerError,
    /// A key comes whose signature is not the device's.
    BadSignature,
}

/// Where in the handling of one input a client stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CrashPoint {
    /// Before anything of it was done.
    BeforeStep,
    /// After its nth durable write (counted from 1) and before what follows it.
    AfterPersist(u32),
    /// Before its nth durable write (counted from 1), everything before that having left.
    BeforePersist(u32),
    /// After its nth request (counted from 1) left.
    AfterRequest(u32),
}

/// Which to-device messages a transport fault hits: those that fit everything that is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct ToDeviceFilter {
    /// From this device.
    pub sender: Option<DeviceId>,
    /// To this device.
    pub recipient: Option<DeviceId>,
    /// Of this type.
    pub event_type: Option<ToDeviceType>,
    /// Only the first so many that fit; `None` for all.
    pub first: Option<u32>,
}

/// What breaks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The server has no one-time keys for the device: strangers claim every one as soon as it is uploaded.
    OneTimeKeysRunOut {
        /// The device.
        device: DeviceId,
    },
    /// The server has no fallback key for the device: uploads of one are refused.
    NoFallbackKey {
        /// The device.
        device: DeviceId,
    },
    /// Once: strangers claim so many one-time keys of the device.
    KeysClaimedByStranger {
        /// The device.
        device: DeviceId,
        /// How many.
        count: u32,
    },
    /// Claims for devices of a server fail.
    ClaimFails {
        /// Whose keys cannot be claimed.
        server: ServerId,
        /// How.
        failure: ClaimFailure,
    },
    /// The server does not take a one-time key off its list when it is claimed (C-01).
    KeyHandedOutTwice {
        /// The server.
        server: ServerId,
    },
    /// The server hands out the newest one-time key first (C-02).
    KeysOutOfOrder {
        /// The server.
        server: ServerId,
    },
    /// The server leaves key counts out of its sync answers (C-06, C-07).
    CountsOmitted {
        /// The server.
        server: ServerId,
    },
    /// The server refuses key uploads of a device.
    UploadRejected {
        /// The device.
        device: DeviceId,
    },
    /// Once: the server's one-time keys and mailboxes become again what they were at `snapshot`.
    ServerRestored {
        /// The server.
        server: ServerId,
        /// When the copy was taken.
        snapshot: SimTime,
    },
    /// No other server and no client can reach the server.
    ServerUnreachable {
        /// The server.
        server: ServerId,
    },
    /// Two servers cannot reach each other.
    FederationDown {
        /// One.
        between: ServerId,
        /// The other.
        and: ServerId,
    },
    /// To-device messages reach the mailbox later.
    ToDeviceDelayed {
        /// Which.
        which: ToDeviceFilter,
        /// How much later.
        by: SimDuration,
    },
    /// To-device messages are put into the mailbox twice (T-01, T-09).
    ToDeviceDuplicated {
        /// Which.
        which: ToDeviceFilter,
    },
    /// The server lists the mailbox newest first (T-02).
    ToDeviceReordered {
        /// The device whose mailbox it is.
        device: DeviceId,
    },
    /// To-device messages are accepted and lost (T-01, T-03).
    ToDeviceDropped {
        /// Which.
        which: ToDeviceFilter,
    },
    /// The server lists so many to-device messages in one answer at the most.
    BatchLimit {
        /// The server.
        server: ServerId,
        /// The limit.
        limit: u32,
    },
    /// Federation transactions of the server carry so many EDUs at the most, each with so many messages.
    EduLimit {
        /// The sending server.
        server: ServerId,
        /// EDUs in one transaction.
        edus: u32,
        /// To-device messages in one EDU; a larger one is split.
        messages: u32,
    },
    /// The other server refuses every transaction with an EDU from this device, so that the queue behind it stands.
    PoisonedEdu {
        /// The device whose EDU it is.
        device: DeviceId,
        /// The server that refuses it.
        at: ServerId,
    },
    /// Changes of a user's device list are not told to a server's clients (D-07).
    ListNoticeLost {
        /// Whose list.
        user: UserId,
        /// The server that should have told.
        server: ServerId,
    },
    /// A server answers device-list queries with what it had at `as_of`.
    StaleQueryAnswer {
        /// The server that answers for its users.
        server: ServerId,
        /// As of when.
        as_of: SimTime,
    },
    /// Answers to device-list queries take longer.
    QuerySlow {
        /// Who asks.
        device: DeviceId,
        /// How much longer.
        by: SimDuration,
    },
    /// A server leaves a user out of the room state that it tells its clients.
    IncompleteMembers {
        /// The server.
        server: ServerId,
        /// Who is left out.
        user: UserId,
    },
    /// The server acts on requests, but its answers do not arrive.
    ResponseLost {
        /// Whose requests.
        device: DeviceId,
        /// To which endpoint.
        endpoint: Endpoint,
        /// Only the first so many; `None` for all.
        first: Option<u32>,
    },
    /// Requests are answered with 429.
    RateLimited {
        /// Whose requests.
        device: DeviceId,
        /// To which endpoint.
        endpoint: Endpoint,
        /// `retry_after_ms`
        retry_after: SimDuration,
    },
    /// The client has no network.
    ClientOffline {
        /// The device.
        device: DeviceId,
    },
    /// Once, at the first input that the client handles from `from` on: it stops there, and starts again at `until`.
    Crash {
        /// The device.
        device: DeviceId,
        /// Where in the handling of that input.
        point: CrashPoint,
    },
    /// Once: the client's store becomes again what it was at `snapshot`.
    StoreRolledBack {
        /// The device.
        device: DeviceId,
        /// When the copy was taken.
        snapshot: SimTime,
    },
    /// Once: the client loses all Olm sessions with another device and keeps the rest of its store.
    OlmSessionsLost {
        /// Who loses.
        device: DeviceId,
        /// The sessions with whom.
        peer: DeviceId,
    },
    /// Once: the client throws away the private parts of all one-time keys that it has published (U-09).
    OneTimeKeysForgotten {
        /// The device.
        device: DeviceId,
    },
    /// Something else reads and acknowledges the device's mailbox before the client does.
    SecondReader {
        /// The device.
        device: DeviceId,
    },
    /// A second process works on a copy of the store that was taken at `from`: at `until` its copy replaces the
    /// store, and what the first process did between is lost.
    SecondProcess {
        /// The device.
        device: DeviceId,
    },
    /// Olm ciphertexts are damaged on their way.
    OlmCorrupted {
        /// Which.
        which: ToDeviceFilter,
    },
    /// The client's clock is ahead.
    ClockAhead {
        /// The device.
        device: DeviceId,
        /// By how much.
        by: SimDuration,
    },
    /// The client's clock is behind.
    ClockBehind {
        /// The device.
        device: DeviceId,
        /// By how much.
        by: SimDuration,
    },
    /// Changes of membership reach a server later than they should, at the latest when the room heals.
    MembershipLate {
        /// The server.
        server: ServerId,
        /// How much later.
        by: SimDuration,
    },
    /// Sync answers for a device hold only the last event of a room and are `limited` if there was more.
    LimitedSync {
        /// The device.
        device: DeviceId,
    },
    /// Once: a notice is put into a mailbox that its sender's client did not decide to send.
    ForgedWithheld {
        /// Who sends it.
        sender: DeviceId,
        /// Who gets it.
        recipient: DeviceId,
        /// Its type.
        event_type: ToDeviceType,
        /// What it says; a session is named through the message that was encrypted with it.
        content: ForgedContent,
    },
}

/// The content of a forged notice. Sessions do not exist when a scenario is written, so one is named by a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ForgedContent {
    /// Everything but `session_id`.
    pub fields: WithheldContent,
    /// `session_id`: the session of this message, if it has been sent by then.
    pub session_of: Option<crate::ids::MessageId>,
}

impl FaultKind {
    /// Which to-device messages this hits, where a filter says that.
    #[must_use]
    pub const fn filter_mut(&mut self) -> Option<&mut ToDeviceFilter> {
        if let Self::ToDeviceDelayed { which, .. }
        | Self::ToDeviceDuplicated { which }
        | Self::ToDeviceDropped { which }
        | Self::OlmCorrupted { which } = self
        {
            Some(which)
        } else {
            None
        }
    }

    /// The party that this makes faulty.
    #[must_use]
    pub const fn party(&self) -> Party {
        match *self {
            Self::OneTimeKeysRunOut { .. }
            | Self::KeysClaimedByStranger { .. }
            | Self::ServerUnreachable { .. }
            | Self::FederationDown { .. }
            | Self::ToDeviceDelayed { .. }
            | Self::ToDeviceDuplicated { .. }
            | Self::ToDeviceDropped { .. }
            | Self::OlmCorrupted { .. }
            | Self::PoisonedEdu { .. }
            | Self::QuerySlow { .. }
            | Self::ResponseLost { .. }
            | Self::RateLimited { .. }
            | Self::SecondReader { .. }
            | Self::NoFallbackKey { .. }
            | Self::UploadRejected { .. }
            | Self::ToDeviceReordered { .. }
            | Self::LimitedSync { .. }
            | Self::ClientOffline { .. } => Party::World,
            Self::ClaimFails { server, .. }
            | Self::KeyHandedOutTwice { server }
            | Self::KeysOutOfOrder { server }
            | Self::CountsOmitted { server }
            | Self::ServerRestored { server, .. }
            | Self::BatchLimit { server, .. }
            | Self::EduLimit { server, .. }
            | Self::ListNoticeLost { server, .. }
            | Self::StaleQueryAnswer { server, .. }
            | Self::IncompleteMembers { server, .. }
            | Self::MembershipLate { server, .. } => Party::Server(server),
            Self::Crash { device, .. }
            | Self::StoreRolledBack { device, .. }
            | Self::OlmSessionsLost { device, .. }
            | Self::OneTimeKeysForgotten { device }
            | Self::SecondProcess { device }
            | Self::ClockAhead { device, .. }
            | Self::ClockBehind { device, .. } => Party::Device(device),
            Self::ForgedWithheld { sender, .. } => Party::Device(sender),
        }
    }

    /// The rules that this excuses. Where [`FaultKind::party`] is the world, the party excused is the server that
    /// stores the message or hands out the key.
    #[must_use]
    pub const fn excuses(&self) -> &'static [Rule] {
        match self {
            Self::OneTimeKeysRunOut { .. }
            | Self::KeysClaimedByStranger { .. }
            | Self::ServerUnreachable { .. }
            | Self::FederationDown { .. }
            | Self::ToDeviceDelayed { .. }
            | Self::BatchLimit { .. }
            | Self::EduLimit { .. }
            | Self::PoisonedEdu { .. }
            | Self::QuerySlow { .. }
            | Self::ResponseLost { .. }
            | Self::RateLimited { .. }
            | Self::ClientOffline { .. }
            | Self::Crash { .. }
            | Self::OlmCorrupted { .. }
            | Self::MembershipLate { .. }
            | Self::LimitedSync { .. }
            | Self::UploadRejected { .. } => &[],
            Self::NoFallbackKey { .. } => &[Rule::C03],
            Self::ClaimFails { .. } => &[Rule::C03, Rule::C05],
            Self::KeyHandedOutTwice { .. } => &[Rule::C01, Rule::C04],
            Self::KeysOutOfOrder { .. } => &[Rule::C02],
            Self::CountsOmitted { .. } => &[Rule::C06, Rule::C07],
            // What one restoration loses another may bring back, after what came in meanwhile (T-02).
            Self::ServerRestored { .. } => &[
                Rule::C01,
                Rule::C02,
                Rule::C03,
                Rule::T01,
                Rule::T02,
                Rule::T03,
                Rule::T04,
                Rule::T07,
            ],
            Self::ToDeviceDuplicated { .. } => &[Rule::T01, Rule::T07, Rule::T09],
            Self::ToDeviceReordered { .. } => &[Rule::T02],
            Self::ToDeviceDropped { .. } | Self::SecondReader { .. } => {
                &[Rule::T01, Rule::T03, Rule::T04]
            }
            Self::ListNoticeLost { .. } => &[Rule::D07],
            Self::StaleQueryAnswer { .. } => &[Rule::D04],
            Self::IncompleteMembers { .. } => &[Rule::K01],
            Self::StoreRolledBack { .. } | Self::SecondProcess { .. } => STORE_LOSS,
            Self::OlmSessionsLost { .. } => &[Rule::U07, Rule::N02, Rule::U04],
            Self::OneTimeKeysForgotten { .. } => &[Rule::U09, Rule::U05],
            Self::ClockAhead { .. } | Self::ClockBehind { .. } => {
                &[Rule::R01, Rule::R08, Rule::U02, Rule::U09, Rule::U10]
            }
            Self::ForgedWithheld { .. } => FORGED,
        }
    }
}

/// The name of a kind of fault as files spell it: that of its variant in snake case.
#[must_use]
pub fn name_of(kind: &FaultKind) -> String {
    let printed = format!("{kind:?}");
    let mut name = String::new();
    for letter in printed.chars().take_while(char::is_ascii_alphanumeric) {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

/// What rests on memory (*rolled back*).
const STORE_LOSS: &[Rule] = &[
    Rule::W09,
    Rule::W11,
    Rule::N02,
    Rule::N03,
    Rule::N11,
    Rule::R01,
    Rule::R02,
    Rule::R03,
    Rule::R04,
    Rule::R05,
    Rule::R06,
    Rule::R07,
    Rule::R08,
    Rule::R09,
    Rule::R11,
    Rule::P08,
    Rule::P14,
    Rule::P15,
    Rule::T11,
    Rule::Q02,
    Rule::K02,
    Rule::U07,
    Rule::U04,
];

/// What a forged notice can break in the name of its sender.
const FORGED: &[Rule] = &[
    Rule::W02,
    Rule::W03,
    Rule::W04,
    Rule::W05,
    Rule::W06,
    Rule::W07,
    Rule::W08,
    Rule::W09,
    Rule::W10,
    Rule::W11,
    Rule::W12,
    Rule::W13,
    Rule::W14,
    Rule::W15,
    Rule::W16,
    Rule::W17,
    Rule::W18,
    Rule::W20,
    Rule::W21,
    Rule::W22,
    Rule::N01,
    Rule::N02,
    Rule::N03,
    Rule::N06,
    Rule::N09,
    Rule::N10,
    Rule::O04,
    Rule::K05,
    Rule::K09,
    Rule::K10,
    Rule::F01,
    Rule::Q05,
    Rule::Q08,
];
