//! The keys of Olm as numbers, and how each is derived from the ones before it.
//! It does not know who holds a key, nor when one is thrown away.
//!
//! Secrets are 64-bit hashes of everything that goes into the real secret, so two ends agree exactly when they
//! would in truth, short of a 64-bit collision. A ratchet key is one number for its private and its public half.

use crate::ids::{DeviceId, KeyValue, OlmSessionId};
use crate::protocol::entropy::Entropy;

/// The public keys that a session was set up with, as every pre-key message repeats them. They name the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKeys {
    /// The device that started the session: its identity key.
    pub identity: DeviceId,
    /// The base key that it made up for this session.
    pub base: OlmSessionId,
    /// The one-time or fallback key of the other device.
    pub one_time: KeyValue,
}

/// What a derivation is for. Distinct constants keep derivations from the same input apart.
#[derive(Clone, Copy)]
#[repr(u64)]
enum Domain {
    Initiator = 0x243f_6a88_85a3_08d3,
    Responder = 0x1319_8a2e_0370_7344,
    TripleDh = 0x2409_3822_299f_31d0,
    Dh = 0x082e_fa98_ec4e_6c89,
    Root = 0x4528_21e6_38d0_1377,
    Chain = 0x3e54_66cf_34e9_0c6c,
    NextChain = 0x40ac_29b7_c97c_50dd,
    Message = 0x3f84_d5b5_b547_0917,
    Mac = 0x1216_d5d9_8979_fb1b,
}

/// A bijection of 64 bits in which every bit of the input moves every bit of the output (the finaliser of
/// SplitMix64, variant 13 of Stafford).
const fn scramble(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The hash of two inputs for one purpose. It is fixed: digests of runs depend on it.
const fn mix(domain: Domain, a: u64, b: u64) -> u64 {
    let first = scramble(a ^ domain as u64);
    scramble(first.rotate_left(32) ^ scramble(b.wrapping_add(0x9e37_79b9_7f4a_7c15)))
}

/// A ratchet key pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct RatchetKey(u32);

impl RatchetKey {
    /// A new key pair.
    pub(super) fn generate(entropy: &mut Entropy) -> Self {
        Self(entropy.ratchet_key())
    }

    /// The public key of this number on the wire.
    pub(super) const fn from_wire(raw: u32) -> Self {
        Self(raw)
    }

    /// The public key's number on the wire.
    pub(super) const fn to_wire(self) -> u32 {
        self.0
    }

    /// The shared secret of a private and a public key: the same whichever of the two is the private one.
    const fn diffie_hellman(self, other: Self) -> u64 {
        let (low, high) = if self.0 < other.0 { (self.0, other.0) } else { (other.0, self.0) };
        mix(Domain::Dh, low as u64, high as u64)
    }
}

/// A root key: the state from which each change of direction derives the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct RootKey(u64);

impl RootKey {
    /// The first root and chain key of a session from its triple Diffie-Hellman. `responder` is the device that
    /// published the one-time key.
    pub(super) fn triple_diffie_hellman(
        keys: SessionKeys,
        responder: DeviceId,
    ) -> (Self, ChainKey) {
        let initiator = mix(Domain::Initiator, keys.identity.raw().into(), keys.base.raw().into());
        let responder = mix(Domain::Responder, responder.raw().into(), keys.one_time.raw().into());
        Self::expand(mix(Domain::TripleDh, initiator, responder), 0)
    }

    /// The next root key and the chain key that comes with it, from one's own and the other side's ratchet key.
    pub(super) fn advance(self, own: RatchetKey, theirs: RatchetKey) -> (Self, ChainKey) {
        Self::expand(self.0, own.diffie_hellman(theirs))
    }

    const fn expand(salt: u64, secret: u64) -> (Self, ChainKey) {
        (Self(mix(Domain::Root, salt, secret)), ChainKey(mix(Domain::Chain, salt, secret)))
    }
}

/// The chain key of one index of a chain; it moves forward only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ChainKey(u64);

impl ChainKey {
    /// The chain key of the next index.
    pub(super) const fn next(self) -> Self {
        Self(mix(Domain::NextChain, self.0, 0))
    }

    /// The message key of this index.
    pub(super) const fn message_key(self) -> MessageKey {
        MessageKey(mix(Domain::Message, self.0, 0))
    }
}

/// The key of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct MessageKey(u64);

impl MessageKey {
    /// The authentication code of a message with this key, which covers the ratchet key in its header.
    pub(super) const fn mac(self, header: RatchetKey) -> u64 {
        mix(Domain::Mac, self.0, header.0 as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::{ChainKey, RatchetKey, RootKey, SessionKeys};
    use crate::ids::{DeviceId, KeyValue, OlmSessionId};
    use std::collections::BTreeSet;

    fn keys(identity: u32, base: u32, one_time: u32) -> SessionKeys {
        SessionKeys {
            identity: DeviceId::new(identity),
            base: OlmSessionId::new(base),
            one_time: KeyValue::new(one_time),
        }
    }

    #[test]
    fn diffie_hellman_is_symmetric_and_tells_pairs_apart() {
        let key = RatchetKey::from_wire;
        assert_eq!(key(3).diffie_hellman(key(9)), key(9).diffie_hellman(key(3)));
        let mut secrets = BTreeSet::new();
        for low in 0..60 {
            for high in low..60 {
                assert!(secrets.insert(key(low).diffie_hellman(key(high))), "{low} {high}");
            }
        }
    }

    #[test]
    fn every_key_of_the_set_up_changes_the_first_root_key() {
        let mut roots = BTreeSet::new();
        for identity in 0..6 {
            for base in 0..6 {
                for one_time in 0..6 {
                    for responder in 0..6 {
                        let (root, chain) = RootKey::triple_diffie_hellman(
                            keys(identity, base, one_time),
                            DeviceId::new(responder),
                        );
                        assert!(roots.insert(root.0));
                        assert!(roots.insert(chain.0));
                    }
                }
            }
        }
    }

    #[test]
    fn chain_message_and_authentication_keys_of_one_index_differ() {
        let mut chain = ChainKey(0);
        let mut seen = BTreeSet::new();
        for _ in 0..1_000 {
            let key = chain.message_key();
            assert!(seen.insert(chain.0));
            assert!(seen.insert(key.0));
            assert!(seen.insert(key.mac(RatchetKey(1))));
            assert!(seen.insert(key.mac(RatchetKey(2))));
            chain = chain.next();
        }
    }
}
