//! The page on readings lists what a breach of each rule is worth as the rule book has it.
//! It does not know why; the rule book does.

use withheld::rulebook::reading::{Reading, ReadingName, Severity};
use withheld::rulebook::rule::Rule;

fn listed(such: impl Fn(Severity, Severity) -> bool) -> String {
    let of = |name, rule| Reading::named(name).severity(rule);
    let judged = Rule::ALL.iter().filter(|rule| rule.judgement().is_judged());
    let fit = judged
        .filter(|rule| such(of(ReadingName::Strict, **rule), of(ReadingName::Lenient, **rule)));
    let ids: Vec<&str> = fit.map(|rule| rule.id()).collect();
    ids.join(", ")
}

#[test]
fn the_page_says_what_a_breach_is_worth_in_each_reading() {
    let mild = listed(|strict, _| strict == Severity::Warning);
    let milder = listed(|strict, lenient| strict > lenient);
    let expected = format!(
        "* Warnings in every reading: {mild}.\n* Violations in `strict` and `draft`, warnings in `lenient`: {milder}.\n"
    );
    let page = include_str!("../../docs/readings.md");
    assert!(page.ends_with(&expected), "expected at the end of docs/readings.md:\n{expected}");
}
