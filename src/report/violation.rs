//! Broken rules in words.
//! It does not decide what counts; it says what does not.

use crate::check::outcome::{Outcome, Violation};
use crate::ids::FaultId;
use crate::rulebook::reading::Severity;
use crate::rulebook::rule::Rule;
use crate::run::kept::Kept;
use crate::scenario::fault::Party;
use crate::trace::fact::Fact;

use super::names::Names;
use super::narrate;
use super::text::grouped;

/// Of violations of one rule by one party so many are told; the rest is counted.
const SHOWN_OF_ONE_KIND: usize = 3;

/// What is the same in all violations that are told together.
type Kind = (Rule, Party, Severity, Option<FaultId>);

/// Each rule that a party broke: a line that says which, by whom, how often and whether it counts, and under it the facts that
/// show it. Of repetitions only the last fact is told, and only of the first few.
pub(super) fn violations(names: &Names<'_>, outcome: &Outcome, kept: &Kept) -> Vec<String> {
    let told = |fact: &Fact| format!("at {}: {}", fact.at, narrate::clause(names, fact));
    let shown = |one: &Violation| kept.among(one.witnesses).map(told).collect();
    told_by(names, &outcome.violations, (&shown, &|fault| names.fault(fault)))
}

/// The facts that show a violation, a line each.
type Shown<'a> = &'a dyn Fn(&Violation) -> Vec<String>;
/// An announced fault by its name.
type FaultName<'a> = &'a dyn Fn(FaultId) -> String;

/// As [`violations`], where `shown` tells the facts that show one, and `fault` names announced faults.
pub(super) fn told_by(
    names: &Names<'_>,
    violations: &[Violation],
    (shown, fault): (Shown<'_>, FaultName<'_>),
) -> Vec<String> {
    let mut kinds: Vec<(Kind, Vec<&Violation>)> = Vec::new();
    for one in violations {
        let kind = (one.rule, one.party, one.severity, one.injected);
        match kinds.iter_mut().find(|(other, _)| *other == kind) {
            Some((_, same)) => same.push(one),
            None => kinds.push((kind, vec![one])),
        }
    }
    let mut lines = Vec::new();
    for (kind, same) in &kinds {
        lines.push(headline(names, *kind, same, fault));
        for (position, one) in same.iter().take(SHOWN_OF_ONE_KIND).enumerate() {
            let facts = shown(one);
            match position {
                0 => lines.extend(facts.iter().map(|fact| format!("    {fact}"))),
                _ => lines.extend(facts.last().map(|fact| format!("    again {fact}"))),
            }
        }
        if same.len() > SHOWN_OF_ONE_KIND {
            let more = grouped((same.len() - SHOWN_OF_ONE_KIND) as u64);
            lines.push(format!("    and {more} more"));
        }
    }
    lines
}

/// One violation in a line: the rule, who broke it, where that shows, and whether it counts.
pub(super) fn one(names: &Names<'_>, violation: &Violation) -> String {
    let Violation { rule, party, severity, injected, .. } = *violation;
    headline(names, (rule, party, severity, injected), &[violation], &|fault| names.fault(fault))
}

fn headline(
    names: &Names<'_>,
    (rule, party, severity, injected): Kind,
    same: &[&Violation],
    name: &dyn Fn(FaultId) -> String,
) -> String {
    let mut text = format!("{} by {}", rule.id(), names.party(party));
    if let [Violation { cell: Some((message, device)), .. }] = same {
        text.push_str(&format!(", {} at {}", names.message(*message), names.device(*device)));
    }
    let counts = match (injected, severity) {
        (Some(fault), Severity::Violation | Severity::Warning) => {
            format!("injected by {}, counts against nobody", name(fault))
        }
        (None, Severity::Violation) => "violation".to_owned(),
        (None, Severity::Warning) => "warning".to_owned(),
    };
    let times = match same.len() {
        1 => String::new(),
        more => format!(", {} times", grouped(more as u64)),
    };
    text.push_str(&format!(" ({counts}{times}); the rule: {}", rule.text()));
    text
}

#[cfg(test)]
mod tests {
    use super::violations;
    use crate::check::outcome::{Outcome, Violation};
    use crate::ids::{FactId, FaultId, MessageId};
    use crate::report::names::Names;
    use crate::rulebook::reading::Severity;
    use crate::rulebook::rule::Rule;
    use crate::run::kept::Kept;
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
        let outcome = Outcome { violations: violations_found, ..Outcome::empty(RunEnd::Quiescent) };
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
                "W-09 by A1 (violation); the rule: a sender tells a device once that a session is withheld, unless the device asks",
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
        assert!(told[0].starts_with("W-09 by A1 (warning); "), "{told:?}");
        assert_eq!(
            told[1],
            "O-04 by A1, m1 at B1 (injected by fault 1 (client_offline), counts against nobody); the rule: a sender that does not report to a target sends it no notice"
        );
    }

    #[test]
    fn many_violations_of_one_kind_are_counted() {
        let witnesses = [Some(FactId::new(1)), Some(FactId::new(2)), None];
        let told = tell(vec![spam(witnesses); 1_003]);
        assert_eq!(
            told,
            [
                "W-09 by A1 (violation, 1,003 times); the rule: a sender tells a device once that a session is withheld, unless the device asks",
                "    at 1s: A1 sent B1 m.blacklisted (t6)",
                "    at 2s: A1 sent B1 m.blacklisted (t6)",
                "    again at 2s: A1 sent B1 m.blacklisted (t6)",
                "    again at 2s: A1 sent B1 m.blacklisted (t6)",
                "    and 1,000 more",
            ]
        );
    }
}
