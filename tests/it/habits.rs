//! Every habit of the reference client, set to each of its other settings in a room where that shows.
//! Rules that are not judged yet are broken in silence here.

use withheld::rulebook::rule::Rule;
use withheld::scenario::habits::{
    ChooseOlm, Habits, MarkWhen, MissingOlm, NoOlmDedup, NoOlmReset, NoticeConflict, OnWithheld,
    PutFailed, UnblockIndex, WithheldDedup,
};
use withheld::time::SimDuration;

use crate::settings::{Place, few, many, settings};

/// Alice's client opens a session after a damaged message; then a message on the older one arrives.
const CROSSING_REPAIR: &str = r#"{
  "format": 1, "about": "A test.",
  "users": { "alice": { "devices": ["A1"] }, "bob": { "devices": ["B1"] } },
  "timeline": [
    { "at": "10s", "do": "send", "from": "A1", "message": "m1" },
    { "at": "7200s", "do": "send", "from": "B1", "message": "m2" },
    { "at": "7201s", "do": "discard_session", "device": "B1" },
    { "at": "7202s", "do": "send", "from": "B1", "message": "m3" },
    { "at": "7259s", "do": "discard_session", "device": "A1" },
    { "at": "7260s", "do": "send", "from": "A1", "message": "m4" }
  ],
  "faults": [
    { "from": "7199s", "until": "7201s", "fault": "to_device_delayed", "which": { "sender": "B1" }, "by": "30s" },
    { "from": "7201s", "until": "7210s", "fault": "olm_corrupted", "which": { "sender": "B1" } }
  ]
}"#;

/// Bob's second device answers a request before the notice of the sender comes.
const REPLY_FIRST: &str = r#"{
  "format": 1, "about": "A test.",
  "users": { "alice": { "devices": ["A1"] }, "bob": { "devices": ["B1", "B2"] } },
  "timeline": [
    { "at": "5s", "do": "block", "device": "A1", "target": "bob" },
    { "at": "10s", "do": "send", "from": "A1", "message": "m1" },
    { "at": "20s", "do": "request_key", "device": "B1", "message": "m1", "of": ["B2"] }
  ],
  "faults": [
    { "fault": "to_device_delayed", "which": { "sender": "A1", "recipient": "B1" }, "by": "30s" }
  ]
}"#;

few! {
    ChooseOlm: LastDecrypted NewestCreated;
    MarkWhen: Accepted BeforeSend;
    MissingOlm: Retry MarkShared;
    NoOlmDedup: Device RoomDevice SessionDevice None NeverSent;
    NoOlmReset: OlmSession Never AnyClaim Rotation;
    NoticeConflict: Creator Last First;
    OnWithheld: Remember RefuseKeys DropKey Ignore;
    PutFailed: RetrySameTxn RetryNewTxn Swallow;
    UnblockIndex: Next Zero AfterNext Never;
    WithheldDedup: SessionDevice SessionDeviceCode RoomDevice SessionUser None;
}

many! { SimDuration u32 }

settings! {
    Habits habits specification:
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
    missing_olm {
        MissingOlm::MarkShared => Place::File("no_olm/a_claim_that_fails_in_passing_is_tried_again_before_anything_is_said"), "A1", [(Rule::N01, "A1")];
    }
    unstable_type_too {
        true => Place::File("incidents/a_no_olm_that_is_filed_by_session_is_lost"), "A1", [(Rule::W02, "A1")];
    }
    put_failed {
        PutFailed::RetryNewTxn => Place::File("transport/a_retry_under_a_new_transaction_id_is_a_second_notice"), "A1", [(Rule::W09, "A1")];
        PutFailed::Swallow => Place::File("transport/a_client_that_takes_failures_for_success_explains_nothing"), "A1", [(Rule::W01, "A1")];
    }
    unblock_index {
        UnblockIndex::Zero => Place::File("policy/an_unblocked_device_reads_on_and_keeps_the_reason_for_the_past"), "A1", [];
        UnblockIndex::AfterNext => Place::File("policy/an_unblocked_device_reads_on_and_keeps_the_reason_for_the_past"), "A1", [(Rule::K01, "A1")];
        UnblockIndex::Never => Place::File("policy/an_unblocked_device_reads_on_and_keeps_the_reason_for_the_past"), "A1", [(Rule::K01, "A1")];
    }
    rotate_on_block {
        false => Place::File("policy/a_key_in_the_queue_counts_as_given"), "A1", [];
    }
    withheld_looks_shared {
        true => Place::File("transport/a_lost_notice_is_not_sent_again"), "A1", [];
    }
    withheld_at_creation_only {
        true => Place::File("policy/reporting_that_is_switched_on_covers_what_came_before"), "A1", [(Rule::W01, "A1")];
    }
    choose_olm {
        ChooseOlm::NewestCreated => Place::Text(CROSSING_REPAIR), "A1", [];
    }
    unwedge_interval {
        SimDuration::from_secs(600) => Place::File("transport/a_new_olm_session_is_tried_once_an_hour"), "B1", [];
    }
    unwedge_needs_session {
        true => Place::File("incidents/a_forgotten_one_time_key_costs_one_key"), "B1", [(Rule::U01, "B1")];
    }
    failed_pre_key_uses_key {
        true => Place::File("incidents/a_damaged_first_message_does_not_use_up_the_one_time_key"), "B1", [(Rule::U05, "B1")];
    }
    token_before_store {
        true => Place::File("transport/a_token_stored_before_the_notice_loses_it"), "B1", [(Rule::T11, "B1")];
    }
    on_withheld {
        OnWithheld::RefuseKeys => Place::File("policy/an_unblocked_device_reads_on_and_keeps_the_reason_for_the_past"), "B1", [(Rule::P08, "B1")];
        OnWithheld::DropKey => Place::File("transport/a_mailbox_that_is_read_backwards_loses_nothing"), "B1", [(Rule::P08, "B1")];
        OnWithheld::Ignore => Place::File("transport/a_client_that_knows_no_notices_leaves_its_user_in_the_dark"), "B1", [(Rule::P02, "B1")];
    }
    notice_conflict {
        NoticeConflict::Last => Place::File("transport/a_copy_of_a_notice_changes_nothing"), "B1", [];
        NoticeConflict::First => Place::Text(REPLY_FIRST), "B1", [(Rule::P09, "B1")];
    }
    late_notice_updates {
        false => Place::File("transport/a_client_that_never_looks_back_makes_nothing_of_a_late_notice"), "B1", [(Rule::P09, "B1")];
    }
    claim_backoff_first {
        SimDuration::from_secs(60) => Place::File("incidents/a_device_that_was_empty_when_the_bot_came_up_reads_on_later"), "A1", [];
    }
    claim_backoff_max {
        SimDuration::from_secs(20) => Place::File("transport/a_server_that_stays_away_is_reported_once_and_served_when_it_is_back"), "A1", [];
    }
    targets_per_put {
        1 => Place::File("key_requests/a_reply_does_not_replace_the_senders_own_reason"), "A1", [];
    }
}
