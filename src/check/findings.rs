//! What the rules found: breaches, and how often the condition of each rule was met.
//! It does not know how a rule is judged.

use crate::check::breaches::{Breach, Breaches};
use crate::check::outcome::Marks;
use crate::ids::{DeviceId, FactId, MessageId};
use crate::rulebook::reading::{Reading, Severity};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;

/// Breaches and marks of a run.
#[derive(Debug, Clone)]
pub(crate) struct Findings {
    /// How ambiguous points are read.
    reading: Reading,
    /// The broken rules.
    pub(crate) breaches: Breaches,
    /// How often each rule applied.
    pub(crate) marks: Marks,
}

impl Findings {
    /// Nothing was found yet.
    pub(crate) fn new(reading: Reading) -> Self {
        Self { reading, breaches: Breaches::default(), marks: Marks::default() }
    }

    /// The condition of a rule was met: here it holds or is broken.
    pub(crate) fn met(&mut self, rule: Rule) {
        self.marks.add(rule);
    }

    /// `party` broke a rule, which is as bad as the reading says; `witnesses` show it in the order of time, the last one breaks it.
    pub(crate) fn raise<const N: usize>(
        &mut self,
        rule: Rule,
        party: Party,
        witnesses: [Option<FactId>; N],
    ) {
        self.raise_as(self.reading.severity(rule), rule, party, witnesses);
    }

    /// As [`Findings::raise`], where the case itself decides how bad it is.
    pub(crate) fn raise_as<const N: usize>(
        &mut self,
        severity: Severity,
        rule: Rule,
        party: Party,
        witnesses: [Option<FactId>; N],
    ) {
        self.add(Breach { rule, party, severity, cell: None, witnesses: three(witnesses) });
    }

    /// As [`Findings::raise`], for a rule that is about one message at one device.
    pub(crate) fn raise_at<const N: usize>(
        &mut self,
        cell: (MessageId, DeviceId),
        rule: Rule,
        party: Party,
        witnesses: [Option<FactId>; N],
    ) {
        let (severity, witnesses) = (self.reading.severity(rule), three(witnesses));
        self.add(Breach { rule, party, severity, cell: Some(cell), witnesses });
    }

    /// A breach left a message unread. If the judge of its rule has spoken of it at the facts, that breach gets the cell and
    /// this severity; it is not raised a second time.
    pub(crate) fn confirm(&mut self, breach: Breach) {
        if !self.breaches.confirm(&breach) {
            self.breaches.raise_by_verdict(breach);
        }
    }

    /// As [`Findings::raise`], unless a verdict has shown the same by the last witness.
    pub(crate) fn raise_unless_shown(
        &mut self,
        rule: Rule,
        party: Party,
        (because, last): (FactId, FactId),
    ) {
        if !self.breaches.is_shown(rule, party, last) {
            self.raise(rule, party, [Some(because), Some(last)]);
        }
    }

    /// Takes a breach in.
    pub(crate) fn add(&mut self, breach: Breach) {
        self.breaches.raise(breach);
    }
}

/// The last three of the witnesses that there are.
fn three<const N: usize>(witnesses: [Option<FactId>; N]) -> [Option<FactId>; 3] {
    let mut kept = [None; 3];
    let there = witnesses.into_iter().flatten();
    let passed = there.clone().count().saturating_sub(3);
    for (place, witness) in kept.iter_mut().zip(there.skip(passed)) {
        *place = Some(witness);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{Findings, three};
    use crate::ids::{DeviceId, FactId};
    use crate::rulebook::reading::{Reading, ReadingName};
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::Party;

    #[test]
    fn the_last_witnesses_are_kept_in_their_order() {
        let fact = |id| Some(FactId::new(id));
        assert_eq!(three([fact(1), None]), [fact(1), None, None]);
        assert_eq!(three([fact(1), fact(2), None, fact(3), fact(4)]), [fact(2), fact(3), fact(4)]);
    }

    #[test]
    fn marks_count_how_often_a_rule_applied() {
        let mut findings = Findings::new(Reading::named(ReadingName::Strict));
        findings.met(Rule::R02);
        findings.met(Rule::R02);
        findings.raise(Rule::R02, Party::Device(DeviceId::new(0)), [Some(FactId::new(1))]);
        assert_eq!(findings.marks.of(Rule::R02), 2);
        assert_eq!(findings.marks.of(Rule::R01), 0);
    }
}
