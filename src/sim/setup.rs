//! How a run begins: rooms as they are, devices logged in and told of everything, and no time passed.
//! It does not know what will happen.
//!
//! Faults that are in force from the start come into force after that, but for an incomplete member list, which would
//! otherwise never be told.

use crate::client::Client;
use crate::engine::choices::Choices;
use crate::ids::{DeviceId, FaultId, RoomId, ServerId, UserId};
use crate::protocol::provenance::Provenance;
use crate::protocol::room::{Membership, RoomEvent, RoomState};
use crate::scenario::fault::{Fault, FaultKind};
use crate::sim::action::Action;
use crate::sim::world::{Phase, World};
use crate::time::SimTime;
use crate::trace::fact::{Causes, FactKind, Observer};
use crate::trace::sink::FactSink;

impl<C: Client, K: Choices> World<C, K> {
    /// Everything that is so when the run starts is made so.
    pub(super) fn set_up(&mut self, sink: &mut impl FactSink) {
        self.phase = Phase::LoggingIn;
        self.watch_stores();
        self.start_early_faults(sink);
        for room in 0..self.scenario.rooms.len() {
            for server in 0..self.servers.len() {
                self.open_room(ServerId::at(server), RoomId::at(room), sink);
            }
        }
        for user in 0..self.scenario.users.len() {
            if self.scenario.users[user].cross_signing {
                self.fresh_identity(UserId::at(user));
            }
        }
        for device in 0..self.scenario.devices.len() {
            if self.scenario.devices[device].present {
                self.log_in(DeviceId::at(device), None, sink);
            }
        }
        self.come_to_rest(sink);
        self.phase = Phase::Settling;
        for held in std::mem::take(&mut self.under_way.held_syncs) {
            self.forward(held);
        }
        self.come_to_rest(sink);
        self.phase = Phase::Running;
        self.schedule();
    }

    /// Carries out what is to be done without time passing.
    fn come_to_rest(&mut self, sink: &mut impl FactSink) {
        for server in 0..self.servers.len() {
            self.settle_server(ServerId::at(server), sink);
        }
        while self.queue.next_time() == Some(SimTime::ZERO) && self.carry_out_next(sink) {}
    }

    /// A server gets a room if one of its users is in it or invited.
    fn open_room(&mut self, id: ServerId, room: RoomId, sink: &mut impl FactSink) {
        let settings = &self.scenario.rooms[room.index()];
        let takes_part = |(user, membership): &(UserId, Membership)| {
            matches!(membership, Membership::Join | Membership::Invite)
                && self.residents.server(*user) == id
        };
        if !settings.members.iter().any(takes_part) {
            return;
        }
        let mut state = RoomState {
            members: std::collections::BTreeMap::new(),
            inviters: std::collections::BTreeMap::new(),
            history_visibility: settings.history_visibility,
            rotation: settings.rotation,
            changed_by: std::collections::BTreeMap::new(),
        };
        let mut seq = 0;
        let mut record =
            |kind| Some(self.recorder.record(sink, Observer::Server(id), kind, Causes::NONE));
        for &(user, membership) in &settings.members {
            seq += 1;
            record(FactKind::Member { room, user, membership, seq });
            state.apply(&RoomEvent::Member { user, membership, by: None }, seq);
        }
        if let Some(value) = settings.history_visibility {
            seq += 1;
            record(FactKind::HistoryVisibility { room, value, seq });
        }
        seq += 1;
        let last = record(FactKind::Encryption { room, rotation: settings.rotation, seq });
        self.servers[id.index()].rooms_mut().open(room, state, seq, Provenance(last));
    }

    /// Where a crash may come, the store is kept as it is written.
    fn watch_stores(&mut self) {
        for fault in &self.scenario.faults {
            if let FaultKind::Crash { device, .. } = fault.kind {
                let terminal = &mut self.terminals[device.index()];
                terminal.is_watched = true;
                terminal.durable = Some(Box::new(terminal.client.snapshot()));
            }
        }
    }

    fn start_early_faults(&mut self, sink: &mut impl FactSink) {
        for index in 0..self.scenario.faults.len() {
            let fault = &self.scenario.faults[index];
            if is_early(fault) {
                self.on_fault_start(FaultId::at(index), sink);
            }
        }
    }

    /// Puts the timeline and the faults into the queue. At one time copies come first, then ends, then starts of
    /// faults, then steps. What lies beyond the horizon happens to nobody.
    fn schedule(&mut self) {
        let horizon = self.scenario.horizon;
        let scenario = std::sync::Arc::clone(&self.scenario);
        let faults = || (0..).map(FaultId::new).zip(&scenario.faults);
        for (id, fault) in faults() {
            if let Some(at) = copy_time(fault).filter(|at| *at <= horizon) {
                self.push(at, Action::Copy(id));
            }
        }
        for (id, fault) in faults() {
            if fault.from < fault.until && fault.until <= horizon {
                self.push(fault.until, Action::FaultEnd(id));
            }
        }
        for (id, fault) in faults().filter(|(_, fault)| fault.from <= horizon) {
            if !is_early(fault) {
                self.push(fault.from, Action::FaultStart(id));
            }
            if fault.until <= fault.from {
                self.push(fault.from, Action::FaultEnd(id));
            }
        }
        if let Some(heal) = scenario.heal {
            self.push(heal.from, Action::Heal);
        }
        for (index, step) in (0..).zip(&scenario.timeline) {
            self.push(step.at, Action::Step(index));
        }
    }
}

/// Whether the fault comes into force before anyone is told anything.
fn is_early(fault: &Fault) -> bool {
    fault.from == SimTime::ZERO && matches!(fault.kind, FaultKind::IncompleteMembers { .. })
}

/// When something must be copied for the fault.
const fn copy_time(fault: &Fault) -> Option<SimTime> {
    if let FaultKind::ServerRestored { snapshot, .. }
    | FaultKind::StoreRolledBack { snapshot, .. } = fault.kind
    {
        Some(snapshot)
    } else if let FaultKind::StaleQueryAnswer { as_of, .. } = fault.kind {
        Some(as_of)
    } else {
        None
    }
}
