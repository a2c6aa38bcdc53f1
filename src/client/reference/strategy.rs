//! The strategies of matrix-rust-sdk as far as they make an error of what others withhold, or the other way around.
//! It does not know what a device is given.
//!
//! Source: `collect_recipients_for_share_strategy` in `session_manager/group_sessions/share_strategy.rs` of matrix-sdk-crypto.

use crate::client::reference::Reference;
use crate::ids::{DeviceId, UserId};
use crate::scenario::policy::{OnProblem, SharePolicy};
use crate::trace::fact::Refusal;

impl Reference {
    /// Why nothing is sent to these users, by the strategy that the share policy is.
    pub(super) fn strategy_refuses(&self, users: &[UserId]) -> Option<Refusal> {
        if !self.habits().shares_by_strategy {
            return None;
        }
        let changed = || self.lost_verification(users).map(Refusal::IdentityChanged);
        match (self.store.policy.share, self.store.policy.on_problem) {
            (SharePolicy::Everyone, OnProblem::Withhold) | (SharePolicy::Verified, _) => None,
            (SharePolicy::Everyone, OnProblem::Refuse) => {
                self.unsigned_of_verified(users).map(Refusal::WouldWithhold).or_else(changed)
            }
            (SharePolicy::CrossSigned, _) => match self.store.identity {
                Some(_) => changed(),
                None => Some(Refusal::NoEncryption),
            },
        }
    }

    /// A user who was verified once and is not any more.
    fn lost_verification(&self, users: &[UserId]) -> Option<UserId> {
        users.iter().copied().find(|user| {
            let list = self.store.lists.user(*user);
            list.is_some_and(|list| list.was_verified && !list.is_verified())
        })
    }

    /// A device that is not blocked and that its owner, who is verified, has not signed.
    fn unsigned_of_verified(&self, users: &[UserId]) -> Option<DeviceId> {
        users.iter().find_map(|user| {
            let list = self.store.lists.user(*user).filter(|list| list.is_verified())?;
            let others = list.devices.iter().filter(|keys| keys.device != self.me());
            let mut views = others.map(|keys| self.view_of(*user, keys));
            views.find(|view| !view.blocked && !view.cross_signed).map(|view| view.device)
        })
    }
}
