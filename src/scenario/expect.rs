//! What a scenario says must come out.
//! It does not know what came out.

use crate::ids::{DeviceId, MessageId};
use crate::protocol::withheld::WithheldCode;
use crate::rulebook::leaf::Leaf;
use crate::rulebook::rule::Rule;
use crate::scenario::fault::Party;

/// Everything that is expected. A run holds its expectations if each of these is exactly so.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Expectations {
    /// Verdicts of single cells of the table message x device.
    pub cells: Vec<ExpectedCell>,
    /// The verdict of every cell that is not in `cells`; if `None`, those are not looked at.
    pub others: Option<ExpectedVerdict>,
    /// The violations, as a set of (rule, party): no more and no fewer.
    pub violations: Vec<ExpectedViolation>,
    /// Numbers of notices that mailboxes received, for these lines and no others.
    pub notices: Vec<ExpectedNotices>,
    /// Whether a notice that is not in `notices` is a failure.
    pub only_these_notices: bool,
    /// The messages that are never sent, ascending: no more and no fewer; if `None`, that is not looked at.
    pub unsent: Option<Vec<MessageId>>,
    /// The rules whose conditions are met in the run, in the order of the file: one that is not would hold for want of an occasion,
    /// and the file would show nothing.
    pub reaches: Vec<Rule>,
    /// The digest of all facts.
    pub digest: Option<u64>,
}

/// The verdict expected of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExpectedCell {
    /// The message.
    pub message: MessageId,
    /// The device.
    pub device: DeviceId,
    /// The verdict.
    pub verdict: ExpectedVerdict,
}

/// A verdict by name: `delivered`, or `withheld(m.blacklisted)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExpectedVerdict {
    /// The leaf.
    pub leaf: Leaf,
    /// The code, where the leaf has one; `None` takes any.
    pub code: Option<WithheldCode>,
}

/// A violation that is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExpectedViolation {
    /// The rule.
    pub rule: Rule,
    /// Who breaks it.
    pub party: Party,
}

/// How many notices of one code went from one device to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExpectedNotices {
    /// From.
    pub sender: DeviceId,
    /// To.
    pub recipient: DeviceId,
    /// The code.
    pub code: WithheldCode,
    /// How many.
    pub count: u32,
}
