//! Which facts came of which faults, by the causes that were recorded with them.
//! It does not know what a fact means, nor which rule a fault excuses.

use crate::check::view::pairs::row;
use crate::ids::{BitSet, FactId, FaultId};
use crate::trace::fact::Fact;

/// The causes of all facts since a fault came into force that may excuse something; of earlier ones none can have come of
/// it. Where no such fault does, nothing is kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lineage {
    /// The fact at the head of the list below.
    first: Option<FactId>,
    /// Where the causes of each fact end in `causes`; those of the next one begin there.
    ends: Vec<u32>,
    causes: Vec<FactId>,
    started: Vec<Option<FactId>>,
}

impl Lineage {
    /// A fault that may excuse something came into force by this fact.
    pub(crate) fn fault_started(&mut self, fault: FaultId, fact: FactId) {
        self.first.get_or_insert(fact);
        row(&mut self.started, fault.index()).get_or_insert(fact);
    }

    /// The next fact.
    pub(crate) fn add(&mut self, fact: &Fact) {
        let Some(first) = self.first else { return };
        // Facts may be missing from a log that is not ours; what is missing came of nothing.
        let place = fact.id.index() - first.index();
        let end = u32::try_from(self.causes.len()).expect("facts have at most four causes");
        self.ends.resize(place, end);
        self.causes.extend(fact.causes.iter().filter(|cause| *cause >= first));
        self.ends.push(u32::try_from(self.causes.len()).expect("facts have at most four causes"));
    }

    /// The facts that came of a fault, the one with which it began included, by their distance from the first that is
    /// kept.
    fn offspring(&self, fault: FaultId) -> Option<(FactId, BitSet)> {
        let first = self.first?;
        let started = self.started.get(fault.index()).copied().flatten()?;
        let mut came = BitSet::default();
        came.insert(started.index() - first.index());
        let mut begin = 0;
        for (place, end) in self.ends.iter().enumerate() {
            let end = *end as usize;
            let causes = &self.causes[begin..end];
            if causes.iter().any(|cause| came.contains(cause.index() - first.index())) {
                came.insert(place);
            }
            begin = end;
        }
        Some((first, came))
    }

    /// Whether one of these facts came of the fault.
    pub(crate) fn of_fault(&self, fault: FaultId) -> Offspring {
        Offspring(self.offspring(fault))
    }
}

/// The facts that came of one fault.
#[derive(Debug, Clone, Default)]
pub(crate) struct Offspring(Option<(FactId, BitSet)>);

impl Offspring {
    /// Whether the fact is among them.
    pub(crate) fn contains(&self, fact: FactId) -> bool {
        self.0.as_ref().is_some_and(|(first, came)| {
            fact >= *first && came.contains(fact.index() - first.index())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Lineage;
    use crate::ids::{DeviceId, FactId, FaultId};
    use crate::trace::fact::{Causes, Fact, FactKind};
    use crate::trace::sample::fact_of;

    const FAULT: FaultId = FaultId::new(1);

    /// Facts with these causes, of which the second is the start of the fault.
    fn lineage(causes: &[(u32, &[u32])]) -> Lineage {
        let mut lineage = Lineage::default();
        for (id, causes) in causes {
            let kind = FactKind::Crashed { device: DeviceId::new(0) };
            let causes =
                causes.iter().map(|cause| FactId::new(*cause)).fold(Causes::NONE, Causes::and);
            if *id == 11 {
                lineage.fault_started(FAULT, FactId::new(11));
            }
            lineage.add(&Fact { causes, ..fact_of(*id, 0, kind) });
        }
        lineage
    }

    #[test]
    fn what_came_of_a_fault_is_found_through_any_of_its_causes_and_over_gaps() {
        let lineage = lineage(&[
            (10, &[]),
            (11, &[]),
            (12, &[10]),
            (13, &[12, 11]),
            (20, &[13]),
            (21, &[12, 10]),
            (22, &[10, 12, 20]),
        ]);
        let came = lineage.of_fault(FAULT);
        let found: Vec<u32> = (0..30).filter(|id| came.contains(FactId::new(*id))).collect();
        assert_eq!(found, [11, 13, 20, 22]);
        assert!(!lineage.of_fault(FaultId::new(0)).contains(FactId::new(11)), "another fault");
    }

    #[test]
    fn nothing_is_kept_before_a_fault_and_nothing_came_of_one_that_never_was() {
        let lineage = lineage(&[(0, &[]), (1, &[0])]);
        assert!(lineage.ends.is_empty());
        assert!(!lineage.of_fault(FAULT).contains(FactId::new(1)));
    }
}
