//! What is not as it should be with a run itself, in words: differences from what was expected, and from a second run.
//! It does not judge; it says what was found and what was expected.

use std::collections::BTreeMap;

use crate::ids::{DeviceId, MessageId};
use crate::run::expectation::Mismatch;
use crate::run::twice::Divergence;
use crate::scenario::expect::{ExpectedVerdict, ExpectedViolation};
use crate::trace::fact::Fact;

use super::blocks::blocks;
use super::names::{Names, expected, verdict};
use super::narrate;
use super::text::grouped;
use super::words::Word;

/// Cells with what was expected of them and what was found.
type Cells = BTreeMap<(String, String), Vec<(MessageId, DeviceId, ())>>;

/// All differences from what the scenario expects, cells with the same difference together, in front of the others.
pub(super) fn differences(names: &Names<'_>, mismatches: &[Mismatch]) -> Vec<String> {
    let mut cells = Cells::new();
    let mut others = Vec::new();
    for one in mismatches {
        if let Mismatch::Verdict { message, device, expected: wanted, found } = one {
            let key = (found_verdict(*found), expected(*wanted));
            cells.entry(key).or_default().push((*message, *device, ()));
        } else {
            others.push(difference(names, one));
        }
    }
    let mut lines = Vec::new();
    for ((found, wanted), cells) in cells {
        for block in blocks(&cells) {
            lines.push(format!(
                "{} at {}: found {found}, expected {wanted}{}",
                block.messages(names),
                block.devices(names),
                block.remark(),
            ));
        }
    }
    lines.extend(others);
    lines
}

fn found_verdict(found: Option<ExpectedVerdict>) -> String {
    found.map_or_else(
        || {
            "no verdict (the message was not accepted, or its user never was in the room)"
                .to_owned()
        },
        |found| verdict(found.leaf, found.code),
    )
}

/// One difference from what the scenario expects: what was found, what was expected.
pub(super) fn difference(names: &Names<'_>, mismatch: &Mismatch) -> String {
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
        Mismatch::UnexpectedUnsent(unsent) => {
            format!("{}; expected it to be sent", unsent.word(names))
        }
        Mismatch::MissingUnsent(message) => {
            format!("{} was sent, expected it not to be", names.message(*message))
        }
        Mismatch::NotReached(rule) => format!(
            "{} was never put to the test, expected an occasion for it: the file is stale, and shows nothing about the rule any more",
            rule.id()
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
    use super::{difference, differences, divergence};
    use crate::check::outcome::{NotSent, Unsent};
    use crate::ids::{DeviceId, MessageId, ServerId};
    use crate::protocol::withheld::WithheldCode;
    use crate::report::names::Names;
    use crate::rulebook::leaf::Leaf;
    use crate::rulebook::rule::Rule;
    use crate::run::expectation::Mismatch;
    use crate::run::twice::Divergence;
    use crate::scenario::expect::{ExpectedNotices, ExpectedVerdict, ExpectedViolation};
    use crate::scenario::fault::Party;
    use crate::scenario::sample::room_of;
    use crate::time::SimTime;
    use crate::trace::fact::{FactKind, Refusal};
    use crate::trace::sample::{A1, B1, ROOM, fact_of};

    const M1: MessageId = MessageId::new(0);
    const DELIVERED: ExpectedVerdict = ExpectedVerdict { leaf: Leaf::Delivered, code: None };
    const WEDGED: ExpectedVerdict = ExpectedVerdict { leaf: Leaf::Wedged, code: None };

    fn cell(message: usize, device: usize, found: ExpectedVerdict) -> Mismatch {
        let (message, device) = (MessageId::at(message - 1), DeviceId::at(device));
        Mismatch::Verdict { message, device, expected: DELIVERED, found: Some(found) }
    }

    #[test]
    fn cells_with_the_same_difference_are_told_together() {
        let scenario = room_of(40, 40);
        let names = Names::of(&scenario);
        let mut found: Vec<Mismatch> = (1..=40).map(|message| cell(message, 1, WEDGED)).collect();
        found.push(cell(1, 2, ExpectedVerdict { leaf: Leaf::Gone, code: None }));
        let spam = ExpectedViolation { rule: Rule::W09, party: Party::Device(A1) };
        found.insert(0, Mismatch::UnexpectedViolation(spam));
        assert_eq!(
            differences(&names, &found),
            [
                "m1 at B2: found gone, expected delivered",
                "m1, m2, m3 and 37 more at B1: found wedged, expected delivered",
                "found a violation of W-09 by A1, expected none",
            ]
        );
        let triangle = (1..=40).flat_map(|one| (1..=one).map(move |two| cell(one, two, WEDGED)));
        assert_eq!(
            differences(&names, &triangle.collect::<Vec<_>>()),
            [
                "some of m1, m2, m3 and 37 more at B1, B2, B3 and 37 more: found wedged, expected delivered (820 cells)"
            ]
        );
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
                Mismatch::UnexpectedUnsent(Unsent {
                    message: M1,
                    device: A1,
                    room: ROOM,
                    why: NotSent::Refused(Refusal::NotInRoom, SimTime::from_ms(30_000)),
                }),
                "A1 did not send m1 at 30s: its user is not in the room; expected it to be sent",
            ),
            (Mismatch::MissingUnsent(M1), "m1 was sent, expected it not to be"),
            (
                Mismatch::NotReached(Rule::W09),
                "W-09 was never put to the test, expected an occasion for it: the file is stale, and shows nothing about the rule any more",
            ),
            (
                Mismatch::Digest { expected: 1, found: 0xab },
                "digest: found 00000000000000ab, expected 0000000000000001; run with --bless if the change is meant",
            ),
        ] {
            assert_eq!(difference(&names, &differs), words);
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
