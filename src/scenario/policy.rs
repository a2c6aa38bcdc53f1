//! Policies: what a user or an application may choose within the rules.
//! It does not know how a client is written; that is in `habits`.

use crate::ids::{DeviceId, UserId};
use crate::protocol::withheld::CodeSet;

/// A user or one device: the target of a verification, a block or a report setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// All devices of a user.
    User(UserId),
    /// One device.
    Device(DeviceId),
}

/// Which devices get room keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SharePolicy {
    /// All that are not blocked.
    Everyone,
    /// Those that their owner has cross-signed.
    CrossSigned,
    /// Those that are verified (V-01).
    Verified,
}

/// What happens when a message would leave somebody out because of the share policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OnProblem {
    /// The message is sent, the key is withheld.
    Withhold,
    /// The message is refused, and nothing is sent.
    Refuse,
}

/// What is reported to whom (O-01).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reporting {
    /// Codes that are reported to users who are verified.
    pub codes: CodeSet,
    /// Codes that are reported to strangers (users who are not verified).
    pub strangers: CodeSet,
    /// Settings for single users or devices; the last one that fits wins.
    pub overrides: Vec<(Target, CodeSet)>,
}

/// Which key requests are answered, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnswerRequests {
    /// Never.
    Ignore,
    /// Own verified devices get keys; everybody else silence.
    Forward,
    /// Own verified devices get keys; refusals are told with a withheld notice.
    ForwardAndTell,
}

/// Whom a device asks for a key that it lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AskFor {
    /// Nobody.
    Nobody,
    /// Own verified devices.
    OwnDevices,
    /// Own verified devices and the devices of the message's sender (the reading of the recovery note, A-16).
    OwnDevicesAndSender,
}

/// What a device does when it is told `m.no_olm` (P-06, a MAY).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OnNoOlm {
    /// Nothing.
    Nothing,
    /// Opens an Olm session to the sender and sends `m.dummy` on it.
    OpenSession,
}

/// At which index a device that had no Olm session gets the key afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AfterNoOlm {
    /// At the first index that it was owed, so that it can read what it missed.
    FirstOwed,
    /// At the next index.
    Next,
}

/// Everything that a device's user or application may choose.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Policy {
    /// Who gets keys.
    pub share: SharePolicy,
    /// What happens when that leaves somebody out.
    pub on_problem: OnProblem,
    /// Whether invited users get keys where the history visibility allows it.
    pub share_with_invited: bool,
    /// What is reported to whom.
    pub report: Reporting,
    /// Which key requests are answered.
    pub answer_requests: AnswerRequests,
    /// Whom it asks for keys.
    pub ask: AskFor,
    /// What it does on `m.no_olm`.
    pub on_no_olm: OnNoOlm,
    /// Where a key starts after `m.no_olm`.
    pub after_no_olm: AfterNoOlm,
    /// Whether unblocking a device replaces the session (R-10, a MAY).
    pub rotate_on_unblock: bool,
    /// Whether a key is sent again after the recipient opened a new Olm session (U-13, a MAY).
    pub reshare_after_unwedge: bool,
    /// Whether a `m.no_olm` is taken as the reason of what cannot be read (P-04, a MAY).
    pub show_no_olm: bool,
    /// Whether messages of devices that are not cross-signed are hidden (V-03).
    pub hide_unsigned: bool,
    /// Whether received keys go to the user's key backup, and are fetched from it at login.
    pub backup: bool,
    /// Whether who is invited gets a history bundle first (specification 1.19, "Sharing keys between users").
    pub share_history: bool,
}

impl Policy {
    /// What a client does whose user never opened the settings: keys for everyone who is not blocked, every code
    /// reported, requests of own verified devices answered.
    #[must_use]
    pub fn standard() -> Self {
        Self {
            share: SharePolicy::Everyone,
            on_problem: OnProblem::Withhold,
            share_with_invited: false,
            report: Reporting {
                codes: CodeSet::ALL,
                strangers: CodeSet::ALL,
                overrides: Vec::new(),
            },
            answer_requests: AnswerRequests::ForwardAndTell,
            ask: AskFor::Nobody,
            on_no_olm: OnNoOlm::OpenSession,
            after_no_olm: AfterNoOlm::FirstOwed,
            rotate_on_unblock: false,
            reshare_after_unwedge: true,
            show_no_olm: true,
            hide_unsigned: false,
            backup: false,
            share_history: false,
        }
    }
}
