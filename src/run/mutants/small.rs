//! The room in which a mutant was caught, made small, and looked at once more: whether nothing can be taken away from it.
//! It does not know how rooms are made smaller.

use crate::minimise::size::Size;
use crate::minimise::smaller_by_one;
use crate::rulebook::rule::Rule;
use crate::run::failure::{Found, Trial, fails, try_out};
use crate::run::shrunk::{LIMIT, shrink};
use crate::run::simulator::Simulator;
use crate::scenario::expect::{Expectations, ExpectedViolation};
use crate::scenario::fault::Party;
use crate::scenario::model::Scenario;

use super::hunt::{Hunt, Kill, READING, only_warns};

/// The smallest room in which a mutant is caught in the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Small {
    /// The room, with what is broken in it as what is expected.
    pub room: Scenario,
    /// How large it was before.
    pub before: Size,
    /// How large it is.
    pub size: Size,
    /// How many candidates were run.
    pub simulated: u64,
    /// Whether no room that is one step smaller shows the same.
    pub is_minimal: bool,
}

/// Makes the room small in which a mutant was caught; `None` if it was not.
#[must_use]
pub fn small(simulator: &dyn Simulator, hunt: &Hunt) -> Option<Small> {
    let Kill { rule, room, .. } = hunt.kill.as_ref()?;
    let is_on_trial = |room: &Scenario, party: Party| hunt.is_on_trial(room, party);
    let trial = Trial {
        reading: READING,
        warnings: only_warns(*rule),
        expected: true,
        repeat: false,
        is_on_trial: &is_on_trial,
    };
    let tried = try_out(simulator, room, &trial);
    let is_it = |one: &&Found| one.failure.signature().is_some_and(|known| known.rule == *rule);
    let found = tried.found.iter().find(is_it)?;
    let shrunk = shrink(simulator, room, &trial, (&tried, found), LIMIT);
    let fails_too = |smaller: &Scenario| fails(simulator, smaller, &trial, &found.failure);
    let is_minimal = shrunk.is_minimal
        && !smaller_by_one(&shrunk.scenario).iter().any(|(_, smaller)| fails_too(smaller));
    Some(Small {
        room: told(simulator, &shrunk.scenario, hunt, *rule),
        before: shrunk.before,
        size: shrunk.after,
        simulated: shrunk.simulated as u64,
        is_minimal,
    })
}

/// The room as a file that says what it shows, and that holds as long as it does.
fn told(simulator: &dyn Simulator, room: &Scenario, hunt: &Hunt, rule: Rule) -> Scenario {
    let everybody = |_: &Scenario, _: Party| true;
    let trial = Trial { expected: true, is_on_trial: &everybody, ..Trial::of_everybody(READING) };
    let outcome = try_out(simulator, room, &trial).report.outcome;
    let mut violations: Vec<ExpectedViolation> = Vec::new();
    for one in outcome.violations.iter().filter(|one| trial.counts(room, one)) {
        let expected = ExpectedViolation { rule: one.rule, party: one.party };
        if !violations.contains(&expected) {
            violations.push(expected);
        }
    }
    let written = hunt.written;
    Scenario {
        about: format!("{} {}: {}", written.mutant.id(), written.setting(), written.mutant.what()),
        rules: vec![rule],
        expect: Expectations { violations, ..Expectations::default() },
        ..room.clone()
    }
}
