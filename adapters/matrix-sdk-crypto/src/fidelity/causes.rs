//! What may make a message differ between the crate and its profile, told by what stands in the room and what both runs show of sender
//! and recipient. It does not prove anything.

use std::collections::BTreeSet;

use withheld::ids::{DeviceId, UserId};
use withheld::scenario::fault::{FaultKind, name_of};
use withheld::scenario::model::{PublishedKeys, Scenario};
use withheld::scenario::policy::SharePolicy;
use withheld::scenario::step::Step;
use withheld::trace::fact::{ClaimOutcome, Fact, FactKind, QueryOutcome};
use withheld::trace::sink::FactSink;

use super::rows::Written;

/// A cause, the first of these that fits, and is proved if one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// A request of one side leaves at another instant than that of the other, and travels for another time: on average both write the same.
    Delays,
    /// One side lists no algorithm: the crate claims nothing for it, tells it m.no_olm, and gives it keys once it has opened a session.
    NoAlgorithms,
    /// One side has the id of another device: the crate knows one of them.
    SameId,
    /// A claim or a query of the sender for the recipient failed: the crate's HTTP client goes on asking, and the message waits for it.
    Failed,
    /// A store went back, was lost or copied, or a client crashed: both write at other moments.
    Store,
    /// One side came up during the run and asks, or is asked: the crate asks once, when a message cannot be read, and only if an own device
    /// is verified by then.
    NewDevice,
    /// The sender does not share with everybody: the strategies have reasons and moments of their own.
    Strategy,
    /// A session ended for one of both only: settings, visibility, and who left are looked at for the next share.
    Sessions,
    /// Somebody asked, or was answered, because of another difference or another order of what came.
    Requests,
    /// The key of a session in use: the crate gives it again where the new Olm session of the other side only crossed its own, and to a newcomer
    /// from where it was when the list came.
    Again,
    /// A server refused or delayed requests: the crate gives a session up with its message where a request of its share fails.
    Refused,
    /// Another fault: of the way of messages, of keys, of lists, or of clocks.
    Faults,
    /// Another message of the room differs for one of these reasons.
    Follows,
    /// None of these.
    Unknown,
}

impl Cause {
    /// In words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delays => "delays of what left at another instant",
            Self::NoAlgorithms => "a device that lists no algorithm",
            Self::SameId => "two devices with one id",
            Self::Failed => {
                "a claim or query that failed and is made again while the message waits"
            }
            Self::Store => "a store that went back, was copied or lost something, or a crash",
            Self::NewDevice => "key requests around a device that came up during the run",
            Self::Strategy => "a sender that does not share with everybody",
            Self::Sessions => "a room whose settings, visibility or members changed",
            Self::Requests => "key requests that follow from what was read when",
            Self::Again => "a session in use whose key is given again, or from another index on",
            Self::Refused => "requests that a server refuses or that fail",
            Self::Faults => "another fault, of what is on its way, of keys, lists or clocks",
            Self::Follows => "another difference in the same room",
            Self::Unknown => "not explained",
        }
    }
}

/// What a run shows of failures.
#[derive(Debug, Default)]
pub(super) struct Failures {
    claims: BTreeSet<(DeviceId, DeviceId)>,
    queries: BTreeSet<(DeviceId, UserId)>,
}

impl FactSink for Failures {
    fn record(&mut self, fact: &Fact) {
        if let FactKind::ClaimEnd { device, target, outcome: ClaimOutcome::Failed(_), .. } =
            fact.kind
        {
            self.claims.insert((device, target));
        } else if let FactKind::QueryEnd { device, user, outcome: QueryOutcome::Failed, .. } =
            fact.kind
        {
            self.queries.insert((device, user));
        }
    }
}

/// Faults after which a client knows something else than it wrote.
pub(super) const STORES: [&str; 7] = [
    "store_rolled_back",
    "crash",
    "second_reader",
    "second_process",
    "olm_sessions_lost",
    "server_restored",
    "client_offline",
];

/// Faults by which requests fail that are not about lists or claims alone.
pub(super) const REFUSALS: [&str; 5] =
    ["rate_limited", "server_unreachable", "response_lost", "federation_down", "upload_rejected"];

pub(super) fn is_one_of(names: &[&str], kind: &FaultKind) -> bool {
    names.contains(&name_of(kind).as_str())
}

/// Whether another device of the same user has the id of this one.
pub(super) fn has_twin(scenario: &Scenario, device: DeviceId) -> bool {
    let me = &scenario.devices[device.index()];
    let same = |other: &&withheld::scenario::model::Device| {
        other.user == me.user && other.device_id == me.device_id
    };
    scenario.devices.iter().filter(same).count() > 1
}

/// Whether a step changes a room, or makes a session end.
pub(super) const fn changes_room(step: &Step) -> bool {
    matches!(
        step,
        Step::Encryption { .. }
            | Step::HistoryVisibility { .. }
            | Step::Member { .. }
            | Step::DiscardSession { .. }
            | Step::Logout(_)
    )
}

/// The cause of what differs in a message.
pub(super) fn cause(row: &Written, scenario: &Scenario, failures: &[Failures]) -> Cause {
    let (sender, recipient) = row.between();
    let sides = [sender, recipient];
    let described = |device: DeviceId| &scenario.devices[device.index()];
    let failed = |all: &Failures| {
        all.claims.contains(&(sender, recipient))
            || all.queries.contains(&(sender, described(recipient).user))
    };
    let steps = || scenario.timeline.iter().map(|timed| &timed.step);
    let has_policy = described(sender).policy.share != SharePolicy::Everyone
        || steps().any(|step| matches!(step, Step::SetSharing { device, .. } if *device == sender));
    if sides.iter().any(|device| described(*device).keys != PublishedKeys::Full) {
        Cause::NoAlgorithms
    } else if sides.iter().any(|device| has_twin(scenario, *device)) {
        Cause::SameId
    } else if failures.iter().any(failed) {
        Cause::Failed
    } else if scenario.faults.iter().any(|fault| is_one_of(&STORES, &fault.kind)) {
        Cause::Store
    } else if row.is_about_requests() && sides.iter().any(|device| !described(*device).present) {
        Cause::NewDevice
    } else if has_policy {
        Cause::Strategy
    } else if steps().any(changes_room) && !row.is_about_requests() {
        Cause::Sessions
    } else if row.is_about_requests() {
        Cause::Requests
    } else if row.is_of_session_in_use() {
        Cause::Again
    } else if scenario.faults.iter().any(|fault| is_one_of(&REFUSALS, &fault.kind)) {
        Cause::Refused
    } else {
        Cause::Unknown
    }
}
