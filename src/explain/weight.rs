//! Which facts of a slice a reader needs, and which only lead from one to the next.
//! It does not know what the slice is about, beyond the two devices.

use std::collections::BTreeSet;

use crate::ids::{ClaimId, DeviceId, FactId, MessageId, QueryId, ToDeviceId, TxnId};
use crate::time::SimTime;
use crate::trace::fact::{
    Fact, FactKind, KeySource, LossCause, OlmResult, ProcessOutcome, QueryOutcome,
};

/// What the facts of a slice have told, so that the same need not be told twice.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    /// The device that the slice is about, if it is about one.
    device: Option<DeviceId>,
    /// Facts that something in the slice came of.
    fruitful: BTreeSet<FactId>,
    queries: BTreeSet<QueryId>,
    claims: BTreeSet<ClaimId>,
    txns: BTreeSet<(TxnId, DeviceId)>,
    tries: BTreeSet<(DeviceId, MessageId)>,
    processed: BTreeSet<ToDeviceId>,
    listed: BTreeSet<ToDeviceId>,
    /// Steps whose one effect says the same.
    echoed: BTreeSet<FactId>,
}

impl Told {
    /// What these facts tell. They ascend.
    pub(super) fn by<'f>(facts: impl Iterator<Item = &'f Fact>, device: Option<DeviceId>) -> Self {
        let mut told = Self { device, ..Self::default() };
        for fact in facts {
            told.add(fact);
        }
        told
    }

    fn add(&mut self, fact: &Fact) {
        self.fruitful.extend(fact.causes.iter());
        if let FactKind::QueryEnd { query, .. } = fact.kind {
            self.queries.insert(query);
        } else if let FactKind::ClaimEnd { claim, .. } = fact.kind {
            self.claims.insert(claim);
        } else if let FactKind::PutTarget { txn, recipient, .. } = fact.kind {
            self.txns.insert((txn, recipient));
        } else if let FactKind::Processed { message, .. } = fact.kind {
            self.processed.insert(message);
        } else if let FactKind::Try { device, message, .. } = fact.kind {
            self.tries.insert((device, message));
        } else if let FactKind::BlockedSet { .. }
        | FactKind::VerifiedSet { .. }
        | FactKind::SharingSet { .. }
        | FactKind::ReportingSet { .. }
        | FactKind::IdentityAcknowledged { .. } = fact.kind
        {
            self.echoed.extend(fact.causes.iter());
        }
    }

    /// Whether a reader needs this fact. What is not needed leads on: its causes become those of its effects. Facts
    /// must be asked about in their order.
    #[expect(
        clippy::too_many_lines,
        reason = "one exhaustive choice, an arm for each kind of fact"
    )]
    pub(super) fn needs(&mut self, fact: &Fact) -> bool {
        let at_start = fact.at == SimTime::ZERO;
        let barren = !self.fruitful.contains(&fact.id);
        match fact.kind {
            // The state in which a run begins is no news.
            FactKind::Member { .. }
            | FactKind::HistoryVisibility { .. }
            | FactKind::Encryption { .. }
            | FactKind::RoomSeen { .. }
            | FactKind::DeviceUp { .. }
            | FactKind::CrossSigned { .. }
            | FactKind::IdentitySet { .. }
            | FactKind::IdentityMade { .. }
            | FactKind::IdentityReceived { .. }
            | FactKind::OneTimeKeysUp { .. }
            | FactKind::FallbackKeyUp { .. } => !at_start,
            FactKind::HealStart { .. } | FactKind::SessionDiscarded { .. } => true,
            FactKind::UserStep(_) => !self.echoed.contains(&fact.id),
            // Each of these is told by the end of what it begins.
            FactKind::QueryStart { query, .. } => !self.queries.contains(&query),
            FactKind::Claim { claim, .. } => !self.claims.contains(&claim),
            FactKind::KeyHandedOut { claim, .. } => {
                claim.is_none_or(|claim| !self.claims.contains(&claim))
            }
            FactKind::Put { .. } => false,
            FactKind::OlmEncrypted { peer, txn, .. } => !self.txns.contains(&(txn, peer)),
            FactKind::MessageReceived { device, message } => {
                !self.tries.contains(&(device, message))
            }
            FactKind::QueryEnd { outcome, .. } => {
                !barren || !matches!(outcome, QueryOutcome::Applied { .. })
            }
            FactKind::QueryListed { listed, .. } => Some(listed) == self.device,
            FactKind::KeyCounts { .. } | FactKind::RunEnd(_) => false,
            FactKind::PrivateKeyGone { why, .. } => why != LossCause::Used,
            // An own key, and one that was decrypted to be stored, are told by what is made of them.
            FactKind::KeyIn { source, .. } => source != KeySource::Own,
            FactKind::OlmDecrypt { result, .. } => {
                barren || !matches!(result, OlmResult::Decrypted { .. })
            }
            FactKind::Processed { outcome, .. } => !barren || outcome != ProcessOutcome::Handled,
            FactKind::Listed { message, .. } => self.listed.insert(message) || !barren,
            // That nobody made anything of what was acknowledged is the story then.
            FactKind::Acknowledged { message, .. } => !barren || !self.processed.contains(&message),
            FactKind::FaultStart(_)
            | FactKind::FaultEnd(_)
            | FactKind::MemberNotTold { .. }
            | FactKind::DeviceDeleted { .. }
            | FactKind::ListChangedAt { .. }
            | FactKind::ListNote { .. }
            | FactKind::SharingSet { .. }
            | FactKind::ReportingSet { .. }
            | FactKind::VerifiedSet { .. }
            | FactKind::BlockedSet { .. }
            | FactKind::IdentityAcknowledged { .. }
            | FactKind::UploadRefused { .. }
            | FactKind::ClaimEnd { .. }
            | FactKind::OlmNew { .. }
            | FactKind::OlmDropped { .. }
            | FactKind::MegolmNew { .. }
            | FactKind::MegolmEncrypted { .. }
            | FactKind::SendRefused { .. }
            | FactKind::MessageAccepted { .. }
            | FactKind::KeyRefused { .. }
            | FactKind::KeyLost { .. }
            | FactKind::Try { .. }
            | FactKind::PutTarget { .. }
            | FactKind::PutAccepted { .. }
            | FactKind::Enqueued { .. }
            | FactKind::Lost { .. }
            | FactKind::KeyRequested { .. }
            | FactKind::RequestCancelled { .. }
            | FactKind::LoggedOut { .. }
            | FactKind::Crashed { .. }
            | FactKind::Restarted { .. }
            | FactKind::StoreRestored { .. }
            | FactKind::InvitedBy { .. }
            | FactKind::BundleMade { .. }
            | FactKind::BundleKey { .. }
            | FactKind::BundleWithheld { .. }
            | FactKind::BundleOpened { .. }
            | FactKind::ServerRestored { .. } => true,
        }
    }
}
