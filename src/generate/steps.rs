//! What users do besides the scenes: a step of any kind that is on, near something that is planned.
//! It does not know whether it can be taken at its time; the stage leaves out what cannot.

use super::cast;
use super::dice::STEPS;
use super::draft::{Couple, Draft};
use super::habits::code_set;
use super::policies::{SHARING, any_target};
use super::sort::StepSort;
use crate::ids::{DeviceId, MessageId};
use crate::protocol::room::{HistoryVisibility, Membership, RoomAlgorithm};
use crate::scenario::policy::{OnProblem, Target};
use crate::scenario::step::Step;
use crate::time::SimTime;

/// Memberships, the friendliest first.
const MEMBERSHIPS: [Membership; 4] =
    [Membership::Join, Membership::Invite, Membership::Leave, Membership::Ban];
/// Values of history visibility.
const VISIBILITIES: [HistoryVisibility; 4] = [
    HistoryVisibility::Shared,
    HistoryVisibility::Joined,
    HistoryVisibility::Invited,
    HistoryVisibility::WorldReadable,
];

impl Draft<'_, '_> {
    /// Plans a step of any kind near a moment.
    pub(super) fn any_step(&mut self, at: SimTime, couple: Couple) {
        let before = self.dice.set_purpose(STEPS);
        let weights = StepSort::ALL.iter().map(|sort| match (self.swarm.has_step(*sort), sort) {
            (false, _) => 0,
            (true, StepSort::Send) => 6,
            (true, StepSort::Member | StepSort::Block | StepSort::Unblock) => 3,
            (true, _) => 2,
        });
        let sort = StepSort::ALL[self.dice.weighted(weights)];
        let at = match self.dice.number(4) {
            0 => at,
            1 => at + self.dice.instant(),
            2 => at - self.dice.instant(),
            _ => at + self.dice.soon(),
        };
        if let Some(step) = self.step_of(sort, at, couple) {
            self.step(at, step);
        }
        self.dice.set_purpose(before);
    }

    /// A step of this kind; messages are planned at once.
    fn step_of(&mut self, sort: StepSort, at: SimTime, couple: Couple) -> Option<Step> {
        let Couple { sender, room, other } = couple;
        let device = if self.dice.chance(1, 3) { other } else { sender };
        Some(match sort {
            StepSort::Send => {
                self.send(at, device, room);
                return None;
            }
            StepSort::Login => Step::Login(self.newcomer(|_, _| true)?),
            StepSort::Logout => Step::Logout(self.leaver(couple)),
            StepSort::Member => {
                let user = if self.dice.chance(1, 3) { self.any_user() } else { self.user(other) };
                let device = if self.dice.chance(1, 2) { sender } else { other };
                let membership = self.dice.pick(&MEMBERSHIPS)?;
                Step::Member { device, room, user, membership }
            }
            StepSort::HistoryVisibility => {
                Step::HistoryVisibility { device, room, value: self.dice.pick(&VISIBILITIES)? }
            }
            StepSort::Encryption => {
                let mut rotation = cast::rotation(self.dice);
                if self.dice.chance(1, 12) {
                    rotation.algorithm = RoomAlgorithm::Other;
                }
                Step::Encryption { device, room, rotation }
            }
            StepSort::CrossSign => Step::CrossSign(self.any_device()),
            StepSort::ResetIdentity => Step::ResetIdentity(device),
            StepSort::Verify => {
                Step::Verify { device: sender, target: self.any_other(sender, other) }
            }
            StepSort::Unverify => {
                Step::Unverify { device: sender, target: self.any_other(sender, other) }
            }
            StepSort::Block => {
                Step::Block { device: sender, target: self.any_other(sender, other) }
            }
            StepSort::Unblock => {
                Step::Unblock { device: sender, target: self.any_other(sender, other) }
            }
            StepSort::AcknowledgeIdentity => {
                Step::AcknowledgeIdentity { device: sender, user: self.user(other) }
            }
            StepSort::SetSharing => {
                let share = self.dice.pick(&SHARING)?;
                let refuses = self.dice.chance(1, 4);
                let on_problem = if refuses { OnProblem::Refuse } else { OnProblem::Withhold };
                Step::SetSharing { device: sender, share, on_problem }
            }
            StepSort::SetReporting => {
                let target = match self.dice.chance(1, 2) {
                    true => None,
                    false => Some(any_target(self.dice, &self.scenario)),
                };
                Step::SetReporting { device: sender, target, codes: code_set(self.dice) }
            }
            StepSort::RequestKey => {
                let message = self.message_before(at)?;
                let of = self.asked(other);
                Step::RequestKey { device: other, message, of }
            }
            StepSort::CancelRequest => {
                Step::CancelRequest { device: other, message: self.message_before(at)? }
            }
            StepSort::DiscardSession => Step::DiscardSession { device, room },
            StepSort::RestoreBackup => Step::RestoreBackup(other),
        })
    }

    /// Who logs out: mostly not one of the two that the scene is about.
    fn leaver(&mut self, couple: Couple) -> DeviceId {
        match self.third(couple) {
            Some(third) if self.dice.chance(3, 4) => third,
            Some(_) | None => couple.other,
        }
    }

    /// The other one, its user, or anybody but the device itself.
    fn any_other(&mut self, device: DeviceId, other: DeviceId) -> Target {
        if self.dice.chance(3, 4) {
            return self.target(other);
        }
        match any_target(self.dice, &self.scenario) {
            Target::Device(same) if same == device => Target::Device(other),
            target @ (Target::Device(_) | Target::User(_)) => target,
        }
    }

    /// A message that is sent before this time.
    pub(super) fn message_before(&mut self, at: SimTime) -> Option<MessageId> {
        let count = self.sendings.iter().filter(|sending| sending.at < at).count();
        if count == 0 {
            return None;
        }
        let wanted = self.dice.index(count);
        let all = self.sendings.iter().enumerate().filter(|(_, sending)| sending.at < at);
        all.map(|(index, _)| MessageId::at(index)).nth(wanted)
    }

    /// Whom a device asks: nobody in particular, or one or two others.
    fn asked(&mut self, device: DeviceId) -> Vec<DeviceId> {
        let mut asked = Vec::new();
        for _ in 0..self.dice.number(3) {
            let other = match self.dice.chance(1, 2) {
                true => self.sibling(device).unwrap_or_else(|| self.any_device()),
                false => self.any_device(),
            };
            if other != device && !asked.contains(&other) {
                asked.push(other);
            }
        }
        asked
    }
}
