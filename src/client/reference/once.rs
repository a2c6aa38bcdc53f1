//! A message of a client that has one share for it: lists are asked for once, keys are claimed once for everybody in the room, and then all
//! that is due is decided and goes out together.
//! It does not know who is due what.
//!
//! Source: `Room::query_keys_for_untracked_or_dirty_users`, `Room::preshare_room_key` and `Room::share_room_key` in `room/mod.rs` of matrix-sdk.

use std::collections::BTreeSet;

use crate::client::reference::Reference;
use crate::client::reference::claims::ClaimState;
use crate::client::reference::io::Io;
use crate::client::reference::jobs::{Job, Progress, Stage};
use crate::client::reference::rooms::SeenRoom;
use crate::ids::{DeviceId, MessageId, RoomId, UserId};
use crate::protocol::provenance::Provenance;
use crate::protocol::room::Membership;
use crate::trace::fact::{OlmCause, Refusal};

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AskedOnce {
    /// Nothing yet.
    Nothing,
    /// The lists that were out of date.
    Lists,
    /// Keys of those with whom there was no Olm session.
    Keys,
}

impl Reference {
    /// Goes on with a message that was not shared yet.
    pub(super) fn prepare_once(
        &mut self,
        room: RoomId,
        (message, job): (MessageId, &Job),
        io: &mut Io<'_, '_>,
    ) -> Progress {
        let mut asked = job.asked;
        if asked == AskedOnce::Nothing {
            if let Some(why) = self.refusal_before_lists(room) {
                return self.refuse(room, (message, job), why, io);
            }
            self.ask_for_lists(room, io);
            asked = self.has_asked(room, AskedOnce::Lists);
        }
        if asked == AskedOnce::Lists {
            if self.awaits_lists(room, io) || self.live.claims.is_any_running() {
                return Progress::Wait;
            }
            if let Some(why) = self.refusal_outside(room) {
                return self.refuse(room, (message, job), why, io);
            }
            self.has_asked(room, AskedOnce::Keys);
            if self.claim_once(room, io) {
                return Progress::Wait;
            }
        }
        if self.live.claims.is_any_for(OlmCause::Share) {
            return Progress::Wait;
        }
        self.share_all(room, (message, job), io)
    }

    /// Claims keys for everybody in a room, whoever gets the room key, and for whom else a session is wanted; true if that is on its way.
    fn claim_once(&mut self, room: RoomId, io: &mut Io<'_, '_>) -> bool {
        let clock = io.given.clock;
        let is_open = |device: &DeviceId| {
            matches!(self.live.claims.state(*device, clock), ClaimState::Open)
                && !self.is_beyond_claims(*device)
        };
        let missing = self.without_olm(room).into_iter().filter(is_open);
        let wanted: BTreeSet<DeviceId> = missing.chain(self.wanted_sessions()).collect();
        let wanted: Vec<DeviceId> = wanted.into_iter().collect();
        self.claim(&wanted, (OlmCause::Share, Provenance(io.given.cause)), io);
        !wanted.is_empty()
    }

    fn has_asked(&mut self, room: RoomId, asked: AskedOnce) -> AskedOnce {
        if let Some(first) = self.store.jobs.get_mut(&room).and_then(|jobs| jobs.front_mut()) {
            first.asked = asked;
        }
        asked
    }

    /// Decides on all that is due and sends it.
    fn share_all(
        &mut self,
        room: RoomId,
        (message, job): (MessageId, &Job),
        io: &mut Io<'_, '_>,
    ) -> Progress {
        let users = self.users_to_serve(room);
        let refusal = self.refusal_outside(room).or_else(|| self.refusal_after_lists(&users));
        let plan = self.plan(room, &users, io.given.clock);
        let problem = || self.problem(&plan).map(Refusal::WouldWithhold);
        if let Some(why) = refusal.or_else(problem) {
            // A session that could not be shared is not used.
            if let Some(outbound) = self.store.outbound.get_mut(&room) {
                outbound.invalidate(Provenance(io.given.cause));
                self.view_changed(io);
            }
            return self.refuse(room, (message, job), why, io);
        }
        let plan = match plan.rotate {
            Some(why) => {
                self.make_session(room, job, why, io);
                self.plan(room, &users, io.given.clock)
            }
            None => plan,
        };
        Progress::Advanced(Stage::Sharing(self.send_all(room, &plan, job.cause.0, io)))
    }

    /// The members of a room and those who are invited, whoever gets its keys.
    fn active(&self, room: RoomId) -> Vec<UserId> {
        let members = self.store.rooms.room(room).into_iter().flat_map(SeenRoom::members);
        let is_active =
            |membership: &Membership| matches!(membership, Membership::Join | Membership::Invite);
        members.filter(|(_, membership)| is_active(membership)).map(|(user, _)| user).collect()
    }

    /// The devices of those who are in a room or invited that list algorithms and have no Olm session with this one.
    fn without_olm(&self, room: RoomId) -> Vec<DeviceId> {
        let devices = self
            .active(room)
            .into_iter()
            .filter_map(|user| self.store.lists.user(user))
            .flat_map(|list| &list.devices)
            .filter(|keys| keys.lists_algorithms)
            .map(|keys| keys.device);
        devices.filter(|device| *device != self.me() && !self.has_olm(*device)).collect()
    }

    /// Whose lists a message needs: of all who are in the room or invited.
    fn listed_for(&self, room: RoomId) -> Vec<UserId> {
        let mut users = self.active(room);
        users.extend(self.outsiders(room));
        users
    }

    /// Asks for the lists that are out of date for a message, by who asks in batches beside those.
    fn ask_for_lists(&mut self, room: RoomId, io: &mut Io<'_, '_>) {
        if !self.habits().asks_in_batches {
            return;
        }
        let users = self.listed_for(room);
        for user in &users {
            self.follow(*user, io);
        }
        let outdated_by = |user: &UserId| {
            let list = self.store.lists.user(*user).filter(|list| list.outdated)?;
            Some((*user, list.outdated_by))
        };
        let wanted: Vec<_> = users.iter().filter_map(outdated_by).collect();
        let queries = self.begin_queries(wanted, true, io);
        self.live.asked_once.insert(room, queries);
    }

    /// Whether a list that a message needs has not come.
    fn awaits_lists(&mut self, room: RoomId, io: &mut Io<'_, '_>) -> bool {
        if !self.habits().asks_in_batches {
            let users = self.listed_for(room);
            return self.wait_for_lists(&users, io);
        }
        let asked = self.live.asked_once.get(&room).into_iter().flatten();
        asked.copied().any(|(user, query)| self.live.queries.is_under_way(user, query))
    }
}
