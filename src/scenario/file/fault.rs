//! The codecs of faults: one kind for each thing that can break.
//! It does not know whether a fault makes sense in its scenario; `injury` does.

use serde_json::{Value as Json, json};

use super::codec::{Codec, Definitions, Field, Reader, defined};
use super::container::OrAny;
use super::forgery::Type;
use super::json::{self, Node};
use super::problem::Span;
use super::record::{fields, settings, union};
use super::union::{self, Case, Tag, Union};
use super::values::{Int, Until};
use crate::ids::{DeviceId, ServerId, UserId};
use crate::protocol::api::Endpoint;
use crate::protocol::to_device::ToDeviceType;
use crate::scenario::fault::{
    ClaimFailure, CrashPoint, Fault, FaultKind, ForgedContent, ToDeviceFilter,
};
use crate::scenario::model::Scenario;
use crate::time::{SimDuration, SimTime};

/// A number of things, at least one.
type Count = Int<1, 1_000_000>;

settings! {
    /// Which to-device messages a fault hits: those that fit everything that is said.
    ToDeviceFilter as FilterChanges in "to_device_filter" from ToDeviceFilter::default();
    /// From this device.
    sender: OrAny<DeviceId>,
    /// To this device.
    recipient: OrAny<DeviceId>,
    /// Of this type, as servers see it: a key goes as m.room.encrypted, a notice as m.room_key.withheld.
    event_type ("type"): OrAny<Type>,
    /// Only the first so many that fit.
    first: OrAny<Count>,
}

union! {
    Faults of FaultKind {
        /// The server has no one-time keys for the device: strangers claim every one as soon as it is uploaded.
        "one_time_keys_run_out" => (FaultKind::OneTimeKeysRunOut { device }) {
            /// The device.
            device: DeviceId [],
        }
        /// The server has no fallback key for the device: uploads of one are refused.
        "no_fallback_key" => (FaultKind::NoFallbackKey { device }) {
            /// The device.
            device: DeviceId [],
        }
        /// Strangers claim so many one-time keys of the device.
        "keys_claimed_by_stranger" => (FaultKind::KeysClaimedByStranger { device, count }) {
            /// The device.
            device: DeviceId [],
            /// How many keys.
            count: Count [],
        }
        /// Claims for devices of the server fail.
        "claim_fails" => (FaultKind::ClaimFails { server, failure }) {
            /// The server of the devices whose keys cannot be claimed.
            server: ServerId [],
            /// How claims fail.
            failure: ClaimFailure [],
        }
        /// The server does not take a one-time key off its list when it is claimed.
        "key_handed_out_twice" => (FaultKind::KeyHandedOutTwice { server }) {
            /// The server.
            server: ServerId [],
        }
        /// The server hands out the newest one-time key first.
        "keys_out_of_order" => (FaultKind::KeysOutOfOrder { server }) {
            /// The server.
            server: ServerId [],
        }
        /// The server leaves the counts of keys out of its sync answers.
        "counts_omitted" => (FaultKind::CountsOmitted { server }) {
            /// The server.
            server: ServerId [],
        }
        /// The server refuses key uploads of the device.
        "upload_rejected" => (FaultKind::UploadRejected { device }) {
            /// The device.
            device: DeviceId [],
        }
        /// The one-time keys and the mailboxes of the server become again what they were.
        "server_restored" => (FaultKind::ServerRestored { server, snapshot }) {
            /// The server.
            server: ServerId [],
            /// When the copy was taken, not after the fault.
            snapshot: SimTime [],
        }
        /// No other server and no client can reach the server.
        "server_unreachable" => (FaultKind::ServerUnreachable { server }) {
            /// The server.
            server: ServerId [],
        }
        /// Two servers cannot reach each other.
        "federation_down" => (FaultKind::FederationDown { between, and }) {
            /// One server.
            between: ServerId [],
            /// The other one.
            and: ServerId [],
        }
        /// To-device messages reach the mailbox later.
        "to_device_delayed" => (FaultKind::ToDeviceDelayed { which, by }) {
            /// Which messages.
            which: ToDeviceFilter [= ToDeviceFilter::default()],
            /// How much later.
            by: SimDuration [],
        }
        /// To-device messages are put into the mailbox twice.
        "to_device_duplicated" => (FaultKind::ToDeviceDuplicated { which }) {
            /// Which messages.
            which: ToDeviceFilter [= ToDeviceFilter::default()],
        }
        /// The server lists the mailbox of the device newest first.
        "to_device_reordered" => (FaultKind::ToDeviceReordered { device }) {
            /// The device.
            device: DeviceId [],
        }
        /// To-device messages are accepted and lost.
        "to_device_dropped" => (FaultKind::ToDeviceDropped { which }) {
            /// Which messages.
            which: ToDeviceFilter [= ToDeviceFilter::default()],
        }
        /// The server lists so many to-device messages in one sync answer at the most.
        "batch_limit" => (FaultKind::BatchLimit { server, limit }) {
            /// The server.
            server: ServerId [],
            /// How many.
            limit: Count [],
        }
        /// Federation transactions of the server carry so many EDUs at the most, each with so many to-device messages.
        "edu_limit" => (FaultKind::EduLimit { server, edus, messages }) {
            /// The sending server.
            server: ServerId [],
            /// EDUs in one transaction.
            edus: Count [],
            /// To-device messages in one EDU; a larger one is split.
            messages: Count [],
        }
        /// Another server refuses every transaction with an EDU from the device, so that the queue behind it stands.
        "poisoned_edu" => (FaultKind::PoisonedEdu { device, at }) {
            /// The device whose EDU it is.
            device: DeviceId [],
            /// The server that refuses, not that of the device.
            at: ServerId [],
        }
        /// Changes of a user's device list are not told to the clients of a server.
        "list_notice_lost" => (FaultKind::ListNoticeLost { user, server }) {
            /// Whose device list.
            user: UserId [],
            /// The server that should have told.
            server: ServerId [],
        }
        /// The server answers device-list queries with what it had before.
        "stale_query_answer" => (FaultKind::StaleQueryAnswer { server, as_of }) {
            /// The server, which answers for its users.
            server: ServerId [],
            /// When it had what it answers with, not after the fault.
            as_of: SimTime [],
        }
        /// Answers to device-list queries of the device take longer.
        "query_slow" => (FaultKind::QuerySlow { device, by }) {
            /// Who asks.
            device: DeviceId [],
            /// How much longer.
            by: SimDuration [],
        }
        /// The server leaves a user out of the room state that it tells its clients.
        "incomplete_members" => (FaultKind::IncompleteMembers { server, user }) {
            /// The server.
            server: ServerId [],
            /// Who is left out.
            user: UserId [],
        }
        /// The server acts on requests of the device, but its answers do not arrive.
        "response_lost" => (FaultKind::ResponseLost { device, endpoint, first }) {
            /// Whose requests.
            device: DeviceId [],
            /// To which endpoint.
            endpoint: Endpoint [],
            /// Only the first so many answers.
            first: OrAny<Count> [= None],
        }
        /// Requests of the device are answered with status 429.
        "rate_limited" => (FaultKind::RateLimited { device, endpoint, retry_after }) {
            /// Whose requests.
            device: DeviceId [],
            /// To which endpoint.
            endpoint: Endpoint [],
            /// After how long the device may try again.
            retry_after: SimDuration [],
        }
        /// The client of the device has no network.
        "client_offline" => (FaultKind::ClientOffline { device }) {
            /// The device.
            device: DeviceId [],
        }
        /// The client stops in the first input that it handles in the window, and starts again at its end.
        "crash" => (FaultKind::Crash { device, point }) {
            /// The device.
            device: DeviceId [],
            /// Where in the handling of that input it stops.
            point: CrashPoint [= CrashPoint::BeforeStep],
        }
        /// The store of the client becomes again what it was.
        "store_rolled_back" => (FaultKind::StoreRolledBack { device, snapshot }) {
            /// The device.
            device: DeviceId [],
            /// When the copy was taken, not after the fault.
            snapshot: SimTime [],
        }
        /// The client loses all Olm sessions with another device and keeps the rest of its store.
        "olm_sessions_lost" => (FaultKind::OlmSessionsLost { device, peer }) {
            /// Who loses them.
            device: DeviceId [],
            /// The other device.
            peer: DeviceId [],
        }
        /// The client throws away the private parts of all one-time keys that it has published.
        "one_time_keys_forgotten" => (FaultKind::OneTimeKeysForgotten { device }) {
            /// The device.
            device: DeviceId [],
        }
        /// Something else reads and acknowledges the mailbox of the device before the client does.
        "second_reader" => (FaultKind::SecondReader { device }) {
            /// The device.
            device: DeviceId [],
        }
        /// A second process works on a copy of the client's store, taken at `from`, which replaces the store at `until`.
        "second_process" => (FaultKind::SecondProcess { device }) {
            /// The device.
            device: DeviceId [],
        }
        /// Olm ciphertexts are damaged on their way.
        "olm_corrupted" => (FaultKind::OlmCorrupted { which }) {
            /// Which messages.
            which: ToDeviceFilter [= ToDeviceFilter::default()],
        }
        /// The clock of the client is ahead.
        "clock_ahead" => (FaultKind::ClockAhead { device, by }) {
            /// The device.
            device: DeviceId [],
            /// By how much.
            by: SimDuration [],
        }
        /// The clock of the client is behind.
        "clock_behind" => (FaultKind::ClockBehind { device, by }) {
            /// The device.
            device: DeviceId [],
            /// By how much.
            by: SimDuration [],
        }
        /// Changes of membership reach the server later than they should, at the latest when the room heals.
        "membership_late" => (FaultKind::MembershipLate { server, by }) {
            /// The server.
            server: ServerId [],
            /// How much later.
            by: SimDuration [],
        }
        /// Sync answers for the device hold only the last event of a room, and are limited if there were more.
        "limited_sync" => (FaultKind::LimitedSync { device }) {
            /// The device.
            device: DeviceId [],
        }
        /// A notice is put into a mailbox that the client of its sender did not decide to send.
        "forged_withheld" => (FaultKind::ForgedWithheld { sender, recipient, event_type, content }) {
            /// Who seems to send it.
            sender: DeviceId [],
            /// Who gets it.
            recipient: DeviceId [],
            /// Its type.
            event_type ("type"): Type [= ToDeviceType::Withheld],
            /// What it says.
            content: ForgedContent [],
        }
    }
}

/// The tag's field.
const TAG: &str = "fault";

/// The fields that every fault has which strikes once.
const INSTANT: &[Field] = fields! {
    /// When it strikes.
    from: SimTime [= SimTime::ZERO],
    /// The kind of the fault.
    fault: Tag [],
};

/// The fields that every fault has which lasts.
const LASTING: &[Field] = fields! {
    /// The first instant of its window.
    from: SimTime [= SimTime::ZERO],
    /// The first instant after its window.
    until: Until [= SimTime::MAX],
    /// The kind of the fault.
    fault: Tag [],
};

/// Kinds that strike once, at `from`.
pub(super) const INSTANT_TAGS: [&str; 6] = [
    "keys_claimed_by_stranger",
    "server_restored",
    "store_rolled_back",
    "olm_sessions_lost",
    "one_time_keys_forgotten",
    "forged_withheld",
];

/// The fields that faults of this kind share with others.
pub(super) fn shared_fields(case: &Case) -> &'static [Field] {
    if INSTANT_TAGS.contains(&case.tag) { INSTANT } else { LASTING }
}

/// The fields that somebody may look for in faults of this kind, with what to do instead.
fn absent_fields(case: &Case) -> &'static [(&'static str, &'static str)] {
    const AT: (&str, &str) = ("at", "a fault begins at \"from\"");
    if INSTANT_TAGS.contains(&case.tag) {
        &[AT, ("until", "this fault strikes once, at \"from\"; leave \"until\" out")]
    } else {
        &[AT]
    }
}

/// One entry of the faults.
#[derive(Debug, Clone)]
pub(super) struct FaultEntry {
    /// The fault.
    pub(super) fault: Fault,
    /// The places of its fields.
    spans: Vec<(String, Span)>,
    span: Span,
}

impl FaultEntry {
    /// An entry that is written.
    pub(super) fn new(fault: &Fault) -> Self {
        Self { fault: fault.clone(), spans: Vec::new(), span: Span::default() }
    }

    /// The place of a field's value; that of the whole entry if the field is not there.
    pub(super) fn place(&self, field: &str) -> Span {
        let found = self.spans.iter().find(|(name, _)| name == field);
        found.map_or(self.span.head(), |(_, span)| *span)
    }
}

impl Codec for FaultEntry {
    type Value = Self;

    fn decode(node: &Node<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let case = union::tag::<Faults>(node, TAG, "a fault", reader)?;
        let known = [shared_fields(case), case.fields];
        let object = reader.object_without(node, &known, absent_fields(case))?;
        let from = reader.slot::<SimTime>(&object, "from");
        let until = reader.slot::<Until>(&object, "until");
        let kind = Faults::decode_case(case.tag, &object, reader)?;
        if from.is_bad() || until.is_bad() {
            return None;
        }
        let fault = Fault { from: from.or(SimTime::ZERO), until: until.or(SimTime::MAX), kind };
        let spans = object.spans().map(|(name, span)| (name.to_owned(), span)).collect();
        Some(Self { fault, spans, span: json::span(node) })
    }

    fn encode(value: &Self, scenario: &Scenario) -> Json {
        let fault = &value.fault;
        let (tag, fields) = Faults::encode_case(&fault.kind, scenario);
        let mut map = serde_json::Map::new();
        map.insert("from".to_owned(), SimTime::encode(&fault.from, scenario));
        if !INSTANT_TAGS.contains(&tag) {
            map.insert("until".to_owned(), Until::encode(&fault.until, scenario));
        }
        map.insert(TAG.to_owned(), tag.into());
        map.extend(fields);
        map.into()
    }

    fn schema(definitions: &mut Definitions) -> Json {
        defined("fault", definitions, |definitions| {
            let cases: Vec<Json> = Faults::CASES
                .iter()
                .map(|case| {
                    defined(&format!("fault_{}", case.tag), definitions, |definitions| {
                        union::case_schema(case, shared_fields(case), TAG, definitions)
                    })
                })
                .collect();
            json!({ "description": "One thing that breaks.", "oneOf": cases })
        })
    }
}
