//! Why an Olm message could not be decrypted, or no session be made of it.
//! It does not know what a client does about it, nor what an observer records.

use crate::ids::{DeviceId, KeyValue};

/// Why an Olm message was of no use to its recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum OlmError {
    /// A normal message (type 1) where there is no session that it could belong to.
    #[error("it is not a pre-key message, and no session fits")]
    NoSession,
    /// A pre-key message on a one-time or fallback key whose private half is not, or no longer, in the account.
    #[error("the private half of key value {} is not in the account", .0.raw())]
    MissingKey(KeyValue),
    /// The message key of this index was used before, or was thrown away.
    #[error("the message key was used before or thrown away")]
    MissingMessageKey,
    /// The index is further ahead of the chain than [`MAX_MESSAGE_GAP`](super::MAX_MESSAGE_GAP).
    #[error("{0} messages of the chain are missing before it")]
    TooBigGap(u32),
    /// The message authentication code is not the one that the recipient's keys give.
    #[error("the message authentication code does not fit")]
    BadMac,
    /// The identity key inside a pre-key message is not the one that its envelope names.
    #[error("the identity key is that of device {}, not of device {}", .got.raw(), .expected.raw())]
    MismatchedIdentity {
        /// The device whose key the envelope names.
        expected: DeviceId,
        /// The device whose key the pre-key message names.
        got: DeviceId,
    },
}
