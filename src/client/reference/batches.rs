//! Batches: what no message waits for leaves together after a sync, and nothing of that again before all of it was answered.
//! It does not know what is asked.
//!
//! Source: `Client::send_outgoing_requests` in `encryption/mod.rs` of matrix-sdk, which a sync waits for.

use crate::client::reference::Reference;
use crate::client::reference::io::Io;
use crate::client::reference::outbox::Places;

/// When the next batch may leave.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Batches {
    /// Something has come since the last one.
    is_wanted: bool,
    /// A sync has come since the client started.
    has_synced: bool,
    /// The claim that comes first was just made.
    has_claimed: bool,
}

impl Batches {
    /// Something has come that may lead to requests.
    pub(super) const fn wanted(&mut self) {
        self.is_wanted = true;
    }

    /// A sync has come.
    pub(super) const fn synced(&mut self) {
        (self.is_wanted, self.has_synced) = (true, true);
    }

    /// A claim was answered.
    pub(super) const fn claimed(&mut self) {
        (self.is_wanted, self.has_claimed) = (true, true);
    }
}

impl Reference {
    /// Asks for the lists that are out of date, as far as it is time; true if what leaves in batches leaves with that.
    pub(super) fn look(&mut self, io: &mut Io<'_, '_>) -> bool {
        if !self.habits().asks_in_batches {
            self.query_outdated(io);
            return true;
        }
        let is_under_way =
            self.live.queries.is_any_running() || self.live.sending.has_batch(&self.store.outbox);
        let batches = &mut self.live.batches;
        if !batches.is_wanted || !batches.has_synced || is_under_way {
            return false;
        }
        batches.is_wanted = false;
        if !std::mem::take(&mut batches.has_claimed) {
            self.claim_again(io);
        }
        if self.store.lists.outdated().next().is_none() {
            // `IdentityManager::users_for_key_query`: the own list is followed, also by who is in no room yet.
            self.follow(self.my_user(), io);
        }
        self.query_outdated(io);
        true
    }

    /// Has requests that no message waits for leave in a batch, if this client has batches.
    pub(super) fn put_in_batch(&mut self, places: &Places) {
        if self.habits().asks_in_batches {
            self.store.outbox.put_in_batch(places);
        }
    }
}
