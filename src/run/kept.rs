//! A sink that keeps the facts that it is asked for and lets the others pass.
//! It does not know why these are wanted.

use std::collections::BTreeMap;

use crate::check::outcome::Outcome;
use crate::ids::FactId;
use crate::trace::fact::Fact;
use crate::trace::sink::FactSink;

/// The wanted facts that came by.
///
/// A first run says which facts its outcome rests on, a second one passes by and keeps them: so no run needs memory for
/// all of its facts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    wanted: BTreeMap<FactId, Option<Fact>>,
}

impl Kept {
    /// Wants the witnesses of all verdicts and violations.
    #[must_use]
    pub fn witnesses_of(outcome: &Outcome) -> Self {
        let verdicts = outcome.verdicts.iter().flat_map(|verdict| verdict.witnesses);
        let violations = outcome.violations.iter().flat_map(|violation| violation.witnesses);
        Self { wanted: verdicts.chain(violations).flatten().map(|id| (id, None)).collect() }
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
    }
}

#[cfg(test)]
mod tests {
    use super::Kept;
    use crate::check::outcome::{Outcome, Verdict, Violation};
    use crate::ids::{DeviceId, FactId, MessageId};
    use crate::rulebook::leaf::Leaf;
    use crate::rulebook::reading::{Reading, ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::scenario::fault::Party;
    use crate::trace::fact::{FactKind, RunEnd};
    use crate::trace::sample::fact_of;
    use crate::trace::sink::FactSink;

    #[test]
    fn what_verdicts_and_violations_rest_on_is_kept_and_nothing_else() {
        let id = |number| Some(FactId::new(number));
        let outcome = Outcome {
            end: RunEnd::Quiescent,
            reading: Reading::named(ReadingName::Strict),
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
            notices: Vec::new(),
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
}
