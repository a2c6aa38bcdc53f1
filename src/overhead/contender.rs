//! Contenders: the policies that are compared, those that come with the program and those of files.
//! They do not know the rooms in which they are tried.

use crate::scenario::file::{Overlay, read_overlay};
use crate::scenario::model::Scenario;

/// A policy that is compared with others.
#[derive(Debug, Clone)]
pub struct Contender {
    overlay: Overlay,
}

/// The files of the contenders that come with the program.
const KNOWN: [&str; 10] = [
    include_str!("../../policies/both.json"),
    include_str!("../../policies/nothing.json"),
    include_str!("../../policies/sessions-only.json"),
    include_str!("../../policies/no-olm-only.json"),
    include_str!("../../policies/opt-out-strangers.json"),
    include_str!("../../policies/per-message.json"),
    include_str!("../../policies/share-cross-signed.json"),
    include_str!("../../policies/share-verified.json"),
    include_str!("../../policies/retry-eager.json"),
    include_str!("../../policies/retry-patient.json"),
];

/// The contender with which others are compared if nothing else is said.
pub const BASELINE: &str = "both";

impl Contender {
    /// The contender of a file that was read.
    #[must_use]
    pub const fn new(overlay: Overlay) -> Self {
        Self { overlay }
    }

    /// The contenders that come with the program, the baseline first.
    ///
    /// # Panics
    /// Never: a test reads each.
    #[must_use]
    pub fn known() -> Vec<Self> {
        let read = |text: &&str| Self::new(read_overlay(text).expect("a test reads every policy"));
        KNOWN.iter().map(read).collect()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.overlay.name()
    }

    /// What it stands for, in a sentence.
    #[must_use]
    pub fn about(&self) -> &str {
        self.overlay.about()
    }

    /// The room under this policy.
    #[must_use]
    pub fn in_room(&self, room: &Scenario) -> Scenario {
        let mut room = room.clone();
        self.overlay.lay_over(&mut room);
        room
    }
}

#[cfg(test)]
mod tests {
    use super::{BASELINE, Contender};
    use crate::scenario::habits::Habits;
    use crate::scenario::policy::Policy;
    use crate::scenario::sample::room_of;

    #[test]
    fn every_known_policy_is_read_and_named_by_its_file() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");
        let known = Contender::known();
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), known.len());
        for one in &known {
            let file = format!("{folder}/{}.json", one.name());
            assert!(std::path::Path::new(&file).exists(), "{file}");
        }
        assert_eq!(known[0].name(), BASELINE);
    }

    #[test]
    fn the_baseline_is_what_the_specification_wants_and_every_other_differs_from_it() {
        let room = room_of(1, 0);
        let known = Contender::known();
        let under = |one: &Contender| {
            let device = one.in_room(&room).devices.swap_remove(0);
            (device.policy, device.habits)
        };
        let all: Vec<(Policy, Habits)> = known.iter().map(under).collect();
        assert_eq!(all[0], (Policy::standard(), Habits::specification()));
        for (index, one) in all.iter().enumerate() {
            let is_new = !all[..index].contains(one);
            assert!(is_new, "{} is like another one", known[index].name());
        }
    }
}
