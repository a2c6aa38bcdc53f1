//! The decision whether a device gets a room key, and whether it is told if not: pure functions of a policy and of
//! what the sender knows of the device.
//! It does not know of sessions, requests or time.

use crate::ids::{DeviceId, UserId};
use crate::protocol::withheld::{CodeSet, SessionCode, WithheldCode};
use crate::scenario::habits::{Habits, OptOut};
use crate::scenario::policy::{Policy, Reporting, SharePolicy, Target};

/// What a sender knows of a device that could get a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DeviceView {
    /// The device.
    pub(super) device: DeviceId,
    /// Its user.
    pub(super) user: UserId,
    /// Whether it has identity keys and lists the algorithms.
    pub(super) crypto: bool,
    /// Whether the device or its user is blocked.
    pub(super) blocked: bool,
    /// Whether its owner has cross-signed it.
    pub(super) cross_signed: bool,
    /// Whether it is verified, by the chain of signatures or by hand.
    pub(super) verified: bool,
    /// Whether its user is verified: if not, the user is a stranger.
    pub(super) user_verified: bool,
}

/// What a device is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShareDecision {
    /// The key.
    Share,
    /// No key, for this reason.
    Withhold(SessionCode),
    /// Nothing at all: it is treated as not existing (K-09).
    Pass,
}

/// Decides what a device is due under a share policy. Being blocked comes first.
pub(super) const fn decide(share: SharePolicy, view: &DeviceView) -> ShareDecision {
    if !view.crypto {
        return ShareDecision::Pass;
    }
    if view.blocked {
        return ShareDecision::Withhold(SessionCode::Blacklisted);
    }
    let admitted = match share {
        SharePolicy::Everyone => true,
        SharePolicy::CrossSigned => view.cross_signed,
        SharePolicy::Verified => view.verified,
    };
    if admitted { ShareDecision::Share } else { ShareDecision::Withhold(SessionCode::Unverified) }
}

/// The codes that are reported to a device (O-01): the last setting that names it or its user, else those for
/// verified users or for strangers.
pub(super) fn reported_codes(report: &Reporting, view: &DeviceView) -> CodeSet {
    let named = report.overrides.iter().rev().find(|(target, _)| match *target {
        Target::User(user) => user == view.user,
        Target::Device(device) => device == view.device,
    });
    match named {
        Some((_, codes)) => *codes,
        None if view.user_verified => report.codes,
        None => report.strangers,
    }
}

/// Whether a device is told a code, by what the user chose and by what the client makes of it (O-04).
pub(super) fn is_told(
    report: &Reporting,
    view: &DeviceView,
    code: WithheldCode,
    opt_out: OptOut,
) -> bool {
    match opt_out {
        OptOut::Ignored => true,
        OptOut::Silence | OptOut::NoKeys => reported_codes(report, view).contains(code),
    }
}

/// What a device is due from a client that is written like this: as [`decide`] has it, except where a bad habit comes
/// in.
pub(super) fn decide_by_habit(
    policy: &Policy,
    habits: &Habits,
    view: &DeviceView,
) -> ShareDecision {
    let is_over_blocks = habits.shares_by_strategy && policy.share == SharePolicy::CrossSigned;
    let crypto = view.crypto || !habits.skips_unencrypted;
    let seen = DeviceView { crypto, blocked: view.blocked && !is_over_blocks, ..*view };
    let decision = decide(policy.share, &seen);
    let is_silent = reported_codes(&policy.report, view) == CodeSet::NONE;
    match decision {
        ShareDecision::Share if is_silent && habits.opt_out == OptOut::NoKeys => {
            ShareDecision::Pass
        }
        ShareDecision::Share | ShareDecision::Withhold(_) | ShareDecision::Pass => decision,
    }
}

#[cfg(test)]
mod tests {
    use super::{DeviceView, ShareDecision, decide, decide_by_habit, is_told, reported_codes};
    use crate::ids::{DeviceId, UserId};
    use crate::protocol::withheld::{CodeSet, SessionCode, WithheldCode};
    use crate::scenario::habits::{Habits, OptOut};
    use crate::scenario::policy::{Policy, Reporting, SharePolicy, Target};

    const VIEW: DeviceView = DeviceView {
        device: DeviceId::new(1),
        user: UserId::new(1),
        crypto: true,
        blocked: false,
        cross_signed: false,
        verified: false,
        user_verified: false,
    };
    const UNVERIFIED: ShareDecision = ShareDecision::Withhold(SessionCode::Unverified);

    #[test]
    fn each_share_policy_admits_its_devices_and_no_others() {
        let signed = DeviceView { cross_signed: true, ..VIEW };
        let verified = DeviceView { verified: true, ..signed };
        let table = [
            (SharePolicy::Everyone, [ShareDecision::Share; 3]),
            (SharePolicy::CrossSigned, [UNVERIFIED, ShareDecision::Share, ShareDecision::Share]),
            (SharePolicy::Verified, [UNVERIFIED, UNVERIFIED, ShareDecision::Share]),
        ];
        for (share, expected) in table {
            assert_eq!([VIEW, signed, verified].map(|view| decide(share, &view)), expected);
        }
    }

    #[test]
    fn a_blocked_device_is_blacklisted_whatever_else_is_so() {
        let view = DeviceView { blocked: true, verified: true, cross_signed: true, ..VIEW };
        for share in [SharePolicy::Everyone, SharePolicy::CrossSigned, SharePolicy::Verified] {
            let expected = ShareDecision::Withhold(SessionCode::Blacklisted);
            assert_eq!(decide(share, &view), expected);
        }
    }

    #[test]
    fn a_device_without_encryption_is_passed_over_even_if_it_is_blocked() {
        let view = DeviceView { crypto: false, blocked: true, ..VIEW };
        assert_eq!(decide(SharePolicy::Verified, &view), ShareDecision::Pass);
    }

    #[test]
    fn a_client_that_does_not_look_at_algorithms_gives_every_device_something() {
        let view = DeviceView { crypto: false, ..VIEW };
        let (policy, usual) = (Policy::standard(), Habits::specification());
        assert_eq!(decide_by_habit(&policy, &usual, &view), ShareDecision::Pass);
        let careless = Habits { skips_unencrypted: false, ..usual };
        assert_eq!(decide_by_habit(&policy, &careless, &view), ShareDecision::Share);
        let blocked = DeviceView { blocked: true, ..view };
        let expected = ShareDecision::Withhold(SessionCode::Blacklisted);
        assert_eq!(decide_by_habit(&policy, &careless, &blocked), expected);
    }

    #[test]
    fn a_strategy_that_asks_for_the_signature_alone_does_not_see_a_block() {
        let signed = DeviceView { blocked: true, cross_signed: true, ..VIEW };
        let unsigned = DeviceView { blocked: true, ..VIEW };
        let by_strategy = Habits { shares_by_strategy: true, ..Habits::specification() };
        let mut policy = Policy::standard();
        let decided = |policy: &Policy| {
            [signed, unsigned].map(|view| decide_by_habit(policy, &by_strategy, &view))
        };
        let blocked = ShareDecision::Withhold(SessionCode::Blacklisted);
        assert_eq!(decided(&policy), [blocked; 2]);
        policy.share = SharePolicy::CrossSigned;
        assert_eq!(decided(&policy), [ShareDecision::Share, UNVERIFIED]);
        policy.share = SharePolicy::Verified;
        assert_eq!(decided(&policy), [blocked; 2]);
    }

    #[test]
    fn who_is_told_nothing_gets_no_keys_from_a_client_that_takes_it_for_a_block() {
        let (mut policy, usual) = (Policy::standard(), Habits::specification());
        let mixed_up = Habits { opt_out: OptOut::NoKeys, ..usual };
        assert_eq!(decide_by_habit(&policy, &mixed_up, &VIEW), ShareDecision::Share);
        policy.report.strangers = CodeSet::NONE;
        assert_eq!(decide_by_habit(&policy, &usual, &VIEW), ShareDecision::Share);
        assert_eq!(decide_by_habit(&policy, &mixed_up, &VIEW), ShareDecision::Pass);
    }

    #[test]
    fn who_ignores_the_choice_tells_all_the_same() {
        let none = CodeSet::NONE;
        let report = Reporting { codes: none, strangers: none, overrides: Vec::new() };
        let told = |opt_out| is_told(&report, &VIEW, WithheldCode::Blacklisted, opt_out);
        assert_eq!(
            [OptOut::Silence, OptOut::NoKeys, OptOut::Ignored].map(told),
            [false, false, true]
        );
    }

    #[test]
    fn reports_follow_the_last_setting_that_names_the_device_or_its_user() {
        let only = CodeSet::NONE.with(WithheldCode::NoOlm);
        let mut report = Reporting { codes: CodeSet::ALL, strangers: only, overrides: Vec::new() };
        assert_eq!(reported_codes(&report, &VIEW), only);
        let known = DeviceView { user_verified: true, ..VIEW };
        assert_eq!(reported_codes(&report, &known), CodeSet::ALL);
        report.overrides.push((Target::User(VIEW.user), CodeSet::NONE));
        assert_eq!(reported_codes(&report, &known), CodeSet::NONE);
        report.overrides.push((Target::Device(VIEW.device), CodeSet::ALL));
        assert_eq!(reported_codes(&report, &VIEW), CodeSet::ALL);
        let other = DeviceView { device: DeviceId::new(9), ..VIEW };
        assert_eq!(reported_codes(&report, &other), CodeSet::NONE);
    }
}
