//! Announced faults that are in force, as facts tell: which devices are cut off by them from their servers or from part of
//! them. It does not know what is excused by a fault.

use crate::check::cast::Cast;
use crate::check::view::life::Moment;
use crate::check::view::pairs::row;
use crate::ids::{DeviceId, FactId, FaultId, ServerId};
use crate::scenario::fault::Party;
use crate::time::SimTime;
use crate::trace::announced::Announced;

/// What is known of one fault.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    started: Option<FactId>,
    started_at: SimTime,
    ended: Option<FactId>,
}

/// All announced faults.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outages {
    faults: Vec<Known>,
}

impl Outages {
    /// A fault came into force.
    pub(crate) fn started(&mut self, fault: FaultId, now: Moment) {
        let known = row(&mut self.faults, fault.index());
        (known.started, known.started_at) = (Some(now.fact), now.at);
    }

    /// When a fault came into force, by the fact that it did.
    pub(crate) fn started_by(&self, fact: FactId) -> Option<Moment> {
        let known = self.faults.iter().find(|known| known.started == Some(fact))?;
        Some(Moment { fact, at: known.started_at })
    }

    /// A fault ended.
    pub(crate) fn ended(&mut self, fault: FaultId, fact: FactId) {
        row(&mut self.faults, fault.index()).ended = Some(fact);
    }

    fn in_force<'a>(&'a self, cast: &'a Cast) -> impl Iterator<Item = &'a Announced> {
        cast.faults().filter_map(|(id, fault)| {
            let known = self.faults.get(id.index()).copied().unwrap_or_default();
            let begun = known.started.is_some() || fault.from == SimTime::ZERO;
            (begun && known.ended.is_none()).then_some(fault)
        })
    }

    /// Whether something stands between the device and its server, or keeps a part of its requests from being done: what it
    /// leaves undone then may not be its own doing.
    pub(crate) fn hinders(&self, cast: &Cast, device: DeviceId) -> bool {
        let ends = [Party::Device(device), Party::Server(cast.server_of(device))];
        self.in_force(cast).any(|fault| ends.iter().any(|end| fault.cuts_off.contains(end)))
    }

    /// Whether that was so at `fact`.
    pub(crate) fn hindered(&self, cast: &Cast, device: DeviceId, fact: FactId) -> bool {
        self.hindered_within(cast, device, [fact, fact])
    }

    /// Whether that was so at any time between two facts.
    pub(crate) fn hindered_within(
        &self,
        cast: &Cast,
        device: DeviceId,
        [from, until]: [FactId; 2],
    ) -> bool {
        let ends = [Party::Device(device), Party::Server(cast.server_of(device))];
        cast.faults().any(|(id, fault)| {
            let known = self.faults.get(id.index()).copied().unwrap_or_default();
            let begun = known.started.map_or(fault.from == SimTime::ZERO, |start| start < until);
            let over = known.ended.is_some_and(|end| end < from);
            begun && !over && ends.iter().any(|end| fault.cuts_off.contains(end))
        })
    }

    /// Whether two servers cannot reach each other.
    pub(crate) fn apart(&self, cast: &Cast, one: ServerId, other: ServerId) -> bool {
        let ends = [one, other].map(Party::Server);
        one != other
            && self.in_force(cast).any(|fault| {
                ends.iter().all(|end| fault.parts.contains(end))
                    || ends.iter().any(|end| fault.cuts_off.contains(end))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::Outages;
    use crate::check::cast::Cast;
    use crate::check::view::life::Moment;
    use crate::ids::{DeviceId, FactId, FaultId, ServerId, UserId};
    use crate::scenario::fault::{Fault, FaultKind};
    use crate::time::SimTime;

    #[test]
    fn a_device_is_hindered_while_its_outage_lasts() {
        let [s0, s1] = [0, 1].map(ServerId::new);
        let fault = |kind| Fault { from: SimTime::from_ms(1), until: SimTime::MAX, kind };
        let offline = FaultKind::ClientOffline { device: DeviceId::new(0) };
        let away = FaultKind::ServerUnreachable { server: s1 };
        let apart = FaultKind::FederationDown { between: s0, and: s1 };
        let faults = [offline, away, apart].map(fault).to_vec();
        let cast = Cast::new([0, 1].map(UserId::new).to_vec(), vec![s0, s1], faults);
        let mut outages = Outages::default();
        let begun =
            |fact| Moment { fact: FactId::new(fact), at: SimTime::from_ms(u64::from(fact)) };
        let hindered = |outages: &Outages| [0, 1].map(|d| outages.hinders(&cast, DeviceId::new(d)));
        assert_eq!(hindered(&outages), [false, false]);
        outages.started(FaultId::new(0), begun(2));
        assert_eq!(hindered(&outages), [true, false]);
        assert!(!outages.apart(&cast, s0, s1));
        outages.started(FaultId::new(1), begun(4));
        assert_eq!(hindered(&outages), [true, true]);
        assert!(outages.apart(&cast, s0, s1));
        outages.ended(FaultId::new(0), FactId::new(6));
        outages.ended(FaultId::new(1), FactId::new(8));
        assert_eq!(hindered(&outages), [false, false]);
        assert!(!outages.apart(&cast, s0, s1));
        outages.started(FaultId::new(2), begun(10));
        assert!(outages.apart(&cast, s1, s0) && !outages.apart(&cast, s0, s0));
        assert_eq!(outages.started_by(FactId::new(4)), Some(begun(4)));
        assert_eq!(outages.started_by(FactId::new(5)), None);
        let was = |fact| outages.hindered(&cast, DeviceId::new(0), FactId::new(fact));
        assert_eq!([1, 3, 5, 7].map(was), [false, true, true, false]);
        let within = |span: [u32; 2]| {
            outages.hindered_within(&cast, DeviceId::new(0), span.map(FactId::new))
        };
        assert_eq!(
            [[0, 1], [1, 3], [3, 5], [1, 7], [7, 9]].map(within),
            [false, true, true, true, false]
        );
    }
}
