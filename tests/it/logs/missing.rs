//! Facts that were not recorded: what rests on them is listed as undecided, and nothing is found that the whole log does not
//! show. Kinds of fact are taken out of the traces of all scenario files, everywhere and of one observer at a time.

use std::collections::BTreeSet;

use withheld::check::coverage::Coverage;
use withheld::check::outcome::Outcome;
use withheld::rulebook::leaf::Leaf;
use withheld::rulebook::rule::Rule;
use withheld::scenario::fault::Party;
use withheld::trace::fact::Observer;
use withheld::trace::kind::{Kind, Kinds};
use withheld::trace::recorded::Recorded;

use super::{Told, all};

/// Everybody who could observe something.
fn observers(told: &Told) -> Vec<Observer> {
    let servers = (0..told.scenario.servers.len()).map(withheld::ids::ServerId::at);
    let devices = (0..told.scenario.devices.len()).map(withheld::ids::DeviceId::at);
    let all = servers.map(Observer::Server).chain(devices.map(Observer::Device));
    all.chain([Observer::World]).collect()
}

/// What of one judgement the other contradicts, as sentences.
pub(super) fn contradictions(whole: &Outcome, part: &Outcome) -> Vec<String> {
    let counted = |outcome: &Outcome| -> BTreeSet<(Rule, Party)> {
        outcome.counted().map(|one| (one.rule, one.party)).collect()
    };
    let mut said = Vec::new();
    let (all, some) = (counted(whole), counted(part));
    for (rule, party) in some.difference(&all) {
        said.push(format!("{} by {party:?} is found only where facts are missing", rule.id()));
    }
    for (rule, party) in all.difference(&some) {
        let mut listed = part.gaps.rules.iter();
        if !listed.any(|open| open.rule == *rule && open.parties.contains(party)) {
            said.push(format!("{} by {party:?} is silently held", rule.id()));
        }
    }
    for cell in &part.verdicts {
        let same = |other: &&_| {
            let other: &&withheld::check::outcome::Verdict = other;
            (other.message, other.device) == (cell.message, cell.device)
        };
        let full = whole.verdicts.iter().find(same);
        if cell.leaf != Leaf::Pending && full.is_none_or(|full| full.leaf != cell.leaf) {
            said.push(format!("{cell:?} where the whole log says {full:?}"));
        }
    }
    if *whole.verdicts != *part.verdicts && !part.is_inconclusive() {
        said.push("verdicts are missing, and nothing is said of that".to_owned());
    }
    said
}

/// The judgement without these kinds of fact of these observers.
fn without(told: &Told, kinds: Kinds, of: &[Observer]) -> Outcome {
    let recorded: Vec<Recorded> = observers(told)
        .into_iter()
        .map(|observer| {
            let kept = if of.contains(&observer) { Kinds::ALL.without(kinds) } else { Kinds::ALL };
            Recorded { observer, kinds: kept }
        })
        .collect();
    let coverage = Coverage::of(&told.cast(), &[Some(&recorded[..])]);
    told.judged(coverage, |fact| {
        !(kinds.contains(Kind::of(&fact.kind)) && of.contains(&fact.observer))
    })
}

#[test]
fn a_kind_of_fact_that_nobody_recorded_makes_nothing_wrong() {
    let mut complaints = BTreeSet::new();
    for told in all() {
        let whole = told.judged(Coverage::everything(), |_| true);
        let everybody = observers(&told);
        for kind in Kind::ALL {
            let part = without(&told, Kinds::of(&[*kind]), &everybody);
            for said in contradictions(&whole, &part) {
                complaints.insert(format!("without {}: {said} ({})", kind.as_str(), told.name));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn what_one_observer_did_not_record_makes_nothing_wrong() {
    let mut complaints = BTreeSet::new();
    for told in all() {
        let whole = told.judged(Coverage::everything(), |_| true);
        let pairs: BTreeSet<(Observer, Kind)> =
            told.facts.iter().map(|fact| (fact.observer, Kind::of(&fact.kind))).collect();
        let alone = pairs.iter().map(|(observer, kind)| (*observer, Kinds::of(&[*kind])));
        let silent = observers(&told).into_iter().map(|observer| (observer, Kinds::ALL));
        for (observer, kinds) in alone.chain(silent) {
            let part = without(&told, kinds, &[observer]);
            for said in contradictions(&whole, &part) {
                let kinds: Vec<&str> = kinds.iter().map(Kind::as_str).collect();
                let kinds = if kinds.len() == 1 { kinds[0] } else { "everything" };
                complaints
                    .insert(format!("without {kinds} of {observer:?}: {said} ({})", told.name));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_log_that_hides_what_it_leaves_out_is_judged_wrong() {
    // So the tests above can fail: what is not known to be missing is taken for not having happened.
    let mut wrong = BTreeSet::new();
    for told in all() {
        let whole = told.judged(Coverage::everything(), |_| true);
        for kind in Kind::ALL {
            let part = told.judged(Coverage::everything(), |fact| Kind::of(&fact.kind) != *kind);
            if !contradictions(&whole, &part).is_empty() {
                wrong.insert(*kind);
            }
        }
    }
    assert!(wrong.len() > 20, "{wrong:?}");
    for kind in [Kind::PutTarget, Kind::OlmNew, Kind::Processed, Kind::Member, Kind::FaultStart] {
        assert!(wrong.contains(&kind), "{kind:?}");
    }
}

#[test]
fn every_rule_that_was_broken_in_a_scenario_says_what_it_needs() {
    let mut seen = BTreeSet::new();
    for told in all() {
        let outcome = told.judged(Coverage::everything(), |_| true);
        seen.extend(outcome.violations.iter().map(|one| one.rule));
        seen.extend(Rule::ALL.iter().copied().filter(|rule| outcome.marks.of(*rule) > 0));
    }
    assert!(seen.len() > 5);
    for rule in seen {
        assert!(withheld::check::needs::of(rule).is_some(), "{}", rule.id());
    }
}

#[test]
fn the_judgement_of_a_log_that_leaves_nothing_out_has_no_gaps() {
    for told in all().iter().step_by(7) {
        let part = without(told, Kinds::NONE, &[]);
        assert!(part.gaps.is_empty(), "{}: {:?}", told.name, part.gaps);
    }
}
