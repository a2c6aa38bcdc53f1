//! Runs that were made before: while rooms are made small, the same room is asked for by more than one finding, and again once it is the
//! smallest. It does not know what a run is judged to be, and changes nothing but how long it takes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use withheld::check::outcome::Outcome;
use withheld::rulebook::reading::ReadingName;
use withheld::run::simulator::{Simulated, Simulator};
use withheld::scenario::file::write_brief;
use withheld::scenario::model::Scenario;
use withheld::trace::fact::Fact;
use withheld::trace::sink::{FactSink, Trace};

use crate::simulator::SdkRooms;

/// So many facts are kept, no more: some 100 MB.
const FACTS_MAX: usize = 1_500_000;

/// What is known of runs.
#[derive(Debug, Default)]
pub struct Memo {
    runs: Mutex<Runs>,
    simulated: AtomicUsize,
    remembered: AtomicUsize,
}

#[derive(Debug, Default)]
struct Runs {
    by_room: BTreeMap<String, Arc<(Simulated, Vec<Fact>)>>,
    facts: usize,
}

impl Memo {
    /// These rooms, where a run that is known is not made again. All of them have to have the same glue.
    #[must_use]
    pub const fn of(&self, inner: SdkRooms) -> Remembering<'_> {
        Remembering { memo: self, inner }
    }

    /// How many runs were made, and how many were known.
    #[must_use]
    pub fn counts(&self) -> [usize; 2] {
        [&self.simulated, &self.remembered].map(|count| count.load(Ordering::Relaxed))
    }

    fn known(&self, key: &str) -> Option<Arc<(Simulated, Vec<Fact>)>> {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.by_room.get(key).map(Arc::clone)
    }

    fn keep(&self, key: String, run: (Simulated, Vec<Fact>)) {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        if runs.facts + run.1.len() <= FACTS_MAX {
            runs.facts += run.1.len();
            runs.by_room.insert(key, Arc::new(run));
        }
    }
}

/// A simulator with a memory.
#[derive(Debug)]
pub struct Remembering<'m> {
    memo: &'m Memo,
    inner: SdkRooms,
}

impl Simulator for Remembering<'_> {
    fn simulate_at_most(
        &self,
        actions: u64,
        scenario: &Scenario,
        reading: ReadingName,
        sink: &mut dyn FactSink,
    ) -> Simulated {
        let casting = self.inner.casting();
        let key = format!("{actions} {reading:?} {casting:?} {}", write_brief(scenario));
        if let Some(run) = self.memo.known(&key) {
            self.memo.remembered.fetch_add(1, Ordering::Relaxed);
            run.1.iter().for_each(|fact| sink.record(fact));
            return run.0;
        }
        let mut trace = Trace::default();
        let simulated =
            self.inner.simulate_at_most(actions, scenario, reading, &mut (&mut trace, sink));
        self.memo.simulated.fetch_add(1, Ordering::Relaxed);
        // Of a run in which the client broke down nothing is kept.
        if self.inner.take_breakdowns().is_empty() {
            self.memo.keep(key, (simulated, trace.facts().to_vec()));
        }
        simulated
    }

    fn leave_undecided(&self, scenario: &Scenario, outcome: &mut Outcome) {
        self.inner.leave_undecided(scenario, outcome);
    }
}
