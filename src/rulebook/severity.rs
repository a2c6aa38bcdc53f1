//! How bad a breach of a rule is in a reading, where the facts of the case do not decide that themselves.
//! It does not know when a rule is broken.

use crate::rulebook::reading::{Reading, Severity};
use crate::rulebook::rule::{Level, Rule};

/// Rules whose breach is shown and counts against nobody, in every reading: what they ask for is advice, or is a sign of trouble and
/// no trouble by itself (docs/readings.md lists them).
const WARNINGS: &[Rule] = &[
    Rule::K07,
    Rule::K10,
    Rule::V04,
    Rule::W15,
    Rule::N04,
    Rule::N09,
    Rule::P17,
    Rule::U01,
    Rule::U13,
    Rule::C08,
    Rule::T05,
    Rule::D03,
    Rule::D06,
    Rule::Q04,
    Rule::Q07,
    Rule::H07,
];

/// Rules that the sources imply and that count in every reading as if they were stated.
const AS_GOOD_AS_STATED: &[Rule] = &[Rule::K06, Rule::K08, Rule::N07, Rule::B02];

/// Rules that stand in the MSC and never came into the specification.
const MSC_ONLY: &[Rule] = &[Rule::W09, Rule::P02, Rule::P03];

/// Rules that are stated, and of which a lenient reading makes a warning all the same.
const MILDER_IF_LENIENT: &[Rule] = &[Rule::K02, Rule::R09, Rule::V02, Rule::W05, Rule::W14];

impl Reading {
    /// How bad a breach of `rule` is in this reading; a rule of mixed severity says so itself where it is raised.
    #[must_use]
    pub fn severity(&self, rule: Rule) -> Severity {
        if WARNINGS.contains(&rule) {
            return Severity::Warning;
        }
        if MSC_ONLY.contains(&rule) {
            return self.once_per_session;
        }
        if rule == Rule::R05 {
            return self.block_rotates;
        }
        let stated = rule.level() != Level::Implied || AS_GOOD_AS_STATED.contains(&rule);
        if stated && !MILDER_IF_LENIENT.contains(&rule) {
            Severity::Violation
        } else {
            self.implied
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::rulebook::reading::{Reading, ReadingName, Severity};
    use crate::rulebook::rule::Rule;

    #[test]
    fn each_reading_weighs_stated_implied_and_advisory_rules_in_its_own_way() {
        let of = |name, rule| Reading::named(name).severity(rule);
        let table = [
            (Rule::R02, [Severity::Violation, Severity::Violation]),
            (Rule::W08, [Severity::Violation, Severity::Warning]),
            (Rule::K06, [Severity::Violation, Severity::Violation]),
            (Rule::W09, [Severity::Violation, Severity::Warning]),
            (Rule::R05, [Severity::Violation, Severity::Warning]),
            (Rule::W05, [Severity::Violation, Severity::Warning]),
            (Rule::U01, [Severity::Warning, Severity::Warning]),
        ];
        for (rule, [strict, lenient]) in table {
            assert_eq!(of(ReadingName::Strict, rule), strict, "{rule:?}");
            assert_eq!(of(ReadingName::Lenient, rule), lenient, "{rule:?}");
            assert_eq!(of(ReadingName::Draft, rule), strict, "{rule:?}");
        }
    }
}
