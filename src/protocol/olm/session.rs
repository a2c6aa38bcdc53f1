//! One end of an Olm session.
//! It does not know which of several sessions with a device is the one to use, nor what became of its messages.

use super::chain::ReceiverChain;
use super::error::OlmError;
use super::key::{RatchetKey, RootKey, SessionKeys};
use super::ratchet::SendingRatchet;
use crate::ids::{DeviceId, KeyValue, OlmSessionId};
use crate::protocol::entropy::Entropy;
use crate::protocol::to_device::{OlmCiphertext, OlmPayload};

/// How many chains of the other side a session can decrypt from; the oldest go first.
pub const MAX_RECEIVER_CHAINS: usize = 5;

/// One end of an Olm session. A clone is what a snapshot of the store holds: used after the original went on, it
/// repeats ratchet positions exactly as a store rolled back does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OlmSession {
    keys: SessionKeys,
    own: DeviceId,
    peer: DeviceId,
    sending: SendingRatchet,
    /// The chain begun last, kept here because nearly every message is on it; `None` until the first message.
    newest: Option<ReceiverChain>,
    /// The chains before it, oldest first.
    older: Vec<ReceiverChain>,
}

impl OlmSession {
    /// The end of the device that starts the session.
    pub(super) fn outbound(keys: SessionKeys, peer: DeviceId, entropy: &mut Entropy) -> Self {
        let (root, chain_key) = RootKey::triple_diffie_hellman(keys, peer);
        Self {
            keys,
            own: keys.identity,
            peer,
            sending: SendingRatchet::start(root, chain_key, entropy),
            newest: None,
            older: Vec::new(),
        }
    }

    /// The end of the device `own` that got a pre-key message with these keys, before it is decrypted.
    pub(super) fn inbound(keys: SessionKeys, own: DeviceId, theirs: RatchetKey) -> Self {
        let (root, chain_key) = RootKey::triple_diffie_hellman(keys, own);
        Self {
            keys,
            own,
            peer: keys.identity,
            sending: SendingRatchet::Inactive { root, theirs },
            newest: Some(ReceiverChain::new(theirs, chain_key)),
            older: Vec::new(),
        }
    }

    /// The end of a device that has started the session with these keys somewhere else: for whoever stands between a device
    /// with real keys and one with these.
    #[must_use]
    pub fn started(keys: SessionKeys, peer: DeviceId, entropy: &mut Entropy) -> Self {
        Self::outbound(keys, peer, entropy)
    }

    /// The end of the device `own` that has accepted this pre-key message somewhere else.
    ///
    /// # Errors
    /// `NoSession` for a message that is not a pre-key message, `TooBigGap` or `BadMac`.
    pub fn answering(message: &OlmCiphertext, own: DeviceId) -> Result<Self, OlmError> {
        let keys = pre_key_session(message).ok_or(OlmError::NoSession)?;
        let theirs = RatchetKey::from_wire(message.ratchet_key);
        let mut session = Self::inbound(keys, own, theirs);
        session.decrypt_first(message)?;
        Ok(session)
    }

    /// The session's id, the same at both ends.
    #[must_use]
    pub const fn id(&self) -> OlmSessionId {
        self.keys.base
    }

    /// The device at the other end.
    #[must_use]
    pub const fn peer(&self) -> DeviceId {
        self.peer
    }

    /// The keys that the session was set up with.
    #[must_use]
    pub const fn keys(&self) -> SessionKeys {
        self.keys
    }

    /// Whether a message of the other side was ever decrypted on this session. Until then every message sent is a
    /// pre-key message. It is true from the start at the end that was made from a pre-key message.
    #[must_use]
    pub const fn has_received_message(&self) -> bool {
        self.newest.is_some()
    }

    /// Whether `message` is a pre-key message that was written on this very session.
    #[must_use]
    pub fn matches_pre_key(&self, message: &OlmCiphertext) -> bool {
        pre_key_session(message).is_some_and(|keys| keys == self.keys)
    }

    /// Encrypts `payload` for the other end. `entropy` gives a ratchet key where the direction changes.
    pub fn encrypt(&mut self, payload: OlmPayload, entropy: &mut Entropy) -> OlmCiphertext {
        let next = self.sending.next_message(entropy);
        let pre_key: Option<KeyValue> =
            if self.has_received_message() { None } else { Some(self.keys.one_time) };
        OlmCiphertext {
            sender_key: self.own,
            session: self.keys.base,
            pre_key,
            ratchet_key: next.ratchet_key.to_wire(),
            index: next.index,
            mac: next.key.mac(next.ratchet_key),
            payload,
        }
    }

    /// Decrypts a message of the other end. Which session the message claims to be of is not looked at: that is for
    /// [`matches_pre_key`](Self::matches_pre_key). `entropy` is used if the message is of an unknown chain and this
    /// end has not begun its own: the sending ratchet then starts a chain, even though the message fails.
    ///
    /// # Errors
    /// `MissingMessageKey`, `TooBigGap` or `BadMac`; but for that one step the session is then as it was.
    pub fn decrypt(
        &mut self,
        message: &OlmCiphertext,
        entropy: &mut Entropy,
    ) -> Result<OlmPayload, OlmError> {
        let theirs = RatchetKey::from_wire(message.ratchet_key);
        if let Some(chain) = self.chain_mut(theirs) {
            chain.open(message)?;
        } else {
            let (sending, mut chain) = self.sending.advance(theirs, entropy);
            chain.open(message)?;
            self.sending = sending;
            self.push(chain);
        }
        Ok(message.payload)
    }

    /// Decrypts the pre-key message that this end was just made from.
    pub(super) fn decrypt_first(&mut self, message: &OlmCiphertext) -> Result<(), OlmError> {
        self.newest.as_mut().map_or(Err(OlmError::NoSession), |chain| chain.open(message))
    }

    fn chain_mut(&mut self, key: RatchetKey) -> Option<&mut ReceiverChain> {
        self.newest.iter_mut().chain(&mut self.older).find(|chain| chain.ratchet_key() == key)
    }

    fn push(&mut self, chain: ReceiverChain) {
        if let Some(before) = self.newest.replace(chain) {
            if self.older.len() == MAX_RECEIVER_CHAINS - 1 {
                self.older.remove(0);
            }
            self.older.push(before);
        }
    }
}

/// The session keys in a pre-key message.
pub(super) fn pre_key_session(message: &OlmCiphertext) -> Option<SessionKeys> {
    message.pre_key.map(|one_time| SessionKeys {
        identity: message.sender_key,
        base: message.session,
        one_time,
    })
}

#[cfg(test)]
mod tests {
    use super::{MAX_RECEIVER_CHAINS, OlmSession};
    use crate::ids::{DeviceId, KeyValue};
    use crate::protocol::entropy::Entropy;
    use crate::protocol::olm::{MAX_SKIPPED_KEYS, OlmAccount, OlmError};
    use crate::protocol::to_device::SenderKeys;
    use crate::protocol::to_device::{OlmCiphertext, OlmEvent, OlmPayload};
    use proptest::prelude::{Strategy, any, proptest};
    use std::collections::{BTreeSet, VecDeque};

    const ALICE: DeviceId = DeviceId::new(0);
    const BOB: DeviceId = DeviceId::new(1);

    /// A session between Alice, who started it, and Bob.
    struct Pair {
        alice: OlmSession,
        bob: OlmSession,
        entropy: Entropy,
    }

    /// Which end of a pair.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Side {
        Alice,
        Bob,
    }

    impl Side {
        fn other(self) -> Self {
            match self {
                Self::Alice => Self::Bob,
                Self::Bob => Self::Alice,
            }
        }
    }

    impl Pair {
        /// A session of which Bob has read one message and Alice none.
        fn new() -> Self {
            let mut entropy = Entropy::default();
            let mut account = OlmAccount::new(BOB);
            let (_, key) = account.generate(1, &mut entropy)[0];
            let mut alice = OlmAccount::new(ALICE).create_outbound(BOB, key, &mut entropy);
            let first = alice.encrypt(dummy(BOB), &mut entropy);
            let bob = account.create_inbound(&first, ALICE).expect("the key is there").session;
            Self { alice, bob, entropy }
        }

        fn end(&mut self, side: Side) -> &mut OlmSession {
            match side {
                Side::Alice => &mut self.alice,
                Side::Bob => &mut self.bob,
            }
        }

        fn write(&mut self, from: Side) -> OlmCiphertext {
            let mut entropy = self.entropy.clone();
            let peer = self.end(from).peer();
            let message = self.end(from).encrypt(dummy(peer), &mut entropy);
            self.entropy = entropy;
            message
        }

        fn read(&mut self, at: Side, message: &OlmCiphertext) -> Result<(), OlmError> {
            let mut entropy = self.entropy.clone();
            let read = self.end(at).decrypt(message, &mut entropy).map(|_| ());
            self.entropy = entropy;
            read
        }

        fn send(&mut self, from: Side) -> Result<(), OlmError> {
            let message = self.write(from);
            self.read(from.other(), &message)
        }
    }

    fn dummy(recipient: DeviceId) -> OlmPayload {
        OlmPayload {
            recipient,
            sender_keys: SenderKeys::Agree,
            event: OlmEvent::Dummy { empty: true },
        }
    }

    #[test]
    fn messages_are_pre_key_messages_until_the_first_answer_is_read() {
        let mut pair = Pair::new();
        assert!(!pair.alice.has_received_message());
        assert!(pair.bob.has_received_message());
        let again = pair.write(Side::Alice);
        assert_eq!(again.pre_key, Some(KeyValue::new(0)));
        assert!(pair.bob.matches_pre_key(&again));
        assert!(!pair.bob.matches_pre_key(&OlmCiphertext { sender_key: BOB, ..again }));
        assert!(!pair.bob.matches_pre_key(&OlmCiphertext { pre_key: None, ..again }));
        let other_key = Some(KeyValue::new(1));
        assert!(!pair.bob.matches_pre_key(&OlmCiphertext { pre_key: other_key, ..again }));
        let answer = pair.write(Side::Bob);
        assert_eq!(answer.pre_key, None);
        assert_eq!(answer.session, pair.alice.id());
        pair.read(Side::Alice, &answer).unwrap();
        assert_eq!(pair.write(Side::Alice).pre_key, None);
    }

    #[test]
    fn both_directions_take_turns_with_a_new_ratchet_key_each_turn() {
        let mut pair = Pair::new();
        let mut keys = BTreeSet::new();
        for turn in 0..50 {
            for side in [Side::Bob, Side::Alice] {
                let (first, second) = (pair.write(side), pair.write(side));
                assert_eq!((first.index, second.index), (0, 1));
                assert_eq!(first.ratchet_key, second.ratchet_key);
                assert!(keys.insert(first.ratchet_key), "turn {turn}");
                pair.read(side.other(), &first).unwrap();
                pair.read(side.other(), &second).unwrap();
            }
        }
    }

    #[test]
    fn out_of_order_messages_decrypt_once_and_lost_ones_do_no_harm() {
        let mut pair = Pair::new();
        let letters: Vec<_> = (0..10).map(|_| pair.write(Side::Alice)).collect();
        for position in [7, 2, 9, 0, 4] {
            pair.read(Side::Bob, &letters[position]).unwrap();
            let before = pair.bob.clone();
            let again = pair.read(Side::Bob, &letters[position]);
            assert_eq!(again, Err(OlmError::MissingMessageKey));
            assert_eq!(pair.bob, before);
        }
        assert_eq!(pair.send(Side::Bob), Ok(()));
        assert_eq!(pair.send(Side::Alice), Ok(()));
        pair.read(Side::Bob, &letters[1]).unwrap();
    }

    #[test]
    fn of_a_long_gap_the_newest_skipped_keys_are_kept() {
        let mut pair = Pair::new();
        let letters: Vec<_> = (0..=2_001).map(|_| pair.write(Side::Alice)).collect();
        assert_eq!(pair.read(Side::Bob, &letters[2_001]), Err(OlmError::TooBigGap(2_001)));
        pair.read(Side::Bob, &letters[2_000]).unwrap();
        let oldest = 2_000 - MAX_SKIPPED_KEYS;
        assert_eq!(pair.read(Side::Bob, &letters[oldest - 1]), Err(OlmError::MissingMessageKey));
        pair.read(Side::Bob, &letters[oldest]).unwrap();
        pair.read(Side::Bob, &letters[1_999]).unwrap();
        pair.read(Side::Bob, &letters[2_001]).unwrap();
    }

    #[test]
    fn of_many_chains_the_five_newest_are_kept() {
        let mut pair = Pair::new();
        let mut late = Vec::new();
        for _ in 0..=MAX_RECEIVER_CHAINS {
            pair.send(Side::Bob).unwrap();
            late.push(pair.write(Side::Alice));
            pair.send(Side::Alice).unwrap();
        }
        assert_eq!(pair.read(Side::Bob, &late[0]), Err(OlmError::BadMac));
        for letter in &late[1..] {
            pair.read(Side::Bob, letter).unwrap();
        }
    }

    #[test]
    fn a_damaged_message_fails_and_its_intact_copy_still_decrypts() {
        let mut pair = Pair::new();
        pair.send(Side::Bob).unwrap();
        let (early, late) = (pair.write(Side::Alice), pair.write(Side::Alice));
        for letter in [late, early] {
            let damaged = OlmCiphertext { mac: letter.mac ^ 1, ..letter };
            let before = pair.bob.clone();
            assert_eq!(pair.read(Side::Bob, &damaged), Err(OlmError::BadMac));
            // The chain of `late` was unknown: the sending ratchet of Bob steps, but what he can read does not change.
            assert_eq!(pair.bob.newest, before.newest);
            pair.read(Side::Bob, &letter).unwrap();
        }
    }

    #[test]
    fn a_failure_on_an_unknown_chain_makes_an_inactive_end_begin_its_own() {
        let mut pair = Pair::new();
        let stray = OlmCiphertext { ratchet_key: u32::MAX, ..pair.write(Side::Alice) };
        assert_eq!(pair.read(Side::Bob, &stray), Err(OlmError::BadMac));
        let mut fork = pair.bob.clone();
        let mut entropy = pair.entropy.clone();
        let key = pair.write(Side::Bob).ratchet_key;
        assert_eq!(fork.encrypt(dummy(ALICE), &mut entropy).ratchet_key, key);
    }

    #[test]
    fn a_recipient_rolled_back_reads_what_it_read_before_but_not_what_followed_its_answer() {
        let mut pair = Pair::new();
        let letter = pair.write(Side::Alice);
        let saved = pair.bob.clone();
        pair.read(Side::Bob, &letter).unwrap();
        pair.send(Side::Bob).unwrap();
        let after = pair.write(Side::Alice);
        pair.bob = saved;
        assert_eq!(pair.read(Side::Bob, &letter), Ok(()));
        assert_eq!(pair.read(Side::Bob, &after), Err(OlmError::BadMac));
        // Bob now begins another chain from the same root; Alice has moved past it.
        assert_eq!(pair.send(Side::Bob), Err(OlmError::BadMac));
    }

    #[test]
    fn a_sender_rolled_back_repeats_indices_that_were_used_up() {
        let mut pair = Pair::new();
        let saved = pair.alice.clone();
        pair.send(Side::Alice).unwrap();
        pair.send(Side::Alice).unwrap();
        pair.alice = saved;
        assert_eq!(pair.send(Side::Alice), Err(OlmError::MissingMessageKey));
        assert_eq!(pair.send(Side::Alice), Err(OlmError::MissingMessageKey));
        assert_eq!(pair.send(Side::Alice), Ok(()), "the chain catches up with itself");
        assert_eq!(pair.send(Side::Bob), Ok(()));
    }

    #[test]
    fn an_end_that_was_made_elsewhere_speaks_with_the_one_that_was_made_here() {
        let mut entropy = Entropy::default();
        let (alice, mut bob) = (OlmAccount::new(ALICE), OlmAccount::new(BOB));
        let (_, key) = bob.generate(1, &mut entropy)[0];
        let mut from_alice = alice.create_outbound(BOB, key, &mut entropy);
        let first = from_alice.encrypt(dummy(BOB), &mut entropy);
        let mut elsewhere = OlmSession::answering(&first, BOB).unwrap();
        for _ in 0..3 {
            let answer = elsewhere.encrypt(dummy(ALICE), &mut entropy);
            assert_eq!(from_alice.decrypt(&answer, &mut entropy), Ok(dummy(ALICE)));
        }
        let normal = from_alice.encrypt(dummy(BOB), &mut entropy);
        assert_eq!(OlmSession::answering(&normal, BOB), Err(OlmError::NoSession));
        let mut elsewhere = OlmSession::started(from_alice.keys(), BOB, &mut entropy);
        let opens = elsewhere.encrypt(dummy(BOB), &mut entropy);
        let made = bob.create_inbound(&opens, ALICE).unwrap();
        assert_eq!((made.session.id(), made.used), (from_alice.id(), Some(key)));
        let damaged = OlmCiphertext { mac: !opens.mac, ..opens };
        assert_eq!(OlmSession::answering(&damaged, BOB), Err(OlmError::BadMac));
    }

    #[test]
    fn a_session_is_small_and_needs_no_heap_until_its_direction_changes() {
        assert!(size_of::<OlmSession>() <= 128, "{}", size_of::<OlmSession>());
        let pair = Pair::new();
        assert_eq!(pair.alice.older.capacity() + pair.bob.older.capacity(), 0);
    }

    /// What happens to the messages of a run; numbers pick among those under way.
    #[derive(Debug, Clone, Copy)]
    enum Op {
        Write(Side),
        DeliverOldest(Side),
        Deliver(Side, usize),
        Lose(Side, usize),
        Repeat(Side, usize),
    }

    fn side() -> impl Strategy<Value = Side> {
        any::<bool>().prop_map(|alice| if alice { Side::Alice } else { Side::Bob })
    }

    fn op() -> impl Strategy<Value = Op> {
        (0..7, side(), 0..8_usize).prop_map(|(kind, side, pick)| match kind {
            0..=2 => Op::Write(side),
            3 => Op::DeliverOldest(side),
            4 => Op::Deliver(side, pick),
            5 => Op::Lose(side, pick),
            _ => Op::Repeat(side, pick),
        })
    }

    proptest! {
        #[test]
        fn in_order_and_without_loss_everything_decrypts(
            turns in proptest::collection::vec((side(), any::<bool>()), 0..200)
        ) {
            let mut pair = Pair::new();
            let mut under_way = [VecDeque::new(), VecDeque::new()];
            for (side, deliver) in turns {
                if deliver {
                    if let Some(letter) = under_way[side as usize].pop_front() {
                        assert_eq!(pair.read(side.other(), &letter), Ok(()));
                    }
                } else {
                    let letter = pair.write(side);
                    under_way[side as usize].push_back(letter);
                }
            }
        }

        #[test]
        fn whatever_is_lost_late_or_repeated_no_message_decrypts_twice(
            ops in proptest::collection::vec(op(), 0..200)
        ) {
            let mut pair = Pair::new();
            let mut under_way = [Vec::new(), Vec::new()];
            let mut done = [Vec::new(), Vec::new()];
            for op in ops {
                let (Op::Write(side)
                    | Op::DeliverOldest(side)
                    | Op::Deliver(side, _)
                    | Op::Lose(side, _)
                    | Op::Repeat(side, _)) = op;
                let (waiting, read) = (&mut under_way[side as usize], &mut done[side as usize]);
                match op {
                    Op::Write(side) => waiting.push(pair.write(side)),
                    Op::DeliverOldest(_) | Op::Deliver(..) | Op::Lose(..) if waiting.is_empty() => {}
                    Op::Lose(_, pick) => {
                        waiting.remove(pick % waiting.len());
                    }
                    Op::DeliverOldest(_) | Op::Deliver(..) => {
                        let pick = if let Op::Deliver(_, pick) = op { pick } else { 0 };
                        let letter: OlmCiphertext = waiting.remove(pick % waiting.len());
                        if pair.read(side.other(), &letter).is_ok() {
                            read.push(letter);
                        }
                    }
                    Op::Repeat(_, pick) => {
                        if let Some(letter) = read.get(pick) {
                            assert!(pair.read(side.other(), letter).is_err());
                        }
                    }
                }
            }
            let ratchet_keys: BTreeSet<_> = done[0].iter().map(|letter| letter.ratchet_key).collect();
            assert!(done[1].iter().all(|letter| !ratchet_keys.contains(&letter.ratchet_key)));
        }
    }
}
