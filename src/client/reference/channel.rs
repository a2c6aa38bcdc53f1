//! The Olm channel to other devices: claims, new sessions, decryption, and recovery when a session is out of step.
//! It does not know what the messages inside are for.

use std::hash::Hash;

use crate::client::RequestNo;
use crate::client::reference::Reference;
use crate::client::reference::claims::RunningClaim;
use crate::client::reference::io::Io;
use crate::client::reference::olm_sessions::MadeBy;
use crate::client::reference::puts::{Item, ItemContent};
use crate::engine::digest::Digest;
use crate::ids::{DeviceId, KeyValue, ToDeviceId};
use crate::protocol::api::{Failure, Request, Response};
use crate::protocol::olm::OlmError as Error;
use crate::protocol::olm::OlmSession;
use crate::protocol::provenance::Provenance;
use crate::protocol::to_device::{OlmCiphertext, OlmEvent, OlmPayload, SenderKeys, ToDeviceType};
use crate::scenario::habits::NoOlmReset;
use crate::scenario::policy::AfterNoOlm;
use crate::time::SimDuration;
use crate::trace::fact::{
    Causes, ClaimFailed, ClaimOutcome, Direction, FactKind, LossCause, OlmCause, OlmError,
    OlmResult,
};

/// A message that was decrypted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opened {
    /// What was inside.
    pub(super) event: OlmEvent,
    /// The sender's device keys inside.
    pub(super) sender_keys: SenderKeys,
    /// The fact that it was decrypted.
    pub(super) by: Provenance,
    /// Whether it came on a session that it opened.
    pub(super) on_new_session: bool,
}

/// What became of an Olm message.
pub(super) enum Opening {
    /// It could be read.
    Opened(Opened),
    /// It had been read before.
    Duplicate,
    /// It could not be read.
    Failed,
}

impl Reference {
    /// Claims keys of these devices because of `cause`, in one request. No claim for any of them is on its way.
    pub(super) fn claim(
        &mut self,
        devices: &[DeviceId],
        (why, cause): (OlmCause, Provenance),
        io: &mut Io<'_, '_>,
    ) {
        let mut claims = Vec::with_capacity(devices.len());
        for target in devices {
            let claim = io.given.entropy.claim();
            let kind = FactKind::Claim { device: self.me(), target: *target, claim };
            let causes = Causes::of([cause.0, io.given.clock_set]);
            let began = Provenance::of(io.fact(kind, causes));
            self.live.claims.begin(*target, RunningClaim { why, began });
            claims.push((*target, claim));
        }
        if claims.is_empty() {
            return;
        }
        let number = self.request_number();
        self.ask(number, Request::ClaimKeys(claims.clone()), cause.0, io);
        self.live.claims.sent(number, claims);
    }

    /// The answer to a request with claims.
    pub(super) fn claims_answered(
        &mut self,
        number: RequestNo,
        answer: Result<&Response, Failure>,
        io: &mut Io<'_, '_>,
    ) -> bool {
        let Some(claims) = self.live.claims.answered(number) else { return false };
        self.live.batches.claimed();
        for (device, claim) in claims {
            let Some(running) = self.live.claims.end(device) else { continue };
            let (outcome, because) = self.claim_outcome(device, answer);
            let kind = FactKind::ClaimEnd { device: self.me(), target: device, claim, outcome };
            // Where nothing says why this device's claim ended so, the answer as a whole does.
            let known = because.iter().any(|cause| cause.0.is_some());
            let answered = io.given.cause.filter(|_| !known);
            let [one, other] = because;
            let causes = Causes::of([running.began.0, one.0, other.0, answered]);
            let by = Provenance::of(io.fact(kind, causes));
            if self.habits().no_olm_reset == NoOlmReset::AnyClaim {
                self.store.no_olm.clear(self.marked_as(device));
                io.touch();
            }
            match outcome {
                ClaimOutcome::Key { fallback: true, .. }
                    if !self.habits().accepts_fallback_keys =>
                {
                    self.claim_failed(device, true, by, io);
                }
                ClaimOutcome::Key { key, .. } => {
                    self.open_session(device, key, (running.why, by), io)
                }
                ClaimOutcome::NoKey | ClaimOutcome::Failed(ClaimFailed::BadSignature) => {
                    self.claim_failed(device, true, by, io);
                }
                ClaimOutcome::Failed(
                    ClaimFailed::Unreachable | ClaimFailed::Timeout | ClaimFailed::Http,
                ) => self.claim_failed(device, false, by, io),
            }
        }
        true
    }

    fn claim_outcome(
        &self,
        device: DeviceId,
        answer: Result<&Response, Failure>,
    ) -> (ClaimOutcome, [Provenance; 2]) {
        let unknown = [Provenance::UNKNOWN; 2];
        let (keys, absent, failures) = match answer {
            Ok(Response::ClaimKeys { keys, absent, failures }) => (keys, absent, failures),
            Ok(
                Response::UploadKeys(_)
                | Response::QueryKeys { .. }
                | Response::KeyChanges(_)
                | Response::Members { .. }
                | Response::Sync(_)
                | Response::Backup(_)
                | Response::Done,
            ) => return (ClaimOutcome::Failed(ClaimFailed::Http), unknown),
            Err(Failure::Unreachable | Failure::Timeout) => {
                return (ClaimOutcome::Failed(ClaimFailed::Timeout), unknown);
            }
            Err(
                Failure::RateLimited(_)
                | Failure::Rejected
                | Failure::ServerError
                | Failure::Forbidden,
            ) => return (ClaimOutcome::Failed(ClaimFailed::Http), unknown),
        };
        if let Some(found) = keys.iter().find(|key| key.device == device) {
            let outcome = if found.signature_valid {
                ClaimOutcome::Key { key: found.key, fallback: found.fallback }
            } else {
                ClaimOutcome::Failed(ClaimFailed::BadSignature)
            };
            return (outcome, [found.cause, Provenance::UNKNOWN]);
        }
        let server = self.config.directory.server(self.user_of(device));
        if failures.contains(&server) {
            return (ClaimOutcome::Failed(ClaimFailed::Unreachable), unknown);
        }
        let without = absent.iter().find(|absent| absent.device == device);
        (
            ClaimOutcome::NoKey,
            without.map_or(unknown, |without| [without.one_time, without.fallback]),
        )
    }

    fn claim_failed(
        &mut self,
        device: DeviceId,
        for_good: bool,
        by: Provenance,
        io: &mut Io<'_, '_>,
    ) {
        let habits = self.config.habits;
        self.live.claims.failed(device, for_good, io.given.clock, (&habits, by));
        self.live.dummies.remove(&device);
        self.live.forwards.retain(|forward| forward.to != device);
        // Whatever the claim was for, who is owed a key can be told now if this was not the first failure.
        self.settle_owed(device, io);
    }

    /// Makes a session from a claimed key.
    fn open_session(
        &mut self,
        peer: DeviceId,
        key: KeyValue,
        (why, by): (OlmCause, Provenance),
        io: &mut Io<'_, '_>,
    ) {
        let session = self.store.account.create_outbound(peer, key, io.given.entropy);
        let (device, direction) = (self.me(), Direction::Outbound);
        let kind = FactKind::OlmNew {
            device,
            peer,
            session: session.id(),
            direction,
            why,
            key: Some(key),
        };
        let fact = io.fact(kind, Causes::of([by.0, io.given.clock_set]));
        self.keep_session(session, MadeBy::Us, Provenance::of(fact), io);
        // Meanwhile the user may have chosen to send the device nothing (K-07).
        if let Some(cause) = self.live.dummies.remove(&peer)
            && self.may_encrypt_to(peer)
        {
            let dummy = Item {
                device: peer,
                content: ItemContent::Sealed(OlmEvent::Dummy { empty: true }),
                because: Causes::of([cause.0]),
            };
            self.put(ToDeviceType::Encrypted, vec![dummy], Some(fact), io);
        }
        self.send_forwards(peer, io);
        self.has_claimed_session(peer, io);
    }

    /// Keeps a new session, and draws the consequences of having one.
    fn keep_session(
        &mut self,
        session: OlmSession,
        made_by: MadeBy,
        fact: Provenance,
        io: &mut Io<'_, '_>,
    ) {
        let peer = session.peer();
        let most = self.habits().olm_sessions_max;
        if let Some(expired) = self.store.olm.insert(session, (made_by, fact), io.given.clock, most)
        {
            let (device, why) = (self.me(), LossCause::Expired);
            let kind = FactKind::OlmDropped { device, peer, session: expired, why };
            io.fact(kind, Causes::of([fact.0]));
        }
        self.live.claims.succeeded(peer);
        self.has_recovered(peer);
        let was_told = self.told_no_olm(peer);
        if was_told && self.store.policy.after_no_olm == AfterNoOlm::Next {
            for outbound in self.store.outbound.values_mut() {
                outbound.owed_from.remove(&peer);
            }
            for (_, outbound) in &mut self.store.debts {
                outbound.owed_from.remove(&peer);
            }
        }
        if self.habits().no_olm_reset == NoOlmReset::OlmSession {
            self.store.no_olm.clear(self.marked_as(peer));
        }
        if !was_told {
            self.settle_owed(peer, io);
        }
        self.view_changed(io);
    }

    /// Makes second tries of claims whose first one failed for a passing reason, when it is time.
    pub(super) fn retry_claims(&mut self, io: &mut Io<'_, '_>) {
        if !self.live.claims.has_failed() {
            return;
        }
        let due = |(_, at): &(DeviceId, _)| *at <= io.given.clock;
        let devices: Vec<DeviceId> =
            self.live.claims.to_retry().filter(due).map(|(device, _)| device).collect();
        for device in devices {
            self.live.claims.retrying(device);
            self.settle_owed(device, io);
        }
    }

    /// Decrypts an Olm message, on a session that there is or on one that the message opens.
    pub(super) fn open(
        &mut self,
        (message, ciphertext): (ToDeviceId, &OlmCiphertext),
        listed: Provenance,
        io: &mut Io<'_, '_>,
    ) -> Opening {
        let (device, peer) = (self.me(), ciphertext.sender_key);
        let record = |result, io: &mut Io<'_, '_>| {
            let kind = FactKind::OlmDecrypt { device, peer, message, result };
            Provenance::of(io.fact(kind, Causes::of([listed.0])))
        };
        let digest = digest_of(ciphertext);
        if self.store.decrypted.contains(&digest) {
            record(OlmResult::Duplicate, io);
            return Opening::Duplicate;
        }
        let opens = ciphertext.pre_key.is_some() && !self.store.olm.has_session_of(ciphertext);
        let opened = if opens && self.has_too_many_inbound(peer, io) {
            Err(Error::NoSession)
        } else if opens {
            self.open_inbound(ciphertext, listed, io)
        } else {
            self.store.olm.decrypt(ciphertext, io.given.entropy)
        };
        io.touch();
        match opened {
            Ok((session, OlmPayload { recipient, sender_keys, event })) if recipient == device => {
                self.store.decrypted.insert(digest);
                let by = record(OlmResult::Decrypted { session, event, sender_keys }, io);
                Opening::Opened(Opened { event, sender_keys, by, on_new_session: opens })
            }
            Ok(_) => {
                self.store.decrypted.insert(digest);
                record(OlmResult::Failed(OlmError::Mismatch), io);
                Opening::Failed
            }
            Err(error) => {
                let by = record(OlmResult::Failed(as_observed(error)), io);
                self.after_failure(ciphertext, by, io);
                Opening::Failed
            }
        }
    }

    /// Whether a device has made as many sessions within an hour as this client takes.
    fn has_too_many_inbound(&self, peer: DeviceId, io: &Io<'_, '_>) -> bool {
        let since = io.given.clock - SimDuration::from_hours(1);
        let made = self.store.olm.made_by_them_since(peer, since);
        made >= self.habits().inbound_olm_per_hour as usize
    }

    fn open_inbound(
        &mut self,
        ciphertext: &OlmCiphertext,
        listed: Provenance,
        io: &mut Io<'_, '_>,
    ) -> Result<(crate::ids::OlmSessionId, OlmPayload), Error> {
        let (device, peer) = (self.me(), ciphertext.sender_key);
        let created = self.store.account.create_inbound(ciphertext, peer)?;
        let (session, key) = (created.session.id(), ciphertext.pre_key);
        let (direction, why) = (Direction::Inbound, OlmCause::Received);
        let kind = FactKind::OlmNew { device, peer, session, direction, why, key };
        let fact = io.fact(kind, Causes::of([listed.0]));
        if let Some(key) = created.used {
            let kind = FactKind::PrivateKeyGone { device, key, why: LossCause::Used };
            io.fact(kind, Causes::one(fact));
        }
        self.keep_session(created.session, MadeBy::Them, Provenance::of(fact), io);
        Ok((session, created.payload))
    }

    fn after_failure(&mut self, ciphertext: &OlmCiphertext, by: Provenance, io: &mut Io<'_, '_>) {
        if let (true, Some(key)) = (self.habits().failed_pre_key_uses_key, ciphertext.pre_key)
            && self.store.account.remove_one_time_key(key)
        {
            let why = LossCause::FailedMessage;
            let kind = FactKind::PrivateKeyGone { device: self.me(), key, why };
            io.fact(kind, Causes::of([by.0]));
        }
        if self.may_be_wedged(ciphertext) {
            self.recover(ciphertext.sender_key, (OlmCause::Unwedge, by), io);
        }
        self.store.olm.failed(ciphertext.sender_key, io.given.clock);
    }
}

/// What tells two ciphertexts apart. The payload is part of it as the text of a ciphertext depends on it: a sender
/// whose store went back uses a message key again for something else, which is no copy of what came before.
fn digest_of(ciphertext: &OlmCiphertext) -> u64 {
    let mut digest = Digest::default();
    ciphertext.hash(&mut digest);
    digest.value()
}

/// The error as an observer records it.
const fn as_observed(error: Error) -> OlmError {
    match error {
        Error::NoSession => OlmError::NoSession,
        Error::MissingKey(key) => OlmError::MissingKey(key),
        Error::MissingMessageKey | Error::TooBigGap(_) => OlmError::MissingMessageKey,
        Error::BadMac => OlmError::BadMac,
        Error::MismatchedIdentity { .. } => OlmError::Mismatch,
    }
}
