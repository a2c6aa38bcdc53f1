//! What one device's choices and knowledge make of another device: trusted, barred, entitled, told.
//! It does not know what was sent.

use crate::check::view::View;
use crate::check::view::messages::Encrypted;
use crate::check::view::rooms::Member;
use crate::ids::{DeviceId, FactId, RoomId, UserId};
use crate::protocol::room::{HistoryVisibility, Membership};
use crate::protocol::withheld::{CodeSet, WithheldCode};
use crate::scenario::policy::{SharePolicy, Target};

use super::policy::Word;

/// Why a device gets no key though its user is entitled to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bar {
    /// The code that says so.
    pub(crate) code: WithheldCode,
    /// The choice behind it.
    pub(crate) why: Option<FactId>,
}

impl View {
    fn targets(&self, device: DeviceId) -> [Target; 2] {
        [Target::User(self.cast.user(device)), Target::Device(device)]
    }

    /// Whether the user of `by` has verified `user`, by word or by a signature that the last answer showed. Of oneself
    /// an answer says whether the device holds to the identity that is published.
    pub(crate) fn is_verified(&self, by: DeviceId, user: UserId) -> bool {
        match self.policies.last_word(by, user) {
            Some(Word::Unverified) => false,
            Some(Word::Verified) => true,
            None => self.lists.says_verified(by, user),
        }
    }

    /// V-01 as far as `by` knows: verified itself, or signed by its user, who is verified.
    pub(crate) fn trusts(&self, by: DeviceId, device: DeviceId) -> bool {
        let user = self.cast.user(device);
        self.policies.trusts_device(by, device)
            || self.lists.last_entry(by, user, device).is_some_and(|entry| entry.cross_signed)
                && self.is_verified(by, user)
    }

    /// `bar(a,d)` at present.
    pub(crate) fn bar(&self, by: DeviceId, device: DeviceId) -> Option<Bar> {
        self.block(by, device).or_else(|| self.exclusion(by, device))
    }

    /// All that bars `device` at present: a block, and the share policy.
    pub(crate) fn bars(&self, by: DeviceId, device: DeviceId) -> [Option<Bar>; 2] {
        [self.block(by, device), self.exclusion(by, device)]
    }

    /// Whether `by` may not know any more of what bars a device. A block stands by itself; all else rests on lists, verifications
    /// and policies, of which any may be lost.
    pub(crate) fn may_have_forgotten(&self, by: DeviceId, bar: &Bar) -> bool {
        if bar.code == WithheldCode::Blacklisted
            && let Some(block) = bar.why
        {
            self.doubts.of_block(by, block)
        } else {
            self.doubts.of(by)
        }
    }

    /// As [`View::may_have_forgotten`], of what bars `device`: where it is the share policy, and no choice of its user is lost, it rests on
    /// the lists of the device's user and its own, and whatever was lost of them it knows again what an answer said since.
    pub(crate) fn may_have_forgotten_of(&self, by: DeviceId, device: DeviceId, bar: &Bar) -> bool {
        let is_known = |user: UserId| {
            let told = self.lists.applied_at(by, user);
            told.is_some_and(|told| self.remembers(by, told))
        };
        let knows_lists = is_known(self.cast.user(device)) && is_known(self.cast.user(by));
        let rests_on_lists = bar.code == WithheldCode::Unverified;
        self.may_have_forgotten(by, bar)
            && !(rests_on_lists && knows_lists && !self.doubts.of_choices(by))
    }

    /// Whether the user of `by` has blocked `device` or its user.
    fn block(&self, by: DeviceId, device: DeviceId) -> Option<Bar> {
        let block = self.policies.blocked(by, self.targets(device))?;
        Some(Bar { code: WithheldCode::Blacklisted, why: Some(block) })
    }

    /// Whether the share policy leaves `device` out.
    fn exclusion(&self, by: DeviceId, device: DeviceId) -> Option<Bar> {
        let (share, why) = self.policies.sharing(by);
        let user = self.cast.user(device);
        let passes = match share {
            SharePolicy::Everyone => true,
            SharePolicy::CrossSigned => {
                self.lists.last_entry(by, user, device).is_some_and(|entry| entry.cross_signed)
            }
            SharePolicy::Verified => self.trusts(by, device),
        };
        (!passes).then_some(Bar { code: WithheldCode::Unverified, why })
    }

    /// Whether a choice of `by` that is about `about` can change what `device` is worth to it. What it makes of its own user is the
    /// start of all trust.
    fn bears_on(&self, (by, device): (DeviceId, DeviceId), about: Option<Target>) -> bool {
        let own = Target::User(self.cast.user(by));
        about.is_none_or(|about| about == own || self.targets(device).contains(&about))
    }

    /// Whether `by` chose something after `from`, and up to `until` if that is given, that can change what `device` is worth to it.
    pub(crate) fn chose_about(
        &self,
        (by, device): (DeviceId, DeviceId),
        (from, until): (FactId, Option<FactId>),
    ) -> bool {
        let mut changes = self.policies.changes_after(by, from).iter();
        changes.any(|(fact, about)| {
            until.is_none_or(|until| *fact <= until) && self.bears_on((by, device), *about)
        })
    }

    /// Whether its sender chose something while a message was prepared that can change what `device` is worth to it.
    pub(crate) fn is_unsettled(&self, encrypted: &Encrypted, device: DeviceId) -> bool {
        let span = (encrypted.prepared_from, Some(encrypted.fact));
        self.chose_about((encrypted.sender, device), span)
    }

    /// Whether `by` had blocked `device` after `fact` and has taken that back.
    pub(crate) fn was_blocked_after(&self, by: DeviceId, device: DeviceId, fact: FactId) -> bool {
        self.policies.unblocked_after(by, self.targets(device), fact)
    }

    /// What `by` reports to `device` at present; `None` if no fact told.
    pub(crate) fn reports(&self, by: DeviceId, device: DeviceId) -> Option<CodeSet> {
        self.policies.reports(by, self.targets(device), || self.is_stranger(by, device))
    }

    /// Whether `by` did not report the code to `device` at any instant from `from` to `until`, or to now.
    pub(crate) fn was_silent(
        &self,
        (by, device): (DeviceId, DeviceId),
        code: WithheldCode,
        span: (FactId, Option<FactId>),
    ) -> bool {
        let to = (self.targets(device), self.is_stranger(by, device));
        self.policies.was_silent(by, to, code, span)
    }

    fn is_stranger(&self, by: DeviceId, device: DeviceId) -> bool {
        let user = self.cast.user(device);
        self.cast.user(by) != user && !self.is_verified(by, user)
    }

    /// What `by` has seen of the user's membership.
    pub(crate) fn member_seen(&self, by: DeviceId, room: RoomId, user: UserId) -> Option<Member> {
        self.rooms.membership_seen(self.cast.server_of(by), (by, room), user)
    }

    /// Whether `by` shares with invited users in this room, as far as it has seen the history visibility.
    pub(crate) fn takes_invited(&self, by: DeviceId, room: RoomId) -> bool {
        let server = self.cast.server_of(by);
        self.policies.with_invited(by)
            && match self.rooms.visibility_seen(server, by, room) {
                Some(HistoryVisibility::Joined) => false,
                Some(
                    HistoryVisibility::Invited
                    | HistoryVisibility::Shared
                    | HistoryVisibility::WorldReadable,
                )
                | None => true,
            }
    }

    /// `elig(a,u,r)` at present: whether `by` has to count a user with this membership among the recipients.
    pub(crate) fn is_eligible(&self, by: DeviceId, room: RoomId, seen: Option<Member>) -> bool {
        match seen.map(|member| member.membership) {
            Some(Membership::Join) => true,
            Some(Membership::Invite) => self.takes_invited(by, room),
            Some(Membership::Leave | Membership::Ban) | None => false,
        }
    }
}
