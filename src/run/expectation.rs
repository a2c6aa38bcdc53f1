//! What a scenario expects, held against what a run was judged to be: the list of what is not exactly so.
//! It does not know how a run came about, nor how a difference is shown.

use std::collections::BTreeMap;

use crate::check::outcome::{NotSent, Outcome, Unsent, Verdict};
use crate::ids::{DeviceId, MessageId};
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::reading::ReadingName;
use crate::rulebook::rule::Rule;
use crate::scenario::expect::{Expectations, ExpectedNotices, ExpectedVerdict, ExpectedViolation};
use crate::trace::fact::RunEnd;

/// One thing that is not as the scenario expects it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// A cell has another verdict than expected.
    Verdict {
        /// The message.
        message: MessageId,
        /// The device.
        device: DeviceId,
        /// The verdict that was expected.
        expected: ExpectedVerdict,
        /// The verdict that was found; `None` if the table has no such cell, because the message was never accepted or
        /// the device's user was never in its room.
        found: Option<ExpectedVerdict>,
    },
    /// A violation that counts was found and not expected.
    UnexpectedViolation(ExpectedViolation),
    /// A violation was expected and not found.
    MissingViolation(ExpectedViolation),
    /// Another number of notices than expected went from one device to another.
    Notices {
        /// The expected line; its count is 0 for notices that the scenario does not list.
        expected: ExpectedNotices,
        /// How many went.
        found: u32,
    },
    /// A message was not sent, and that was not expected.
    UnexpectedUnsent(Unsent),
    /// A message was expected not to be sent, and a server accepted it.
    MissingUnsent(MessageId),
    /// The condition of a rule was never met, though the scenario is kept to meet it.
    NotReached(Rule),
    /// The run has another digest than the scenario carries.
    Digest {
        /// The one in the scenario.
        expected: u64,
        /// The one of the run.
        found: u64,
    },
}

/// Compares a run with what its scenario expects. The digest is compared only if `locked` gives the run's.
///
/// Expectations are written for the `strict` reading. Under another one the verdicts, the notices and what is missing
/// are not compared; a violation that the scenario did not expect is a difference under every reading.
#[must_use]
pub fn compare(expect: &Expectations, outcome: &Outcome, locked: Option<u64>) -> Vec<Mismatch> {
    let mut found = unexpected_violations(expect, outcome);
    match outcome.reading.name {
        ReadingName::Strict => {
            found.extend(missing_violations(expect, outcome));
            found.extend(verdicts(expect, outcome));
            found.extend(notices(expect, outcome));
            found.extend(unsent(expect, outcome));
            let is_missed = |rule: &Rule| outcome.marks.of(*rule) == 0;
            let missed = expect.reaches.iter().copied().filter(is_missed);
            found.extend(missed.map(Mismatch::NotReached));
            if let (Some(expected), Some(digest)) = (expect.digest, locked)
                && expected != digest
            {
                found.push(Mismatch::Digest { expected, found: digest });
            }
        }
        ReadingName::Lenient | ReadingName::Draft => {}
    }
    found
}

/// Whether a verdict is what is expected; an expected verdict without a code takes any.
fn fits(expected: ExpectedVerdict, verdict: &Verdict) -> bool {
    expected.leaf == verdict.leaf && (expected.code.is_none() || expected.code == verdict.code)
}

/// What the scenario expects of each cell that it names.
fn named_cells(expect: &Expectations) -> BTreeMap<(MessageId, DeviceId), ExpectedVerdict> {
    expect.cells.iter().map(|cell| ((cell.message, cell.device), cell.verdict)).collect()
}

/// What the scenario expects of the cell of a verdict, if anything.
pub(super) fn expected_of(
    expect: &Expectations,
) -> impl Fn(&Verdict) -> Option<ExpectedVerdict> + use<> {
    let cells = named_cells(expect);
    let others = expect.others;
    move |verdict| cells.get(&(verdict.message, verdict.device)).copied().or(others)
}

fn verdicts(expect: &Expectations, outcome: &Outcome) -> Vec<Mismatch> {
    let mut absent = named_cells(expect);
    let expected_of = expected_of(expect);
    let mut found = Vec::new();
    for verdict in &outcome.verdicts {
        let (message, device) = (verdict.message, verdict.device);
        absent.remove(&(message, device));
        if let Some(expected) = expected_of(verdict)
            && !fits(expected, verdict)
        {
            let is = ExpectedVerdict { leaf: verdict.leaf, code: verdict.code };
            found.push(Mismatch::Verdict { message, device, expected, found: Some(is) });
        }
    }
    found.extend(absent.into_iter().map(|((message, device), expected)| Mismatch::Verdict {
        message,
        device,
        expected,
        found: None,
    }));
    found
}

/// The violations that count, as a set in the order in which they were found.
fn counted(outcome: &Outcome) -> Vec<ExpectedViolation> {
    let mut set: Vec<ExpectedViolation> = Vec::new();
    for violation in outcome.counted() {
        let entry = ExpectedViolation { rule: violation.rule, party: violation.party };
        if !set.contains(&entry) {
            set.push(entry);
        }
    }
    set
}

fn unexpected_violations(expect: &Expectations, outcome: &Outcome) -> Vec<Mismatch> {
    let unexpected = counted(outcome).into_iter().filter(|one| !expect.violations.contains(one));
    unexpected.map(Mismatch::UnexpectedViolation).collect()
}

fn missing_violations(expect: &Expectations, outcome: &Outcome) -> Vec<Mismatch> {
    let counted = counted(outcome);
    let missing = expect.violations.iter().copied().filter(|one| !counted.contains(one));
    missing.map(Mismatch::MissingViolation).collect()
}

fn notices(expect: &Expectations, outcome: &Outcome) -> Vec<Mismatch> {
    type Line = (DeviceId, DeviceId, WithheldCode);
    let mut lines: BTreeMap<Line, (Option<u32>, u32)> = BTreeMap::new();
    for one in &expect.notices {
        lines.entry((one.sender, one.recipient, one.code)).or_default().0 = Some(one.count);
    }
    for one in &outcome.notices {
        lines.entry((one.sender, one.recipient, one.code)).or_default().1 += one.count;
    }
    let mut differ = Vec::new();
    for ((sender, recipient, code), (expected, found)) in lines {
        let count = match expected {
            Some(count) => count,
            None if expect.only_these_notices => 0,
            None => continue,
        };
        if count != found {
            let expected = ExpectedNotices { sender, recipient, code, count };
            differ.push(Mismatch::Notices { expected, found });
        }
    }
    differ
}

/// Whether nothing more could have come of a message: one that waits when a run is cut may still be sent.
pub(super) fn is_decided(unsent: &Unsent, end: RunEnd) -> bool {
    end == RunEnd::Quiescent || unsent.why != NotSent::Waiting
}

fn unsent(expect: &Expectations, outcome: &Outcome) -> Vec<Mismatch> {
    let Some(listed) = &expect.unsent else { return Vec::new() };
    let unexpected = outcome
        .unsent
        .iter()
        .filter(|one| is_decided(one, outcome.end) && !listed.contains(&one.message))
        .map(|one| Mismatch::UnexpectedUnsent(*one));
    let was_sent = |message: &MessageId| outcome.unsent.iter().all(|one| one.message != *message);
    let missing = listed.iter().copied().filter(was_sent).map(Mismatch::MissingUnsent);
    unexpected.chain(missing).collect()
}

#[cfg(test)]
mod tests {
    use super::{Mismatch, compare};
    use crate::check::outcome::{NotSent, NoticeCount, Outcome, Unsent, Verdict, Violation};
    use crate::ids::{DeviceId, FaultId, MessageId, RoomId};
    use crate::protocol::withheld::WithheldCode;
    use crate::rulebook::leaf::Leaf;
    use crate::rulebook::reading::{Reading, ReadingName, Severity};
    use crate::rulebook::rule::Rule;
    use crate::scenario::expect::{
        Expectations, ExpectedCell, ExpectedNotices, ExpectedVerdict, ExpectedViolation,
    };
    use crate::scenario::fault::Party;
    use crate::time::SimTime;
    use crate::trace::fact::{Refusal, RunEnd};

    const A1: DeviceId = DeviceId::new(0);
    const B1: DeviceId = DeviceId::new(1);
    const B2: DeviceId = DeviceId::new(2);
    const M1: MessageId = MessageId::new(0);
    const DELIVERED: ExpectedVerdict = ExpectedVerdict { leaf: Leaf::Delivered, code: None };
    const BLACKLISTED: ExpectedVerdict =
        ExpectedVerdict { leaf: Leaf::Withheld, code: Some(WithheldCode::Blacklisted) };
    const SPAM: ExpectedViolation = ExpectedViolation { rule: Rule::W09, party: Party::Device(A1) };

    fn verdict(device: DeviceId, is: ExpectedVerdict) -> Verdict {
        let (leaf, code) = (is.leaf, is.code);
        Verdict { message: M1, device, leaf, code, party: None, witnesses: [None; 3] }
    }

    fn spam(severity: Severity, injected: Option<FaultId>) -> Violation {
        let ExpectedViolation { rule, party } = SPAM;
        Violation { rule, party, severity, injected, cell: None, witnesses: [None; 3] }
    }

    /// B1 was told `m.blacklisted` once, B2 can read.
    fn outcome(name: ReadingName) -> Outcome {
        Outcome {
            reading: Reading::named(name),
            verdicts: vec![verdict(B1, BLACKLISTED), verdict(B2, DELIVERED)],
            notices: vec![NoticeCount {
                sender: A1,
                recipient: B1,
                code: WithheldCode::Blacklisted,
                count: 1,
            }],
            ..Outcome::empty(RunEnd::Quiescent)
        }
    }

    fn expect_cell(device: DeviceId, verdict: ExpectedVerdict) -> Expectations {
        let cells = vec![ExpectedCell { message: M1, device, verdict }];
        Expectations { cells, ..Expectations::default() }
    }

    fn strict(expect: &Expectations) -> Vec<Mismatch> {
        compare(expect, &outcome(ReadingName::Strict), None)
    }

    #[test]
    fn nothing_expected_is_nothing_to_differ_from() {
        assert_eq!(strict(&Expectations::default()), []);
    }

    #[test]
    fn named_cells_and_all_others_hold_exactly() {
        let mut expect = expect_cell(B1, BLACKLISTED);
        expect.others = Some(DELIVERED);
        assert_eq!(strict(&expect), []);
        expect.others = Some(BLACKLISTED);
        let differs = Mismatch::Verdict {
            message: M1,
            device: B2,
            expected: BLACKLISTED,
            found: Some(DELIVERED),
        };
        assert_eq!(strict(&expect), [differs]);
    }

    #[test]
    fn a_verdict_with_another_code_differs_and_one_without_a_code_takes_any() {
        let any = ExpectedVerdict { code: None, ..BLACKLISTED };
        assert_eq!(strict(&expect_cell(B1, any)), []);
        let other = ExpectedVerdict { code: Some(WithheldCode::Unverified), ..BLACKLISTED };
        assert_eq!(strict(&expect_cell(B1, other)).len(), 1);
    }

    #[test]
    fn an_expected_cell_that_the_table_does_not_have_differs() {
        let differs =
            Mismatch::Verdict { message: M1, device: A1, expected: DELIVERED, found: None };
        assert_eq!(strict(&expect_cell(A1, DELIVERED)), [differs]);
    }

    #[test]
    fn a_violation_must_be_expected_and_an_expected_one_must_be_there() {
        let mut expect = Expectations::default();
        let mut run = outcome(ReadingName::Strict);
        run.violations = vec![spam(Severity::Violation, None), spam(Severity::Violation, None)];
        assert_eq!(compare(&expect, &run, None), [Mismatch::UnexpectedViolation(SPAM)]);
        expect.violations = vec![SPAM];
        assert_eq!(compare(&expect, &run, None), [], "violations are compared as a set");
        run.violations.clear();
        assert_eq!(compare(&expect, &run, None), [Mismatch::MissingViolation(SPAM)]);
    }

    #[test]
    fn warnings_and_injected_violations_are_no_violations_here() {
        let mut run = outcome(ReadingName::Strict);
        run.violations =
            vec![spam(Severity::Warning, None), spam(Severity::Violation, Some(FaultId::new(0)))];
        assert_eq!(compare(&Expectations::default(), &run, None), []);
        let expect = Expectations { violations: vec![SPAM], ..Expectations::default() };
        assert_eq!(compare(&expect, &run, None), [Mismatch::MissingViolation(SPAM)]);
    }

    fn expect_notices(count: u32, code: WithheldCode) -> Expectations {
        let notices = vec![ExpectedNotices { sender: A1, recipient: B1, code, count }];
        Expectations { notices, ..Expectations::default() }
    }

    #[test]
    fn numbers_of_notices_hold_exactly() {
        assert_eq!(strict(&expect_notices(1, WithheldCode::Blacklisted)), []);
        let two = expect_notices(2, WithheldCode::Blacklisted);
        assert_eq!(strict(&two), [Mismatch::Notices { expected: two.notices[0], found: 1 }]);
        let none_went = expect_notices(1, WithheldCode::NoOlm);
        let differs = Mismatch::Notices { expected: none_went.notices[0], found: 0 };
        assert_eq!(strict(&none_went), [differs]);
    }

    #[test]
    fn an_unlisted_notice_differs_only_where_the_list_is_complete() {
        let mut expect = Expectations { only_these_notices: true, ..Expectations::default() };
        let unlisted = expect_notices(0, WithheldCode::Blacklisted).notices[0];
        assert_eq!(strict(&expect), [Mismatch::Notices { expected: unlisted, found: 1 }]);
        expect.only_these_notices = false;
        assert_eq!(strict(&expect), []);
    }

    #[test]
    fn a_message_that_is_not_sent_must_be_expected_and_an_expected_one_must_not_be_sent() {
        let why = NotSent::Refused(Refusal::NotInRoom, SimTime::from_ms(1));
        let refused = Unsent { message: M1, device: A1, room: RoomId::new(0), why };
        let mut run = outcome(ReadingName::Strict);
        let mut expect = Expectations { unsent: Some(Vec::new()), ..Expectations::default() };
        assert_eq!(compare(&expect, &run, None), []);
        run.unsent = vec![refused];
        assert_eq!(compare(&Expectations::default(), &run, None), [], "it is not looked at");
        assert_eq!(compare(&expect, &run, None), [Mismatch::UnexpectedUnsent(refused)]);
        expect.unsent = Some(vec![M1]);
        assert_eq!(compare(&expect, &run, None), []);
        run.unsent.clear();
        assert_eq!(compare(&expect, &run, None), [Mismatch::MissingUnsent(M1)]);
    }

    #[test]
    fn a_message_that_waits_when_the_run_is_cut_does_not_differ() {
        let waiting =
            Unsent { message: M1, device: A1, room: RoomId::new(0), why: NotSent::Waiting };
        let expect = Expectations { unsent: Some(Vec::new()), ..Expectations::default() };
        let mut run = Outcome { unsent: vec![waiting], ..outcome(ReadingName::Strict) };
        assert_eq!(compare(&expect, &run, None), [Mismatch::UnexpectedUnsent(waiting)]);
        run.end = RunEnd::ActionLimit;
        assert_eq!(compare(&expect, &run, None), []);
    }

    #[test]
    fn a_rule_that_is_to_be_reached_must_be_met_once() {
        let expect =
            Expectations { reaches: vec![Rule::W09, Rule::N02], ..Expectations::default() };
        let mut run = outcome(ReadingName::Strict);
        run.marks.add(Rule::N02);
        assert_eq!(compare(&expect, &run, None), [Mismatch::NotReached(Rule::W09)]);
        run.marks.add(Rule::W09);
        assert_eq!(compare(&expect, &run, None), []);
    }

    #[test]
    fn the_digest_is_compared_under_locked_only() {
        let expect = Expectations { digest: Some(1), ..Expectations::default() };
        let run = outcome(ReadingName::Strict);
        assert_eq!(compare(&expect, &run, None), []);
        assert_eq!(compare(&expect, &run, Some(1)), []);
        assert_eq!(compare(&expect, &run, Some(2)), [Mismatch::Digest { expected: 1, found: 2 }]);
        assert_eq!(compare(&Expectations::default(), &run, Some(2)), []);
    }

    #[test]
    fn under_another_reading_only_unexpected_violations_differ() {
        let mut expect = expect_cell(B1, DELIVERED);
        expect.violations = vec![ExpectedViolation { rule: Rule::N02, ..SPAM }];
        expect.only_these_notices = true;
        expect.digest = Some(1);
        let mut run = outcome(ReadingName::Lenient);
        assert_eq!(compare(&expect, &run, Some(2)), []);
        run.violations = vec![spam(Severity::Violation, None)];
        assert_eq!(compare(&expect, &run, Some(2)), [Mismatch::UnexpectedViolation(SPAM)]);
    }
}
