//! What a key request is answered, as a decision on what is known of whoever asks.
//! It does not know how the answer goes out.

use crate::client::reference::decide::{DeviceView, ShareDecision, decide};
use crate::protocol::withheld::SessionCode;
use crate::scenario::habits::ReplyCode;
use crate::scenario::policy::SharePolicy;

/// What a request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    /// The key.
    Forward,
    /// A notice with this code.
    Refuse(SessionCode),
    /// Nothing.
    Silence,
}

/// The reply to another device of the own user.
pub(super) fn reply_to_own(share: SharePolicy, view: &DeviceView, has_key: bool) -> Reply {
    if view.blocked {
        Reply::Refuse(SessionCode::Blacklisted)
    } else if !view.verified || matches!(decide(share, view), ShareDecision::Withhold(_)) {
        Reply::Refuse(SessionCode::Unverified)
    } else if has_key {
        Reply::Forward
    } else {
        Reply::Refuse(SessionCode::Unavailable)
    }
}

/// What a reply becomes by the habit of saying one thing only.
pub(super) const fn reply_by_habit(reply: Reply, habit: ReplyCode) -> Reply {
    match (habit, reply) {
        (ReplyCode::Unavailable, Reply::Forward | Reply::Refuse(_)) => {
            Reply::Refuse(SessionCode::Unavailable)
        }
        (ReplyCode::Actual, Reply::Forward | Reply::Refuse(_))
        | (ReplyCode::Actual | ReplyCode::Unavailable, Reply::Silence) => reply,
    }
}

#[cfg(test)]
mod tests {
    use super::{Reply, reply_by_habit, reply_to_own};
    use crate::client::reference::decide::{DeviceView, ShareDecision, decide};
    use crate::ids::{DeviceId, UserId};
    use crate::protocol::withheld::SessionCode;
    use crate::scenario::habits::ReplyCode;
    use crate::scenario::policy::SharePolicy;

    #[test]
    fn a_client_that_knows_one_reply_gives_it_instead_of_a_key() {
        let unavailable = Reply::Refuse(SessionCode::Unavailable);
        for reply in [Reply::Forward, Reply::Refuse(SessionCode::Blacklisted)] {
            assert_eq!(reply_by_habit(reply, ReplyCode::Actual), reply);
            assert_eq!(reply_by_habit(reply, ReplyCode::Unavailable), unavailable);
        }
        assert_eq!(reply_by_habit(Reply::Silence, ReplyCode::Unavailable), Reply::Silence);
    }

    #[test]
    fn own_devices_get_keys_only_when_they_are_verified_and_not_blocked() {
        let view = DeviceView {
            device: DeviceId::new(1),
            user: UserId::new(0),
            crypto: true,
            blocked: false,
            cross_signed: true,
            verified: true,
            user_verified: true,
        };
        assert_eq!(reply_to_own(SharePolicy::Verified, &view, true), Reply::Forward);
        assert_eq!(
            reply_to_own(SharePolicy::Verified, &view, false),
            Reply::Refuse(SessionCode::Unavailable)
        );
        let unverified = DeviceView { verified: false, ..view };
        assert_eq!(
            reply_to_own(SharePolicy::Verified, &unverified, true),
            Reply::Refuse(SessionCode::Unverified)
        );
        let blocked = DeviceView { blocked: true, ..view };
        assert_eq!(
            reply_to_own(SharePolicy::Verified, &blocked, true),
            Reply::Refuse(SessionCode::Blacklisted)
        );
        let unsigned = DeviceView { cross_signed: false, ..view };
        let under = |share| reply_to_own(share, &unsigned, true);
        assert_eq!(under(SharePolicy::Everyone), Reply::Forward);
        assert_eq!(under(SharePolicy::CrossSigned), Reply::Refuse(SessionCode::Unverified));
        assert_eq!(
            decide(SharePolicy::Everyone, &blocked),
            ShareDecision::Withhold(SessionCode::Blacklisted)
        );
    }
}
