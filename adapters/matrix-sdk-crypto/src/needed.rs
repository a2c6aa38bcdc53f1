//! Which devices have to run matrix-sdk-crypto for a rule to be broken by one: the others are given the reference client, some after
//! some, as long as it still is. It does not know why the rule is broken.

use withheld::check::outcome::{Outcome, Violation};
use withheld::ids::DeviceId;
use withheld::rulebook::reading::{ReadingName, Severity};
use withheld::rulebook::rule::Rule;
use withheld::run::judged::{Judging, run_one};
use withheld::run::simulator::Simulator;
use withheld::scenario::fault::Party;
use withheld::scenario::model::Scenario;

use crate::casting::Casting;

/// How a device broke a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Breach {
    /// The rule.
    pub rule: Rule,
    /// Whether it is a violation in the reading, or worth a warning.
    pub severity: Severity,
}

impl Breach {
    /// The breach that a violation is.
    #[must_use]
    pub const fn of(violation: &Violation) -> Self {
        Self { rule: violation.rule, severity: violation.severity }
    }
}

/// How these devices broke rules in a run, without an excuse.
pub fn breaches_of<'o>(
    outcome: &'o Outcome,
    devices: &'o [DeviceId],
) -> impl Iterator<Item = Breach> + 'o {
    let of_one = |party| matches!(party, Party::Device(device) if devices.contains(&device));
    let counts = outcome.violations.iter().filter(|one| one.injected.is_none());
    let own = counts.filter(move |one| of_one(one.party));
    own.map(Breach::of)
}

/// The devices that are needed for a breach: none of them can have the reference client, or nobody who runs matrix-sdk-crypto
/// breaks the rule any more. `None` if these clients do not break it.
#[must_use]
pub fn needed<S: Simulator>(
    simulator: impl Fn(Casting) -> S,
    (scenario, reading): (&Scenario, ReadingName),
    casting: &Casting,
    breach: Breach,
) -> Option<Vec<DeviceId>> {
    let judging = Judging::of(reading);
    let is_broken = |real: &[DeviceId]| {
        let only = Casting::only(scenario, |device| real.contains(&device));
        let casting = only.stored_in(casting.store());
        let report = run_one(&simulator(casting), scenario, judging, &mut ());
        breaches_of(&report.outcome, real).any(|one| one == breach)
    };
    let mut real = casting.real(scenario);
    if !is_broken(&real) {
        return None;
    }
    // Many at once, then fewer, then each: in a large room one after the other would be as many runs as there are devices.
    let mut size = real.len().div_ceil(2);
    while size > 0 {
        for some in real.clone().chunks(size) {
            let others = real.iter().copied().filter(|one| !some.contains(one));
            let fewer: Vec<DeviceId> = others.collect();
            if !fewer.is_empty() && is_broken(&fewer) {
                real = fewer;
            }
        }
        size /= 2;
    }
    Some(real)
}

/// The sentence for a report.
#[must_use]
pub fn sentence(scenario: &Scenario, devices: &[DeviceId]) -> String {
    let names: Vec<&str> = devices.iter().map(|device| scenario.device_name(*device)).collect();
    format!("only with {} = matrix-sdk-crypto", names.join(", "))
}
