//! The rule book against the scenario files: every rule that is judged has an occasion in some file to be kept or broken.
//! Whether a file has the occasion that it was written for is not known here.

use std::fs;

use withheld::rulebook::rule::Rule;
use withheld::run::survey::Survey;
use withheld::scenario::file;
use withheld::scenario::limits::Limits;

use crate::room::{Room, files};

/// Rules without an occasion: no client here sends a key once more under another id, without encrypting it anew, after the
/// first was accepted.
const NEVER_MET: [Rule; 1] = [Rule::T10];

#[test]
fn every_rule_that_is_judged_is_met_by_some_file() {
    let mut survey = Survey::default();
    for path in files("") {
        let bytes = fs::read(&path).expect("a scenario file can be read");
        let scenario = file::read_bytes(&bytes, &Limits::FILES).expect("a scenario file is one");
        let room = Room::run(scenario.clone());
        survey.add(&path.to_string_lossy(), &scenario, &room.outcome);
    }
    let judged = Rule::ALL.iter().filter(|rule| rule.judgement().is_judged());
    let never: Vec<Rule> = judged.copied().filter(|rule| survey.met(*rule) == 0).collect();
    assert_eq!(never, NEVER_MET);
}
