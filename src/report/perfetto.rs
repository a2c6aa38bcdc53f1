//! A run in the trace format of Chrome, which Perfetto opens: users and servers as processes, devices as threads, facts as
//! slices in virtual time, flows for what travels. It does not know how a viewer lays that out.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use crate::ids::FactId;
use crate::scenario::model::Scenario;
use crate::time::SimTime;
use crate::trace::fact::{Fact, Observer};
use crate::trace::kind::Kind;

use super::names::Names;
use super::narrate;
use super::picture::carrier::{Carrier, carrier, topic};
use super::picture::lanes::{Lanes, felt_by};
use super::picture::tag::Tags;
use super::text::{count, safe};
use super::words::Word;

/// A trace has so many facts at the most.
pub const FACTS: usize = 200_000;

/// Facts of one millisecond on one lane stand so many microseconds apart at the most.
const APART_US: u64 = 10;

/// One entry of the list that makes up a trace.
#[derive(Debug, Serialize)]
struct Entry<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cat: Option<&'a str>,
    ph: &'static str,
    pid: usize,
    tid: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Id>,
    /// A flow ends at the slice around its end, not at the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    bp: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    s: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<Args<'a>>,
}

/// What joins entries. Perfetto leaves out a flow whose id is not a number; windows may have any name.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Id {
    Flow(u64),
    Window(String),
}

/// What a viewer shows of an entry.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Args<'a> {
    Name { name: &'a str },
    Sort { sort_index: usize },
    Fact { fact: u32, at: String, because_of: Vec<u32> },
}

/// Where a fact stands in the trace.
#[derive(Debug, Clone, Copy)]
struct Place {
    lane: Observer,
    ts: u64,
}

struct Writer<'a, W> {
    out: W,
    names: Names<'a>,
    lanes: Lanes,
    is_first: bool,
    /// How many flows there have been.
    flows: u64,
}

/// Writes the facts of a run of `scenario`; of more than [`FACTS`] the first, and how many were left out.
///
/// # Errors
/// The first error of `out`.
pub fn perfetto(out: impl Write, scenario: &Scenario, facts: &[Fact]) -> io::Result<()> {
    write_first(out, scenario, facts, FACTS)
}

fn write_first(
    mut out: impl Write,
    scenario: &Scenario,
    facts: &[Fact],
    limit: usize,
) -> io::Result<()> {
    write!(out, "{{\"displayTimeUnit\":\"ms\",\"traceEvents\":[")?;
    let (names, lanes) = (Names::of(scenario), Lanes::of(scenario));
    let mut writer = Writer { out, names, lanes, is_first: true, flows: 0 };
    writer.lanes()?;
    let shown = &facts[..facts.len().min(limit)];
    let end = shown.last().map_or(SimTime::ZERO, |fact| fact.at);
    writer.faults(end)?;
    writer.facts(shown)?;
    let left_out = facts.len() - shown.len();
    let mut note = String::new();
    if left_out > 0 {
        note = format!("left out at the end: {}", count(left_out as u64, "fact"));
        let mut entry = writer.entry(&note, "i", Observer::World);
        entry.ts = Some(end.as_ms().saturating_mul(1_000));
        entry.s = Some("g");
        writer.put(&entry)?;
    }
    let about = serde_json::json!({
        "about": safe(&scenario.about), "clock": "virtual time, in microseconds", "note": note,
    });
    writeln!(writer.out, "\n],\"otherData\":{about}}}")?;
    writer.out.flush()
}

impl<W: Write> Writer<'_, W> {
    /// The process of a lane: the world, a server, or the user of a device.
    fn process(&self, lane: Observer) -> usize {
        let scenario = self.names.scenario;
        match lane {
            Observer::World => 1,
            Observer::Server(server) => 2 + server.index(),
            Observer::Device(device) => {
                2 + scenario.servers.len() + scenario.user_of(device).index()
            }
        }
    }

    fn entry<'n>(&self, name: &'n str, ph: &'static str, lane: Observer) -> Entry<'n> {
        Entry {
            name,
            cat: None,
            ph,
            pid: self.process(lane),
            tid: self.lanes.place(lane) + 1,
            ts: None,
            dur: None,
            id: None,
            bp: None,
            s: None,
            args: None,
        }
    }

    fn put(&mut self, entry: &Entry<'_>) -> io::Result<()> {
        let comma = if std::mem::take(&mut self.is_first) { "\n" } else { ",\n" };
        self.out.write_all(comma.as_bytes())?;
        serde_json::to_writer(&mut self.out, entry).map_err(io::Error::from)
    }

    /// The names of processes and threads, and their order.
    fn lanes(&mut self) -> io::Result<()> {
        let lanes: Vec<Observer> = self.lanes.iter().collect();
        for lane in lanes {
            let (process, thread) = match lane {
                Observer::World => ("users and faults".to_owned(), "users and faults".to_owned()),
                Observer::Server(server) => {
                    let name = self.names.server(server);
                    (format!("server {name}"), name)
                }
                Observer::Device(device) => {
                    let user = self.names.scenario.user_of(device);
                    (format!("user {}", self.names.user(user)), self.names.device(device))
                }
            };
            for (kind, name) in [("process_name", &process), ("thread_name", &thread)] {
                let mut entry = self.entry(kind, "M", lane);
                entry.args = Some(Args::Name { name });
                self.put(&entry)?;
            }
            for kind in ["process_sort_index", "thread_sort_index"] {
                let mut entry = self.entry(kind, "M", lane);
                entry.args = Some(Args::Sort { sort_index: self.lanes.place(lane) });
                self.put(&entry)?;
            }
        }
        Ok(())
    }

    /// The windows of faults, on the lanes that feel them. They overlap with slices and with each other, so they are
    /// asynchronous ones.
    fn faults(&mut self, end: SimTime) -> io::Result<()> {
        let scenario = self.names.scenario;
        for (number, fault) in scenario.faults.iter().enumerate() {
            let name = self.names.fault(crate::ids::FaultId::at(number));
            let mut lanes = felt_by(fault);
            if lanes.is_empty() {
                lanes.push(Observer::World);
            }
            for lane in lanes {
                for (ph, at) in [("b", fault.from), ("e", fault.until.min(end).max(fault.from))] {
                    let mut entry = self.entry(&name, ph, lane);
                    entry.cat = Some("fault");
                    entry.id =
                        Some(Id::Window(format!("fault{number}.{}", self.lanes.place(lane))));
                    entry.ts = Some(at.as_ms().saturating_mul(1_000));
                    self.put(&entry)?;
                }
            }
        }
        Ok(())
    }

    fn facts(&mut self, facts: &[Fact]) -> io::Result<()> {
        let mut placed: BTreeMap<FactId, Place> = BTreeMap::new();
        // Facts of one instant on one lane stand one after the other within their millisecond, and after what led to them:
        // a flow that ended before it began would be left out.
        let mut free: BTreeMap<Observer, u64> = BTreeMap::new();
        let mut in_instant: BTreeMap<(Observer, SimTime), u64> = BTreeMap::new();
        for fact in facts {
            *in_instant.entry((fact.observer, fact.at)).or_default() += 1;
        }
        let scenario_names = self.names.clone();
        let mut tags = Tags::new(&scenario_names);
        for fact in facts {
            let tag = tags.next(fact);
            let number = in_instant.get(&(fact.observer, fact.at)).copied().unwrap_or(1);
            // Half of the millisecond is left for waiting for causes.
            let apart = (500 / number).clamp(1, APART_US);
            let start = fact.at.as_ms().saturating_mul(1_000);
            let causes = fact.causes.iter().filter_map(|cause| placed.get(&cause));
            let after = causes.map(|cause| cause.ts.saturating_add(1)).max().unwrap_or(0);
            let next = free.get(&fact.observer).copied().unwrap_or(0);
            let ts = start.max(after).max(next).min(start.saturating_add(999));
            free.insert(fact.observer, ts.saturating_add(apart));
            let place = Place { lane: fact.observer, ts };
            self.slice(fact, place, apart)?;
            self.flows(fact, place, tag.as_deref(), &placed)?;
            placed.insert(fact.id, place);
        }
        Ok(())
    }

    fn slice(&mut self, fact: &Fact, place: Place, dur: u64) -> io::Result<()> {
        let kind = Kind::of(&fact.kind);
        let text = narrate::clause(&self.names, fact);
        let mut entry = self.entry(&text, "X", place.lane);
        entry.cat = Some(topic(kind).name());
        entry.ts = Some(place.ts);
        entry.dur = Some(dur);
        entry.args = Some(Args::Fact {
            fact: fact.id.raw(),
            at: fact.at.word(&self.names),
            because_of: fact.causes.iter().map(FactId::raw).collect(),
        });
        self.put(&entry)
    }

    /// An arrow from every cause on another lane.
    fn flows(
        &mut self,
        fact: &Fact,
        place: Place,
        tag: Option<&str>,
        placed: &BTreeMap<FactId, Place>,
    ) -> io::Result<()> {
        let kind = Kind::of(&fact.kind);
        let from = fact.causes.iter().filter_map(|cause| placed.get(&cause));
        let travelled = |from: &&Place| from.lane != place.lane && from.lane != Observer::World;
        for from in from.filter(travelled) {
            let name = tag.unwrap_or_else(|| kind.as_str());
            self.flows += 1;
            for (ph, at) in [("s", from), ("f", &place)] {
                let mut entry = self.entry(name, ph, at.lane);
                entry.cat = Some(category(carrier(kind)));
                entry.id = Some(Id::Flow(self.flows));
                entry.bp = (ph == "f").then_some("e");
                entry.ts = Some(at.ts);
                self.put(&entry)?;
            }
        }
        Ok(())
    }
}

const fn category(carrier: Carrier) -> &'static str {
    match carrier {
        Carrier::Request => "request",
        Carrier::ToDevice => "to_device",
        Carrier::RoomEvent => "room_event",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::write_first;
    use crate::scenario::sample::room_of;
    use crate::trace::fact::{Causes, Fact, FactKind, Observer};
    use crate::trace::sample::{A1, B1, M1, fact_of};

    fn written(facts: &[Fact], limit: usize) -> Value {
        let mut scenario = room_of(1, 1);
        scenario.devices[1].name = "\"]}\u{202e}".to_owned();
        let mut out = Vec::new();
        write_first(&mut out, &scenario, facts, limit).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    fn two() -> Vec<Fact> {
        let first = fact_of(0, 5, FactKind::Crashed { device: A1 });
        let second = Fact {
            observer: Observer::Device(B1),
            causes: Causes::one(first.id),
            ..fact_of(1, 7, FactKind::MessageReceived { device: B1, message: M1 })
        };
        vec![first, second]
    }

    fn of<'v>(trace: &'v Value, ph: &str) -> Vec<&'v Value> {
        let all = trace["traceEvents"].as_array().unwrap();
        all.iter().filter(|entry| entry["ph"] == ph).collect()
    }

    #[test]
    fn what_travels_has_a_flow_between_its_slices() {
        let trace = written(&two(), 9);
        let (starts, ends) = (of(&trace, "s"), of(&trace, "f"));
        assert_eq!((starts.len(), ends.len()), (1, 1));
        assert_eq!(starts[0]["id"], ends[0]["id"]);
        assert_eq!((&starts[0]["ts"], &ends[0]["ts"]), (&5_000.into(), &7_000.into()));
        assert_eq!(starts[0]["name"], "m1");
        let slices = of(&trace, "X");
        assert_eq!(slices[1]["pid"], ends[0]["pid"]);
        assert_eq!(slices[1]["tid"], ends[0]["tid"]);
        assert_ne!(slices[0]["pid"], slices[1]["pid"], "two users are two processes");
    }

    #[test]
    fn what_is_left_out_is_said() {
        assert_eq!(written(&two(), 9)["otherData"]["note"], "");
        let trace = written(&two(), 1);
        assert_eq!(of(&trace, "X").len(), 1);
        assert_eq!(of(&trace, "i")[0]["name"], "left out at the end: 1 fact");
        assert_eq!(trace["otherData"]["note"], "left out at the end: 1 fact");
    }
}
