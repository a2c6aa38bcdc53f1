//! Limits: how large a scenario, a file and a run may be.
//! It does not know what happens when one is reached: the reader makes an error of it, the simulator a `RunEnd`.

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
    /// Bytes of a name or a text in a file.
    pub text_bytes: usize,
    /// The latest horizon.
    pub horizon: SimDuration,
    /// Actions of one run.
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
        text_bytes: 1_024,
        horizon: SimDuration::from_hours(24 * 366),
        actions: 100_000_000,
    };
}
