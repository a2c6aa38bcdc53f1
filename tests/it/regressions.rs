//! Rooms about which judge and client once disagreed: by the rules that they are about nobody in them is blamed any more, not even by a
//! warning, which a file cannot expect. Why they are there stands in each of them and is not known here.

use std::fs;

use withheld::generate::plan::Subject;
use withheld::run::clients::{InWorld, References};
use withheld::run::judged::{Judging, run_one};
use withheld::scenario::expect::ExpectedViolation;
use withheld::scenario::file;
use withheld::scenario::limits::Limits;

use crate::room::files;

#[test]
fn nobody_is_warned_where_judge_and_client_agree_by_now() {
    let mut blamed = Vec::new();
    let mut rooms = 0;
    for path in files("regressions") {
        let scenario = file::read_bytes(&fs::read(&path).unwrap(), &Limits::FILES).unwrap();
        let judging = Judging::STRICT;
        let report = run_one(&InWorld(References), &scenario, judging, &mut ());
        rooms += 1;
        for found in report.outcome.violations {
            let expected = ExpectedViolation { rule: found.rule, party: found.party };
            let counts = found.injected.is_none()
                && scenario.rules.contains(&found.rule)
                && Subject::Specification.is_on_trial(&scenario, found.party)
                && !scenario.expect.violations.contains(&expected);
            if counts {
                blamed.push(format!("{}: {}", path.display(), found.rule.id()));
            }
        }
    }
    assert!(rooms > 40, "the rooms are there");
    assert_eq!(blamed, Vec::<String>::new());
}
