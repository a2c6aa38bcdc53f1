//! The scenario files against clients that follow every rule: nobody is blamed in them but for what a file expects, not even by a
//! warning, which a file cannot expect. Why a room is there stands in its file and is not known here.

use std::fs;

use withheld::engine::choices::Seeded;
use withheld::generate;
use withheld::generate::mutate::{mutated, parent};
use withheld::generate::plan::{Plan, Subject};
use withheld::rulebook::rule::Rule;
use withheld::run::clients::{InWorld, References};
use withheld::run::judged::{Judging, run_one};
use withheld::scenario::expect::ExpectedViolation;
use withheld::scenario::file;
use withheld::scenario::limits::Limits;

use crate::room::files;

/// Whom a device asks for a key is the file's doing where a step says it.
const ASKED_BY_THE_FILE: Rule = Rule::Q04;

#[test]
fn nobody_who_follows_the_rules_is_warned_in_a_scenario_file() {
    let mut blamed = Vec::new();
    let mut rooms = 0;
    for path in files("") {
        let scenario = file::read_bytes(&fs::read(&path).unwrap(), &Limits::FILES).unwrap();
        let judging = Judging::STRICT;
        let report = run_one(&InWorld(References), &scenario, judging, &mut ());
        rooms += 1;
        for found in report.outcome.violations {
            let expected = ExpectedViolation { rule: found.rule, party: found.party };
            let counts = found.injected.is_none()
                && found.rule != ASKED_BY_THE_FILE
                && Subject::Specification.is_on_trial(&scenario, found.party)
                && !scenario.expect.violations.contains(&expected);
            if counts {
                blamed.push(format!("{}: {}", path.display(), found.rule.id()));
            }
        }
    }
    assert!(rooms > 400, "the rooms are there");
    assert_eq!(blamed, Vec::<String>::new());
}

#[test]
fn nobody_who_follows_the_rules_is_blamed_in_rooms_made_of_scenario_files() {
    let plan = Plan::default();
    let scenarios = files("")
        .into_iter()
        .map(|path| file::read_bytes(&fs::read(path).unwrap(), &Limits::FILES).unwrap());
    let parents: Vec<_> = scenarios.filter_map(|scenario| parent(&plan, &scenario)).collect();
    assert!(parents.len() > 400, "{} rooms are made of", parents.len());
    let mut blamed = Vec::new();
    for (seed, parent) in (0..).zip(&parents) {
        let donor = generate::scenario(&plan, &mut Seeded::new(seed));
        let made = mutated(&plan, parent, &donor, &mut Seeded::new(seed));
        let text = file::write(&made);
        assert_eq!(file::read(&text, &Limits::FILES).as_ref(), Ok(&made), "{text}");
        let report = run_one(&InWorld(References), &made, Judging::STRICT, &mut ());
        for found in report.outcome.violations {
            if found.injected.is_none() && plan.subject.is_on_trial(&made, found.party) {
                blamed.push(format!("{}: {text}", found.rule.id()));
            }
        }
    }
    assert_eq!(blamed, Vec::<String>::new());
}
