//! The device's own keys: coming up, keeping one-time and fallback keys on the server, cross-signing, and the
//! queries for other users' lists.
//! It does not know what keys are used for.

use smallvec::SmallVec;

use crate::client::RequestNo;
use crate::client::reference::io::Io;
use crate::client::reference::lists::RunningQuery;
use crate::client::reference::recipient::Occasion;
use crate::client::reference::store::Life;
use crate::client::reference::{Backoff, Reference};
use crate::ids::{DeviceId, FactId, QueryId, UserId};
use crate::protocol::api::{
    CrossSigningKeys, DeviceKeys, Failure, KeyUpload, Request, Response, Signature, UserKeys,
};
use crate::protocol::provenance::Provenance;
use crate::scenario::habits::{NeedlessRotation, QueryAnswers};
use crate::scenario::model::PublishedKeys;
use crate::scenario::policy::Target;
use crate::time::{SimDuration, SimTime};
use crate::trace::fact::{Causes, FactKind, LossCause, QueryOutcome};

/// How long a fallback key is kept after it was replaced (U-10).
const FALLBACK_KEPT: SimDuration = SimDuration::from_hours(1);
/// How long a fallback key stays with who replaces it by its age.
const FALLBACK_LASTS: SimDuration = SimDuration::from_hours(7 * 24);
/// A query that failed is not made again sooner.
const SHORTEST_WAIT: SimDuration = SimDuration::from_secs(1);
/// Where the server does not tell its counts, keys are uploaded at most this often.
const BLIND_UPLOADS: SimDuration = SimDuration::from_secs(60);

/// What the server said of its keys during an upload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    count: Option<u32>,
    unused_fallback: Option<bool>,
    /// Whether it said before that the fallback key was not used yet.
    was_unused: bool,
}

impl Reference {
    /// Comes up with fresh keys.
    pub(super) fn log_in(
        &mut self,
        identity: Option<CrossSigningKeys>,
        (publish, sign): (bool, bool),
        io: &mut Io<'_, '_>,
    ) {
        self.store.life = Life::LoggedIn;
        self.record_choices(io);
        if self.config.keys != PublishedKeys::None {
            let lists_algorithms = self.config.keys == PublishedKeys::Full;
            let keys = DeviceKeys { device: self.me(), lists_algorithms, signed_by: None };
            self.upload_keys(Some(keys), self.config.one_time_keys, self.config.fallback_key, io);
        }
        if let (Some(keys), true) = (identity, publish) {
            self.store.outbox.push(Request::UploadSigningKeys(keys), io.given.cause);
        }
        if let (Some(keys), true) = (identity, sign) {
            self.sign_self(keys, io);
        }
        if self.store.policy.backup && sign {
            self.fetch_backup(io);
        }
        io.touch();
    }

    fn record_choices(&mut self, io: &mut Io<'_, '_>) {
        let (device, policy) = (self.me(), &self.store.policy);
        let set = io.fact_of_input(FactKind::SharingSet {
            device,
            share: policy.share,
            with_invited: policy.share_with_invited,
        });
        self.store.sharing_set = Provenance::of(set);
        let (codes, strangers) = (policy.report.codes, policy.report.strangers);
        io.fact_of_input(FactKind::ReportingSet { device, target: None, codes, strangers });
        for (target, codes) in &policy.report.overrides {
            let (target, codes) = (Some(*target), *codes);
            io.fact_of_input(FactKind::ReportingSet { device, target, codes, strangers: codes });
        }
    }

    /// Signs this device with the self-signing key, and has the secrets from now on. What they say of others comes with the next
    /// answers to queries.
    pub(super) fn sign_self(&mut self, keys: CrossSigningKeys, io: &mut Io<'_, '_>) {
        let before = self.store.identity.replace(keys);
        if self.habits().shares_by_strategy {
            self.store.lists.evaluate_all(Some(keys));
        } else if before.is_some_and(|before| before.master != keys.master) {
            self.store.lists.evaluate_all(None);
        }
        let signature = Signature::Device { signer: keys.self_signing, device: self.me() };
        self.store.outbox.push(Request::UploadSignature(signature), io.given.cause);
        self.view_changed(io);
    }

    fn upload_keys(
        &mut self,
        device_keys: Option<DeviceKeys>,
        count: u32,
        fallback: bool,
        io: &mut Io<'_, '_>,
    ) {
        let one_time_keys = self.store.account.generate(count as usize, io.given.entropy);
        let fallback_key = fallback.then(|| {
            self.record_fallback_gone(io);
            self.store.account.generate_fallback(io.given.entropy)
        });
        if fallback {
            let is_first = device_keys.is_some();
            let keeps = self.habits().keeps_used_fallback;
            self.store.fallback_made = Some(io.given.clock);
            self.store.fallback_replaced = (!is_first && !keeps).then_some(io.given.clock);
        }
        let upload = KeyUpload { device_keys, one_time_keys, fallback_key };
        self.store.outbox.push(Request::UploadKeys(upload), io.given.cause);
        io.touch();
    }

    /// Records that the previous fallback key goes, if there is one.
    fn record_fallback_gone(&self, io: &mut Io<'_, '_>) {
        if let Some(key) = self.store.account.previous_fallback() {
            let (device, why) = (self.me(), LossCause::Expired);
            io.fact(
                FactKind::PrivateKeyGone { device, key, why },
                Causes::of([io.given.cause, io.given.clock_set]),
            );
        }
    }

    /// Tops up what the server says it has (C-08). A count that was left out is zero.
    pub(super) fn keep_supply(
        &mut self,
        count: Option<u32>,
        unused_fallback: Option<bool>,
        io: &mut Io<'_, '_>,
    ) {
        if self.store.fallback_replaced.is_some_and(|at| io.given.clock.since(at) > FALLBACK_KEPT) {
            self.record_fallback_gone(io);
            self.store.account.forget_fallback();
            self.store.fallback_replaced = None;
            io.touch();
        }
        let uploading =
            self.store.outbox.requests().any(|request| matches!(request, Request::UploadKeys(_)));
        if uploading {
            let before = self.live.told_while_uploading;
            let was_unused =
                unused_fallback == Some(true) || before.is_some_and(|told| told.was_unused);
            self.live.told_while_uploading = Some(Told { count, unused_fallback, was_unused });
        }
        if uploading || self.config.keys == PublishedKeys::None {
            return;
        }
        let blind = count.is_none()
            && self.live.uploaded_at.is_some_and(|at| io.given.clock.since(at) < BLIND_UPLOADS);
        let wanted = self.config.one_time_keys.saturating_sub(count.unwrap_or(0));
        let wanted = if blind { 0 } else { wanted };
        let fallback =
            self.config.fallback_key && self.is_fallback_due(unused_fallback, io.given.clock);
        if wanted > 0 || fallback {
            self.live.uploaded_at = Some(io.given.clock);
            self.upload_keys(None, wanted, fallback, io);
        }
    }

    /// Whether a new fallback key is wanted: the last one was used, or has its age where only that counts.
    fn is_fallback_due(&self, unused: Option<bool>, clock: SimTime) -> bool {
        if !self.habits().keeps_used_fallback {
            return unused == Some(false);
        }
        let is_old = |made: SimTime| clock < made || clock.since(made) > FALLBACK_LASTS;
        self.store.fallback_made.is_none_or(is_old)
    }

    /// The server took an upload of keys, and says how many it has. What it said of its keys meanwhile was not looked at yet.
    pub(super) fn keys_uploaded(
        &mut self,
        upload: &KeyUpload,
        count: Option<u32>,
        io: &mut Io<'_, '_>,
    ) {
        self.store.account.mark_published();
        let told = self.live.told_while_uploading.take();
        if let (Some(told), Some(count)) = (told, count) {
            // Nobody says which of the two is newer: a key too many does less harm than one too few.
            let count = told.count.unwrap_or(count).min(count);
            // A fallback key is not replaced twice for one use. That the new one was used shows if it was not before: an upload
            // may have come to the server long before its answer comes here.
            let is_news = upload.fallback_key.is_none() || told.was_unused;
            self.keep_supply(Some(count), told.unused_fallback.filter(|_| is_news), io);
        }
    }

    /// The server refused an upload of keys for good: these keys will never be handed out. What it said of its keys meanwhile
    /// was not looked at yet.
    pub(super) fn keys_refused(&mut self, upload: &KeyUpload, io: &mut Io<'_, '_>) {
        for (_, key) in &upload.one_time_keys {
            self.store.account.remove_one_time_key(*key);
        }
        if let Some(told) = self.live.told_while_uploading.take() {
            self.keep_supply(told.count, told.unused_fallback, io);
        }
    }

    /// Loses the private halves of all one-time keys.
    pub(super) fn lose_one_time_keys(&mut self, io: &mut Io<'_, '_>) {
        for key in self.store.account.one_time_keys().collect::<Vec<_>>() {
            self.store.account.remove_one_time_key(key);
            let why = LossCause::Expired;
            io.fact_of_input(FactKind::PrivateKeyGone { device: self.me(), key, why });
        }
        io.touch();
    }

    /// Asks for the lists of outdated users, in one request, where it is not too early and no query is on its way.
    pub(super) fn query_outdated(&mut self, io: &mut Io<'_, '_>) {
        if self.store.lists.outdated().next().is_none() {
            return;
        }
        let wanted: Vec<(UserId, Provenance)> = self
            .store
            .lists
            .outdated()
            .filter(|(user, _)| self.may_query(*user))
            .filter(|(user, _)| {
                // A wait that ends later than any wait may last was begun on a clock that has been set back since.
                let latest =
                    io.given.clock + self.config.habits.claim_backoff_max.max(SHORTEST_WAIT);
                let backoff = self.live.query_backoff.get(user);
                backoff
                    .is_none_or(|backoff| backoff.until <= io.given.clock || latest < backoff.until)
            })
            .collect();
        if wanted.is_empty() {
            return;
        }
        let mut queries = Vec::with_capacity(wanted.len());
        for (user, outdated_by) in wanted {
            let query = io.given.entropy.query();
            let kind = FactKind::QueryStart { device: self.me(), user, query };
            let fact = io.fact(kind, Causes::of([outdated_by.0, io.given.cause]));
            self.live.queries.begin(user, RunningQuery { query, began: Provenance::of(fact) });
            queries.push((user, query));
        }
        let number = self.request_number();
        self.ask(number, Request::QueryKeys(queries.clone()), io.given.cause, io);
        self.live.query_requests.insert(number, queries);
    }

    /// Whether a query for a user may be sent, as far as one that is on its way speaks against it (D-04).
    fn may_query(&self, user: UserId) -> bool {
        let queries = &self.live.queries;
        match self.habits().query_answers {
            QueryAnswers::InTurn => !queries.is_running(user),
            QueryAnswers::LastWins => !queries.is_running(user) || queries.is_overtaken(user),
        }
    }

    /// The answer to a request with queries.
    pub(super) fn queries_answered(
        &mut self,
        number: RequestNo,
        answer: Result<&Response, Failure>,
        io: &mut Io<'_, '_>,
    ) -> bool {
        let Some(queries) = self.live.query_requests.remove(&number) else { return false };
        let answered: &[UserKeys] = match answer {
            Ok(Response::QueryKeys { users, .. }) => users,
            Ok(
                Response::UploadKeys(_)
                | Response::ClaimKeys { .. }
                | Response::KeyChanges(_)
                | Response::Members { .. }
                | Response::Sync(_)
                | Response::Backup(_)
                | Response::Done,
            )
            | Err(_) => &[],
        };
        for (user, query) in queries {
            let Some((running, overtaken)) = self.live.queries.end(user, query) else { continue };
            match answered.binary_search_by_key(&user, |keys| keys.user) {
                Ok(found) => self.list_answered(&answered[found], (running, overtaken), io),
                Err(_) => {
                    self.query_failed(user, query, running, io);
                    if overtaken {
                        // A change was told meanwhile: that leads to a query of its own, as it would have without this one.
                        self.live.query_backoff.remove(&user);
                    }
                }
            }
        }
        true
    }

    fn query_failed(
        &mut self,
        user: UserId,
        query: QueryId,
        running: RunningQuery,
        io: &mut Io<'_, '_>,
    ) {
        let kind =
            FactKind::QueryEnd { device: self.me(), user, query, outcome: QueryOutcome::Failed };
        io.fact(kind, Causes::of([running.began.0, io.given.cause]));
        let habits = self.config.habits;
        let backoff = self.live.query_backoff.entry(user).or_default();
        let wait = habits.claim_backoff_first.times(1 << backoff.failures.min(16));
        *backoff = Backoff {
            failures: backoff.failures + 1,
            until: io.given.clock + wait.min(habits.claim_backoff_max).max(SHORTEST_WAIT),
            by: Provenance(io.given.cause),
        };
    }

    fn list_answered(
        &mut self,
        answer: &UserKeys,
        (running, overtaken): (RunningQuery, bool),
        io: &mut Io<'_, '_>,
    ) {
        let (device, user, query) = (self.me(), answer.user, answer.query);
        self.live.query_backoff.remove(&user);
        if user == self.my_user() {
            self.compare_own_identity(answer.identity);
        }
        let old = self.store.lists.user(user).filter(|list| list.known);
        let old: Option<SmallVec<[DeviceId; 8]>> =
            old.map(|list| list.devices.iter().map(|keys| keys.device).collect());
        let read = self.habits().goes_by_device_id.then(|| self.by_device_id(answer));
        // What is recorded is what the answer lists, whatever is made of it.
        let answered = &answer.devices;
        let answer = read.as_ref().unwrap_or(answer);
        let gone = self.store.lists.apply(answer, self.store.identity, overtaken);
        let Some(list) = self.store.lists.user(user) else { return };
        for keys in answered {
            let listed = keys.device;
            let is_signed = || keys.signed_by == list.identity.map(|keys| keys.self_signing);
            let cross_signed = list.trust.is_cross_signed(listed)
                || list.device(listed).is_none() && keys.signed_by.is_some() && is_signed();
            let kind = FactKind::QueryListed { device, query, listed, cross_signed };
            io.fact(kind, Causes::of([running.began.0]));
        }
        let master = list.identity.map(|identity| identity.master);
        let outcome = QueryOutcome::Applied { master, verified: list.is_verified() };
        let causes = Causes::of([running.began.0, answer.cause.0, io.given.cause]);
        let fact = io.fact(FactKind::QueryEnd { device, user, query, outcome }, causes);
        if let Some(list) = self.store.lists.user_mut(user) {
            list.learnt_by = Provenance::of(fact);
        }
        let is_new = |keys: &DeviceKeys| {
            old.as_ref().is_some_and(|old| old.binary_search(&keys.device).is_err())
        };
        let new: SmallVec<[DeviceId; 4]> =
            answer.devices.iter().filter(|keys| is_new(keys)).map(|keys| keys.device).collect();
        let rotates =
            self.habits().needless_rotation == NeedlessRotation::NewDevice && !new.is_empty();
        let looks_later = self.habits().goes_by_device_id;
        for outbound in self.store.outbound.values_mut() {
            let is_gone = |device: &DeviceId| outbound.shared.contains_key(device);
            if rotates || !looks_later && gone.iter().any(is_gone) {
                outbound.invalidate(Provenance::of(fact));
            }
        }
        self.view_changed(io);
        self.settle_admitted(&new, io);
        self.after_list(user, fact, io);
    }

    /// An answer as it is read by who goes by device ids: what is listed under the id of a device that is known is passed over, and that one
    /// stays.
    fn by_device_id(&self, answer: &UserKeys) -> UserKeys {
        let mut read = answer.clone();
        let known = self.store.lists.user(answer.user).map_or(&[][..], |list| &list.devices);
        let address = |device| self.config.directory.address(device);
        for keys in &mut read.devices {
            let twin = known.iter().find(|old| address(old.device) == address(keys.device));
            let is_other = |old: &&DeviceKeys| old.device != keys.device;
            *keys = twin.filter(is_other).copied().unwrap_or(*keys);
        }
        read.devices.sort_unstable_by_key(|keys| keys.device);
        read
    }

    /// Another device of this user has made new cross-signing keys: this one does not have their secrets.
    fn compare_own_identity(&mut self, published: Option<CrossSigningKeys>) {
        if let (Some(own), Some(published)) = (self.store.identity, published)
            && own.master != published.master
        {
            self.store.identity = None;
            self.store.lists.evaluate_all(None);
        }
    }

    /// What waited for a user's list goes on.
    fn after_list(&mut self, user: UserId, by: FactId, io: &mut Io<'_, '_>) {
        if self.store.verify_later.remove(&Target::User(user)) {
            self.verify_user(user, io);
        }
        self.requests_after_list(user, io);
        if self.store.policy.hide_unsigned {
            for session in self.store.inbound.unread_sessions() {
                self.try_session(session, Occasion::Key, Provenance::of(by), io);
            }
        }
    }

    /// Verifies a user: signs the master key if this device has the secrets and the user has one, else every known
    /// device by hand.
    pub(super) fn verify_user(&mut self, user: UserId, io: &mut Io<'_, '_>) {
        let own = self.store.identity;
        let Some(list) = self.store.lists.user_mut(user).filter(|list| list.known) else {
            self.store.verify_later.insert(Target::User(user));
            self.store.lists.track(user);
            io.touch();
            return;
        };
        list.verification_withdrawn = false;
        if let (Some(own), Some(theirs)) = (own, list.identity) {
            list.master_signed_by = Some(own.user_signing);
            list.pinned = Some(theirs.master);
            list.evaluate(Some(own));
            let (signer, master) = (own.user_signing, theirs.master);
            let signature = Signature::Master { signer, user, master };
            self.store.outbox.push(Request::UploadSignature(signature), io.given.cause);
            self.record_verified(Target::User(user), true, io);
        } else {
            let devices: Vec<_> = list.devices.iter().map(|keys| keys.device).collect();
            for device in devices {
                self.store.verified_by_hand.insert(device);
                self.record_verified(Target::Device(device), true, io);
            }
        }
        self.view_changed(io);
        self.settle_admitted(&[], io);
    }

    /// Records that the user verified somebody, or took that back.
    pub(super) fn record_verified(&mut self, target: Target, verified: bool, io: &mut Io<'_, '_>) {
        let kind = FactKind::VerifiedSet { device: self.me(), target, verified };
        let fact = Provenance::of(io.fact_of_input(kind));
        let (done, undone) = if verified {
            (&mut self.store.allowed, &mut self.store.withdrawn)
        } else {
            (&mut self.store.withdrawn, &mut self.store.allowed)
        };
        done.insert(target, fact);
        undone.remove(&target);
    }

    /// Asks for the key backup.
    pub(super) fn fetch_backup(&mut self, io: &mut Io<'_, '_>) {
        if self.live.fetching_backup.is_none() {
            let number = self.request_number();
            self.live.fetching_backup = Some(number);
            io.request(number, Request::GetBackup, io.given.cause);
        }
    }
}
