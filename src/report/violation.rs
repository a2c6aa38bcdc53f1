//! Broken rules and differences from what was expected, in words.
//! It does not decide what counts; it says what does not.

use crate::check::outcome::{Outcome, Violation};
use crate::rulebook::reading::Severity;
use crate::rulebook::rule::Rule;
use crate::run::expectation::Mismatch;
use crate::run::kept::Kept;
use crate::run::twice::Divergence;
use crate::scenario::expect::ExpectedViolation;
use crate::trace::fact::Fact;

use super::names::{Names, expected, verdict};
use super::narrate;
use super::text::{count, grouped};

/// With more violations of one rule by one party than this, the rest is counted.
const SHOWN_OF_ONE_KIND: usize = 3;

/// What a rule asks for, in a few words, for the rules that are judged.
const MEANINGS: &[(Rule, &str)] = &[
    (Rule::K01, "a device that is owed the key is given it, from the first index it is owed"),
    (Rule::W01, "a device that the key is withheld from is told, if the sender reports"),
    (Rule::W02, "a notice has the type and the fields that the specification asks for"),
    (Rule::W08, "the code of a notice says why the key was withheld"),
    (Rule::W09, "one notice for each session and device, unless it is asked for"),
    (Rule::W11, "a device is not told a second time what it was told before"),
    (Rule::W20, "a notice names the session that is withheld"),
    (Rule::N01, "a device without an Olm session is told m.no_olm, if the sender reports"),
    (Rule::N02, "one m.no_olm for each device until there is an Olm session with it again"),
    (Rule::N03, "m.no_olm is not said again for another room or session"),
    (Rule::P02, "a notice is remembered and used to explain what cannot be read"),
    (Rule::P14, "a key is not replaced by one that starts later"),
    (Rule::U01, "after an undecryptable Olm message a new session is opened"),
    (Rule::U05, "the private part of a one-time key is kept until it is used"),
    (Rule::U07, "an Olm session is kept as long as it may be needed"),
    (Rule::C01, "a one-time key is handed out once"),
    (Rule::T01, "a to-device message is delivered exactly once"),
    (Rule::T11, "what a sync brought is stored before it is acknowledged"),
    (Rule::D04, "the newest answer about a device list wins"),
    (Rule::D07, "a server tells its clients when a device list changes"),
];

/// What a rule asks for, if this is known here.
fn meaning(rule: Rule) -> Option<&'static str> {
    MEANINGS.iter().find(|(known, _)| *known == rule).map(|(_, meaning)| *meaning)
}

/// Each broken rule: a line that says which, by whom and whether it counts, and under it what shows it.
pub(super) fn violations(names: &Names<'_>, outcome: &Outcome, kept: &Kept) -> Vec<String> {
    let mut lines = Vec::new();
    let mut told: Vec<(&Violation, usize)> = Vec::new();
    for violation in &outcome.violations {
        let same = |(other, _): &&mut (&Violation, usize)| {
            other.rule == violation.rule
                && other.party == violation.party
                && other.severity == violation.severity
                && other.injected == violation.injected
        };
        let number = match told.iter_mut().find(same) {
            Some((_, number)) => {
                *number += 1;
                *number
            }
            None => {
                told.push((violation, 1));
                1
            }
        };
        if number <= SHOWN_OF_ONE_KIND {
            lines.push(headline(names, violation));
            lines.extend(
                kept.among(violation.witnesses)
                    .map(|fact| format!("    at {}: {}", fact.at, narrate::clause(names, fact))),
            );
        }
    }
    for (violation, number) in told.into_iter().filter(|(_, number)| *number > SHOWN_OF_ONE_KIND) {
        let rest = count((number - SHOWN_OF_ONE_KIND) as u64, "more");
        let rest = rest.trim_end_matches('s');
        let by = names.party(violation.party);
        lines.push(format!("{rest} of {} by {by}", violation.rule.id()));
    }
    lines
}

fn headline(names: &Names<'_>, violation: &Violation) -> String {
    let mut text = format!("{} by {}", violation.rule.id(), names.party(violation.party));
    if let Some((message, device)) = violation.cell {
        text.push_str(&format!(", {} at {}", names.message(message), names.device(device)));
    }
    let counts = match (violation.injected, violation.severity) {
        (Some(fault), Severity::Violation | Severity::Warning) => {
            format!("injected by {}, counts against nobody", names.fault(fault))
        }
        (None, Severity::Violation) => "violation".to_owned(),
        (None, Severity::Warning) => "warning".to_owned(),
    };
    text.push_str(&format!(" ({counts})"));
    if let Some(meaning) = meaning(violation.rule) {
        text.push_str(&format!(": the rule is that {meaning}"));
    }
    text
}

/// One difference from what the scenario expects: what was found, what was expected.
pub(super) fn mismatch(names: &Names<'_>, mismatch: &Mismatch) -> String {
    let violation =
        |one: &ExpectedViolation| format!("{} by {}", one.rule.id(), names.party(one.party));
    match mismatch {
        Mismatch::Verdict { message, device, expected: wanted, found } => {
            let found = found.map_or_else(
                || {
                    "no verdict (the message was not accepted, or its user never was in the room)"
                        .to_owned()
                },
                |found| verdict(found.leaf, found.code),
            );
            let (message, device) = (names.message(*message), names.device(*device));
            format!("{message} at {device}: found {found}, expected {}", expected(*wanted))
        }
        Mismatch::UnexpectedViolation(found) => {
            format!("found a violation of {}, expected none", violation(found))
        }
        Mismatch::MissingViolation(expected) => {
            format!("found no violation of {}, expected one", violation(expected))
        }
        Mismatch::Notices { expected, found } => format!(
            "notices {} from {} to {}: found {}, expected {}",
            expected.code.as_str(),
            names.device(expected.sender),
            names.device(expected.recipient),
            grouped(u64::from(*found)),
            grouped(u64::from(expected.count)),
        ),
        Mismatch::Digest { expected, found } => format!(
            "digest: found {found:016x}, expected {expected:016x}; run with --bless if the change is meant"
        ),
    }
}

/// Where two runs of the same scenario were not the same.
pub(super) fn divergence(names: &Names<'_>, divergence: &Divergence) -> String {
    let told = |fact: &Option<Fact>| match fact {
        Some(fact) => {
            format!("fact {} at {}: {}", fact.id.raw(), fact.at, narrate::clause(names, fact))
        }
        None => "the end of the run".to_owned(),
    };
    if divergence.one.is_none() && divergence.other.is_none() {
        return "two runs differed, and two more did not: a client is not deterministic".to_owned();
    }
    format!(
        "two runs differ, a client is not deterministic; one had {}, the other {}",
        told(&divergence.one),
        told(&divergence.other),
    )
}

#[cfg(test)]
mod tests {
    use super::{MEANINGS, divergence, mismatch, violations};
    use crate::check::outcome::{Outcome, Violation};
    use crate::ids::{FactId, FaultId, MessageId, ServerId};
    use crate::protocol::withheld::WithheldCode;
    use crate::report::names::Names;
    use crate::rulebook::leaf::Leaf;
    use crate::rulebook::reading::{Reading, ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::run::expectation::Mismatch;
    use crate::run::kept::Kept;
    use crate::run::twice::Divergence;
    use crate::scenario::expect::{ExpectedNotices, ExpectedVerdict, ExpectedViolation};
    use crate::scenario::fault::{Fault, FaultKind, Party};
    use crate::scenario::sample::room_of;
    use crate::time::SimTime;
    use crate::trace::fact::{FactKind, RunEnd, SentContent};
    use crate::trace::sample::{A1, B1, NOTICE, TXN, fact_of};
    use crate::trace::sink::FactSink;

    const M1: MessageId = MessageId::new(0);

    fn spam(witnesses: [Option<FactId>; 3]) -> Violation {
        Violation {
            rule: Rule::W09,
            party: Party::Device(A1),
            severity: Severity::Violation,
            injected: None,
            cell: None,
            witnesses,
        }
    }

    fn tell(violations_found: Vec<Violation>) -> Vec<String> {
        let mut scenario = room_of(1, 1);
        scenario.faults.push(Fault {
            from: SimTime::ZERO,
            until: SimTime::MAX,
            kind: FaultKind::ClientOffline { device: A1 },
        });
        let outcome = Outcome {
            end: RunEnd::Quiescent,
            reading: Reading::named(ReadingName::Strict),
            verdicts: Vec::new(),
            violations: violations_found,
            notices: Vec::new(),
        };
        let mut kept = Kept::witnesses_of(&outcome);
        for number in 0..10 {
            let content = SentContent::Withheld(NOTICE);
            let kind = FactKind::PutTarget { device: A1, txn: TXN, recipient: B1, content };
            kept.record(&fact_of(number, 1_000 * u64::from(number), kind));
        }
        violations(&Names::of(&scenario), &outcome, &kept)
    }

    #[test]
    fn a_violation_is_told_with_its_rule_its_party_and_what_shows_it() {
        let witnesses = [Some(FactId::new(1)), Some(FactId::new(2)), None];
        assert_eq!(
            tell(vec![spam(witnesses)]),
            [
                "W-09 by A1 (violation): the rule is that one notice for each session and device, unless it is asked for",
                "    at 1s: A1 sent B1 m.blacklisted (t6)",
                "    at 2s: A1 sent B1 m.blacklisted (t6)",
            ]
        );
    }

    #[test]
    fn warnings_and_injected_violations_are_told_apart() {
        let warning = Violation { severity: Severity::Warning, ..spam([None; 3]) };
        let injected = Violation {
            rule: Rule::O04,
            injected: Some(FaultId::new(0)),
            cell: Some((M1, B1)),
            ..spam([None; 3])
        };
        let told = tell(vec![warning, injected]);
        assert!(told[0].starts_with("W-09 by A1 (warning): "), "{told:?}");
        assert_eq!(
            told[1],
            "O-04 by A1, m1 at B1 (injected by fault 1 (client_offline), counts against nobody)"
        );
    }

    #[test]
    fn many_violations_of_one_kind_are_counted() {
        let told = tell(vec![spam([None; 3]); 1_003]);
        assert_eq!(told.len(), 4);
        assert_eq!(told[3], "1,000 more of W-09 by A1");
    }

    #[test]
    fn the_meaning_of_each_rule_is_given_once() {
        for (position, (rule, meaning)) in MEANINGS.iter().enumerate() {
            assert!(!MEANINGS[..position].iter().any(|(other, _)| other == rule), "{rule:?}");
            assert!(meaning.chars().next().is_some_and(char::is_lowercase), "{meaning}");
        }
    }

    #[test]
    fn a_difference_says_what_was_found_and_what_was_expected() {
        let scenario = room_of(1, 1);
        let names = Names::of(&scenario);
        let delivered = ExpectedVerdict { leaf: Leaf::Delivered, code: None };
        let withheld =
            ExpectedVerdict { leaf: Leaf::Withheld, code: Some(WithheldCode::Blacklisted) };
        let cell =
            |found| Mismatch::Verdict { message: M1, device: B1, expected: delivered, found };
        let spam = ExpectedViolation { rule: Rule::W09, party: Party::Server(ServerId::new(0)) };
        let notices =
            ExpectedNotices { sender: A1, recipient: B1, code: WithheldCode::NoOlm, count: 1 };
        for (differs, words) in [
            (cell(Some(withheld)), "m1 at B1: found withheld(m.blacklisted), expected delivered"),
            (
                cell(None),
                "m1 at B1: found no verdict (the message was not accepted, or its user never was in the room), expected delivered",
            ),
            (Mismatch::UnexpectedViolation(spam), "found a violation of W-09 by s1, expected none"),
            (Mismatch::MissingViolation(spam), "found no violation of W-09 by s1, expected one"),
            (
                Mismatch::Notices { expected: notices, found: 1_200 },
                "notices m.no_olm from A1 to B1: found 1,200, expected 1",
            ),
            (
                Mismatch::Digest { expected: 1, found: 0xab },
                "digest: found 00000000000000ab, expected 0000000000000001; run with --bless if the change is meant",
            ),
        ] {
            assert_eq!(mismatch(&names, &differs), words);
        }
    }

    #[test]
    fn a_divergence_names_both_sides() {
        let scenario = room_of(1, 1);
        let names = Names::of(&scenario);
        let fact = Some(fact_of(3, 1_000, FactKind::Crashed { device: B1 }));
        assert_eq!(
            divergence(&names, &Divergence { one: fact, other: None }),
            "two runs differ, a client is not deterministic; one had fact 3 at 1s: B1 crashed, the other the end of the run"
        );
        assert_eq!(
            divergence(&names, &Divergence { one: None, other: None }),
            "two runs differed, and two more did not: a client is not deterministic"
        );
    }
}
