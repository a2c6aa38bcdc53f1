//! The steps of the timeline, as users do them at their clients.
//! It does not know how a client carries a command out.

use std::sync::Arc;

use crate::client::{Client, Command, Input};
use crate::engine::choices::Choices;
use crate::ids::{DeviceId, FactId, UserId};
use crate::protocol::api::CrossSigningKeys;
use crate::protocol::provenance::Provenance;
use crate::protocol::room::RoomEvent;
use crate::scenario::model::PublishedKeys;
use crate::scenario::step::Step;
use crate::sim::clients::Life;
use crate::sim::network::Ticket;
use crate::sim::world::{Phase, World};
use crate::trace::fact::{Causes, FactKind, Observer, Refusal};
use crate::trace::sink::FactSink;

impl<C: Client, K: Choices> World<C, K> {
    /// A user does a step of the timeline.
    pub(super) fn on_step(&mut self, index: u32, sink: &mut impl FactSink) {
        let scenario = Arc::clone(&self.scenario);
        let step = &scenario.timeline[index as usize].step;
        let kind = FactKind::UserStep(index);
        let fact = self.recorder.record(sink, Observer::World, kind, Causes::NONE);
        if let Step::Login(device) = step {
            if self.terminals[device.index()].life == Life::Absent {
                self.log_in(*device, Some(fact), sink);
                self.settle_server(self.server_of(*device), sink);
            }
            return;
        }
        let (device, command) = self.command(step);
        self.give_command(device, &command, fact, sink);
    }

    /// A client gets a command. Where no client runs, a message is refused and anything else has no effect.
    pub(super) fn give_command(
        &mut self,
        device: DeviceId,
        command: &Command,
        cause: FactId,
        sink: &mut impl FactSink,
    ) {
        if self.terminals[device.index()].life == Life::Up {
            self.feed(device, Input::Command(command), Some(cause), sink);
        } else if let Command::Send { room, message } = *command {
            let kind = FactKind::SendRefused { device, room, message, why: Refusal::NotLoggedIn };
            self.recorder.record(sink, Observer::Device(device), kind, Causes::one(cause));
        }
    }

    /// A device comes up: its server knows it from now on, and its client does the rest by requests. Logging in itself
    /// takes no time and cannot fail.
    pub(super) fn log_in(
        &mut self,
        device: DeviceId,
        cause: Option<FactId>,
        sink: &mut impl FactSink,
    ) {
        let id = self.server_of(device);
        let log = &mut self.recorder.log(sink, id);
        let causes = Causes::of([cause]);
        if let Some((replaced, by)) = self.servers[id.index()].login(device, causes, log) {
            self.shut_out(replaced, by, sink);
        }
        let scenario = Arc::clone(&self.scenario);
        let settings = &scenario.devices[device.index()];
        if settings.keys == PublishedKeys::None {
            let kind = FactKind::DeviceUp { device, crypto: false };
            self.recorder.record(sink, Observer::Server(id), kind, Causes::of([cause]));
        }
        let identity = self.identity_of(device);
        let publishes = settings.keys != PublishedKeys::None && identity.is_some();
        let command = Command::Login {
            identity,
            publish_identity: publishes && self.published.insert(settings.user.index()),
            sign: publishes && settings.cross_signed,
        };
        let terminal = &mut self.terminals[device.index()];
        terminal.life = Life::Up;
        self.feed(device, Input::Command(&command), cause, sink);
    }

    /// Another identity has taken over a device id: the connection of the one before breaks, and its list changes.
    fn shut_out(&mut self, replaced: DeviceId, by: FactId, sink: &mut impl FactSink) {
        let terminal = &mut self.terminals[replaced.index()];
        let parked: Option<Ticket> = terminal.parked.take().map(|(ticket, _)| ticket);
        if let Some(ticket) = parked {
            self.reply(ticket, Err(crate::protocol::api::Failure::Forbidden), Some(by));
        }
        if self.phase == Phase::Running {
            let user = self.residents.user(replaced);
            let id = self.server_of(replaced);
            let lost = self.faults.notice_lost(user, id);
            let lost = lost.map(|fault| Provenance(self.faults.cause(fault)));
            let log = &mut self.recorder.log(sink, id);
            self.servers[id.index()].list_changed(user, by, lost, log);
        }
    }

    /// What a step, other than a login, means for a client.
    fn command(&mut self, step: &Step) -> (DeviceId, Command) {
        match *step {
            Step::Send { device, room, message } => (device, Command::Send { room, message }),
            Step::Login(device) => unreachable!("the login of {device:?} is no command of a user"),
            Step::Logout(device) => (device, Command::Logout),
            Step::Member { device, room, user, membership } => {
                (device, Command::SetMembership { room, user, membership })
            }
            Step::HistoryVisibility { device, room, value } => {
                let event = RoomEvent::HistoryVisibility(value);
                (device, Command::SetRoomState { room, event })
            }
            Step::Encryption { device, room, rotation } => {
                let event = RoomEvent::Encryption(rotation);
                (device, Command::SetRoomState { room, event })
            }
            Step::CrossSign(device) => {
                let command = match self.identity_of(device) {
                    Some(keys) => Command::CrossSign(keys),
                    None => Command::ResetIdentity(self.make_identity(device)),
                };
                (device, command)
            }
            Step::ResetIdentity(device) => {
                (device, Command::ResetIdentity(self.make_identity(device)))
            }
            Step::Verify { device, target } => (device, Command::Verify(target)),
            Step::Unverify { device, target } => (device, Command::Unverify(target)),
            Step::Block { device, target } => (device, Command::Block(target)),
            Step::Unblock { device, target } => (device, Command::Unblock(target)),
            Step::AcknowledgeIdentity { device, user } => {
                (device, Command::AcknowledgeIdentity(user))
            }
            Step::SetSharing { device, share, on_problem } => {
                (device, Command::SetSharing { share, on_problem })
            }
            Step::SetReporting { device, target, codes } => {
                (device, Command::SetReporting { target, codes })
            }
            Step::RequestKey { device, message, ref of } => {
                (device, Command::RequestKey { message, of: of.clone() })
            }
            Step::CancelRequest { device, message } => (device, Command::CancelRequest(message)),
            Step::DiscardSession { device, room } => (device, Command::DiscardSession(room)),
            Step::RestoreBackup(device) => (device, Command::RestoreBackup),
        }
    }

    /// The cross-signing keys that a device of their user's can have: those that are published, or else those that are about to be.
    /// Keys that a client made and lost before it published them are nobody's.
    fn identity_of(&self, device: DeviceId) -> Option<CrossSigningKeys> {
        let user = self.residents.user(device);
        let published = self.servers[self.server_of(device).index()].identity(user);
        published.or(self.identities[user.index()])
    }

    /// The user of a device gets new cross-signing keys, which that device will publish.
    fn make_identity(&mut self, device: DeviceId) -> CrossSigningKeys {
        let user = self.residents.user(device);
        self.published.insert(user.index());
        self.fresh_identity(user)
    }

    /// Fresh cross-signing keys for a user.
    pub(super) fn fresh_identity(&mut self, user: UserId) -> CrossSigningKeys {
        let keys = CrossSigningKeys {
            master: self.entropy.signing_key(),
            self_signing: self.entropy.signing_key(),
            user_signing: self.entropy.signing_key(),
        };
        self.identities[user.index()] = Some(keys);
        keys
    }
}
