//! The reference client: a sender and recipient that follows every rule, except where its habits say otherwise.
//! It does not know the network, other clients, or whether it is judged.

mod at_once;
mod batches;
mod channel;
mod claims;
mod commands;
mod debts;
mod decide;
mod few;
mod forwards;
mod history;
mod inbound;
mod invites;
mod io;
mod jobs;
mod key_requests;
mod keys;
mod lists;
mod no_olm;
mod notices;
mod olm_sessions;
mod once;
mod outbound;
mod outbox;
mod patience;
mod puts;
mod queries;
mod recipient;
mod recovery;
mod replies;
mod requests;
mod rooms;
mod share;
mod store;
mod strategy;
mod sync;
mod trust;
mod used;
mod wording;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::client::reference::batches::Batches;
use crate::client::reference::claims::Claims;
use crate::client::reference::forwards::Forward;
use crate::client::reference::io::Io;
use crate::client::reference::key_requests::Asked;
use crate::client::reference::lists::Queries;
use crate::client::reference::once::AskedOnce;
use crate::client::reference::outbox::Sending;
use crate::client::reference::patience::Patience;
use crate::client::reference::recovery::Wanted;
use crate::client::reference::store::Life;
pub use crate::client::reference::store::Store;
use crate::client::{Because, Client, Context, Directory, Input, Out, RequestNo, WakeAt};
use crate::ids::{DeviceId, QueryId, RoomId, UserId};
use crate::protocol::api::Request;
use crate::protocol::provenance::Provenance;
use crate::rulebook::reading::Reading;
use crate::scenario::habits::{Habits, MarksBy, NeedlessRotation};
use crate::scenario::model::PublishedKeys;
use crate::scenario::policy::Policy;
use crate::time::SimTime;

/// How a reference client is made, and what it never changes: clients that are made alike share it.
#[derive(Debug, Clone)]
pub struct Config {
    /// What everybody knows.
    pub directory: Arc<Directory>,
    /// What keys it publishes.
    pub keys: PublishedKeys,
    /// How many one-time keys it keeps on its server.
    pub one_time_keys: u32,
    /// Whether it keeps a fallback key there.
    pub fallback_key: bool,
    /// How it is written.
    pub habits: Habits,
    /// How it reads what the specification leaves open, as far as a client shows it.
    pub reading: Reading,
}

/// A reference client.
///
/// Here, in what it forgets and in what it keeps, fields stand in memory as they stand in the source: in a large room it counts how many lines
/// of memory an input touches, so that what every input looks at comes first and together.
#[derive(Debug, Clone)]
#[repr(C)]
pub struct Reference {
    config: Arc<Config>,
    device: DeviceId,
    live: Live,
    store: Store,
}

/// A wait after failures in a row.
#[derive(Debug, Clone, Copy, Default)]
struct Backoff {
    failures: u32,
    until: SimTime,
    /// What made the last of them.
    by: Provenance,
}

/// What is forgotten when the client stops.
#[derive(Debug, Clone, Default)]
#[repr(C)]
struct Live {
    next_request: u32,
    syncing: Option<RequestNo>,
    sync_backoff: Backoff,
    /// The counts of one-time keys and of the unused fallback key that the last sync answer told.
    counts_told: Option<(Option<u32>, Option<bool>)>,
    fetching_backup: Option<RequestNo>,
    sending: Sending,
    /// Queries and claims that are made again when they fail.
    patience: Patience,
    claims: Claims,
    /// Sessions that are wanted as soon as another claim for the device may be made.
    wanted: BTreeMap<DeviceId, Wanted>,
    queries: Queries,
    query_requests: BTreeMap<RequestNo, Vec<(UserId, QueryId)>>,
    /// What was asked for the message that each room waits with, by a client that asks once.
    asked_once: BTreeMap<RoomId, Vec<(UserId, QueryId)>>,
    query_backoff: BTreeMap<UserId, Backoff>,
    /// When the next batch may leave, of a client that asks in batches.
    batches: Batches,
    /// Devices that get a `m.dummy` as soon as there is a new session with them, and why.
    dummies: BTreeMap<DeviceId, Provenance>,
    /// When a recovery with each device was last begun in this run of the client.
    recovered: BTreeMap<DeviceId, SimTime>,
    /// Keys that are forwarded as soon as there is a session.
    forwards: Vec<Forward>,
    /// Key requests that are answered as soon as the requester's list is known, or with the sync that has brought them.
    unanswered: Vec<Asked>,
    /// Key requests for which an Olm session is claimed with every sync, by a client that answers at once.
    kept_requests: Vec<Asked>,
    /// Devices with which the Olm session is broken, for which the same is done by a client that recovers in silence.
    wedged: BTreeMap<DeviceId, Provenance>,
    /// When keys were last uploaded to top up the server's supply.
    uploaded_at: Option<SimTime>,
}

impl Reference {
    /// The client of a device that is not logged in yet and whose user chose this.
    #[must_use]
    pub fn new(device: DeviceId, policy: Policy, config: Arc<Config>) -> Self {
        Self { device, config, store: Store::new(device, policy), live: Live::default() }
    }

    const fn me(&self) -> DeviceId {
        self.device
    }

    fn my_user(&self) -> UserId {
        self.config.directory.user(self.device)
    }

    fn user_of(&self, device: DeviceId) -> UserId {
        self.config.directory.user(device)
    }

    fn habits(&self) -> &Habits {
        &self.config.habits
    }

    /// By what a device is known that was told something.
    fn marked_as(&self, device: DeviceId) -> DeviceId {
        match self.habits().marks_by {
            MarksBy::IdentityKey => device,
            MarksBy::DeviceId => self.config.directory.address(device),
        }
    }

    /// Whether a device was told that no Olm session with it can be had.
    fn told_no_olm(&self, device: DeviceId) -> bool {
        self.store.no_olm.was_told(self.marked_as(device))
    }

    /// Whether there is an Olm session with a device, as far as this client looks for one.
    fn has_olm(&self, device: DeviceId) -> bool {
        if self.habits().sees_inbound_olm {
            self.store.olm.has(device)
        } else {
            self.store.olm.has_own(device)
        }
    }

    /// What decisions rest on has changed, and must be durable.
    fn view_changed(&mut self, io: &mut Io<'_, '_>) {
        self.store.view += 1;
        io.touch();
    }

    fn request_number(&mut self) -> RequestNo {
        let number = RequestNo(self.live.next_request);
        self.live.next_request += 1;
        number
    }

    fn take_input(&mut self, input: &Input<'_>, io: &mut Io<'_, '_>) {
        match *input {
            Input::Command(command) => self.command(command, io),
            Input::Answer(number, answer) => self.answered(number, answer, io),
            Input::Wake => {}
            Input::NetworkBack => {
                self.live.sending.revive();
                self.live.patience.revive();
                self.live.batches.wanted();
                let by = self.live.sync_backoff.by;
                self.live.sync_backoff = Backoff { by, ..Backoff::default() };
            }
            Input::Restarted => self.restarted(io),
        }
    }

    /// After the store came back from disk: what must not outlive a restart is dropped, the rest goes on.
    fn restarted(&mut self, io: &mut Io<'_, '_>) {
        if !self.habits().marks_persist {
            self.store.outbound.values_mut().for_each(|outbound| outbound.told.clear());
            self.store.told_in_room.clear();
            self.store.view += 1;
        }
        if !self.habits().no_olm_persists {
            self.store.no_olm.clear_all();
        }
        if self.habits().needless_rotation == NeedlessRotation::Restart {
            let by = Provenance(io.given.cause);
            self.store.outbound.values_mut().for_each(|outbound| outbound.invalidate(by));
        }
        for job in self.store.jobs.values_mut().flatten() {
            job.asked = AskedOnce::Nothing;
        }
        self.settle_untold(io);
        io.touch();
    }

    /// Does whatever can be done now: queries, shares, messages, requests that wait, the next sync.
    fn pump(&mut self, io: &mut Io<'_, '_>) {
        let mut with_batch = true;
        if self.store.life == Life::LoggedIn {
            self.ask_again(io);
            self.retry_claims(io);
            self.claim_wanted(io);
            with_batch = self.look(io);
            self.advance_jobs(io);
            self.advance_invites(io);
        }
        self.send_outbox(with_batch, io);
        if self.store.life == Life::LoggedIn {
            self.sync_on(io);
        }
    }

    fn send_outbox(&mut self, with_batch: bool, io: &mut Io<'_, '_>) {
        let when = (io.given.clock, with_batch);
        for (place, request, because) in self.live.sending.due(&self.store.outbox, when) {
            let number = self.request_number();
            self.live.sending.sent(place, number);
            io.request(number, request, because);
        }
    }

    fn sync_on(&mut self, io: &mut Io<'_, '_>) {
        let backoff = self.live.sync_backoff;
        let stalled = backoff.failures >= self.waits().failures_max;
        if self.live.syncing.is_none() && !stalled && backoff.until <= io.given.clock {
            let number = self.request_number();
            self.live.syncing = Some(number);
            let because = Because { cause: io.given.cause, held_up: backoff.by.0 };
            io.request(number, Request::Sync(self.store.token), because);
        }
    }

    fn wake_at(&self, clock: SimTime) -> WakeAt {
        if self.store.life != Life::LoggedIn {
            return self.live.sending.next_retry().map_or(WakeAt::Never, WakeAt::At);
        }
        let backoff = self.live.sync_backoff;
        let sync = (self.live.syncing.is_none() && backoff.failures < self.waits().failures_max)
            .then_some(backoff.until);
        let claims = self.live.claims.to_retry().map(|(_, at)| at).min();
        let wanted = self.live.wanted.values().map(|wanted| wanted.from).min();
        let resend = self.live.sending.next_retry();
        let again = self.live.patience.next();
        let earliest = [sync, claims, wanted, resend, again].into_iter().flatten().min();
        earliest.map_or(WakeAt::Never, |at| WakeAt::At(at.max(clock)))
    }
}

impl Client for Reference {
    type Durable = Store;

    fn handle(&mut self, input: &Input<'_>, context: &mut Context<'_>, out: &mut Out<Store>) {
        let clock = context.clock;
        let mut io = Io::new(context, out);
        self.take_input(input, &mut io);
        self.pump(&mut io);
        io.finish(&self.store);
        out.wake(self.wake_at(clock));
    }

    fn snapshot(&self) -> Store {
        self.store.clone()
    }

    fn restore(&mut self, durable: Store) {
        self.store = durable;
        self.live = Live { next_request: self.live.next_request, ..Live::default() };
    }
}
