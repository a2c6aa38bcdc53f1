//! The queries for users' device lists: when they are made, what an answer or its failure changes, and what goes on after it.
//! It does not know what lists are used for.

use smallvec::SmallVec;

use crate::client::RequestNo;
use crate::client::reference::io::Io;
use crate::client::reference::lists::RunningQuery;
use crate::client::reference::recipient::Occasion;
use crate::client::reference::{Backoff, Reference};
use crate::ids::{DeviceId, FactId, QueryId, UserId};
use crate::protocol::api::{CrossSigningKeys, DeviceKeys, Failure, Request, Response, UserKeys};
use crate::protocol::provenance::Provenance;
use crate::scenario::habits::{NeedlessRotation, QueryAnswers};
use crate::scenario::policy::Target;
use crate::time::SimDuration;
use crate::trace::fact::{Causes, FactKind, QueryOutcome};

/// A query that failed is not made again sooner.
const SHORTEST_WAIT: SimDuration = SimDuration::from_secs(1);

impl Reference {
    /// Tracks a user from now on. That earlier queries failed says nothing of a list that is begun anew (D-06).
    pub(super) fn follow(&mut self, user: UserId, io: &mut Io<'_, '_>) {
        if self.store.lists.track(user) {
            self.live.query_backoff.remove(&user);
            self.live.batches.wanted();
            io.touch();
        }
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
        self.begin_queries(wanted, false, io);
    }

    /// Asks for the lists of these users, each with what made it outdated, in one request; `aside` if it is for a message beside others.
    pub(super) fn begin_queries(
        &mut self,
        wanted: Vec<(UserId, Provenance)>,
        aside: bool,
        io: &mut Io<'_, '_>,
    ) -> Vec<(UserId, QueryId)> {
        let mut queries = Vec::with_capacity(wanted.len());
        if wanted.is_empty() {
            return queries;
        }
        for (user, outdated_by) in wanted {
            let query = io.given.entropy.query();
            let kind = FactKind::QueryStart { device: self.me(), user, query };
            let fact = io.fact(kind, Causes::of([outdated_by.0, io.given.cause]));
            let running = RunningQuery { query, began: Provenance::of(fact), aside };
            self.live.queries.begin(user, running);
            queries.push((user, query));
        }
        let number = self.request_number();
        self.ask(number, Request::QueryKeys(queries.clone()), io.given.cause, io);
        self.live.query_requests.insert(number, queries.clone());
        queries
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
        let was_outdated = self.store.lists.user(user).is_some_and(|list| list.outdated);
        let outdated = if running.aside { was_outdated } else { overtaken };
        let how = (outdated, self.habits().shares_by_strategy);
        let gone = self.store.lists.apply(answer, self.store.identity, how);
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
        if let Some(keys) = self.store.takes_over.filter(|_| user == self.my_user()) {
            self.receive_identity(keys, io);
        }
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
}
