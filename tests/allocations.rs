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

/// Counts the messages that servers accept.
#[derive(Default)]
struct Accepted(u64);

impl FactSink for Accepted {
    fn record(&mut self, fact: &Fact) {
        self.0 += u64::from(matches!(fact.kind, FactKind::MessageAccepted { .. }));
    }
}

/// How often memory is asked for in a room of ten devices, where a session is replaced after so many messages.
fn calls(session: u32) -> u64 {
    let text = format!(
        r#"{{
        "format": 1,
        "about": "Ten devices, twelve thousand messages, nothing goes wrong.",
        "users": {{ "crowd": {{ "count": 5, "devices": 2 }} }},
        "rooms": {{ "r": {{ "rotation": {{ "period": "100d", "messages": {session} }} }} }},
        "timeline": [
            {{ "at": "1s", "do": "send_many", "from": "crowd1.1", "message": "m", "count": 12100, "every": "200ms" }}
        ]
    }}"#
    );
    let scenario = file::read(&text, &Limits::FILES).expect("it is well formed");
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
    assert!(actions > COUNTED * 20, "a request and an answer for each of ten devices: {actions}");
    (asked.allocations + asked.reallocations) as u64
}

/// One test, because what is counted is the process's.
#[test]
fn messages_ask_for_no_memory() {
    // While a session lasts, each recipient remembers the indices that it has read as one span that grows, and the server has
    // made room for the events and the transactions that the timeline can bring.
    let lasting = calls(100_000);
    assert_eq!(lasting, 0, "allocations in {COUNTED} messages");
    // While sessions are replaced, there are new ones to remember, and shares to write.
    let replaced = calls(100);
    assert!(replaced < COUNTED, "{replaced} allocations in {COUNTED} messages");
    eprintln!(
        "{COUNTED} messages: {lasting} allocations, {replaced} with a session for each hundred"
    );
}
