//! What happens at the moment when a fault comes into force or ends.
//! It does not know what a fault does while it is in force; those whom it strikes ask the set of faults then.

use crate::client::{Client, Command, Input};
use crate::engine::choices::Choices;
use crate::homeserver::account::Account;
use crate::homeserver::device_lists::DeviceList;
use crate::ids::{DeviceId, FactId, FaultId, ServerId};
use crate::protocol::provenance::Provenance;
use crate::protocol::to_device::{ToDeviceBody, ToDeviceMessage};
use crate::protocol::withheld::Field;
use crate::scenario::fault::{FaultKind, ForgedContent};
use crate::sim::clients::Life;
use crate::sim::transport::Delivery;
use crate::sim::world::World;
use crate::trace::fact::{Causes, FactKind, Observer};
use crate::trace::sink::FactSink;

/// What was copied for a fault.
#[derive(Debug, Clone)]
enum Copied<D> {
    Accounts(Vec<Account>),
    Lists(Vec<DeviceList>),
    Store(D),
}

/// The copies for all faults that need one.
#[derive(Debug, Clone)]
pub(super) struct Copies<D> {
    of: Vec<Option<Copied<D>>>,
}

impl<D> Copies<D> {
    /// No copies yet, for so many faults.
    pub(super) fn new(faults: usize) -> Self {
        Self { of: (0..faults).map(|_| None).collect() }
    }

    /// The device lists that a server has for an answer that is out of date.
    pub(super) fn lists(&self, fault: FaultId) -> Option<&[DeviceList]> {
        match &self.of[fault.index()] {
            Some(Copied::Lists(lists)) => Some(lists),
            Some(Copied::Accounts(_) | Copied::Store(_)) | None => None,
        }
    }
}

impl<C: Client, K: Choices> World<C, K> {
    /// What a fault will need later is copied.
    pub(super) fn on_copy(&mut self, fault: FaultId) {
        let copied = if let FaultKind::ServerRestored { server, .. } = *self.faults.kind(fault) {
            Some(Copied::Accounts(self.servers[server.index()].copy_accounts()))
        } else if let FaultKind::StaleQueryAnswer { server, .. } = *self.faults.kind(fault) {
            Some(Copied::Lists(self.servers[server.index()].lists().copy_lists()))
        } else if let FaultKind::StoreRolledBack { device, .. }
        | FaultKind::SecondProcess { device } = *self.faults.kind(fault)
        {
            let terminal = &self.terminals[device.index()];
            (terminal.life == Life::Up).then(|| Copied::Store(terminal.client.snapshot()))
        } else {
            None
        };
        self.under_way.copies.of[fault.index()] = copied;
    }

    /// The heal phase begins. No fault is in force any more: their windows end here at the latest.
    pub(super) fn on_heal(&mut self, sink: &mut impl FactSink) {
        if let Some(heal) = self.scenario.heal {
            let kind = FactKind::HealStart { first_probe: heal.first_probe };
            self.recorder.record(sink, Observer::World, kind, Causes::NONE);
        }
    }

    /// A fault comes into force.
    pub(super) fn on_fault_start(&mut self, fault: FaultId, sink: &mut impl FactSink) {
        let kind = FactKind::FaultStart(fault);
        let fact = self.recorder.record(sink, Observer::World, kind, Causes::NONE);
        self.faults.start(fault, fact);
        self.upset(fault, fact, sink);
    }

    /// What a fault does at once.
    fn upset(&mut self, fault: FaultId, fact: FactId, sink: &mut impl FactSink) {
        match self.faults.kind(fault).clone() {
            FaultKind::OneTimeKeysRunOut { device } => {
                self.run_out(device, sink);
                self.settle_server(self.server_of(device), sink);
            }
            FaultKind::NoFallbackKey { device } => {
                self.drop_fallback(device, fact, sink);
            }
            FaultKind::KeysClaimedByStranger { device, count } => {
                self.lose_keys(device, count, fact, sink);
            }
            FaultKind::ServerRestored { server, .. } => self.restore(server, fault, sink),
            FaultKind::ServerUnreachable { server } => {
                for device in self.residents.devices_at(server).to_vec() {
                    self.disconnect(device, fault);
                }
            }
            FaultKind::EduLimit { server, .. } => self.limit_edus(server),
            FaultKind::ClientOffline { device } => self.disconnect(device, fault),
            FaultKind::StoreRolledBack { device, snapshot } => {
                self.take_copy(device, (snapshot, fault), sink);
            }
            FaultKind::OlmSessionsLost { device, peer } => {
                self.give_command(device, &Command::LoseOlm(peer), fact, sink);
            }
            FaultKind::OneTimeKeysForgotten { device } => {
                self.give_command(device, &Command::LoseOneTimeKeys, fact, sink);
            }
            FaultKind::SecondReader { device } => self.empty_mailbox(device, fault, sink),
            FaultKind::SecondProcess { .. } => self.on_copy(fault),
            FaultKind::ClockAhead { device, .. } | FaultKind::ClockBehind { device, .. } => {
                self.set_clock(device);
            }
            FaultKind::ForgedWithheld { sender, recipient, event_type, content } => {
                let body = ToDeviceBody::Withheld(self.forge(content));
                let message = ToDeviceMessage { sender, event_type, body };
                self.smuggle(recipient, message, fact, sink);
            }
            FaultKind::ClaimFails { .. }
            | FaultKind::KeyHandedOutTwice { .. }
            | FaultKind::KeysOutOfOrder { .. }
            | FaultKind::CountsOmitted { .. }
            | FaultKind::UploadRejected { .. }
            | FaultKind::FederationDown { .. }
            | FaultKind::ToDeviceDelayed { .. }
            | FaultKind::ToDeviceDuplicated { .. }
            | FaultKind::ToDeviceReordered { .. }
            | FaultKind::ToDeviceDropped { .. }
            | FaultKind::BatchLimit { .. }
            | FaultKind::PoisonedEdu { .. }
            | FaultKind::ListNoticeLost { .. }
            | FaultKind::StaleQueryAnswer { .. }
            | FaultKind::QuerySlow { .. }
            | FaultKind::IncompleteMembers { .. }
            | FaultKind::ResponseLost { .. }
            | FaultKind::RateLimited { .. }
            | FaultKind::Crash { .. }
            | FaultKind::OlmCorrupted { .. }
            | FaultKind::MembershipLate { .. }
            | FaultKind::LimitedSync { .. } => {}
        }
    }

    /// A fault ends.
    pub(super) fn on_fault_end(&mut self, fault: FaultId, sink: &mut impl FactSink) {
        let Some(started) = self.faults.cause(fault) else { return };
        let kind = FactKind::FaultEnd(fault);
        let ended = self.recorder.record(sink, Observer::World, kind, Causes::one(started));
        self.faults.end(fault);
        let from = self.scenario.faults[fault.index()].from;
        if let FaultKind::Crash { device, .. } = *self.faults.kind(fault) {
            if self.faults.has_hit(fault) {
                self.recover(device, sink);
            }
        } else if let FaultKind::SecondProcess { device } = *self.faults.kind(fault) {
            self.take_copy(device, (from, fault), sink);
        } else if let FaultKind::ClockAhead { device, .. } | FaultKind::ClockBehind { device, .. } =
            *self.faults.kind(fault)
        {
            self.set_clock(device);
        } else if let FaultKind::EduLimit { server, .. } = *self.faults.kind(fault) {
            self.limit_edus(server);
        } else if let FaultKind::ServerUnreachable { server } = *self.faults.kind(fault) {
            for device in self.residents.devices_at(server).to_vec() {
                self.reconnect(device, ended, sink);
            }
        } else if let FaultKind::ClientOffline { device } | FaultKind::ResponseLost { device, .. } =
            *self.faults.kind(fault)
        {
            self.reconnect(device, ended, sink);
        }
    }

    /// What kept a client from its server is over: its system tells it, if nothing else does.
    fn reconnect(&mut self, device: DeviceId, ended: FactId, sink: &mut impl FactSink) {
        if self.terminals[device.index()].life == Life::Up
            && self.faults.cut_off(device, self.server_of(device)).is_none()
        {
            self.feed(device, Input::NetworkBack, Some(ended), sink);
        }
    }

    /// A device and its server are apart from now on.
    fn disconnect(&mut self, device: DeviceId, fault: FaultId) {
        self.break_parked(device, fault);
        self.release_wake(device);
    }

    fn drop_fallback(&mut self, device: DeviceId, by: FactId, sink: &mut impl FactSink) {
        let id = self.server_of(device);
        let server = &mut self.servers[id.index()];
        let account = server.account_mut(device);
        account.keys.drop_fallback();
        account.no_fallback = Provenance::of(by);
        server.touch(device);
        self.settle_server(id, sink);
    }

    /// Strangers claim keys.
    fn lose_keys(&mut self, device: DeviceId, count: u32, by: FactId, sink: &mut impl FactSink) {
        let id = self.server_of(device);
        let log = &mut self.recorder.log(sink, id);
        let causes = Causes::one(by);
        self.servers[id.index()].claim_by_strangers(device, count, causes, log);
        self.settle_server(id, sink);
    }

    /// A server becomes again what it was.
    fn restore(&mut self, id: ServerId, fault: FaultId, sink: &mut impl FactSink) {
        if let Some(Copied::Accounts(accounts)) = self.under_way.copies.of[fault.index()].take() {
            let causes = Causes::of([self.faults.cause(fault)]);
            if let FaultKind::ServerRestored { server, snapshot } = *self.faults.kind(fault) {
                let kind = FactKind::ServerRestored { server, snapshot };
                self.recorder.record(sink, Observer::Server(id), kind, causes);
            }
            let log = &mut self.recorder.log(sink, id);
            self.servers[id.index()].restore_accounts(&accounts, causes, log);
            self.settle_server(id, sink);
        }
    }

    /// A copy of a store takes its place.
    fn take_copy(
        &mut self,
        device: DeviceId,
        taken: (crate::time::SimTime, FaultId),
        sink: &mut impl FactSink,
    ) {
        if let Some(Copied::Store(store)) = self.under_way.copies.of[taken.1.index()].take() {
            self.roll_back(device, store, taken, sink);
        }
    }

    fn limit_edus(&mut self, id: ServerId) {
        let limit = self.faults.edu_limits(id).map(|(_, messages)| messages as usize);
        self.servers[id.index()].federation().limit_edus(limit);
    }

    fn set_clock(&mut self, device: DeviceId) {
        self.recorder.set_skew(device, self.faults.skew(device));
        self.move_wake(device);
    }

    /// The content of a forged notice; its session is that of a message that has been accepted.
    fn forge(&self, content: ForgedContent) -> crate::protocol::withheld::WithheldContent {
        let session = content.session_of.and_then(|message| self.session_of[message.index()]);
        let session_id = session.map_or(content.fields.session_id, Field::Is);
        crate::protocol::withheld::WithheldContent { session_id, ..content.fields }
    }

    /// A message gets into a mailbox that nobody's client has sent.
    fn smuggle(
        &mut self,
        recipient: DeviceId,
        message: ToDeviceMessage,
        fact: FactId,
        sink: &mut impl FactSink,
    ) {
        let id = self.server_of(recipient);
        let txn = self.entropy.txn();
        let causes = Causes::one(fact);
        self.store(id, Delivery { recipient, txn, message, causes }, sink);
        self.settle_server(id, sink);
    }
}
