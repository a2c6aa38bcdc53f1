//! Rooms as the application has been told of them.
//! It does not know what follows from a change; the machine finds that out by itself when it shares a key.

use std::collections::{BTreeMap, BTreeSet};

use withheld::ids::UserId;
use withheld::protocol::api::RoomSync;
use withheld::protocol::room::{HistoryVisibility, Membership, RoomEvent, Rotation};

/// What is known of a room.
#[derive(Debug, Clone)]
pub(super) struct SeenRoom {
    members: BTreeMap<UserId, Membership>,
    /// Up to which event of the room each membership has been told. A server may have kept one back that is older than others.
    told: BTreeMap<UserId, u32>,
    pub(super) visibility: Option<HistoryVisibility>,
    pub(super) rotation: Rotation,
    seq: u32,
    /// Who was told to have left since the machine was last asked to share a key, whether they are back or not.
    departed: BTreeSet<UserId>,
}

impl SeenRoom {
    /// A room of which nothing is known.
    pub(super) fn new() -> Self {
        let week = withheld::time::SimDuration::from_hours(7 * 24);
        Self {
            members: BTreeMap::new(),
            told: BTreeMap::new(),
            visibility: None,
            rotation: Rotation::megolm(week, 100),
            seq: 0,
            departed: BTreeSet::new(),
        }
    }

    /// A user's membership.
    pub(super) fn membership(&self, user: UserId) -> Membership {
        self.members.get(&user).copied().unwrap_or(Membership::Leave)
    }

    /// `RoomMemberships::ACTIVE`: who is in the room or invited.
    pub(super) fn active(&self) -> impl Iterator<Item = UserId> + '_ {
        let is_active =
            |member: Membership| matches!(member, Membership::Join | Membership::Invite);
        self.members.iter().filter(move |(_, member)| is_active(**member)).map(|(user, _)| *user)
    }

    /// Who gets the room's keys, as `BaseClient::share_room_key` has it: invited users too, unless history begins with the join.
    pub(super) fn eligible(&self) -> impl Iterator<Item = UserId> + '_ {
        let joined_only = self.visibility == Some(HistoryVisibility::Joined);
        self.active().filter(move |user| !joined_only || self.membership(*user) == Membership::Join)
    }

    /// Whether a part of a sync leaves something out, and somebody may have been in the room and gone meanwhile.
    pub(super) fn hides_departure(&self, sync: &RoomSync) -> bool {
        if !sync.limited {
            return false;
        }
        let state = sync.state.iter().flat_map(|state| {
            let told = |user| self.told.get(user).copied().unwrap_or(0);
            let since = state.changed_by.iter().filter(move |(user, seq)| **seq > told(user));
            since.map(|(user, _)| (*user, state.membership(*user)))
        });
        let timeline = sync.timeline.iter().filter_map(|(event, _)| match *event {
            RoomEvent::Member { user, membership, .. } => Some((user, membership)),
            RoomEvent::Message { .. }
            | RoomEvent::HistoryVisibility(_)
            | RoomEvent::Encryption(_) => None,
        });
        let mut changed = state.chain(timeline);
        changed.any(|(user, now)| {
            now != Membership::Join || self.membership(user) != Membership::Leave
        })
    }

    /// Whether anybody has left and is back since this was last asked. The machine, which compares the members of a room with those that it
    /// has shared with, cannot see that.
    pub(super) fn take_returned(&mut self) -> bool {
        let departed = std::mem::take(&mut self.departed);
        self.active().any(|user| departed.contains(&user))
    }

    /// Takes a part of a sync in; true if it has state events or leaves something out.
    pub(super) fn take(&mut self, sync: &RoomSync) -> bool {
        let messages = sync.timeline.len();
        let expected = self.seq + u32::try_from(messages).unwrap_or(u32::MAX);
        let mut news = sync.state.is_some() || expected < sync.seq;
        if let Some(state) = &sync.state {
            // Who was there before and has a new membership was away in between.
            let told = |user| self.told.get(user).copied().unwrap_or(0);
            let changed = state.changed_by.iter().filter(|(user, seq)| **seq > told(*user));
            let was_there = |user: &UserId| self.membership(*user) != Membership::Leave;
            let departed: Vec<UserId> = changed.map(|(user, _)| *user).filter(was_there).collect();
            self.departed.extend(departed);
            self.members.clone_from(&state.members);
            self.told.clone_from(&state.changed_by);
            self.visibility = state.history_visibility;
            self.rotation = state.rotation;
        }
        for (event, _) in &sync.timeline {
            match *event {
                RoomEvent::Message { .. } => continue,
                RoomEvent::Member { user, membership, .. } => {
                    self.members.insert(user, membership);
                    self.told.insert(user, sync.seq);
                    if matches!(membership, Membership::Leave | Membership::Ban) {
                        self.departed.insert(user);
                    }
                }
                RoomEvent::HistoryVisibility(visibility) => self.visibility = Some(visibility),
                RoomEvent::Encryption(rotation) => self.rotation = rotation,
            }
            news = true;
        }
        self.seq = self.seq.max(sync.seq);
        news
    }
}
