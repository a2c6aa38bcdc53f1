//! The causal slice of a question: the facts that led to it, in order, each with those of them that it came from.
//! It does not know what a fact means in words.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::tred::{dag_to_toposorted_adjacency_list, dag_transitive_reduction_closure};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{EdgeRef, IntoNeighbors};

use crate::explain::question::{Question, seeds};
use crate::explain::weight::Told;
use crate::ids::{DeviceId, FactId, TxnId};
use crate::trace::fact::{Fact, FactKind};

/// A fact of a slice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The fact.
    pub fact: Fact,
    /// The facts of the slice that it came from, ascending: not the whole of its recorded causes, but what remains of
    /// them and of theirs where facts between were passed over. One that leads here by way of another is left out.
    pub causes: Vec<FactId>,
    /// Whether a judgement rests on it.
    pub is_witness: bool,
}

/// The facts that led to something.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Slice {
    /// The facts by time, then id.
    pub links: Vec<Link>,
    /// How many facts more would have been told if there were no limit.
    pub left_out: usize,
}

/// What a device sent another one in a transaction.
type Parts = BTreeMap<(TxnId, DeviceId), FactId>;

/// A fact that was reached, and how far it is from the nearest witness.
type Reached = BTreeMap<FactId, u32>;

impl Slice {
    /// The slice of `facts`, which are in the order of their ids, that answers `question`, with at most `limit` facts:
    /// those that are nearest to the witnesses.
    #[must_use]
    pub fn of(facts: &[Fact], question: &Question, limit: usize) -> Self {
        let reached = ancestors(facts, question, &parts(facts));
        let witnesses: BTreeSet<FactId> = question.witnesses.iter().copied().collect();
        let all = || reached.keys().filter_map(|id| fact(facts, *id));
        let mut told = Told::by(all(), question.device);
        let needed: Vec<&Fact> =
            all().filter(|one| told.needs(one) || witnesses.contains(&one.id)).collect();
        let mut kept = needed.clone();
        if kept.len() > limit {
            kept.sort_by_key(|one| (reached[&one.id], std::cmp::Reverse(one.id)));
            kept.truncate(limit);
            kept.sort_by_key(|one| one.id);
        }
        let left_out = needed.len() - kept.len();
        let contracted = Contracted::of(all(), &kept);
        let link = |(fact, causes): (&Fact, Vec<FactId>)| Link {
            fact: *fact,
            causes,
            is_witness: witnesses.contains(&fact.id),
        };
        let links = reduced(&kept, contracted).into_iter().map(link).collect();
        Self { links, left_out }
    }
}

/// Everything that led to the facts that are about the question, these included, ascending: what a slice tells is chosen among
/// them. `facts` are in the order of their ids.
#[must_use]
pub fn behind<'f>(facts: &'f [Fact], question: &Question) -> Vec<&'f Fact> {
    ancestors(facts, question, &Parts::new()).keys().filter_map(|id| fact(facts, *id)).collect()
}

/// The fact with this id.
fn fact(facts: &[Fact], id: FactId) -> Option<&Fact> {
    let here = facts.get(id.index()).filter(|fact| fact.id == id);
    here.or_else(|| facts.binary_search_by_key(&id, |fact| fact.id).ok().map(|at| &facts[at]))
}

/// The parts of all transactions.
fn parts(facts: &[Fact]) -> Parts {
    let part = |fact: &Fact| {
        let FactKind::PutTarget { txn, recipient, .. } = fact.kind else { return None };
        Some(((txn, recipient), fact.id))
    };
    facts.iter().filter_map(part).collect()
}

/// Everything that led to the facts that are about the question; what lies in a mailbox is led to by the part of a
/// transaction that it was sent as, too, if `parts` has that. A cause has a lower id than its effect, so that one walk
/// down the ids finds them all.
fn ancestors(facts: &[Fact], question: &Question, parts: &Parts) -> Reached {
    let witnesses: BTreeSet<FactId> = question.witnesses.iter().copied().collect();
    let begin = |id: &FactId| (*id, u32::from(!witnesses.contains(id)));
    let mut pending: Reached = seeds(facts, question).iter().map(begin).collect();
    let mut reached = Reached::new();
    while let Some((id, distance)) = pending.pop_last() {
        reached.insert(id, distance);
        let Some(fact) = fact(facts, id) else { continue };
        let sent_as = if let FactKind::Enqueued { txn, recipient, .. } = fact.kind {
            parts.get(&(txn, recipient)).copied().filter(|part| *part < id)
        } else {
            None
        };
        for cause in fact.causes.iter().chain(sent_as) {
            let known = pending.entry(cause).or_insert(u32::MAX);
            *known = (*known).min(distance + 1);
        }
    }
    reached
}

/// The causes of facts that are kept, where those that are not are passed over.
struct Contracted {
    /// For each fact the nearest kept ones that lead to it, or itself.
    nearest: BTreeMap<FactId, BTreeSet<FactId>>,
}

impl Contracted {
    fn of<'f>(all: impl Iterator<Item = &'f Fact>, kept: &[&Fact]) -> Self {
        let mut contracted = Self { nearest: BTreeMap::new() };
        let kept: BTreeSet<FactId> = kept.iter().map(|fact| fact.id).collect();
        let mut puts: BTreeMap<TxnId, FactId> = BTreeMap::new();
        let mut own_causes: BTreeMap<FactId, BTreeSet<FactId>> = BTreeMap::new();
        for fact in all {
            let causes: BTreeSet<FactId> = fact
                .causes
                .iter()
                .flat_map(|cause| contracted.nearest.get(&cause).into_iter().flatten().copied())
                .collect();
            let is_kept = kept.contains(&fact.id);
            // What comes of a transaction comes of its parts: the part that is told stands for the whole.
            if let FactKind::Put { txn, .. } = fact.kind {
                puts.insert(txn, fact.id);
            }
            if let FactKind::PutTarget { txn, .. } = fact.kind
                && is_kept
                && let Some(put) = puts.get(&txn).filter(|put| !kept.contains(put))
            {
                contracted.nearest.insert(*put, BTreeSet::from([fact.id]));
            }
            let nearest = if is_kept { BTreeSet::from([fact.id]) } else { causes.clone() };
            contracted.nearest.insert(fact.id, nearest);
            if is_kept {
                own_causes.insert(fact.id, causes);
            }
        }
        Self { nearest: own_causes }
    }
}

/// Each fact with its causes, without those that lead to it by way of another.
fn reduced<'f>(kept: &[&'f Fact], contracted: Contracted) -> Vec<(&'f Fact, Vec<FactId>)> {
    let mut graph: DiGraph<FactId, ()> = DiGraph::new();
    let nodes: BTreeMap<FactId, NodeIndex> =
        kept.iter().map(|fact| (fact.id, graph.add_node(fact.id))).collect();
    for (id, causes) in &contracted.nearest {
        for cause in causes {
            graph.add_edge(nodes[cause], nodes[id], ());
        }
    }
    // Facts are added by id, and causes have lower ids: the order of the nodes is topological.
    let order: Vec<NodeIndex> = graph.node_indices().collect();
    let (list, _) = dag_to_toposorted_adjacency_list::<_, u32>(&graph, &order);
    let (reduction, _) = dag_transitive_reduction_closure(&list);
    let mut left: BTreeSet<(usize, usize)> = BTreeSet::new();
    for from in list.node_indices() {
        left.extend(reduction.neighbors(from).map(|to| (from as usize, to as usize)));
    }
    kept.iter()
        .map(|fact| {
            let incoming = graph.edges_directed(nodes[&fact.id], petgraph::Direction::Incoming);
            let mut causes: Vec<FactId> = incoming
                .filter(|edge| left.contains(&(edge.source().index(), edge.target().index())))
                .map(|edge| graph[edge.source()])
                .collect();
            causes.sort_unstable();
            (*fact, causes)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Link, Slice};
    use crate::explain::question::Question;
    use crate::ids::{DeviceId, FactId, QueryId, ToDeviceId};
    use crate::protocol::to_device::ToDeviceType;
    use crate::trace::fact::{Causes, Fact, FactKind, QueryOutcome, SentContent};
    use crate::trace::sample::{A1, B1, BOB, NOTICE, TXN, fact_of};

    const CRASHED: FactKind = FactKind::Crashed { device: A1 };

    fn facts(of: &[(FactKind, &[u32])]) -> Vec<Fact> {
        let fact = |(id, (kind, causes)): (u32, &(FactKind, &[u32]))| {
            let causes =
                causes.iter().map(|cause| FactId::new(*cause)).fold(Causes::NONE, Causes::and);
            Fact { causes, ..fact_of(id, u64::from(id), *kind) }
        };
        (0..).zip(of).map(fact).collect()
    }

    /// The slice of these witnesses: ids with their causes.
    fn slice(facts: &[Fact], witnesses: &[u32], limit: usize) -> (Vec<(u32, Vec<u32>)>, usize) {
        let witnesses = witnesses.iter().map(|id| FactId::new(*id)).collect();
        let slice = Slice::of(facts, &Question { witnesses, ..Question::default() }, limit);
        let told = |link: &Link| {
            (link.fact.id.raw(), link.causes.iter().map(|cause| cause.raw()).collect())
        };
        (slice.links.iter().map(told).collect(), slice.left_out)
    }

    #[test]
    fn only_what_led_to_a_witness_is_told_and_no_way_twice() {
        let facts = facts(&[
            (CRASHED, &[]),
            (CRASHED, &[0]),
            (CRASHED, &[]),
            (CRASHED, &[0, 1]),
            (CRASHED, &[2]),
        ]);
        let (told, left_out) = slice(&facts, &[3], 9);
        assert_eq!(told, [(0, vec![]), (1, vec![0]), (3, vec![1])]);
        assert_eq!(left_out, 0);
    }

    #[test]
    fn what_is_passed_over_leads_on() {
        let query = QueryId::new(1);
        let start = FactKind::QueryStart { device: A1, user: BOB, query };
        let outcome = QueryOutcome::Failed;
        let end = FactKind::QueryEnd { device: A1, user: BOB, query, outcome };
        let facts = facts(&[(CRASHED, &[]), (start, &[0]), (end, &[1])]);
        assert_eq!(slice(&facts, &[2], 9).0, [(0, vec![]), (2, vec![0])]);
        assert_eq!(slice(&facts, &[1, 2], 9).0.len(), 3, "a witness is always told");
    }

    #[test]
    fn a_part_of_a_transaction_stands_for_the_whole_of_it() {
        let event_type = ToDeviceType::Withheld;
        let put = FactKind::Put { device: A1, txn: TXN, event_type, targets: 1 };
        let content = SentContent::Withheld(NOTICE);
        let target = FactKind::PutTarget { device: A1, txn: TXN, recipient: B1, content };
        let accepted = FactKind::PutAccepted { device: A1, txn: TXN };
        let facts = facts(&[(CRASHED, &[]), (put, &[0]), (target, &[1]), (accepted, &[1])]);
        let (told, _) = slice(&facts, &[2, 3], 9);
        assert_eq!(told, [(0, vec![]), (2, vec![0]), (3, vec![2])]);
        let (told, _) = slice(&facts, &[3], 9);
        assert_eq!(told, [(0, vec![]), (3, vec![0])], "no part of it is told");
    }

    #[test]
    fn what_lies_in_a_mailbox_was_sent_by_somebody() {
        let event_type = ToDeviceType::Withheld;
        let put = FactKind::Put { device: A1, txn: TXN, event_type, targets: 2 };
        let content = SentContent::Withheld(NOTICE);
        let target = |recipient| FactKind::PutTarget { device: A1, txn: TXN, recipient, content };
        let accepted = FactKind::PutAccepted { device: A1, txn: TXN };
        let message = ToDeviceId::new(1);
        let stored = FactKind::Enqueued {
            message,
            sender: A1,
            recipient: B1,
            txn: TXN,
            event_type,
            content,
        };
        let facts = facts(&[
            (put, &[]),
            (target(B1), &[0]),
            (target(DeviceId::new(2)), &[0]),
            (accepted, &[0]),
            (stored, &[3]),
        ]);
        let (told, _) = slice(&facts, &[4], 9);
        assert_eq!(told, [(1, vec![]), (3, vec![1]), (4, vec![3])]);
    }

    #[test]
    fn beyond_the_limit_what_is_farthest_is_left_out_and_counted() {
        let chain: Vec<(FactKind, Vec<u32>)> =
            (0..10).map(|id: u32| (CRASHED, id.checked_sub(1).into_iter().collect())).collect();
        let chain: Vec<(FactKind, &[u32])> =
            chain.iter().map(|(kind, causes)| (*kind, &causes[..])).collect();
        let (told, left_out) = slice(&facts(&chain), &[9, 0], 4);
        assert_eq!(told, [(0, vec![]), (7, vec![0]), (8, vec![7]), (9, vec![8])]);
        assert_eq!(left_out, 6);
    }

    #[test]
    fn a_witness_that_is_not_there_is_passed_over() {
        assert_eq!(slice(&facts(&[(CRASHED, &[])]), &[0, 7], 9).0, [(0, vec![])]);
        assert_eq!(slice(&[], &[0], 9).0, []);
    }
}
