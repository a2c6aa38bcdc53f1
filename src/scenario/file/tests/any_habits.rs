//! Habits made of arbitrary numbers, for scenarios that were never a file.
//! What a habit means is not looked at.

use super::values::Source;
use crate::scenario::habits::{Habits, ServerHabits};

impl Source {
    /// Habits of a client.
    #[expect(clippy::too_many_lines, reason = "one line for each habit")]
    pub(super) fn habits(&mut self) -> Habits {
        Habits {
            withheld_dedup: self.choice(),
            mark_when: self.choice(),
            marks_persist: self.flag(),
            marks_by: self.choice(),
            notice_type: self.choice(),
            unstable_type_too: self.flag(),
            notice_names: self.choice(),
            notice_code: self.choice(),
            notice_reason: self.choice(),
            notice_session: self.choice(),
            notice_targets: self.choice(),
            withheld_at_creation_only: self.flag(),
            opt_out: self.choice(),
            skips_unencrypted: self.flag(),
            claims_unencrypted: self.flag(),
            policy_before_olm: self.flag(),
            no_olm_dedup: self.choice(),
            no_olm_reset: self.choice(),
            no_olm_persists: self.flag(),
            no_olm_names_session: self.flag(),
            reports_first_failure: self.flag(),
            missing_olm: self.choice(),
            shares_once: self.flag(),
            put_failed: self.choice(),
            message_waits: self.flag(),
            counts_queued_keys: self.flag(),
            unblock_index: self.choice(),
            newcomer_index: self.choice(),
            reshare_index: self.choice(),
            reshares_for_any_session: self.flag(),
            rotate_on_block: self.flag(),
            withheld_looks_shared: self.flag(),
            needless_rotation: self.choice(),
            leave_rotates: self.choice(),
            limited_sync_rotates: self.flag(),
            heeds_room_changes: self.flag(),
            messages_over_limit: self.number(0, 1_000_000),
            rotation_period_min: self.span(),
            identity_change_stops: self.flag(),
            shares_by_strategy: self.flag(),
            goes_by_device_id: self.flag(),
            query_answers: self.choice(),
            follows_members: self.flag(),
            patient_requests: self.flag(),
            choose_olm: self.choice(),
            sees_inbound_olm: self.flag(),
            accepts_fallback_keys: self.flag(),
            keeps_used_fallback: self.flag(),
            olm_sessions_max: self.number(1, 1_000),
            inbound_olm_per_hour: self.number(1, 1_000_000),
            unwedge_interval: self.span(),
            unwedge_clock: self.choice(),
            unwedge_needs_session: self.flag(),
            no_olm_answer: self.choice(),
            failed_pre_key_uses_key: self.flag(),
            token_before_store: self.flag(),
            asks_at_once: self.flag(),
            forward_to: self.choice(),
            forwarded_reason: self.choice(),
            cancels_answered: self.flag(),
            heeds_cancellations: self.flag(),
            reply_code: self.choice(),
            replies_to_own: self.codes(),
            replies_to_others: self.codes(),
            on_withheld: self.choice(),
            notice_sender: self.choice(),
            notice_conflict: self.choice(),
            notice_scope: self.choice(),
            no_olm_scope: self.choice(),
            no_olm_filed: self.choice(),
            unavailable: self.choice(),
            late_notice_updates: self.flag(),
            key_replacement: self.choice(),
            claim_backoff_first: self.span(),
            claim_backoff_max: self.span(),
            targets_per_put: self.number(1, 1_000_000),
            shared_history_flag: self.choice(),
            bundle_contents: self.choice(),
            bundle_sending: self.choice(),
            bundle_opening: self.choice(),
        }
    }

    /// Habits of a server.
    pub(super) fn server_habits(&mut self) -> ServerHabits {
        ServerHabits {
            one_time_keys: self.choice(),
            one_time_key_order: self.choice(),
            gives_fallback_keys: self.flag(),
            mailbox: self.choice(),
        }
    }
}
