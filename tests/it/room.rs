//! A room that a test runs: its text, what was recorded, and how it was judged.
//! It does not know what a test wants to see in it.

use std::fs;
use std::path::{Path, PathBuf};

use withheld::check::Checker;
use withheld::check::cast::Cast;
use withheld::check::outcome::Outcome;
use withheld::ids::{DeviceId, MessageId};
use withheld::rulebook::reading::{Reading, ReadingName};
use withheld::rulebook::rule::Rule;
use withheld::run::clients::{InWorld, References};
use withheld::run::judged::{Judging, run_one};
use withheld::scenario::fault::Party;
use withheld::scenario::file;
use withheld::scenario::limits::Limits;
use withheld::scenario::model::Scenario;
use withheld::trace::fact::FactKind;
use withheld::trace::sink::{FactSink, Trace};

/// A scenario that was run.
pub(crate) struct Room {
    /// What was run.
    pub(crate) scenario: Scenario,
    /// Every fact.
    pub(crate) trace: Trace,
    /// How it was judged, strictly.
    pub(crate) outcome: Outcome,
    /// The digest of its facts.
    pub(crate) digest: u64,
}

/// A violation as tests write it: rule, party by name, and whether a fault excuses it.
pub(crate) type Seen = (Rule, String, bool);

impl Room {
    /// Runs a scenario with reference clients.
    pub(crate) fn run(scenario: Scenario) -> Self {
        let judging = Judging::STRICT;
        let mut trace = Trace::default();
        let report = run_one(&InWorld(References), &scenario, judging, &mut trace);
        Self { scenario, trace, outcome: report.outcome, digest: report.digest }
    }

    /// What became of a message at a device: the name of the leaf, with the code in brackets if there is one;
    /// `absent` if the table has no such cell.
    pub(crate) fn verdict(&self, message: &str, device: &str) -> String {
        let (message, device) = (self.message(message), self.device(device));
        let mut cells = self.outcome.verdicts.iter();
        let cell = cells.find(|cell| (cell.message, cell.device) == (message, device));
        cell.map_or_else(
            || "absent".to_owned(),
            |cell| match cell.code {
                Some(code) => format!("{}({})", cell.leaf.name(), code.as_str()),
                None => cell.leaf.name().to_owned(),
            },
        )
    }

    /// The violations, each once.
    pub(crate) fn violations(&self) -> Vec<Seen> {
        self.seen(&self.outcome)
    }

    /// How many facts `is` holds of.
    pub(crate) fn count(&self, is: impl Fn(&FactKind) -> bool) -> usize {
        self.trace.facts().iter().filter(|fact| is(&fact.kind)).count()
    }

    /// The violations of a judgement of this room, each once.
    fn seen(&self, outcome: &Outcome) -> Vec<Seen> {
        let seen = outcome.violations.iter().map(|violation| {
            (violation.rule, self.party(violation.party), violation.injected.is_some())
        });
        let mut seen: Vec<Seen> = seen.collect();
        seen.sort();
        seen.dedup();
        seen
    }

    /// The device with this name.
    pub(crate) fn device(&self, name: &str) -> DeviceId {
        let mut devices = self.scenario.devices.iter();
        DeviceId::at(devices.position(|device| device.name == name).expect("a device of the room"))
    }

    /// The message with this name.
    pub(crate) fn message(&self, name: &str) -> MessageId {
        let mut messages = self.scenario.messages.iter();
        MessageId::at(messages.position(|message| message == name).expect("a message of the room"))
    }

    /// The name of a party.
    pub(crate) fn party(&self, party: Party) -> String {
        match party {
            Party::Device(device) => self.scenario.device_name(device).to_owned(),
            Party::Server(server) => self.scenario.servers[server.index()].name.clone(),
            Party::World => "world".to_owned(),
        }
    }
}

/// The violations of the same facts under a judge to whom no fault was announced.
pub(crate) fn counted_without_faults(room: &Room) -> Vec<Seen> {
    let mut unannounced = room.scenario.clone();
    unannounced.faults.clear();
    let reading = Reading::named(ReadingName::Strict);
    let mut checker = Checker::new(Cast::of(&unannounced), reading);
    for fact in room.trace.facts() {
        checker.record(fact);
    }
    room.seen(&checker.finish())
}

/// The scenario that a text describes.
pub(crate) fn scenario(text: &str) -> Scenario {
    file::read_bytes(text.as_bytes(), &Limits::FILES)
        .unwrap_or_else(|problems| panic!("{}", file::render(&problems, "room", text)))
}

/// The scenario files below `scenarios/`, or below a folder of it, by path.
pub(crate) fn files(below: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(below), &mut found);
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("its entries can be read").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "json") {
            found.push(path);
        }
    }
}

/// The scenario in a file below `scenarios/`, named without its ending.
pub(crate) fn in_file(name: &str) -> Scenario {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let text = fs::read_to_string(root.join(name).with_extension("json"));
    scenario(&text.unwrap_or_else(|error| panic!("{name}: {error}")))
}
