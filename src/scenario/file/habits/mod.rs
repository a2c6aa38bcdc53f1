//! The codecs of habits: how the client of a device, or a server, is written.
//! They do not know which device habits belong to, nor how they are layered.

mod bundles;
mod keys;
mod notices;
mod olm;
mod recipient;
mod requests;
mod server;

use super::record::settings;
use super::values::Int;
use crate::protocol::withheld::CodeSet;
use crate::scenario::habits::{
    BundleContents, BundleOpening, BundleSending, ChooseOlm, ForwardTo, ForwardedReason, Habits,
    KeyReplacement, LeaveRotates, MailboxOrder, MarkWhen, MarksBy, MissingOlm, NeedlessRotation,
    NewcomerIndex, NoOlmAnswer, NoOlmDedup, NoOlmFiled, NoOlmReset, NoOlmScope, NoticeCode,
    NoticeConflict, NoticeNames, NoticeReason, NoticeScope, NoticeSender, NoticeSession,
    NoticeTargets, NoticeType, OnWithheld, OneTimeKeyOrder, OneTimeKeyUse, OptOut, PutFailed,
    QueryAnswers, ReplyCode, ReshareIndex, ServerHabits, SharedHistoryFlag, Unavailable,
    UnblockIndex, UnwedgeClock, WithheldDedup,
};
use crate::time::SimDuration;

settings! {
    /// How the client of a device is written. What is not said is as for every device.
    Habits as HabitsChanges in "habits" from Habits::specification();
    /// What makes two session notices the same, so that the second is not sent.
    withheld_dedup: WithheldDedup,
    /// When a notice or a share counts as done.
    mark_when: MarkWhen,
    /// Whether the marks of session notices survive a restart.
    marks_persist: bool,
    /// By what a device is known that was told something.
    marks_by: MarksBy,
    /// Under which type notices go out.
    notice_type: NoticeType,
    /// Whether every notice goes out a second time under its unstable type.
    unstable_type_too: bool,
    /// What a session notice names.
    notice_names: NoticeNames,
    /// Which code a notice that nobody asked for bears.
    notice_code: NoticeCode,
    /// What the text for people in a notice says.
    notice_reason: NoticeReason,
    /// Which session a notice names as the one that is withheld.
    notice_session: NoticeSession,
    /// Which devices that are due no key are told.
    notice_targets: NoticeTargets,
    /// Whether notices are sent when a session is made and never later.
    withheld_at_creation_only: bool,
    /// What it means that a code is not to be reported to a device.
    opt_out: OptOut,
    /// Whether devices without encryption are passed over; else they are due keys and notices like others.
    skips_unencrypted: bool,
    /// Whether keys are claimed for devices without encryption that are not passed over; else they are told m.no_olm without a try.
    claims_unencrypted: bool,
    /// Whether a device that is due no key is told so without looking for an Olm session; else m.no_olm comes first.
    policy_before_olm: bool,
    /// What makes two m.no_olm notices the same, so that the second is not sent.
    no_olm_dedup: NoOlmDedup,
    /// What allows m.no_olm to be sent again.
    no_olm_reset: NoOlmReset,
    /// Whether the mark of m.no_olm survives a restart.
    no_olm_persists: bool,
    /// Whether m.no_olm names a room and a session.
    no_olm_names_session: bool,
    /// Whether a claim that fails for a passing reason is reported before it is made again.
    reports_first_failure: bool,
    /// What a device without an Olm session is in the eyes of the sender afterwards.
    missing_olm: MissingOlm,
    /// Whether all that a message needs is decided once, after its claims, and sent, one request after the other; who has no Olm session by then is told so and owed nothing.
    shares_once: bool,
    /// What a failed sendToDevice leads to.
    put_failed: PutFailed,
    /// Whether a message waits until the server has accepted its keys.
    message_waits: bool,
    /// Whether a key that is on its way to the server counts as given when its target is blocked.
    counts_queued_keys: bool,
    /// At which index an unblocked device gets the session that is in use.
    unblock_index: UnblockIndex,
    /// At which index a new device gets the session that is in use.
    newcomer_index: NewcomerIndex,
    /// At which index a key starts that is sent again after its recipient has opened a new Olm session.
    reshare_index: ReshareIndex,
    /// Whether any new Olm session of its recipient makes a key be sent again, with the next message; else one with m.dummy does, at once.
    reshares_for_any_session: bool,
    /// Whether blocking a device that has the key replaces the session.
    rotate_on_block: bool,
    /// Whether devices that were only withheld from count as having the key, so that each message replaces the session.
    withheld_looks_shared: bool,
    /// What replaces a session though no rule asks for it.
    needless_rotation: NeedlessRotation,
    /// Whose leaving replaces the session.
    leave_rotates: LeaveRotates,
    /// Whether a change of membership in a limited sync replaces the session even if nobody is missing in the end.
    limited_sync_rotates: bool,
    /// Whether what changes in a room counts as soon as it is seen; else a session ends, when its key is shared, if visibility or members are others than before.
    heeds_room_changes: bool,
    /// How many messages beyond the room's number a session encrypts.
    messages_over_limit: Int<0, 1_000_000>,
    /// The least age at which a session is replaced, whatever the room says.
    rotation_period_min: SimDuration,
    /// Whether messages are refused until a changed identity was accepted.
    identity_change_stops: bool,
    /// Whether the share policy is carried out with the exceptions and errors of matrix-rust-sdk's strategies.
    shares_by_strategy: bool,
    /// Whether a device that comes under the id of another one is taken for that one.
    goes_by_device_id: bool,
    /// What a query for a device list does while another one for the same user is on its way.
    query_answers: QueryAnswers,
    /// Whether what no message waits for leaves together after a sync, and nothing of that again before all of it was answered.
    asks_in_batches: bool,
    /// Whether the lists of a room's members are asked for as soon as the room shows them, and not first for a message.
    follows_members: bool,
    /// Whether a query or a claim that fails as a whole is made again for a quarter of an hour, while the message waits.
    patient_requests: bool,
    /// Which Olm session is used where there are several.
    choose_olm: ChooseOlm,
    /// Whether an Olm session that the other side made is taken for one on which keys can be sent.
    sees_inbound_olm: bool,
    /// Whether a claimed fallback key is used; else it counts as a failed claim.
    accepts_fallback_keys: bool,
    /// Whether a fallback key stays for a week, used or not, and the one before it until it is replaced.
    keeps_used_fallback: bool,
    /// How many Olm sessions with one device are kept.
    olm_sessions_max: Int<1, 1_000>,
    /// How many Olm sessions that one other device makes are accepted within an hour.
    inbound_olm_per_hour: Int<1, 1_000_000>,
    /// The least time between two new Olm sessions with one device.
    unwedge_interval: SimDuration,
    /// From when on the least time between two new Olm sessions is counted.
    unwedge_clock: UnwedgeClock,
    /// Whether an undecryptable message leads to a new session only if there was one.
    unwedge_needs_session: bool,
    /// Whether the new session of a recovery is kept without a m.dummy on it.
    recovers_in_silence: bool,
    /// When a client that answers m.no_olm by a new Olm session does so.
    no_olm_answer: NoOlmAnswer,
    /// Whether a failed pre-key message uses up the one-time key.
    failed_pre_key_uses_key: bool,
    /// Whether the sync token is stored before what came with it.
    token_before_store: bool,
    /// Whether keys are asked for with every try that fails or not at all, of all own devices if one of them is verified by then.
    asks_at_once: bool,
    /// Who is given keys on request.
    forward_to: ForwardTo,
    /// What a forwarded key says of the part of the session that is missing.
    forwarded_reason: ForwardedReason,
    /// Whether a key request that was answered is taken back from who answered it, too.
    cancels_answered: bool,
    /// Whether a key request is answered, or passed over, with the sync that brings it, by the device list that is there.
    answers_at_once: bool,
    /// Whether a key request that was taken back is left alone.
    heeds_cancellations: bool,
    /// What a key request is answered with.
    reply_code: ReplyCode,
    /// Codes with which requests of own devices are refused; otherwise nothing is said.
    replies_to_own: CodeSet,
    /// Codes with which requests of other users' devices are refused; otherwise nothing is said.
    replies_to_others: CodeSet,
    /// What a recipient makes of a session notice.
    on_withheld: OnWithheld,
    /// From whom a session notice is believed.
    notice_sender: NoticeSender,
    /// Which notice wins where several name one session.
    notice_conflict: NoticeConflict,
    /// Which messages a session notice is taken to explain.
    notice_scope: NoticeScope,
    /// Whose messages a m.no_olm is taken to explain.
    no_olm_scope: NoOlmScope,
    /// How a m.no_olm is filed.
    no_olm_filed: NoOlmFiled,
    /// What becomes of a m.unavailable.
    unavailable: Unavailable,
    /// Whether a notice that comes after its message changes what is shown for it.
    late_notice_updates: bool,
    /// Which key replaces one that is there.
    key_replacement: KeyReplacement,
    /// The first wait after a failed claim; it is doubled each time.
    claim_backoff_first: SimDuration,
    /// The longest wait after a failed claim.
    claim_backoff_max: SimDuration,
    /// How many targets one sendToDevice request has at the most.
    targets_per_put: Int<1, 1_000_000>,
    /// What the client writes into shared_history of its room keys.
    shared_history_flag: SharedHistoryFlag,
    /// What the client's history bundles list.
    bundle_contents: BundleContents,
    /// How the client sends history bundles.
    bundle_sending: BundleSending,
    /// What the client makes of history bundles that it is sent.
    bundle_opening: BundleOpening,
}

settings! {
    /// How a homeserver is written. What is not said is as the specification wants it.
    ServerHabits as ServerHabitsChanges in "server_habits" from ServerHabits::specification();
    /// How often a one-time key is handed out.
    one_time_keys: OneTimeKeyUse,
    /// Which one-time key is handed out first.
    one_time_key_order: OneTimeKeyOrder,
    /// Whether a fallback key is handed out when there is no one-time key.
    gives_fallback_keys: bool,
    /// How mailboxes are listed.
    mailbox: MailboxOrder,
}

#[cfg(test)]
mod tests {
    use crate::scenario::file::choice::Choice;
    use crate::scenario::habits::{
        BundleContents, BundleOpening, BundleSending, ChooseOlm, ForwardTo, ForwardedReason,
        KeyReplacement, LeaveRotates, MailboxOrder, MarkWhen, MarksBy, MissingOlm,
        NeedlessRotation, NewcomerIndex, NoOlmAnswer, NoOlmDedup, NoOlmFiled, NoOlmReset,
        NoOlmScope, NoticeCode, NoticeConflict, NoticeNames, NoticeReason, NoticeScope,
        NoticeSender, NoticeSession, NoticeTargets, NoticeType, OnWithheld, OneTimeKeyOrder,
        OneTimeKeyUse, OptOut, PutFailed, QueryAnswers, ReplyCode, ReshareIndex, SharedHistoryFlag,
        Unavailable, UnblockIndex, UnwedgeClock, WithheldDedup,
    };

    /// Compares the names of a habit's settings with those that the model gives them.
    fn same<T: Choice + PartialEq + std::fmt::Debug>(model: &[(T, &'static str)]) {
        let ours: Vec<_> = T::ALL.iter().map(|(value, name, _)| (value.clone(), *name)).collect();
        assert_eq!(ours, model);
    }

    #[test]
    fn settings_of_habits_have_the_names_and_the_order_of_the_model() {
        same(WithheldDedup::ALL);
        same(MarkWhen::ALL);
        same(NoOlmDedup::ALL);
        same(NoOlmReset::ALL);
        same(NoticeType::ALL);
        same(NoticeNames::ALL);
        same(NoticeCode::ALL);
        same(NoticeReason::ALL);
        same(NoticeSession::ALL);
        same(NoticeTargets::ALL);
        same(OptOut::ALL);
        same(MarksBy::ALL);
        same(MissingOlm::ALL);
        same(UnblockIndex::ALL);
        same(NewcomerIndex::ALL);
        same(ReshareIndex::ALL);
        same(PutFailed::ALL);
        same(NeedlessRotation::ALL);
        same(LeaveRotates::ALL);
        same(ChooseOlm::ALL);
        same(UnwedgeClock::ALL);
        same(NoOlmAnswer::ALL);
        same(QueryAnswers::ALL);
        same(ForwardTo::ALL);
        same(ForwardedReason::ALL);
        same(ReplyCode::ALL);
        same(OnWithheld::ALL);
        same(NoticeConflict::ALL);
        same(SharedHistoryFlag::ALL);
        same(BundleContents::ALL);
        same(BundleSending::ALL);
        same(BundleOpening::ALL);
        same(NoticeScope::ALL);
        same(NoOlmScope::ALL);
        same(NoOlmFiled::ALL);
        same(NoticeSender::ALL);
        same(Unavailable::ALL);
        same(KeyReplacement::ALL);
        same(OneTimeKeyUse::ALL);
        same(OneTimeKeyOrder::ALL);
        same(MailboxOrder::ALL);
    }
}
