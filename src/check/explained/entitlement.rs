//! Stage 1: whether the device could expect to read the message at all, by what was so on the servers.
//! It does not know what the sender had seen, except whether it shares with users who are only invited.

use crate::check::explained::{Cell, Finding};
use crate::check::view::duties::Duty;
use crate::protocol::room::Membership;
use crate::rulebook::leaf::Leaf;

/// The reason for which no key was due to the device, if there is one.
pub(super) fn missing(cell: &Cell<'_>) -> Option<Finding> {
    let Cell { view, encrypted, accepted, device, .. } = *cell;
    let user = view.cast.user(device);
    let servers = [view.cast.server_of(cell.sender()), view.cast.server(user)];
    let truth = view.rooms.membership_of(servers, (encrypted.room, user), accepted);
    let because = truth.map(|member| member.fact);
    let excuse = |leaf, fact| Some(Finding::of(leaf, [fact, Some(accepted), None]));
    match truth.map(|member| member.membership) {
        None | Some(Membership::Leave | Membership::Ban) => {
            return excuse(Leaf::NotAMember, because);
        }
        Some(Membership::Invite) if leaves_invited_out(cell) => {
            let closed = view.rooms.begins_with_join(servers[0], encrypted.room, accepted);
            let witnesses = [because, Some(accepted), closed];
            return Some(Finding::of(Leaf::InvitedOnly, witnesses));
        }
        Some(Membership::Invite | Membership::Join) => {}
    }
    let up = view.life.up(device).map(|moment| moment.fact);
    if up.is_none_or(|up| up > accepted) {
        return excuse(Leaf::DeviceNewer, up);
    }
    let crypto = view.life.crypto(device).map(|moment| moment.fact);
    if crypto.is_none_or(|crypto| crypto > accepted) {
        return excuse(Leaf::NonCryptographic, up);
    }
    let gone = view.life.gone(device)?;
    excuse(Leaf::Gone, Some(gone))
}

/// Whether the sender does not share with users who are only invited.
fn leaves_invited_out(cell: &Cell<'_>) -> bool {
    match cell.duty {
        Some(Duty::NotEligible { invited: true }) => true,
        Some(Duty::NotEligible { invited: false }) | None => {
            !cell.view.takes_invited(cell.sender(), cell.encrypted.room)
        }
        Some(Duty::Unlisted(_) | Duty::Barred { .. } | Duty::Owed { .. }) => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{A1, AWAY, B1, B2, BOB, C1, CAROL, HOME, R, Story, leaf, s};
    use crate::protocol::room::{HistoryVisibility, Membership};
    use crate::rulebook::leaf::Leaf;
    use crate::scenario::policy::SharePolicy;
    use crate::trace::fact::{FactKind, KeySource};

    /// Bob's membership becomes this before A1's first message, and A1 sees it.
    fn bob_is(membership: Membership) -> Story {
        let mut story = Story::with_olm();
        story.member(BOB, membership, 3);
        story.seen(A1, 3);
        story
    }

    #[test]
    fn who_had_left_or_was_banned_was_not_a_member() {
        for membership in [Membership::Leave, Membership::Ban] {
            let mut story = bob_is(membership);
            story.session(A1, s(1));
            story.message(s(1), 0, 0);
            assert_eq!(story.leaf(), Leaf::NotAMember);
            assert_eq!(story.rules(), []);
        }
    }

    #[test]
    fn who_joins_after_the_message_was_not_a_member_and_needs_no_notice() {
        let mut story = Story::with_olm();
        story.deliver((A1, B1), s(0), 0);
        story.message(s(0), 0, 0);
        assert_eq!(story.judge().verdicts.len(), 3, "Carol has nothing to do with the room");
        story.member(CAROL, Membership::Join, 3);
        let outcome = story.judge();
        assert_eq!(leaf(&outcome, 0, C1), Leaf::NotAMember);
        assert_eq!(leaf(&outcome, 0, B1), Leaf::Delivered);
    }

    #[test]
    fn a_join_that_only_the_users_own_server_has_heard_of_has_not_been_seen() {
        let mut story = Story::with_olm();
        let join =
            |seq| FactKind::Member { room: R, user: CAROL, membership: Membership::Join, seq };
        story.at(AWAY, FactKind::DeviceUp { device: C1, crypto: true });
        story.at(AWAY, join(3));
        story.message(s(0), 0, 0);
        assert_eq!(leaf(&story.judge(), 0, C1), Leaf::MembershipNotSeen);
        story.at(HOME, join(3));
        assert_eq!(leaf(&story.judge(), 0, C1), Leaf::MembershipNotSeen);
    }

    #[test]
    fn a_leave_that_the_sender_has_not_seen_counts_and_a_key_that_was_given_is_a_delivery() {
        let mut story = Story::with_olm();
        story.member(BOB, Membership::Leave, 3);
        let mut given = story.clone();
        story.message(s(0), 0, 0);
        assert_eq!(story.leaf(), Leaf::NotAMember);
        given.deliver((A1, B1), s(0), 0);
        given.message(s(0), 0, 0);
        assert_eq!(given.leaf(), Leaf::Delivered);
    }

    #[test]
    fn who_is_only_invited_gets_nothing_of_a_sender_that_leaves_invited_users_out() {
        let mut story = bob_is(Membership::Invite);
        story.message(s(0), 0, 0);
        assert_eq!(story.leaf(), Leaf::InvitedOnly);
    }

    #[test]
    fn who_is_only_invited_is_owed_a_key_by_a_sender_that_shares_with_invited_users() {
        let (device, share) = (A1, SharePolicy::Everyone);
        for (value, expected) in [
            (None, Leaf::Unexplained),
            (Some(HistoryVisibility::Shared), Leaf::Unexplained),
            (Some(HistoryVisibility::Joined), Leaf::InvitedOnly),
        ] {
            let mut story = bob_is(Membership::Invite);
            if let Some(value) = value {
                story.at(HOME, FactKind::HistoryVisibility { room: R, value, seq: 4 });
                story.seen(A1, 4);
            }
            story.by(A1, FactKind::SharingSet { device, share, with_invited: true });
            story.message(s(0), 0, 0);
            assert_eq!(story.leaf(), expected, "{value:?}");
        }
    }

    #[test]
    fn a_device_that_came_up_later_or_never_is_newer_than_the_message() {
        let mut story = Story::with_olm();
        story.message(s(0), 0, 0);
        assert_eq!(leaf(&story.judge(), 0, B2), Leaf::DeviceNewer);
        story.up(B2);
        assert_eq!(leaf(&story.judge(), 0, B2), Leaf::DeviceNewer);
    }

    #[test]
    fn a_device_without_keys_or_algorithms_is_no_recipient_until_it_has_them() {
        let mut story = Story::with_olm();
        story.at(HOME, FactKind::DeviceUp { device: B2, crypto: false });
        story.message(s(0), 0, 0);
        assert_eq!(leaf(&story.judge(), 0, B2), Leaf::NonCryptographic);
        story.up(B2);
        story.message(s(0), 1, 1);
        let outcome = story.judge();
        assert_eq!(leaf(&outcome, 0, B2), Leaf::NonCryptographic);
        assert_eq!(leaf(&outcome, 1, B2), Leaf::Unaware);
    }

    #[test]
    fn a_device_that_is_gone_since_needs_no_explanation() {
        for kind in [FactKind::DeviceDeleted { device: B1 }, FactKind::LoggedOut { device: B1 }] {
            let mut story = Story::with_olm();
            story.message(s(0), 0, 0);
            assert_eq!(story.leaf(), Leaf::Unexplained);
            story.at(HOME, kind);
            assert_eq!(story.leaf(), Leaf::Gone);
            assert_eq!(story.rules(), []);
        }
    }

    #[test]
    fn a_new_device_that_got_a_part_of_the_session_from_another_is_told_what_that_one_knew() {
        use crate::protocol::withheld::WithheldCode;
        let code = WithheldCode::Blacklisted;
        for (source, expected) in [
            (KeySource::Forwarded { withheld: Some(code) }, Leaf::ForwardedWithheld),
            (KeySource::Forwarded { withheld: None }, Leaf::PartialRestore),
            (KeySource::Backup, Leaf::PartialRestore),
        ] {
            let mut story = Story::with_olm();
            story.message(s(0), 0, 0);
            story.up(B2);
            story.key_in(B2, s(0), 1, source);
            let outcome = story.judge();
            let verdict = outcome.verdicts.iter().find(|verdict| verdict.device == B2).unwrap();
            assert_eq!(verdict.leaf, expected);
            let told = (expected == Leaf::ForwardedWithheld).then_some(code);
            assert_eq!(verdict.code, told);
            let mut whole = story.clone();
            whole.key_in(B2, s(0), 0, KeySource::Backup);
            assert_eq!(leaf(&whole.judge(), 0, B2), Leaf::Delivered);
        }
    }
}
