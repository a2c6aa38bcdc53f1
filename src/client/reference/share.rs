//! A share: which devices get the key of a room's session now, which are told that they do not, and the requests
//! that carry both.
//! It does not know what has to come first, nor when the message is sent.

use crate::client::reference::Reference;
use crate::client::reference::claims::ClaimState;
use crate::client::reference::decide::{DeviceView, ShareDecision, decide_by_habit, is_told};
use crate::client::reference::io::Io;
use crate::client::reference::outbound::{NoticeKey, Outbound};
use crate::client::reference::outbox::Places;
use crate::client::reference::puts::{Item, ItemContent};
use crate::client::reference::rooms::{SeenRoom, visibility_or_default};
use crate::client::reference::wording::{notice_type, session_notice};
use crate::ids::{DeviceId, FactId, MegolmSessionId, RoomId, UserId};
use crate::protocol::api::DeviceKeys;
use crate::protocol::provenance::Provenance;
use crate::protocol::room::Rotation;
use crate::protocol::to_device::{OlmEvent, RoomKey, ToDeviceBody, ToDeviceType};
use crate::protocol::withheld::{SessionCode, WithheldCode};
use crate::scenario::habits::{
    NewcomerIndex, NoOlmReset, NoticeTargets, UnblockIndex, WithheldDedup,
};
use crate::scenario::policy::Target;
use crate::time::SimTime;
use crate::trace::fact::{Causes, OlmCause};

/// Who is due what, of the devices that do not have it yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Whether the session has to be replaced first, and the fact behind it.
    pub(super) rotate: Option<Option<FactId>>,
    /// Devices that get the key, and from which index on.
    pub(super) keys: Vec<(DeviceId, u32)>,
    /// Devices that are due the key and have no Olm session.
    pub(super) missing: Vec<DeviceId>,
    /// Devices that are due no key.
    pub(super) barred: Vec<(DeviceId, SessionCode)>,
    /// Devices that are due no key and are looked for an Olm session all the same, by a bad habit.
    pub(super) misled: Vec<DeviceId>,
    /// Those of `barred` that are to be told.
    pub(super) notices: Vec<(DeviceId, SessionCode)>,
}

impl Plan {
    /// Whether every device has what it is due, but for those that have no Olm session.
    pub(super) const fn is_settled_but_for_missing(&self) -> bool {
        self.keys.is_empty() && self.misled.is_empty() && self.notices.is_empty()
    }
}

impl Reference {
    /// What this client knows of a device of a tracked user.
    pub(super) fn view_of(&self, user: UserId, keys: &DeviceKeys) -> DeviceView {
        let device = keys.device;
        let list = self.store.lists.user(user);
        let blocked = |target| self.store.blocked.contains_key(&target);
        let is_blocked = blocked(Target::Device(device)) || blocked(Target::User(user));
        // Who has one word for a device takes back by a block what was said by hand (`LocalTrust` in matrix-sdk-crypto).
        let by_hand = self.store.verified_by_hand.contains(&device)
            && !(is_blocked && self.habits().shares_by_strategy);
        let user_verified = list.is_some_and(|list| list.is_verified());
        DeviceView {
            device,
            user,
            crypto: keys.lists_algorithms,
            blocked: is_blocked,
            cross_signed: list.is_some_and(|list| list.trust.is_cross_signed(device)),
            verified: by_hand
                || (user_verified && list.is_some_and(|list| list.trust.is_verified(device))),
            user_verified: user_verified || user == self.my_user(),
        }
    }

    /// Finds out who is due what under the room's present session.
    pub(super) fn plan(&self, room: RoomId, users: &[UserId], clock: SimTime) -> Plan {
        let mut plan = Plan::default();
        let outbound = self.store.outbound.get(&room);
        for user in users {
            let Some(list) = self.store.lists.user(*user) else { continue };
            for keys in list.devices.iter().filter(|keys| keys.device != self.me()) {
                let view = self.view_of(*user, keys);
                match self.due(&view) {
                    ShareDecision::Share => self.plan_key(outbound, view.device, &mut plan),
                    ShareDecision::Withhold(code) => {
                        plan.barred.push((view.device, code));
                        self.plan_notice((room, outbound), &view, code, &mut plan);
                    }
                    ShareDecision::Pass => {}
                }
            }
        }
        self.plan_outsiders((room, outbound), &mut plan);
        plan.rotate = self.rotation_due((room, outbound), users, clock);
        plan
    }

    /// What a device is due, by the user's choices and by how this client is written.
    pub(super) fn due(&self, view: &DeviceView) -> ShareDecision {
        decide_by_habit(&self.store.policy, self.habits(), view)
    }

    /// By a bad habit, devices of users that the message is not meant for are told that they do not get its key.
    fn plan_outsiders(&self, (room, outbound): (RoomId, Option<&Outbound>), plan: &mut Plan) {
        for user in self.outsiders(room) {
            let Some(list) = self.store.lists.user(user) else { continue };
            for keys in &list.devices {
                let view = self.view_of(user, keys);
                if let ShareDecision::Withhold(code) = self.due(&view) {
                    self.plan_notice((room, outbound), &view, code, plan);
                }
            }
        }
    }

    /// Users that have or had something to do with the room and that messages are not meant for, where a habit looks
    /// at them.
    pub(super) fn outsiders(&self, room: RoomId) -> Vec<UserId> {
        match (self.habits().notice_targets, self.store.rooms.room(room)) {
            (NoticeTargets::Everyone, Some(seen)) => {
                seen.outsiders(self.store.policy.share_with_invited)
            }
            (NoticeTargets::Everyone, None) | (NoticeTargets::Recipients, _) => Vec::new(),
        }
    }

    fn plan_key(&self, outbound: Option<&Outbound>, device: DeviceId, plan: &mut Plan) {
        let first = match outbound {
            None => 0,
            Some(outbound) => match self.first_index(outbound, device) {
                Some(first) => first,
                None => return,
            },
        };
        if self.has_olm(device) {
            plan.keys.push((device, first));
        } else {
            plan.missing.push(device);
        }
    }

    /// From which index a device gets the key; `None` if it has it, or is not to get it.
    fn first_index(&self, outbound: &Outbound, device: DeviceId) -> Option<u32> {
        if outbound.given_up.contains(&device) || self.counts_as_given(outbound, device) {
            return None;
        }
        if let Some(given) = outbound.shared.get(&device) {
            let again = outbound.reshare.contains_key(&device);
            return again.then(|| outbound.again_from(*given, self.habits().reshare_index));
        }
        if let Some(owed) = outbound.owed_from.get(&device) {
            return Some(*owed);
        }
        if !outbound.told.contains_key(&self.marked_as(device)) {
            return match self.habits().newcomer_index {
                NewcomerIndex::Next => Some(outbound.next()),
                NewcomerIndex::Zero => Some(0),
            };
        }
        match self.habits().unblock_index {
            UnblockIndex::Next => Some(outbound.next()),
            UnblockIndex::Zero => Some(0),
            UnblockIndex::AfterNext => Some(outbound.next() + 1),
            UnblockIndex::Never => None,
        }
    }

    /// Whether another device had the key under the id of this one, to who goes by that.
    fn counts_as_given(&self, outbound: &Outbound, device: DeviceId) -> bool {
        let address = |device| self.config.directory.address(device);
        let is_twin = |other: &DeviceId| *other != device && address(*other) == address(device);
        self.habits().goes_by_device_id
            && !outbound.shared.contains_key(&device)
            && outbound.shared.keys().any(is_twin)
    }

    fn plan_notice(
        &self,
        (room, outbound): (RoomId, Option<&Outbound>),
        view: &DeviceView,
        code: SessionCode,
        plan: &mut Plan,
    ) {
        let habits = self.habits();
        if !habits.policy_before_olm && !self.store.olm.has(view.device) {
            plan.misled.push(view.device);
            return;
        }
        if !is_told(&self.store.policy.report, view, code.into(), habits.opt_out) {
            return;
        }
        let marked = self.marked_as(view.device);
        let late = habits.withheld_at_creation_only && outbound.is_some_and(|out| out.next() > 0);
        let repeated = match habits.withheld_dedup {
            WithheldDedup::RoomDevice => self.store.told_in_room.contains(&(room, marked)),
            WithheldDedup::SessionDevice
            | WithheldDedup::SessionDeviceCode
            | WithheldDedup::SessionUser
            | WithheldDedup::None => outbound.is_some_and(|outbound| {
                let key = NoticeKey { device: marked, user: view.user, code };
                outbound.was_told(key, habits.withheld_dedup, |device| self.user_of(device))
            }),
        };
        let one_a_user = habits.withheld_dedup == WithheldDedup::SessionUser
            && plan.notices.iter().any(|(other, _)| self.user_of(*other) == view.user);
        let has_key = outbound.is_some_and(|outbound| outbound.shared.contains_key(&view.device));
        if !late && !repeated && !one_a_user && !has_key {
            plan.notices.push((view.device, code));
        }
    }

    /// Whether the session has to be replaced, by rules R-01 to R-07 (and, for some habits, without need).
    fn rotation_due(
        &self,
        (room, outbound): (RoomId, Option<&Outbound>),
        users: &[UserId],
        clock: SimTime,
    ) -> Option<Option<FactId>> {
        let Some(outbound) = outbound else { return Some(None) };
        if let Some(by) = outbound.invalid {
            return Some(by.0);
        }
        let seen = self.store.rooms.room(room)?;
        if outbound.is_used_up(self.rotation_of(seen, outbound), clock) {
            return Some(outbound.made_by.0);
        }
        let habits = self.habits();
        if !habits.heeds_room_changes && self.is_of_another_room(seen, outbound, users) {
            return Some(outbound.room_seen.0);
        }
        if habits.goes_by_device_id
            && let Some(device) = outbound.shared.keys().find(|device| self.has_gone(**device))
        {
            return Some(self.learnt(*device));
        }
        // Who has the key may be no recipient any more, like an invited user since the history begins with the join.
        let barred =
            |device: &&DeviceId| matches!(self.due_now(**device), ShareDecision::Withhold(_));
        if habits.rotate_on_block
            && let Some(device) = outbound.shared.keys().chain(&outbound.bundled).find(barred)
        {
            return Some(self.block_of(*device).0);
        }
        (habits.withheld_looks_shared && !outbound.told.is_empty()).then_some(None)
    }

    /// The settings that a session goes by, as this client reads them.
    pub(super) fn rotation_of(&self, seen: &SeenRoom, outbound: &Outbound) -> Rotation {
        let made_under = outbound.made_under.filter(|_| !self.habits().heeds_room_changes);
        let rotation = made_under.map_or_else(|| seen.rotation(), |(_, rotation)| rotation);
        Outbound::as_read(rotation, self.habits())
    }

    /// Whether the room is another one than that which a session was made for, to who looks at it only now: by its history visibility, or
    /// because somebody who has the key is not among these users.
    fn is_of_another_room(&self, seen: &SeenRoom, outbound: &Outbound, users: &[UserId]) -> bool {
        let is_there = |device: &DeviceId| users.binary_search(&self.user_of(*device)).is_ok();
        let visibility = visibility_or_default(seen);
        outbound.made_under.is_some_and(|(before, _)| before != visibility)
            || !outbound.shared.keys().all(is_there)
    }

    /// Whether no device under the id of this one is due keys any more.
    fn has_gone(&self, device: DeviceId) -> bool {
        let user = self.user_of(device);
        let list = self.store.lists.user(user);
        let mut devices = list.into_iter().flat_map(|list| &list.devices);
        let address = |device| self.config.directory.address(device);
        let named = devices.find(|keys| address(keys.device) == address(device));
        named.is_none_or(|keys| self.due(&self.view_of(user, keys)) != ShareDecision::Share)
    }

    /// The answer that last told of a device.
    pub(super) fn learnt(&self, device: DeviceId) -> Option<FactId> {
        self.store.lists.user(self.user_of(device)).and_then(|list| list.learnt_by.0)
    }

    /// The fact that a device or its user was let off last: unblocked, or verified.
    pub(super) fn allowed_by(&self, device: DeviceId) -> Option<FactId> {
        let targets = [Target::Device(device), Target::User(self.user_of(device))];
        targets.iter().filter_map(|target| self.store.allowed.get(target)?.0).max()
    }

    /// Why a device is kept from a key: it is blocked, or the share policy leaves it out as far as its list says.
    pub(super) fn reasons(&self, device: DeviceId, code: SessionCode) -> Causes {
        match code {
            SessionCode::Blacklisted => Causes::of([self.block_of(device).0]),
            SessionCode::Unverified | SessionCode::Unauthorised | SessionCode::Unavailable => {
                Causes::of([self.store.sharing_set.0, self.learnt(device), self.barred_by(device)])
            }
        }
    }

    /// The fact that the user took a verification back.
    fn barred_by(&self, device: DeviceId) -> Option<FactId> {
        let targets = [Target::Device(device), Target::User(self.user_of(device))];
        targets.iter().filter_map(|target| self.store.withdrawn.get(target)?.0).max()
    }

    /// The fact that a device or its user was blocked.
    pub(super) fn block_of(&self, device: DeviceId) -> Provenance {
        let blocked = |target| self.store.blocked.get(&target).copied();
        blocked(Target::Device(device))
            .or_else(|| blocked(Target::User(self.user_of(device))))
            .unwrap_or_default()
    }

    /// What a new session does to marks of the old one.
    pub(super) fn after_rotation(&mut self) {
        if self.habits().no_olm_reset == NoOlmReset::Rotation {
            self.store.no_olm.clear_all();
        }
    }

    /// Claims keys for devices that are due the room key and have no session; true if a claim is on its way.
    pub(super) fn claim_missing(&mut self, missing: &[DeviceId], io: &mut Io<'_, '_>) -> bool {
        let within = missing.iter().copied().filter(|device| !self.is_beyond_claims(*device));
        let within: Vec<DeviceId> = within.collect();
        self.claim_open(&within, io)
    }

    /// Claims keys for those of these devices for which that is not being done and is not put off; true if a claim is on its way.
    pub(super) fn claim_open(&mut self, devices: &[DeviceId], io: &mut Io<'_, '_>) -> bool {
        let (mut running, mut wanted) = (false, Vec::new());
        for device in devices {
            match self.live.claims.state(*device, io.given.clock) {
                ClaimState::Running => running = true,
                ClaimState::Open => wanted.push(*device),
                ClaimState::BackingOff(_) => {}
            }
        }
        running |= !wanted.is_empty();
        self.claim(&wanted, (OlmCause::Share, Provenance(io.given.cause)), io);
        running
    }

    /// Whether no key is ever claimed for a device, by how this client is written: it lists no algorithm.
    pub(super) fn is_beyond_claims(&self, device: DeviceId) -> bool {
        !self.habits().claims_unencrypted
            && self.listed(device).is_some_and(|listed| !listed.crypto)
    }

    /// Sends keys, and returns the requests that carry them. Where there is none to send, sends notices.
    pub(super) fn send_plan(
        &mut self,
        room: RoomId,
        plan: &Plan,
        cause: Option<FactId>,
        io: &mut Io<'_, '_>,
    ) -> Places {
        let Some(outbound) = self.store.outbound.get(&room) else { return Places::new() };
        let (session, made_by) = (outbound.session(), outbound.made_by.0);
        let named = outbound.named(self.habits().notice_session);
        let shared_history = outbound.flag;
        let key = |first| OlmEvent::RoomKey(RoomKey { room, session, first, shared_history });
        let item = |(device, first): &(DeviceId, u32)| Item {
            device: *device,
            content: ItemContent::Sealed(key(*first)),
            because: Causes::of([
                outbound.reshare.get(device).copied().unwrap_or_default().0.or(made_by),
                self.learnt(*device),
                self.allowed_by(*device),
            ]),
        };
        if !plan.keys.is_empty() {
            let keys = plan.keys.iter().map(item).collect();
            self.mark_keys(room, plan);
            self.view_changed(io);
            return self.put(ToDeviceType::Encrypted, keys, cause, io);
        }
        let mut notices = self.notice_items((room, named), plan);
        self.mark_notices(room, plan);
        if !self.habits().shares_once {
            self.tell(notices, cause, io);
            return Places::new();
        }
        notices.extend(self.no_olm_items((room, session), &plan.missing, io.given.clock));
        self.tell(notices, cause, io)
    }

    /// Sends keys and then notices, among them the word that there is no Olm session, one request after the other. Returns the requests that carry them.
    pub(super) fn send_all(
        &mut self,
        room: RoomId,
        plan: &Plan,
        cause: Option<FactId>,
        io: &mut Io<'_, '_>,
    ) -> Places {
        let mut puts = self.send_plan(room, plan, cause, io);
        if !plan.keys.is_empty() {
            let notices = Plan { keys: Vec::new(), ..plan.clone() };
            puts.extend(self.send_plan(room, &notices, cause, io));
        }
        self.give_up(room, &plan.missing);
        self.store.outbox.put_in_turn(&puts);
        puts
    }

    /// Sends notices, by a bad habit once more under the unstable type. Returns the requests that carry them.
    pub(super) fn tell(
        &mut self,
        notices: Vec<Item>,
        cause: Option<FactId>,
        io: &mut Io<'_, '_>,
    ) -> Places {
        if notices.is_empty() {
            return Places::new();
        }
        self.view_changed(io);
        let mut puts = Places::new();
        if self.habits().unstable_type_too {
            let again = notices.iter().map(Item::in_clear_again).collect();
            puts = self.put(ToDeviceType::WithheldUnstable, again, cause, io);
        }
        puts.extend(self.put(notice_type(&self.config.habits), notices, cause, io));
        puts
    }

    fn notice_items(&self, (room, session): (RoomId, MegolmSessionId), plan: &Plan) -> Vec<Item> {
        let notice = |(device, code): &(DeviceId, SessionCode)| Item {
            device: *device,
            content: ItemContent::Clear(ToDeviceBody::Withheld(session_notice(
                (room, session),
                *code,
                self.me(),
                self.habits(),
            ))),
            because: self.reasons(*device, *code),
        };
        plan.notices.iter().map(notice).collect()
    }

    /// Whether a code is reported to a device.
    pub(super) fn reports(&self, device: DeviceId, code: WithheldCode) -> bool {
        let user = self.user_of(device);
        let keys = DeviceKeys { device, lists_algorithms: true, signed_by: None };
        let view = self.view_of(user, &keys);
        is_told(&self.store.policy.report, &view, code, self.habits().opt_out)
    }

    /// Keys count as given from the moment they are in the outbox, which does not lose them.
    fn mark_keys(&mut self, room: RoomId, plan: &Plan) {
        let Some(outbound) = self.store.outbound.get_mut(&room) else { return };
        for (device, first) in &plan.keys {
            outbound.shared.insert(*device, *first);
            outbound.owed_from.remove(device);
            outbound.reshare.remove(device);
        }
    }

    /// Notices count as given from the moment they are in the outbox.
    fn mark_notices(&mut self, room: RoomId, plan: &Plan) {
        let told: Vec<_> =
            plan.notices.iter().map(|(device, code)| (self.marked_as(*device), *code)).collect();
        let Some(outbound) = self.store.outbound.get_mut(&room) else { return };
        for (device, _) in &plan.notices {
            self.store.requests.told(*device, outbound.session());
        }
        for (device, _) in &plan.barred {
            outbound.owed_from.remove(device);
        }
        for (device, code) in told {
            outbound.told.insert(device, code);
            self.store.told_in_room.insert((room, device));
        }
    }
}
