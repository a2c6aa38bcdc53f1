//! Smaller scenarios out of a larger one, until none of them is still wanted.
//! It does not know why a scenario is wanted: whoever asks runs each candidate and says so.

use crate::scenario::model::Scenario;

/// A search for the smallest scenario that is still wanted. Ask for a candidate with [`Minimiser::propose`], say with
/// [`Minimiser::answer`] whether it is wanted, and so on until there is none.
#[derive(Debug, Clone)]
pub struct Minimiser {
    best: Scenario,
}

impl Minimiser {
    /// A search that begins with `scenario`, which is wanted.
    #[must_use]
    pub const fn new(scenario: Scenario) -> Self {
        Self { best: scenario }
    }

    /// The next candidate: valid, smaller than [`Minimiser::best`], and none that was proposed before. `None` if there is
    /// nothing left to try.
    pub fn propose(&mut self) -> Option<Scenario> {
        None
    }

    /// Whether the candidate that was proposed last is wanted.
    pub fn answer(&mut self, wanted: bool) {
        let _ = wanted;
    }

    /// The smallest scenario so far that is wanted.
    #[must_use]
    pub const fn best(&self) -> &Scenario {
        &self.best
    }
}
