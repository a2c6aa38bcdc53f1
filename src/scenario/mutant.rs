//! Mutants: single wrong ways to write a client or a server, each with the rules that must catch it.
//! They do not know in which rooms they show.

use crate::ids::DeviceId;
use crate::rulebook::rule::Rule;
use crate::scenario::habits::{
    BundleContents, ChooseOlm, ForwardTo, ForwardedReason, Habits, KeyReplacement, LeaveRotates,
    MailboxOrder, MarkWhen, MarksBy, MissingOlm, NeedlessRotation, NewcomerIndex, NoOlmAnswer,
    NoOlmDedup, NoOlmReset, NoOlmScope, NoticeCode, NoticeConflict, NoticeNames, NoticeScope,
    NoticeSession, NoticeTargets, NoticeType, OnWithheld, OneTimeKeyOrder, OneTimeKeyUse, OptOut,
    PutFailed, QueryAnswers, ReplyCode, ServerHabits, UnblockIndex, UnwedgeClock, WithheldDedup,
};
use crate::scenario::model::Scenario;
use crate::time::SimDuration;

/// One way in which a mutant may be written.
#[derive(Debug, Clone, Copy)]
pub struct Variant {
    /// The setting, as `field` or `field=value`.
    pub name: &'static str,
    change: Change,
}

/// Whose habits a variant changes, and how.
#[derive(Debug, Clone, Copy)]
enum Change {
    Client(fn(&mut Habits)),
    Server(fn(&mut ServerHabits)),
}

/// Declares the mutants: what each does, the rules that catch it, and its variants.
macro_rules! mutants {
    ($($id:ident $what:literal [$($rule:ident)*] {
        $($kind:ident $name:literal |$habits:ident| $change:block)+
    })*) => {
        /// A single wrong way to write a client or a server.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Mutant { $(#[doc = $what] $id,)* }

        impl Mutant {
            /// All mutants, ascending.
            pub const ALL: &'static [Self] = &[$(Self::$id,)*];

            /// The id, for example `X01`.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$id => stringify!($id),)*
                }
            }

            /// What it does wrong, in a sentence.
            #[must_use]
            pub const fn what(self) -> &'static str {
                match self {
                    $(Self::$id => $what,)*
                }
            }

            /// The rules of which one must catch it, the most direct one first.
            #[must_use]
            pub const fn caught_by(self) -> &'static [Rule] {
                match self {
                    $(Self::$id => &[$(Rule::$rule),*],)*
                }
            }

            /// The ways in which it may be written; at least one.
            #[must_use]
            pub const fn variants(self) -> &'static [Variant] {
                match self {
                    $(Self::$id => &[$(Variant {
                        name: $name,
                        change: Change::$kind(|$habits| $change),
                    }),+],)*
                }
            }
        }
    };
}

mutants! {
    X01 "It sends a notice with every message." [W09] {
        Client "withheld_dedup=none" |h| { h.withheld_dedup = WithheldDedup::None; }
    }
    X02 "It forgets at a restart whom it has told." [W09] {
        Client "marks_persist" |h| { h.marks_persist = false; }
    }
    X03 "It counts notices by room, and is silent after a rotation." [W01] {
        Client "withheld_dedup=room_and_device" |h| { h.withheld_dedup = WithheldDedup::RoomDevice; }
    }
    X04 "It counts notices by user, and tells the first device only." [W01] {
        Client "withheld_dedup=session_and_user" |h| { h.withheld_dedup = WithheldDedup::SessionUser; }
    }
    X05 "It sends `m.no_olm` once for each room or session." [N02 N03] {
        Client "no_olm_dedup=room_and_device" |h| { h.no_olm_dedup = NoOlmDedup::RoomDevice; }
        Client "no_olm_dedup=session_and_device" |h| { h.no_olm_dedup = NoOlmDedup::SessionDevice; }
    }
    X06 "It sends `m.no_olm` again after each further failure." [N02] {
        Client "no_olm_dedup=none" |h| { h.no_olm_dedup = NoOlmDedup::None; }
    }
    X07 "It never clears the mark that `m.no_olm` was sent." [N01] {
        Client "no_olm_reset=never" |h| { h.no_olm_reset = NoOlmReset::Never; }
    }
    X08 "It clears the mark of `m.no_olm` at any answer to a claim, or at a restart." [N02 N11] {
        Client "no_olm_reset=any_claim" |h| { h.no_olm_reset = NoOlmReset::AnyClaim; }
        Client "no_olm_persists" |h| { h.no_olm_persists = false; }
    }
    X09 "It clears the mark of `m.no_olm` when it makes a Megolm session." [N02] {
        Client "no_olm_reset=rotation" |h| { h.no_olm_reset = NoOlmReset::Rotation; }
    }
    X10 "It takes a device that was told `m.no_olm` for served, and gives it no key afterwards." [N07 K01] {
        Client "missing_olm=mark_shared" |h| { h.missing_olm = MissingOlm::MarkShared; }
    }
    X11 "It names a room and a session in `m.no_olm`." [W05] {
        Client "no_olm_names_session" |h| { h.no_olm_names_session = true; }
    }
    X12 "It leaves the room or the session out of a session notice." [W04] {
        Client "notice_names=session" |h| { h.notice_names = NoticeNames::Session; }
        Client "notice_names=room" |h| { h.notice_names = NoticeNames::Room; }
        Client "notice_names=neither" |h| { h.notice_names = NoticeNames::Neither; }
    }
    X13 "It sends notices under a type that nobody knows." [W02] {
        Client "notice_type=misspelt" |h| { h.notice_type = NoticeType::Misspelt; }
        Client "notice_type=no_key" |h| { h.notice_type = NoticeType::NoKey; }
        Client "notice_type=unstable" |h| { h.notice_type = NoticeType::Unstable; }
    }
    X14 "It leaves the code out and gives a text for people only." [W03] {
        Client "notice_code=left_out" |h| { h.notice_code = NoticeCode::LeftOut; }
    }
    X15 "It says `m.unverified` whatever the reason." [W08] {
        Client "notice_code=unverified" |h| { h.notice_code = NoticeCode::Unverified; }
    }
    X16 "It tells a blocked device without keys `m.no_olm`." [W21] {
        Client "policy_before_olm" |h| { h.policy_before_olm = false; }
    }
    X17 "It reports `m.no_olm` although it was given a fallback key." [N10] {
        Client "accepts_fallback_keys" |h| { h.accepts_fallback_keys = false; }
    }
    X18 "It reports `m.no_olm` although it has a session that the other side made." [N06] {
        Client "sees_inbound_olm" |h| { h.sees_inbound_olm = false; }
    }
    X19 "It gives an unblocked device the session from index 0." [B02] {
        Client "unblock_index=zero" |h| { h.unblock_index = UnblockIndex::Zero; }
    }
    X20 "It gives an unblocked device the session one index too late." [K01 B04] {
        Client "unblock_index=after_next" |h| { h.unblock_index = UnblockIndex::AfterNext; }
    }
    X21 "It gives an unblocked device no key until the session is replaced." [B04 K01] {
        Client "unblock_index=never" |h| { h.unblock_index = UnblockIndex::Never; }
    }
    X22 "It goes on with a session after a holder of its key was blocked." [R05] {
        Client "rotate_on_block" |h| { h.rotate_on_block = false; }
    }
    X23 "It overlooks a key in its queue, and sends a notice for the same session." [W10] {
        Client "counts_queued_keys" |h| { h.counts_queued_keys = false; }
    }
    X24 "It makes a session for each message, because it takes devices that it withheld from for holders." [R08] {
        Client "withheld_looks_shared" |h| { h.withheld_looks_shared = true; }
    }
    X25 "It makes a session when somebody joins, when there is a new device, or at a restart." [R08] {
        Client "needless_rotation=join" |h| { h.needless_rotation = NeedlessRotation::Join; }
        Client "needless_rotation=new_device" |h| { h.needless_rotation = NeedlessRotation::NewDevice; }
        Client "needless_rotation=restart" |h| { h.needless_rotation = NeedlessRotation::Restart; }
    }
    X26 "It goes on with a session when a user leaves to whom it gave no key." [R04] {
        Client "leave_rotates=key_holders" |h| { h.leave_rotates = LeaveRotates::KeyHolders; }
    }
    X27 "It overlooks who left and came back in a limited sync." [R07] {
        Client "limited_sync_rotates" |h| { h.limited_sync_rotates = false; }
    }
    X28 "It encrypts one message too many with a session." [R02] {
        Client "messages_over_limit=1" |h| { h.messages_over_limit = 1; }
    }
    X29 "It tells devices only when it makes a session, and never those that come later." [W01] {
        Client "withheld_at_creation_only" |h| { h.withheld_at_creation_only = true; }
    }
    X30 "It sends a message before its keys are accepted." [K02] {
        Client "message_waits" |h| { h.message_waits = false; }
    }
    X31 "It takes a failed request for a sent one." [K01] {
        Client "put_failed=swallow" |h| { h.put_failed = PutFailed::Swallow; h.mark_when = MarkWhen::BeforeSend; }
    }
    X32 "It tries again under a new transaction id." [T10 W09 N02] {
        Client "put_failed=retry_new_txn" |h| { h.put_failed = PutFailed::RetryNewTxn; }
    }
    X33 "It lets an older answer about devices overwrite a newer one." [D04] {
        Client "query_answers=last_wins" |h| { h.query_answers = QueryAnswers::LastWins; }
    }
    X34 "It gives a new device the session from index 0." [K04] {
        Client "newcomer_index=zero" |h| { h.newcomer_index = NewcomerIndex::Zero; }
    }
    X35 "It sends notices to devices of users who are not in the room." [W17] {
        Client "notice_targets=everyone" |h| { h.notice_targets = NoticeTargets::Everyone; }
    }
    X36 "It sends notices to devices without encryption." [K09] {
        Client "skips_unencrypted" |h| { h.skips_unencrypted = false; }
    }
    X37 "It says `m.unavailable` unasked, or while it has the key." [W12] {
        Client "notice_code=unavailable" |h| { h.notice_code = NoticeCode::Unavailable; }
        Client "reply_code=unavailable" |h| { h.reply_code = ReplyCode::Unavailable; }
    }
    X38 "It answers a key request that was taken back." [Q08] {
        Client "heeds_cancellations" |h| { h.heeds_cancellations = false; }
    }
    X39 "It forwards keys to unverified devices or to those of other users." [Q05] {
        Client "forward_to=own" |h| { h.forward_to = ForwardTo::Own; }
        Client "forward_to=anyone" |h| { h.forward_to = ForwardTo::Anyone; }
    }
    X40 "It forwards a whole key with a reason, or a part with a reason of its own." [F06 F05] {
        Client "forwarded_reason=always" |h| { h.forwarded_reason = ForwardedReason::Always; }
        Client "forwarded_reason=invented" |h| { h.forwarded_reason = ForwardedReason::Invented; }
    }
    X41 "It drops a key when a notice about its session comes." [P08] {
        Client "on_withheld=drop_key" |h| { h.on_withheld = OnWithheld::DropKey; }
    }
    X42 "It refuses a key for a session that it has a notice about." [P08 K12] {
        Client "on_withheld=refuse_keys" |h| { h.on_withheld = OnWithheld::RefuseKeys; }
    }
    X43 "It shows the code of a notice for messages that the key covers." [P03] {
        Client "on_withheld=blame_always" |h| { h.on_withheld = OnWithheld::BlameAlways; }
    }
    X44 "It takes a notice about one session for one about all of its sender's." [P11] {
        Client "notice_scope=sender" |h| { h.notice_scope = NoticeScope::Sender; }
    }
    X45 "It takes a `m.no_olm` for the reason of what others sent." [P05] {
        Client "no_olm_scope=everyone" |h| { h.no_olm_scope = NoOlmScope::Everyone; }
    }
    X46 "It never looks again at a message whose notice comes later." [P09] {
        Client "late_notice_updates" |h| { h.late_notice_updates = false; }
    }
    X47 "It lets a reply overwrite the code of the session's creator." [P10] {
        Client "notice_conflict=last" |h| { h.notice_conflict = NoticeConflict::Last; }
    }
    X48 "It lets a later key overwrite one that reaches further back." [P14] {
        Client "key_replacement=later" |h| { h.key_replacement = KeyReplacement::Later; }
    }
    X49 "It makes an Olm session for each bad message, or counts the hour by user." [U02 U01] {
        Client "unwedge_interval=0s" |h| { h.unwedge_interval = SimDuration::ZERO; }
        Client "unwedge_clock=last_made_for_user" |h| { h.unwedge_clock = UnwedgeClock::LastMadeForUser; }
    }
    X50 "It counts the hour from the last failure, and never recovers under load." [U01] {
        Client "unwedge_clock=last_failure" |h| { h.unwedge_clock = UnwedgeClock::LastFailure; }
    }
    X51 "It answers each `m.no_olm` with a new Olm session, though there is one." [U02] {
        Client "no_olm_answer=always" |h| { h.no_olm_answer = NoOlmAnswer::Always; }
    }
    X52 "It uses a one-time key up with a message that it cannot read." [U05] {
        Client "failed_pre_key_uses_key" |h| { h.failed_pre_key_uses_key = true; }
    }
    X53 "It goes on sending on the broken Olm session." [U04] {
        Client "choose_olm=oldest_created" |h| { h.choose_olm = ChooseOlm::OldestCreated; }
    }
    X54 "It stores the sync token before what came with it." [T11] {
        Client "token_before_store" |h| { h.token_before_store = true; }
    }
    X55 "It hands one one-time key out to two claimers." [C01] {
        Server "one_time_keys=again" |h| { h.one_time_keys = OneTimeKeyUse::Again; }
    }
    X56 "It hands the newest one-time key out first." [C02] {
        Server "one_time_key_order=newest_first" |h| { h.one_time_key_order = OneTimeKeyOrder::NewestFirst; }
    }
    X57 "It hands nothing out though there is a fallback key." [C03] {
        Server "gives_fallback_keys" |h| { h.gives_fallback_keys = false; }
    }
    X58 "It drops what exceeds the limit of a sync answer, or lists it in another order." [T01 T02 T03] {
        Server "mailbox=drops_rest" |h| { h.mailbox = MailboxOrder::DropsRest; }
        Server "mailbox=newest_first" |h| { h.mailbox = MailboxOrder::NewestFirst; }
    }
    X59 "It gives no keys to those whom it may not tell, or tells them all the same." [O03 O04] {
        Client "opt_out=no_keys" |h| { h.opt_out = OptOut::NoKeys; }
        Client "opt_out=ignored" |h| { h.opt_out = OptOut::Ignored; }
    }
    X60 "It gives a session of a history bundle and withholds it at once, or gives away what may not be shared." [H03 H04] {
        Client "bundle_contents=everything" |h| { h.bundle_contents = BundleContents::Everything; }
        Client "bundle_contents=twice" |h| { h.bundle_contents = BundleContents::Twice; }
    }
    X61 "It says `m.history_not_shared` in a notice." [W14] {
        Client "notice_code=history_not_shared" |h| { h.notice_code = NoticeCode::HistoryNotShared; }
    }
    X62 "It takes a device for another one that had its device id, and does not tell it anew." [N01 W01] {
        Client "marks_by=device_id" |h| { h.marks_by = MarksBy::DeviceId; }
    }
    X63 "It goes on sending when a user's identity has changed and nobody has accepted that." [V02] {
        Client "identity_change_stops" |h| { h.identity_change_stops = false; }
    }
    // A former session of the same room is a real one, which W-20 allows: what is missing then is the notice about the
    // session in use.
    X64 "It names another session in a notice than the message was encrypted with." [W20 W01] {
        Client "notice_session=discarded" |h| { h.notice_session = NoticeSession::Discarded; }
        Client "notice_session=previous" |h| { h.notice_session = NoticeSession::Previous; }
    }
}

impl Variant {
    /// Writes the client of this device, or its server if the variant is one of servers, in this way.
    pub fn apply(&self, scenario: &mut Scenario, device: DeviceId) {
        match self.change {
            Change::Client(change) => change(&mut scenario.devices[device.index()].habits),
            Change::Server(change) => {
                let server = scenario.server_of(device);
                change(&mut scenario.servers[server.index()].habits);
            }
        }
    }

    /// The habits of a client that is this mutant and otherwise as the specification wants it; `None` if it is one of servers.
    #[must_use]
    pub fn client(&self) -> Option<Habits> {
        match self.change {
            Change::Client(change) => {
                let mut habits = Habits::specification();
                change(&mut habits);
                Some(habits)
            }
            Change::Server(_) => None,
        }
    }

    /// The habits of a server that is this mutant and otherwise as the specification wants it; `None` if it is one of clients.
    #[must_use]
    pub fn server(&self) -> Option<ServerHabits> {
        match self.change {
            Change::Client(_) => None,
            Change::Server(change) => {
                let mut habits = ServerHabits::specification();
                change(&mut habits);
                Some(habits)
            }
        }
    }

    /// Whether it is the server of a device that is written in this way, and not its client.
    #[must_use]
    pub const fn is_of_server(&self) -> bool {
        match self.change {
            Change::Client(_) => false,
            Change::Server(_) => true,
        }
    }
}

impl Mutant {
    /// The mutant with this id.
    #[must_use]
    pub fn named(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|mutant| mutant.id() == id)
    }

    /// Writes the client of this device, or its server if the mutant is one of servers, in the first of its ways.
    pub fn apply(self, scenario: &mut Scenario, device: DeviceId) {
        self.variants()[0].apply(scenario, device);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Mutant;
    use crate::ids::{DeviceId, ServerId};
    use crate::rulebook::rule::Rule;
    use crate::scenario::model::Server;
    use crate::scenario::sample;

    const B1: DeviceId = DeviceId::new(1);

    #[test]
    fn every_variant_changes_the_habits_of_the_device_or_its_server_and_nothing_else() {
        let mut usual = sample::room_of(1, 1);
        usual.servers.push(Server { name: "s2".to_owned(), ..usual.servers[0].clone() });
        usual.users[1].server = ServerId::new(1);
        for mutant in Mutant::ALL {
            let mut of_mutant = BTreeSet::new();
            for variant in mutant.variants() {
                let mut scenario = usual.clone();
                variant.apply(&mut scenario, B1);
                let changed = [
                    scenario.devices[1].habits != usual.devices[1].habits,
                    scenario.servers[1].habits != usual.servers[1].habits,
                ];
                let of_server = variant.is_of_server();
                assert_eq!(changed, [!of_server, of_server], "{} {}", mutant.id(), variant.name);
                scenario.devices[1].habits = usual.devices[1].habits;
                scenario.servers[1].habits = usual.servers[1].habits;
                assert_eq!(scenario, usual, "{}", mutant.id());
                assert!(of_mutant.insert(variant.name), "{}: {} twice", mutant.id(), variant.name);
            }
            let mut first = usual.clone();
            mutant.apply(&mut first, B1);
            assert_ne!(first, usual, "{}", mutant.id());
        }
    }

    #[test]
    fn no_two_variants_are_the_same_mutation() {
        let mut seen = Vec::new();
        for variant in Mutant::ALL.iter().flat_map(|mutant| mutant.variants()) {
            let mut scenario = sample::room_of(1, 1);
            variant.apply(&mut scenario, B1);
            assert!(!seen.contains(&scenario), "{}", variant.name);
            seen.push(scenario);
        }
    }

    #[test]
    fn a_variant_is_named_by_its_setting_in_files() {
        for variant in Mutant::ALL.iter().flat_map(|mutant| mutant.variants()) {
            let mut scenario = sample::room_of(1, 1);
            variant.apply(&mut scenario, B1);
            let written = crate::scenario::file::write(&scenario);
            let (field, value) = variant.name.split_once('=').unwrap_or((variant.name, ""));
            let is_there = match value {
                "" => [true, false]
                    .iter()
                    .any(|flag| written.contains(&format!("\"{field}\": {flag}"))),
                number if number.parse::<u32>().is_ok() => {
                    written.contains(&format!("\"{field}\": {number}"))
                }
                value => written.contains(&format!("\"{field}\": \"{value}\"")),
            };
            assert!(is_there, "{} is not in\n{written}", variant.name);
        }
    }

    #[test]
    fn ids_ascend_descriptions_are_unique_and_every_mutant_is_caught_by_a_rule() {
        let ids: Vec<&str> = Mutant::ALL.iter().map(|mutant| mutant.id()).collect();
        let expected: Vec<String> = (1..=64).map(|number| format!("X{number:02}")).collect();
        assert_eq!(ids, expected);
        let what: BTreeSet<&str> = Mutant::ALL.iter().map(|mutant| mutant.what()).collect();
        assert_eq!(what.len(), Mutant::ALL.len());
        for mutant in Mutant::ALL {
            assert!(!mutant.caught_by().is_empty());
            assert!(mutant.caught_by().iter().all(|rule| Rule::ALL.contains(rule)));
            assert_eq!(Mutant::named(mutant.id()), Some(*mutant));
        }
        assert_eq!(Mutant::named("X65"), None);
    }
}
