//! Faults of every kind, near a moment and about somebody: each is drawn so that it can make a difference there.
//! It does not know what happens at that moment.

use super::draft::{Couple, Draft};
use super::forgery;
use super::sort::FaultSort;
use crate::ids::{DeviceId, ServerId};
use crate::protocol::api::Endpoint;
use crate::protocol::to_device::ToDeviceType;
use crate::scenario::fault::{ClaimFailure, CrashPoint, FaultKind, ToDeviceFilter};
use crate::time::{SimDuration, SimTime};

/// How claims fail, the plainest first.
const CLAIM_FAILURES: [ClaimFailure; 4] = [
    ClaimFailure::Unreachable,
    ClaimFailure::Timeout,
    ClaimFailure::ServerError,
    ClaimFailure::BadSignature,
];

impl Draft<'_, '_> {
    /// Plans a fault of any kind that is on, about these two, at this moment or shortly before it.
    pub(super) fn trouble(&mut self, at: SimTime, couple: Couple) {
        let before = self.dice.set_purpose(super::dice::FAULTS);
        let on = FaultSort::ALL.iter().filter(|sort| self.swarm.has_fault(**sort)).count();
        if on > 0 && self.may_break() {
            let position = self.dice.index(on);
            let mut sorts = FaultSort::ALL.iter().filter(|sort| self.swarm.has_fault(**sort));
            if let Some(sort) = sorts.nth(position) {
                self.trouble_of(*sort, at, couple);
            }
        }
        self.dice.set_purpose(before);
    }

    /// Plans a fault of this kind.
    pub(super) fn trouble_of(&mut self, sort: FaultSort, at: SimTime, couple: Couple) {
        let from = self.shortly_before(at);
        let length = match self.dice.chance(1, 12) {
            true => SimDuration::from_ms(u64::MAX),
            false => self.dice.window(),
        };
        if let Some(kind) = self.kind(sort, from, couple) {
            self.fault(from, length, kind);
        }
    }

    /// This moment, or one that is a little earlier, or the start.
    fn shortly_before(&mut self, at: SimTime) -> SimTime {
        match self.dice.number(8) {
            0 | 1 => at,
            2 | 3 => at - self.dice.instant(),
            4 | 5 => at - self.dice.soon(),
            6 => at + self.dice.instant(),
            _ => SimTime::ZERO,
        }
    }

    /// A moment before this one: another message if there was one, or any.
    fn earlier(&mut self, at: SimTime) -> SimTime {
        let count = self.sendings.iter().filter(|sending| sending.at < at).count();
        if count > 0 && self.dice.chance(3, 4) {
            let position = self.dice.index(count);
            let sending = self.sendings.iter().filter(|sending| sending.at < at).nth(position);
            let moment = sending.map_or(SimTime::ZERO, |sending| sending.at);
            return (moment + self.dice.instant()).min(at);
        }
        at - self.dice.gap()
    }

    fn either(&mut self, couple: Couple) -> DeviceId {
        if self.dice.chance(1, 2) { couple.other } else { couple.sender }
    }

    fn either_server(&mut self, couple: Couple) -> ServerId {
        let device = self.either(couple);
        self.server(device)
    }

    fn another_server(&mut self, server: ServerId) -> Option<ServerId> {
        let count = self.scenario.servers.len();
        if count < 2 {
            return None;
        }
        let position = self.dice.index(count - 1);
        (0..count).map(ServerId::at).filter(|other| *other != server).nth(position)
    }

    /// Which to-device messages: those between the two, or with fewer conditions.
    pub(super) fn filter(&mut self, couple: Couple) -> ToDeviceFilter {
        let types = [
            None,
            Some(ToDeviceType::Encrypted),
            Some(ToDeviceType::Encrypted),
            Some(ToDeviceType::Withheld),
            Some(ToDeviceType::Withheld),
            Some(ToDeviceType::KeyRequest),
        ];
        let event_type = match self.dice.number(24) {
            0..=21 => self.dice.pick(&types).flatten(),
            22 => self.dice.pick(&ToDeviceType::NAMED).map(|(named, _)| named),
            _ => Some(forgery::other_type(self)),
        };
        let (one, other) = match self.dice.chance(1, 6) {
            true => (couple.other, couple.sender),
            false => (couple.sender, couple.other),
        };
        ToDeviceFilter {
            sender: self.dice.chance(1, 2).then_some(one),
            recipient: self.dice.chance(2, 3).then_some(other),
            event_type,
            first: self.dice.chance(1, 2).then(|| self.dice.count(1, 3)),
        }
    }

    fn endpoint(&mut self) -> Endpoint {
        let likely =
            [Endpoint::SendToDevice, Endpoint::ClaimKeys, Endpoint::QueryKeys, Endpoint::Sync];
        if self.dice.chance(1, 2) {
            return self.dice.pick(&likely).unwrap_or(Endpoint::SendToDevice);
        }
        self.dice.pick(&Endpoint::ALL).map_or(Endpoint::SendToDevice, |(endpoint, _)| endpoint)
    }

    /// Where in the handling of an input a client stops.
    pub(super) fn crash_point(&mut self) -> CrashPoint {
        let nth = self.dice.count(1, 4);
        match self.dice.number(4) {
            0 => CrashPoint::BeforeStep,
            1 => CrashPoint::AfterPersist(nth),
            2 => CrashPoint::BeforePersist(nth),
            _ => CrashPoint::AfterRequest(nth),
        }
    }

    #[expect(clippy::too_many_lines, reason = "an arm for each kind of fault")]
    fn kind(&mut self, sort: FaultSort, at: SimTime, couple: Couple) -> Option<FaultKind> {
        let Couple { sender, other, .. } = couple;
        let device = self.either(couple);
        let server = self.either_server(couple);
        let which = self.filter(couple);
        let by = self.dice.gap();
        Some(match sort {
            FaultSort::OneTimeKeysRunOut => FaultKind::OneTimeKeysRunOut { device: other },
            FaultSort::NoFallbackKey => FaultKind::NoFallbackKey { device: other },
            FaultSort::KeysClaimedByStranger => {
                FaultKind::KeysClaimedByStranger { device: other, count: self.dice.count(1, 20) }
            }
            FaultSort::ClaimFails => {
                let failure = self.dice.pick(&CLAIM_FAILURES)?;
                FaultKind::ClaimFails { server: self.server(other), failure }
            }
            FaultSort::KeyHandedOutTwice => FaultKind::KeyHandedOutTwice { server },
            FaultSort::KeysOutOfOrder => FaultKind::KeysOutOfOrder { server },
            FaultSort::CountsOmitted => FaultKind::CountsOmitted { server },
            FaultSort::UploadRejected => FaultKind::UploadRejected { device },
            FaultSort::ServerRestored => {
                FaultKind::ServerRestored { server, snapshot: self.earlier(at) }
            }
            FaultSort::ServerUnreachable => FaultKind::ServerUnreachable { server },
            FaultSort::FederationDown => {
                FaultKind::FederationDown { between: server, and: self.another_server(server)? }
            }
            FaultSort::ToDeviceDelayed => FaultKind::ToDeviceDelayed { which, by },
            FaultSort::ToDeviceDuplicated => FaultKind::ToDeviceDuplicated { which },
            FaultSort::ToDeviceReordered => FaultKind::ToDeviceReordered { device: other },
            FaultSort::ToDeviceDropped => FaultKind::ToDeviceDropped { which },
            FaultSort::BatchLimit => {
                FaultKind::BatchLimit { server: self.server(other), limit: self.dice.count(1, 5) }
            }
            FaultSort::EduLimit => {
                let (edus, messages) = (self.dice.count(1, 3), self.dice.count(1, 3));
                FaultKind::EduLimit { server: self.server(sender), edus, messages }
            }
            FaultSort::PoisonedEdu => {
                let own = self.server(sender);
                let theirs = self.server(other);
                let at = if theirs == own { self.another_server(own)? } else { theirs };
                FaultKind::PoisonedEdu { device: sender, at }
            }
            FaultSort::ListNoticeLost => {
                FaultKind::ListNoticeLost { user: self.user(other), server: self.server(sender) }
            }
            FaultSort::StaleQueryAnswer => {
                FaultKind::StaleQueryAnswer { server: self.server(other), as_of: self.earlier(at) }
            }
            FaultSort::QuerySlow => FaultKind::QuerySlow { device: sender, by },
            FaultSort::IncompleteMembers => {
                FaultKind::IncompleteMembers { server: self.server(sender), user: self.user(other) }
            }
            FaultSort::ResponseLost => {
                let first = self.dice.chance(2, 3).then(|| self.dice.count(1, 3));
                FaultKind::ResponseLost { device, endpoint: self.endpoint(), first }
            }
            FaultSort::RateLimited => {
                FaultKind::RateLimited { device, endpoint: self.endpoint(), retry_after: by }
            }
            FaultSort::ClientOffline => FaultKind::ClientOffline { device },
            FaultSort::Crash => FaultKind::Crash { device, point: self.crash_point() },
            FaultSort::StoreRolledBack => {
                FaultKind::StoreRolledBack { device, snapshot: self.earlier(at) }
            }
            FaultSort::OlmSessionsLost => {
                let peer = if device == other { sender } else { other };
                FaultKind::OlmSessionsLost { device, peer }
            }
            FaultSort::OneTimeKeysForgotten => FaultKind::OneTimeKeysForgotten { device: other },
            FaultSort::SecondReader => FaultKind::SecondReader { device: other },
            FaultSort::SecondProcess => FaultKind::SecondProcess { device },
            FaultSort::OlmCorrupted => FaultKind::OlmCorrupted { which },
            FaultSort::ClockAhead => FaultKind::ClockAhead { device, by },
            FaultSort::ClockBehind => FaultKind::ClockBehind { device, by },
            FaultSort::MembershipLate => {
                FaultKind::MembershipLate { server: self.server(sender), by }
            }
            FaultSort::LimitedSync => FaultKind::LimitedSync { device },
            FaultSort::ForgedWithheld => forgery::forged(self, at, couple),
        })
    }
}
