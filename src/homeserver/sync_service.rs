//! How a homeserver puts a sync answer together from its registers.
//! It does not know whether the answer arrives; the next token will tell.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::homeserver::Homeserver;
use crate::homeserver::device_lists::{Change, ChangeKind};
use crate::homeserver::log::FactLog;
use crate::homeserver::room::Room;
use crate::ids::{DeviceId, FactId, RoomId, UserId};
use crate::protocol::api::{ListChange, RoomSync, SyncResponse, SyncToken};
use crate::protocol::provenance::Provenance;
use crate::protocol::room::{Membership, RoomEvent, RoomState};
use crate::trace::fact::{Causes, FactKind};

/// The limits of a sync answer, and what is wrong with it.
#[derive(Debug, Clone, Copy)]
pub struct SyncTerms<'a> {
    /// How many to-device messages it holds at the most.
    pub batch_limit: u32,
    /// How many events of one room it holds at the most.
    pub timeline_limit: u32,
    /// What makes `batch_limit` lower than it is by itself.
    pub limited_by: Provenance,
    /// What makes a batch of to-device messages be listed newest first (against T-02), if anything does.
    pub newest_first: Option<Provenance>,
    /// Whether messages beyond the batch limit are thrown away (against T-01 and T-03).
    pub drops_rest: bool,
    /// What leaves key counts out (against C-06, C-07), if anything does.
    pub omit_counts: Option<Provenance>,
    /// What kept the device from asking earlier.
    pub late_by: Provenance,
    /// Users who are left out of room states, each with what made it so.
    pub hidden: &'a [(UserId, Option<FactId>)],
}

/// Of how many answers a server keeps the memory: enough for all devices of most rooms, and little beside those of a large one.
const SPARE: usize = 1_024;

/// A sync answer, with the newest fact behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncAnswer {
    /// The answer.
    pub response: Box<SyncResponse>,
    /// The newest fact that it tells of.
    pub cause: Option<FactId>,
}

impl Homeserver {
    /// The token of a sync request acknowledges the messages that came before it: they are deleted.
    pub fn acknowledge(&mut self, device: DeviceId, token: SyncToken, log: &mut impl FactLog) {
        let mailbox = &mut self.accounts[self.residents.device_seat(device)].mailbox;
        while let Some(row) = mailbox.acknowledge(token.to_device) {
            let causes = Causes::of([row.listed.0.or(row.written.0)]);
            log.record(FactKind::Acknowledged { device, message: row.id }, causes);
        }
    }

    /// The answer to a sync request, if there is something to tell. The first one, with a token that has seen no room,
    /// always has an answer, and no list changes: whoever starts anew has to query every list anyway.
    pub fn sync(
        &mut self,
        device: DeviceId,
        token: SyncToken,
        terms: &SyncTerms<'_>,
        log: &mut impl FactLog,
    ) -> Option<SyncAnswer> {
        let user = self.residents.user(device);
        let initial = token.rooms == 0;
        let rooms: SmallVec<[RoomSync; 1]> =
            self.rooms.news(user, token.rooms, terms.timeline_limit).collect();
        let lists = if initial { Vec::new() } else { self.list_changes(user, token.device_lists) };
        let account = self.account(device);
        let counts = account.owes_counts() && terms.omit_counts.is_none();
        if !initial && rooms.is_empty() && lists.is_empty() && !counts && account.mailbox.is_empty()
        {
            return None;
        }
        let keys_cause = account.keys_cause.0.filter(|_| counts);
        let mut response = self.spare.pop().unwrap_or_default();
        *response = SyncResponse {
            since: token,
            next: SyncToken {
                to_device: token.to_device,
                device_lists: self.lists.position(),
                rooms: self.rooms.position(),
            },
            to_device: std::mem::take(&mut response.to_device),
            device_lists: lists,
            one_time_key_count: None,
            unused_fallback_key: None,
            counts_cause: terms.omit_counts.unwrap_or_default(),
            rooms,
        };
        self.list_mailbox(device, terms, &mut response, log);
        self.tell_counts(device, terms, &mut response);
        hide_members(device, terms.hidden, &mut response.rooms, log);
        let cause = newest(&response).max(keys_cause);
        Some(SyncAnswer { response, cause })
    }

    /// Takes the memory of an answer that was read back, for the next one. It makes no difference to anything else.
    pub fn take_back(&mut self, mut response: Box<SyncResponse>) {
        if self.spare.len() < SPARE {
            response.to_device.clear();
            self.spare.push(response);
        }
    }

    /// `GET /keys/changes`, and the part of a sync answer that says the same: how the lists that the user follows
    /// changed after a position of the stream, by user.
    #[must_use]
    pub fn list_changes(&self, user: UserId, since: u64) -> Vec<(UserId, ListChange, Provenance)> {
        let mut changes = Vec::new();
        for change in self.lists.since(since) {
            self.collect_change(user, change, &mut changes);
        }
        changes
    }

    /// Adds what one entry of the stream means for `user`. Whether two users share a room is asked of the present, so
    /// that of a coming and a going in one answer the last one is told.
    fn collect_change(
        &self,
        user: UserId,
        change: &Change,
        into: &mut Vec<(UserId, ListChange, Provenance)>,
    ) {
        let mut tell = |other: UserId| {
            let shares = other == user || self.rooms.share(user, other);
            let kind = if shares { ListChange::Changed } else { ListChange::Left };
            let told = (other, kind, change.cause);
            match into.binary_search_by_key(&other, |(user, ..)| *user) {
                Ok(place) => into[place] = told,
                Err(place) => into.insert(place, told),
            }
        };
        let own = change.user == user;
        match change.kind {
            ChangeKind::Changed => {
                if own || self.rooms.share(user, change.user) {
                    tell(change.user);
                }
            }
            ChangeKind::SignedBy(by) => {
                if by == user {
                    tell(change.user);
                }
            }
            ChangeKind::Joined(room) if own => {
                self.joined_in(room).filter(|other| *other != user).for_each(tell);
            }
            ChangeKind::Left(room) if own => self
                .joined_in(room)
                .filter(|other| *other != user && !self.rooms.share(user, *other))
                .for_each(tell),
            ChangeKind::Joined(room) => {
                if self.rooms.membership(room, user) == Membership::Join {
                    tell(change.user);
                }
            }
            ChangeKind::Left(room) => {
                if self.was_with(user, room) && !self.rooms.share(user, change.user) {
                    tell(change.user);
                }
            }
        }
    }

    /// Whether the user is or was in the room. Who left long ago may be told of others that leave now: that it need not
    /// follow them is no news, and does no harm.
    fn was_with(&self, user: UserId, room: RoomId) -> bool {
        self.rooms.get(room).is_some_and(|room| room.has_known(user))
    }

    fn joined_in(&self, room: RoomId) -> impl Iterator<Item = UserId> + '_ {
        let state = self.rooms.get(room).map(Room::state);
        let members = state.into_iter().flat_map(|state| state.members.iter());
        members.filter(|(_, membership)| **membership == Membership::Join).map(|(user, _)| *user)
    }

    fn list_mailbox(
        &mut self,
        device: DeviceId,
        terms: &SyncTerms<'_>,
        response: &mut SyncResponse,
        log: &mut impl FactLog,
    ) {
        let mailbox = &mut self.accounts[self.residents.device_seat(device)].mailbox;
        let limit = terms.batch_limit.max(1) as usize;
        response.next.to_device = mailbox.position_after(limit, response.since.to_device);
        response.to_device.reserve_exact(mailbox.batch(limit).len());
        // A single message has no order.
        let reordered = terms.newest_first.filter(|_| mailbox.batch(limit).len() > 1);
        let order = reordered.unwrap_or_default().0;
        let mut list = |row: &mut crate::homeserver::mailbox::Stored| {
            let kind = FactKind::Listed { device, message: row.id };
            let causes = Causes::of([row.written.0, row.held_up.0, order, terms.late_by.0]);
            row.listed = Provenance::of(log.record(kind, causes));
            response.to_device.push((row.id, row.message, row.listed));
        };
        if reordered.is_some() {
            mailbox.batch(limit).rev().for_each(&mut list);
        } else {
            mailbox.batch(limit).for_each(&mut list);
        }
        if terms.drops_rest {
            for row in mailbox.drop_beyond(limit) {
                let kind =
                    FactKind::Lost { txn: row.txn, recipient: device, message: Some(row.id) };
                log.record(kind, Causes::of([row.written.0]));
            }
        } else if terms.limited_by.0.is_some() {
            // What put a message there again stays the reason that it is listed again.
            let limited_by = terms.limited_by.0;
            mailbox
                .beyond(limit)
                .for_each(|row| row.held_up = Provenance(row.held_up.0.or(limited_by)));
        }
    }

    fn tell_counts(
        &mut self,
        device: DeviceId,
        terms: &SyncTerms<'_>,
        response: &mut SyncResponse,
    ) {
        if terms.omit_counts.is_none() {
            let account = self.account_mut(device);
            response.one_time_key_count = Some(account.tell_one_time());
            response.unused_fallback_key = Some(account.tell_fallback());
        }
    }
}

/// Takes users out of the room states and member events of an answer, and records each that is missing.
fn hide_members(
    device: DeviceId,
    hidden: &[(UserId, Option<FactId>)],
    rooms: &mut [RoomSync],
    log: &mut impl FactLog,
) {
    for &(user, cause) in hidden {
        for part in rooms.iter_mut() {
            let about_user = |event: &RoomEvent| matches!(event, RoomEvent::Member { user: of, .. } if *of == user);
            let told = part.timeline.len();
            part.timeline.retain(|(event, _)| !about_user(event));
            let mut missing = part.timeline.len() < told;
            if let Some(state) = &mut part.state
                && state.members.contains_key(&user)
            {
                let mut partial = RoomState::clone(state);
                partial.members.remove(&user);
                partial.inviters.remove(&user);
                *state = Arc::new(partial);
                missing = true;
            }
            if missing {
                let causes = Causes::of([cause, part.cause.0]);
                log.record(FactKind::MemberNotTold { device, room: part.room, user }, causes);
            }
        }
    }
}

/// The newest fact that an answer tells of.
fn newest(response: &SyncResponse) -> Option<FactId> {
    let messages = response.to_device.last().and_then(|(_, _, listed)| listed.0);
    let lists = response.device_lists.iter().filter_map(|(_, _, cause)| cause.0).max();
    let rooms = response
        .rooms
        .iter()
        .filter_map(|room| room.timeline.last().map_or(room.cause, |(_, cause)| *cause).0);
    messages.or_else(|| rooms.max()).or(lists)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::SyncTerms;
    use crate::homeserver::Homeserver;
    use crate::homeserver::foreseen::Foreseen;
    use crate::homeserver::key_service::ClaimTerms;
    use crate::homeserver::log::Notebook;
    use crate::homeserver::one_time_keys::HandOut;
    use crate::homeserver::residents::Residents;
    use crate::ids::{ClaimId, DeviceId, FactId, KeyValue, RoomId, ServerId, UserId};
    use crate::protocol::api::{KeyUpload, ListChange, SyncResponse, SyncToken};
    use crate::protocol::provenance::Provenance;
    use crate::protocol::room::{Membership, RoomState, Rotation};
    use crate::time::SimDuration;
    use crate::trace::fact::Causes;

    const ALICE: DeviceId = DeviceId::new(0);
    const BOB: DeviceId = DeviceId::new(1);
    const TERMS: SyncTerms<'_> = SyncTerms {
        batch_limit: 100,
        timeline_limit: 10,
        limited_by: Provenance::UNKNOWN,
        newest_first: None,
        drops_rest: false,
        omit_counts: None,
        late_by: Provenance::UNKNOWN,
        hidden: &[],
    };

    /// A server with Alice and Bob in a room and Carol in none, each with one device.
    fn server() -> (Homeserver, Notebook) {
        let residents = Arc::new(Residents::alone(&[3]));
        let mut server =
            Homeserver::new(ServerId::new(0), &residents, 1, &Arc::new(Foreseen::nothing(1, 1)));
        let mut log = Notebook::default();
        let members: BTreeMap<UserId, Membership> =
            (0..2).map(|user| (UserId::new(user), Membership::Join)).collect();
        let rotation = Rotation::megolm(SimDuration::from_hours(1), 9);
        let state = RoomState {
            members,
            inviters: BTreeMap::new(),
            history_visibility: None,
            rotation,
            changed_by: BTreeMap::new(),
        };
        server.rooms_mut().open(RoomId::new(0), state, 3, Provenance::UNKNOWN);
        for device in 0..3 {
            server.login(DeviceId::new(device), Causes::NONE, &mut log);
        }
        (server, log)
    }

    fn sync(server: &mut Homeserver, device: DeviceId, token: SyncToken) -> Option<SyncResponse> {
        let answer = server.sync(device, token, &TERMS, &mut Notebook::default());
        answer.map(|answer| *answer.response)
    }

    #[test]
    fn the_first_sync_is_always_answered_and_the_next_only_with_something_new() {
        let (mut server, _) = server();
        let first = sync(&mut server, ALICE, SyncToken::default()).unwrap();
        assert_eq!(first.rooms.len(), 1);
        assert_eq!(sync(&mut server, ALICE, first.next), None);
        let lonely = sync(&mut server, DeviceId::new(2), SyncToken::default()).unwrap();
        assert!(lonely.rooms.is_empty());
    }

    #[test]
    fn counts_are_in_every_answer_and_a_claim_is_something_new() {
        let (mut server, mut log) = server();
        let upload = KeyUpload {
            one_time_keys: vec![(1, KeyValue::new(1)), (2, KeyValue::new(2))],
            fallback_key: Some((3, KeyValue::new(3))),
            ..KeyUpload::default()
        };
        assert!(server.upload_keys(BOB, &upload, None, &mut log).is_some());
        let first = sync(&mut server, BOB, SyncToken::default()).unwrap();
        assert_eq!(first.one_time_key_count, Some(2));
        assert_eq!(first.unused_fallback_key, Some(true));
        let mut counts = Vec::new();
        for claim in 0..4 {
            let terms = ClaimTerms {
                claim: Some(ClaimId::new(claim)),
                how: HandOut::default(),
                causes: Causes::NONE,
            };
            assert!(server.claim(BOB, terms, &mut log).is_some());
            let told = sync(&mut server, BOB, first.next);
            counts.push(told.map(|told| (told.one_time_key_count, told.unused_fallback_key)));
        }
        let told = |count, unused| Some((Some(count), Some(unused)));
        // The fourth claim takes the fallback key again, which changes nothing.
        assert_eq!(counts, [told(1, true), told(0, true), told(0, false), None]);
    }

    #[test]
    fn a_device_without_any_key_is_absent_from_a_claim() {
        let (mut server, mut log) = server();
        let terms = ClaimTerms { claim: None, how: HandOut::default(), causes: Causes::NONE };
        assert_eq!(server.claim(ALICE, terms, &mut log), None);
    }

    #[test]
    fn a_changed_list_is_told_to_those_who_share_a_room_and_a_lost_one_to_nobody() {
        let (mut server, mut log) = server();
        let tokens: Vec<SyncToken> = (0..3)
            .map(|device| {
                sync(&mut server, DeviceId::new(device), SyncToken::default()).unwrap().next
            })
            .collect();
        let change = |server: &mut Homeserver, lost, log: &mut Notebook| {
            server.list_changed(UserId::new(0), FactId::new(0), lost, log);
        };
        change(&mut server, Some(Provenance::UNKNOWN), &mut log);
        assert_eq!(sync(&mut server, BOB, tokens[1]), None);
        change(&mut server, None, &mut log);
        let mut told = |device: u32| {
            let token = tokens[device as usize];
            let told = sync(&mut server, DeviceId::new(device), token);
            told.map(|told| told.device_lists.iter().map(|note| (note.0, note.1)).collect())
        };
        let note = Some(vec![(UserId::new(0), ListChange::Changed)]);
        assert_eq!([told(0), told(1), told(2)], [note.clone(), note, None]);
    }
}
