//! The broken rules of a run as they are found: each breach once, and excused where an announced fault made it.
//! It does not know how a rule is judged.

use std::collections::BTreeSet;

use crate::check::cast::Cast;
use crate::check::outcome::Violation;
use crate::check::view::pairs::row;
use crate::ids::{DeviceId, FactId, FaultId, MessageId};
use crate::rulebook::reading::Severity;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::time::SimTime;

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
    started: Vec<Option<FactId>>,
}

impl Breaches {
    /// A fault came into force.
    pub(crate) fn fault_started(&mut self, fault: FaultId, fact: FactId) {
        row(&mut self.started, fault.index()).get_or_insert(fact);
    }

    /// A rule was broken. The same rule, broken by the same party with the same fact, is one breach.
    pub(crate) fn raise(&mut self, breach: Breach) {
        if self.known.insert((breach.rule, breach.party, breach.last_witness())) {
            self.found.push(breach);
        }
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
    pub(crate) fn finish(mut self, cast: &Cast) -> Vec<Violation> {
        self.found.sort_by_key(|breach| (breach.last_witness(), breach.rule, breach.party));
        let violation = |breach: &Breach| Violation {
            rule: breach.rule,
            party: breach.party,
            severity: breach.severity,
            injected: self.excuse(cast, breach),
            cell: breach.cell,
            witnesses: breach.witnesses,
        };
        self.found.iter().map(violation).collect()
    }

    /// *Injected*: the first announced fault that makes the party faulty in this way and was there in time.
    fn excuse(&self, cast: &Cast, breach: &Breach) -> Option<FaultId> {
        let in_time = |fault: FaultId, from: SimTime| {
            let started = self.started.get(fault.index()).copied().flatten();
            from == SimTime::ZERO || started.is_some_and(|fact| Some(fact) <= breach.last_witness())
        };
        cast.faults()
            .find(|(id, fault)| in_time(*id, fault.from) && fault.covers(breach.rule, breach.party))
            .map(|(id, _)| id)
    }
}

#[cfg(test)]
mod tests {
    use super::{Breach, Breaches};
    use crate::check::cast::Cast;
    use crate::ids::{DeviceId, FactId, FaultId, ServerId, UserId};
    use crate::rulebook::reading::Severity;
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::{Fault, FaultKind, Party};
    use crate::time::SimTime;

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

    fn cast(from: SimTime) -> Cast {
        let kind = FaultKind::StoreRolledBack { device: A, snapshot: SimTime::ZERO };
        let faults = vec![Fault { from, until: SimTime::MAX, kind }];
        Cast::new(vec![UserId::new(0)], vec![ServerId::new(0)], faults)
    }

    #[test]
    fn one_fact_breaks_a_rule_once_and_breaches_come_in_order() {
        let mut breaches = Breaches::default();
        breaches.raise(breach(Rule::W09, 8));
        breaches.raise(breach(Rule::W09, 5));
        breaches.raise(breach(Rule::W09, 8));
        breaches.raise(breach(Rule::N02, 8));
        let found = breaches.finish(&cast(SimTime::from_ms(1)));
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
        let found = breaches.finish(&cast(SimTime::from_ms(1)));
        assert_eq!((found.len(), found[0].severity, found[0].cell), (1, Severity::Violation, cell));
    }

    #[test]
    fn a_fault_excuses_what_came_after_it_and_not_what_came_before() {
        let mut breaches = Breaches::default();
        breaches.raise(breach(Rule::W09, 5));
        breaches.fault_started(FaultId::new(0), FactId::new(6));
        breaches.raise(breach(Rule::W09, 8));
        breaches.raise(breach(Rule::W01, 9));
        let found = breaches.finish(&cast(SimTime::from_ms(1)));
        let injected: Vec<bool> =
            found.iter().map(|violation| violation.injected.is_some()).collect();
        assert_eq!(injected, [false, true, false]);
    }

    #[test]
    fn a_fault_from_the_start_needs_no_fact_to_be_in_force() {
        let mut breaches = Breaches::default();
        breaches.raise(breach(Rule::W09, 5));
        let found = breaches.finish(&cast(SimTime::ZERO));
        assert_eq!(found[0].injected, Some(FaultId::new(0)));
    }
}
