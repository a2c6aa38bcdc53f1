//! The sending side of the double ratchet, and the step that a change of direction makes.
//! It does not know what was received on which chain.

use super::chain::ReceiverChain;
use super::key::{ChainKey, MessageKey, RatchetKey, RootKey};
use crate::protocol::entropy::Entropy;

/// The sending ratchet of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum SendingRatchet {
    /// A chain of one's own is under way.
    Active(ActiveRatchet),
    /// The other side began a chain; one's own begins with the next message sent.
    Inactive {
        /// The root key of the other side's chain.
        root: RootKey,
        /// The ratchet key of the other side's chain.
        theirs: RatchetKey,
    },
}

/// A sending chain that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ActiveRatchet {
    root: RootKey,
    chain_key: ChainKey,
    ratchet_key: RatchetKey,
    /// The index of the next message.
    index: u32,
}

/// What goes into the header of a message, with the key to encrypt it.
#[derive(Debug, Clone, Copy)]
pub(super) struct NextMessage {
    /// The sender's ratchet key.
    pub(super) ratchet_key: RatchetKey,
    /// The index in its chain.
    pub(super) index: u32,
    /// The message key.
    pub(super) key: MessageKey,
}

impl ActiveRatchet {
    fn advance(&self, theirs: RatchetKey) -> (SendingRatchet, ReceiverChain) {
        let (root, chain_key) = self.root.advance(self.ratchet_key, theirs);
        (SendingRatchet::Inactive { root, theirs }, ReceiverChain::new(theirs, chain_key))
    }
}

impl SendingRatchet {
    /// The ratchet of the device that starts a session.
    pub(super) fn start(root: RootKey, chain_key: ChainKey, entropy: &mut Entropy) -> Self {
        let ratchet_key = RatchetKey::generate(entropy);
        Self::Active(ActiveRatchet { root, chain_key, ratchet_key, index: 0 })
    }

    /// Begins a chain if none is under way, and returns the one that now is.
    fn activate(&mut self, entropy: &mut Entropy) -> &mut ActiveRatchet {
        if let Self::Inactive { root, theirs } = *self {
            let ratchet_key = RatchetKey::generate(entropy);
            let (root, chain_key) = root.advance(ratchet_key, theirs);
            *self = Self::Active(ActiveRatchet { root, chain_key, ratchet_key, index: 0 });
        }
        match self {
            Self::Active(active) => active,
            Self::Inactive { .. } => unreachable!("an inactive ratchet was activated just above"),
        }
    }

    /// The key and header of the next message to send.
    pub(super) fn next_message(&mut self, entropy: &mut Entropy) -> NextMessage {
        let active = self.activate(entropy);
        let next = NextMessage {
            ratchet_key: active.ratchet_key,
            index: active.index,
            key: active.chain_key.message_key(),
        };
        active.chain_key = active.chain_key.next();
        active.index += 1;
        next
    }

    /// What the ratchet and the new chain would be if the other side has begun a chain with the key `theirs`. The
    /// caller keeps them only if the message decrypts.
    ///
    /// An inactive ratchet cannot have been answered, so the message will not decrypt; the real library
    /// activates it nevertheless and leaves it active after the failure, and so does this one.
    pub(super) fn advance(
        &mut self,
        theirs: RatchetKey,
        entropy: &mut Entropy,
    ) -> (Self, ReceiverChain) {
        self.activate(entropy).advance(theirs)
    }
}
