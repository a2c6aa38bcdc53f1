//! What of a scenario is known to bear on why it is wanted: a guess to begin with, which may be wrong both ways.
//! It does not know how that was found.

use std::collections::BTreeSet;

use crate::ids::{DeviceId, FaultId, RoomId, UserId};

/// What bears on why a scenario is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Relevant {
    /// Devices that did something that led there, or that it is about.
    pub devices: BTreeSet<DeviceId>,
    /// Users besides the owners of these devices.
    pub users: BTreeSet<UserId>,
    /// Rooms.
    pub rooms: BTreeSet<RoomId>,
    /// Steps of the timeline, by their positions.
    pub steps: BTreeSet<usize>,
    /// Faults.
    pub faults: BTreeSet<FaultId>,
    /// Whether nothing after these steps and faults can matter, the probes of a heal phase included.
    pub before_heal: bool,
    /// The devices whose habits and policies may be the reason.
    pub suspects: BTreeSet<DeviceId>,
}
