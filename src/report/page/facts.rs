//! The facts of a run as columns of a page: when, on which lane, of which kind, in words, because of what, and about what.
//! It does not know which of them a reader looks at.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::value::RawValue;

use crate::ids::FactId;
use crate::report::names::Names;
use crate::report::narrate;
use crate::report::picture::carrier::{Carrier, Topic, carrier, topic};
use crate::report::picture::lanes::Lanes;
use crate::report::picture::subject::Subjects;
use crate::report::picture::tag::Tags;
use crate::report::text::safe;
use crate::run::why::Answer;
use crate::trace::fact::{Fact, FactKind, Observer};
use crate::trace::jsonl::fact_as_json;
use crate::trace::kind::Kind;

/// Facts are shown as the lines of a trace too if there are so many at the most.
const WITH_LINES: usize = 2_000;

/// A kind of fact as the page shows it.
#[derive(Debug, Serialize)]
pub(super) struct KindOf {
    name: &'static str,
    topic: usize,
    carrier: usize,
}

/// All kinds, in order.
pub(super) fn kinds() -> Vec<KindOf> {
    let of = |kind: &Kind| KindOf {
        name: kind.as_str(),
        topic: topic(*kind) as usize,
        carrier: carrier(*kind) as usize,
    };
    Kind::ALL.iter().map(of).collect()
}

/// The names of topics and of carriers, in order.
pub(super) fn headings() -> (Vec<&'static str>, Vec<&'static str>) {
    (Topic::ALL.map(Topic::name).to_vec(), Carrier::ALL.map(Carrier::name).to_vec())
}

/// Facts, one entry in each column for each. What a fact has none of is -1.
#[derive(Debug, Default, Serialize)]
pub(super) struct Columns {
    id: Vec<u32>,
    at: Vec<u64>,
    lane: Vec<usize>,
    kind: Vec<usize>,
    text: Vec<String>,
    because: Vec<Vec<u32>>,
    room: Vec<i64>,
    message: Vec<i64>,
    /// The lane of the other device.
    peer: Vec<i64>,
    user: Vec<i64>,
    /// The word on the arrow, by its place in `tags`.
    tag: Vec<i64>,
    tags: Vec<String>,
    /// The observer's own clock, where it is wrong.
    clock: BTreeMap<u32, u64>,
    /// The fact as a line of a trace.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    line: Vec<Box<RawValue>>,
}

fn or_none<T>(one: Option<T>, place: impl Fn(T) -> usize) -> i64 {
    one.and_then(|one| i64::try_from(place(one)).ok()).unwrap_or(-1)
}

impl Columns {
    /// The facts of `facts` that are `shown`.
    pub(super) fn of(
        names: &Names<'_>,
        lanes: &Lanes,
        facts: &[Fact],
        shown: Option<&BTreeSet<FactId>>,
    ) -> Self {
        let mut columns = Self::default();
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let mut tags = Tags::new(names);
        let mut subjects = Subjects::new(names);
        let has_lines = facts.len() <= WITH_LINES;
        for fact in facts {
            let about = subjects.next(fact);
            let tag = tags.next(fact);
            if shown.is_some_and(|shown| !shown.contains(&fact.id)) {
                continue;
            }
            columns.id.push(fact.id.raw());
            columns.at.push(fact.at.as_ms());
            columns.lane.push(lanes.place(fact.observer));
            columns.kind.push(Kind::of(&fact.kind) as usize);
            columns.text.push(narrate::clause(names, fact));
            columns.because.push(fact.causes.iter().map(FactId::raw).collect());
            columns.room.push(or_none(about.room, |room| room.index()));
            columns.message.push(or_none(about.message, |message| message.index()));
            columns.peer.push(or_none(about.peer, |peer| lanes.place(Observer::Device(peer))));
            columns.user.push(or_none(about.user, |user| user.index()));
            let next = known.len();
            let tag = tag.map(|tag| *known.entry(tag).or_insert(next));
            columns.tag.push(or_none(tag, |place| place));
            if fact.clock != fact.at {
                columns.clock.insert(fact.id.raw(), fact.clock.as_ms());
            }
            if has_lines {
                columns.line.push(line(names, fact));
            }
        }
        let mut in_order: Vec<(String, usize)> = known.into_iter().collect();
        in_order.sort_by_key(|(_, place)| *place);
        columns.tags = in_order.into_iter().map(|(tag, _)| tag).collect();
        columns
    }
}

/// The line of a trace, as text that shows what cannot be seen.
fn line(names: &Names<'_>, fact: &Fact) -> Box<RawValue> {
    let line = safe(&fact_as_json(fact, names.scenario));
    let text = serde_json::to_string(&line).unwrap_or_default();
    RawValue::from_string(text).expect("a string written as JSON is JSON")
}

/// Of more than `limit` facts those that are shown: what explanations are made of, what users and faults did, and of the
/// rest the first.
pub(super) fn chosen(facts: &[Fact], answers: &[Answer], limit: usize) -> Option<BTreeSet<FactId>> {
    if facts.len() <= limit {
        return None;
    }
    let mut chosen: BTreeSet<FactId> =
        answers.iter().flat_map(|answer| &answer.slice.links).map(|link| link.fact.id).collect();
    let is_told = |fact: &&Fact| {
        let kind = &fact.kind;
        matches!(kind, FactKind::UserStep(_) | FactKind::FaultStart(_) | FactKind::FaultEnd(_))
            || matches!(kind, FactKind::RunEnd(_) | FactKind::MegolmEncrypted { .. })
    };
    let first = facts.iter().filter(is_told).chain(facts);
    for fact in first {
        if chosen.len() >= limit {
            break;
        }
        chosen.insert(fact.id);
    }
    Some(chosen)
}

#[cfg(test)]
mod tests {
    use super::{Columns, chosen, kinds};
    use crate::report::names::Names;
    use crate::report::picture::lanes::Lanes;
    use crate::scenario::sample::room_of;
    use crate::trace::fact::{Fact, FactKind, RunEnd};
    use crate::trace::sample::{every_kind, fact_of};

    #[test]
    fn every_kind_of_fact_has_an_entry_in_every_column() {
        let mut scenario = room_of(1, 1);
        scenario.strings.intern("odd");
        let names = Names::of(&scenario);
        let facts: Vec<Fact> =
            (0..).zip(every_kind()).map(|(id, kind)| fact_of(id, u64::from(id), kind)).collect();
        let columns = Columns::of(&names, &Lanes::of(&scenario), &facts, None);
        assert_eq!(kinds().len(), facts.len());
        let columns = serde_json::to_value(&columns).unwrap();
        for (name, column) in columns.as_object().unwrap() {
            if !matches!(&**name, "tags" | "clock") {
                assert_eq!(column.as_array().unwrap().len(), facts.len(), "{name}");
            }
        }
        assert!(columns["tags"].as_array().unwrap().iter().any(|tag| tag == "m.room_key"));
    }

    #[test]
    fn of_too_many_facts_the_first_are_shown_and_what_users_do() {
        let mut facts: Vec<Fact> =
            (0..20).map(|id| fact_of(id, 0, FactKind::RunEnd(RunEnd::Quiescent))).collect();
        let crashed = FactKind::Crashed { device: crate::trace::sample::A1 };
        facts.iter_mut().for_each(|fact| fact.kind = crashed);
        facts[15].kind = FactKind::UserStep(0);
        assert_eq!(chosen(&facts, &[], 20), None);
        let shown = chosen(&facts, &[], 4).unwrap();
        assert_eq!(shown.iter().map(|id| id.raw()).collect::<Vec<_>>(), [0, 1, 2, 15]);
    }
}
