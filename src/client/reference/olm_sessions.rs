//! The Olm sessions of one client, by the device at the other end, and which of them is used.
//! It does not know why a session is made, nor what is sent on it.

use std::collections::BTreeMap;

use crate::ids::{DeviceId, OlmSessionId};
use crate::protocol::entropy::Entropy;
use crate::protocol::olm::{OlmError, OlmSession};
use crate::protocol::provenance::Provenance;
use crate::protocol::to_device::{OlmCiphertext, OlmPayload};
use crate::scenario::habits::ChooseOlm;
use crate::time::SimTime;

/// A session with what is remembered of it.
#[derive(Debug, Clone)]
struct Held {
    session: OlmSession,
    created: SimTime,
    /// How many messages of the device could be decrypted up to its last one, or else up to its making: the order of what happens
    /// does not depend on clocks. Of equals the one that stands later came later.
    used: u64,
    made_by: Provenance,
    side: MadeBy,
}

/// What there is with one device.
#[derive(Debug, Clone, Default)]
struct Peer {
    sessions: Vec<Held>,
    uses: u64,
    last_created_by_us: Option<SimTime>,
    last_failure: Option<SimTime>,
}

/// All sessions.
#[derive(Debug, Clone, Default)]
pub(super) struct OlmSessions {
    peers: BTreeMap<DeviceId, Peer>,
}

/// How a session came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MadeBy {
    /// This device.
    Us,
    /// The other one, whose first message has been decrypted.
    Them,
}

impl OlmSessions {
    /// Whether there is a session with the device.
    pub(super) fn has(&self, peer: DeviceId) -> bool {
        self.peers.get(&peer).is_some_and(|peer| !peer.sessions.is_empty())
    }

    /// Whether there is a session with the device that this side made.
    pub(super) fn has_own(&self, peer: DeviceId) -> bool {
        self.held(peer).any(|held| held.side == MadeBy::Us)
    }

    fn held(&self, peer: DeviceId) -> impl Iterator<Item = &Held> {
        self.peers.get(&peer).into_iter().flat_map(|peer| &peer.sessions)
    }

    /// How many sessions that the peer made since a time there are.
    pub(super) fn made_by_them_since(&self, peer: DeviceId, since: SimTime) -> usize {
        self.held(peer).filter(|held| held.side == MadeBy::Them && held.created >= since).count()
    }

    /// When the newest session with the peer was made, by either side.
    pub(super) fn newest(&self, peer: DeviceId) -> Option<SimTime> {
        self.held(peer).map(|held| held.created).max()
    }

    /// When the oldest session with the peer was made of those that this side made and that are kept.
    pub(super) fn oldest_own(&self, peer: DeviceId) -> Option<SimTime> {
        self.held(peer).filter(|held| held.side == MadeBy::Us).map(|held| held.created).min()
    }

    /// When a message of the peer last could not be decrypted.
    pub(super) fn last_failure(&self, peer: DeviceId) -> Option<SimTime> {
        self.peers.get(&peer)?.last_failure
    }

    /// A message of the peer could not be decrypted.
    pub(super) fn failed(&mut self, peer: DeviceId, clock: SimTime) {
        self.peers.entry(peer).or_default().last_failure = Some(clock);
    }

    /// The devices with which there ever was a session or a failure, ascending.
    pub(super) fn peers(&self) -> impl Iterator<Item = DeviceId> + '_ {
        self.peers.keys().copied()
    }

    /// When this device last made a session with the peer.
    pub(super) fn last_created_by_us(&self, peer: DeviceId) -> Option<SimTime> {
        self.peers.get(&peer)?.last_created_by_us
    }

    /// Keeps a new session. Returns the id of the one that had to go for it, if there are `most` already: the one that
    /// was used longest ago.
    pub(super) fn insert(
        &mut self,
        session: OlmSession,
        (made_by, fact): (MadeBy, Provenance),
        clock: SimTime,
        most: u32,
    ) -> Option<OlmSessionId> {
        let peer = self.peers.entry(session.peer()).or_default();
        match made_by {
            MadeBy::Us => peer.last_created_by_us = Some(clock),
            MadeBy::Them => {}
        }
        let expired = (peer.sessions.len() >= most.max(1) as usize).then(|| {
            // `min_by_key` gives the first of several least.
            let oldest = (0..peer.sessions.len())
                .min_by_key(|index| peer.sessions[*index].used)
                .expect("a full list has a member");
            peer.sessions.remove(oldest).session.id()
        });
        let (made_by, side) = (fact, made_by);
        if peer.sessions.is_empty() {
            // Most pairs of devices never have a second one.
            peer.sessions.reserve_exact(1);
        }
        peer.sessions.push(Held { session, created: clock, used: peer.uses, made_by, side });
        expired
    }

    /// Encrypts on the session to use (U-04); `None` if there is none. Also gives the session's id and the fact that
    /// it was made.
    pub(super) fn encrypt(
        &mut self,
        peer: DeviceId,
        payload: OlmPayload,
        choose: ChooseOlm,
        entropy: &mut Entropy,
    ) -> Option<(OlmCiphertext, OlmSessionId, Provenance)> {
        let sessions = &mut self.peers.get_mut(&peer)?.sessions;
        // Of equals the one that came last: `max_by_key` gives the last of several greatest.
        let held = match choose {
            ChooseOlm::LastDecrypted => sessions.iter_mut().max_by_key(|held| held.used),
            ChooseOlm::NewestCreated => sessions.iter_mut().max_by_key(|held| held.created),
            ChooseOlm::OldestCreated => sessions.iter_mut().min_by_key(|held| held.created),
        }?;
        let ciphertext = held.session.encrypt(payload, entropy);
        Some((ciphertext, held.session.id(), held.made_by))
    }

    /// Decrypts on a session that there is: for a pre-key message only on the one that it was written on, for others
    /// on the first that can.
    ///
    /// # Errors
    /// `NoSession` if there is none to try, else the error of the last one tried.
    pub(super) fn decrypt(
        &mut self,
        message: &OlmCiphertext,
        entropy: &mut Entropy,
    ) -> Result<(OlmSessionId, OlmPayload), OlmError> {
        let mut error = OlmError::NoSession;
        let Some(peer) = self.peers.get_mut(&message.sender_key) else { return Err(error) };
        for held in peer.sessions.iter_mut().rev() {
            if message.pre_key.is_some() && !held.session.matches_pre_key(message) {
                continue;
            }
            match held.session.decrypt(message, entropy) {
                Ok(payload) => {
                    peer.uses += 1;
                    held.used = peer.uses;
                    return Ok((held.session.id(), payload));
                }
                Err(found) => error = found,
            }
        }
        Err(error)
    }

    /// Whether a pre-key message was written on a session that there is.
    pub(super) fn has_session_of(&self, message: &OlmCiphertext) -> bool {
        self.peers.get(&message.sender_key).is_some_and(|peer| {
            peer.sessions.iter().any(|held| held.session.matches_pre_key(message))
        })
    }

    /// Loses all sessions with a device, and returns their ids.
    pub(super) fn lose(&mut self, peer: DeviceId) -> Vec<OlmSessionId> {
        let lost = self.peers.remove(&peer).unwrap_or_default();
        lost.sessions.iter().map(|held| held.session.id()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{MadeBy, OlmSessions};
    use crate::ids::DeviceId;
    use crate::protocol::entropy::Entropy;
    use crate::protocol::olm::OlmAccount;
    use crate::protocol::provenance::Provenance;
    use crate::protocol::to_device::SenderKeys;
    use crate::protocol::to_device::{OlmEvent, OlmPayload};
    use crate::scenario::habits::ChooseOlm;
    use crate::time::SimTime;

    const US: DeviceId = DeviceId::new(0);
    const THEM: DeviceId = DeviceId::new(1);
    const SESSIONS_MAX: usize = 8;
    const PAYLOAD: OlmPayload = OlmPayload {
        recipient: THEM,
        sender_keys: SenderKeys::Agree,
        event: OlmEvent::Dummy { empty: true },
    };

    /// Sessions made at these times, in this order; and the account of the other side.
    fn sessions(times: &[u64]) -> (OlmSessions, OlmAccount, Entropy) {
        let (mut entropy, mut sessions) = (Entropy::default(), OlmSessions::default());
        let mut theirs = OlmAccount::new(THEM);
        let ours = OlmAccount::new(US);
        for (time, (_, key)) in times.iter().zip(theirs.generate(times.len(), &mut entropy)) {
            let session = ours.create_outbound(THEM, key, &mut entropy);
            let at = SimTime::from_ms(*time);
            sessions.insert(session, (MadeBy::Us, Provenance::UNKNOWN), at, 8);
        }
        (sessions, theirs, entropy)
    }

    #[test]
    fn the_session_that_last_decrypted_is_used_and_not_the_newest() {
        let (mut sessions, mut theirs, mut entropy) = sessions(&[10, 20]);
        let (first, ..) = sessions
            .encrypt(THEM, PAYLOAD, ChooseOlm::NewestCreated, &mut entropy)
            .expect("there are two sessions");
        let mut other_end = theirs.create_inbound(&first, US).unwrap().session;
        let newest = first.session;
        let older = sessions.peers[&THEM].sessions[0].session.id();
        assert_ne!(newest, older);
        let peer = sessions.peers.get_mut(&THEM).unwrap();
        peer.uses += 1;
        peer.sessions[0].used = peer.uses;
        let mut used = |choose| sessions.encrypt(THEM, PAYLOAD, choose, &mut entropy).unwrap().1;
        assert_eq!(used(ChooseOlm::LastDecrypted), older);
        assert_eq!(used(ChooseOlm::NewestCreated), newest);
        assert_eq!(used(ChooseOlm::OldestCreated), older);
        let reply = other_end.encrypt(PAYLOAD, &mut entropy);
        assert_eq!(sessions.decrypt(&reply, &mut entropy).unwrap().0, newest);
        let used = sessions.encrypt(THEM, PAYLOAD, ChooseOlm::LastDecrypted, &mut entropy);
        assert_eq!(used.unwrap().1, newest);
    }

    #[test]
    fn the_times_by_which_clients_wait_are_told_apart() {
        let (mut sessions, mut theirs, mut entropy) = sessions(&[10, 20]);
        let (_, key) = theirs.generate(1, &mut entropy)[0];
        let session = OlmAccount::new(US).create_outbound(THEM, key, &mut entropy);
        sessions.insert(session, (MadeBy::Them, Provenance::UNKNOWN), SimTime::from_ms(30), 8);
        let at = |ms| Some(SimTime::from_ms(ms));
        assert_eq!(sessions.last_created_by_us(THEM), at(20));
        assert_eq!(sessions.newest(THEM), at(30));
        assert_eq!(sessions.oldest_own(THEM), at(10));
        assert_eq!(sessions.last_failure(THEM), None);
        sessions.failed(THEM, SimTime::from_ms(40));
        assert_eq!(sessions.last_failure(THEM), at(40));
        let since = |ms| sessions.made_by_them_since(THEM, SimTime::from_ms(ms));
        assert_eq!([30, 31].map(since), [1, 0]);
        assert!(sessions.has_own(THEM));
    }

    #[test]
    fn a_session_of_the_other_side_is_no_own_one() {
        let (_, mut theirs, mut entropy) = sessions(&[]);
        let (_, key) = theirs.generate(1, &mut entropy)[0];
        let session = OlmAccount::new(US).create_outbound(THEM, key, &mut entropy);
        let mut sessions = OlmSessions::default();
        sessions.insert(session, (MadeBy::Them, Provenance::UNKNOWN), SimTime::ZERO, 8);
        assert!(sessions.has(THEM) && !sessions.has_own(THEM));
    }

    #[test]
    fn beyond_the_limit_the_session_used_longest_ago_goes() {
        let times: Vec<u64> = (1..=SESSIONS_MAX as u64).collect();
        let (mut sessions, mut theirs, mut entropy) = sessions(&times);
        let oldest = sessions.peers[&THEM].sessions[0].session.id();
        let (_, key) = theirs.generate(1, &mut entropy)[0];
        let session = OlmAccount::new(US).create_outbound(THEM, key, &mut entropy);
        let by_us = (MadeBy::Us, Provenance::UNKNOWN);
        let expired = sessions.insert(session, by_us, SimTime::from_ms(99), 8);
        assert_eq!(expired, Some(oldest));
        assert_eq!(sessions.last_created_by_us(THEM), Some(SimTime::from_ms(99)));
        assert_eq!(sessions.lose(THEM).len(), SESSIONS_MAX);
        assert!(!sessions.has(THEM));
    }
}
