//! A feature: a kind of fact or step, the abstract state of the device that it is about, and one kind of fault that this device feels.
//! It does not know in which runs it was seen.

use crate::ids::DeviceId;
use crate::protocol::to_device::ToDeviceType;
use crate::protocol::withheld::{Field, WithheldCode};
use crate::scenario::kinds::{FaultName, StepKind};
use crate::trace::fact::{
    ClaimFailed, ClaimOutcome, FactKind, KeySource, OlmError, OlmResult, QueryOutcome, Refusal,
    RunEnd, SentContent, Shown, TryResult,
};
use crate::trace::kind::Kind;

/// How many states of a device are told apart; [`super::watch`] says which.
pub const STATES: u32 = 72;
/// How many kinds of faults there are, and the absence of any.
#[expect(clippy::cast_possible_truncation, reason = "there are fewer than a hundred")]
pub const FAULTS: u32 = FaultName::ALL.len() as u32 + 1;
/// How many features there can be.
pub const FEATURES: u32 = What::COUNT * STATES * FAULTS;

/// A feature, as a dense number below [`FEATURES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Feature(u32);

impl Feature {
    /// The feature of this fact or step, at a device in this state, while this fault is in force.
    #[must_use]
    pub const fn new(what: What, state: u16, fault: Option<FaultName>) -> Self {
        let fault = match fault {
            None => 0,
            Some(name) => name as u32 + 1,
        };
        Self((what.0 as u32 * FAULTS + fault) * STATES + state as u32)
    }

    /// The feature with this number, if there is one.
    #[must_use]
    pub const fn from_raw(raw: u32) -> Option<Self> {
        if raw < FEATURES { Some(Self(raw)) } else { None }
    }

    /// The number.
    #[must_use]
    pub const fn raw(self) -> u32 {
        self.0
    }
}

/// A kind of fact; where the kind alone says little, with how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct What(u16);

/// Kinds of fact that have more than one ending, each with how many.
#[expect(clippy::cast_possible_truncation, reason = "there are fewer than a hundred")]
const ENDINGS: [(Kind, u16); 15] = [
    (Kind::UserStep, StepKind::ALL.len() as u16),
    (Kind::RunEnd, 3),
    (Kind::Member, 4),
    (Kind::QueryEnd, 3),
    (Kind::ClaimEnd, 7),
    (Kind::OlmNew, 5),
    (Kind::OlmDropped, 8),
    (Kind::OlmDecrypt, 7),
    (Kind::SendRefused, 5),
    (Kind::KeyIn, 6),
    (Kind::KeyLost, 8),
    (Kind::Try, 6),
    (Kind::Put, 10),
    (Kind::PutTarget, 12),
    (Kind::Processed, 4),
];

/// Where the endings of each kind begin.
const STARTS: [u16; Kind::ALL.len()] = starts().0;

const fn starts() -> ([u16; Kind::ALL.len()], u16) {
    let mut starts = [0; Kind::ALL.len()];
    let (mut kind, mut next) = (0, 0);
    while kind < starts.len() {
        starts[kind] = next;
        let (mut ending, mut wide) = (0, 1);
        while ending < ENDINGS.len() {
            if ENDINGS[ending].0 as usize == kind {
                wide = ENDINGS[ending].1;
            }
            ending += 1;
        }
        next += wide;
        kind += 1;
    }
    (starts, next)
}

impl What {
    /// How many there are.
    pub const COUNT: u32 = starts().1 as u32;

    /// What this fact is; `step` says what kind a step of the timeline is.
    #[must_use]
    pub fn of(fact: &FactKind, step: impl Fn(u32) -> StepKind) -> Self {
        Self(STARTS[Kind::of(fact) as usize] + ending(fact, step))
    }
}

fn ending(fact: &FactKind, step: impl Fn(u32) -> StepKind) -> u16 {
    if let FactKind::UserStep(position) = *fact {
        step(position) as u16
    } else if let FactKind::RunEnd(end) = *fact {
        match end {
            RunEnd::Quiescent => 0,
            RunEnd::Horizon => 1,
            RunEnd::ActionLimit => 2,
        }
    } else if let FactKind::Member { membership, .. } = *fact {
        membership as u16
    } else if let FactKind::QueryEnd { outcome, .. } = *fact {
        match outcome {
            QueryOutcome::Applied { .. } => 0,
            QueryOutcome::Overtaken => 1,
            QueryOutcome::Failed => 2,
        }
    } else if let FactKind::SendRefused { why, .. } = *fact {
        match why {
            Refusal::IdentityChanged(_) => 0,
            Refusal::WouldWithhold(_) => 1,
            Refusal::NotInRoom => 2,
            Refusal::NotLoggedIn => 3,
            Refusal::NoEncryption => 4,
        }
    } else if let FactKind::Put { event_type, .. } = *fact {
        of_type(event_type)
    } else if let FactKind::PutTarget { content, .. } = *fact {
        match content {
            SentContent::Olm(_) => 0,
            SentContent::Sealed => 1,
            SentContent::Clear(_) => 2,
            SentContent::KeyRequest(_) => 3,
            SentContent::Withheld(notice) => 4 + code(notice.code),
        }
    } else if let FactKind::Processed { outcome, .. } = *fact {
        outcome as u16
    } else {
        ending_of_keys(fact)
    }
}

/// The same for what has to do with keys and sessions.
fn ending_of_keys(fact: &FactKind) -> u16 {
    if let FactKind::ClaimEnd { outcome, .. } = *fact {
        match outcome {
            ClaimOutcome::Key { fallback, .. } => u16::from(fallback),
            ClaimOutcome::NoKey => 2,
            ClaimOutcome::Failed(ClaimFailed::Unreachable) => 3,
            ClaimOutcome::Failed(ClaimFailed::Timeout) => 4,
            ClaimOutcome::Failed(ClaimFailed::Http) => 5,
            ClaimOutcome::Failed(ClaimFailed::BadSignature) => 6,
        }
    } else if let FactKind::OlmNew { why, .. } = *fact {
        why as u16
    } else if let FactKind::OlmDropped { why, .. } | FactKind::KeyLost { why, .. } = *fact {
        why as u16
    } else if let FactKind::OlmDecrypt { result, .. } = *fact {
        match result {
            OlmResult::Decrypted { .. } => 0,
            OlmResult::Duplicate => 1,
            OlmResult::Failed(OlmError::NoSession) => 2,
            OlmResult::Failed(OlmError::MissingKey(_)) => 3,
            OlmResult::Failed(OlmError::MissingMessageKey) => 4,
            OlmResult::Failed(OlmError::BadMac) => 5,
            OlmResult::Failed(OlmError::Mismatch) => 6,
        }
    } else if let FactKind::KeyIn { source, .. } = *fact {
        match source {
            KeySource::RoomKey => 0,
            KeySource::Forwarded { withheld: None } => 1,
            KeySource::Forwarded { withheld: Some(_) } => 2,
            KeySource::Backup => 3,
            KeySource::Own => 4,
            KeySource::Bundle { .. } => 5,
        }
    } else if let FactKind::Try { result, .. } = *fact {
        match result {
            TryResult::Decrypted => 0,
            TryResult::Hidden => 1,
            TryResult::Invalid => 2,
            TryResult::Undecryptable(Shown::Unexplained) => 3,
            TryResult::Undecryptable(Shown::Code { .. }) => 4,
            TryResult::Undecryptable(Shown::Reason { .. }) => 5,
        }
    } else {
        0
    }
}

const fn of_type(event_type: ToDeviceType) -> u16 {
    match event_type {
        ToDeviceType::Encrypted => 0,
        ToDeviceType::Withheld => 1,
        ToDeviceType::WithheldUnstable => 2,
        ToDeviceType::WithheldMisspelt => 3,
        ToDeviceType::KeyRequest => 4,
        ToDeviceType::ClearRoomKey => 5,
        ToDeviceType::ClearForwardedRoomKey => 6,
        ToDeviceType::ClearDummy => 7,
        ToDeviceType::Other(_) => 8,
        ToDeviceType::NoKey => 9,
    }
}

/// The code of a notice, as a number below 8.
fn code(code: Field<WithheldCode>) -> u16 {
    match code {
        Field::Absent | Field::NotAString => 0,
        Field::Other(_) => 1,
        Field::Is(code) => 2 + code as u16,
    }
}

/// The device that a fact is about: whom it says something of, not who saw it.
#[must_use]
pub const fn subject(fact: &FactKind) -> Option<DeviceId> {
    match *fact {
        FactKind::RoomSeen { device, .. }
        | FactKind::MemberNotTold { device, .. }
        | FactKind::DeviceUp { device, .. }
        | FactKind::DeviceDeleted { device }
        | FactKind::CrossSigned { device }
        | FactKind::IdentityMade { device, .. }
        | FactKind::IdentityReceived { device, .. }
        | FactKind::ListNote { device, .. }
        | FactKind::QueryStart { device, .. }
        | FactKind::QueryListed { device, .. }
        | FactKind::QueryEnd { device, .. }
        | FactKind::SharingSet { device, .. }
        | FactKind::ReportingSet { device, .. }
        | FactKind::VerifiedSet { device, .. }
        | FactKind::BlockedSet { device, .. }
        | FactKind::IdentityAcknowledged { device, .. }
        | FactKind::OneTimeKeysUp { device, .. }
        | FactKind::FallbackKeyUp { device, .. }
        | FactKind::UploadRefused { device }
        | FactKind::Claim { device, .. }
        | FactKind::KeyHandedOut { target: device, .. }
        | FactKind::ClaimEnd { device, .. }
        | FactKind::KeyCounts { device, .. }
        | FactKind::PrivateKeyGone { device, .. }
        | FactKind::OlmNew { device, .. }
        | FactKind::OlmDropped { device, .. }
        | FactKind::OlmEncrypted { device, .. }
        | FactKind::OlmDecrypt { device, .. }
        | FactKind::MegolmNew { device, .. }
        | FactKind::MegolmEncrypted { device, .. }
        | FactKind::SendRefused { device, .. }
        | FactKind::MessageReceived { device, .. }
        | FactKind::KeyIn { device, .. }
        | FactKind::KeyRefused { device, .. }
        | FactKind::KeyLost { device, .. }
        | FactKind::Try { device, .. }
        | FactKind::Put { device, .. }
        | FactKind::PutTarget { device, .. }
        | FactKind::PutAccepted { device, .. }
        | FactKind::Enqueued { recipient: device, .. }
        | FactKind::Lost { recipient: device, .. }
        | FactKind::Listed { device, .. }
        | FactKind::Acknowledged { device, .. }
        | FactKind::Processed { device, .. }
        | FactKind::KeyRequested { device, .. }
        | FactKind::RequestCancelled { device, .. }
        | FactKind::LoggedOut { device }
        | FactKind::Crashed { device }
        | FactKind::Restarted { device }
        | FactKind::StoreRestored { device, .. }
        | FactKind::SessionDiscarded { device, .. }
        | FactKind::BundleMade { device, .. }
        | FactKind::BundleKey { device, .. }
        | FactKind::BundleWithheld { device, .. }
        | FactKind::BundleOpened { device, .. } => Some(device),
        FactKind::UserStep(_)
        | FactKind::FaultStart(_)
        | FactKind::FaultEnd(_)
        | FactKind::RunEnd(_)
        | FactKind::Member { .. }
        | FactKind::HistoryVisibility { .. }
        | FactKind::Encryption { .. }
        | FactKind::IdentitySet { .. }
        | FactKind::ListChangedAt { .. }
        | FactKind::MessageAccepted { .. }
        | FactKind::HealStart { .. }
        | FactKind::InvitedBy { .. }
        | FactKind::ServerRestored { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{ENDINGS, FEATURES, Feature, STATES, What, starts};
    use crate::scenario::kinds::FaultName;
    use crate::trace::kind::Kind;

    #[test]
    fn every_feature_has_a_number_of_its_own() {
        let last = What(u16::try_from(What::COUNT - 1).unwrap());
        let state = u16::try_from(STATES - 1).unwrap();
        let fault = FaultName::ALL.last().copied();
        assert_eq!(Feature::new(last, state, fault).raw(), FEATURES - 1);
        let wide: u16 = ENDINGS.iter().map(|(_, endings)| endings).sum();
        let kinds = u16::try_from(Kind::ALL.len() - ENDINGS.len()).unwrap();
        assert_eq!(starts().1, wide + kinds);
        assert_eq!(Feature::from_raw(FEATURES), None);
    }
}
