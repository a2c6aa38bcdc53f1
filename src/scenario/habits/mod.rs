//! Habits: how a client or a server is written. Every field has a setting that follows the specification, and others
//! that real programs have or had, or that a checker must catch.
//! They do not know what users choose; that is in `policy`.

mod bundles;
mod keys;
mod notices;
mod olm;
mod recipient;
mod requests;
mod server;

pub use bundles::{BundleContents, BundleOpening, BundleSending, SharedHistoryFlag};
pub use keys::{
    LeaveRotates, MissingOlm, NeedlessRotation, NewcomerIndex, PutFailed, ReshareIndex,
    UnblockIndex,
};
pub use notices::{
    MarkWhen, MarksBy, NoOlmDedup, NoOlmReset, NoticeCode, NoticeNames, NoticeReason,
    NoticeSession, NoticeTargets, NoticeType, OptOut, WithheldDedup,
};
pub use olm::{ChooseOlm, NoOlmAnswer, UnwedgeClock};
pub use recipient::{
    KeyReplacement, NoOlmFiled, NoOlmScope, NoticeConflict, NoticeScope, NoticeSender, OnWithheld,
    Unavailable,
};
pub use requests::{ForwardTo, ForwardedReason, QueryAnswers, ReplyCode};
pub use server::{MailboxOrder, OneTimeKeyOrder, OneTimeKeyUse, ServerHabits};

use crate::protocol::withheld::CodeSet;
use crate::time::SimDuration;

/// Declares an enum of habits with the names of its settings in files.
macro_rules! habit {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// The settings with their names in files, the specification's first.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$variant, $text),)*];
        }
    };
}

use habit;

/// How a client is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Habits {
    /// When a session notice is a repetition.
    pub withheld_dedup: WithheldDedup,
    /// When a notice counts as sent.
    pub mark_when: MarkWhen,
    /// Whether the marks of session notices survive a restart (X02).
    pub marks_persist: bool,
    /// By what a device is known that was told something.
    pub marks_by: MarksBy,
    /// Under which type notices go out.
    pub notice_type: NoticeType,
    /// Whether every notice goes out a second time under its unstable type (mautrix).
    pub unstable_type_too: bool,
    /// Which session a session notice names.
    pub notice_names: NoticeNames,
    /// Which code a notice that nobody asked for bears.
    pub notice_code: NoticeCode,
    /// What the text for people says.
    pub notice_reason: NoticeReason,
    /// Which session a notice names as the one that is withheld.
    pub notice_session: NoticeSession,
    /// Which devices that are due no key are told.
    pub notice_targets: NoticeTargets,
    /// Whether notices are sent when a session is made and never later (X29).
    pub withheld_at_creation_only: bool,
    /// What it means that a code is not to be reported to a device.
    pub opt_out: OptOut,
    /// Whether devices without encryption are passed over (K-09; X36 if not). Else they are owed keys and notices
    /// like others.
    pub skips_unencrypted: bool,
    /// Whether keys are claimed for devices without encryption that are not passed over. Else they are told `m.no_olm` without a
    /// try, and given keys once they have made an Olm session themselves (matrix-rust-sdk).
    pub claims_unencrypted: bool,
    /// Whether it is looked at what a device is due before it is looked for an Olm session (W-21; X16 if not).
    pub policy_before_olm: bool,
    /// When a `m.no_olm` is a repetition.
    pub no_olm_dedup: NoOlmDedup,
    /// When `m.no_olm` may be sent again.
    pub no_olm_reset: NoOlmReset,
    /// Whether the mark of `m.no_olm` survives a restart (X08).
    pub no_olm_persists: bool,
    /// Whether `m.no_olm` names room and session (X11; Element Android legacy, Hydrogen).
    pub no_olm_names_session: bool,
    /// Whether a claim that fails for a passing reason is reported before a second try (A-07; matrix-rust-sdk,
    /// matrix-js-sdk legacy).
    pub reports_first_failure: bool,
    /// What a missing Olm session leads to.
    pub missing_olm: MissingOlm,
    /// Whether a message has one share: once keys were claimed for everybody in the room, all that is due is decided and sent together, and the
    /// message follows whatever has changed meanwhile: the keys, then every notice, one request after the other. Who has no Olm session by then is told
    /// `m.no_olm`, whether anybody has tried or not, and is owed nothing. Else it is looked again until nothing is left to do (matrix-rust-sdk).
    pub shares_once: bool,
    /// What a failed request leads to.
    pub put_failed: PutFailed,
    /// Whether a message waits until its keys are accepted (K-02; X30 if not).
    pub message_waits: bool,
    /// Whether a key that is on its way to the server counts as given when its target is blocked (A-38; X23 if
    /// not).
    pub counts_queued_keys: bool,
    /// Where an unblocked device starts.
    pub unblock_index: UnblockIndex,
    /// Where a new device starts.
    pub newcomer_index: NewcomerIndex,
    /// Where a key starts that is sent again.
    pub reshare_index: ReshareIndex,
    /// Whether a device that has the key is given it once more with the next message after any new Olm session that it made, and not only at once
    /// after one with `m.dummy` (matrix-rust-sdk).
    pub reshares_for_any_session: bool,
    /// Whether blocking a device that has the key replaces the session (R-05, X22).
    pub rotate_on_block: bool,
    /// Whether devices that were only withheld from count as having the key, so that each message replaces the
    /// session (X24; matrix-rust-sdk before 2025-04).
    pub withheld_looks_shared: bool,
    /// What replaces a session though no rule asks for it.
    pub needless_rotation: NeedlessRotation,
    /// Whose leaving replaces the session.
    pub leave_rotates: LeaveRotates,
    /// Whether a change of membership in a limited sync replaces the session even if nobody is missing in the end
    /// (R-07; X27 if not).
    pub limited_sync_rotates: bool,
    /// Whether what changes in a room counts as soon as it is seen. Else a room is looked at when a key is shared: its session ends if
    /// the history visibility is another one than it was made under or somebody who has its key is not there, and goes by the settings
    /// that it was made with (matrix-rust-sdk).
    pub heeds_room_changes: bool,
    /// How many messages beyond the room's number a session encrypts (R-02; X28 has 1).
    pub messages_over_limit: u32,
    /// The least age at which a session is replaced, whatever the room says (A-22; an hour in matrix-rust-sdk).
    pub rotation_period_min: SimDuration,
    /// Whether messages are refused until a changed identity was accepted (V-02; X63 if not).
    pub identity_change_stops: bool,
    /// Whether the share policy is carried out as the strategies of matrix-rust-sdk: signed devices get keys though they are blocked, where all
    /// signed ones do; nothing is sent to them from a device that its user has not signed; an error comes where a verified user has an unsigned
    /// device or other keys; and who is verified by new secrets is so at once. Own keys and signatures go up one after the other, and keys of
    /// another device are taken over when it is seen that they are published; a user is verified when a list shows the signature; and a block takes
    /// back that a device was verified by hand.
    pub shares_by_strategy: bool,
    /// Whether a device that comes under the id of another one counts as that one: its keys are passed over while the other is known, and
    /// of a session that the other was given it gets no key (matrix-rust-sdk).
    pub goes_by_device_id: bool,
    /// What a query does while another one is on its way.
    pub query_answers: QueryAnswers,
    /// Whether what no message waits for (lists, uploads of keys, key requests, answers to them) leaves together after a sync, and nothing of
    /// that again before all of it was answered; a message asks for lists beside that (matrix-rust-sdk).
    pub asks_in_batches: bool,
    /// Whether the lists of a room's members are asked for as soon as the room shows them, and not first for a message
    /// (matrix-rust-sdk).
    pub follows_members: bool,
    /// Whether a query or a claim that fails as a whole is made again for a quarter of an hour before it counts as failed, and the message
    /// waits for it; whatever else fails is made again after as short times, and a message until it is answered, whether its echo has come or
    /// not (matrix-rust-sdk).
    pub patient_requests: bool,
    /// Which Olm session is used.
    pub choose_olm: ChooseOlm,
    /// Whether an Olm session that the other side made counts as one (N-06; X18 if not).
    pub sees_inbound_olm: bool,
    /// Whether a claimed fallback key is used (N-10; X17 if not).
    pub accepts_fallback_keys: bool,
    /// Whether a fallback key stays for a week, used or not, and the one before it until it is replaced (C-08 if so; matrix-rust-sdk).
    pub keeps_used_fallback: bool,
    /// How many Olm sessions with one device are kept (U-07 asks for 4 at the least; Trixnity keeps 9).
    pub olm_sessions_max: u32,
    /// How many Olm sessions of one other device are accepted within an hour (Trixnity: 3).
    pub inbound_olm_per_hour: u32,
    /// The least time between two new Olm sessions with one device (U-02; X49 has none).
    pub unwedge_interval: SimDuration,
    /// From when on that time is counted.
    pub unwedge_clock: UnwedgeClock,
    /// Whether an undecryptable message leads to a new session only if there was one (matrix-rust-sdk).
    pub unwedge_needs_session: bool,
    /// Whether the new session of a recovery is kept without a word, the least time is counted in whole seconds, and a first message that fails
    /// on its own session leads to one with an own device alone (U-01 if so; matrix-rust-sdk).
    pub recovers_in_silence: bool,
    /// When `m.no_olm` is answered by a new Olm session.
    pub no_olm_answer: NoOlmAnswer,
    /// Whether a failed pre-key message uses up the one-time key (X52).
    pub failed_pre_key_uses_key: bool,
    /// Whether the sync token is stored before what came with it (X54).
    pub token_before_store: bool,
    /// Whether keys are asked for at once or not at all, of all own devices if one of them is verified by then, with every try that fails for
    /// want of one; else as soon as it is known whom to ask (matrix-rust-sdk).
    pub asks_at_once: bool,
    /// Who is given keys on request.
    pub forward_to: ForwardTo,
    /// What a forwarded key says of the part that is missing.
    pub forwarded_reason: ForwardedReason,
    /// Whether a request that was answered is taken back from who answered it, too (matrix-rust-sdk).
    pub cancels_answered: bool,
    /// Whether a key request is answered with the sync that brings it, by the device list that is there, each time that it comes and whether it is
    /// taken back later or not, and passed over if that list does not have its device; else once the list is known. The Olm session that
    /// an answer needs is claimed with every sync until there is one, and then it is decided anew (matrix-rust-sdk).
    pub answers_at_once: bool,
    /// Whether a request that was taken back is left alone (Q-08; X38 if not).
    pub heeds_cancellations: bool,
    /// What a key request is answered with.
    pub reply_code: ReplyCode,
    /// Codes with which requests of own devices are refused; of others nothing is said (mautrix-go: all but
    /// `m.unavailable`).
    pub replies_to_own: CodeSet,
    /// Codes with which requests of other users' devices are refused; of others nothing is said (mautrix-python:
    /// none).
    pub replies_to_others: CodeSet,
    /// What a recipient makes of a session notice.
    pub on_withheld: OnWithheld,
    /// From whom a session notice is believed.
    pub notice_sender: NoticeSender,
    /// Which notice wins.
    pub notice_conflict: NoticeConflict,
    /// Which messages a session notice is taken to explain.
    pub notice_scope: NoticeScope,
    /// Whose messages a `m.no_olm` is taken to explain.
    pub no_olm_scope: NoOlmScope,
    /// How a `m.no_olm` is filed.
    pub no_olm_filed: NoOlmFiled,
    /// What becomes of a `m.unavailable`.
    pub unavailable: Unavailable,
    /// Whether a notice that comes after its message changes what is shown for it (P-09, X46).
    pub late_notice_updates: bool,
    /// Which key replaces one that is there.
    pub key_replacement: KeyReplacement,
    /// First wait after a failed claim; doubled each time.
    pub claim_backoff_first: SimDuration,
    /// Longest wait after a failed claim.
    pub claim_backoff_max: SimDuration,
    /// How many targets one `sendToDevice` request has at the most.
    pub targets_per_put: u32,
    /// What it writes into `shared_history`.
    pub shared_history_flag: SharedHistoryFlag,
    /// What its history bundles list.
    pub bundle_contents: BundleContents,
    /// How it sends them.
    pub bundle_sending: BundleSending,
    /// What it makes of those that it is sent, and of `shared_history`.
    pub bundle_opening: BundleOpening,
}

impl Habits {
    /// A client as the specification wants it; where that is silent, the waits of matrix-rust-sdk.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "one line for each habit")]
    pub const fn specification() -> Self {
        Self {
            withheld_dedup: WithheldDedup::SessionDevice,
            mark_when: MarkWhen::Accepted,
            marks_persist: true,
            marks_by: MarksBy::IdentityKey,
            notice_type: NoticeType::Stable,
            unstable_type_too: false,
            notice_names: NoticeNames::RoomAndSession,
            notice_code: NoticeCode::Actual,
            notice_reason: NoticeReason::Absent,
            notice_session: NoticeSession::InUse,
            notice_targets: NoticeTargets::Recipients,
            withheld_at_creation_only: false,
            opt_out: OptOut::Silence,
            skips_unencrypted: true,
            claims_unencrypted: true,
            policy_before_olm: true,
            no_olm_dedup: NoOlmDedup::Device,
            no_olm_reset: NoOlmReset::OlmSession,
            no_olm_persists: true,
            no_olm_names_session: false,
            reports_first_failure: false,
            missing_olm: MissingOlm::Retry,
            shares_once: false,
            put_failed: PutFailed::RetrySameTxn,
            message_waits: true,
            counts_queued_keys: true,
            unblock_index: UnblockIndex::Next,
            newcomer_index: NewcomerIndex::Next,
            reshare_index: ReshareIndex::Given,
            reshares_for_any_session: false,
            rotate_on_block: true,
            withheld_looks_shared: false,
            needless_rotation: NeedlessRotation::Nothing,
            leave_rotates: LeaveRotates::Anyone,
            limited_sync_rotates: true,
            heeds_room_changes: true,
            messages_over_limit: 0,
            rotation_period_min: SimDuration::ZERO,
            identity_change_stops: true,
            shares_by_strategy: false,
            goes_by_device_id: false,
            query_answers: QueryAnswers::InTurn,
            asks_in_batches: false,
            follows_members: false,
            patient_requests: false,
            choose_olm: ChooseOlm::LastDecrypted,
            sees_inbound_olm: true,
            accepts_fallback_keys: true,
            keeps_used_fallback: false,
            olm_sessions_max: 8,
            inbound_olm_per_hour: 1_000_000,
            unwedge_interval: SimDuration::from_hours(1),
            unwedge_clock: UnwedgeClock::LastMade,
            unwedge_needs_session: false,
            recovers_in_silence: false,
            no_olm_answer: NoOlmAnswer::Limited,
            failed_pre_key_uses_key: false,
            token_before_store: false,
            asks_at_once: false,
            forward_to: ForwardTo::OwnVerified,
            forwarded_reason: ForwardedReason::Received,
            cancels_answered: false,
            answers_at_once: false,
            heeds_cancellations: true,
            reply_code: ReplyCode::Actual,
            replies_to_own: CodeSet::ALL,
            replies_to_others: CodeSet::ALL,
            on_withheld: OnWithheld::Remember,
            notice_sender: NoticeSender::CreatorOrAsked,
            notice_conflict: NoticeConflict::Creator,
            notice_scope: NoticeScope::Session,
            no_olm_scope: NoOlmScope::Device,
            no_olm_filed: NoOlmFiled::ByDevice,
            unavailable: Unavailable::Kept,
            late_notice_updates: true,
            key_replacement: KeyReplacement::Earlier,
            claim_backoff_first: SimDuration::from_secs(15),
            claim_backoff_max: SimDuration::from_secs(900),
            targets_per_put: 250,
            shared_history_flag: SharedHistoryFlag::Visibility,
            bundle_contents: BundleContents::Shareable,
            bundle_sending: BundleSending::Careful,
            bundle_opening: BundleOpening::Accepted,
        }
    }
}
