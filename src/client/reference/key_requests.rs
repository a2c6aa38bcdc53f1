//! Key requests: asking other devices for a key, and answering those that ask.
//! It does not know how anything travels, nor in what form a key is forwarded.

use std::collections::{BTreeMap, BTreeSet};

use crate::client::reference::Reference;
use crate::client::reference::decide::{DeviceView, ShareDecision, decide};
use crate::client::reference::forwards::Forward;
use crate::client::reference::io::Io;
use crate::client::reference::puts::{Item, ItemContent};
use crate::client::reference::recipient::Arrival;
use crate::client::reference::replies::{Reply, reply_by_habit, reply_to_own};
use crate::client::reference::requests::OpenRequest;
use crate::client::reference::wording::notice_type;
use crate::ids::{DeviceId, MegolmSessionId, MessageId, RequestId, RoomId, UserId};
use crate::protocol::api::DeviceKeys;
use crate::protocol::provenance::Provenance;
use crate::protocol::room::Membership;
use crate::protocol::to_device::{KeyRequest, KeyRequestAction, ToDeviceBody, ToDeviceType};
use crate::protocol::withheld::{SessionCode, WithheldNotice};
use crate::scenario::habits::ForwardTo;
use crate::scenario::model::PublishedKeys;
use crate::scenario::policy::{AnswerRequests, AskFor, SharePolicy};
use crate::trace::fact::{Causes, FactKind, OlmCause, ProcessOutcome};

/// A request that asks for something, with the fact that it was processed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) request: RequestId,
    pub(super) requester: DeviceId,
    room: RoomId,
    pub(super) session: MegolmSessionId,
    pub(super) by: Provenance,
}

impl Reference {
    /// Asks for the key of a message by its name.
    pub(super) fn ask_for_message(
        &mut self,
        message: MessageId,
        of: &[DeviceId],
        io: &mut Io<'_, '_>,
    ) {
        if let Some(session) = self.store.inbound.session_of(message) {
            let cause = Provenance(io.given.cause);
            self.ask_for(session, of, cause, io);
        }
    }

    /// Asks for a session that a message was received of: these devices, or those that the policy names. A request
    /// that is open is repeated under its id.
    pub(super) fn ask_for(
        &mut self,
        session: MegolmSessionId,
        of: &[DeviceId],
        cause: Provenance,
        io: &mut Io<'_, '_>,
    ) {
        let open = self.store.requests.open(session).cloned();
        // A client without encryption could do nothing with a key.
        if (of.is_empty() && open.is_some()) || self.config.keys != PublishedKeys::Full {
            return;
        }
        let unread = self.store.inbound.unread_of(session);
        let Some((room, creator)) = unread.map(|received| (received.room, received.device)) else {
            return;
        };
        let me = self.my_user();
        self.follow(me, io);
        io.touch();
        if of.is_empty() && !self.is_list_fresh(me) && !self.habits().asks_at_once {
            self.store.ask_later.insert(session);
            return;
        }
        let asked = if of.is_empty() { self.whom_to_ask(creator) } else { self.addressed(of) };
        if asked.is_empty() {
            return;
        }
        let request = open.as_ref().map_or_else(|| io.given.entropy.request(), |open| open.request);
        let kind = FactKind::KeyRequested { device: self.me(), session, request };
        let fact = io.fact(kind, Causes::of([cause.0]));
        let action = KeyRequestAction::Request { room, session };
        self.send_request((request, action), &asked, Provenance::of(fact), io);
        // Whoever was asked before has to be told as well when the key has come.
        let before = open.into_iter().flat_map(|open| open.asked);
        let before = before.filter(|device| !asked.contains(device)).collect::<Vec<_>>();
        let asked = before.into_iter().chain(asked.iter().copied()).collect();
        self.store.requests.begin(session, OpenRequest { request, asked });
    }

    /// These devices, one for each address: a request names a user and a device id, and not who had that at which time. Who is
    /// listed under it is meant. What goes to the own address comes back.
    fn addressed(&self, of: &[DeviceId]) -> Vec<DeviceId> {
        let address = |device| self.config.directory.address(device);
        let mut taken = BTreeSet::from([address(self.me())]);
        let asked = of.iter().copied().filter(|device| taken.insert(address(*device)));
        asked.map(|device| self.listed_as(device)).collect()
    }

    /// The device that is listed under the address of this one; itself, if none is.
    fn listed_as(&self, device: DeviceId) -> DeviceId {
        let directory = &self.config.directory;
        let list = self.store.lists.user(directory.user(device));
        let mut listed = list.into_iter().flat_map(|list| &list.devices).map(|keys| keys.device);
        let address = directory.address(device);
        listed.find(|listed| directory.address(*listed) == address).unwrap_or(device)
    }

    /// Own verified devices, and the sender's device where the policy says so.
    fn whom_to_ask(&self, creator: DeviceId) -> Vec<DeviceId> {
        let me = self.my_user();
        let own = self.store.lists.user(me).map(|list| list.devices.as_slice()).unwrap_or_default();
        let mut asked: Vec<DeviceId> = own
            .iter()
            .filter(|keys| keys.device != self.me() && self.view_of(me, keys).verified)
            .map(|keys| keys.device)
            .collect();
        if self.habits().asks_at_once && !asked.is_empty() {
            let others = own.iter().map(|keys| keys.device).filter(|device| *device != self.me());
            asked = others.collect();
        }
        if self.store.policy.ask == AskFor::OwnDevicesAndSender && !asked.contains(&creator) {
            asked.push(creator);
        }
        asked
    }

    fn send_request(
        &mut self,
        (request, action): (RequestId, KeyRequestAction),
        to: &[DeviceId],
        cause: Provenance,
        io: &mut Io<'_, '_>,
    ) {
        let body = ToDeviceBody::KeyRequest(KeyRequest { request, requester: self.me(), action });
        let item = |device: &DeviceId| Item {
            device: *device,
            content: ItemContent::Clear(body),
            because: Causes::of([cause.0]),
        };
        let items = self.addressed(to).iter().map(item).collect();
        let puts = self.put(ToDeviceType::KeyRequest, items, cause.0, io);
        self.put_in_batch(&puts);
    }

    /// Takes the open request for a message's key back.
    pub(super) fn cancel_for_message(&mut self, message: MessageId, io: &mut Io<'_, '_>) {
        if let Some(session) = self.store.inbound.session_of(message) {
            let cause = Provenance(io.given.cause);
            self.cancel(session, None, cause, io);
        }
    }

    /// Closes the request for a session, and tells those who were asked, as a rule but for the one who answered.
    pub(super) fn cancel(
        &mut self,
        session: MegolmSessionId,
        answered_by: Option<DeviceId>,
        cause: Provenance,
        io: &mut Io<'_, '_>,
    ) {
        let Some(open) = self.store.requests.close(session) else { return };
        let kind = FactKind::RequestCancelled { device: self.me(), request: open.request };
        let fact = Provenance::of(io.fact(kind, Causes::of([cause.0])));
        let told =
            |device: &DeviceId| self.habits().cancels_answered || Some(*device) != answered_by;
        let others: Vec<DeviceId> = open.asked.into_iter().filter(told).collect();
        self.send_request((open.request, KeyRequestAction::Cancel), &others, fact, io);
        io.touch();
    }

    /// Handles another device's request or its cancellation.
    pub(super) fn key_request(
        &mut self,
        arrival: Arrival,
        request: &KeyRequest,
        io: &mut Io<'_, '_>,
    ) {
        let requester = request.requester;
        let is_own = self.user_of(requester) == self.user_of(arrival.sender);
        let outcome = if is_own { ProcessOutcome::Handled } else { ProcessOutcome::Discarded };
        let kind = FactKind::Processed { device: self.me(), message: arrival.id, outcome };
        let by = Provenance::of(io.fact(kind, Causes::of([arrival.listed.0])));
        if !is_own {
            return;
        }
        io.touch();
        match request.action {
            KeyRequestAction::Cancel if self.habits().answers_at_once => {
                self.drop_collected(requester, request.request);
            }
            KeyRequestAction::Cancel if !self.habits().heeds_cancellations => {}
            KeyRequestAction::Cancel => {
                self.store.requests.cancel(requester, request.request);
            }
            KeyRequestAction::Request { room, session } => {
                let asked = Asked { request: request.request, requester, room, session, by };
                if self.habits().answers_at_once {
                    self.drop_collected(requester, request.request);
                    self.live.unanswered.push(asked);
                } else {
                    self.answer_when_known(asked, io);
                }
            }
        }
    }

    /// Answers a request once the requester's list is known; if that cannot be had, the request is ignored.
    fn answer_when_known(&mut self, asked: Asked, io: &mut Io<'_, '_>) {
        let user = self.user_of(asked.requester);
        self.follow(user, io);
        if self.is_list_fresh(user) {
            self.answer_request(asked, io);
        } else {
            self.live.unanswered.push(asked);
        }
    }

    /// Whether a user's list is known and nothing was told since that makes it outdated.
    pub(super) fn is_list_fresh(&self, user: UserId) -> bool {
        self.store.lists.user(user).is_some_and(|list| list.known && !list.outdated)
    }

    /// A user's list is known now: requests that waited for it go on.
    pub(super) fn requests_after_list(&mut self, user: UserId, io: &mut Io<'_, '_>) {
        let (now, later) = std::mem::take(&mut self.live.unanswered)
            .into_iter()
            .partition(|asked: &Asked| self.user_of(asked.requester) == user);
        self.live.unanswered = later;
        for asked in now {
            self.answer_request(asked, io);
        }
        if user == self.my_user() {
            for session in std::mem::take(&mut self.store.ask_later) {
                self.ask_for(session, &[], Provenance(io.given.cause), io);
            }
        }
    }

    /// Answers a request, or does not.
    pub(super) fn answer_request(&mut self, asked: Asked, io: &mut Io<'_, '_>) {
        let reply = self.reply_to(&asked);
        let Asked { request, requester, room, session, by } = asked;
        if reply == Reply::Silence {
            self.store.requests.pass_over(requester, session, request);
            return io.touch();
        }
        let at_once = self.habits().answers_at_once;
        if !at_once && !self.store.requests.answer(requester, request) {
            return;
        }
        match reply {
            Reply::Forward if at_once && !self.store.olm.has(requester) => {
                self.live.kept_requests.push(asked);
            }
            Reply::Forward => {
                let from = self.given_from(&asked).unwrap_or(0);
                self.live.forwards.push(Forward {
                    to: requester,
                    request,
                    session,
                    from,
                    cause: by,
                });
                if self.store.olm.has(requester) {
                    self.send_forwards(requester, io);
                } else {
                    self.open_when_allowed(requester, (OlmCause::Reply, by), io);
                }
            }
            Reply::Refuse(code) => {
                let notice = WithheldNotice::Session { room, session, code }.content(self.me());
                let item = Item {
                    device: requester,
                    content: ItemContent::Clear(ToDeviceBody::Withheld(notice)),
                    because: Causes::of([by.0]),
                };
                self.put(notice_type(&self.config.habits), vec![item], by.0, io);
            }
            Reply::Silence => {}
        }
    }

    /// Decides on a request: own verified devices get the key; a refusal is told if policy and reporting allow it.
    fn reply_to(&self, asked: &Asked) -> Reply {
        let tells = match self.store.policy.answer_requests {
            AnswerRequests::Ignore => return Reply::Silence,
            AnswerRequests::Forward => false,
            AnswerRequests::ForwardAndTell => true,
        };
        let device = asked.requester;
        let user = self.user_of(device);
        let listed = self.store.lists.user(user).and_then(|list| list.device(device)).copied();
        // Who publishes no keys counts as absent (K-09).
        if self.habits().skips_unencrypted && !listed.is_some_and(|keys| keys.lists_algorithms) {
            return Reply::Silence;
        }
        let unknown = DeviceKeys { device, lists_algorithms: true, signed_by: None };
        let view = self.view_of(user, &listed.unwrap_or(unknown));
        let has_key = self.store.inbound.key(asked.session).is_some();
        let is_own = user == self.my_user();
        let reply = if has_key && self.forwards_by_habit(asked, &view) {
            Reply::Forward
        } else if is_own {
            reply_to_own(self.store.policy.share, &view, has_key)
        } else {
            self.reply_to_other(asked, &view, has_key)
        };
        let habits = self.habits();
        let told = if is_own { habits.replies_to_own } else { habits.replies_to_others };
        match reply_by_habit(reply, habits.reply_code) {
            Reply::Refuse(code)
                if !tells || !told.contains(code.into()) || !self.reports(device, code.into()) =>
            {
                Reply::Silence
            }
            reply @ (Reply::Forward | Reply::Refuse(_) | Reply::Silence) => reply,
        }
    }

    /// Whether this client gives a key to a device that is none of the own verified ones.
    fn forwards_by_habit(&self, asked: &Asked, view: &DeviceView) -> bool {
        match self.habits().forward_to {
            ForwardTo::OwnVerified => false,
            ForwardTo::OwnVerifiedAndGiven => self.given_from(asked).is_some(),
            ForwardTo::OwnBlockedAndGiven => {
                self.is_own_verified(view) || self.given_from(asked).is_some()
            }
            ForwardTo::Own => view.user == self.my_user(),
            ForwardTo::Anyone => true,
        }
    }

    /// Whether a device is one of the own user's and verified, blocked or not.
    fn is_own_verified(&self, view: &DeviceView) -> bool {
        let free = DeviceView { blocked: false, ..*view };
        view.user == self.my_user() && decide(SharePolicy::Verified, &free) == ShareDecision::Share
    }

    /// Where the key started that a device was given of the session in use, if a request for it is answered because it
    /// was given that.
    fn given_from(&self, asked: &Asked) -> Option<u32> {
        let is_own = self.user_of(asked.requester) == self.my_user();
        let gives_again = match self.habits().forward_to {
            ForwardTo::OwnVerifiedAndGiven => !is_own,
            // To its own user's devices as well, unless they are verified: those are given all that there is.
            ForwardTo::OwnBlockedAndGiven => {
                let view = self.listed(asked.requester);
                view.is_some_and(|view| !self.is_own_verified(&view))
            }
            ForwardTo::OwnVerified | ForwardTo::Own | ForwardTo::Anyone => false,
        };
        if !gives_again {
            return None;
        }
        let outbound = self.store.outbound.get(&asked.room)?;
        let given = outbound.shared.get(&asked.requester).copied();
        given.filter(|_| outbound.session() == asked.session)
    }

    /// Another user's device never gets a key on request. One that is barred is told why. Of the session in use
    /// it is known who was given it and who was owed it, and everybody else is not entitled to what was sent so far;
    /// of older sessions that is not known, and nothing is said.
    fn reply_to_other(&self, asked: &Asked, view: &DeviceView, has_key: bool) -> Reply {
        if !has_key {
            return Reply::Refuse(SessionCode::Unavailable);
        }
        if let ShareDecision::Withhold(code) = decide(self.store.policy.share, view) {
            return Reply::Refuse(code);
        }
        let outbound = self.store.outbound.get(&asked.room);
        let in_use = outbound.filter(|outbound| outbound.session() == asked.session);
        let entitled = in_use.is_none_or(|outbound| {
            let had = |devices: &BTreeMap<DeviceId, u32>| devices.contains_key(&asked.requester);
            had(&outbound.shared) || had(&outbound.owed_from)
        });
        if entitled && self.is_in_room(asked.room, view.user) {
            Reply::Silence
        } else {
            Reply::Refuse(SessionCode::Unauthorised)
        }
    }

    fn is_in_room(&self, room: RoomId, user: UserId) -> bool {
        let seen = self.store.rooms.room(room);
        seen.is_some_and(|seen| seen.membership(user) == Membership::Join)
    }
}
