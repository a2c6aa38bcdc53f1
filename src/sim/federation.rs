//! Federation transactions: one at a time between two servers, sent again until the other one confirms it.
//! It does not know what clients do.

use crate::client::Client;
use crate::engine::choices::Choices;
use crate::homeserver::federation::{Item, Pdu, ToDeviceEdu};
use crate::ids::{FactId, FaultId, ServerId, UserId};
use crate::protocol::provenance::Provenance;
use crate::protocol::room::RoomEvent;
use crate::protocol::to_device::ToDeviceMessage;
use crate::sim::action::Action;
use crate::sim::labels::TRANSACTION_DELAY;
use crate::sim::network::Way;
use crate::sim::rooms::LateEvent;
use crate::sim::transport::Delivery;
use crate::sim::world::World;
use crate::time::SimTime;
use crate::trace::fact::Causes;
use crate::trace::sink::FactSink;

impl<C: Client, K: Choices> World<C, K> {
    /// A server sends what it has for another one, if nothing is under way there.
    pub(super) fn start_transaction(&mut self, from: ServerId, to: ServerId) {
        let forced = self.faults.edu_limits(from).map_or(u32::MAX, |(edus, _)| edus);
        let limit = self.scenario.servers[from.index()].edu_limit.min(forced);
        let limited_by = self.faults.edu_limited(from).and_then(|fault| self.faults.cause(fault));
        let link = self.servers[from.index()].federation().link(to);
        if link.start(limit as usize) {
            if limited_by.is_some() {
                link.leave_behind(Provenance(limited_by));
            }
            self.send_transaction(from, to);
        }
    }

    fn send_transaction(&mut self, from: ServerId, to: ServerId) {
        match self.faults.link_down(from, to) {
            Some(fault) => self.transaction_failed(from, to, fault),
            None => {
                let federation = self.scenario.network.federation;
                let at = self.now()
                    + self.travel_time(federation, TRANSACTION_DELAY, Way::Between(from, to));
                self.push(at, Action::Transaction { from, to });
            }
        }
    }

    /// It is tried again after a wait. If what is in the way will be there to the end, nothing can come of that, and
    /// the run does not wait for it.
    fn transaction_failed(&mut self, from: ServerId, to: ServerId, fault: FaultId) {
        let by = Provenance(self.faults.cause(fault));
        let wait = self.servers[from.index()].federation().link(to).fail(by);
        let live = !self.faults.is_lasting(fault);
        self.push_if_live(self.now() + wait, Action::Retry { from, to }, live);
    }

    /// A transaction arrives: all of it is taken in, or none.
    pub(super) fn on_transaction(
        &mut self,
        from: ServerId,
        to: ServerId,
        sink: &mut impl FactSink,
    ) {
        let link = self.servers[from.index()].federation().link(to);
        let (items, held_up) = (link.take_in_flight(), link.held_up().0);
        let poisoned = items.iter().find_map(|item| match item {
            Item::ToDevice(edu) => self.faults.poisoned(edu.sender, to),
            Item::DeviceList(..) | Item::Room(_) => None,
        });
        let fault = self.faults.link_down(from, to).or(poisoned);
        if fault.is_none() {
            for item in &items {
                match item {
                    Item::ToDevice(edu) => {
                        self.take_in_to_device((from, to), edu, held_up, sink);
                    }
                    Item::DeviceList(user, cause) => {
                        self.take_in_list_change(to, *user, Causes::of([cause.0, held_up]), sink);
                    }
                    Item::Room(pdu) => self.take_in_event(to, pdu, held_up, sink),
                }
            }
        }
        self.servers[from.index()].federation().link(to).put_back(items);
        match fault {
            Some(fault) => self.transaction_failed(from, to, fault),
            None => {
                self.settle_server(to, sink);
                let federation = self.scenario.network.federation;
                let at = self.now()
                    + self.travel_time(federation, TRANSACTION_DELAY, Way::Between(from, to));
                self.push(at, Action::Confirmation { from, to });
            }
        }
    }

    /// The origin learns that its transaction arrived; or does not, and will send it again.
    pub(super) fn on_confirmation(&mut self, from: ServerId, to: ServerId) {
        match self.faults.link_down(from, to) {
            Some(fault) => self.transaction_failed(from, to, fault),
            None => {
                self.servers[from.index()].federation().link(to).confirm();
                self.start_transaction(from, to);
            }
        }
    }

    /// The wait after a failure is over.
    pub(super) fn on_retry(&mut self, from: ServerId, to: ServerId) {
        if self.servers[from.index()].federation().link(to).resume() {
            self.send_transaction(from, to);
        }
    }

    fn take_in_to_device(
        &mut self,
        (from, to): (ServerId, ServerId),
        edu: &ToDeviceEdu,
        held_up: Option<FactId>,
        sink: &mut impl FactSink,
    ) {
        if !self.servers[to.index()].federation().note_arrival(from, edu.message_id) {
            return;
        }
        for &(recipient, body) in &edu.messages {
            let message = ToDeviceMessage { sender: edu.sender, event_type: edu.event_type, body };
            let causes = Causes::of([edu.cause.0, held_up]);
            self.deliver(to, Delivery { recipient, txn: edu.txn, message, causes }, sink);
        }
    }

    fn take_in_list_change(
        &mut self,
        to: ServerId,
        user: UserId,
        causes: Causes,
        sink: &mut impl FactSink,
    ) {
        let lost = self.faults.notice_lost(user, to);
        let by = lost.and_then(|fault| self.faults.cause(fault));
        let log = &mut self.recorder.log(sink, to);
        let causes = by.into_iter().fold(causes, Causes::and);
        self.servers[to.index()].learn_list_change(user, causes, lost.is_some(), log);
    }

    fn take_in_event(
        &mut self,
        to: ServerId,
        pdu: &Pdu,
        held_up: Option<FactId>,
        sink: &mut impl FactSink,
    ) {
        if let RoomEvent::Member { .. } = pdu.event
            && let Some((fault, by)) = self.faults.membership_late(to)
        {
            let late = LateEvent { to, pdu: pdu.clone(), by: fault };
            let place = self.under_way.late_events.insert(late);
            // What was held back comes when nothing is held back any more.
            let heal = self.scenario.heal.map_or(SimTime::MAX, |heal| heal.from);
            self.push((self.now() + by).min(heal.max(self.now())), Action::LateEvent(place));
            return;
        }
        let log = &mut self.recorder.log(sink, to);
        self.servers[to.index()].receive(pdu, Causes::of([held_up]), log);
    }
}
