//! What the simulator leaves to chance, each purpose with its own number.
//! It does not know who answers. The numbers are part of the meaning of a seed: add at the end, never reorder.

use crate::engine::choices::Label;

/// How long a request takes to its homeserver.
pub(super) const REQUEST_DELAY: Label = Label(0);
/// How long an answer takes to its client.
pub(super) const ANSWER_DELAY: Label = Label(1);
/// How long a federation transaction takes, and how long its confirmation.
pub(super) const TRANSACTION_DELAY: Label = Label(2);
/// How long a query, claim or join takes to another server, and how long its answer.
pub(super) const CALL_DELAY: Label = Label(3);
