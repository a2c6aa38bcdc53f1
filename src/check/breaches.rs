//! The broken rules of a run as they are found: each breach once, and excused where an announced fault made it.
//! It does not know how a rule is judged.

use std::collections::BTreeSet;

use crate::check::cast::Cast;
use crate::check::lineage::Lineage;
use crate::check::outcome::Violation;
use crate::ids::{DeviceId, FactId, FaultId, MessageId};
use crate::rulebook::reading::Severity;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;

/// A rule that was found broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Breach {
    /// Which.
    pub(crate) rule: Rule,
    /// By whom.
    pub(crate) party: Party,
    /// How bad that is.
    pub(crate) severity: Severity,
    /// The cell that shows it, where one does.
    pub(crate) cell: Option<(MessageId, DeviceId)>,
    /// The facts that show it, in the order of time: the last one breaks the rule.
    pub(crate) witnesses: [Option<FactId>; 3],
}

impl Breach {
    /// The fact that breaks the rule.
    fn last_witness(&self) -> Option<FactId> {
        self.witnesses.iter().rev().copied().flatten().next()
    }
}

/// All breaches so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Breaches {
    found: Vec<Breach>,
    known: BTreeSet<(Rule, Party, Option<FactId>)>,
    by_verdict: BTreeSet<(Rule, Party, Option<FactId>)>,
}

impl Breaches {
    /// A rule was broken. The same rule, broken by the same party with the same fact, is one breach.
    pub(crate) fn raise(&mut self, breach: Breach) {
        if self.known.insert((breach.rule, breach.party, breach.last_witness())) {
            self.found.push(breach);
        }
    }

    /// As [`Breaches::raise`], for a breach that rests on the verdict of its cell and on nothing that a judge saw at the facts.
    pub(crate) fn raise_by_verdict(&mut self, breach: Breach) {
        self.by_verdict.insert((breach.rule, breach.party, breach.last_witness()));
        self.raise(breach);
    }

    /// Whether a violation rests on the verdict of its cell alone.
    pub(crate) fn rests_on_verdict(&self, violation: &Violation) -> bool {
        let last = violation.witnesses.iter().rev().copied().flatten().next();
        self.by_verdict.contains(&(violation.rule, violation.party, last))
    }

    /// Whether a breach of the rule by this party rests on the fact.
    pub(crate) fn is_shown(&self, rule: Rule, party: Party, fact: FactId) -> bool {
        let same = |one: &&Breach| (one.rule, one.party) == (rule, party);
        self.found.iter().filter(same).any(|one| one.witnesses.contains(&Some(fact)))
    }

    /// Whether this breach, or one of the same rule by the same party that rests on one of the same facts, was raised
    /// before; it takes over the cell and the severity of this one.
    pub(crate) fn confirm(&mut self, breach: &Breach) -> bool {
        let shares = |one: &Breach| {
            let mut witnesses = one.witnesses.iter().flatten();
            witnesses.any(|fact| breach.witnesses.contains(&Some(*fact)))
        };
        let same = |one: &&mut Breach| (one.rule, one.party) == (breach.rule, breach.party);
        let mut candidates = self.found.iter_mut().filter(same);
        let Some(known) = candidates.find(|one| shares(one)) else { return false };
        known.severity = known.severity.max(breach.severity);
        known.cell = known.cell.or(breach.cell);
        true
    }

    /// The breaches in the order of their last witness, each with the fault that excuses it.
    pub(crate) fn finish(&mut self, cast: &Cast, lineage: &Lineage) -> Vec<Violation> {
        self.found.sort_by_key(|breach| (breach.last_witness(), breach.rule, breach.party));
        let excuses = self.excuses(cast, lineage);
        let violation = |(breach, injected): (&Breach, Option<FaultId>)| Violation {
            rule: breach.rule,
            party: breach.party,
            severity: breach.severity,
            injected,
            cell: breach.cell,
            witnesses: breach.witnesses,
        };
        self.found.iter().zip(excuses).map(violation).collect()
    }

    /// *Injected*: for each breach the first announced fault that makes the party faulty in this way and
    /// that a witness of the breach came of.
    fn excuses(&self, cast: &Cast, lineage: &Lineage) -> Vec<Option<FaultId>> {
        let mut excuses = vec![None; self.found.len()];
        for (id, fault) in cast.faults() {
            let mut came = None;
            for (breach, excuse) in self.found.iter().zip(&mut excuses) {
                if excuse.is_some() || !fault.covers(breach.rule, breach.party) {
                    continue;
                }
                let came = came.get_or_insert_with(|| lineage.of_fault(id));
                let mut witnesses = breach.witnesses.iter().flatten();
                *excuse = witnesses.any(|witness| came.contains(*witness)).then_some(id);
            }
        }
        excuses
    }
}

#[cfg(test)]
mod tests {
    use super::{Breach, Breaches};
    use crate::check::cast::Cast;
    use crate::check::lineage::Lineage;
    use crate::ids::{DeviceId, FactId, FaultId, ServerId, UserId};
    use crate::rulebook::reading::Severity;
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::{Fault, FaultKind, Party};
    use crate::time::SimTime;
    use crate::trace::fact::{Causes, Fact, FactKind};
    use crate::trace::sample::fact_of;

    const A: DeviceId = DeviceId::new(0);

    fn breach(rule: Rule, witness: u32) -> Breach {
        Breach {
            rule,
            party: Party::Device(A),
            severity: Severity::Violation,
            cell: None,
            witnesses: [Some(FactId::new(1)), Some(FactId::new(witness)), None],
        }
    }

    fn cast() -> Cast {
        let kind = FaultKind::StoreRolledBack { device: A, snapshot: SimTime::ZERO };
        let faults = vec![Fault { from: SimTime::ZERO, until: SimTime::MAX, kind }];
        Cast::new(vec![UserId::new(0)], vec![ServerId::new(0)], faults)
    }

    /// Ten facts; fact 6 is the start of the fault, and fact 8 came of it.
    fn lineage() -> Lineage {
        let mut lineage = Lineage::default();
        for id in 0..10 {
            if id == 6 {
                lineage.fault_started(FaultId::new(0), FactId::new(6));
            }
            let causes = if id == 8 { Causes::one(FactId::new(6)) } else { Causes::NONE };
            let fact = fact_of(id, 0, FactKind::Crashed { device: A });
            lineage.add(&Fact { causes, ..fact });
        }
        lineage
    }

    #[test]
    fn one_fact_breaks_a_rule_once_and_breaches_come_in_order() {
        let mut breaches = Breaches::default();
        breaches.raise(breach(Rule::W09, 8));
        breaches.raise(breach(Rule::W09, 5));
        breaches.raise(breach(Rule::W09, 8));
        breaches.raise(breach(Rule::N02, 8));
        let found = breaches.finish(&cast(), &Lineage::default());
        let rules: Vec<Rule> = found.iter().map(|violation| violation.rule).collect();
        assert_eq!(rules, [Rule::W09, Rule::W09, Rule::N02]);
        assert_eq!(found[0].witnesses[1], Some(FactId::new(5)));
    }

    #[test]
    fn a_breach_that_a_verdict_confirms_is_raised_once_and_gets_its_cell() {
        let mut breaches = Breaches::default();
        breaches.raise(Breach { severity: Severity::Warning, ..breach(Rule::W08, 5) });
        let cell = Some((crate::ids::MessageId::new(0), A));
        let confirmed = Breach { cell, ..breach(Rule::W08, 9) };
        assert!(breaches.confirm(&confirmed), "both rest on fact 1");
        let elsewhere = [Some(FactId::new(2)), None, None];
        assert!(!breaches.confirm(&Breach { witnesses: elsewhere, ..confirmed }));
        assert!(!breaches.confirm(&Breach { rule: Rule::W09, ..confirmed }));
        let found = breaches.finish(&cast(), &Lineage::default());
        assert_eq!((found.len(), found[0].severity, found[0].cell), (1, Severity::Violation, cell));
    }

    #[test]
    fn a_fault_excuses_what_came_of_it_and_not_what_merely_came_after_it() {
        let mut breaches = Breaches::default();
        for (rule, witness) in [(Rule::W09, 5), (Rule::W09, 8), (Rule::W01, 8), (Rule::W09, 9)] {
            breaches.raise(breach(rule, witness));
        }
        let found = breaches.finish(&cast(), &lineage());
        let injected: Vec<(Rule, bool)> =
            found.iter().map(|violation| (violation.rule, violation.injected.is_some())).collect();
        let expected =
            [(Rule::W09, false), (Rule::W01, false), (Rule::W09, true), (Rule::W09, false)];
        assert_eq!(sorted(injected), sorted(expected.to_vec()));
    }

    fn sorted(mut breaches: Vec<(Rule, bool)>) -> Vec<(Rule, bool)> {
        breaches.sort();
        breaches
    }

    #[test]
    fn one_witness_that_came_of_the_fault_is_enough() {
        let mut breaches = Breaches::default();
        let witnesses = [Some(FactId::new(8)), None, Some(FactId::new(9))];
        breaches.raise(Breach { witnesses, ..breach(Rule::W09, 0) });
        let found = breaches.finish(&cast(), &lineage());
        assert_eq!(found[0].injected, Some(FaultId::new(0)));
    }
}
