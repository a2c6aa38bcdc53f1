//! Olm as a state machine on symbolic keys: accounts with their one-time keys, sessions, and what fails to decrypt when
//! one side loses, repeats or forgets something. It does not know why a message was lost, or what its payload means.
//!
//! Every limit and every order of steps is that of vodozemac 0.11 (`olm::Account`, `olm::Session`); where real keys
//! are curve points and hashes, these are numbers that are equal exactly when the real ones would be.

mod account;
mod chain;
mod error;
mod key;
mod ratchet;
mod session;

pub use account::{InboundCreation, MAX_ONE_TIME_KEYS, OlmAccount, PUBLISHED_ONE_TIME_KEYS};
pub use chain::{MAX_MESSAGE_GAP, MAX_SKIPPED_KEYS};
pub use error::OlmError;
pub use key::SessionKeys;
pub use session::{MAX_RECEIVER_CHAINS, OlmSession};
