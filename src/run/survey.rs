//! The rule book against many runs: how often each rule applied and was broken, and which files are about it.
//! It does not know how a rule is judged, nor how a survey is shown.

use crate::check::outcome::{Marks, Outcome};
use crate::rulebook::reading::Severity;
use crate::rulebook::rule::Rule;
use crate::scenario::model::Scenario;

/// What is known of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    /// Violations that count.
    pub broken: u64,
    /// Warnings.
    pub warned: u64,
    /// Breaches that a fault of the scenario excuses.
    pub injected: u64,
    /// The names of the files that say they are about it, in the order in which they were run.
    pub files: Vec<String>,
}

/// What is known of every rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// How many runs there were.
    pub runs: u64,
    marks: Marks,
    entries: Vec<Entry>,
}

impl Default for Survey {
    fn default() -> Self {
        let entries = vec![Entry::default(); Rule::ALL.len()];
        Self { runs: 0, marks: Marks::default(), entries }
    }
}

impl Survey {
    /// Adds the run of a file.
    pub fn add(&mut self, name: &str, scenario: &Scenario, outcome: &Outcome) {
        self.runs += 1;
        self.marks.merge(&outcome.marks);
        for rule in &scenario.rules {
            self.entries[*rule as usize].files.push(name.to_owned());
        }
        for violation in &outcome.violations {
            let entry = &mut self.entries[violation.rule as usize];
            let kind = match (violation.injected, violation.severity) {
                (Some(_), _) => &mut entry.injected,
                (None, Severity::Violation) => &mut entry.broken,
                (None, Severity::Warning) => &mut entry.warned,
            };
            *kind += 1;
        }
    }

    /// What is known of a rule.
    #[must_use]
    pub fn of(&self, rule: Rule) -> &Entry {
        &self.entries[rule as usize]
    }

    /// How often the condition of a rule was met.
    #[must_use]
    pub fn met(&self, rule: Rule) -> u64 {
        self.marks.of(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::Survey;
    use crate::check::Checker;
    use crate::check::cast::Cast;
    use crate::check::outcome::{Outcome, Violation};
    use crate::ids::{DeviceId, FaultId};
    use crate::rulebook::reading::{Reading, ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::Party;
    use crate::scenario::sample::room_of;

    #[test]
    fn violations_warnings_and_injected_breaches_are_counted_apart() {
        let mut scenario = room_of(1, 0);
        scenario.rules = vec![Rule::W09, Rule::U01];
        let reading = Reading::named(ReadingName::Strict);
        let violation = |severity, injected| Violation {
            rule: Rule::W09,
            party: Party::Device(DeviceId::new(0)),
            severity,
            injected,
            cell: None,
            witnesses: [None; 3],
        };
        let outcome = Outcome {
            violations: vec![
                violation(Severity::Violation, None),
                violation(Severity::Violation, Some(FaultId::new(0))),
                violation(Severity::Warning, None),
            ],
            ..Checker::new(Cast::of(&scenario), reading).finish()
        };
        let mut survey = Survey::default();
        survey.add("one.json", &scenario, &outcome);
        survey.add("two.json", &scenario, &outcome);
        let entry = survey.of(Rule::W09);
        assert_eq!((entry.broken, entry.warned, entry.injected), (2, 2, 2));
        assert_eq!(entry.files, ["one.json", "two.json"]);
        assert_eq!(survey.of(Rule::K01).files, [""; 0]);
        assert_eq!((survey.runs, survey.met(Rule::W09)), (2, 0));
    }
}
