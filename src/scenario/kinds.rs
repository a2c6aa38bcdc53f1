//! The kinds of steps and of faults by themselves, with their names in files: what a count or a list is about.
//! It does not know what a step or a fault of a kind holds.

use crate::scenario::fault::FaultKind;
use crate::scenario::step::Step;

/// Declares the kinds of a type: those of its variants, in their order.
macro_rules! kinds {
    ($(#[$doc:meta])* $name:ident of $of:ident { $($variant:ident $text:literal)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name {
            $(#[doc = concat!("`", $text, "`")] $variant,)*
        }

        impl $name {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in files.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// The kind of this one.
            #[must_use]
            pub const fn of(one: &$of) -> Self {
                match one {
                    $($of::$variant { .. } => Self::$variant,)*
                }
            }
        }
    };
}

kinds! {
    /// A kind of step.
    StepKind of Step {
        Send "send"
        Login "login"
        Logout "logout"
        Member "member"
        HistoryVisibility "history_visibility"
        Encryption "encryption"
        CrossSign "cross_sign"
        ResetIdentity "reset_identity"
        Verify "verify"
        Unverify "unverify"
        Block "block"
        Unblock "unblock"
        AcknowledgeIdentity "acknowledge_identity"
        SetSharing "set_sharing"
        SetReporting "set_reporting"
        RequestKey "request_key"
        CancelRequest "cancel_request"
        DiscardSession "discard_session"
        RestoreBackup "restore_backup"
    }
}

kinds! {
    /// A kind of fault.
    FaultName of FaultKind {
        OneTimeKeysRunOut "one_time_keys_run_out"
        NoFallbackKey "no_fallback_key"
        KeysClaimedByStranger "keys_claimed_by_stranger"
        ClaimFails "claim_fails"
        KeyHandedOutTwice "key_handed_out_twice"
        KeysOutOfOrder "keys_out_of_order"
        CountsOmitted "counts_omitted"
        UploadRejected "upload_rejected"
        ServerRestored "server_restored"
        ServerUnreachable "server_unreachable"
        FederationDown "federation_down"
        ToDeviceDelayed "to_device_delayed"
        ToDeviceDuplicated "to_device_duplicated"
        ToDeviceReordered "to_device_reordered"
        ToDeviceDropped "to_device_dropped"
        BatchLimit "batch_limit"
        EduLimit "edu_limit"
        PoisonedEdu "poisoned_edu"
        ListNoticeLost "list_notice_lost"
        StaleQueryAnswer "stale_query_answer"
        QuerySlow "query_slow"
        IncompleteMembers "incomplete_members"
        ResponseLost "response_lost"
        RateLimited "rate_limited"
        ClientOffline "client_offline"
        Crash "crash"
        StoreRolledBack "store_rolled_back"
        OlmSessionsLost "olm_sessions_lost"
        OneTimeKeysForgotten "one_time_keys_forgotten"
        SecondReader "second_reader"
        SecondProcess "second_process"
        OlmCorrupted "olm_corrupted"
        ClockAhead "clock_ahead"
        ClockBehind "clock_behind"
        MembershipLate "membership_late"
        LimitedSync "limited_sync"
        ForgedWithheld "forged_withheld"
    }
}

#[cfg(test)]
mod tests {
    use super::{FaultName, StepKind};
    use crate::scenario::file;

    /// Whether the format of files has this word as the name of a kind.
    fn is_in_files(word: &str) -> bool {
        let schema = serde_json::to_string(&file::schema()).unwrap();
        schema.contains(&format!("\"const\":\"{word}\""))
    }

    #[test]
    fn every_kind_is_spelled_as_in_files() {
        for kind in StepKind::ALL {
            assert!(is_in_files(kind.as_str()), "{}", kind.as_str());
        }
        for kind in FaultName::ALL {
            assert!(is_in_files(kind.as_str()), "{}", kind.as_str());
        }
        assert!(!is_in_files("send_nothing"));
    }
}
