//! Whom a fault is about, to see whether a fault of one room can strike in another.
//! It does not know what the fault does to them.

use crate::ids::{DeviceId, ServerId, UserId};
use crate::protocol::to_device::ToDeviceType;
use crate::scenario::fault::{FaultKind, ToDeviceFilter};

/// Whom a fault is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Whom {
    pub(super) devices: [Option<DeviceId>; 2],
    pub(super) servers: [Option<ServerId>; 2],
    pub(super) user: Option<UserId>,
    /// Whether it holds texts, sessions or rooms, which mean something in one room only.
    pub(super) is_tied: bool,
}

impl Whom {
    /// Whom this fault is about.
    pub(super) fn of(kind: &FaultKind) -> Self {
        match *kind {
            FaultKind::OneTimeKeysRunOut { device }
            | FaultKind::NoFallbackKey { device }
            | FaultKind::KeysClaimedByStranger { device, .. }
            | FaultKind::UploadRejected { device }
            | FaultKind::ToDeviceReordered { device }
            | FaultKind::QuerySlow { device, .. }
            | FaultKind::ResponseLost { device, .. }
            | FaultKind::RateLimited { device, .. }
            | FaultKind::ClientOffline { device }
            | FaultKind::Crash { device, .. }
            | FaultKind::StoreRolledBack { device, .. }
            | FaultKind::OneTimeKeysForgotten { device }
            | FaultKind::SecondReader { device }
            | FaultKind::SecondProcess { device }
            | FaultKind::ClockAhead { device, .. }
            | FaultKind::ClockBehind { device, .. }
            | FaultKind::LimitedSync { device } => {
                Self { devices: [Some(device), None], ..Self::default() }
            }
            FaultKind::ClaimFails { server, .. }
            | FaultKind::KeyHandedOutTwice { server }
            | FaultKind::KeysOutOfOrder { server }
            | FaultKind::CountsOmitted { server }
            | FaultKind::ServerRestored { server, .. }
            | FaultKind::ServerUnreachable { server }
            | FaultKind::BatchLimit { server, .. }
            | FaultKind::EduLimit { server, .. }
            | FaultKind::StaleQueryAnswer { server, .. }
            | FaultKind::MembershipLate { server, .. } => {
                Self { servers: [Some(server), None], ..Self::default() }
            }
            FaultKind::FederationDown { between, and } => {
                Self { servers: [Some(between), Some(and)], ..Self::default() }
            }
            FaultKind::PoisonedEdu { device, at } => {
                let devices = [Some(device), None];
                Self { devices, servers: [Some(at), None], ..Self::default() }
            }
            FaultKind::ListNoticeLost { user, server }
            | FaultKind::IncompleteMembers { user, server } => {
                Self { servers: [Some(server), None], user: Some(user), ..Self::default() }
            }
            FaultKind::OlmSessionsLost { device, peer } => {
                Self { devices: [Some(device), Some(peer)], ..Self::default() }
            }
            FaultKind::ForgedWithheld { sender, recipient, .. } => {
                let devices = [Some(sender), Some(recipient)];
                Self { devices, is_tied: true, ..Self::default() }
            }
            FaultKind::ToDeviceDelayed { which, .. }
            | FaultKind::ToDeviceDuplicated { which }
            | FaultKind::ToDeviceDropped { which }
            | FaultKind::OlmCorrupted { which } => Self::filtered(which),
        }
    }

    fn filtered(which: ToDeviceFilter) -> Self {
        let is_tied = matches!(which.event_type, Some(ToDeviceType::Other(_)));
        Self { devices: [which.sender, which.recipient], is_tied, ..Self::default() }
    }
}
