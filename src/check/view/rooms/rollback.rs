//! Stores that become older ones: what a device had been told of its rooms by then, and what had been left out of that.
//! It does not know what anybody did with it.

use crate::check::view::life::Moment;
use crate::check::view::rooms::{Hidden, Rooms};
use crate::ids::{DeviceId, RoomId, UserId};
use crate::time::SimTime;

/// What had been left out of what a store knew that was replaced by a copy.
#[derive(Debug, Clone)]
pub(super) struct Past {
    until: Moment,
    hidden: Vec<Hidden>,
}

impl Rooms {
    /// The device's store is the one of `snapshot` again: what it was told after the first state is told once more. Of that
    /// very instant it is not known which came first; that it was told again is what does not blame anybody.
    ///
    /// A copy from before an earlier restore knows what was known then, whatever that restore took away. Of a copy from the very instant
    /// of that restore what it was made for tells: a process that began at that instant, after the restore, and writes its copy back
    /// later copied what the restore had left. Any other copy was made before all that happened at its instant.
    pub(crate) fn restored(
        &mut self,
        device: DeviceId,
        (snapshot, begun): (SimTime, Option<Moment>),
        now: Moment,
    ) {
        let is_after = |restore: Moment| {
            let is_copied = |begun: Moment| begun.at == snapshot && begun.fact >= restore.fact;
            let left = now.at > snapshot && begun.is_some_and(is_copied);
            restore.at > snapshot || (restore.at == snapshot && !left)
        };
        for room in (0..self.rooms.len()).map(RoomId::at) {
            let Some(seen) = self.seen.get_mut(device.raw(), room.raw()) else { continue };
            let then = seen.past.iter().find(|(until, _)| is_after(*until));
            let then = known_at(then.map_or(&seen.steps, |(_, steps)| steps), snapshot);
            let before = std::mem::replace(&mut seen.steps, then);
            seen.has_lost |= before.iter().any(|(_, told)| told.at >= snapshot);
            seen.past.push((now, before));
            seen.seq = seen.steps.last().map_or(0, |(seq, _)| *seq);
            // What was left out later was in what the older store had been told. What had been left out of the rest may be in it
            // this time; if it is not, that is said anew.
            let range = (device, room, UserId::new(0))..=(device, room, UserId::new(u32::MAX));
            for (place, list) in self.hidden.range_mut(range) {
                let past = self.hidden_past.entry(*place).or_default();
                let then = past.iter().find(|past| is_after(past.until));
                let then = then.map_or_else(|| list.clone(), |then| then.hidden.clone());
                let hidden = std::mem::replace(list, then);
                seen.has_lost |= hidden.iter().any(|hidden| hidden.at >= snapshot);
                past.push(Past { until: now, hidden });
                list.retain(|hidden| hidden.at <= snapshot && hidden.after < seen.seq);
            }
        }
    }
}

impl Rooms {
    /// Whether an older store may have taken away anything that the device was told of the room.
    pub(crate) fn may_be_lost(&self, device: DeviceId, room: RoomId) -> bool {
        self.seen.get(device.raw(), room.raw()).is_some_and(|seen| seen.has_lost)
    }
}

/// The steps that a store had been told of at this time, as far as that is known.
fn known_at(steps: &[(u32, Moment)], time: SimTime) -> Vec<(u32, Moment)> {
    let first = steps.first().map(|(_, told)| *told);
    let is_known = |told: Moment| told.at < time || (told.at == time && first == Some(told));
    steps.iter().copied().filter(|(_, told)| is_known(*told)).collect()
}
