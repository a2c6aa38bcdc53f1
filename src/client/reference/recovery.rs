//! Recovery of the Olm channel: when a new session is made with a device because messages on the old one cannot be read,
//! or because the device says that it has none.
//! It does not know how sessions are made, nor why a message could not be read.

use crate::client::reference::Reference;
use crate::client::reference::claims::ClaimState;
use crate::client::reference::decide::{ShareDecision, decide};
use crate::client::reference::io::Io;
use crate::ids::DeviceId;
use crate::protocol::api::DeviceKeys;
use crate::protocol::provenance::Provenance;
use crate::scenario::habits::{NoOlmAnswer, UnwedgeClock};
use crate::scenario::policy::SharePolicy;
use crate::time::SimTime;
use crate::trace::fact::OlmCause;

impl Reference {
    /// Opens a new session with a device and sends `m.dummy` on it, unless one was made too recently (U-02), or the
    /// device is one that gets nothing encrypted from this one.
    pub(super) fn recover(
        &mut self,
        peer: DeviceId,
        why: (OlmCause, Provenance),
        io: &mut Io<'_, '_>,
    ) {
        if !self.is_too_soon(peer, io.given.clock) {
            self.reopen(peer, why, io);
        }
    }

    /// Answers a `m.no_olm`.
    pub(super) fn recover_from_no_olm(
        &mut self,
        peer: DeviceId,
        by: Provenance,
        io: &mut Io<'_, '_>,
    ) {
        let why = (OlmCause::NoOlm, by);
        match self.habits().no_olm_answer {
            NoOlmAnswer::Limited => self.recover(peer, why, io),
            NoOlmAnswer::WithoutSession => {
                if !self.store.olm.has(peer) {
                    self.reopen(peer, why, io);
                }
            }
            NoOlmAnswer::Always => self.reopen(peer, why, io),
        }
    }

    fn reopen(
        &mut self,
        peer: DeviceId,
        (why, cause): (OlmCause, Provenance),
        io: &mut Io<'_, '_>,
    ) {
        let open = matches!(self.live.claims.state(peer, io.given.clock), ClaimState::Open);
        if open && self.may_encrypt_to(peer) {
            self.live.recovered.insert(peer, io.given.clock);
            self.live.dummies.insert(peer, cause);
            self.claim(&[peer], why, io);
        }
    }

    /// Whether it is too early for a new session. From when on the time is counted is a habit.
    fn is_too_soon(&self, peer: DeviceId, clock: SimTime) -> bool {
        let olm = &self.store.olm;
        let last = match self.habits().unwedge_clock {
            UnwedgeClock::LastMade => olm.last_created_by_us(peer),
            UnwedgeClock::NewestSession => olm.newest(peer),
            UnwedgeClock::OldestSession => olm.oldest_own(peer),
            UnwedgeClock::LastFailure => olm.last_failure(peer),
            UnwedgeClock::LastMadeForUser => {
                let user = self.user_of(peer);
                let devices = olm.peers().filter(|device| self.user_of(*device) == user);
                devices.filter_map(|device| olm.last_created_by_us(device)).max()
            }
            UnwedgeClock::ThisRun => self.live.recovered.get(&peer).copied(),
            UnwedgeClock::OnceARun => return self.live.recovered.contains_key(&peer),
            UnwedgeClock::Never => return true,
        };
        last.is_some_and(|last| clock.since(last) < self.habits().unwedge_interval)
    }

    /// Whether the share policy lets anything encrypted go to a device (K-07).
    pub(super) fn may_encrypt_to(&self, device: DeviceId) -> bool {
        let user = self.user_of(device);
        let listed = self.store.lists.user(user).and_then(|list| list.device(device)).copied();
        let unknown = DeviceKeys { device, lists_algorithms: true, signed_by: None };
        let view = self.view_of(user, &listed.unwrap_or(unknown));
        let known_enough = listed.is_some() || self.store.policy.share == SharePolicy::Everyone;
        known_enough && decide(self.store.policy.share, &view) == ShareDecision::Share
    }
}
