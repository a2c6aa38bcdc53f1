//! What a room waits for: messages to be encrypted and sent, or keys to be given without one. One after the other,
//! each through the same stations: lists, claims, keys, message.
//! It does not know how a share is put together.

use smallvec::SmallVec;

use crate::client::reference::Reference;
use crate::client::reference::io::Io;
use crate::client::reference::once::AskedOnce;
use crate::client::reference::outbound::Outbound;
use crate::client::reference::outbox::{OutboxNo, Places};
use crate::client::reference::rooms::{shareable, visibility_or_default};
use crate::client::reference::share::Plan;
use crate::ids::{DeviceId, FactId, MessageId, RoomId, UserId};
use crate::protocol::api::{MessagePut, Request};
use crate::protocol::megolm::OutboundSession;
use crate::protocol::provenance::Provenance;
use crate::protocol::room::{Membership, RoomAlgorithm};
use crate::protocol::to_device::{MegolmCiphertext, SharedHistory};
use crate::protocol::withheld::SessionCode;
use crate::scenario::habits::{NoticeSession, SharedHistoryFlag};
use crate::scenario::model::PublishedKeys;
use crate::scenario::policy::OnProblem;
use crate::trace::fact::{Causes, FactKind, Refusal};

/// What is to be done in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) purpose: Purpose,
    /// The fact that asked for it.
    pub(super) cause: Provenance,
    pub(super) stage: Stage,
    /// The fact that made a request fail that it waits for.
    pub(super) held_up: Provenance,
    /// What was asked for, as far as this client asks once.
    pub(super) asked: AskedOnce,
}

/// Why a room's devices are looked after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A message is to be sent.
    Message(MessageId),
    /// A device that was left out for want of an Olm session may be reachable now, or has to be told.
    Settle,
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// Finding out who is due what.
    Preparing,
    /// Waiting until these requests with keys are accepted (K-02).
    Sharing(Places),
    /// Waiting until the message is accepted; whether somebody was left out of it for want of an Olm session.
    Sending { message: OutboxNo, has_missing: bool },
}

/// What a step of a job led to.
pub(super) enum Progress {
    /// Something has to come first.
    Wait,
    /// The job is in another stage.
    Advanced(Stage),
    /// The job is done.
    Done,
    /// The message is sent. Who was left out of it is told now and not before, because a `m.no_olm` explains only
    /// what was sent before it arrives (P-04).
    ThenSettle,
}

impl Reference {
    /// Puts a job in.
    pub(super) fn enqueue_job(&mut self, room: RoomId, purpose: Purpose, io: &mut Io<'_, '_>) {
        let jobs = self.store.jobs.entry(room).or_default();
        let (cause, held_up) = (Provenance(io.given.cause), Provenance::UNKNOWN);
        let (stage, asked) = (Stage::Preparing, AskedOnce::Nothing);
        let waiting = Job { purpose, cause, stage, held_up, asked };
        if purpose == Purpose::Settle && jobs.iter().any(|job| job.purpose == Purpose::Settle) {
            return;
        }
        jobs.push_back(waiting);
        io.touch();
    }

    /// A request failed: what waits for it waits because of this.
    pub(super) fn hold_up_jobs(&mut self, place: OutboxNo, by: Option<FactId>) {
        let first = self.store.jobs.values_mut().filter_map(|jobs| jobs.front_mut());
        for job in first {
            if matches!(&job.stage, Stage::Sharing(puts) if puts.contains(&place)) {
                job.held_up = Provenance(by);
            }
        }
    }

    /// Whether a message waits for a request that carries keys.
    pub(super) fn is_awaited(&self, place: OutboxNo) -> bool {
        let mut first = self.store.jobs.values().filter_map(|jobs| jobs.front());
        first.any(|job| match (&job.purpose, &job.stage) {
            (Purpose::Message(_), Stage::Sharing(puts)) => puts.contains(&place),
            (Purpose::Message(_), Stage::Preparing | Stage::Sending { .. })
            | (Purpose::Settle, _) => false,
        })
    }

    /// Goes on with every room's jobs as far as possible.
    pub(super) fn advance_jobs(&mut self, io: &mut Io<'_, '_>) {
        let rooms: SmallVec<[RoomId; 4]> = self.store.jobs.keys().copied().collect();
        for room in rooms {
            self.advance_room(room, io);
        }
    }

    fn advance_room(&mut self, room: RoomId, io: &mut Io<'_, '_>) {
        while let Some(job) = self.store.jobs.get(&room).and_then(|jobs| jobs.front()).cloned() {
            let progress = match &job.stage {
                Stage::Preparing => match job.purpose {
                    Purpose::Message(message) => self.prepare(room, (message, &job), io),
                    Purpose::Settle => self.settle(room, job.cause.0, io),
                },
                Stage::Sharing(puts) => {
                    if puts.iter().any(|put| self.store.outbox.holds(*put)) {
                        Progress::Wait
                    } else if let (Purpose::Message(message), true) =
                        (job.purpose, self.habits().shares_once)
                    {
                        self.encrypt_message(room, (message, &job), &[], io)
                    } else {
                        Progress::Advanced(Stage::Preparing)
                    }
                }
                Stage::Sending { message, has_missing } => {
                    if self.store.outbox.holds(*message) {
                        Progress::Wait
                    } else if *has_missing {
                        Progress::ThenSettle
                    } else {
                        Progress::Done
                    }
                }
            };
            let Some(jobs) = self.store.jobs.get_mut(&room) else { return };
            match progress {
                Progress::Wait => return,
                Progress::Advanced(stage) => {
                    if let Some(front) = jobs.front_mut() {
                        front.stage = stage;
                    }
                }
                Progress::Done => {
                    jobs.pop_front();
                }
                Progress::ThenSettle => {
                    if let Some(front) = jobs.front_mut() {
                        front.purpose = Purpose::Settle;
                        front.stage = Stage::Preparing;
                    }
                }
            }
            io.touch();
        }
    }

    /// Finds out who is due what; sends what can be sent; encrypts the message when nothing is left to do first.
    fn prepare(
        &mut self,
        room: RoomId,
        (message, job): (MessageId, &Job),
        io: &mut Io<'_, '_>,
    ) -> Progress {
        if self.habits().shares_once {
            return self.prepare_once(room, (message, job), io);
        }
        if let Some(why) = self.refusal_before_lists(room) {
            return self.refuse(room, (message, job), why, io);
        }
        if let Some(missing) = self.settled_but_for(room, io) {
            if self.claim_missing(&missing, io) {
                return Progress::Wait;
            }
            return self.encrypt_message(room, (message, job), &missing, io);
        }
        let users = self.users_to_serve(room);
        let outsiders = self.outsiders(room);
        if self.wait_for_lists(&users, io) | self.wait_for_lists(&outsiders, io) {
            return Progress::Wait;
        }
        if let Some(why) = self.refusal_after_lists(&users) {
            return self.refuse(room, (message, job), why, io);
        }
        let mut plan = self.plan(room, &users, io.given.clock);
        if let Some(device) = self.problem(&plan) {
            return self.refuse(room, (message, job), Refusal::WouldWithhold(device), io);
        }
        if let Some(why) = plan.rotate {
            self.make_session(room, job, why, io);
            plan = self.plan(room, &users, io.given.clock);
        }
        if self.claim_missing(&plan.missing, io) | self.claim_missing(&plan.misled, io) {
            return Progress::Wait;
        }
        let puts = self.send_plan(room, &plan, job.cause.0, io);
        if !puts.is_empty() {
            let awaited = if self.habits().message_waits { puts } else { Places::new() };
            return Progress::Advanced(Stage::Sharing(awaited));
        }
        if plan.is_settled_but_for_missing() && users.iter().all(|user| self.is_list_fresh(*user)) {
            let view = self.store.view;
            if let Some(outbound) = self.store.outbound.get_mut(&room) {
                outbound.settled_at = Some((view, plan.missing.clone()));
            }
        }
        if let Some(outbound) = self.store.outbound.get_mut(&room) {
            outbound.barred_without_olm = plan.misled.iter().copied().collect();
        }
        self.encrypt_message(room, (message, job), &plan.missing, io)
    }

    /// What keeps a message from being sent to these users, as far as their lists tell.
    pub(super) fn refusal_after_lists(&self, users: &[UserId]) -> Option<Refusal> {
        let changed = self.changed_identity(users).map(Refusal::IdentityChanged);
        changed.or_else(|| self.strategy_refuses(users))
    }

    /// What keeps a message from being sent, whoever is in the room.
    pub(super) fn refusal_before_lists(&self, room: RoomId) -> Option<Refusal> {
        if self.config.keys != PublishedKeys::Full {
            return Some(Refusal::NoEncryption);
        }
        let seen = self.store.rooms.room(room);
        if seen.is_some_and(|seen| seen.rotation().algorithm == RoomAlgorithm::Other) {
            return Some(Refusal::NoEncryption);
        }
        self.refusal_outside(room)
    }

    /// What keeps a message from being sent where this device's user is not.
    pub(super) fn refusal_outside(&self, room: RoomId) -> Option<Refusal> {
        let seen = self.store.rooms.room(room);
        let joined = seen.is_some_and(|seen| seen.membership(self.my_user()) == Membership::Join);
        (!joined).then_some(Refusal::NotInRoom)
    }

    /// The message is not sent.
    pub(super) fn refuse(
        &mut self,
        room: RoomId,
        (message, job): (MessageId, &Job),
        why: Refusal,
        io: &mut Io<'_, '_>,
    ) -> Progress {
        let kind = FactKind::SendRefused { device: self.me(), room, message, why };
        io.fact(kind, Causes::of([job.cause.0]));
        Progress::Done
    }

    /// Gives what is owed for messages that were sent already, or tells why it cannot be given. Who has left since
    /// could see those messages and is owed as well; a session that is not to be used any more serves for that.
    fn settle(&mut self, room: RoomId, cause: Option<FactId>, io: &mut Io<'_, '_>) -> Progress {
        // Lists that are not followed any more are asked for again (D-06).
        let creditors = self.creditors(room);
        if self.wait_for_lists(&creditors, io) {
            return Progress::Wait;
        }
        let missing = self.owed_without_olm(room);
        if self.claim_missing(&missing, io) {
            return Progress::Wait;
        }
        self.tell_barred(room, cause, io);
        let puts = self.pay_debts(room, cause, io);
        self.tell_no_olm(room, &missing, cause, io);
        // The next message of the room needs these keys, and must not overtake them (K-02).
        if puts.is_empty() { Progress::Done } else { Progress::Advanced(Stage::Sharing(puts)) }
    }

    /// The devices that are due a key and cannot be given it for want of an Olm session, if nothing that decisions rest
    /// on has changed since every other device had what it is due.
    fn settled_but_for(&self, room: RoomId, io: &Io<'_, '_>) -> Option<Vec<DeviceId>> {
        let outbound = self.store.outbound.get(&room)?;
        let (view, missing) = outbound.settled_at.as_ref()?;
        // Whatever else could have been done for them meanwhile changes the view.
        let is_missing = |device: &DeviceId| !outbound.given_up.contains(device);
        let holds = *view == self.store.view
            && outbound.invalid.is_none()
            && !self.is_used_up(room, outbound, io)
            && missing.iter().all(is_missing);
        holds.then(|| missing.clone())
    }

    fn is_used_up(&self, room: RoomId, outbound: &Outbound, io: &Io<'_, '_>) -> bool {
        let seen = self.store.rooms.room(room);
        seen.is_some_and(|seen| {
            outbound.is_used_up(self.rotation_of(seen, outbound), io.given.clock)
        })
    }

    /// The users whose devices a message is meant for, ascending.
    pub(super) fn users_to_serve(&self, room: RoomId) -> Vec<UserId> {
        let with_invited = self.store.policy.share_with_invited;
        self.store
            .rooms
            .room(room)
            .map(|seen| seen.eligible(with_invited).collect())
            .unwrap_or_default()
    }

    /// Tracks these users; true if a query for one of them is on its way or was just begun.
    pub(super) fn wait_for_lists(&mut self, users: &[UserId], io: &mut Io<'_, '_>) -> bool {
        for user in users {
            self.follow(*user, io);
        }
        self.query_outdated(io);
        users.iter().any(|user| self.live.queries.is_running(*user))
    }

    /// The first other user whose identity has changed and was not accepted (V-02).
    fn changed_identity(&self, users: &[UserId]) -> Option<UserId> {
        if !self.habits().identity_change_stops {
            return None;
        }
        users.iter().copied().find(|user| {
            *user != self.my_user()
                && self.store.lists.user(*user).is_some_and(|list| list.identity_changed())
        })
    }

    /// A device that the share policy leaves out, if the user wants an error then. Who is blocked was left out on
    /// purpose.
    pub(super) fn problem(&self, plan: &Plan) -> Option<DeviceId> {
        match self.store.policy.on_problem {
            OnProblem::Refuse if self.habits().shares_by_strategy => None,
            OnProblem::Withhold => None,
            OnProblem::Refuse => plan
                .barred
                .iter()
                .find(|(_, code)| *code == SessionCode::Unverified)
                .map(|(device, _)| *device),
        }
    }

    /// Makes the session that replaces the room's.
    pub(super) fn make_session(
        &mut self,
        room: RoomId,
        job: &Job,
        why: Option<FactId>,
        io: &mut Io<'_, '_>,
    ) {
        let discarded = match self.habits().notice_session {
            NoticeSession::InUse | NoticeSession::Previous => None,
            NoticeSession::Discarded => Some(OutboundSession::new(io.given.entropy).id()),
        };
        let megolm = OutboundSession::new(io.given.entropy);
        let (session, own_key) = (megolm.id(), megolm.session_key());
        let shared_history = self.store.rooms.room(room).is_some_and(shareable);
        let flag = match self.habits().shared_history_flag {
            SharedHistoryFlag::Visibility => SharedHistory::of(shared_history),
            SharedHistoryFlag::Always => SharedHistory::Yes,
            SharedHistoryFlag::Absent => SharedHistory::Absent,
        };
        let kind = FactKind::MegolmNew { device: self.me(), room, session };
        let dated = self.store.outbound.get(&room).and_then(|old| old.clock_set.0);
        let fact = io.fact(kind, Causes::of([job.cause.0, why, io.given.clock_set, dated]));
        let mut outbound = Outbound::new(megolm, io.given.clock, flag);
        outbound.clock_set = Provenance(io.given.clock_set);
        outbound.made_by = Provenance::of(fact);
        let seen = self.store.rooms.room(room);
        outbound.made_under = seen.map(|seen| (visibility_or_default(seen), seen.rotation()));
        outbound.discarded = discarded;
        outbound.previous = self.store.outbound.get(&room).map(Outbound::session);
        if let Some(old) = self.store.outbound.insert(room, outbound) {
            self.keep_debts(room, old);
        }
        self.after_rotation();
        self.keep_own_key(room, (own_key, shared_history), fact, io);
        self.view_changed(io);
    }

    /// Encrypts the message and sends it.
    pub(super) fn encrypt_message(
        &mut self,
        room: RoomId,
        (message, job): (MessageId, &Job),
        missing: &[DeviceId],
        io: &mut Io<'_, '_>,
    ) -> Progress {
        let device = self.me();
        let Some(outbound) = self.store.outbound.get_mut(&room) else { return Progress::Wait };
        let body = outbound.megolm.encrypt();
        let MegolmCiphertext { session, index, .. } = body;
        let has_misled = !outbound.barred_without_olm.is_empty();
        for missed in missing {
            outbound.owed_from.entry(*missed).or_insert(index);
        }
        let unserved = std::mem::take(&mut outbound.unserved);
        outbound.shared.retain(|device, _| !unserved.contains(device));
        let kind = FactKind::MegolmEncrypted { device, room, session, index, message };
        // Whether the session is too old for the message was read off a clock, now and when it was made.
        let clocks = [io.given.clock_set, outbound.clock_set.0];
        let [now, then] = clocks;
        let late = job.held_up.0.or(then);
        let causes = Causes::of([job.cause.0, outbound.made_by.0, now, late]);
        let fact = io.fact(kind, causes);
        let put = MessagePut { room, txn: io.given.entropy.txn(), message, body };
        let number = self.store.outbox.push(Request::SendMessage(put), Some(fact));
        if unserved.is_empty() {
            io.touch();
        } else {
            self.view_changed(io);
        }
        let has_missing = !missing.is_empty() || has_misled;
        Progress::Advanced(Stage::Sending { message: number, has_missing })
    }
}
