//! What a run is judged to be: a verdict for every message and device, and the rules that were broken.
//! It does not know how it was found, nor how it is shown.

use crate::check::undecided::Gaps;
use crate::ids::{DeviceId, FactId, FaultId, MessageId, RoomId};
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::leaf::{Leaf, LeafClass};
use crate::rulebook::reading::{Reading, Severity};
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;
use crate::time::SimTime;
use crate::trace::fact::{Refusal, RunEnd};

/// What became of one message at one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Verdict {
    /// The message.
    pub message: MessageId,
    /// The device.
    pub device: DeviceId,
    /// The leaf of the decision tree.
    pub leaf: Leaf,
    /// The code, where a notice explains it.
    pub code: Option<WithheldCode>,
    /// Who is at fault, where the leaf is a fault.
    pub party: Option<Party>,
    /// The facts that the verdict rests on, the most telling first.
    pub witnesses: [Option<FactId>; 3],
}

/// A rule that was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// By whom.
    pub party: Party,
    /// How bad that is in this reading.
    pub severity: Severity,
    /// The fault that excuses it, if one does: then it counts against nobody.
    pub injected: Option<FaultId>,
    /// The cell of the table that it is about, where it is about one.
    pub cell: Option<(MessageId, DeviceId)>,
    /// The facts that show it, in the order of time: the last one breaks the rule.
    pub witnesses: [Option<FactId>; 3],
}

/// How many notices of one code one device sent to another (distinct transactions accepted by the sender's server).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NoticeCount {
    /// From.
    pub sender: DeviceId,
    /// To.
    pub recipient: DeviceId,
    /// The code.
    pub code: WithheldCode,
    /// How many.
    pub count: u32,
}

/// Why a message was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotSent {
    /// The device refused it and told its user so, at this time.
    Refused(Refusal, SimTime),
    /// The device stopped before it had sent it: for good, or what was waiting was gone when it started again.
    SenderStopped,
    /// It was still waiting when the run ended.
    Waiting,
}

/// A message of the timeline that no server accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Unsent {
    /// The message.
    pub message: MessageId,
    /// The device that was to send it.
    pub device: DeviceId,
    /// The room that it was for.
    pub room: RoomId,
    /// Why.
    pub why: NotSent,
}

/// How often the condition of each rule was met: a rule that was never met held for want of an occasion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    met: Box<[u64; Rule::ALL.len()]>,
}

impl Default for Marks {
    fn default() -> Self {
        Self { met: Box::new([0; Rule::ALL.len()]) }
    }
}

impl Marks {
    /// How often the condition of `rule` was met.
    #[must_use]
    pub fn of(&self, rule: Rule) -> u64 {
        self.met[rule as usize]
    }

    /// It was met once more.
    pub(crate) fn add(&mut self, rule: Rule) {
        self.met[rule as usize] += 1;
    }

    /// Adds what other runs met.
    pub fn merge(&mut self, other: &Self) {
        for (sum, more) in self.met.iter_mut().zip(other.met.iter()) {
            *sum += more;
        }
    }
}

/// Whether a device that cannot read the second probe after the heal could have been helped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WayBack {
    /// Yes: somebody did not keep this rule.
    Due(Rule),
    /// The specification leaves it at that.
    NotInTheSpecification,
}

/// A device that is owed the key of a sender's second probe and cannot read it, though nothing has been broken for hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Unhealed {
    /// The second probe.
    pub message: MessageId,
    /// The device.
    pub device: DeviceId,
    /// What became of the probe there.
    pub leaf: Leaf,
    /// Whether that need not be so.
    pub way_back: WayBack,
}

/// The judgement of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How the run ended.
    pub end: RunEnd,
    /// How ambiguous points were read.
    pub reading: Reading,
    /// One verdict for every message that was accepted and every device (but the sending one) whose user was ever a
    /// member of its room or invited to it, by message, then device.
    pub verdicts: Vec<Verdict>,
    /// Broken rules, in the order of their last witness.
    pub violations: Vec<Violation>,
    /// Notices by sender, recipient and code, ascending.
    pub notices: Vec<NoticeCount>,
    /// What had not healed by the second probes, by message, then device; empty without a heal phase, or if the run was cut.
    pub unhealed: Vec<Unhealed>,
    /// How often the condition of each rule was met.
    pub marks: Marks,
    /// What could not be decided because it was not recorded.
    pub gaps: Gaps,
    /// The messages that were never accepted, ascending: the table of verdicts has no line for them.
    pub unsent: Vec<Unsent>,
}

impl Outcome {
    /// The violations that count: not injected, and not merely warnings.
    pub fn counted(&self) -> impl Iterator<Item = &Violation> {
        self.violations.iter().filter(|violation| {
            violation.injected.is_none() && violation.severity == Severity::Violation
        })
    }

    /// A run that ended like this and of which there is nothing to say.
    #[cfg(test)]
    pub(crate) fn empty(end: RunEnd) -> Self {
        Self {
            end,
            reading: Reading::named(crate::rulebook::reading::ReadingName::Strict),
            verdicts: Vec::new(),
            violations: Vec::new(),
            notices: Vec::new(),
            unhealed: Vec::new(),
            marks: Marks::default(),
            gaps: Gaps::default(),
            unsent: Vec::new(),
        }
    }

    /// Whether something is undecided because the run was cut or something is still on its way.
    #[must_use]
    pub fn is_inconclusive(&self) -> bool {
        self.end != RunEnd::Quiescent
            || !self.gaps.is_empty()
            || self.verdicts.iter().any(|verdict| verdict.leaf == Leaf::Pending)
    }
}

impl Verdict {
    /// The class of the verdict under a reading: where a `m.no_olm` that stands is taken to explain what comes after
    /// it (A-06b), it leaves no gap.
    #[must_use]
    pub fn class(&self, reading: &Reading) -> LeafClass {
        if self.leaf == Leaf::StandingNoOlm && reading.no_olm_stands {
            LeafClass::Explained
        } else {
            self.leaf.class()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Marks;
    use crate::check::testing::{A1, B1, Story, s};
    use crate::rulebook::rule::Rule;

    #[test]
    fn marks_of_several_runs_add_up() {
        let of = |count| {
            let mut marks = Marks::default();
            (0..count).for_each(|_| marks.add(Rule::K01));
            marks
        };
        let mut sum = of(2);
        sum.merge(&of(3));
        assert_eq!((sum.of(Rule::K01), sum.of(Rule::K02)), (5, 0));
    }

    #[test]
    fn a_run_that_was_cut_is_inconclusive_though_nothing_was_on_its_way() {
        assert!(Story::begin().judge_cut().is_inconclusive());
        assert!(!Story::begin().judge().is_inconclusive());
        let mut waiting = Story::with_olm();
        let key = waiting.give((A1, B1), s(0), 0);
        waiting.message(s(0), 0, 0);
        assert!(waiting.judge().is_inconclusive(), "its key is not there yet");
        waiting.take(key);
        assert!(!waiting.judge().is_inconclusive());
    }
}
