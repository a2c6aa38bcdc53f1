//! How a run stands: one word for a line of a list, one number for a shell.
//! It does not know what was expected in detail, nor how the word is printed.

use crate::check::outcome::{Outcome, Unsent};
use crate::rulebook::leaf::Leaf;
use crate::scenario::expect::Expectations;
use crate::trace::fact::RunEnd;

use super::expectation::{Mismatch, expected_of, is_decided};

/// How a run stands, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// No rule is broken but those that the scenario expects to be, and everything expected is exactly so.
    Holds,
    /// The run ended before everything was decided, and the scenario does not say that it would.
    Inconclusive,
    /// Something is not as the scenario expects it.
    Differs,
    /// A rule is broken that the scenario does not expect to be.
    Violated,
    /// Two runs of the same scenario were not the same.
    NotDeterministic,
}

impl Status {
    /// The status of a run whose differences from its scenario are `mismatches`.
    #[must_use]
    pub fn of(expect: &Expectations, outcome: &Outcome, mismatches: &[Mismatch]) -> Self {
        let violated = |one: &Mismatch| match one {
            Mismatch::UnexpectedViolation(_) => true,
            Mismatch::Verdict { .. }
            | Mismatch::MissingViolation(_)
            | Mismatch::Notices { .. }
            | Mismatch::UnexpectedUnsent(_)
            | Mismatch::MissingUnsent(_)
            | Mismatch::NotReached(_)
            | Mismatch::Digest { .. } => false,
        };
        if mismatches.iter().any(violated) {
            Self::Violated
        } else if !mismatches.is_empty() {
            Self::Differs
        } else if is_undecided(expect, outcome) {
            Self::Inconclusive
        } else {
            Self::Holds
        }
    }

    /// The word in lists and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "ok",
            Self::Inconclusive => "inconclusive",
            Self::Differs => "differs",
            Self::Violated => "violated",
            Self::NotDeterministic => "not deterministic",
        }
    }

    /// The exit code for this alone.
    #[must_use]
    pub const fn exit(self) -> Exit {
        match self {
            Self::Holds => Exit::Holds,
            Self::Inconclusive => Exit::Inconclusive,
            Self::Differs | Self::Violated => Exit::Broken,
            Self::NotDeterministic => Exit::NotDeterministic,
        }
    }
}

/// Whether something is left open that the scenario does not expect to be left open.
///
/// A scenario that expects cells to be `pending` says that its run ends too early for them: its horizon may cut the run
/// then. A run that reached its limit of actions is never decided.
fn is_undecided(expect: &Expectations, outcome: &Outcome) -> bool {
    let is_pending = |leaf: Leaf| leaf == Leaf::Pending;
    let expected_of = expected_of(expect);
    let open = outcome.verdicts.iter().any(|verdict| {
        is_pending(verdict.leaf)
            && !expected_of(verdict).is_some_and(|expected| is_pending(expected.leaf))
    });
    // Where a file lists what is not sent, a message that still waits and is not listed is open too.
    let listed = |message| expect.unsent.as_ref().is_none_or(|listed| listed.contains(&message));
    let waits = |one: &Unsent| !is_decided(one, outcome.end) && !listed(one.message);
    let open = open || outcome.unsent.iter().any(waits);
    let foreseen = expect.cells.iter().map(|cell| cell.verdict).chain(expect.others);
    match outcome.end {
        RunEnd::Quiescent => open,
        RunEnd::Horizon => open || !foreseen.into_iter().any(|one| is_pending(one.leaf)),
        RunEnd::ActionLimit => true,
    }
}

/// An exit code. The order is that of precedence: the greatest of several is the exit code of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exit {
    /// 0: everything holds.
    Holds,
    /// 2: something could not be decided.
    Inconclusive,
    /// 1: a rule is broken, or an expectation does not hold.
    Broken,
    /// 4: a client was not deterministic.
    NotDeterministic,
    /// 3: bad input or usage.
    BadInput,
}

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Holds => 0,
            Self::Broken => 1,
            Self::Inconclusive => 2,
            Self::BadInput => 3,
            Self::NotDeterministic => 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Exit, Status};
    use crate::check::outcome::{Outcome, Verdict};
    use crate::ids::{DeviceId, MessageId};
    use crate::rulebook::leaf::Leaf;
    use crate::rulebook::rule::Rule;
    use crate::run::expectation::{Mismatch, compare};
    use crate::scenario::expect::{Expectations, ExpectedCell, ExpectedVerdict, ExpectedViolation};
    use crate::scenario::fault::Party;
    use crate::trace::fact::RunEnd;

    const CELL: (MessageId, DeviceId) = (MessageId::new(0), DeviceId::new(1));

    fn outcome(end: RunEnd, leaf: Leaf) -> Outcome {
        let (message, device) = CELL;
        let witnesses = [None; 3];
        Outcome {
            verdicts: vec![Verdict { message, device, leaf, code: None, party: None, witnesses }],
            ..Outcome::empty(end)
        }
    }

    fn status(expect: &Expectations, outcome: &Outcome) -> Status {
        Status::of(expect, outcome, &compare(expect, outcome, None))
    }

    fn expecting(leaf: Leaf) -> Expectations {
        let (message, device) = CELL;
        let verdict = ExpectedVerdict { leaf, code: None };
        let cells = vec![ExpectedCell { message, device, verdict }];
        Expectations { cells, ..Expectations::default() }
    }

    #[test]
    fn a_run_that_came_to_rest_with_every_cell_decided_holds() {
        let run = outcome(RunEnd::Quiescent, Leaf::Delivered);
        assert_eq!(status(&Expectations::default(), &run), Status::Holds);
    }

    #[test]
    fn a_pending_cell_is_inconclusive_unless_it_is_expected() {
        for end in [RunEnd::Quiescent, RunEnd::Horizon] {
            let run = outcome(end, Leaf::Pending);
            assert_eq!(status(&Expectations::default(), &run), Status::Inconclusive);
            assert_eq!(status(&expecting(Leaf::Pending), &run), Status::Holds);
            assert_eq!(status(&expecting(Leaf::Delivered), &run), Status::Differs);
        }
        let others = Some(ExpectedVerdict { leaf: Leaf::Pending, code: None });
        let expect = Expectations { others, ..Expectations::default() };
        assert_eq!(status(&expect, &outcome(RunEnd::Horizon, Leaf::Pending)), Status::Holds);
    }

    #[test]
    fn a_run_that_was_cut_is_inconclusive_even_if_every_cell_is_decided() {
        let run = outcome(RunEnd::Horizon, Leaf::Delivered);
        assert_eq!(status(&expecting(Leaf::Delivered), &run), Status::Inconclusive);
        let run = outcome(RunEnd::ActionLimit, Leaf::Pending);
        assert_eq!(status(&expecting(Leaf::Pending), &run), Status::Inconclusive);
    }

    #[test]
    fn a_violation_outranks_a_difference() {
        let run = outcome(RunEnd::Quiescent, Leaf::Delivered);
        let found = ExpectedViolation { rule: Rule::W09, party: Party::World };
        let differs = Mismatch::MissingViolation(found);
        let violated = Mismatch::UnexpectedViolation(found);
        let expect = Expectations::default();
        assert_eq!(Status::of(&expect, &run, &[differs]), Status::Differs);
        assert_eq!(Status::of(&expect, &run, &[differs, violated]), Status::Violated);
    }

    #[test]
    fn of_several_exit_codes_3_comes_first_then_4_then_1_then_2() {
        let mut all =
            [Exit::Inconclusive, Exit::Holds, Exit::NotDeterministic, Exit::Broken, Exit::BadInput];
        all.sort();
        assert_eq!(all.map(Exit::code), [0, 2, 1, 4, 3]);
    }

    #[test]
    fn every_status_has_a_word_and_an_exit_code() {
        let table = [
            (Status::Holds, "ok", 0),
            (Status::Inconclusive, "inconclusive", 2),
            (Status::Differs, "differs", 1),
            (Status::Violated, "violated", 1),
            (Status::NotDeterministic, "not deterministic", 4),
        ];
        for (status, word, code) in table {
            assert_eq!((status.as_str(), status.exit().code()), (word, code));
        }
    }
}
