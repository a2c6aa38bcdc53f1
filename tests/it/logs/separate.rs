//! One log for each observer, with clocks that do not agree: ids that both sides name tell the order, and what they do not
//! tell is undecided. The traces of all scenario files are split and put together again.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use withheld::check::coverage::Coverage;
use withheld::run::logs::{Log, LogProblem, judge_logs};
use withheld::time::{SimDuration, SimTime};
use withheld::trace::fact::{Fact, FactKind, Observer};

use super::missing::contradictions;
use super::{READING, Text, Told, all, judge};

fn named(told: &Told, observer: Observer) -> Value {
    match observer {
        Observer::World => "world".into(),
        Observer::Server(server) => json!({ "server": told.scenario.servers[server.index()].name }),
        Observer::Device(device) => json!({ "device": told.scenario.device_name(device) }),
    }
}

/// A log with these facts whose header says whose they are.
fn log_of(told: &Told, observers: &[Observer], facts: &[Fact]) -> Text {
    let text = String::from_utf8(told.lines(facts.iter().copied())).unwrap();
    let (header, rest) = text.split_once('\n').unwrap();
    let mut header: Value = serde_json::from_str(header).unwrap();
    header["observes"] = observers
        .iter()
        .map(|observer| json!({ "observer": named(told, *observer), "facts": "all" }))
        .collect();
    header["faults"] = json!([]);
    Text(format!("{header}\n{rest}").into_bytes())
}

/// One log for each observer, whose clock is wrong by this for each step of its place in the list.
fn split(told: &Told, skew: SimDuration) -> Vec<Text> {
    let mut facts: BTreeMap<Observer, Vec<Fact>> = BTreeMap::new();
    for fact in &told.facts {
        facts.entry(fact.observer).or_default().push(*fact);
    }
    let late = |place: usize, at: SimTime| (0..place * 7 % 5).fold(at, |at, _| at + skew);
    facts
        .into_iter()
        .enumerate()
        .map(|(place, (observer, facts))| {
            let skewed = |fact: &Fact| Fact { at: late(place, fact.at), ..*fact };
            let facts: Vec<Fact> = facts.iter().map(skewed).collect();
            log_of(told, &[observer], &facts)
        })
        .collect()
}

#[test]
fn logs_of_single_observers_with_wrong_clocks_are_never_judged_wrong() {
    let mut complaints = BTreeSet::new();
    for told in all() {
        // Faults that begin within a run are announced by the log of the world alone, which is one of many here.
        if !told.scenario.faults.is_empty() {
            continue;
        }
        let whole = told.judged(Coverage::everything(), |_| true);
        for skew in [SimDuration::ZERO, SimDuration::from_ms(700), SimDuration::from_secs(30)] {
            let part = judge(&split(&told, skew)).outcome;
            for said in contradictions(&whole, &part) {
                complaints.insert(format!("{skew:?}: {said} ({})", told.name));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.into_iter().collect::<Vec<_>>().join("\n"));
}

fn room() -> Told {
    Told::of(
        "a room",
        r#"{
  "format": 1, "about": "A test.",
  "users": { "alice": { "devices": ["A1"] }, "bob": { "devices": ["B1"] } },
  "timeline": [{ "at": "1s", "do": "send", "from": "A1", "message": "m1" }]
}"#,
    )
}

#[test]
fn a_rule_that_ids_alone_decide_is_decided_in_separate_logs() {
    let told = room();
    let outcome = judge(&split(&told, SimDuration::ZERO)).outcome;
    let open: Vec<&str> = outcome.gaps.rules.iter().map(|open| open.rule.id()).collect();
    assert!(
        open.contains(&"K-01") && !open.contains(&"W-02") && !open.contains(&"T-06"),
        "{open:?}"
    );
    assert_eq!(
        outcome.end,
        withheld::trace::fact::RunEnd::Horizon,
        "not every log says that it rests"
    );
}

#[test]
fn two_halves_of_a_room_make_the_whole_room() {
    let told = room();
    let mut halves: [(Vec<Observer>, Vec<Fact>); 2] = Default::default();
    for fact in &told.facts {
        let half = &mut halves[usize::from(matches!(fact.observer, Observer::Device(_)))];
        if !half.0.contains(&fact.observer) {
            half.0.push(fact.observer);
        }
        half.1.push(*fact);
    }
    let end = told.facts.last().copied().unwrap();
    halves[1].1.push(end);
    let logs = halves.map(|(observers, facts)| log_of(&told, &observers, &facts));
    let judged = judge(&logs);
    let whole = told.judged(Coverage::everything(), |_| true);
    assert_eq!(judged.outcome.end, whole.end, "both say that everything came to rest");
    assert_eq!(judged.logs[0].facts + judged.logs[1].facts, told.facts.len() as u64 + 1);
    let read = |outcome: &withheld::check::outcome::Outcome| {
        outcome.verdicts.iter().map(|one| (one.message, one.device, one.leaf)).collect::<Vec<_>>()
    };
    assert_eq!(read(&judged.outcome), read(&whole));
}

#[test]
fn several_logs_must_say_what_they_record_and_must_not_contradict_each_other() {
    let told = room();
    let whole = Text(told.lines(told.facts.clone()));
    let problem = |logs: &[Text]| {
        let logs: Vec<&dyn Log> = logs.iter().map(|log| log as &dyn Log).collect();
        judge_logs(&logs, READING).err().unwrap()
    };
    let [one, other] = [log_of(&told, &[Observer::World], &told.facts[..1]), whole];
    assert!(matches!(problem(&[one, other]), LogProblem::Boundless { log: 1 }));

    // The server lists what it stored only afterwards, in the log of another observer that tells both the other way around.
    let is =
        |wanted: fn(&FactKind) -> bool| *told.facts.iter().find(|one| wanted(&one.kind)).unwrap();
    let put = is(|kind| matches!(kind, FactKind::PutTarget { .. }));
    let stored = is(|kind| matches!(kind, FactKind::Enqueued { .. }));
    let encrypted = is(|kind| matches!(kind, FactKind::MegolmEncrypted { .. }));
    let accepted = is(|kind| matches!(kind, FactKind::MessageAccepted { .. }));
    let numbered = |facts: [Fact; 2]| {
        let row = |(at, fact): (usize, Fact)| Fact {
            id: withheld::ids::FactId::at(at),
            causes: withheld::trace::fact::Causes::NONE,
            ..fact
        };
        facts.into_iter().enumerate().map(row).collect::<Vec<_>>()
    };
    let one = log_of(&told, &[put.observer], &numbered([accepted, put]));
    let other = log_of(&told, &[stored.observer], &numbered([stored, encrypted]));
    let LogProblem::Contradiction { later, earlier } = problem(&[one, other]) else {
        panic!("the logs contradict each other")
    };
    assert_eq!((later.log, later.line, earlier.log, earlier.line), (0, 2, 1, 3));
}
