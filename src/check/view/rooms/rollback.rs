//! Stores that become older ones: what a device had been told of its rooms by then, and what had been left out of that.
//! It does not know what anybody did with it.

use crate::check::view::life::Moment;
use crate::check::view::rooms::{Hidden, Rooms};
use crate::ids::{DeviceId, RoomId, UserId};
use crate::time::SimTime;

/// What had been left out of what a store knew that was replaced by a copy.
#[derive(Debug, Clone)]
pub(super) struct Past {
    until: SimTime,
    hidden: Vec<Hidden>,
}

impl Rooms {
    /// The device's store is the one of `snapshot` again: what it was told after the first state is told once more. Of that
    /// very instant it is not known which came first; that it was told again is what does not blame anybody.
    ///
    /// A copy from before an earlier restore knows what was known then, whatever that restore took away.
    pub(crate) fn restored(&mut self, device: DeviceId, snapshot: SimTime, now: Moment) {
        for room in (0..self.rooms.len()).map(RoomId::at) {
            let Some(seen) = self.seen.get_mut(device.raw(), room.raw()) else { continue };
            let then = seen.past.iter().find(|(until, _)| snapshot <= *until);
            let then = then.map_or_else(|| seen.steps.clone(), |(_, steps)| steps.clone());
            let before = std::mem::replace(&mut seen.steps, then);
            seen.past.push((now.at, before));
            let first = seen.steps.first().copied();
            seen.steps.retain(|(_, told)| {
                told.at < snapshot
                    || (told.at == snapshot && first.is_some_and(|(_, one)| one == *told))
            });
            seen.seq = seen.steps.last().map_or(0, |(seq, _)| *seq);
            // What was left out later was in what the older store had been told. What had been left out of the rest may be in it
            // this time; if it is not, that is said anew.
            let range = (device, room, UserId::new(0))..=(device, room, UserId::new(u32::MAX));
            for (place, list) in self.hidden.range_mut(range) {
                let past = self.hidden_past.entry(*place).or_default();
                let then = past.iter().find(|past| snapshot <= past.until);
                let then = then.map_or_else(|| list.clone(), |then| then.hidden.clone());
                let hidden = std::mem::replace(list, then);
                past.push(Past { until: now.at, hidden });
                list.retain(|hidden| hidden.at <= snapshot && hidden.after < seen.seq);
            }
        }
    }
}
