//! What users do, and when.
//! It does not know how a client carries it out.

use crate::ids::{DeviceId, MessageId, RoomId, UserId};
use crate::protocol::room::{HistoryVisibility, Membership, Rotation};
use crate::protocol::withheld::CodeSet;
use crate::scenario::policy::{OnProblem, SharePolicy, Target};
use crate::time::SimTime;

/// A step with its time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TimedStep {
    /// When the user does it.
    pub at: SimTime,
    /// What the user does.
    pub step: Step,
}

/// One thing that a user does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// Sends a message.
    Send {
        /// From which device.
        device: DeviceId,
        /// Into which room.
        room: RoomId,
        /// Which message.
        message: MessageId,
    },
    /// Logs a device in that was not there at the start.
    Login(DeviceId),
    /// Logs a device out: its server forgets its keys and its mailbox, the client its store.
    Logout(DeviceId),
    /// Changes somebody's membership.
    Member {
        /// The device whose user does it: the member itself, or who invites, removes or bans.
        device: DeviceId,
        /// The room.
        room: RoomId,
        /// Whose membership.
        user: UserId,
        /// The new membership.
        membership: Membership,
    },
    /// Sets the history visibility of a room.
    HistoryVisibility {
        /// Who.
        device: DeviceId,
        /// Where.
        room: RoomId,
        /// What.
        value: HistoryVisibility,
    },
    /// Sets the rotation settings of a room.
    Encryption {
        /// Who.
        device: DeviceId,
        /// Where.
        room: RoomId,
        /// What.
        rotation: Rotation,
    },
    /// A user signs an own device with the self-signing key.
    CrossSign(DeviceId),
    /// A user makes new cross-signing keys from this device, which signs itself; all other devices are unsigned then.
    ResetIdentity(DeviceId),
    /// Verifies a user (by signing the master key) or a device (locally).
    Verify {
        /// Who.
        device: DeviceId,
        /// Whom.
        target: Target,
    },
    /// Takes a verification back, on this device.
    Unverify {
        /// Who.
        device: DeviceId,
        /// Whom.
        target: Target,
    },
    /// Blocks a user or a device, on this device.
    Block {
        /// Who.
        device: DeviceId,
        /// Whom.
        target: Target,
    },
    /// Takes a block back, on this device.
    Unblock {
        /// Who.
        device: DeviceId,
        /// Whom.
        target: Target,
    },
    /// Accepts that a user's identity has changed (V-02).
    AcknowledgeIdentity {
        /// Who.
        device: DeviceId,
        /// Whose identity.
        user: UserId,
    },
    /// Changes whom a device shares keys with.
    SetSharing {
        /// Who.
        device: DeviceId,
        /// The new policy.
        share: SharePolicy,
        /// What happens when it leaves somebody out.
        on_problem: OnProblem,
    },
    /// Changes what a device reports.
    SetReporting {
        /// Who.
        device: DeviceId,
        /// To whom: one target, or everybody (verified and strangers) if `None`.
        target: Option<Target>,
        /// The codes that are reported from now on.
        codes: CodeSet,
    },
    /// Asks other devices for the key of a message.
    RequestKey {
        /// Who.
        device: DeviceId,
        /// For which message.
        message: MessageId,
        /// Devices to ask; empty: as the policy says, at least own devices.
        of: Vec<DeviceId>,
    },
    /// Takes a key request back.
    CancelRequest {
        /// Who.
        device: DeviceId,
        /// For which message.
        message: MessageId,
    },
    /// Throws the outbound session of a room away.
    DiscardSession {
        /// Who.
        device: DeviceId,
        /// Where.
        room: RoomId,
    },
    /// Fetches the user's key backup.
    RestoreBackup(DeviceId),
}

impl Step {
    /// The device that does it, or that it is done with.
    #[must_use]
    pub const fn actor(&self) -> DeviceId {
        match *self {
            Self::Login(device)
            | Self::Logout(device)
            | Self::CrossSign(device)
            | Self::ResetIdentity(device)
            | Self::RestoreBackup(device)
            | Self::Send { device, .. }
            | Self::Member { device, .. }
            | Self::HistoryVisibility { device, .. }
            | Self::Encryption { device, .. }
            | Self::Verify { device, .. }
            | Self::Unverify { device, .. }
            | Self::Block { device, .. }
            | Self::Unblock { device, .. }
            | Self::AcknowledgeIdentity { device, .. }
            | Self::SetSharing { device, .. }
            | Self::SetReporting { device, .. }
            | Self::RequestKey { device, .. }
            | Self::CancelRequest { device, .. }
            | Self::DiscardSession { device, .. } => device,
        }
    }
}
