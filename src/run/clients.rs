//! The simulator with clients in it: the reference client, or those that a program of its own brings along.
//! It does not know what the clients do.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::client::reference::{Config, Reference};
use crate::client::{Client, Context, Directory, Input, Out};
use crate::ids::DeviceId;
use crate::rulebook::reading::{Reading, ReadingName};
use crate::scenario::model::{Device, Scenario};
use crate::sim::world::World;
use crate::trace::sink::FactSink;

use super::simulator::{RequestTap, Simulated, Simulator};

/// Makes the client of every device of a scenario.
///
/// A program that brings clients of its own implements this, with an enum of clients if they are of several kinds, and
/// hands [`InWorld`] of it to [`crate::cli::main`].
pub trait Clients: Sync {
    /// The clients.
    type Client: Client;

    /// What makes the client of each device, which is asked for every device once.
    fn of_run(
        &self,
        scenario: &Scenario,
        reading: ReadingName,
    ) -> impl FnMut(DeviceId) -> Self::Client;
}

/// The simulator with these clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InWorld<C>(pub C);

impl<C: Clients> Simulator for InWorld<C> {
    fn simulate_at_most(
        &self,
        actions: u64,
        scenario: &Scenario,
        reading: ReadingName,
        mut sink: &mut dyn FactSink,
    ) -> Simulated {
        let world = World::new(scenario, self.0.of_run(scenario, reading));
        let mut world = world.with_action_limit(actions);
        world.run(&mut sink);
        Simulated { actions: world.actions(), ended_at: world.now() }
    }

    fn simulate_tapped(
        &self,
        scenario: &Scenario,
        reading: ReadingName,
        mut sink: &mut dyn FactSink,
        tap: &mut dyn RequestTap,
    ) -> Option<Simulated> {
        let tap = Mutex::new(tap);
        let mut make = self.0.of_run(scenario, reading);
        let tapped = |device| Tapped { inner: make(device), device, tap: &tap };
        let mut world = World::new(scenario, tapped);
        world.run(&mut sink);
        Some(Simulated { actions: world.actions(), ended_at: world.now() })
    }
}

/// A client whose requests are shown to somebody as they leave. One that crashes in the middle of a step is taken to have sent
/// all requests of that step.
struct Tapped<'t, 'r, C> {
    inner: C,
    device: DeviceId,
    tap: &'t Mutex<&'r mut dyn RequestTap>,
}

impl<C: Client> Client for Tapped<'_, '_, C> {
    type Durable = C::Durable;

    fn handle(
        &mut self,
        input: &Input<'_>,
        context: &mut Context<'_>,
        out: &mut Out<Self::Durable>,
    ) {
        self.inner.handle(input, context, out);
        let mut requests = out.requests().peekable();
        if requests.peek().is_some() {
            let mut tap = self.tap.lock().expect("a run is one thread");
            requests.for_each(|request| tap.request(self.device, request));
        }
    }

    fn snapshot(&self) -> Self::Durable {
        self.inner.snapshot()
    }

    fn restore(&mut self, durable: Self::Durable) {
        self.inner.restore(durable);
    }
}

/// The reference client on every device, with the policy and the habits that the scenario gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct References;

impl Clients for References {
    type Client = Reference;

    fn of_run(
        &self,
        scenario: &Scenario,
        reading: ReadingName,
    ) -> impl FnMut(DeviceId) -> Reference {
        let users = scenario.devices.iter().map(|device| device.user).collect();
        let servers = scenario.users.iter().map(|user| user.server).collect();
        let directory = Directory::new(users, servers).with_addresses(same_device_ids(scenario));
        let directory = Arc::new(directory);
        let mut made: Vec<Arc<Config>> = Vec::new();
        move |device| {
            let described = &scenario.devices[device.index()];
            let alike = made.iter().find(|config| is_made_as(config, described));
            let config = alike.map(Arc::clone).unwrap_or_else(|| {
                let config = Arc::new(Config {
                    directory: Arc::clone(&directory),
                    keys: described.keys,
                    one_time_keys: described.one_time_keys,
                    fallback_key: described.fallback_key,
                    habits: described.habits,
                    reading: Reading::named(reading),
                });
                if made.len() < KINDS {
                    made.push(Arc::clone(&config));
                }
                config
            });
            Reference::new(device, described.policy.clone(), config)
        }
    }
}

/// How many kinds of clients share what they have in common; what comes beyond that has it alone.
const KINDS: usize = 64;

/// Whether the client of a device is made in this way.
fn is_made_as(config: &Config, described: &Device) -> bool {
    config.keys == described.keys
        && config.one_time_keys == described.one_time_keys
        && config.fallback_key == described.fallback_key
        && config.habits == described.habits
}

/// Devices that have the device id of an earlier one of their user, each with the first that had it.
fn same_device_ids(scenario: &Scenario) -> Vec<(DeviceId, DeviceId)> {
    let mut first_with = BTreeMap::new();
    let mut same = Vec::new();
    for (index, device) in scenario.devices.iter().enumerate() {
        let id = DeviceId::at(index);
        let first = *first_with.entry((device.user, device.device_id.as_str())).or_insert(id);
        if first != id {
            same.push((id, first));
        }
    }
    same
}
