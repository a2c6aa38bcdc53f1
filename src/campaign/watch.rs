//! A sink that finds the features of a run as its facts come, from a few bits that it keeps of every device.
//! It does not know which of them were seen in earlier runs.

use crate::ids::DeviceId;
use crate::protocol::to_device::ToDeviceType;
use crate::scenario::kinds::{FaultName, StepKind};
use crate::scenario::model::Scenario;
use crate::scenario::whom::Whom;
use crate::trace::fact::{Fact, FactKind};
use crate::trace::sink::FactSink;

use super::feature::{FEATURES, Feature, What, subject};

/// What is kept of a device: what a key or a notice may depend on, coarse enough that rooms have states in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Device {
    life: Life,
    has_session: bool,
    olm_sessions: u16,
    blocks: u16,
    was_told: bool,
}

/// What has happened to a client so far, the gravest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Life {
    #[default]
    Even,
    CameBack,
    Over,
}

impl Device {
    /// The state as a number below [`super::feature::STATES`].
    const fn state(self) -> u16 {
        let olm = match self.olm_sessions {
            0 => 0,
            1..=3 => 1,
            _ => 2,
        };
        let flags =
            self.has_session as u16 + (self.blocks > 0) as u16 * 2 + self.was_told as u16 * 4;
        (self.life as u16 * 3 + olm) * 8 + flags
    }

    fn reach(&mut self, life: Life) {
        self.life = self.life.max(life);
    }
}

/// The features of one run. It is made once and used for many runs, because its set is large.
#[derive(Debug, Clone)]
pub struct Watch {
    seen: Box<[u64]>,
    features: Vec<Feature>,
    devices: Vec<Device>,
    steps: Vec<(StepKind, DeviceId)>,
    faults: Vec<(FaultName, Vec<bool>)>,
    /// The positions of the faults that are in force.
    in_force: Vec<usize>,
    step_kinds: u32,
    fault_kinds: u64,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            seen: vec![0; FEATURES.div_ceil(64) as usize].into_boxed_slice(),
            features: Vec::new(),
            devices: Vec::new(),
            steps: Vec::new(),
            faults: Vec::new(),
            in_force: Vec::new(),
            step_kinds: 0,
            fault_kinds: 0,
        }
    }
}

impl Watch {
    /// Forgets the last run and makes ready for one of this scenario.
    pub fn begin(&mut self, scenario: &Scenario) {
        for feature in self.features.drain(..) {
            self.seen[feature.raw() as usize / 64] = 0;
        }
        self.devices.clear();
        self.devices.resize(scenario.devices.len(), Device::default());
        self.steps.clear();
        let steps = scenario.timeline.iter().map(|timed| &timed.step);
        self.steps.extend(steps.map(|step| (StepKind::of(step), step.actor())));
        self.faults.clear();
        let faults = scenario.faults.iter().map(|fault| &fault.kind);
        let known = faults.map(|kind| (FaultName::of(kind), Whom::of(kind).reach(scenario)));
        self.faults.extend(known);
        self.in_force.clear();
        (self.step_kinds, self.fault_kinds) = (0, 0);
    }

    /// The features of the run so far, in the order in which they came.
    #[must_use]
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The kinds of step that were taken.
    pub fn step_kinds(&self) -> impl Iterator<Item = StepKind> {
        let taken = self.step_kinds;
        StepKind::ALL.iter().copied().filter(move |kind| taken >> *kind as u32 & 1 == 1)
    }

    /// The kinds of fault that came into force.
    pub fn fault_kinds(&self) -> impl Iterator<Item = FaultName> {
        let struck = self.fault_kinds;
        FaultName::ALL.iter().copied().filter(move |name| struck >> *name as u32 & 1 == 1)
    }

    fn see(&mut self, feature: Feature) {
        let (word, bit) = (feature.raw() as usize / 64, feature.raw() % 64);
        if self.seen[word] >> bit & 1 == 0 {
            self.seen[word] |= 1 << bit;
            self.features.push(feature);
        }
    }

    fn note_step(&mut self, position: u32) {
        if let Some((kind, _)) = self.steps.get(position as usize) {
            self.step_kinds |= 1 << *kind as u32;
        }
    }

    fn note_fault(&mut self, kind: &FactKind) {
        if let FactKind::FaultStart(fault) = kind
            && let Some((name, _)) = self.faults.get(fault.index())
        {
            self.in_force.push(fault.index());
            self.fault_kinds |= 1 << *name as u32;
        } else if let FactKind::FaultEnd(fault) = kind
            && let Some(place) = self.in_force.iter().position(|one| *one == fault.index())
        {
            self.in_force.remove(place);
        }
    }

    /// What this fact makes of the device that it is about.
    fn update(&mut self, kind: &FactKind, device: DeviceId) {
        let Some(device) = self.devices.get_mut(device.index()) else { return };
        if let FactKind::MegolmNew { .. } = kind {
            device.has_session = true;
        } else if let FactKind::SessionDiscarded { .. } = kind {
            device.has_session = false;
        } else if let FactKind::OlmNew { .. } = kind {
            device.olm_sessions = device.olm_sessions.saturating_add(1);
        } else if let FactKind::OlmDropped { .. } = kind {
            device.olm_sessions = device.olm_sessions.saturating_sub(1);
        } else if let FactKind::BlockedSet { blocked: true, .. } = kind {
            device.blocks = device.blocks.saturating_add(1);
        } else if let FactKind::BlockedSet { blocked: false, .. } = kind {
            device.blocks = device.blocks.saturating_sub(1);
        } else if let FactKind::Enqueued { event_type: ToDeviceType::Withheld, .. } = kind {
            device.was_told = true;
        } else if let FactKind::Restarted { .. } | FactKind::StoreRestored { .. } = kind {
            device.reach(Life::CameBack);
        } else if let FactKind::LoggedOut { .. } | FactKind::DeviceDeleted { .. } = kind {
            device.reach(Life::Over);
        }
    }
}

impl FactSink for Watch {
    fn record(&mut self, fact: &Fact) {
        let kind = &fact.kind;
        self.note_fault(kind);
        let about = if let FactKind::UserStep(position) = kind {
            self.note_step(*position);
            self.steps.get(*position as usize).map(|(_, device)| *device)
        } else {
            subject(kind)
        };
        let state = about.and_then(|device| self.devices.get(device.index()));
        let state = state.map_or(0, |device| device.state());
        let steps = &self.steps;
        let step = |position: u32| steps.get(position as usize).map_or(StepKind::Send, |one| one.0);
        let what = What::of(kind, step);
        let mut is_calm = true;
        for place in 0..self.in_force.len() {
            let (name, reach) = &self.faults[self.in_force[place]];
            if about.is_none_or(|device| reach.get(device.index()) == Some(&true)) {
                is_calm = false;
                self.see(Feature::new(what, state, Some(*name)));
            }
        }
        if is_calm {
            self.see(Feature::new(what, state, None));
        }
        // What a fact changes is the state of what comes after it.
        if let Some(device) = about {
            self.update(kind, device);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Watch;
    use crate::ids::{DeviceId, FaultId, MegolmSessionId, RoomId};
    use crate::scenario::fault::{Fault, FaultKind};
    use crate::scenario::kinds::{FaultName, StepKind};
    use crate::scenario::sample::room_of;
    use crate::time::SimTime;
    use crate::trace::fact::FactKind;
    use crate::trace::sample::fact_of;
    use crate::trace::sink::FactSink;

    /// How many features these facts show in a room with a fault of the first device.
    fn shown(watch: &mut Watch, kinds: &[FactKind]) -> usize {
        let mut scenario = room_of(1, 1);
        let device = DeviceId::new(0);
        scenario.faults.push(Fault {
            from: SimTime::ZERO,
            until: SimTime::MAX,
            kind: FaultKind::LimitedSync { device },
        });
        watch.begin(&scenario);
        for (id, kind) in kinds.iter().enumerate() {
            watch.record(&fact_of(u32::try_from(id).unwrap(), 0, *kind));
        }
        watch.features().len()
    }

    #[test]
    fn the_same_at_a_device_in_another_state_or_under_another_fault_is_another_feature() {
        let mut watch = Watch::default();
        let [one, other] = [0, 1].map(DeviceId::new);
        let up = |device| FactKind::DeviceUp { device, crypto: true };
        let session = FactKind::MegolmNew {
            device: other,
            room: RoomId::new(0),
            session: MegolmSessionId::new(0),
        };
        let start = FactKind::FaultStart(FaultId::new(0));
        let end = FactKind::FaultEnd(FaultId::new(0));
        assert_eq!(shown(&mut watch, &[up(one), up(one), up(other)]), 1);
        assert_eq!(shown(&mut watch, &[up(other), session, up(other)]), 3);
        assert_eq!(shown(&mut watch, &[up(one), start, up(one)]), 3, "the fault itself is one");
        assert_eq!(shown(&mut watch, &[up(other), start, up(other)]), 2, "it does not feel it");
        assert_eq!(shown(&mut watch, &[start, end, up(one), up(other)]), 3);
        assert_eq!(shown(&mut watch, &[up(one)]), 1, "a new run begins with nothing");
    }

    #[test]
    fn steps_and_faults_are_reached_when_they_happen() {
        let mut watch = Watch::default();
        shown(&mut watch, &[]);
        assert_eq!((watch.step_kinds().count(), watch.fault_kinds().count()), (0, 0));
        shown(&mut watch, &[FactKind::UserStep(0), FactKind::FaultStart(FaultId::new(0))]);
        assert_eq!(watch.step_kinds().collect::<Vec<_>>(), [StepKind::Send]);
        assert_eq!(watch.fault_kinds().collect::<Vec<_>>(), [FaultName::LimitedSync]);
    }
}
