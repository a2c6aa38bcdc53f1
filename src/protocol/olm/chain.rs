//! The receiving side of one chain of the double ratchet: how far it was read, and the keys of what was skipped.
//! It does not know of other chains, nor how its first chain key came about.

use super::error::OlmError;
use super::key::{ChainKey, MessageKey, RatchetKey};
use crate::protocol::to_device::OlmCiphertext;

/// How many messages of a chain may be missing before the one to decrypt.
pub const MAX_MESSAGE_GAP: u32 = 2000;

/// How many keys of skipped messages a chain keeps; the oldest go first.
pub const MAX_SKIPPED_KEYS: usize = 40;

/// The key of a message that was skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct SkippedKey {
    index: u32,
    key: MessageKey,
}

/// One chain of the other side. Invariant: skipped keys are of indices below `index`, each at most once, at most
/// [`MAX_SKIPPED_KEYS`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ReceiverChain {
    ratchet_key: RatchetKey,
    index: u32,
    chain_key: ChainKey,
    skipped: Vec<SkippedKey>,
}

impl ReceiverChain {
    /// A chain of which nothing was read.
    pub(super) const fn new(ratchet_key: RatchetKey, chain_key: ChainKey) -> Self {
        Self { ratchet_key, index: 0, chain_key, skipped: Vec::new() }
    }

    /// The ratchet key that the other side sends with every message of this chain.
    pub(super) const fn ratchet_key(&self) -> RatchetKey {
        self.ratchet_key
    }

    /// Finds the key of `message`, checks it and uses it up. A message that fails changes nothing.
    pub(super) fn open(&mut self, message: &OlmCiphertext) -> Result<(), OlmError> {
        let gap = message.index.saturating_sub(self.index);
        if gap > MAX_MESSAGE_GAP {
            return Err(OlmError::TooBigGap(gap));
        }
        if message.index < self.index { self.open_skipped(message) } else { self.open_new(message) }
    }

    fn check(&self, key: MessageKey, message: &OlmCiphertext) -> Result<(), OlmError> {
        if key.mac(self.ratchet_key) == message.mac { Ok(()) } else { Err(OlmError::BadMac) }
    }

    fn open_skipped(&mut self, message: &OlmCiphertext) -> Result<(), OlmError> {
        let position = self
            .skipped
            .iter()
            .position(|skipped| skipped.index == message.index)
            .ok_or(OlmError::MissingMessageKey)?;
        self.check(self.skipped[position].key, message)?;
        self.skipped.remove(position);
        Ok(())
    }

    fn open_new(&mut self, message: &OlmCiphertext) -> Result<(), OlmError> {
        let mut reached = self.chain_key;
        for _ in self.index..message.index {
            reached = reached.next();
        }
        self.check(reached.message_key(), message)?;
        // Only now may anything change. The keys to keep are derived a second time rather than held meanwhile: a gap
        // is rare, and a message in order then needs no buffer.
        self.skip_to(message.index);
        self.chain_key = reached.next();
        self.index = message.index + 1;
        Ok(())
    }

    /// Keeps the keys of the last [`MAX_SKIPPED_KEYS`] indices before `target`.
    fn skip_to(&mut self, target: u32) {
        let mut chain_key = self.chain_key;
        for index in self.index..target {
            if (target - index) as usize <= MAX_SKIPPED_KEYS {
                if self.skipped.len() == MAX_SKIPPED_KEYS {
                    self.skipped.remove(0);
                }
                self.skipped.push(SkippedKey { index, key: chain_key.message_key() });
            }
            chain_key = chain_key.next();
        }
    }
}
