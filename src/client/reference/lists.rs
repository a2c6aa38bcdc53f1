//! Device lists as one client knows them: who is tracked, what is outdated, which devices there are and what
//! they are worth.
//! It does not know when a query is sent, nor what a device is given.
//!
//! Source: Matrix specification, "Tracking the device list for a user".

use std::collections::{BTreeMap, BTreeSet};

use crate::client::reference::trust::{Signatures, Trust};
use crate::ids::{BitSet, DeviceId, QueryId, SigningKey, UserId};
use crate::protocol::api::{CrossSigningKeys, DeviceKeys, UserKeys};
use crate::protocol::provenance::Provenance;

/// One tracked user.
#[derive(Debug, Clone, Default)]
pub(super) struct UserList {
    /// Whether changes are of interest: not any more after the last shared room was left (D-06).
    pub(super) followed: bool,
    /// Whether the list must be asked for (again).
    pub(super) outdated: bool,
    /// What made it outdated.
    pub(super) outdated_by: Provenance,
    /// The answer that was applied last.
    pub(super) learnt_by: Provenance,
    /// Whether any answer was ever applied.
    pub(super) known: bool,
    /// The devices, ascending.
    pub(super) devices: Vec<DeviceKeys>,
    /// What the signatures are worth.
    pub(super) trust: Trust,
    /// The user's cross-signing keys.
    pub(super) identity: Option<CrossSigningKeys>,
    /// The user-signing key that signed the user's master key.
    pub(super) master_signed_by: Option<SigningKey>,
    /// The master key that was seen first, or accepted since.
    pub(super) pinned: Option<SigningKey>,
    /// The master key of the last answer that had one: a new one is not accepted by an answer that hides it.
    pub(super) shown: Option<SigningKey>,
    /// Whether the user was ever verified by the chain of signatures, as far as that was not accepted to be past.
    pub(super) was_verified: bool,
    /// Whether the user took the verification of this user back.
    pub(super) verification_withdrawn: bool,
}

impl UserList {
    /// Whether the user's identity, as it was shown last, is another than the pinned one (V-02).
    pub(super) fn identity_changed(&self) -> bool {
        self.pinned.is_some() && self.shown != self.pinned
    }

    /// Whether the user is verified by the chain of signatures.
    pub(super) const fn is_verified(&self) -> bool {
        self.trust.user_verified && !self.verification_withdrawn
    }

    /// The keys of a device in the list.
    pub(super) fn device(&self, device: DeviceId) -> Option<&DeviceKeys> {
        let place = self.devices.binary_search_by_key(&device, |keys| keys.device).ok()?;
        Some(&self.devices[place])
    }
}

/// All tracked users.
#[derive(Debug, Clone, Default)]
pub(super) struct DeviceLists {
    users: BTreeMap<UserId, UserList>,
    /// Who is outdated and followed: a client looks for them with every input, and follows up to all users of a room.
    due: BTreeSet<UserId>,
}

impl DeviceLists {
    /// What is known of a user; `None` if the user is not tracked.
    pub(super) fn user(&self, user: UserId) -> Option<&UserList> {
        self.users.get(&user)
    }

    /// The same, to change it.
    pub(super) fn user_mut(&mut self, user: UserId) -> Option<&mut UserList> {
        self.users.get_mut(&user)
    }

    /// The user took the verification of another user back, whose list may not be known yet.
    pub(super) fn withdraw_verification(&mut self, user: UserId) {
        self.users.entry(user).or_default().verification_withdrawn = true;
    }

    /// Tracks a user from now on; a user who was not tracked is outdated. True if that is new.
    pub(super) fn track(&mut self, user: UserId) -> bool {
        let list = self.users.entry(user).or_default();
        let fresh = !list.followed;
        list.followed = true;
        list.outdated |= fresh;
        if list.outdated {
            self.due.insert(user);
        }
        fresh
    }

    /// A user need not be followed any more (D-06).
    pub(super) fn untrack(&mut self, user: UserId) {
        if let Some(list) = self.users.get_mut(&user) {
            list.followed = false;
            self.due.remove(&user);
        }
    }

    /// A server told that a tracked user's list changed. False if the user is not tracked.
    pub(super) fn mark_outdated(&mut self, user: UserId, by: Provenance) -> bool {
        match self.users.get_mut(&user) {
            Some(list) => {
                list.outdated = true;
                list.outdated_by = by;
                if list.followed {
                    self.due.insert(user);
                }
                true
            }
            None => false,
        }
    }

    /// Outdated users whose changes are of interest, ascending, with what made each outdated.
    pub(super) fn outdated(&self) -> impl Iterator<Item = (UserId, Provenance)> + '_ {
        self.due.iter().map(|user| (*user, self.users[user].outdated_by))
    }

    /// Replaces what is known of a user by an answer; `still_outdated` if a change was told after the query began
    /// (D-04), `forgets_signature` if the own signature counts only where the answer has it. Returns the devices that were listed and no longer are.
    pub(super) fn apply(
        &mut self,
        answer: &UserKeys,
        own: Option<CrossSigningKeys>,
        (still_outdated, forgets_signature): (bool, bool),
    ) -> Vec<DeviceId> {
        let list = self.users.entry(answer.user).or_default();
        let gone = list
            .devices
            .iter()
            .map(|keys| keys.device)
            .filter(|device| {
                answer.devices.binary_search_by_key(device, |keys| keys.device).is_err()
            })
            .collect();
        list.outdated = still_outdated;
        if !still_outdated {
            self.due.remove(&answer.user);
        }
        list.known = true;
        list.devices.clone_from(&answer.devices);
        let master = |identity: Option<CrossSigningKeys>| identity.map(|keys| keys.master);
        let same_master = master(list.identity) == master(answer.identity);
        list.identity = answer.identity;
        // The own signature may still be on its way to the server: it is not forgotten while the key is the same.
        if answer.master_signed_by.is_some() || !same_master || forgets_signature {
            list.master_signed_by = answer.master_signed_by;
        }
        list.shown = master(answer.identity).or(list.shown);
        list.pinned = list.pinned.or(list.shown);
        list.evaluate(own);
        gone
    }

    /// Follows all signatures again, because the own keys have changed.
    pub(super) fn evaluate_all(&mut self, own: Option<CrossSigningKeys>) {
        for list in self.users.values_mut() {
            list.evaluate(own);
        }
    }
}

impl UserList {
    /// Follows the signatures and keeps what they are worth.
    pub(super) fn evaluate(&mut self, own: Option<CrossSigningKeys>) {
        self.trust = Trust::follow(&Signatures {
            own,
            theirs: self.identity,
            master_signed_by: self.master_signed_by,
            devices: &self.devices,
        });
        self.was_verified |= self.trust.user_verified;
    }
}

/// Queries on their way: for each user at the most one, so that answers cannot overtake each other, unless a bad habit
/// lets them.
#[derive(Debug, Clone, Default)]
pub(super) struct Queries {
    running: BTreeMap<UserId, Vec<RunningQuery>>,
    overtaken: BitSet,
}

/// A query on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct RunningQuery {
    /// Its name.
    pub(super) query: QueryId,
    /// The fact that it began.
    pub(super) began: Provenance,
    /// Whether it was made for a message beside others: the list stays as outdated as it is.
    pub(super) aside: bool,
}

impl Queries {
    /// Whether a query for the user is on its way that is not beside others.
    pub(super) fn is_running(&self, user: UserId) -> bool {
        let mut running = self.running.get(&user).into_iter().flatten();
        running.any(|running| !running.aside)
    }

    /// Whether any query is on its way that is not beside others.
    pub(super) fn is_any_running(&self) -> bool {
        self.running.values().flatten().any(|running| !running.aside)
    }

    /// Whether this query for the user is on its way.
    pub(super) fn is_under_way(&self, user: UserId, query: QueryId) -> bool {
        let mut running = self.running.get(&user).into_iter().flatten();
        running.any(|running| running.query == query)
    }

    /// A query begins.
    pub(super) fn begin(&mut self, user: UserId, query: RunningQuery) {
        if !query.aside {
            self.overtaken.remove(user.index());
        }
        self.running.entry(user).or_default().push(query);
    }

    /// Whether a change was told since the last query for the user began.
    pub(super) fn is_overtaken(&self, user: UserId) -> bool {
        self.overtaken.contains(user.index())
    }

    /// A change was told: what is on its way is older than it.
    pub(super) fn overtake(&mut self, user: UserId) {
        if self.is_running(user) {
            self.overtaken.insert(user.index());
        }
    }

    /// The query ended. Returns it, and whether a change was told since it began; `None` if it is another query.
    pub(super) fn end(&mut self, user: UserId, query: QueryId) -> Option<(RunningQuery, bool)> {
        let running = self.running.get_mut(&user)?;
        let place = running.iter().position(|running| running.query == query)?;
        let ended = running.remove(place);
        if running.is_empty() {
            self.running.remove(&user);
        }
        let overtaken = !ended.aside && self.overtaken.remove(user.index());
        Some((ended, overtaken))
    }
}
