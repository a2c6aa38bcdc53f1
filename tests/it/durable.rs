//! What a client keeps is written before anything leaves that rests on it: no input changes the store of a reference client without
//! a write. Which crash would lose what is left out, is not known here.

use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::Path;
use std::sync::{Arc, Mutex};

use withheld::client::reference::Reference;
use withheld::client::{Client, Context, Input, Out};
use withheld::engine::choices::Seeded;
use withheld::generate;
use withheld::generate::plan::{Plan, Subject};
use withheld::ids::DeviceId;
use withheld::rulebook::reading::ReadingName;
use withheld::run::clients::{Clients, InWorld, References};
use withheld::run::mutants::Written;
use withheld::run::simulator::Simulator as _;
use withheld::scenario::file;
use withheld::scenario::limits::Limits;
use withheld::scenario::model::Scenario;

use crate::room::files;

/// Rooms with more devices than this take long, and show no more.
const DEVICES_MOST: usize = 40;

/// Reference clients that are watched, and what was seen of them.
#[derive(Default)]
struct WatchedReferences {
    unwritten: Arc<Mutex<Vec<(DeviceId, String)>>>,
}

/// A client whose store is compared before and after every input that it writes nothing in.
struct Watched {
    device: DeviceId,
    inner: Reference,
    unwritten: Arc<Mutex<Vec<(DeviceId, String)>>>,
}

/// The digest of what is written into it.
struct Digest(DefaultHasher);

impl std::fmt::Write for Digest {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

impl Watched {
    fn state(&self) -> u64 {
        let mut digest = Digest(DefaultHasher::new());
        write!(digest, "{:?}", self.inner.snapshot()).expect("a digest takes everything");
        digest.0.finish()
    }
}

impl Client for Watched {
    type Durable = <Reference as Client>::Durable;

    fn handle(
        &mut self,
        input: &Input<'_>,
        context: &mut Context<'_>,
        out: &mut Out<Self::Durable>,
    ) {
        let before = self.state();
        self.inner.handle(input, context, out);
        if !out.writes() && self.state() != before {
            let mut told = format!("{input:?}");
            told.truncate(told.floor_char_boundary(200));
            self.unwritten.lock().expect("a run is one thread").push((self.device, told));
        }
    }

    fn snapshot(&self) -> Self::Durable {
        self.inner.snapshot()
    }

    fn restore(&mut self, durable: Self::Durable) {
        self.inner.restore(durable);
    }
}

impl Clients for WatchedReferences {
    type Client = Watched;

    fn of_run(&self, scenario: &Scenario, reading: ReadingName) -> impl FnMut(DeviceId) -> Watched {
        let mut make = References.of_run(scenario, reading);
        let unwritten = Arc::clone(&self.unwritten);
        move |device| Watched { device, inner: make(device), unwritten: Arc::clone(&unwritten) }
    }
}

/// What devices changed in their stores without a write, each with the input that made it.
fn unwritten(scenario: &Scenario) -> Vec<String> {
    let watched = InWorld(WatchedReferences::default());
    watched.simulate_at_most(u64::MAX, scenario, ReadingName::Strict, &mut ());
    let found = watched.0.unwritten.lock().expect("a run is one thread");
    found
        .iter()
        .map(|(device, input)| format!("{}: {input}", scenario.device_name(*device)))
        .collect()
}

fn in_file(path: &Path) -> Scenario {
    let bytes = fs::read(path).expect("a scenario file can be read");
    file::read_bytes(&bytes, &Limits::FILES).expect("a scenario file is one")
}

#[test]
fn no_input_changes_a_store_in_a_scenario_file_without_a_write() {
    let mut rooms = 0;
    for path in files("") {
        let scenario = in_file(&path);
        if scenario.devices.len() <= DEVICES_MOST {
            rooms += 1;
            assert_eq!(unwritten(&scenario), Vec::<String>::new(), "{}", path.display());
        }
    }
    assert!(rooms > 400, "the rooms are there");
}

#[test]
fn no_input_changes_a_store_without_a_write_however_a_client_is_written() {
    for (seed, written) in (0..).zip(Written::all()) {
        let subject = Subject::Mutant(written.mutant, written.variant);
        let plan = Plan { subject, neighbours: false, ..Plan::default() };
        let room = generate::scenario(&plan, &mut Seeded::new(seed));
        assert_eq!(unwritten(&room), Vec::<String>::new(), "{} {}", written.mutant.id(), seed);
    }
}
