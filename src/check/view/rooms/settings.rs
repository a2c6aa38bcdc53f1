//! What rooms are set to, history visibility and encryption, as servers have it and as far as devices have seen it.
//! It does not know who may read because of that.

use crate::check::view::rooms::span::{Span, in_span};
use crate::check::view::rooms::{RoomCopy, Rooms};
use crate::ids::{DeviceId, FactId, RoomId, ServerId};
use crate::protocol::room::{HistoryVisibility, Rotation};

impl Rooms {
    /// The history visibility before a span, and all its values within.
    pub(crate) fn visibilities(
        &self,
        server: ServerId,
        room: RoomId,
        span: Span,
    ) -> (Option<HistoryVisibility>, Vec<HistoryVisibility>) {
        let copy = self.rooms.get(room.index()).and_then(|room| room.copies.get(&server));
        in_span(copy.map_or(&[], |copy| &copy.visibility), span)
    }

    /// The encryption settings before a span, and all that came within.
    pub(crate) fn settings(
        &self,
        server: ServerId,
        room: RoomId,
        span: Span,
    ) -> (Option<Rotation>, Vec<Rotation>) {
        let copy = self.rooms.get(room.index()).and_then(|room| room.copies.get(&server));
        in_span(copy.map_or(&[], |copy| &copy.encryption), span)
    }

    /// What the device has seen of the encryption settings.
    pub(crate) fn settings_seen(
        &self,
        server: ServerId,
        device: DeviceId,
        room: RoomId,
    ) -> Option<Rotation> {
        self.last_seen(server, (device, room), |copy| &copy.encryption)
    }

    /// Whether the device ever saw a history visibility under which invited users may read, or none.
    pub(crate) fn was_open_to_invited(
        &self,
        server: ServerId,
        device: DeviceId,
        room: RoomId,
    ) -> bool {
        let Some(seen) = self.seen.get(device.raw(), room.raw()) else { return true };
        let copy = self.rooms.get(room.index()).and_then(|room| room.copies.get(&server));
        let values = copy.map_or(&[][..], |copy| &copy.visibility);
        let mut values = values.iter().take_while(|(seq, _)| *seq <= seen.seq);
        // What the first state held was so from the start.
        let first = seen.steps.first().map_or(0, |(upto, _)| *upto);
        let was_unset = values.clone().next().is_none_or(|(seq, _)| *seq > first);
        was_unset || values.any(|(_, value)| *value != HistoryVisibility::Joined)
    }

    /// Where a server has it before `until` that the history begins for each member with the join, the fact since which it is so.
    pub(crate) fn begins_with_join(
        &self,
        server: ServerId,
        room: RoomId,
        until: FactId,
    ) -> Option<FactId> {
        let copy = self.rooms.get(room.index())?.copies.get(&server)?;
        let last = copy.visibility_facts.iter().rposition(|fact| *fact < until)?;
        let (_, value) = copy.visibility[last];
        (value == HistoryVisibility::Joined).then_some(copy.visibility_facts[last])
    }

    /// What the device has seen of the history visibility.
    pub(crate) fn visibility_seen(
        &self,
        server: ServerId,
        device: DeviceId,
        room: RoomId,
    ) -> Option<HistoryVisibility> {
        self.last_seen(server, (device, room), |copy| &copy.visibility)
    }

    /// The last of these values, in the order of the server, that the device has seen.
    fn last_seen<T: Copy>(
        &self,
        server: ServerId,
        (device, room): (DeviceId, RoomId),
        values: impl FnOnce(&RoomCopy) -> &[(u32, T)],
    ) -> Option<T> {
        let seen = self.seen.get(device.raw(), room.raw())?;
        let copy = self.rooms.get(room.index())?.copies.get(&server)?;
        let last = values(copy).iter().rev().find(|(seq, _)| *seq <= seen.seq)?;
        Some(last.1)
    }
}
