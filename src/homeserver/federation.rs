//! What one homeserver still has to tell each other one: a queue for each destination, sent as one transaction at a
//! time; and which to-device EDUs have already arrived here.
//! It does not know whether the other server can be reached, nor how long a transaction travels.
//!
//! Source: server-server API, transactions, `m.direct_to_device`, `m.device_list_update`; rule T-09.

use std::collections::{BTreeSet, VecDeque};

use crate::homeserver::room::{RoomCopy, Stamp};
use crate::ids::{DeviceId, RoomId, ServerId, TxnId, UserId};
use crate::protocol::provenance::Provenance;
use crate::protocol::room::RoomEvent;
use crate::protocol::to_device::{ToDeviceBody, ToDeviceType};
use crate::time::SimDuration;

/// How many room events one transaction carries at the most.
const PDU_LIMIT: usize = 50;
/// The wait after the first failure of a transaction; it doubles each time. The specification leaves it open.
const FIRST_WAIT: SimDuration = SimDuration::from_secs(1);
/// The longest wait.
const LONGEST_WAIT: SimDuration = SimDuration::from_hours(1);

/// `m.direct_to_device`: messages of one transaction of one device to devices of one server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ToDeviceEdu {
    /// Tells this EDU from all others of its origin.
    pub message_id: u64,
    /// The sending device; the servers vouch for its user only.
    pub sender: DeviceId,
    /// The transaction of the sending device.
    pub txn: TxnId,
    /// `type`
    pub event_type: ToDeviceType,
    /// The targets with their contents.
    pub messages: Vec<(DeviceId, ToDeviceBody)>,
    /// The fact that the origin accepted the transaction.
    pub cause: Provenance,
}

/// A room event on its way to another server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pdu {
    /// The room.
    pub room: RoomId,
    /// The event.
    pub event: RoomEvent,
    /// Its place among all that any server accepted.
    pub stamp: Stamp,
    /// The fact that the origin accepted it.
    pub cause: Provenance,
    /// The state before the event, for a server that is new to the room.
    pub copy: Option<Box<RoomCopy>>,
}

/// One thing that a transaction carries.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Item {
    /// To-device messages.
    ToDevice(ToDeviceEdu),
    /// `m.device_list_update`: a user's devices or identity changed.
    DeviceList(UserId, Provenance),
    /// A room event.
    Room(Pdu),
}

/// The queue for one destination.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Link {
    queue: VecDeque<Item>,
    in_flight: Vec<Item>,
    failures: u32,
    waiting: bool,
    held_up: Provenance,
    left_behind: Provenance,
}

impl Link {
    /// Puts a transaction together of what waited longest, in its order; false if there is nothing to send or it is
    /// not the time for it: one is under way, or the last one failed and its wait is not over.
    pub fn start(&mut self, edu_limit: usize) -> bool {
        if self.waiting || !self.in_flight.is_empty() || self.queue.is_empty() {
            return false;
        }
        let (mut edus, mut pdus) = (0, 0);
        while let Some(next) = self.queue.front() {
            let (count, limit) = match next {
                Item::ToDevice(_) | Item::DeviceList(..) => (&mut edus, edu_limit.max(1)),
                Item::Room(_) => (&mut pdus, PDU_LIMIT),
            };
            if *count == limit {
                break;
            }
            *count += 1;
            self.in_flight.extend(self.queue.pop_front());
        }
        self.held_up = std::mem::take(&mut self.left_behind);
        true
    }

    /// What the transaction under way carries; to be given back with [`Link::put_back`] until it is confirmed.
    pub fn take_in_flight(&mut self) -> Vec<Item> {
        std::mem::take(&mut self.in_flight)
    }

    /// Gives back what [`Link::take_in_flight`] took.
    pub fn put_back(&mut self, items: Vec<Item>) {
        self.in_flight = items;
    }

    /// What did not fit into the transaction under way has to wait because of this.
    pub fn leave_behind(&mut self, by: Provenance) {
        if !self.queue.is_empty() {
            self.left_behind = by;
        }
    }

    /// The fact that kept the transaction under way from arriving earlier.
    #[must_use]
    pub const fn held_up(&self) -> Provenance {
        self.held_up
    }

    /// The other server has everything that was under way.
    pub fn confirm(&mut self) {
        self.in_flight.clear();
        self.failures = 0;
    }

    /// The transaction failed, as far as its sender can tell: the same one goes out again after the wait that this
    /// gives.
    pub fn fail(&mut self, by: Provenance) -> SimDuration {
        self.held_up = by;
        let wait = FIRST_WAIT.times(1 << self.failures.min(12)).min(LONGEST_WAIT);
        self.failures += 1;
        self.waiting = true;
        wait
    }

    /// The wait is over; true if there is something to send again.
    pub fn resume(&mut self) -> bool {
        self.waiting = false;
        !self.in_flight.is_empty()
    }
}

/// The queues of one server for all others, and its memory of what has arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Federation {
    links: Vec<Link>,
    arrived: BTreeSet<(ServerId, u64)>,
    next_message_id: u64,
    edu_messages: Option<usize>,
    stirred: BTreeSet<ServerId>,
}

impl Federation {
    /// Empty queues for `servers` servers.
    #[must_use]
    pub fn new(servers: usize) -> Self {
        Self { links: vec![Link::default(); servers], ..Self::default() }
    }

    /// The queue for a destination.
    pub fn link(&mut self, to: ServerId) -> &mut Link {
        &mut self.links[to.index()]
    }

    /// Queues anything but to-device messages.
    pub fn queue(&mut self, to: ServerId, item: Item) {
        self.links[to.index()].queue.push_back(item);
        self.stirred.insert(to);
    }

    /// A destination for which something was queued since it was last given here, until there is none.
    pub fn pop_stirred(&mut self) -> Option<ServerId> {
        self.stirred.pop_first()
    }

    /// From now on one EDU carries so many to-device messages at the most; `None` for any number.
    pub const fn limit_edus(&mut self, messages: Option<usize>) {
        self.edu_messages = messages;
    }

    /// Queues to-device messages, in as many EDUs as the limit makes necessary, each with a `message_id` of its own.
    pub fn queue_to_device(&mut self, to: ServerId, mut edu: ToDeviceEdu) {
        let limit = self.edu_messages.unwrap_or(usize::MAX).max(1);
        while edu.messages.len() > limit {
            let rest = edu.messages.split_off(limit);
            let full = std::mem::replace(&mut edu.messages, rest);
            let message_id = self.take_message_id();
            let part = ToDeviceEdu { message_id, messages: full, ..edu.clone() };
            self.queue(to, Item::ToDevice(part));
        }
        edu.message_id = self.take_message_id();
        self.queue(to, Item::ToDevice(edu));
    }

    /// Notes that an EDU has arrived; false if it had before.
    pub fn note_arrival(&mut self, from: ServerId, message_id: u64) -> bool {
        self.arrived.insert((from, message_id))
    }

    fn take_message_id(&mut self) -> u64 {
        self.next_message_id += 1;
        self.next_message_id
    }
}

#[cfg(test)]
mod tests {
    use super::{Federation, Item, ToDeviceEdu};
    use crate::ids::{DeviceId, ServerId, TxnId, UserId};
    use crate::protocol::provenance::Provenance;
    use crate::protocol::to_device::{KeyRequest, KeyRequestAction, ToDeviceBody, ToDeviceType};
    use crate::time::SimDuration;

    const THERE: ServerId = ServerId::new(1);

    fn list(user: u32) -> Item {
        Item::DeviceList(UserId::new(user), Provenance::UNKNOWN)
    }

    fn edu(targets: u32) -> ToDeviceEdu {
        let body = ToDeviceBody::KeyRequest(KeyRequest {
            request: crate::ids::RequestId::new(0),
            requester: DeviceId::new(0),
            action: KeyRequestAction::Cancel,
        });
        ToDeviceEdu {
            message_id: 0,
            sender: DeviceId::new(0),
            txn: TxnId::new(0),
            event_type: ToDeviceType::KeyRequest,
            messages: (0..targets).map(|target| (DeviceId::new(target), body)).collect(),
            cause: Provenance::UNKNOWN,
        }
    }

    #[test]
    fn one_transaction_is_under_way_at_a_time_and_carries_no_more_than_the_limit() {
        let mut federation = Federation::new(2);
        (0..5).for_each(|user| federation.queue(THERE, list(user)));
        assert_eq!(federation.pop_stirred(), Some(THERE));
        assert_eq!(federation.pop_stirred(), None);
        let link = federation.link(THERE);
        assert!(link.start(2));
        assert!(!link.start(2), "a second transaction started beside the first");
        assert_eq!(link.take_in_flight(), [list(0), list(1)]);
        link.put_back(vec![list(0), list(1)]);
        link.confirm();
        assert!(link.start(2));
        assert_eq!(link.take_in_flight(), [list(2), list(3)]);
        link.confirm();
        assert!(link.start(2));
        assert_eq!(link.take_in_flight(), [list(4)]);
    }

    #[test]
    fn a_failed_transaction_goes_out_again_as_it_was_after_waits_that_double() {
        let mut federation = Federation::new(2);
        federation.queue(THERE, list(0));
        assert!(federation.link(THERE).start(9));
        let mut waits = Vec::new();
        for _ in 0..15 {
            waits.push(federation.link(THERE).fail(Provenance::UNKNOWN));
            federation.queue(THERE, list(1));
            assert!(!federation.link(THERE).start(9), "sent during the wait");
            assert!(federation.link(THERE).resume());
        }
        assert_eq!(waits[..3], [1, 2, 4].map(SimDuration::from_secs));
        assert_eq!(waits[14], SimDuration::from_hours(1));
        assert_eq!(federation.link(THERE).take_in_flight(), [list(0)]);
    }

    #[test]
    fn a_large_edu_is_split_and_each_part_is_taken_once() {
        let mut federation = Federation::new(2);
        federation.limit_edus(Some(2));
        federation.queue_to_device(THERE, edu(5));
        assert!(federation.link(THERE).start(9));
        let items = federation.link(THERE).take_in_flight();
        let sizes: Vec<(usize, u64)> = items
            .iter()
            .filter_map(|item| match item {
                Item::ToDevice(edu) => Some((edu.messages.len(), edu.message_id)),
                Item::DeviceList(..) | Item::Room(_) => None,
            })
            .collect();
        assert_eq!(sizes, [(2, 1), (2, 2), (1, 3)]);
        let mut there = Federation::new(2);
        assert!(there.note_arrival(ServerId::new(0), 1));
        assert!(!there.note_arrival(ServerId::new(0), 1));
        assert!(there.note_arrival(ServerId::new(0), 2));
    }
}
