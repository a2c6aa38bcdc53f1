//! A failing scenario made small: the minimiser asks, runs answer whether a candidate fails in the same way.
//! It does not know what is tried next, nor what a failure means.

use crate::minimise::Minimiser;
use crate::minimise::history::Attempt;
use crate::minimise::names::Renamed;
use crate::minimise::relevant::Relevant;
use crate::minimise::size::Size;
use crate::scenario::model::Scenario;

use super::failure::{Failure, Found, Trial, Tried, fails, try_out};
use super::signature::relevant;
use super::simulator::Simulator;
use super::why::Subject;

/// How many candidates a shrink runs at the most, if nothing else is said. Most need less than fifty.
pub const LIMIT: usize = 1_000;

/// A scenario that was made small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shrunk {
    /// The smallest scenario that fails in the same way.
    pub scenario: Scenario,
    /// How it fails: for a broken rule the signature of the small scenario, which may have fewer kinds than the one that
    /// was asked for.
    pub failure: Failure,
    /// What can be explained of the failure of the small scenario.
    pub subject: Option<Subject>,
    /// How large it was before.
    pub before: Size,
    /// How large it is.
    pub after: Size,
    /// How many candidates were run.
    pub simulated: usize,
    /// Whether the limit left nothing untried: then no single removal and no single shortening fails in the same way.
    pub is_minimal: bool,
    /// What was tried, in order.
    pub history: Vec<Attempt>,
    /// What has another name than before.
    pub renamed: Vec<Renamed>,
}

/// What is relevant to a failure of a run.
#[must_use]
pub fn hint(scenario: &Scenario, tried: &Tried, found: &Found) -> Option<Relevant> {
    let subject = found.subject.as_ref()?;
    Some(relevant(scenario, tried.trace.facts(), subject))
}

/// Makes `scenario`, which fails as `found` says, as small as it can be and still fail in that way, with at most `limit` runs.
#[must_use]
pub fn shrink(
    simulator: &dyn Simulator,
    scenario: &Scenario,
    trial: &Trial<'_>,
    (tried, found): (&Tried, &Found),
    limit: usize,
) -> Shrunk {
    let mut minimiser = Minimiser::new(scenario.clone()).with_limit(limit);
    if let Some(relevant) = hint(scenario, tried, found) {
        minimiser = minimiser.with_hint(relevant);
    }
    let failure = &found.failure;
    while let Some(candidate) = minimiser.propose() {
        let wanted = fails(simulator, &candidate, trial, failure);
        minimiser.answer(wanted);
    }
    let best = minimiser.best().clone();
    let still = of_same(simulator, &best, trial, failure);
    let still = still.unwrap_or(Found { failure: failure.clone(), subject: None });
    Shrunk {
        failure: still.failure,
        subject: still.subject,
        before: Size::of(scenario),
        after: Size::of(&best),
        simulated: minimiser.proposed(),
        is_minimal: minimiser.is_done(),
        history: minimiser.history().to_vec(),
        renamed: minimiser.renamed().to_vec(),
        scenario: best,
    }
}

/// The failure of a smaller scenario that is the same as `failure`; `None` if a client fails only now and then.
fn of_same(
    simulator: &dyn Simulator,
    scenario: &Scenario,
    trial: &Trial<'_>,
    failure: &Failure,
) -> Option<Found> {
    let found = try_out(simulator, scenario, trial).found;
    found.into_iter().find(|one| one.failure.is_same(failure))
}
