//! A second run of what was run before: it must be the same, and it yields the facts that a report tells.
//! It does not judge again.

use crate::rulebook::reading::ReadingName;
use crate::scenario::model::Scenario;
use crate::trace::fact::Fact;
use crate::trace::sink::{FactDigest, FactSink, Trace};

use super::RunReport;
use super::kept::Kept;
use super::simulator::Simulator;
use super::status::Status;

/// The first place at which two runs of one scenario were not the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Divergence {
    /// The fact of the one run; `None` if it had ended.
    pub one: Option<Fact>,
    /// The fact of the other in its place; `None` if it had ended. If both are `None`, the runs were the same when
    /// they were looked at fact by fact.
    pub other: Option<Fact>,
}

/// Runs `scenario` again as it was run for `report`, and keeps the facts that the outcome rests on. If the second run is
/// not the same as the first, `report` says so afterwards.
pub fn run_again(
    simulator: &dyn Simulator,
    scenario: &Scenario,
    reading: ReadingName,
    report: &mut RunReport,
) -> Kept {
    let mut sink = (Kept::witnesses_of(&report.outcome), FactDigest::default());
    simulator.simulate(scenario, reading, &mut sink);
    let (kept, digest) = sink;
    if (digest.value(), digest.count()) != (report.digest, report.facts) {
        report.status = Status::NotDeterministic;
        report.divergence = Some(divergence(simulator, scenario, reading));
    }
    kept
}

/// Runs `scenario` twice more and looks for the first fact that is not the same.
fn divergence(simulator: &dyn Simulator, scenario: &Scenario, reading: ReadingName) -> Divergence {
    let mut one = Trace::default();
    simulator.simulate(scenario, reading, &mut one);
    let mut against = Against { facts: one.facts(), position: 0, found: None };
    simulator.simulate(scenario, reading, &mut against);
    let ended = Divergence { one: one.facts().get(against.position).copied(), other: None };
    against.found.unwrap_or(ended)
}

/// Compares facts with those of an earlier run as they come.
struct Against<'a> {
    facts: &'a [Fact],
    position: usize,
    found: Option<Divergence>,
}

impl FactSink for Against<'_> {
    fn record(&mut self, fact: &Fact) {
        let earlier = self.facts.get(self.position);
        if self.found.is_none() && earlier != Some(fact) {
            self.found = Some(Divergence { one: earlier.copied(), other: Some(*fact) });
        }
        self.position += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::{Divergence, run_again};
    use crate::check::outcome::Outcome;
    use crate::ids::FactId;
    use crate::rulebook::reading::ReadingName;
    use crate::run::RunReport;
    use crate::run::simulator::{Simulated, Simulator};
    use crate::run::status::Status;
    use crate::scenario::model::Scenario;
    use crate::scenario::sample::room_of;
    use crate::time::SimTime;
    use crate::trace::fact::{FactKind, RunEnd};
    use crate::trace::sample::fact_of;
    use crate::trace::sink::{FactDigest, FactSink};

    /// Gives so many facts, the number taken from this list run by run, then from its last entry.
    struct Counting(Vec<u32>, AtomicU32);

    impl Simulator for Counting {
        fn simulate_at_most(
            &self,
            _: u64,
            _: &Scenario,
            _: ReadingName,
            sink: &mut dyn FactSink,
        ) -> Simulated {
            let run = self.1.fetch_add(1, Ordering::Relaxed) as usize;
            for id in 0..self.0[run.min(self.0.len() - 1)] {
                sink.record(&fact_of(id, u64::from(id), FactKind::UserStep(id)));
            }
            Simulated { actions: 0, ended_at: SimTime::ZERO }
        }
    }

    fn after(runs: Vec<u32>) -> RunReport {
        let simulator = Counting(runs, AtomicU32::new(0));
        let scenario = room_of(1, 1);
        let mut first = FactDigest::default();
        simulator.simulate(&scenario, ReadingName::Strict, &mut first);
        let mut report = RunReport {
            status: Status::Holds,
            outcome: Outcome::empty(RunEnd::Quiescent),
            mismatches: Vec::new(),
            divergence: None,
            seed: 0,
            digest: first.value(),
            facts: first.count(),
            actions: 0,
            ended_at: SimTime::ZERO,
            restless: None,
            remarks: Vec::new(),
        };
        run_again(&simulator, &scenario, ReadingName::Strict, &mut report);
        report
    }

    #[test]
    fn two_equal_runs_leave_the_report_as_it_is() {
        let report = after(vec![5]);
        assert_eq!((report.status, report.divergence), (Status::Holds, None));
    }

    #[test]
    fn the_first_differing_fact_is_named_with_both_sides() {
        let fact = |id| Some(fact_of(id, u64::from(id), FactKind::UserStep(id)));
        let longer = after(vec![5, 6, 5, 6]);
        assert_eq!(longer.status, Status::NotDeterministic);
        assert_eq!(longer.divergence, Some(Divergence { one: None, other: fact(5) }));
        assert_eq!(fact(5).map(|fact| fact.id), Some(FactId::new(5)));
        let shorter = after(vec![5, 6, 5, 3]);
        assert_eq!(shorter.divergence, Some(Divergence { one: fact(3), other: None }));
    }

    #[test]
    fn runs_that_differ_only_once_are_not_deterministic_all_the_same() {
        let report = after(vec![5, 6, 5, 5]);
        assert_eq!(report.status, Status::NotDeterministic);
        assert_eq!(report.divergence, Some(Divergence { one: None, other: None }));
    }
}
