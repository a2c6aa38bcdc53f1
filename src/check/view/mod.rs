//! What the facts so far add up to: who knew, held, chose and was sent what. Every rule reads it; none keeps its own.
//! It does not know which of that is right.

pub(crate) mod askings;
pub(crate) mod circumstances;
pub(crate) mod duties;
pub(crate) mod forwards;
pub(crate) mod hearing;
pub(crate) mod holdings;
pub(crate) mod life;
pub(crate) mod lists;
pub(crate) mod messages;
pub(crate) mod notices;
pub(crate) mod olm;
pub(crate) mod one_time_keys;
pub(crate) mod pairs;
pub(crate) mod policy;
pub(crate) mod requests;
pub(crate) mod rooms;
pub(crate) mod sending;
pub(crate) mod transport;
pub(crate) mod trust;

use crate::check::cast::Cast;
use crate::check::view::askings::Askings;
use crate::check::view::duties::Duties;
use crate::check::view::forwards::Forwards;
use crate::check::view::holdings::Holdings;
use crate::check::view::life::{Life, Moment};
use crate::check::view::lists::Lists;
use crate::check::view::messages::{Encrypted, Messages};
use crate::check::view::notices::Notices;
use crate::check::view::olm::{Epoch, Made, Olm};
use crate::check::view::one_time_keys::OneTimeKeys;
use crate::check::view::policy::{Policies, Word};
use crate::check::view::requests::Requests;
use crate::check::view::rooms::Rooms;
use crate::check::view::transport::Transport;
use crate::ids::{BitSet, DeviceId, FactId, MegolmSessionId, MessageId, QueryId, RoomId, UserId};
use crate::rulebook::reading::Reading;
use crate::scenario::policy::Target;
use crate::trace::fact::{ClaimOutcome, QueryOutcome};

/// Everything that rules are judged by.
#[derive(Debug, Clone)]
pub(crate) struct View {
    /// Who is who.
    pub(crate) cast: Cast,
    /// How ambiguous points are read.
    pub(crate) reading: Reading,
    /// Who is there.
    pub(crate) life: Life,
    /// Memberships.
    pub(crate) rooms: Rooms,
    /// Device lists.
    pub(crate) lists: Lists,
    /// Choices.
    pub(crate) policies: Policies,
    /// Olm sessions.
    pub(crate) olm: Olm,
    /// One-time and fallback keys.
    pub(crate) one_time_keys: OneTimeKeys,
    /// Room keys.
    pub(crate) holdings: Holdings,
    /// Megolm sessions and messages.
    pub(crate) messages: Messages,
    /// To-device messages.
    pub(crate) transport: Transport,
    /// Withheld notices.
    pub(crate) notices: Notices,
    /// Key requests.
    pub(crate) requests: Requests,
    /// Key requests as they were made.
    pub(crate) askings: Askings,
    /// Forwarded keys.
    pub(crate) forwards: Forwards,
    /// What senders owed.
    pub(crate) duties: Duties,
    /// The devices of which facts of their own were seen: what is not among them did not happen there.
    pub(crate) heard: BitSet,
}

impl View {
    /// The view before the first fact.
    pub(crate) fn new(cast: Cast, reading: Reading) -> Self {
        Self {
            cast,
            reading,
            life: Life::default(),
            rooms: Rooms::default(),
            lists: Lists::default(),
            policies: Policies::default(),
            olm: Olm::default(),
            one_time_keys: OneTimeKeys::default(),
            holdings: Holdings::default(),
            messages: Messages::default(),
            transport: Transport::default(),
            notices: Notices::default(),
            requests: Requests::default(),
            askings: Askings::default(),
            forwards: Forwards::default(),
            duties: Duties::default(),
            heard: BitSet::default(),
        }
    }

    /// The device's user verified a target, or took that back.
    pub(crate) fn verified(
        &mut self,
        device: DeviceId,
        target: Target,
        verified: bool,
        now: Moment,
    ) {
        match target {
            Target::Device(other) => {
                self.policies.trust_device(device, other, verified, now.fact);
            }
            Target::User(user) => {
                let word = if verified { Word::Verified } else { Word::Unverified };
                self.policies.word(device, user, word, now.fact);
            }
        }
        self.duties.changed(device);
    }

    /// The device made an Olm session.
    pub(crate) fn olm_made(&mut self, device: DeviceId, peer: DeviceId, made: Made) {
        self.olm.made(device, peer, made);
        self.duties.changed(device);
    }

    /// The device's query ended. An answer tells whether the user is verified, so a word from before it is past; a
    /// word that was taken back stays so.
    pub(crate) fn query_ended(
        &mut self,
        (device, user): (DeviceId, UserId),
        query: QueryId,
        outcome: QueryOutcome,
        fact: FactId,
    ) {
        self.lists.ended((device, user), query, outcome, fact);
        match outcome {
            QueryOutcome::Applied { master, verified } => {
                self.policies.has_learnt(device, fact);
                self.policies.forget_verified(device, user);
                let own = self.cast.user(device) == user;
                let withdrawn = self.policies.last_word(device, user) == Some(Word::Unverified);
                if own && master.is_some() && !verified && !withdrawn {
                    self.lost_own_keys(device, fact);
                }
            }
            QueryOutcome::Overtaken | QueryOutcome::Failed => {}
        }
        self.duties.changed(device);
    }

    /// A server has its user's signature for the device. The first one after new keys shows who made these: what that
    /// device verified by the old ones no longer counts (V-01).
    pub(crate) fn cross_signed(&mut self, device: DeviceId, fact: FactId) {
        if self.policies.has_reset(self.cast.user(device)) {
            self.lost_own_keys(device, fact);
        }
    }

    /// The chain of V-01 starts at keys that the device does not hold to any more.
    fn lost_own_keys(&mut self, device: DeviceId, fact: FactId) {
        self.policies.forget_all_verified(device, fact);
        self.lists.forget_verified(device, self.cast.users());
        self.duties.changed(device);
    }

    /// Whether facts of the device's own were seen.
    pub(crate) fn has_heard(&self, device: DeviceId) -> bool {
        self.heard.contains(device.index())
    }

    /// The epoch of reports of `device` to `peer` that is open.
    pub(crate) fn epoch(&self, device: DeviceId, peer: DeviceId) -> Epoch {
        self.olm.epoch(device, peer, self.reading.epoch_end, &self.life)
    }

    /// The claim of `device` for a key of `target` ended.
    pub(crate) fn claim_ended(
        &mut self,
        device: DeviceId,
        target: DeviceId,
        outcome: ClaimOutcome,
        now: Moment,
    ) {
        let failed = match outcome {
            ClaimOutcome::Key { fallback: true, .. } => {
                let epoch = self.epoch(device, target);
                self.olm.got_fallback(device, target, epoch, now.fact);
                None
            }
            ClaimOutcome::Key { fallback: false, .. } => None,
            ClaimOutcome::NoKey | ClaimOutcome::Failed(_) => Some(self.epoch(device, target)),
        };
        self.olm.claim_ended(device, target, failed, now);
    }

    /// The client of the device stopped.
    pub(crate) fn crashed(&mut self, device: DeviceId, now: Moment) {
        self.life.crashed(device, now);
        self.olm.crashed(device);
        self.duties.changed(device);
    }

    /// The device encrypted a message for a room.
    pub(crate) fn encrypted(
        &mut self,
        (sender, room): (DeviceId, RoomId),
        message: MessageId,
        (session, index): (MegolmSessionId, u32),
        now: Moment,
    ) {
        let (prepared_from, previous) = self.messages.prepared(sender, room, now);
        let changed = self.policies.changed(sender);
        let encrypted = Encrypted {
            sender,
            room,
            session,
            index,
            fact: now.fact,
            at: now.at,
            prepared_from,
            previous,
            unsettled: changed.is_some_and(|changed| changed > prepared_from),
            snapshot: self.take_duties(sender, room),
        };
        self.messages.encrypted(message, encrypted);
    }
}
