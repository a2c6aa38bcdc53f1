//! A sink that keeps the facts that it is asked for and lets the others pass.
//! It does not know why these are wanted.

use std::collections::BTreeMap;

use crate::check::outcome::Outcome;
use crate::ids::{FactId, FaultId};
use crate::trace::fact::{Fact, FactKind};
use crate::trace::sink::FactSink;

/// The wanted facts that came by.
///
/// A first run says which facts its outcome rests on, a second one passes by and keeps them: so no run needs memory for
/// all of its facts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    wanted: BTreeMap<FactId, Option<Fact>>,
    /// Whether anything happened because of each step and each fault.
    begun: BTreeMap<FactId, (Begun, bool)>,
}

/// What a scenario sets off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begun {
    /// The step of the timeline at this position.
    Step(u32),
    /// A fault.
    Fault(FaultId),
}

impl Kept {
    /// Wants the witnesses of all verdicts and violations.
    #[must_use]
    pub fn witnesses_of(outcome: &Outcome) -> Self {
        let verdicts = outcome.verdicts.iter().flat_map(|verdict| verdict.witnesses);
        let violations = outcome.violations.iter().flat_map(|violation| violation.witnesses);
        let wanted = verdicts.chain(violations).flatten().map(|id| (id, None)).collect();
        Self { wanted, begun: BTreeMap::new() }
    }

    /// The steps of the timeline, by their positions, that nothing happened because of. A test whose steps do
    /// nothing tests nothing.
    pub fn idle_steps(&self) -> impl Iterator<Item = u32> + '_ {
        self.idle().filter_map(|begun| match begun {
            Begun::Step(step) => Some(step),
            Begun::Fault(_) => None,
        })
    }

    /// The faults that came into force and that no fact came of.
    pub fn idle_faults(&self) -> impl Iterator<Item = FaultId> + '_ {
        self.idle().filter_map(|begun| match begun {
            Begun::Fault(fault) => Some(fault),
            Begun::Step(_) => None,
        })
    }

    fn idle(&self) -> impl Iterator<Item = Begun> + '_ {
        self.begun.values().filter(|(_, had_effect)| !had_effect).map(|(begun, _)| *begun)
    }

    /// The fact with this id, if it was wanted and came by.
    #[must_use]
    pub fn get(&self, id: FactId) -> Option<&Fact> {
        self.wanted.get(&id).and_then(Option::as_ref)
    }

    /// Those of these facts that were kept, in the order given.
    pub fn among(&self, ids: [Option<FactId>; 3]) -> impl Iterator<Item = &Fact> {
        ids.into_iter().flatten().filter_map(|id| self.get(id))
    }
}

impl FactSink for Kept {
    fn record(&mut self, fact: &Fact) {
        if let Some(slot) = self.wanted.get_mut(&fact.id) {
            *slot = Some(*fact);
        }
        if let FactKind::UserStep(step) = fact.kind {
            self.begun.insert(fact.id, (Begun::Step(step), false));
        } else if let FactKind::FaultStart(fault) = fact.kind {
            self.begun.insert(fact.id, (Begun::Fault(fault), false));
        }
        for cause in fact.causes.iter() {
            if let Some((_, had_effect)) = self.begun.get_mut(&cause) {
                *had_effect = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Kept;
    use crate::check::outcome::{Outcome, Verdict, Violation};
    use crate::ids::{DeviceId, FactId, FaultId, MessageId};
    use crate::rulebook::leaf::Leaf;
    use crate::rulebook::reading::Severity;
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::Party;
    use crate::trace::fact::{Causes, Fact, FactKind, RunEnd};
    use crate::trace::sample::fact_of;
    use crate::trace::sink::FactSink;

    #[test]
    fn what_verdicts_and_violations_rest_on_is_kept_and_nothing_else() {
        let id = |number| Some(FactId::new(number));
        let outcome = Outcome {
            verdicts: vec![Verdict {
                message: MessageId::new(0),
                device: DeviceId::new(1),
                leaf: Leaf::Withheld,
                code: None,
                party: None,
                witnesses: [id(3), None, id(1)],
            }],
            violations: vec![Violation {
                rule: Rule::W09,
                party: Party::World,
                severity: Severity::Violation,
                injected: None,
                cell: None,
                witnesses: [id(5), id(9), None],
            }],
            ..Outcome::empty(RunEnd::Quiescent)
        };
        let mut kept = Kept::witnesses_of(&outcome);
        for number in 0..8 {
            kept.record(&fact_of(number, 0, FactKind::UserStep(number)));
        }
        let of = |ids| kept.among(ids).map(|fact| fact.id.raw()).collect::<Vec<_>>();
        assert_eq!(of([id(3), None, id(1)]), [3, 1]);
        assert_eq!(of([id(5), id(9), None]), [5], "the run ended before fact 9");
        assert_eq!(kept.get(FactId::new(2)), None, "nobody asked for it");
    }

    #[test]
    fn a_step_that_no_fact_names_as_its_cause_is_idle() {
        let mut kept = Kept::default();
        let step = |id, step| fact_of(id, 0, FactKind::UserStep(step));
        kept.record(&step(0, 0));
        kept.record(&step(1, 1));
        let causes = Causes::one(FactId::new(1));
        kept.record(&Fact { causes, ..fact_of(2, 0, FactKind::RunEnd(RunEnd::Quiescent)) });
        assert_eq!(kept.idle_steps().collect::<Vec<_>>(), [0]);
        assert_eq!(kept.idle_faults().count(), 0);
    }

    #[test]
    fn a_fault_that_no_fact_names_as_its_cause_is_idle() {
        let mut kept = Kept::default();
        let start = |id, fault| fact_of(id, 0, FactKind::FaultStart(FaultId::new(fault)));
        kept.record(&start(0, 0));
        kept.record(&start(1, 1));
        let causes = Causes::one(FactId::new(0));
        kept.record(&Fact {
            causes,
            ..fact_of(2, 0, FactKind::Crashed { device: DeviceId::new(0) })
        });
        assert_eq!(kept.idle_faults().collect::<Vec<_>>(), [FaultId::new(1)]);
        assert_eq!(kept.idle_steps().count(), 0);
    }
}
