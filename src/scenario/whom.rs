//! Whom a fault is about: the devices, servers and users that it names.
//! It does not know what the fault does to them.

use crate::ids::{DeviceId, ServerId, UserId};
use crate::protocol::to_device::ToDeviceType;
use crate::scenario::fault::{FaultKind, ToDeviceFilter};
use crate::scenario::model::Scenario;

/// Whom a fault is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Whom {
    /// Devices.
    pub devices: [Option<DeviceId>; 2],
    /// Homeservers.
    pub servers: [Option<ServerId>; 2],
    /// A user.
    pub user: Option<UserId>,
    /// Whether it holds texts, sessions or rooms, which mean something in one room only.
    pub is_tied: bool,
}

impl Whom {
    /// Whom this fault is about.
    #[must_use]
    pub fn of(kind: &FaultKind) -> Self {
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

    /// The devices of a scenario that feel the fault: those that are named, those of users and servers that are named, and all if
    /// nobody is.
    #[must_use]
    pub fn reach(&self, scenario: &Scenario) -> Vec<bool> {
        let Self { devices, servers, user, .. } = self;
        let is_about_nobody = devices.iter().all(Option::is_none)
            && servers.iter().all(Option::is_none)
            && user.is_none();
        let feels = |device: DeviceId| {
            is_about_nobody
                || devices.contains(&Some(device))
                || servers.contains(&Some(scenario.server_of(device)))
                || *user == Some(scenario.user_of(device))
        };
        (0..scenario.devices.len()).map(|index| feels(DeviceId::at(index))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Whom;
    use crate::ids::{DeviceId, ServerId, UserId};
    use crate::scenario::fault::{FaultKind, ToDeviceFilter};
    use crate::scenario::sample::room_of;

    #[test]
    fn a_fault_is_felt_by_whom_it_names_and_by_all_if_it_names_nobody() {
        let scenario = room_of(2, 0);
        let reach = |kind| Whom::of(&kind).reach(&scenario);
        let device = DeviceId::new(1);
        assert_eq!(reach(FaultKind::LimitedSync { device }), [false, true, false]);
        let which = ToDeviceFilter::default();
        assert_eq!(reach(FaultKind::ToDeviceDropped { which }), [true; 3]);
        let server = ServerId::new(0);
        assert_eq!(reach(FaultKind::ServerUnreachable { server }), [true; 3]);
        let lost = FaultKind::IncompleteMembers { server: ServerId::new(7), user: UserId::new(0) };
        assert_eq!(reach(lost), [true, false, false]);
    }
}
