//! How a judge of facts comes to a decision about a rule.
//! It does not know the judges.

use crate::rulebook::rule::Rule;

/// How a rule is decided by somebody who sees facts and the cast, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Judgement {
    /// At the fact that breaks it.
    AtTheFacts,
    /// In part at least only when nothing more can come: something is missing then that had to come.
    AtRest,
    /// With the verdicts on messages and devices: what became of a key, and whose doing it was.
    InVerdicts,
    /// Not by itself: whoever breaks it breaks one of these, which are judged.
    Through(&'static [Rule]),
    /// It allows something, or says that nothing is asked for, and can raise nothing.
    Permits,
    /// Not at all, for this reason: no fact can show a breach.
    Undecidable(&'static str),
}

impl Judgement {
    /// Whether facts can show a breach of the rule itself.
    #[must_use]
    pub const fn is_judged(self) -> bool {
        match self {
            Self::AtTheFacts | Self::AtRest | Self::InVerdicts => true,
            Self::Through(_) | Self::Permits | Self::Undecidable(_) => false,
        }
    }
}
