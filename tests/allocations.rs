//! How often memory is asked for while messages are sent and received, once a room has found its size.
//! It is a program of its own because it counts what its whole process asks for.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use withheld::rulebook::reading::ReadingName;
use withheld::run::clients::{Clients, References};
use withheld::scenario::file;
use withheld::scenario::limits::Limits;
use withheld::sim::world::World;
use withheld::trace::fact::{Fact, FactKind};
use withheld::trace::sink::FactSink;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Messages before it is counted, and those that are counted.
const WARM_UP: u64 = 2_000;
const COUNTED: u64 = 10_000;
/// Devices that get each message: one sync answer each, which is written into memory of its own.
const RECIPIENTS: u64 = 9;

/// Counts the messages that servers accept.
#[derive(Default)]
struct Accepted(u64);

impl FactSink for Accepted {
    fn record(&mut self, fact: &Fact) {
        self.0 += u64::from(matches!(fact.kind, FactKind::MessageAccepted { .. }));
    }
}

#[test]
fn a_message_asks_for_memory_once_a_device_and_a_few_times_for_itself() {
    let text = r#"{
        "format": 1,
        "about": "Ten devices, twelve thousand messages, nothing goes wrong.",
        "users": { "crowd": { "count": 5, "devices": 2 } },
        "timeline": [
            { "at": "1s", "do": "send_many", "from": "crowd1.1", "message": "m", "count": 12100, "every": "200ms" }
        ]
    }"#;
    let scenario = file::read(text, &Limits::FILES).unwrap();
    let mut world = World::new(&scenario, References.of_run(&scenario, ReadingName::Strict));
    let mut accepted = Accepted::default();
    while accepted.0 < WARM_UP {
        assert!(world.step(&mut accepted).is_none());
    }
    let before = world.actions();
    let region = Region::new(ALLOCATOR);
    while accepted.0 < WARM_UP + COUNTED {
        assert!(world.step(&mut accepted).is_none());
    }
    let (asked, actions) = (region.change(), world.actions() - before);
    let calls = asked.allocations + asked.reallocations;
    let most = COUNTED * (RECIPIENTS + 5);
    assert!((calls as u64) < most, "{calls} allocations in {COUNTED} messages, {actions} actions");
}
