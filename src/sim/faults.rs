//! The faults that are in force, and how often each has struck.
//! It does not know how a fault is carried out; it answers whether one fits.

use std::sync::Arc;

use crate::homeserver::one_time_keys::HandOut;
use crate::ids::{DeviceId, FactId, FaultId, ServerId, UserId};
use crate::protocol::api::Endpoint;
use crate::protocol::provenance::Provenance;
use crate::protocol::to_device::ToDeviceType;
use crate::scenario::fault::{ClaimFailure, CrashPoint, FaultKind, ToDeviceFilter};
use crate::scenario::model::Scenario;
use crate::sim::recorder::Skew;
use crate::time::SimDuration;

/// A to-device message as a filter sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parcel {
    pub(super) sender: DeviceId,
    pub(super) recipient: DeviceId,
    pub(super) event_type: ToDeviceType,
}

/// What a fault does to to-device messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mishap {
    Delayed(SimDuration),
    Duplicated,
    Dropped,
    Corrupted,
}

impl Mishap {
    /// What this fault does to which to-device messages, if it does anything to them.
    const fn of(kind: &FaultKind) -> Option<(Self, &ToDeviceFilter)> {
        Some(if let FaultKind::ToDeviceDelayed { which, by } = kind {
            (Self::Delayed(*by), which)
        } else if let FaultKind::ToDeviceDuplicated { which } = kind {
            (Self::Duplicated, which)
        } else if let FaultKind::ToDeviceDropped { which } = kind {
            (Self::Dropped, which)
        } else if let FaultKind::OlmCorrupted { which } = kind {
            (Self::Corrupted, which)
        } else {
            return None;
        })
    }
}

/// The faults of a scenario during a run.
#[derive(Debug, Clone)]
pub(super) struct FaultSet {
    scenario: Arc<Scenario>,
    in_force: Vec<FaultId>,
    started: Vec<Option<FactId>>,
    hits: Vec<u32>,
}

impl FaultSet {
    /// The faults of a scenario, none of them in force yet.
    pub(super) fn new(scenario: Arc<Scenario>) -> Self {
        let count = scenario.faults.len();
        Self { scenario, in_force: Vec::new(), started: vec![None; count], hits: vec![0; count] }
    }

    /// What the fault is.
    pub(super) fn kind(&self, fault: FaultId) -> &FaultKind {
        &self.scenario.faults[fault.index()].kind
    }

    /// A fault comes into force, by this fact.
    pub(super) fn start(&mut self, fault: FaultId, by: FactId) {
        self.started[fault.index()] = Some(by);
        self.in_force.push(fault);
    }

    /// A fault ends.
    pub(super) fn end(&mut self, fault: FaultId) {
        self.in_force.retain(|known| *known != fault);
    }

    /// The fact that the fault came into force.
    pub(super) fn cause(&self, fault: FaultId) -> Option<FactId> {
        self.started[fault.index()]
    }

    /// Whether the fault, once in force, stays so as long as the run may last.
    pub(super) fn is_lasting(&self, fault: FaultId) -> bool {
        self.scenario.faults[fault.index()].until > self.scenario.horizon
    }

    /// What keeps a device and its server apart.
    pub(super) fn cut_off(&self, device: DeviceId, server: ServerId) -> Option<FaultId> {
        self.find_if(|kind| isolates(kind, device, server))
    }

    /// Whether a device and its server stay apart to the end of the run.
    pub(super) fn is_cut_off_for_good(&self, device: DeviceId, server: ServerId) -> bool {
        let mut in_force = self.in_force.iter();
        in_force.any(|id| self.is_lasting(*id) && isolates(self.kind(*id), device, server))
    }

    /// What makes the server unreachable for its clients.
    pub(super) fn unreachable(&self, server: ServerId) -> Option<FaultId> {
        self.first(&FaultKind::ServerUnreachable { server })
    }

    /// What keeps two servers apart.
    pub(super) fn link_down(&self, one: ServerId, other: ServerId) -> Option<FaultId> {
        self.find_if(|kind| {
            matches!(kind, FaultKind::ServerUnreachable { server }
                if *server == one || *server == other)
                || matches!(kind, FaultKind::FederationDown { between, and }
                    if (*between, *and) == (one, other) || (*between, *and) == (other, one))
        })
    }

    /// What makes `server` refuse transactions with an EDU from `sender`.
    pub(super) fn poisoned(&self, sender: DeviceId, server: ServerId) -> Option<FaultId> {
        self.first(&FaultKind::PoisonedEdu { device: sender, at: server })
    }

    /// How claims for devices of a server fail.
    pub(super) fn claim_fails(&self, server: ServerId) -> Option<(FaultId, ClaimFailure)> {
        self.find(|kind| {
            let FaultKind::ClaimFails { server: which, failure } = kind else { return None };
            (*which == server).then_some(*failure)
        })
    }

    /// How a server hands keys out, and the faults that make it so.
    pub(super) fn hand_out(&self, server: ServerId) -> (HandOut, [Option<FaultId>; 2]) {
        let twice = self.first(&FaultKind::KeyHandedOutTwice { server });
        let newest = self.first(&FaultKind::KeysOutOfOrder { server });
        let how =
            HandOut { newest_first: newest.is_some(), keep: twice.is_some(), no_fallback: false };
        (how, [twice, newest])
    }

    /// What lets strangers have every one-time key of a device.
    pub(super) fn keys_run_out(&self, device: DeviceId) -> Option<FaultId> {
        self.first(&FaultKind::OneTimeKeysRunOut { device })
    }

    /// What keeps fallback keys of a device from being taken.
    pub(super) fn refuses_fallback(&self, device: DeviceId) -> Option<FaultId> {
        self.first(&FaultKind::NoFallbackKey { device })
    }

    /// What makes uploads of a device be refused.
    pub(super) fn upload_rejected(&self, device: DeviceId) -> Option<FaultId> {
        self.first(&FaultKind::UploadRejected { device })
    }

    /// What makes a server leave counts out.
    pub(super) fn omits_counts(&self, server: ServerId) -> Option<FaultId> {
        self.first(&FaultKind::CountsOmitted { server })
    }

    /// What makes a mailbox be listed newest first.
    pub(super) fn lists_newest_first(&self, device: DeviceId) -> Option<FaultId> {
        self.first(&FaultKind::ToDeviceReordered { device })
    }

    /// What limits the timelines of a device to one event.
    pub(super) fn limited_sync(&self, device: DeviceId) -> Option<FaultId> {
        self.first(&FaultKind::LimitedSync { device })
    }

    /// The least batch limit that is forced on a server, and what forces it.
    pub(super) fn batch_limit(&self, server: ServerId) -> Option<(u32, FaultId)> {
        let limit = |id: &FaultId| {
            let FaultKind::BatchLimit { server: which, limit } = self.kind(*id) else {
                return None;
            };
            (*which == server).then_some((*limit, *id))
        };
        self.in_force.iter().filter_map(limit).min()
    }

    /// What limits the EDUs of a server.
    pub(super) fn edu_limited(&self, server: ServerId) -> Option<FaultId> {
        self.find_if(
            |kind| matches!(kind, FaultKind::EduLimit { server: which, .. } if *which == server),
        )
    }

    /// The least limits of EDUs that are forced on a server: EDUs in a transaction, messages in an EDU.
    pub(super) fn edu_limits(&self, server: ServerId) -> Option<(u32, u32)> {
        let limits = |id: &FaultId| {
            let FaultKind::EduLimit { server: which, edus, messages } = self.kind(*id) else {
                return None;
            };
            (*which == server).then_some((*edus, *messages))
        };
        let least = |one: (u32, u32), other: (u32, u32)| (one.0.min(other.0), one.1.min(other.1));
        self.in_force.iter().filter_map(limits).reduce(least)
    }

    /// What keeps the clients of a server from being told that a list changed.
    pub(super) fn notice_lost(&self, user: UserId, server: ServerId) -> Option<FaultId> {
        self.first(&FaultKind::ListNoticeLost { user, server })
    }

    /// What makes a server answer queries with old lists.
    pub(super) fn stale_answers(&self, server: ServerId) -> Option<FaultId> {
        self.find_if(|kind| {
            matches!(kind, FaultKind::StaleQueryAnswer { server: which, .. } if *which == server)
        })
    }

    /// How much longer the queries of a device take.
    pub(super) fn query_slow(&self, device: DeviceId) -> Option<(FaultId, SimDuration)> {
        self.find(|kind| {
            let FaultKind::QuerySlow { device: which, by } = kind else { return None };
            (*which == device).then_some(*by)
        })
    }

    /// The users that a server leaves out of room states.
    pub(super) fn hidden(&self, server: ServerId) -> Vec<(UserId, Option<FactId>)> {
        let user = |id: &FaultId| {
            let FaultKind::IncompleteMembers { server: which, user } = self.kind(*id) else {
                return None;
            };
            (*which == server).then_some((*user, self.cause(*id)))
        };
        self.in_force.iter().filter_map(user).collect()
    }

    /// What loses the answer to a request; this counts as one hit.
    pub(super) fn lose_response(&mut self, device: DeviceId, to: Endpoint) -> Option<FaultId> {
        self.strike(|kind| {
            let FaultKind::ResponseLost { device: whose, endpoint, first } = kind else {
                return None;
            };
            ((*whose, *endpoint) == (device, to)).then_some(((), *first))
        })
        .map(|(fault, ())| fault)
    }

    /// What limits the rate of requests, and for how long.
    pub(super) fn rate_limited(
        &self,
        device: DeviceId,
        to: Endpoint,
    ) -> Option<(FaultId, SimDuration)> {
        self.find(|kind| {
            let FaultKind::RateLimited { device: whose, endpoint, retry_after } = kind else {
                return None;
            };
            ((*whose, *endpoint) == (device, to)).then_some(*retry_after)
        })
    }

    /// What holds up membership events on their way to a server, and for how long.
    pub(super) fn membership_late(&self, server: ServerId) -> Option<(FaultId, SimDuration)> {
        self.find(|kind| {
            let FaultKind::MembershipLate { server: which, by } = kind else { return None };
            (*which == server).then_some(*by)
        })
    }

    /// What reads a mailbox before its device does.
    pub(super) fn second_reader(&self, device: DeviceId) -> Option<FaultId> {
        self.first(&FaultKind::SecondReader { device })
    }

    /// What happens to a to-device message for one of these reasons; this counts as one hit.
    pub(super) fn mishap(
        &mut self,
        parcel: Parcel,
        is_meant: impl Fn(Mishap) -> bool,
    ) -> Option<(FaultId, Mishap)> {
        self.strike(|kind| {
            let (mishap, which) = Mishap::of(kind)?;
            (is_meant(mishap) && fits(which, parcel)).then_some((mishap, which.first))
        })
    }

    /// A crash that waits for the next input of a device. It strikes once.
    pub(super) fn crash(&self, device: DeviceId) -> Option<(FaultId, CrashPoint)> {
        let crash = |id: &FaultId| {
            let FaultKind::Crash { device: which, point } = self.kind(*id) else { return None };
            (*which == device && self.hits[id.index()] == 0).then_some((*id, *point))
        };
        self.in_force.iter().find_map(crash)
    }

    /// Counts a hit of a fault that strikes once.
    pub(super) fn note_hit(&mut self, fault: FaultId) {
        self.hits[fault.index()] += 1;
    }

    /// Whether the fault has hit.
    pub(super) fn has_hit(&self, fault: FaultId) -> bool {
        self.hits[fault.index()] > 0
    }

    /// How wrong the clock of a device is.
    pub(super) fn skew(&self, device: DeviceId) -> Skew {
        let mut skew = Skew::default();
        for id in &self.in_force {
            if let FaultKind::ClockAhead { device: which, by } = self.kind(*id)
                && *which == device
            {
                skew.ahead = skew.ahead + *by;
                skew.by = Provenance(self.cause(*id));
            }
            if let FaultKind::ClockBehind { device: which, by } = self.kind(*id)
                && *which == device
            {
                skew.behind = skew.behind + *by;
                skew.by = Provenance(self.cause(*id));
            }
        }
        skew
    }

    /// The first fault in force that `pick` makes something of.
    fn find<T>(&self, pick: impl Fn(&FaultKind) -> Option<T>) -> Option<(FaultId, T)> {
        self.in_force.iter().find_map(|id| Some((*id, pick(self.kind(*id))?)))
    }

    /// The first fault in force that is exactly this.
    fn first(&self, kind: &FaultKind) -> Option<FaultId> {
        self.find_if(|known| known == kind)
    }

    /// The first fault in force that fits.
    fn find_if(&self, fits: impl Fn(&FaultKind) -> bool) -> Option<FaultId> {
        self.in_force.iter().copied().find(|id| fits(self.kind(*id)))
    }

    /// The first fault in force that `pick` makes something of and that has not yet hit as often as it may.
    fn strike<T>(
        &mut self,
        pick: impl Fn(&FaultKind) -> Option<(T, Option<u32>)>,
    ) -> Option<(FaultId, T)> {
        let (id, value) = self.in_force.iter().find_map(|id| {
            let (value, first) = pick(self.kind(*id))?;
            let may_hit = first.is_none_or(|first| self.hits[id.index()] < first);
            may_hit.then_some((*id, value))
        })?;
        self.note_hit(id);
        Some((id, value))
    }
}

/// Whether the fault keeps the device from its server.
fn isolates(kind: &FaultKind, device: DeviceId, server: ServerId) -> bool {
    matches!(kind, FaultKind::ClientOffline { device: whose } if *whose == device)
        || matches!(kind, FaultKind::ServerUnreachable { server: which } if *which == server)
}

/// Whether a filter fits a message.
fn fits(filter: &ToDeviceFilter, parcel: Parcel) -> bool {
    filter.sender.is_none_or(|sender| sender == parcel.sender)
        && filter.recipient.is_none_or(|recipient| recipient == parcel.recipient)
        && filter.event_type.is_none_or(|event_type| event_type == parcel.event_type)
}
