//! What actions to come will reach for, asked of memory before their turn: in a large room, every device that a message comes to
//! lies in other lines of it, and none of them is in the cache.
//! It changes nothing, and does not know what becomes of an action.

use crate::client::Client;
use crate::engine::choices::Choices;
use crate::engine::fetch::{Ahead, fetch};
use crate::ids::DeviceId;
use crate::protocol::api::Response;
use crate::sim::action::Action;
use crate::sim::world::World;

/// From how many devices on it is worth looking ahead.
const LARGE: usize = 256;

/// How many steps ahead.
const FAR: usize = 6;
const MIDDLE: usize = 4;
const NEAR: usize = 2;

impl<C: Client, K: Choices> World<C, K> {
    /// Whether there are so many devices that it is worth looking ahead.
    pub(super) fn is_large(&self) -> bool {
        self.scenario.devices.len() >= LARGE
    }

    /// Asks for what the next entries of the queue are about.
    pub(super) fn look_ahead(&self) {
        for (distance, next) in (0..=FAR).zip(self.queue.ahead()) {
            match distance {
                FAR => self.expect(next.action, Ahead::Far),
                MIDDLE => self.expect(next.action, Ahead::Middle),
                NEAR => self.expect(next.action, Ahead::Near),
                _ => {}
            }
        }
    }

    fn expect(&self, action: Action, ahead: Ahead) {
        if let Action::Answer(place) = action {
            let Some(incoming) = self.under_way.answers.get(place) else { return };
            let terminal = &self.terminals[incoming.ticket.device.index()];
            if ahead == Ahead::Far {
                fetch(&terminal.life);
                if let Ok(Response::Sync(answer)) = &incoming.result {
                    fetch(&answer.since);
                    fetch(&answer.to_device);
                    fetch(&answer.rooms);
                }
            }
            terminal.client.expect_input(ahead);
        } else if let Action::Request(place) = action
            && let Some(outgoing) = self.under_way.requests.get(place)
            && ahead == Ahead::Far
        {
            self.expect_sync(outgoing.ticket.device);
        }
    }

    /// Asks for what the answer to a waiting sync is made of.
    fn expect_sync(&self, device: DeviceId) {
        let terminal = &self.terminals[device.index()];
        fetch(&terminal.life);
        fetch(&terminal.parked);
        self.servers[self.server_of(device).index()].expect_sync(device);
    }

    /// Asks for what it takes to answer one of these devices, a few places behind this one.
    pub(super) fn look_ahead_at(&self, devices: &[DeviceId], place: usize) {
        if let Some(device) = devices.get(place + MIDDLE) {
            self.expect_sync(*device);
        }
    }
}
