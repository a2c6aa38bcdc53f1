//! Kinds of steps and of faults without their details, to switch them on and off and to count which were reached.
//! It does not know how one is made.

use crate::scenario::fault::FaultKind;
use crate::scenario::step::Step;

/// Declares the kinds of an enum: its variants without what is in them.
macro_rules! sorts {
    ($(#[$doc:meta])* $sort:ident of $kind:ident { $($variant:ident)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(super) enum $sort { $($variant,)* }

        impl $sort {
            /// All kinds.
            pub(super) const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The kind of this.
            pub(super) const fn of(kind: &$kind) -> Self {
                match kind {
                    $($kind::$variant { .. } => Self::$variant,)*
                }
            }
        }
    };
}

sorts! {
    /// A kind of step.
    StepSort of Step {
        Send Login Logout Member HistoryVisibility Encryption CrossSign ResetIdentity Verify Unverify Block Unblock
        AcknowledgeIdentity SetSharing SetReporting RequestKey CancelRequest DiscardSession RestoreBackup
    }
}

sorts! {
    /// A kind of fault.
    FaultSort of FaultKind {
        OneTimeKeysRunOut NoFallbackKey KeysClaimedByStranger ClaimFails KeyHandedOutTwice KeysOutOfOrder CountsOmitted
        UploadRejected ServerRestored ServerUnreachable FederationDown ToDeviceDelayed ToDeviceDuplicated ToDeviceReordered
        ToDeviceDropped BatchLimit EduLimit PoisonedEdu ListNoticeLost StaleQueryAnswer QuerySlow IncompleteMembers
        ResponseLost RateLimited ClientOffline Crash StoreRolledBack OlmSessionsLost OneTimeKeysForgotten SecondReader
        SecondProcess OlmCorrupted ClockAhead ClockBehind MembershipLate LimitedSync ForgedWithheld
    }
}
