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
use crate::protocol::to_device::OlmCiphertext;
use crate::scenario::habits::{NoOlmAnswer, UnwedgeClock};
use crate::scenario::policy::SharePolicy;
use crate::time::SimTime;
use crate::trace::fact::OlmCause;

/// A session that is wanted as soon as another claim may be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    why: OlmCause,
    cause: Provenance,
    /// By the client's clock.
    pub(super) from: SimTime,
}

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

    /// Whether a message that could not be decrypted may lead to a new session.
    pub(super) fn may_be_wedged(&self, message: &OlmCiphertext) -> bool {
        let (peer, habits) = (message.sender_key, self.habits());
        let had_one = self.store.olm.has(peer);
        let names_me = message.pre_key.is_some()
            && self.store.olm.has_session_of(message)
            && self.user_of(peer) != self.my_user();
        (had_one || !habits.unwedge_needs_session) && !(habits.recovers_in_silence && names_me)
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
        let running = matches!(self.live.claims.state(peer, io.given.clock), ClaimState::Running);
        // A notice that names this device as the sender is forged: nobody has a session with himself.
        if peer != self.me() && !running && self.may_recover(peer) {
            self.live.recovered.insert(peer, io.given.clock);
            if self.habits().recovers_in_silence {
                if self.listed(peer).is_some() {
                    self.live.wedged.insert(peer, cause);
                }
                return;
            }
            self.live.dummies.insert(peer, cause);
            self.open_when_allowed(peer, (why, cause), io);
        }
    }

    /// Claims a key of a device as soon as its last failure is long enough ago (N-04).
    pub(super) fn open_when_allowed(
        &mut self,
        peer: DeviceId,
        (why, cause): (OlmCause, Provenance),
        io: &mut Io<'_, '_>,
    ) {
        match self.live.claims.state(peer, io.given.clock) {
            ClaimState::Open => self.claim(&[peer], (why, cause), io),
            ClaimState::Running => {}
            ClaimState::BackingOff(failed) => {
                self.live.wanted.insert(peer, Wanted { why, cause, from: failed.retry_at });
            }
        }
    }

    /// There is a new session with a device: no other is wanted for its sake (U-02).
    pub(super) fn has_recovered(&mut self, peer: DeviceId) {
        if let Some(Wanted { why: OlmCause::NoOlm | OlmCause::Unwedge, .. }) =
            self.live.wanted.get(&peer)
        {
            self.live.wanted.remove(&peer);
        }
    }

    /// Claims keys of those devices for which it was too early before, unless there is a session by now.
    pub(super) fn claim_wanted(&mut self, io: &mut Io<'_, '_>) {
        if self.live.wanted.is_empty() {
            return;
        }
        let (now, later) = std::mem::take(&mut self.live.wanted)
            .into_iter()
            .partition(|(_, wanted)| wanted.from <= io.given.clock);
        self.live.wanted = later;
        for (peer, Wanted { why, cause, .. }) in now {
            if why == OlmCause::Reply && self.store.olm.has(peer) {
                self.send_forwards(peer, io);
            } else if self.may_recover(peer) {
                self.open_when_allowed(peer, (why, cause), io);
            }
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
        let least = self.habits().unwedge_interval;
        if self.habits().recovers_in_silence {
            let seconds = |ms: u64| ms / 1_000;
            let gone = |last: SimTime| seconds(clock.as_ms()).checked_sub(seconds(last.as_ms()));
            return last.and_then(gone).is_some_and(|gone| gone <= seconds(least.as_ms()));
        }
        last.is_some_and(|last| clock.since(last) < least)
    }

    /// Whether a session is made with a device where it has none that works. Who sends nothing on it does not look whether anything may be sent.
    fn may_recover(&self, device: DeviceId) -> bool {
        self.habits().recovers_in_silence || self.may_encrypt_to(device)
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
