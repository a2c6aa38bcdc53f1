//! Mutants on trial: generated rooms, one after the other, until a rule that is named for the mutant is broken, and that room made
//! small. It does not know how long anything takes, nor how the result is shown.

pub mod hunt;
pub mod lanes;
pub mod small;
pub mod summary;

use std::collections::BTreeSet;

use crate::rulebook::rule::Rule;
use crate::rulebook::text::judgement::Judgement;
use crate::scenario::mutant::Mutant;

/// A mutant in one of the ways in which it may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Written {
    /// The mutant.
    pub mutant: Mutant,
    /// Which of its variants.
    pub variant: usize,
}

impl Written {
    /// All mutants in all their ways, ascending.
    #[must_use]
    pub fn all() -> Vec<Self> {
        Mutant::ALL.iter().flat_map(|mutant| Self::of(*mutant)).collect()
    }

    /// All ways to write one mutant.
    pub fn of(mutant: Mutant) -> impl Iterator<Item = Self> {
        (0..mutant.variants().len()).map(move |variant| Self { mutant, variant })
    }

    /// The setting, as `field` or `field=value`.
    #[must_use]
    pub fn setting(self) -> &'static str {
        self.mutant.variants().get(self.variant).map_or("?", |variant| variant.name)
    }

    /// The name of a file about it: `X05-no_olm_dedup-none.json`.
    #[must_use]
    pub fn file_name(self) -> String {
        format!("{}-{}.json", self.mutant.id(), self.setting().replace('=', "-"))
    }
}

/// The rules that can be seen to catch a mutant: those that are named for it, and where one of these is judged through others,
/// the others.
#[must_use]
pub fn catchers(mutant: Mutant) -> BTreeSet<Rule> {
    let judged = |rule: &Rule| match rule.judgement() {
        Judgement::Through(others) => others.to_vec(),
        Judgement::AtTheFacts
        | Judgement::AtRest
        | Judgement::InVerdicts
        | Judgement::Permits
        | Judgement::Undecidable(_) => vec![*rule],
    };
    mutant.caught_by().iter().flat_map(judged).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Written, catchers};
    use crate::scenario::mutant::Mutant;

    #[test]
    fn every_way_to_write_a_mutant_has_a_file_name_of_its_own() {
        let all = Written::all();
        assert!(all.len() > Mutant::ALL.len());
        let names: BTreeSet<String> = all.iter().map(|one| one.file_name()).collect();
        assert_eq!(names.len(), all.len());
        assert!(names.contains("X05-no_olm_dedup-room_and_device.json"), "{names:?}");
        assert!(names.iter().all(|name| !name.contains(['/', '=', ' '])), "{names:?}");
    }

    #[test]
    fn every_mutant_is_caught_by_a_rule_that_facts_can_show_to_be_broken() {
        for mutant in Mutant::ALL {
            let judged = catchers(*mutant).into_iter().filter(|rule| rule.judgement().is_judged());
            assert!(judged.count() > 0, "{}", mutant.id());
        }
    }
}
