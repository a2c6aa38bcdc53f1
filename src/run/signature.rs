//! What makes two failures the same: the rule, who broke it, what became of the message, and what kinds of things led there.
//! It does not know which runs are compared.

use std::collections::BTreeSet;

use crate::rulebook::leaf::Leaf;
use crate::rulebook::rule::Rule;

/// What is wrong with a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature {
    /// The rule that was broken.
    pub rule: Rule,
    /// Who broke it.
    pub party: PartyKind,
    /// What became of the message at the device that the violation is about, where it is about one.
    pub leaf: Option<Leaf>,
    /// The kinds of faults, habits and steps in the slice of the violation, by their names in files.
    pub kinds: BTreeSet<String>,
}

/// What kind of a party it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartyKind {
    /// A device.
    Device,
    /// A homeserver.
    Server,
    /// Nobody in particular.
    World,
}
