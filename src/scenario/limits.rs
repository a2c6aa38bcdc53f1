//! Limits: how large a scenario, a file and a run may be.
//! It does not know what happens when one is reached: the reader makes an error of it, the simulator a `RunEnd`.

use crate::scenario::model::Scenario;
use crate::time::SimDuration;

/// The limits that a reader and a run observe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a scenario file.
    pub file_bytes: usize,
    /// How deep brackets may be nested in a file.
    pub nesting: usize,
    /// Homeservers.
    pub servers: usize,
    /// Users.
    pub users: usize,
    /// Devices.
    pub devices: usize,
    /// Rooms.
    pub rooms: usize,
    /// Memberships at the start, over all rooms: a few names in a file may stand for many.
    pub memberships: usize,
    /// Steps of the timeline.
    pub steps: usize,
    /// Faults.
    pub faults: usize,
    /// Expected verdicts: a few names in a file may stand for many.
    pub cells: usize,
    /// Verdicts of a run, those on probes included: each message at each other device of everybody who is ever in its room or invited.
    pub verdicts: usize,
    /// Bytes of a name or a text in a file.
    pub text_bytes: usize,
    /// The latest horizon.
    pub horizon: SimDuration,
    /// Actions of one run, whatever the room is. Most rooms may have less, see [`Limits::actions_of`].
    pub actions: u64,
}

impl Limits {
    /// The limits of scenario files.
    pub const FILES: Self = Self {
        file_bytes: 32 * 1024 * 1024,
        nesting: 32,
        servers: 64,
        users: 50_000,
        devices: 100_000,
        rooms: 1_000,
        memberships: 1_000_000,
        steps: 100_000,
        faults: 1_000,
        cells: 1_000_000,
        verdicts: 20_000_000,
        text_bytes: 1_024,
        horizon: SimDuration::from_hours(24 * 366),
        actions: 100_000_000,
    };

    /// Actions of one run of `scenario`: many times what a room of its size can need, so that clients that write to each
    /// other without end are stopped while somebody is still waiting. 20,000, and for each device 1,000, twenty more for each
    /// hour up to the horizon (whoever reaches nobody tries again now and then), and a hundred more for each step, message and
    /// fault; [`Limits::actions`] at the most.
    #[must_use]
    pub fn actions_of(&self, scenario: &Scenario) -> u64 {
        let events = scenario.timeline.len() + scenario.messages.len() + scenario.faults.len();
        let hours = scenario.horizon.as_ms() / SimDuration::from_hours(1).as_ms();
        let device = 1_000 + 20 * hours + 100 * events as u64;
        self.actions.min(20_000 + device * scenario.devices.len() as u64)
    }
}
