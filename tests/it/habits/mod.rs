//! Every habit of clients and of servers, set to each of its other settings in a room where that shows.
//! What a habit is for is not known here; rules that are not judged yet are broken in silence.

mod mutants;
mod profiles;
pub(crate) mod rooms;
mod servers;

use withheld::protocol::withheld::CodeSet;
use withheld::rulebook::rule::Rule;
use withheld::scenario::habits::{
    BundleContents, BundleOpening, BundleSending, ChooseOlm, ForwardTo, ForwardedReason, Habits,
    KeyReplacement, LeaveRotates, MarkWhen, MarksBy, MissingOlm, NeedlessRotation, NewcomerIndex,
    NoOlmAnswer, NoOlmDedup, NoOlmFiled, NoOlmReset, NoOlmScope, NoticeCode, NoticeConflict,
    NoticeNames, NoticeReason, NoticeScope, NoticeSender, NoticeSession, NoticeTargets, NoticeType,
    OnWithheld, OptOut, PutFailed, QueryAnswers, ReplyCode, ReshareIndex, SharedHistoryFlag,
    Unavailable, UnblockIndex, UnwedgeClock, WithheldDedup,
};
use withheld::time::SimDuration;

use crate::settings::{Blame, Place, few, many, settings};

few! {
    BundleContents: Shareable Everything Twice KeysOnly NoOlmEntries OtherRooms;
    BundleOpening: Accepted AtOnce AnyRoom Anonymous AbsentIsShared;
    BundleSending: Careful EveryDevice NoDeviceKeys AtHand;
    SharedHistoryFlag: Visibility Always Absent;
    ChooseOlm: LastDecrypted NewestCreated OldestCreated;
    ForwardTo: OwnVerified OwnVerifiedAndGiven OwnBlockedAndGiven Own Anyone;
    ForwardedReason: Received Never Always Invented;
    KeyReplacement: Earlier Later;
    LeaveRotates: Anyone KeyHolders;
    MarkWhen: Accepted BeforeSend;
    MarksBy: IdentityKey DeviceId;
    MissingOlm: Retry MarkShared;
    NeedlessRotation: Nothing Join NewDevice Restart;
    NewcomerIndex: Next Zero;
    NoOlmAnswer: Limited WithoutSession Always;
    NoOlmDedup: Device RoomDevice SessionDevice None NeverSent;
    NoOlmFiled: ByDevice BySession;
    NoOlmReset: OlmSession Never AnyClaim Rotation;
    NoOlmScope: Device User Everyone;
    NoticeCode: Actual LeftOut Unverified Unavailable HistoryNotShared;
    NoticeConflict: Creator Last First;
    NoticeNames: RoomAndSession Session Room Neither;
    NoticeReason: Absent Code;
    NoticeScope: Session Sender;
    NoticeSender: CreatorOrAsked KeyOwner Anyone;
    NoticeSession: InUse Previous Discarded;
    NoticeTargets: Recipients Everyone;
    NoticeType: Stable Unstable Misspelt NoKey;
    OnWithheld: Remember RefuseKeys DropKey BlameAlways ForgetWithKey Ignore;
    OptOut: Silence Ignored NoKeys;
    PutFailed: RetrySameTxn RetryNewTxn Swallow;
    QueryAnswers: InTurn LastWins;
    ReplyCode: Actual Unavailable;
    ReshareIndex: Given Next;
    Unavailable: Kept KeptFromOthers Dropped;
    UnblockIndex: Next Zero AfterNext Never;
    UnwedgeClock: LastMade NewestSession OldestSession LastFailure LastMadeForUser ThisRun OnceARun Never;
    WithheldDedup: SessionDevice SessionDeviceCode RoomDevice SessionUser None;
}

many! { CodeSet SimDuration u32 }

settings! {
    Habits habits specification (Blame::This):
    withheld_dedup {
        WithheldDedup::SessionDeviceCode => Place::File("policy/a_client_that_counts_by_reason_tells_twice_about_one_session"), "A1", [(Rule::W09, "A1")];
        WithheldDedup::RoomDevice => Place::File("policy/blocking_again_after_a_key_takes_a_new_session_and_a_new_notice"), "A1", [(Rule::W01, "A1")];
        WithheldDedup::SessionUser => Place::File("policy/a_client_that_counts_by_user_leaves_the_second_device_in_the_dark"), "A1", [(Rule::W01, "A1")];
        WithheldDedup::None => Place::File("transport/a_lost_notice_is_not_sent_again"), "A1", [(Rule::W09, "A1")];
    }
    mark_when {
        MarkWhen::BeforeSend => Place::File("transport/a_client_that_takes_failures_for_success_explains_nothing"), "A1", [(Rule::W01, "A1")];
    }
    marks_persist {
        false => Place::File("policy/a_client_that_forgets_its_marks_tells_again_after_a_restart"), "A1", [(Rule::W09, "A1")];
    }
    marks_by {
        MarksBy::DeviceId => Place::File("no_olm/a_device_made_anew_under_its_old_id_is_a_new_target"), "A1", [(Rule::N01, "A1")];
    }
    notice_type {
        NoticeType::Unstable => Place::File("incidents/a_no_olm_that_is_filed_by_session_is_lost"), "A1", [(Rule::W02, "A1")];
        NoticeType::Misspelt => Place::File("incidents/a_no_olm_that_is_filed_by_session_is_lost"), "A1", [(Rule::W02, "A1")];
        NoticeType::NoKey => Place::File("incidents/a_no_olm_that_is_filed_by_session_is_lost"), "A1", [(Rule::W02, "A1")];
    }
    unstable_type_too {
        true => Place::File("incidents/a_no_olm_that_is_filed_by_session_is_lost"), "A1", [(Rule::W02, "A1")];
    }
    notice_names {
        NoticeNames::Session => Place::File("transport/a_retry_under_the_same_transaction_id_is_no_second_notice"), "A1", [(Rule::W04, "A1")];
        NoticeNames::Room => Place::File("transport/a_retry_under_the_same_transaction_id_is_no_second_notice"), "A1", [(Rule::W04, "A1")];
        NoticeNames::Neither => Place::File("transport/a_retry_under_the_same_transaction_id_is_no_second_notice"), "A1", [(Rule::W04, "A1")];
    }
    notice_code {
        NoticeCode::LeftOut => Place::File("incidents/a_no_olm_that_is_filed_by_session_is_lost"), "A1", [(Rule::N01, "A1")];
        NoticeCode::Unverified => Place::File("incidents/a_no_olm_that_is_filed_by_session_is_lost"), "A1", [(Rule::N01, "A1")];
        NoticeCode::Unavailable => Place::File("transport/a_retry_under_the_same_transaction_id_is_no_second_notice"), "A1", [(Rule::W12, "A1")];
        NoticeCode::HistoryNotShared => Place::File("transport/a_retry_under_the_same_transaction_id_is_no_second_notice"), "A1", [(Rule::W14, "A1")];
    }
    notice_reason {
        NoticeReason::Code => Place::File("incidents/a_no_olm_that_is_filed_by_session_is_lost"), "A1", [];
    }
    notice_session {
        NoticeSession::Previous => Place::File("policy/a_key_in_the_queue_counts_as_given"), "A1", [(Rule::W01, "A1")];
        NoticeSession::Discarded => Place::File("transport/a_retry_under_the_same_transaction_id_is_no_second_notice"), "A1", [(Rule::W01, "A1")];
    }
    notice_targets {
        NoticeTargets::Everyone => Place::File("policy/an_invited_user_gets_no_key_where_history_begins_with_the_join"), "A1", [];
    }
    withheld_at_creation_only {
        true => Place::File("policy/reporting_that_is_switched_on_covers_what_came_before"), "A1", [(Rule::W01, "A1")];
    }
    opt_out {
        OptOut::Ignored => Place::File("no_olm/a_sender_need_not_report_that_it_could_not_reach_a_device"), "A1", [];
        OptOut::NoKeys => Place::File("no_olm/a_sender_need_not_report_that_it_could_not_reach_a_device"), "A1", [(Rule::K01, "A1")];
    }
    skips_unencrypted {
        false => Place::File("policy/a_device_without_encryption_is_passed_over_in_silence"), "A1", [];
    }
    claims_unencrypted {
        false => Place::Text(rooms::SILENCE_FOR_BARE_DEVICES), "A1", [];
    }
    policy_before_olm {
        false => Place::File("policy/a_reason_given_in_one_room_does_not_hide_another_in_the_next"), "A1", [(Rule::W21, "A1")];
    }
    no_olm_dedup {
        NoOlmDedup::RoomDevice => Place::File("incidents/uploads_that_are_refused_drain_the_supply"), "A1", [(Rule::N03, "A1")];
        NoOlmDedup::SessionDevice => Place::File("no_olm/a_client_that_counts_by_session_repeats_m_no_olm"), "A1", [(Rule::N02, "A1")];
        NoOlmDedup::None => Place::File("no_olm/a_client_that_never_reports_it_leaves_the_device_in_the_dark"), "A1", [(Rule::N02, "A1")];
        NoOlmDedup::NeverSent => Place::File("incidents/a_no_olm_that_is_filed_by_session_is_lost"), "A1", [(Rule::N01, "A1")];
    }
    no_olm_reset {
        NoOlmReset::Never => Place::File("incidents/a_flag_that_is_never_cleared_silences_the_second_epoch"), "A1", [(Rule::N01, "A1")];
        NoOlmReset::AnyClaim => Place::File("no_olm/a_failed_claim_does_not_end_the_epoch"), "A1", [(Rule::N02, "A1")];
        NoOlmReset::Rotation => Place::File("no_olm/a_client_that_starts_over_with_each_session_repeats_m_no_olm"), "A1", [(Rule::N02, "A1")];
    }
    no_olm_persists {
        false => Place::File("no_olm/a_client_that_forgets_the_mark_repeats_m_no_olm_after_a_restart"), "A1", [(Rule::N02, "A1")];
    }
    no_olm_names_session {
        true => Place::File("incidents/a_no_olm_that_is_filed_by_session_is_lost"), "A1", [(Rule::W05, "A1")];
    }
    reports_first_failure {
        true => Place::File("policy/who_is_blocked_before_the_second_try_is_told_that_reason"), "A1", [];
    }
    missing_olm {
        MissingOlm::MarkShared => Place::File("no_olm/a_claim_that_fails_in_passing_is_tried_again_before_anything_is_said"), "A1", [(Rule::N01, "A1")];
    }
    shares_once {
        true => Place::File("rotation/a_client_that_shares_once_sends_what_a_block_came_too_late_for"), "A1", [(Rule::R05, "A1")];
    }
    put_failed {
        PutFailed::RetryNewTxn => Place::File("transport/a_retry_under_a_new_transaction_id_is_a_second_notice"), "A1", [(Rule::W09, "A1")];
        PutFailed::Swallow => Place::File("transport/a_client_that_takes_failures_for_success_explains_nothing"), "A1", [(Rule::W01, "A1")];
    }
    message_waits {
        false => Place::Text(rooms::PATIENCE_FOR_KEYS), "A1", [];
    }
    counts_queued_keys {
        false => Place::File("policy/a_key_in_the_queue_counts_as_given"), "A1", [(Rule::R05, "A1")];
    }
    unblock_index {
        UnblockIndex::Zero => Place::File("policy/an_unblocked_device_reads_on_and_keeps_the_reason_for_the_past"), "A1", [(Rule::B02, "A1")];
        UnblockIndex::AfterNext => Place::File("policy/an_unblocked_device_reads_on_and_keeps_the_reason_for_the_past"), "A1", [(Rule::B04, "A1")];
        UnblockIndex::Never => Place::File("policy/an_unblocked_device_reads_on_and_keeps_the_reason_for_the_past"), "A1", [(Rule::B04, "A1")];
    }
    newcomer_index {
        NewcomerIndex::Zero => Place::File("no_olm/a_device_that_opens_a_session_may_be_served_from_the_next_message_on"), "A1", [];
    }
    reshare_index {
        ReshareIndex::Next => Place::File("incidents/a_key_lost_to_a_forgotten_one_time_key_comes_again"), "A1", [];
    }
    reshares_for_any_session {
        true => Place::File("rotation/a_client_that_gives_a_key_again_after_any_new_session_does_so_where_two_cross"), "A1", [];
    }
    rotate_on_block {
        false => Place::File("policy/a_key_in_the_queue_counts_as_given"), "A1", [(Rule::R05, "A1")];
    }
    withheld_looks_shared {
        true => Place::File("transport/a_lost_notice_is_not_sent_again"), "A1", [(Rule::R08, "A1")];
    }
    needless_rotation {
        NeedlessRotation::Join => Place::File("policy/an_invited_user_gets_no_key_where_history_begins_with_the_join"), "A1", [];
        NeedlessRotation::NewDevice => Place::File("no_olm/a_device_made_anew_under_its_old_id_is_a_new_target"), "A1", [];
        NeedlessRotation::Restart => Place::File("no_olm/the_mark_of_m_no_olm_survives_a_restart"), "A1", [];
    }
    leave_rotates {
        LeaveRotates::KeyHolders => Place::File("rotation/a_user_who_left_counts_as_a_holder_though_alice_gave_nothing"), "A1", [];
    }
    limited_sync_rotates {
        false => Place::File("rotation/a_limited_sync_with_an_invite_replaces_the_session"), "A1", [];
    }
    heeds_room_changes {
        false => Place::File("rotation/a_client_that_looks_at_a_room_when_it_shares_goes_by_old_settings"), "A1", [(Rule::R02, "A1")];
    }
    messages_over_limit {
        1 => Place::File("no_olm/a_new_megolm_session_is_no_new_epoch"), "A1", [];
    }
    rotation_period_min {
        SimDuration::from_hours(1) => Place::Text(rooms::SHORT_PERIOD), "A1", [];
    }
    identity_change_stops {
        false => Place::File("policy/a_reset_identity_is_a_stranger_until_it_is_verified_again"), "A1", [];
    }
    shares_by_strategy {
        true => Place::File("policy/a_strategy_that_asks_for_the_signature_alone_gives_a_blocked_device_the_key"), "A1", [(Rule::K06, "A1")];
    }
    goes_by_device_id {
        true => Place::File("device_lists/a_client_that_goes_by_device_ids_leaves_a_device_made_anew_out"), "A1", [(Rule::K03, "A1")];
    }
    query_answers {
        QueryAnswers::LastWins => Place::Text(rooms::SLOW_OLD_ANSWER), "A1", [];
    }
    asks_in_batches {
        true => Place::File("incidents/a_slow_answer_about_a_list_does_not_hide_the_next_device"), "A1", [];
    }
    follows_members {
        true => Place::File("key_requests/a_client_may_ask_its_own_devices_by_itself"), "B1", [];
    }
    patient_requests {
        true => Place::File("device_lists/a_client_that_asks_until_it_is_answered_sends_when_the_list_has_come"), "A1", [];
    }
    choose_olm {
        ChooseOlm::NewestCreated => Place::Text(rooms::CROSSING_REPAIR), "A1", [(Rule::U04, "A1")];
        ChooseOlm::OldestCreated => Place::File("incidents/a_key_lost_to_a_forgotten_one_time_key_comes_again"), "A1", [(Rule::U04, "A1")];
    }
    sees_inbound_olm {
        false => Place::File("no_olm/a_device_that_opens_a_session_may_be_served_from_the_next_message_on"), "A1", [(Rule::N06, "A1")];
    }
    accepts_fallback_keys {
        false => Place::File("no_olm/a_fallback_key_stays_until_it_is_replaced"), "A1", [(Rule::N10, "A1")];
    }
    keeps_used_fallback {
        true => Place::File("no_olm/a_client_that_keeps_its_fallback_key_for_a_week_may_have_none"), "B1", [];
    }
    olm_sessions_max {
        1 => Place::File("incidents/a_damaged_first_message_does_not_use_up_the_one_time_key"), "B1", [(Rule::U07, "B1")];
    }
    inbound_olm_per_hour {
        1 => Place::Text(rooms::TWO_SESSIONS), "B1", [];
    }
    unwedge_interval {
        SimDuration::from_secs(600) => Place::File("transport/a_new_olm_session_is_tried_once_an_hour"), "B1", [];
    }
    unwedge_clock {
        UnwedgeClock::NewestSession => Place::File("transport/a_key_that_is_sent_again_repairs_an_olm_session_out_of_step"), "B1", [(Rule::U01, "B1")];
        UnwedgeClock::OldestSession => Place::Text(rooms::TWO_FAILURES), "B1", [];
        UnwedgeClock::LastFailure => Place::File("no_olm/a_no_olm_may_cross_with_a_session_on_its_way"), "B1", [];
        UnwedgeClock::LastMadeForUser => Place::Text(rooms::TWO_DEVICES_FAIL), "B1", [(Rule::U01, "B1")];
        UnwedgeClock::ThisRun => Place::File("no_olm/a_no_olm_may_cross_with_a_session_on_its_way"), "B1", [];
        UnwedgeClock::OnceARun => Place::File("no_olm/a_no_olm_may_cross_with_a_session_on_its_way"), "B1", [];
        UnwedgeClock::Never => Place::File("incidents/a_forgotten_one_time_key_costs_one_key"), "B1", [(Rule::U01, "B1")];
    }
    recovers_in_silence {
        true => Place::File("transport/a_client_that_recovers_in_silence_goes_on_failing"), "A2", [];
    }
    unwedge_needs_session {
        true => Place::File("incidents/a_forgotten_one_time_key_costs_one_key"), "B1", [(Rule::U01, "B1")];
    }
    no_olm_answer {
        NoOlmAnswer::WithoutSession => Place::Text(rooms::SESSION_LOST_ON_ONE_SIDE), "B1", [];
        NoOlmAnswer::Always => Place::File("no_olm/a_no_olm_may_cross_with_a_session_on_its_way"), "B1", [];
    }
    failed_pre_key_uses_key {
        true => Place::File("incidents/a_damaged_first_message_does_not_use_up_the_one_time_key"), "B1", [(Rule::U05, "B1")];
    }
    token_before_store {
        true => Place::File("transport/a_token_stored_before_the_notice_loses_it"), "B1", [(Rule::T11, "B1")];
    }
    asks_at_once {
        true => Place::File("key_requests/a_client_that_asks_at_once_asks_devices_that_are_not_verified_as_well"), "B1", [];
    }
    answers_at_once {
        true => Place::File("key_requests/an_own_device_that_is_not_verified_is_refused"), "B1", [];
    }
    forward_to {
        ForwardTo::OwnVerifiedAndGiven => Place::File("key_requests/asking_the_sender_brings_nothing"), "A1", [];
        ForwardTo::OwnBlockedAndGiven => Place::Text(rooms::BLOCKED_OWN_DEVICE_ASKS), "A1", [(Rule::K06, "A1")];
        ForwardTo::Own => Place::File("key_requests/an_own_device_that_is_not_verified_is_refused"), "B1", [];
        ForwardTo::Anyone => Place::File("key_requests/asking_the_sender_brings_nothing"), "A1", [];
    }
    forwarded_reason {
        ForwardedReason::Never => Place::File("key_requests/a_forwarded_key_says_why_its_beginning_is_missing"), "B1", [];
        ForwardedReason::Always => Place::File("key_requests/a_client_may_ask_its_own_devices_by_itself"), "B2", [];
        ForwardedReason::Invented => Place::File("key_requests/a_forwarded_key_says_why_its_beginning_is_missing"), "B1", [];
    }
    cancels_answered {
        true => Place::File("key_requests/a_client_may_ask_its_own_devices_by_itself"), "B1", [];
    }
    heeds_cancellations {
        false => Place::File("key_requests/a_request_that_was_taken_back_is_not_answered"), "B2", [];
    }
    reply_code {
        ReplyCode::Unavailable => Place::File("key_requests/a_repeated_request_is_answered_once"), "A1", [];
    }
    replies_to_own {
        CodeSet::NONE => Place::File("key_requests/a_reply_does_not_replace_the_senders_own_reason"), "B2", [];
    }
    replies_to_others {
        CodeSet::NONE => Place::File("key_requests/a_repeated_request_is_answered_once"), "A1", [];
    }
    on_withheld {
        OnWithheld::RefuseKeys => Place::File("policy/an_unblocked_device_reads_on_and_keeps_the_reason_for_the_past"), "B1", [(Rule::P08, "B1")];
        OnWithheld::DropKey => Place::File("transport/a_mailbox_that_is_read_backwards_loses_nothing"), "B1", [(Rule::P08, "B1")];
        OnWithheld::BlameAlways => Place::File("policy/an_unblocked_device_reads_on_and_keeps_the_reason_for_the_past"), "B1", [];
        OnWithheld::ForgetWithKey => Place::File("policy/an_unblocked_device_reads_on_and_keeps_the_reason_for_the_past"), "B1", [(Rule::P02, "B1")];
        OnWithheld::Ignore => Place::File("transport/a_client_that_knows_no_notices_leaves_its_user_in_the_dark"), "B1", [(Rule::P02, "B1")];
    }
    notice_sender {
        NoticeSender::KeyOwner => Place::File("policy/a_stranger_to_a_message_cannot_explain_it"), "B1", [];
        NoticeSender::Anyone => Place::File("policy/a_stranger_to_a_message_cannot_explain_it"), "B1", [];
    }
    notice_conflict {
        NoticeConflict::Last => Place::File("transport/a_copy_of_a_notice_changes_nothing"), "B1", [];
        NoticeConflict::First => Place::Text(rooms::REPLY_FIRST), "B1", [(Rule::P09, "B1")];
    }
    notice_scope {
        NoticeScope::Sender => Place::File("policy/a_reason_given_in_one_room_does_not_hide_another_in_the_next"), "B1", [];
    }
    no_olm_scope {
        NoOlmScope::User => Place::Text(rooms::SILENT_SECOND_DEVICE), "B1", [];
        NoOlmScope::Everyone => Place::File("incidents/uploads_that_are_refused_drain_the_supply"), "B1", [];
    }
    no_olm_filed {
        NoOlmFiled::BySession => Place::File("incidents/a_no_olm_that_is_filed_by_session_is_lost"), "B1", [];
    }
    unavailable {
        Unavailable::KeptFromOthers => Place::File("key_requests/a_reply_does_not_replace_the_senders_own_reason"), "B1", [];
        Unavailable::Dropped => Place::File("key_requests/a_reply_does_not_replace_the_senders_own_reason"), "B1", [];
    }
    late_notice_updates {
        false => Place::File("transport/a_client_that_never_looks_back_makes_nothing_of_a_late_notice"), "B1", [(Rule::P09, "B1")];
    }
    key_replacement {
        KeyReplacement::Later => Place::File("key_requests/a_new_device_reads_the_past_from_the_backup"), "B2", [];
    }
    claim_backoff_first {
        SimDuration::from_secs(60) => Place::File("incidents/a_device_that_was_empty_when_the_bot_came_up_reads_on_later"), "A1", [];
    }
    claim_backoff_max {
        SimDuration::from_secs(20) => Place::File("transport/a_server_that_stays_away_is_reported_once_and_served_when_it_is_back"), "A1", [];
    }
    shared_history_flag {
        SharedHistoryFlag::Always => Place::File("history/a_past_that_is_not_shared_is_explained_by_the_bundle"), "A1", [(Rule::H01, "A1")];
        SharedHistoryFlag::Absent => Place::File("history/who_is_invited_reads_the_past_that_is_shared"), "A1", [(Rule::H01, "A1")];
    }
    bundle_contents {
        BundleContents::Everything => Place::File("history/a_past_that_is_not_shared_is_explained_by_the_bundle"), "A1", [(Rule::H03, "A1")];
        BundleContents::Twice => Place::File("history/who_is_invited_reads_the_past_that_is_shared"), "A1", [(Rule::H04, "A1")];
        BundleContents::KeysOnly => Place::File("history/a_past_that_is_not_shared_is_explained_by_the_bundle"), "A1", [];
        BundleContents::NoOlmEntries => Place::File("history/a_past_that_is_not_shared_is_explained_by_the_bundle"), "A1", [(Rule::H10, "A1")];
        BundleContents::OtherRooms => Place::Text(rooms::TWO_ROOMS), "A1", [];
    }
    bundle_sending {
        BundleSending::EveryDevice => Place::File("history/a_device_that_is_not_signed_gets_no_bundle"), "A1", [(Rule::H05, "A1")];
        BundleSending::NoDeviceKeys => Place::File("history/who_is_invited_reads_the_past_that_is_shared"), "A1", [(Rule::H06, "A1")];
        BundleSending::AtHand => Place::File("history/the_key_backup_is_read_before_a_bundle_is_made"), "A2", [];
    }
    bundle_opening {
        BundleOpening::AtOnce => Place::File("history/who_is_invited_reads_the_past_that_is_shared"), "C1", [(Rule::H08, "C1")];
        BundleOpening::AnyRoom => Place::Text(rooms::TWO_ROOMS), "C1", [(Rule::H08, "C1")];
        BundleOpening::Anonymous => Place::File("history/who_is_invited_reads_the_past_that_is_shared"), "C1", [(Rule::H09, "C1")];
        BundleOpening::AbsentIsShared => Place::Text(rooms::OLD_SENDER), "B1", [(Rule::H02, "B1"), (Rule::H03, "B1")];
    }
    targets_per_put {
        1 => Place::File("key_requests/a_reply_does_not_replace_the_senders_own_reason"), "A1", [];
    }
}
