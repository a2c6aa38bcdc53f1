//! A client for tests: it logs in, syncs, sends what its script says, and remembers what it was told.
//! It does not know encryption.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::client::{Client, Command, Context, Input, Out, RequestNo, WakeAt};
use crate::ids::{DeviceId, FactId, ToDeviceId};
use crate::protocol::api::{
    DeviceKeys, Endpoint, Failure, KeyUpload, MessagePut, Request, Response, Signature,
    SyncResponse, SyncToken,
};
use crate::protocol::room::RoomEvent;
use crate::protocol::to_device::MegolmCiphertext;
use crate::scenario::model::{Device, PublishedKeys};
use crate::time::{SimDuration, SimTime};
use crate::trace::fact::{Causes, FactKind, ProcessOutcome};

/// Requests by device and number of the script.
pub(super) type Scripts = BTreeMap<(DeviceId, u32), Vec<Request>>;

/// What the probe stores.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Store {
    pub(super) token: SyncToken,
    pub(super) inbox: Vec<ToDeviceId>,
}

/// An answer as the probe got it.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) clock: SimTime,
    pub(super) endpoint: Endpoint,
    pub(super) result: Result<Response, Failure>,
    pub(super) cause: Option<FactId>,
}

/// The client.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    device: DeviceId,
    keys: PublishedKeys,
    one_time_keys: u32,
    fallback_key: bool,
    scripts: Arc<Scripts>,
    sent: Vec<Endpoint>,
    next_key_id: u32,
    retry_at: Option<SimTime>,
    pub(super) store: Store,
    pub(super) heard: Vec<Heard>,
    pub(super) commands: Vec<Command>,
    pub(super) wakes: Vec<SimTime>,
    pub(super) restarts: u32,
    pub(super) back_online: Vec<SimTime>,
}

impl Probe {
    pub(super) fn new(device: DeviceId, settings: &Device, scripts: Arc<Scripts>) -> Self {
        Self {
            device,
            keys: settings.keys,
            one_time_keys: settings.one_time_keys,
            fallback_key: settings.fallback_key,
            scripts,
            sent: Vec::new(),
            next_key_id: 0,
            retry_at: None,
            store: Store::default(),
            heard: Vec::new(),
            commands: Vec::new(),
            wakes: Vec::new(),
            restarts: 0,
            back_online: Vec::new(),
        }
    }

    /// The answers of one endpoint, in order.
    pub(super) fn answers(&self, endpoint: Endpoint) -> impl Iterator<Item = &Heard> {
        self.heard.iter().filter(move |heard| heard.endpoint == endpoint)
    }

    /// The sync answers, in order.
    pub(super) fn syncs(&self) -> impl Iterator<Item = &SyncResponse> {
        self.answers(Endpoint::Sync).filter_map(|heard| {
            let Ok(Response::Sync(sync)) = &heard.result else { return None };
            Some(sync.as_ref())
        })
    }

    fn ask(&mut self, request: Request, cause: Option<FactId>, out: &mut Out<Store>) {
        let number = RequestNo(u32::try_from(self.sent.len()).unwrap());
        self.sent.push(request.endpoint());
        out.request(number, request, cause);
    }

    fn key_upload(&mut self, count: u32, context: &mut Context<'_>) -> KeyUpload {
        let mut fresh = |probe: &mut Self| {
            probe.next_key_id += 1;
            (probe.next_key_id, context.entropy.key_value())
        };
        KeyUpload {
            device_keys: None,
            one_time_keys: (0..count).map(|_| fresh(self)).collect(),
            fallback_key: self.fallback_key.then(|| fresh(self)),
        }
    }

    fn log_in(&mut self, command: &Command, context: &mut Context<'_>, out: &mut Out<Store>) {
        let Command::Login { identity, publish_identity, sign } = command else { return };
        if self.keys != PublishedKeys::None {
            let mut upload = self.key_upload(self.one_time_keys, context);
            upload.device_keys = Some(DeviceKeys {
                device: self.device,
                lists_algorithms: self.keys == PublishedKeys::Full,
                signed_by: None,
            });
            self.ask(Request::UploadKeys(upload), context.cause, out);
        }
        if let Some(keys) = identity {
            if *publish_identity {
                self.ask(Request::UploadSigningKeys(*keys), context.cause, out);
            }
            if *sign {
                let signature =
                    Signature::Device { signer: keys.self_signing, device: self.device };
                self.ask(Request::UploadSignature(signature), context.cause, out);
            }
        }
        self.ask(Request::Sync(SyncToken::default()), context.cause, out);
    }

    fn obey(&mut self, command: &Command, context: &mut Context<'_>, out: &mut Out<Store>) {
        self.commands.push(command.clone());
        let device = self.device;
        match command {
            Command::Login { .. } => self.log_in(command, context, out),
            Command::Logout => self.ask(Request::Logout, context.cause, out),
            Command::Send { room, message } => {
                let session = context.entropy.megolm_session();
                let body = MegolmCiphertext { session, index: 0, intact: true };
                let put =
                    MessagePut { room: *room, txn: context.entropy.txn(), message: *message, body };
                self.ask(Request::SendMessage(put), context.cause, out);
            }
            Command::SetMembership { room, user, membership } => {
                let event = RoomEvent::Member { user: *user, membership: *membership, by: None };
                self.ask(Request::SendState { room: *room, event }, context.cause, out);
            }
            Command::SetRoomState { room, event } => {
                let request = Request::SendState { room: *room, event: *event };
                self.ask(request, context.cause, out);
            }
            Command::CrossSign(keys) => {
                let signature = Signature::Device { signer: keys.self_signing, device };
                self.ask(Request::UploadSignature(signature), context.cause, out);
            }
            Command::ResetIdentity(keys) => {
                self.ask(Request::UploadSigningKeys(*keys), context.cause, out);
            }
            Command::CancelRequest(script) => {
                let requests = self.scripts.get(&(device, script.raw())).cloned();
                for request in requests.unwrap_or_default() {
                    self.ask(request, context.cause, out);
                }
            }
            Command::Verify(_)
            | Command::Unverify(_)
            | Command::Block(_)
            | Command::Unblock(_)
            | Command::AcknowledgeIdentity(_)
            | Command::SetSharing { .. }
            | Command::SetReporting { .. }
            | Command::RequestKey { .. }
            | Command::DiscardSession(_)
            | Command::RestoreBackup
            | Command::LoseOlm(_)
            | Command::LoseOneTimeKeys => {}
        }
    }

    fn take_in(&mut self, sync: &SyncResponse, context: &mut Context<'_>, out: &mut Out<Store>) {
        let device = self.device;
        for (message, _, listed) in &sync.to_device {
            self.store.inbox.push(*message);
            let outcome = ProcessOutcome::Handled;
            let kind = FactKind::Processed { device, message: *message, outcome };
            out.fact(kind, Causes::of([listed.0]));
        }
        for (user, change, cause) in &sync.device_lists {
            let kind = FactKind::ListNote { device, user: *user, change: *change };
            out.fact(kind, Causes::of([cause.0]));
        }
        for part in &sync.rooms {
            let kind = FactKind::RoomSeen {
                device,
                room: part.room,
                seq: part.seq,
                limited: part.limited,
            };
            out.fact(kind, Causes::of([part.cause.0]));
        }
        let kind = FactKind::KeyCounts {
            device,
            one_time: sync.one_time_key_count,
            unused_fallback: sync.unused_fallback_key,
        };
        out.fact(kind, Causes::of([context.cause]));
        if sync.one_time_key_count.is_some_and(|count| count < self.one_time_keys) {
            let missing = self.one_time_keys - sync.one_time_key_count.unwrap();
            let upload = self.key_upload(missing, context);
            self.ask(Request::UploadKeys(upload), context.cause, out);
        }
        self.store.token = sync.next;
        let store = self.store.clone();
        out.persist(|| store);
        self.ask(Request::Sync(sync.next), context.cause, out);
    }
}

impl Client for Probe {
    type Durable = Store;

    fn handle(&mut self, input: &Input<'_>, context: &mut Context<'_>, out: &mut Out<Store>) {
        match *input {
            Input::Command(command) => self.obey(command, context, out),
            Input::Answer(number, result) => {
                let endpoint = self.sent[number.0 as usize];
                let heard = Heard {
                    clock: context.clock,
                    endpoint,
                    result: result.cloned(),
                    cause: context.cause,
                };
                self.heard.push(heard);
                if let Ok(Response::Sync(sync)) = result {
                    self.take_in(sync, context, out);
                } else if endpoint == Endpoint::Sync && result != Err(Failure::Forbidden) {
                    self.retry_at = Some(context.clock + SimDuration::from_secs(1));
                }
            }
            Input::Wake => {
                self.wakes.push(context.clock);
                self.retry_at = None;
                self.ask(Request::Sync(self.store.token), None, out);
            }
            Input::NetworkBack => self.back_online.push(context.clock),
            Input::Restarted => {
                self.restarts += 1;
                self.ask(Request::Sync(self.store.token), context.cause, out);
            }
        }
        if let Some(at) = self.retry_at {
            out.wake(WakeAt::At(at));
        }
    }

    fn snapshot(&self) -> Store {
        self.store.clone()
    }

    fn restore(&mut self, durable: Store) {
        self.store = durable;
        self.retry_at = None;
    }
}
