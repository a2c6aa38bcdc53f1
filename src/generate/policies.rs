//! What users choose at the start: settings of sharing, reporting and asking.
//! It does not know what a client makes of them.

use super::dice::Dice;
use super::habits::code_set;
use crate::ids::{DeviceId, UserId};
use crate::scenario::model::Scenario;
use crate::scenario::policy::{
    AfterNoOlm, AnswerRequests, AskFor, OnNoOlm, OnProblem, Policy, SharePolicy, Target,
};

/// Settings of sharing, the plainest first.
pub(super) const SHARING: [SharePolicy; 3] =
    [SharePolicy::Everyone, SharePolicy::CrossSigned, SharePolicy::Verified];

/// The settings of a policy, one to change at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    Share,
    OnProblem,
    ShareWithInvited,
    Report,
    Overrides,
    AnswerRequests,
    Ask,
    OnNoOlm,
    AfterNoOlm,
    RotateOnUnblock,
    ReshareAfterUnwedge,
    ShowNoOlm,
    HideUnsigned,
    Backup,
    ShareHistory,
}

impl Setting {
    /// All settings.
    pub(super) const ALL: &'static [Self] = &[
        Self::Share,
        Self::OnProblem,
        Self::ShareWithInvited,
        Self::Report,
        Self::Overrides,
        Self::AnswerRequests,
        Self::Ask,
        Self::OnNoOlm,
        Self::AfterNoOlm,
        Self::RotateOnUnblock,
        Self::ReshareAfterUnwedge,
        Self::ShowNoOlm,
        Self::HideUnsigned,
        Self::Backup,
        Self::ShareHistory,
    ];
}

/// Changes one setting of a device of this scenario.
pub(super) fn change(
    dice: &mut Dice<'_>,
    scenario: &Scenario,
    policy: &mut Policy,
    setting: Setting,
) {
    match setting {
        Setting::Share => policy.share = dice.pick(&SHARING).unwrap_or(policy.share),
        Setting::OnProblem => policy.on_problem = OnProblem::Refuse,
        Setting::ShareWithInvited => policy.share_with_invited ^= true,
        Setting::Report => {
            policy.report.codes = code_set(dice);
            let apart = dice.chance(1, 2);
            policy.report.strangers = if apart { code_set(dice) } else { policy.report.codes };
        }
        Setting::Overrides => {
            for _ in 0..dice.between(1, 2) {
                policy.report.overrides.push((any_target(dice, scenario), code_set(dice)));
            }
        }
        Setting::AnswerRequests => {
            let others = [AnswerRequests::Ignore, AnswerRequests::Forward];
            policy.answer_requests = dice.pick(&others).unwrap_or(policy.answer_requests);
        }
        Setting::Ask => {
            let others = [AskFor::OwnDevices, AskFor::OwnDevicesAndSender];
            policy.ask = dice.pick(&others).unwrap_or(policy.ask);
        }
        Setting::OnNoOlm => policy.on_no_olm = OnNoOlm::Nothing,
        Setting::AfterNoOlm => {
            let others = [AfterNoOlm::FirstOwed, AfterNoOlm::Next];
            policy.after_no_olm = dice.pick(&others).unwrap_or(policy.after_no_olm);
        }
        Setting::RotateOnUnblock => policy.rotate_on_unblock ^= true,
        Setting::ReshareAfterUnwedge => policy.reshare_after_unwedge ^= true,
        Setting::ShowNoOlm => policy.show_no_olm ^= true,
        Setting::HideUnsigned => policy.hide_unsigned ^= true,
        Setting::Backup => policy.backup ^= true,
        Setting::ShareHistory => policy.share_history ^= true,
    }
}

/// Any user or device.
pub(super) fn any_target(dice: &mut Dice<'_>, scenario: &Scenario) -> Target {
    if dice.chance(1, 2) {
        Target::User(UserId::at(dice.index(scenario.users.len())))
    } else {
        Target::Device(DeviceId::at(dice.index(scenario.devices.len())))
    }
}
