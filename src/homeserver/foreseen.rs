//! How much a timeline can bring: what servers must remember for good has its memory from the start.
//! It does not know when anything comes, nor whether it does.

use crate::homeserver::residents::Residents;
use crate::ids::{RoomId, ServerId};
use crate::scenario::model::Scenario;
use crate::scenario::step::Step;

/// No table is made larger than this in advance: a timeline may be long and end early.
const MOST: usize = 1 << 16;

/// What is foreseen, shared by all servers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Foreseen {
    /// Events, by room.
    events: Vec<usize>,
    /// Messages of a server's own devices, by server.
    messages: Vec<usize>,
}

impl Foreseen {
    /// What the timeline of a scenario can bring.
    #[must_use]
    pub fn new(scenario: &Scenario, residents: &Residents) -> Self {
        let (rooms, servers) = (scenario.rooms.len(), scenario.servers.len());
        let mut foreseen = Self { events: vec![0; rooms], messages: vec![0; servers] };
        for timed in &scenario.timeline {
            if let Step::Send { device, room, .. } = timed.step {
                foreseen.messages[residents.server_of_device(device).index()] += 1;
                foreseen.events[room.index()] += 1;
            } else if let Step::Member { room, .. }
            | Step::HistoryVisibility { room, .. }
            | Step::Encryption { room, .. } = timed.step
            {
                foreseen.events[room.index()] += 1;
            }
        }
        foreseen
    }

    /// How many rooms there may be.
    #[must_use]
    pub const fn rooms(&self) -> usize {
        self.events.len()
    }

    /// How many events of a room to make room for.
    #[must_use]
    pub fn events(&self, room: RoomId) -> usize {
        self.events[room.index()].min(MOST)
    }

    /// How many messages of a server's own devices to make room for.
    #[must_use]
    pub fn messages(&self, server: ServerId) -> usize {
        self.messages[server.index()].min(MOST)
    }
}

#[cfg(test)]
impl Foreseen {
    /// Nothing, of so many rooms and servers.
    pub(crate) fn nothing(rooms: usize, servers: usize) -> Self {
        Self { events: vec![0; rooms], messages: vec![0; servers] }
    }
}
