//! What the facts so far add up to: who knew, held, chose and was sent what. Every rule reads it; none keeps its own.
//! It does not know which of that is right.

pub(crate) mod answers;
pub(crate) mod askings;
pub(crate) mod bundles;
pub(crate) mod circumstances;
pub(crate) mod contacts;
pub(crate) mod counts;
pub(crate) mod doubt;
pub(crate) mod duties;
pub(crate) mod expiry;
pub(crate) mod failures;
pub(crate) mod forwards;
pub(crate) mod given;
pub(crate) mod hearing;
pub(crate) mod holdings;
pub(crate) mod identities;
pub(crate) mod life;
pub(crate) mod lists;
pub(crate) mod messages;
pub(crate) mod notices;
pub(crate) mod olm;
pub(crate) mod one_time_keys;
pub(crate) mod outages;
pub(crate) mod pairs;
pub(crate) mod policy;
pub(crate) mod requests;
pub(crate) mod rooms;
pub(crate) mod sending;
pub(crate) mod standing;
pub(crate) mod supply;
pub(crate) mod transport;
pub(crate) mod trust;

use crate::check::cast::Cast;
use crate::check::view::answers::Answers;
use crate::check::view::askings::Askings;
use crate::check::view::bundles::Bundles;
use crate::check::view::contacts::Contacts;
use crate::check::view::counts::KeyCounts;
use crate::check::view::doubt::Doubts;
use crate::check::view::duties::Duties;
use crate::check::view::expiry::Expiries;
use crate::check::view::forwards::Forwards;
use crate::check::view::given::Givens;
use crate::check::view::holdings::Holdings;
use crate::check::view::identities::Identities;
use crate::check::view::life::{Life, Moment};
use crate::check::view::lists::Lists;
use crate::check::view::messages::{Encrypted, Messages};
use crate::check::view::notices::Notices;
use crate::check::view::olm::{Epoch, Made, Olm};
use crate::check::view::one_time_keys::OneTimeKeys;
use crate::check::view::outages::Outages;
use crate::check::view::policy::{Policies, Word};
use crate::check::view::requests::Requests;
use crate::check::view::rooms::Rooms;
use crate::check::view::standing::{Message, Standings};
use crate::check::view::supply::Supply;
use crate::check::view::transport::Transport;
use crate::ids::{
    BitSet, DeviceId, FactId, MegolmSessionId, MessageId, QueryId, RoomId, SigningKey, UserId,
};
use crate::rulebook::reading::Reading;
use crate::scenario::policy::{SharePolicy, Target};
use crate::trace::fact::QueryOutcome;

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
    /// Keys that devices have on their servers.
    pub(crate) supply: Supply,
    /// What devices were told of these.
    pub(crate) counts: KeyCounts,
    /// Sync answers.
    pub(crate) answers: Answers,
    /// Announced faults in force.
    pub(crate) outages: Outages,
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
    /// How devices stood with sessions.
    pub(crate) standings: Standings,
    /// Whom creators of sessions have given the keys.
    pub(crate) givens: Givens,
    /// Sessions in use, and why they have to be replaced.
    pub(crate) expiries: Expiries,
    /// Whose identity changed.
    pub(crate) identities: Identities,
    /// Who may have forgotten what it chose or learnt.
    pub(crate) doubts: Doubts,
    /// History bundles.
    pub(crate) bundles: Bundles,
    /// The devices of which facts of their own were seen: what is not among them did not happen there.
    pub(crate) heard: BitSet,
    /// Who may know that it gets through to its server.
    pub(crate) contacts: Contacts,
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
            supply: Supply::default(),
            counts: KeyCounts::default(),
            answers: Answers::default(),
            outages: Outages::default(),
            holdings: Holdings::default(),
            messages: Messages::default(),
            transport: Transport::default(),
            notices: Notices::default(),
            requests: Requests::default(),
            askings: Askings::default(),
            forwards: Forwards::default(),
            duties: Duties::default(),
            standings: Standings::default(),
            givens: Givens::default(),
            expiries: Expiries::default(),
            identities: Identities::default(),
            doubts: Doubts::default(),
            bundles: Bundles::default(),
            heard: BitSet::default(),
            contacts: Contacts::default(),
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
                if verified {
                    self.identities.accepted(device, user, now);
                }
                self.policies.word(device, user, word, now.fact);
            }
        }
        self.duties.changed(device);
    }

    /// The device made an Olm session.
    pub(crate) fn olm_made(&mut self, device: DeviceId, peer: DeviceId, made: Made) {
        self.olm.made(device, peer, made);
        self.olm.wrote(device, peer, made.moment, &self.life);
        self.duties.changed(device);
    }

    /// The device's query ended. An answer tells whether the user is verified, so a word from before it is past; a
    /// word that was taken back stays so.
    pub(crate) fn query_ended(
        &mut self,
        (device, user): (DeviceId, UserId),
        query: QueryId,
        outcome: QueryOutcome,
        now: Moment,
    ) {
        let fact = now.fact;
        self.lists.ended((device, user), query, outcome, now);
        match outcome {
            QueryOutcome::Applied { master, verified } => {
                if let Some(master) = master {
                    self.identities.shown(device, user, master, now);
                }
                self.devices_gone((device, user), now);
                self.policies.has_learnt(device, fact);
                self.policies.forget_verified(device, user);
                let own = self.cast.user(device) == user;
                // Who took the verification of the own user back is told nothing by `verified`, but by the keys themselves.
                let withdrawn = self.policies.last_word(device, user) == Some(Word::Unverified);
                let is_other = master.is_some_and(|shown| self.policies.holds_other(device, shown));
                if own && master.is_some() && !verified && (!withdrawn || is_other) {
                    self.lost_own_keys(device, fact);
                }
            }
            QueryOutcome::Overtaken | QueryOutcome::Failed => {}
        }
        self.duties.changed(device);
    }

    /// The device made new cross-signing keys for its user: what it verified by the old ones, its user's other devices
    /// among it, no longer counts (V-01).
    pub(crate) fn identity_made(&mut self, device: DeviceId, master: SigningKey, now: Moment) {
        self.policies.identity_made(self.cast.user(device), device, master);
        self.lost_own_keys(device, now.fact);
        self.doubts.chose(device, now);
    }

    /// The device was given keys of its user that it did not have: what it verified by older ones no longer counts, what it will
    /// verify does.
    pub(crate) fn identity_received(&mut self, device: DeviceId, master: SigningKey, now: Moment) {
        self.policies.identity_received(device, master);
        self.lost_own_keys(device, now.fact);
        self.doubts.chose(device, now);
    }

    /// A server has its user's signature for the device. Where it was not observed who made new keys, the first one
    /// after them shows that: what that device verified by the old ones no longer counts. Nor does it of a device that was signed
    /// by older keys before, and was given the new ones.
    pub(crate) fn cross_signed(&mut self, device: DeviceId, now: Moment) {
        let user = self.cast.user(device);
        if self.policies.holds_present(device, user) {
            return;
        }
        let has_other_keys = self.policies.is_signed_anew(device, user);
        if self.policies.has_reset(user) || has_other_keys {
            self.lost_own_keys(device, now.fact);
            self.doubts.chose(device, now);
        }
    }

    /// The chain of V-01 starts at keys that the device does not hold to any more.
    fn lost_own_keys(&mut self, device: DeviceId, fact: FactId) {
        self.policies.forget_all_verified(device, fact);
        self.lists.forget_verified(device, self.cast.users());
        self.duties.changed(device);
    }

    /// Whether the device still knows what it did or learnt at `moment`: neither an older store nor a crash before it was
    /// written down took that away.
    pub(crate) fn remembers(&self, device: DeviceId, moment: Moment) -> bool {
        self.life.forgiven(device, moment).is_none() && self.life.cut_off(device, moment).is_none()
    }

    /// Whether the device still knows what it needs to know of the other to recover with it: its list holds it, with the
    /// algorithms, and no older store has taken that away.
    pub(crate) fn knows(&self, device: DeviceId, other: DeviceId) -> bool {
        let is_listed = self.lists.entry(device, self.cast.user(other), other).is_some();
        is_listed && !self.life.is_plain(other) && !self.misses_list(device, other)
    }

    /// Whether the store of a message's sender is an older one, in which something may be missing that the sender has to know to give
    /// `device` the key or to say why not: what was done with the session, its list of the other user's devices, its choices, its
    /// Olm sessions and what had come of attempts to have one.
    pub(crate) fn may_not_know(&self, encrypted: &Encrypted, device: DeviceId) -> bool {
        let Encrypted { sender, session, fact, at, .. } = *encrypted;
        let now = Moment { fact, at };
        if self.life.unsettled_by(sender, now).is_none() {
            return false;
        }
        // What was lost of the session after the message says nothing of what was known then.
        let is_made = self.expiries.of(session).is_some_and(|known| {
            let restore = self.life.restored_since(sender, known.made.fact);
            restore.is_none_or(|restore| restore > fact) || !known.may_be_lost(sender, &self.life)
        });
        let listed = self.lists.told(sender, self.cast.user(device), device);
        let mut listed = listed.into_iter().flatten();
        let is_listed =
            listed.any(|answer| answer.fact < fact && self.life.forgiven(sender, answer).is_none());
        let knows_olm = self.olm.surely_has((sender, device), fact, &self.life)
            || self.olm.failed_in(sender, device).next().is_none()
            || !self.olm.may_be_lost(sender, device, &self.life);
        let is_kept = self.life.forgiven(sender, now).is_none();
        !(is_kept && is_made && is_listed && knows_olm) || self.doubts.of(sender)
    }

    /// Whether the other is not on the device's list, or an older store took it from there, and the device cannot tell without
    /// it whether it may encrypt to the other.
    pub(crate) fn misses_list(&self, device: DeviceId, other: DeviceId) -> bool {
        let needs_list = match self.policies.sharing(device).0 {
            SharePolicy::Everyone => false,
            SharePolicy::CrossSigned | SharePolicy::Verified => true,
        };
        let told = self.lists.told(device, self.cast.user(other), other);
        needs_list
            && told.is_none_or(|told| told.iter().all(|moment| !self.remembers(device, *moment)))
    }

    /// Whether facts of the device's own were seen.
    pub(crate) fn has_heard(&self, device: DeviceId) -> bool {
        self.heard.contains(device.index())
    }

    /// The epoch of reports of `device` to `peer` that is open.
    pub(crate) fn epoch(&self, device: DeviceId, peer: DeviceId) -> Epoch {
        self.olm.epoch(device, peer, &self.life)
    }

    /// The client of the device stopped.
    pub(crate) fn crashed(&mut self, device: DeviceId, now: Moment) {
        self.life.crashed(device, now);
        self.doubts.crashed(device, now);
        self.olm.crashed(device);
        self.answers.crashed(device, now.at);
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
        let snapshot = self.take_duties(sender, room);
        let ends = (sender.raw(), room.raw());
        if !self.standings.is_known(ends, session, snapshot) {
            let mut standings = std::mem::take(&mut self.standings);
            let message = Message { session, index, fact: now.fact };
            let is_settled =
                |device| !self.chose_about((sender, device), (prepared_from, Some(now.fact)));
            let roster = self.rooms.roster(room).iter().copied();
            let duties = roster.zip(self.duties.table(snapshot));
            let duties = duties.map(|(device, duty)| (device, duty, is_settled(device)));
            standings.note(ends, message, snapshot, duties);
            self.standings = standings;
        }
        let encrypted = Encrypted {
            sender,
            room,
            session,
            index,
            fact: now.fact,
            at: now.at,
            prepared_from,
            previous,
            snapshot,
        };
        self.messages.encrypted(message, encrypted);
    }
}
