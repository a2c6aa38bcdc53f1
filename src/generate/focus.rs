//! What a room is about if one device or server in it is a mutant: who that is, what it does, and which scenes show it.
//! It does not know what the mutant does wrong; the rules that must catch it say enough.

use crate::ids::DeviceId;
use crate::rulebook::rule::{Actor, Rule};
use crate::scenario::mutant::Mutant;

/// What a device does in scenes that are about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It sends messages, keys and notices.
    Sends,
    /// It receives them.
    Receives,
}

/// A device that a room is about, or whose server it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Focus {
    pub(super) device: DeviceId,
    pub(super) role: Role,
    /// The mutant that it is.
    pub(super) mutant: Mutant,
}

/// The chapters of the rule book, by the letters of their rules.
pub(super) fn chapter(rule: Rule) -> char {
    rule.id().chars().next().unwrap_or(' ')
}

/// What a device does that shows this mutant.
pub(super) fn role(mutant: Mutant) -> Role {
    match mutant.caught_by().first().map(|rule| rule.actor()) {
        Some(Actor::Recipient | Actor::Server | Actor::Both) => Role::Receives,
        Some(Actor::Sender | Actor::Checker) | None => Role::Sends,
    }
}

impl Focus {
    /// How much more often a scene about these chapters is played.
    pub(super) fn weight(&self, chapters: &str) -> u32 {
        let rules = self.mutant.caught_by();
        let fits = rules.iter().filter(|rule| chapters.contains(chapter(**rule))).count();
        if fits > 0 { 12 } else { 1 }
    }
}
