//! A fault as it is announced to whoever judges: from when on it may break which rules in whose name.
//! It does not know what the fault does.

use crate::ids::ServerId;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::{Fault, FaultKind, Party, name_of};
use crate::scenario::model::Scenario;
use crate::time::SimTime;

/// A fault that was announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// What it is called; nothing is judged by this.
    pub name: String,
    /// It is in force from then on at the earliest; what begins at zero needs no fact to say so.
    pub from: SimTime,
    /// In whose name it may break rules.
    pub parties: Vec<Party>,
    /// Which rules.
    pub excuses: Vec<Rule>,
    /// The devices and servers that it keeps, as long as it lasts, from reaching anybody, or from having what they ask for.
    pub cuts_off: Vec<Party>,
    /// The servers that cannot reach each other while it lasts.
    pub parts: Vec<Party>,
}

impl Announced {
    /// What is announced of a fault of a scenario in which `homes` are the servers of the devices.
    #[must_use]
    pub fn of(fault: &Fault, homes: &[ServerId], servers: usize) -> Self {
        let kind = &fault.kind;
        let mut parties = vec![kind.party()];
        if kind.party() == Party::World {
            let reached = (0..servers).map(ServerId::at).filter(|one| reaches(kind, *one, homes));
            parties.extend(reached.map(Party::Server));
        }
        Self {
            name: name_of(kind),
            from: fault.from,
            parties,
            excuses: kind.excuses().to_vec(),
            cuts_off: cut_off(kind),
            parts: parted(kind),
        }
    }

    /// What is announced of all faults of a scenario, in its order.
    #[must_use]
    pub fn all(scenario: &Scenario) -> Vec<Self> {
        let owners = scenario.devices.iter().map(|device| device.user);
        let homes: Vec<ServerId> = owners.map(|user| scenario.users[user.index()].server).collect();
        let announced = |fault| Self::of(fault, &homes, scenario.servers.len());
        scenario.faults.iter().map(announced).collect()
    }

    /// Whether it makes `party` faulty in a way that excuses a breach of `rule`.
    #[must_use]
    pub fn covers(&self, rule: Rule, party: Party) -> bool {
        self.excuses.contains(&rule) && self.parties.contains(&party)
    }
}

/// Whom the fault keeps from its server, or from having what it asks for.
fn cut_off(kind: &FaultKind) -> Vec<Party> {
    if let FaultKind::ClientOffline { device }
    | FaultKind::RateLimited { device, .. }
    | FaultKind::ResponseLost { device, .. }
    | FaultKind::Crash { device, .. } = kind
    {
        vec![Party::Device(*device)]
    } else if let FaultKind::ServerUnreachable { server } = kind {
        vec![Party::Server(*server)]
    } else {
        Vec::new()
    }
}

/// The servers that the fault keeps apart.
fn parted(kind: &FaultKind) -> Vec<Party> {
    if let FaultKind::FederationDown { between, and } = kind {
        [*between, *and].map(Party::Server).to_vec()
    } else {
        Vec::new()
    }
}

/// Whether a fault that is nobody's doing happens to what `server` stores or hands out.
fn reaches(kind: &FaultKind, server: ServerId, homes: &[ServerId]) -> bool {
    if let FaultKind::ToDeviceDropped { which } | FaultKind::ToDeviceDuplicated { which } = kind {
        // Where the recipient is left open, a message of the sender may be stored by any server.
        let ends = [which.sender, which.recipient];
        return which.recipient.is_none()
            || ends.into_iter().flatten().any(|device| homes[device.index()] == server);
    }
    if let FaultKind::SecondReader { device }
    | FaultKind::ToDeviceReordered { device }
    | FaultKind::NoFallbackKey { device } = kind
    {
        return homes[device.index()] == server;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::Announced;
    use crate::ids::{DeviceId, ServerId};
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::{Fault, FaultKind, Party, ToDeviceFilter};
    use crate::time::SimTime;

    const S0: Party = Party::Server(ServerId::new(0));
    const S1: Party = Party::Server(ServerId::new(1));

    fn announced(kind: FaultKind) -> Announced {
        let fault = Fault { from: SimTime::ZERO, until: SimTime::MAX, kind };
        Announced::of(&fault, &[1, 0, 1].map(ServerId::new), 2)
    }

    #[test]
    fn a_dropped_message_excuses_the_servers_on_its_way_and_nobody_else() {
        let which = ToDeviceFilter { recipient: Some(DeviceId::new(1)), ..Default::default() };
        let dropped = announced(FaultKind::ToDeviceDropped { which });
        assert_eq!(dropped.name, "to_device_dropped");
        assert!(dropped.covers(Rule::T01, S0));
        assert!(!dropped.covers(Rule::T01, S1));
        assert!(!dropped.covers(Rule::D07, S0));
        assert!(!dropped.covers(Rule::T01, Party::Device(DeviceId::new(1))));
        let any = announced(FaultKind::ToDeviceDropped { which: ToDeviceFilter::default() });
        assert!(any.covers(Rule::T01, S1));
        let which = ToDeviceFilter { sender: Some(DeviceId::new(1)), ..Default::default() };
        let sent = announced(FaultKind::ToDeviceDropped { which });
        assert!(sent.covers(Rule::T01, S1), "the recipient may be at home anywhere");
    }

    #[test]
    fn a_rolled_back_store_excuses_its_own_device_only() {
        let device = DeviceId::new(2);
        let rolled = announced(FaultKind::StoreRolledBack { device, snapshot: SimTime::ZERO });
        assert!(rolled.covers(Rule::W09, Party::Device(device)));
        assert!(!rolled.covers(Rule::W09, Party::Device(DeviceId::new(0))));
        assert!(!rolled.covers(Rule::W01, Party::Device(device)));
    }
}
