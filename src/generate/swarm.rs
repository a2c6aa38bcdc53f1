//! Swarm: what is switched off in one generated room, so that what is left comes together more often.
//! It does not know what any of it does.

use super::dice::{Dice, SWARM};
use super::policies::Setting;
use super::scenes::Scene;
use super::sort::{FaultSort, StepSort};

/// The kinds that may occur in one room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Swarm {
    steps: u64,
    faults: u64,
    scenes: u64,
    settings: u64,
}

impl Swarm {
    /// Draws what may occur.
    pub(super) fn draw(dice: &mut Dice<'_>) -> Self {
        let before = dice.set_purpose(SWARM);
        let swarm = Self {
            steps: dice.most_of(StepSort::ALL.len()),
            faults: dice.most_of(FaultSort::ALL.len()),
            scenes: dice.most_of(Scene::ALL.len()),
            settings: dice.most_of(Setting::ALL.len()),
        };
        dice.set_purpose(before);
        swarm
    }

    /// Whether steps of this kind may occur. Messages always may: without one there is nothing to judge.
    pub(super) const fn has_step(&self, sort: StepSort) -> bool {
        matches!(sort, StepSort::Send) || self.steps >> sort as usize & 1 == 1
    }

    /// Whether faults of this kind may occur.
    pub(super) const fn has_fault(&self, sort: FaultSort) -> bool {
        self.faults >> sort as usize & 1 == 1
    }

    /// Whether this scene may be played.
    pub(super) const fn has_scene(&self, scene: Scene) -> bool {
        self.scenes >> scene as usize & 1 == 1
    }

    /// The settings of policies that may vary.
    pub(super) fn settings(&self) -> impl Iterator<Item = Setting> + '_ {
        Setting::ALL.iter().copied().filter(|setting| self.settings >> *setting as usize & 1 == 1)
    }
}
