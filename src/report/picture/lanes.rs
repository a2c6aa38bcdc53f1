//! The lanes of a picture: users and faults, then each server with the devices of its users.
//! It does not know what happens on them.

use std::collections::BTreeMap;

use crate::ids::{DeviceId, ServerId, UserId};
use crate::scenario::fault::{Fault, FaultKind, Party, ToDeviceFilter};
use crate::scenario::model::Scenario;
use crate::trace::fact::Observer;

/// All lanes of a scenario, in the order in which they are drawn.
#[derive(Debug, Clone)]
pub(in crate::report) struct Lanes {
    order: Vec<Observer>,
    place: BTreeMap<Observer, usize>,
}

impl Lanes {
    /// The world, then server by server: the server, then its users, and of each user the devices.
    pub(in crate::report) fn of(scenario: &Scenario) -> Self {
        let mut order = vec![Observer::World];
        for server in (0..scenario.servers.len()).map(ServerId::at) {
            order.push(Observer::Server(server));
            let users = (0..scenario.users.len()).map(UserId::at);
            for user in users.filter(|user| scenario.users[user.index()].server == server) {
                order.extend(scenario.devices_of(user).map(Observer::Device));
            }
        }
        let place = order.iter().enumerate().map(|(place, lane)| (*lane, place)).collect();
        Self { order, place }
    }

    /// The lanes, in order.
    pub(in crate::report) fn iter(&self) -> impl Iterator<Item = Observer> + '_ {
        self.order.iter().copied()
    }

    /// Where a lane stands among them.
    pub(in crate::report) fn place(&self, lane: Observer) -> usize {
        self.place.get(&lane).copied().unwrap_or_default()
    }
}

/// The lanes that feel a fault; none if it may be felt by all.
pub(in crate::report) fn felt_by(fault: &Fault) -> Vec<Observer> {
    let device = |device: &DeviceId| vec![Observer::Device(*device)];
    let server = |server: &ServerId| vec![Observer::Server(*server)];
    let kind = &fault.kind;
    if let FaultKind::FederationDown { between, and } = kind {
        return vec![Observer::Server(*between), Observer::Server(*and)];
    }
    if let FaultKind::PoisonedEdu { device, at } = kind {
        return vec![Observer::Device(*device), Observer::Server(*at)];
    }
    if let FaultKind::ToDeviceDelayed { which, .. }
    | FaultKind::ToDeviceDuplicated { which }
    | FaultKind::ToDeviceDropped { which }
    | FaultKind::OlmCorrupted { which } = kind
    {
        let ToDeviceFilter { sender, recipient, .. } = which;
        return [sender, recipient]
            .into_iter()
            .flatten()
            .map(|one| Observer::Device(*one))
            .collect();
    }
    if let FaultKind::OneTimeKeysRunOut { device: whose }
    | FaultKind::NoFallbackKey { device: whose }
    | FaultKind::KeysClaimedByStranger { device: whose, .. }
    | FaultKind::UploadRejected { device: whose }
    | FaultKind::ToDeviceReordered { device: whose }
    | FaultKind::QuerySlow { device: whose, .. }
    | FaultKind::LimitedSync { device: whose, .. }
    | FaultKind::SecondReader { device: whose }
    | FaultKind::ResponseLost { device: whose, .. }
    | FaultKind::RateLimited { device: whose, .. }
    | FaultKind::ClientOffline { device: whose } = kind
    {
        return device(whose);
    }
    if let FaultKind::ServerUnreachable { server: which } = kind {
        return server(which);
    }
    match kind.party() {
        Party::Device(one) => device(&one),
        Party::Server(one) => server(&one),
        Party::World => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Lanes, felt_by};
    use crate::ids::{DeviceId, ServerId};
    use crate::scenario::fault::{Fault, FaultKind, ToDeviceFilter};
    use crate::scenario::sample::room_of;
    use crate::time::SimTime;
    use crate::trace::fact::Observer;

    #[test]
    fn a_server_stands_before_the_devices_of_its_users() {
        let lanes = Lanes::of(&room_of(2, 1));
        let device = |index| Observer::Device(DeviceId::new(index));
        let expected =
            [Observer::World, Observer::Server(ServerId::new(0)), device(0), device(1), device(2)];
        assert_eq!(lanes.iter().collect::<Vec<_>>(), expected);
        assert_eq!(lanes.place(device(1)), 3);
    }

    #[test]
    fn a_fault_lies_on_the_lanes_that_feel_it() {
        let b1 = DeviceId::new(1);
        let on = |kind| felt_by(&Fault { from: SimTime::ZERO, until: SimTime::MAX, kind });
        assert_eq!(on(FaultKind::ClientOffline { device: b1 }), [Observer::Device(b1)]);
        let s1 = ServerId::new(0);
        assert_eq!(on(FaultKind::ServerUnreachable { server: s1 }), [Observer::Server(s1)]);
        assert_eq!(on(FaultKind::CountsOmitted { server: s1 }), [Observer::Server(s1)]);
        let which = ToDeviceFilter { recipient: Some(b1), ..ToDeviceFilter::default() };
        assert_eq!(on(FaultKind::ToDeviceDropped { which }), [Observer::Device(b1)]);
        let which = ToDeviceFilter::default();
        assert_eq!(on(FaultKind::ToDeviceDropped { which }), [], "all may feel it");
    }
}
