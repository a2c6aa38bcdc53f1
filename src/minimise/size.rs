//! How large a scenario is: what there is of each kind of thing.
//! It does not know which of it matters.

use crate::scenario::model::Scenario;

/// What there is of each kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Size {
    /// Devices.
    pub devices: usize,
    /// Steps of the timeline; probes of a heal phase are no steps.
    pub steps: usize,
    /// Faults.
    pub faults: usize,
    /// Users.
    pub users: usize,
    /// Rooms.
    pub rooms: usize,
    /// Homeservers.
    pub servers: usize,
    /// Messages of the timeline.
    pub messages: usize,
}

impl Size {
    /// The size of a scenario.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        let heal = scenario.heal;
        let told =
            scenario.timeline.iter().filter(|step| heal.is_none_or(|heal| step.at < heal.from));
        let messages = heal.map_or(scenario.messages.len(), |heal| heal.first_probe.index());
        Self {
            devices: scenario.devices.len(),
            steps: told.count(),
            faults: scenario.faults.len(),
            users: scenario.users.len(),
            rooms: scenario.rooms.len(),
            servers: scenario.servers.len(),
            messages,
        }
    }

    /// All together.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.devices + self.steps + self.faults + self.users + self.rooms + self.servers
    }
}
