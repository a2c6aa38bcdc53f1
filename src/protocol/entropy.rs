//! A supply of values that never come twice in a run: what a real client takes from its random generator.
//! It does not know who asks; it stands outside every store, so no rollback can make it repeat itself.

use crate::ids::{
    BundleId, ClaimId, KeyValue, MegolmSessionId, OlmSessionId, QueryId, RequestId, SigningKey,
    TxnId,
};

/// Fresh values, each kind counted by itself.
#[derive(Debug, Clone, Default)]
pub struct Entropy {
    megolm: u32,
    olm: u32,
    key: u32,
    ratchet: u32,
    signing: u32,
    txn: u32,
    claim: u32,
    query: u32,
    request: u32,
    bundle: u32,
}

/// Takes a counter's value and moves it on.
fn take(counter: &mut u32) -> u32 {
    let value = *counter;
    *counter += 1;
    value
}

impl Entropy {
    /// A new Megolm session id.
    pub fn megolm_session(&mut self) -> MegolmSessionId {
        MegolmSessionId::new(take(&mut self.megolm))
    }

    /// A new Olm base key; it also names the session that it makes.
    pub fn olm_session(&mut self) -> OlmSessionId {
        OlmSessionId::new(take(&mut self.olm))
    }

    /// The value of a new one-time or fallback key.
    pub fn key_value(&mut self) -> KeyValue {
        KeyValue::new(take(&mut self.key))
    }

    /// A new Olm ratchet key.
    pub fn ratchet_key(&mut self) -> u32 {
        take(&mut self.ratchet)
    }

    /// A new cross-signing key.
    pub fn signing_key(&mut self) -> SigningKey {
        SigningKey::new(take(&mut self.signing))
    }

    /// A new transaction id.
    pub fn txn(&mut self) -> TxnId {
        TxnId::new(take(&mut self.txn))
    }

    /// A new name for a claim.
    pub fn claim(&mut self) -> ClaimId {
        ClaimId::new(take(&mut self.claim))
    }

    /// A new name for a device-list query.
    pub fn query(&mut self) -> QueryId {
        QueryId::new(take(&mut self.query))
    }

    /// A new `request_id` for a key request.
    pub fn request(&mut self) -> RequestId {
        RequestId::new(take(&mut self.request))
    }

    /// A name for a new history bundle: where its file is found.
    pub fn bundle(&mut self) -> BundleId {
        BundleId::new(take(&mut self.bundle))
    }
}
