//! Neighbours: clients and servers that are not written as the specification wants it, in any one way or as a real program.
//! It does not know who in a room is on trial.

use super::dice::{Dice, FLAGS};
use crate::protocol::withheld::{CodeSet, WithheldCode};
use crate::scenario::file::known_profile;
use crate::scenario::habits::{
    BundleContents, BundleOpening, BundleSending, ChooseOlm, ForwardTo, ForwardedReason, Habits,
    KeyReplacement, LeaveRotates, MailboxOrder, MarkWhen, MarksBy, MissingOlm, NeedlessRotation,
    NewcomerIndex, NoOlmAnswer, NoOlmDedup, NoOlmFiled, NoOlmReset, NoOlmScope, NoticeCode,
    NoticeConflict, NoticeNames, NoticeReason, NoticeScope, NoticeSender, NoticeSession,
    NoticeTargets, NoticeType, OnWithheld, OneTimeKeyOrder, OneTimeKeyUse, OptOut, PutFailed,
    QueryAnswers, ReplyCode, ReshareIndex, SharedHistoryFlag, Unavailable, UnblockIndex,
    UnwedgeClock, WithheldDedup,
};
use crate::scenario::model::{Device, Server};
use crate::scenario::mutant::{Mutant, Variant};
use crate::scenario::profile::ProfileName;
use crate::time::SimDuration;

/// Writes a client as one of the mutants, in any one other way, or as a real program.
pub(super) fn neighbour(dice: &mut Dice<'_>, device: &mut Device) {
    match dice.number(3) {
        0 => {
            let variants = variants(dice);
            if let Some(habits) = dice.pick(variants).and_then(|variant| variant.client()) {
                device.habits = habits;
            }
        }
        1 => {
            let profiles = &ProfileName::ALL[1..];
            let profile = known_profile(dice.pick(profiles).unwrap_or(ProfileName::Specification));
            device.habits = profile.habits;
            device.policy = profile.policy.clone();
        }
        _ => change(dice, &mut device.habits),
    }
}

/// Sometimes leaves out whether history may be shared. It takes an invite by somebody else as well before that shows (H-02), so
/// one habit among all is not enough.
pub(super) fn leaves_flag_out(dice: &mut Dice<'_>, device: &mut Device) {
    let before = dice.set_purpose(FLAGS);
    if dice.chance(1, 10) {
        device.habits.shared_history_flag = SharedHistoryFlag::Absent;
    }
    dice.set_purpose(before);
}

/// Writes a server in another way.
pub(super) fn other_server(dice: &mut Dice<'_>, server: &mut Server) {
    let habits = &mut server.habits;
    match dice.index(4) {
        0 => habits.one_time_keys = OneTimeKeyUse::Again,
        1 => habits.one_time_key_order = OneTimeKeyOrder::NewestFirst,
        2 => habits.gives_fallback_keys = false,
        _ => {
            let orders = [MailboxOrder::NewestFirst, MailboxOrder::DropsRest];
            habits.mailbox = dice.pick(&orders).unwrap_or(MailboxOrder::NewestFirst);
        }
    }
}

fn variants(dice: &mut Dice<'_>) -> &'static [Variant] {
    dice.pick(Mutant::ALL).map_or(&[], Mutant::variants)
}

/// Declares every habit of a client with the settings that it may have, and how one is changed.
macro_rules! settings {
    (
        choices { $($choice:ident $kind:ident)* }
        flags { $($flag:ident)* }
        numbers { $($number:ident [$($value:expr),*])* }
        codes { $($codes:ident)* }
        unchanged { $($unchanged:ident)* }
    ) => {
        /// The names of the habits, in the order in which they are drawn.
        const NAMES: &[&str] = &[
            $(stringify!($choice),)* $(stringify!($flag),)* $(stringify!($number),)* $(stringify!($codes),)*
        ];

        /// Changes one habit to another setting.
        fn change(dice: &mut Dice<'_>, habits: &mut Habits) {
            let name = dice.pick(NAMES).unwrap_or_default();
            let Habits { $($choice,)* $($flag,)* $($number,)* $($codes,)* $($unchanged: _,)* } = habits;
            $(if name == stringify!($choice) {
                if let Some((other, _)) = dice.pick(&$kind::ALL[1..]) {
                    *$choice = other;
                }
            })*
            $(if name == stringify!($flag) {
                *$flag = !*$flag;
            })*
            $(if name == stringify!($number)
                && let Some(other) = dice.pick(&[$($value),*])
            {
                *$number = other;
            })*
            $(if name == stringify!($codes) {
                *$codes = code_set(dice);
            })*
        }
    };
}

settings! {
    choices {
        withheld_dedup WithheldDedup mark_when MarkWhen marks_by MarksBy notice_type NoticeType
        notice_names NoticeNames notice_code NoticeCode notice_reason NoticeReason
        notice_session NoticeSession notice_targets NoticeTargets opt_out OptOut
        no_olm_dedup NoOlmDedup no_olm_reset NoOlmReset missing_olm MissingOlm put_failed PutFailed
        unblock_index UnblockIndex newcomer_index NewcomerIndex reshare_index ReshareIndex
        needless_rotation NeedlessRotation leave_rotates LeaveRotates query_answers QueryAnswers
        choose_olm ChooseOlm unwedge_clock UnwedgeClock no_olm_answer NoOlmAnswer
        forward_to ForwardTo forwarded_reason ForwardedReason reply_code ReplyCode
        on_withheld OnWithheld notice_sender NoticeSender notice_conflict NoticeConflict
        notice_scope NoticeScope no_olm_scope NoOlmScope no_olm_filed NoOlmFiled
        unavailable Unavailable key_replacement KeyReplacement
        shared_history_flag SharedHistoryFlag bundle_contents BundleContents
        bundle_sending BundleSending bundle_opening BundleOpening
    }
    flags {
        marks_persist unstable_type_too withheld_at_creation_only skips_unencrypted
        policy_before_olm no_olm_persists no_olm_names_session reports_first_failure message_waits
        counts_queued_keys rotate_on_block withheld_looks_shared limited_sync_rotates
        identity_change_stops sees_inbound_olm accepts_fallback_keys unwedge_needs_session
        failed_pre_key_uses_key token_before_store cancels_answered heeds_cancellations
        late_notice_updates follows_members
    }
    numbers {
        messages_over_limit [1, 2]
        rotation_period_min [SimDuration::from_hours(1)]
        olm_sessions_max [1, 2, 3, 4, 9]
        inbound_olm_per_hour [1, 3]
        unwedge_interval [SimDuration::ZERO, SimDuration::from_secs(600), SimDuration::from_hours(2)]
        claim_backoff_first [SimDuration::from_secs(1), SimDuration::from_secs(60)]
        claim_backoff_max [SimDuration::from_secs(20), SimDuration::from_hours(1)]
        targets_per_put [1, 2, 5]
    }
    codes { replies_to_own replies_to_others }
    // One shows only where another habit is changed as well, and all of them come with programs.
    unchanged {
        claims_unencrypted heeds_room_changes shares_by_strategy goes_by_device_id patient_requests asks_at_once
        reshares_for_any_session shares_once keeps_used_fallback recovers_in_silence answers_at_once
        asks_in_batches
    }
}

/// A set of codes: all, none, or some of them.
pub(super) fn code_set(dice: &mut Dice<'_>) -> CodeSet {
    match dice.number(4) {
        0 => CodeSet::ALL,
        1 => CodeSet::NONE,
        2 => {
            let without = dice.pick(&WithheldCode::ALL);
            WithheldCode::ALL.into_iter().filter(|code| Some(*code) != without).collect()
        }
        _ => {
            let bits = dice.number(1 << WithheldCode::ALL.len());
            let all = WithheldCode::ALL.into_iter().enumerate();
            all.filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, code)| code).collect()
        }
    }
}
