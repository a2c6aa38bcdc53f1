//! Forwarded keys: those that go out as soon as there is an Olm session, in which form, and those that come in.
//! It does not know who is to be given one.

use crate::client::reference::Reference;
use crate::client::reference::decide::ShareDecision;
use crate::client::reference::inbound::InboundKey;
use crate::client::reference::io::Io;
use crate::client::reference::notices::SessionNotice;
use crate::client::reference::puts::{Item, ItemContent};
use crate::client::reference::recipient::Arrival;
use crate::client::reference::replies::{Reply, reply_to_own};
use crate::client::reference::wording::forwarded_reason;
use crate::ids::{DeviceId, MegolmSessionId, RequestId};
use crate::protocol::megolm::InboundSession;
use crate::protocol::provenance::Provenance;
use crate::protocol::to_device::{
    ForwardedRoomKey, ForwardedWithheld, OlmEvent, RoomKey, SharedHistory, ToDeviceType,
};
use crate::protocol::withheld::Field;
use crate::scenario::habits::ForwardTo;
use crate::trace::fact::{Causes, KeySource, ProcessOutcome};

/// A key to be forwarded as soon as there is an Olm session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Forward {
    pub(super) to: DeviceId,
    pub(super) request: RequestId,
    pub(super) session: MegolmSessionId,
    /// The first index that is given at the most; the forwarder's own one if it is later.
    pub(super) from: u32,
    pub(super) cause: Provenance,
}

impl Reference {
    /// Sends the keys that were waiting for an Olm session with a device.
    pub(super) fn send_forwards(&mut self, to: DeviceId, io: &mut Io<'_, '_>) {
        let (now, later) = std::mem::take(&mut self.live.forwards)
            .into_iter()
            .partition(|forward: &Forward| forward.to == to);
        self.live.forwards = later;
        for forward in now {
            // Between the answer and the session the user may have changed their mind about the device.
            let by_habit = self.habits().forward_to != ForwardTo::OwnVerified;
            let is_cancelled = !self.habits().answers_at_once
                && self.store.requests.is_cancelled(to, forward.request);
            if is_cancelled || !(by_habit || self.serves(to)) {
                continue;
            }
            // What was decided before the claim may not hold any more (K-06, K-08).
            let passes_over_blocks = self.habits().forward_to == ForwardTo::OwnBlockedAndGiven;
            if !passes_over_blocks && self.due_now(to) != ShareDecision::Share {
                continue;
            }
            let Some(event) = self.forwarded(forward.session, forward.from) else { continue };
            let content = ItemContent::Sealed(OlmEvent::ForwardedRoomKey(event));
            let item = Item { device: to, content, because: Causes::of([forward.cause.0]) };
            let puts = self.put(ToDeviceType::Encrypted, vec![item], forward.cause.0, io);
            self.put_in_batch(&puts);
        }
    }

    /// Whether an own device may have keys now.
    fn serves(&self, device: DeviceId) -> bool {
        let me = self.my_user();
        let listed = self.store.lists.user(me).and_then(|list| list.device(device)).copied();
        listed.is_some_and(|keys| {
            reply_to_own(self.store.policy.share, &self.view_of(me, &keys), true) == Reply::Forward
        })
    }

    /// The forwarded form of a key that this device has, with the reason why it has a part only (F-04 to F-07).
    fn forwarded(&self, session: MegolmSessionId, from: u32) -> Option<ForwardedRoomKey> {
        let key = self.store.inbound.key(session)?;
        let (room, first) = (key.room, key.first().max(from));
        let shared_history = SharedHistory::of(key.shared_history);
        let from_creator = |notice: &&SessionNotice| notice.sender == self.user_of(key.creator);
        let partial = self.store.notices.about(session).iter().find(from_creator);
        Some(ForwardedRoomKey {
            key: RoomKey { room, session, first, shared_history },
            creator: key.creator,
            hops: key.hops,
            withheld: forwarded_reason(
                partial
                    .map(|notice| ForwardedWithheld { code: notice.code, reason: notice.reason }),
                first,
                self.habits().forwarded_reason,
            ),
        })
    }

    /// Takes a forwarded key if it was asked for and comes from an own verified device (F-03).
    pub(super) fn forwarded_key(
        &mut self,
        arrival: Arrival,
        forwarded: &ForwardedRoomKey,
        by: Provenance,
        io: &mut Io<'_, '_>,
    ) -> ProcessOutcome {
        let RoomKey { room, session, first, .. } = forwarded.key;
        let (sender, me) = (arrival.sender, self.my_user());
        let listed = self.store.lists.user(me).and_then(|list| list.device(sender)).copied();
        let trusted = listed.is_some_and(|keys| self.view_of(me, &keys).verified);
        if self.user_of(sender) != me || !trusted || !self.store.requests.was_asked(session, sender)
        {
            return ProcessOutcome::Discarded;
        }
        if let Some(withheld) = forwarded.withheld {
            let notice = SessionNotice {
                id: arrival.id,
                sender: me,
                was_asked: true,
                of_bundle: false,
                owns_key: true,
                code: withheld.code,
                reason: withheld.reason,
                by,
            };
            self.store.notices.keep(session, notice);
        }
        let key = InboundKey {
            hops: forwarded.hops + 1,
            ..InboundKey::new(room, InboundSession::new(session, first), forwarded.creator)
        };
        let withheld = forwarded.withheld.and_then(|withheld| match withheld.code {
            Field::Is(code) => Some(code),
            Field::Absent | Field::NotAString | Field::Other(_) => None,
        });
        let source = (KeySource::Forwarded { withheld }, Some(arrival.id), by);
        if self.habits().asks_at_once {
            // What is no better answers nothing, and what is still unread afterwards is asked for anew.
            let better = self.store.inbound.key(session).is_none_or(|old| old.first() > first);
            if better {
                self.cancel(session, Some(sender), by, io);
                self.take_key(key, source, io);
            }
        } else {
            self.take_key(key, source, io);
            self.cancel(session, Some(sender), by, io);
        }
        ProcessOutcome::Handled
    }
}
